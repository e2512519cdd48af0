/*
 * A carry file, or the parts it is cut into, written to a medium that may be
 * pulled out at any moment.
 *
 * All parts lie under names by chance until the last byte of the last one is
 * durable and was read back; then they get their names, the first part last.
 * What lies there already is never touched, but for what an earlier crash of
 * this program left unfinished (".muniment-*.part").
 */
#ifndef MUNIMENT_PARTS_H
#define MUNIMENT_PARTS_H

#include "vault.h"

#include <stddef.h>
#include <stdint.h>

struct parts;

/*
 * Begin to write `total` bytes: one file called `path`, or `path`.001, .002,
 * ... of `part` bytes if they are more than that. NULL with `e` filled, before
 * anything is written, if a name is taken or the room does not suffice.
 */
struct parts *parts_new(const char *path, uint64_t part, uint64_t total,
			struct err *e);

/*
 * To be called before anything is put: beside the file there shall be its
 * parity (FORMAT.md 15), `percent` of it, as `path`-parity or its parts. -1
 * with `e` filled if a name is taken or the room does not suffice for both.
 */
int parts_protect(struct parts *p, unsigned percent, struct err *e);

/* Has the form of agefile_sink (agefile.h); `parts` is a struct parts. */
int parts_put(void *parts, const void *bytes, size_t len, struct err *e);

/*
 * Make all parts durable, read them back and give them their names, and the
 * parity too: all of them or none. *n says how many there are (1: one file
 * called `path`).
 */
int parts_commit(struct parts *p, vault_progress *progress, void *ctx,
		 size_t *n, struct err *e);

/* Remove what has no name yet; takes NULL. */
void parts_free(struct parts *p);

#endif
