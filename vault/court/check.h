/*
 * An exhibit package, checked by a stranger without a vault or a key: the
 * verdicts of EXHIBIT.md 4. What the custodian merely says is never taken for
 * shown, and what only a person can compare is listed to be compared.
 */
#ifndef MUNIMENT_CHECK_H
#define MUNIMENT_CHECK_H

#include "desk.h"

#include <jansson.h>

struct check_options {
	const char *key;   /* whose the seal must be: "SHA256:..." as
			      ssh-keygen prints it, or an SSH key line; NULL */
	const char *roots; /* a file of roots, PEM or DER; NULL: those of the
			      package */
	bool parts;	   /* no certificate, manifests and seal yet: without
			      `package`, `files` and `seal` */
	int64_t now;	   /* POSIX seconds; 0: by this machine's clock */
	desk_progress *progress; /* or NULL */
	void *ctx;
};

/*
 * A new reference:
 *
 *   result    "holds" | "fails" | "unknown": fails if any check does, else
 *             unknown if any is
 *   status    0, 1 or 2: the same for a command
 *   id, made, tool, vault, verifier
 *             as the package has them; absent if it could not be read so far
 *   checks    [{name, result, text, lines: [{result, text}]}] in the order of
 *             EXHIBIT.md 4; those that do not apply are absent
 *   compare   [{what, value, of}] what to compare by other means
 *   items     [{number, item, entries: [entry, ...], redacted, files: [{path,
 *             sha256, size, entry, name}], claimed: [{what, value}],
 *             device_times: [{entry, time}], no_later: [{kind, time, entry,
 *             files: [path, ...], ...}], no_earlier: [...], custody: [{entry,
 *             action, time}]}] the four lines of time, and only what was found
 *             to be right; `no_later` of a version speaks of the files that
 *             it states
 *   limits    [text] what this does not show
 *
 * NULL with `e` filled: there is no package, or it cannot be read
 * (ERR_UNKNOWN), or its zip file is not to be trusted (ERR_EVIDENCE).
 */
json_t *check_package(const char *path, const struct check_options *o,
		      struct err *e);

#endif
