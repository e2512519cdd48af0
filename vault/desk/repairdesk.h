/* The desk's part about parity and repair: see parityfile.h. */
#ifndef MUNIMENT_REPAIRDESK_H
#define MUNIMENT_REPAIRDESK_H

#include "desk.h"

/* Write the parity of any file, of so many percent: {"file","parity"}. */
json_t *desk_parity_file(const char *path, unsigned percent,
			 desk_progress *progress, struct err *e);

/*
 * Look at a file and its parity, and restore what is damaged into `out` (NULL:
 * the same name and ".repaired"; nothing, if `only_look`): {"file","blocks",
 * "damaged","parity_blocks","parity_damaged","whole","restorable",
 * "lost_blocks","lost": [{"from","to"}],"lost_ranges"} and, for what was
 * written, "written" and "parity_written". If it is not restorable, nothing is
 * written, and that is no error here.
 */
json_t *desk_repair_file(const char *path, const char *out, bool only_look,
			 desk_progress *progress, struct err *e);

/*
 * Protect what a vault holds by parity of its own (paritysets.h), without a
 * key: {"sets","files","added","unprotected","bytes"}.
 */
json_t *desk_parity_vault(const char *dir, unsigned percent, bool anew,
			  desk_progress *progress, struct err *e);

/*
 * Restore what is damaged of it, without a key: {"sets","files","packs",
 * "objects","lost","history"}: history is true if it is sound now. `found`
 * names what could not be restored; the caller frees it.
 */
json_t *desk_repair_vault(const char *dir, desk_progress *progress,
			  struct report *found, struct err *e);

/*
 * Make the vault at `dir` whole from another copy of it, a folder or a carry
 * file: {"files","history","history_damaged","batches","objects",
 * "objects_lacking"}; what is
 * damaged there goes to `found`, which the caller frees.
 */
struct desk_heal {
	const char *other;
	const struct secret *file_pass; /* of the carry file; or NULL */
	bool large;
};
json_t *desk_heal(const char *dir, const char *identity,
		  const struct secret *pass, const struct desk_heal *what,
		  desk_progress *progress, struct report *found, struct err *e);

#endif
