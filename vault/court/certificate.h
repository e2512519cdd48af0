/*
 * The texts of an exhibit package that people read (EXHIBIT.md 2): the
 * certificate as HTML and as PDF, the page to read first, the commands that
 * check the package with stock tools, and the script that checks the paths.
 *
 * They are made from facts alone, an object of JSON that `exhibit` fills; all
 * in it may be hostile and is shown so that it means itself. The same facts
 * and choices give the same bytes. Nothing is read or written but fonts.
 *
 * Members of the facts (times as in entries; all optional but those marked *):
 *
 *   id*        32 hex digits: the start of the SHA-256 of manifest-sha256.txt
 *   made*      time           tool*   "muniment <version>"
 *   vault*     vault id       verifier  SHA-256 of VERIFY.html
 *   seal       {key: SSH key line, fingerprint: as ssh-keygen prints it, words}
 *   roots      [{subject, sha256, not_after}]   in the order of proof/roots.pem
 *   entries    [{name, kind, opened}]           name: "e001"
 *   checkpoints [{name, device, size}]          name: "c1"
 *   stamps     [{name, checkpoints: [...], time, status, renewals: [{time}],
 *              chain, crls}]                    name: "t1"; chain, crls: is
 *                                               there chain.pem, revocation.pem
 *   items*     [{number, item, how: "opened"|"shown", entry, device, batch,
 *              redacted, original, zones: [text], edited, retracted,
 *              files: [{path, name, media_type, size, sha256, pages}],
 *              fields: [{name, value}],         value: any JSON
 *              claimed: [{what, value}],
 *              device_time, originals_since,    an earlier entry's name
 *              no_later: [{kind: "stamp"|"cosignature", time, accuracy, policy,
 *                authority, status: "valid"|"renewed"|"aged", name, org, key,
 *                entry, checkpoint, stamp, proof}]
 *                                               key: of a cosignature, its key
 *                                               name; proof: the tlog-proof
 *                                               file that holds it
 *              no_earlier: [{time, accuracy, policy, authority, status,
 *                entry}],
 *              custody: [{entry, action, time, note, why}]}]
 *   checks     [{name, result: "holds"|"fails"|"unknown", text}]
 *   count      bool           profile  name
 */
#ifndef MUNIMENT_CERTIFICATE_H
#define MUNIMENT_CERTIFICATE_H

#include "err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct cert_choice {
	const char *lang;	 /* one of phrases_languages */
	const char *declaration; /* one of certificate_declarations */
	/*
	 * Object from key to text: what the lawyer gives; may be NULL. Keys
	 * that the certificate has a place for are certificate_keys; others
	 * are shown below them by their own names. What is absent or empty is
	 * a blank to fill in by hand.
	 */
	const json_t *values;
};

extern const char *const certificate_declarations[]; /* ends with NULL */
extern const char *const certificate_keys[];	     /* ends with NULL */

/* True if this is a name in the list. */
bool certificate_knows(const char *const *list, const char *name);

/*
 * Each gives *len malloc'ed bytes in *out (a NUL, not counted, follows).
 * 0, or -1 with `e` filled.
 */
int certificate_html(const json_t *facts, const struct cert_choice *c,
		     char **out, size_t *len, struct err *e);
int certificate_pdf(const json_t *facts, const struct cert_choice *c,
		    char **out, size_t *len, struct err *e);
int certificate_readme(const json_t *facts, const struct cert_choice *c,
		       char **out, size_t *len, struct err *e);
int certificate_commands(const json_t *facts, const struct cert_choice *c,
			 char **out, size_t *len, struct err *e);
/* check-paths.sh: the same for all packages. */
int certificate_paths(char **out, size_t *len, struct err *e);

#endif
