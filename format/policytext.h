/*
 * The keys in an exhibit package: proof/policy.txt, a C2SP tlog-policy with
 * the logs and the witnesses, and proof/signers.txt, the seal's key as
 * ssh-keygen's allowed signers (EXHIBIT.md 2).
 */
#ifndef MUNIMENT_POLICYTEXT_H
#define MUNIMENT_POLICYTEXT_H

#include "cosign.h"
#include "result.h"
#include "sshsig.h"

#define POLICYTEXT_KEYS_MAX 4096			/* logs and witnesses */
#define POLICYTEXT_FILE_MAX (POLICYTEXT_KEYS_MAX * 640) /* bytes */

struct policytext {
	struct cosign_vkey *keys; /* malloc'ed: `logs` of type 0x01, then */
	size_t logs, witnesses;	  /* `witnesses` of type 0x04 */
};

/*
 * "log <vkey>" lines; "witness <key name> <vkey>" lines; "quorum none", since
 * which witness is wanted is for the reader to say. Both kinds are sorted in
 * place by their lines. malloc'ed, *len bytes; NULL without memory.
 */
char *policytext_encode(struct policytext *p, size_t *len);
/* Read one: no key twice, whatever its name. policytext_free in any case. */
enum format_result policytext_decode(const char *text, size_t len,
				     struct policytext *out);
void policytext_free(struct policytext *p);

/* custodian namespaces="muniment-exhibit" ssh-ed25519 ... LF */
#define POLICYTEXT_NAMESPACE "muniment-exhibit"
#define POLICYTEXT_SIGNERS_MAX 160 /* bytes, NUL included */
size_t policytext_signers_encode(const uint8_t pub[32],
				 char out[POLICYTEXT_SIGNERS_MAX]);
enum format_result policytext_signers_decode(const char *text, size_t len,
					     uint8_t pub[32]);

#endif
