/*
 * A collector's machine in the field: a vault of one log, written for the seat
 * of a kit, of which nobody can read anything back there. What these functions
 * know (keys, originals, names) is in the memory of the process that calls
 * them: see apart.h.
 */
#ifndef MUNIMENT_FIELD_H
#define MUNIMENT_FIELD_H

#include "desk.h"

struct field;

/*
 * Make the machine's folder, which must be free, from a kit file. `pass` locks
 * its keys; NULL: whoever has the folder can write on in the collector's name
 * (and read nothing). {"vault","seat","case","words","device","device_words"},
 * `words` being the kit's. NULL with `e` filled; then nothing is left behind.
 */
json_t *field_new(const char *dir, const char *kit, const struct secret *pass,
		  unsigned work_factor, struct err *e);

/* True if it takes a passphrase to open. */
bool field_is_locked(const char *dir);

/*
 * Open it to write; damage is in field_report. NULL with `e` filled. `pass`
 * may be NULL if it is not locked.
 */
struct field *field_open(const char *dir, const struct secret *pass,
			 desk_progress *progress, struct err *e);
void field_close(struct field *f);
const struct report *field_report(const struct field *f);

/* Take evidence in, as desk_add does. */
int field_add(struct field *f, struct mediatype *m, const char *const *paths,
	      size_t n, const struct desk_fields *fields, desk_told *told,
	      void *ctx, struct desk_sum *sum, struct err *e);

/*
 * Write a carry file for the kit's vault: {"file","parts"}. part: bytes, or 0;
 * parity: percent of it that stands beside the file.
 */
json_t *field_carry(struct field *f, const char *path, uint64_t part,
		    unsigned parity, struct err *e);

/*
 * Put all of it where the office will find it: into the folder of a copy of
 * the vault, a folder of carry files, or a git host (by URL). Nothing is taken
 * in. The place is not remembered. {"batches","objects","file"}: what went
 * there; "file" if it was a carry file.
 */
struct field_sync {
	const char *where;
	unsigned stall; /* seconds without a byte from a git host; 0: usual */
	bool terminal;	/* git may ask for a password there */
};
json_t *field_sync(struct field *f, const struct field_sync *to, struct err *e);

/*
 * What stands in clear, without any key: {"items","batches","objects","bytes"
 * (of ciphertext),"device","device_words"}.
 */
json_t *field_status(const char *dir, struct err *e);

#endif
