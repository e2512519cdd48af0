/*
 * The git objects of a batch in the one form that a vault has (FORMAT.md 2):
 * commits, trees, LFS pointers, and the vault file.
 */
#ifndef MUNIMENT_GITFORM_H
#define MUNIMENT_GITFORM_H

#include "result.h"
#include "sshsig.h"

#include <stddef.h>
#include <stdint.h>

#define GITFORM_COMMIT_MAX 1280 /* bytes of a signed commit, with NUL */
#define GITFORM_POINTER_MAX 192 /* bytes, with NUL */
#define GITFORM_VAULT_MAX 256	/* bytes, with NUL */
#define GITFORM_OID_LEN 20	/* bytes of a git object's id */
#define GITFORM_TIME_START \
	UINT64_C(1000000000) /* seconds; commit n is at + n */

struct gitform_commit {
	uint8_t tree[GITFORM_OID_LEN];
	uint8_t parent[GITFORM_OID_LEN]; /* unless n is 1 */
	uint64_t n;			 /* from 1 */
};

/* The commit without its signature: what is signed. Returns the length. */
size_t gitform_commit_unsigned(const struct gitform_commit *c,
			       char out[GITFORM_COMMIT_MAX]);
/* The commit with the signature by `pub` as its gpgsig header. */
size_t gitform_commit_encode(const struct gitform_commit *c,
			     const uint8_t pub[32], const uint8_t sig[64],
			     char out[GITFORM_COMMIT_MAX]);
/*
 * Read commit `n` signed by `pub`: FORMAT_OK only if it is byte for byte what
 * gitform_commit_encode writes. The signature is not checked.
 */
enum format_result gitform_commit_decode(const char *text, size_t len,
					 uint64_t n, const uint8_t pub[32],
					 struct gitform_commit *c,
					 uint8_t sig[64]);

/* The canonical Git LFS pointer (git-lfs docs/spec.md). */
size_t gitform_pointer_encode(const uint8_t sha256[32], uint64_t size,
			      char out[GITFORM_POINTER_MAX]);

/* "muniment vault 1": root key and nonce. Returns the length. */
size_t gitform_vault_encode(const uint8_t root[32], const uint8_t nonce[32],
			    char out[GITFORM_VAULT_MAX]);
enum format_result gitform_vault_decode(const char *text, size_t len,
					uint8_t root[32], uint8_t nonce[32]);

/* One name in a tree; all are regular files. */
struct gitform_name {
	char name[65]; /* NUL-terminated */
	uint8_t oid[GITFORM_OID_LEN];
};
/* Sort n names and write the tree. malloc'ed, or NULL without memory. */
uint8_t *gitform_tree_encode(struct gitform_name *names, size_t n, size_t *len);
/*
 * Read a tree into malloc'ed names. Anything but regular files, names longer
 * than 64 or out of order is FORMAT_MALFORMED.
 */
enum format_result gitform_tree_decode(const uint8_t *tree, size_t len,
				       struct gitform_name **names, size_t *n);

#endif
