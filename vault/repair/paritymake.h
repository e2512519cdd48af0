/*
 * Making a file's parity (FORMAT.md 15). The file passes once in order, while
 * it is written, and once more in strides, while it is read back: then every
 * block is compared with what was written, and the parity comes of it.
 *
 * Memory: 16 bytes a block of the file, 64 MiB at most; and MAKE_ROOM.
 */
#ifndef MUNIMENT_PARITYMAKE_H
#define MUNIMENT_PARITYMAKE_H

#include "parityform.h"
#include "vault.h"

#include <stddef.h>
#include <stdint.h>

#define PARITY_PERCENT 20 /* the usual */

struct paritymake;

/*
 * For a file of this layout (parityform.h), which messages call `shown`, a
 * text that outlives it. NULL with `e` filled.
 */
struct paritymake *paritymake_new(const struct parityform *f, const char *shown,
				  struct err *e);
void paritymake_free(struct paritymake *m);

/* The next bytes of the file, from its first to its last. */
void paritymake_put(struct paritymake *m, const void *bytes, size_t len);

/* The SHA-256 of all that was put: after the last byte, once. */
void paritymake_sum(struct paritymake *m, uint8_t sha256[HASH_LEN]);

/* Bytes of the file from a place; and of the parity file to one. */
typedef int parity_read(void *ctx, uint64_t at, void *buf, size_t len,
			struct err *e);
typedef int parity_write(void *ctx, uint64_t at, const void *bytes, size_t len,
			 struct err *e);

/*
 * After paritymake_sum: read the file once more and write the parity. -1 with
 * `e` filled, also if other bytes are read than were put.
 */
int paritymake_write(struct paritymake *m, parity_read *in, void *in_ctx,
		     parity_write *out, void *out_ctx, vault_progress *progress,
		     void *progress_ctx, struct err *e);

/* Is all of the parity file as it was written? -1 with `e` filled if not. */
int paritymake_check(const struct paritymake *m, parity_read *in, void *ctx,
		     struct err *e);

/* A record's own checksum. */
void paritymake_record_sum(const uint8_t *record, size_t len,
			   uint8_t sum[PARITYFORM_SUM]);

#endif
