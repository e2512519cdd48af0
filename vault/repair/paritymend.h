/*
 * Restoring a file by its parity (FORMAT.md 15).
 *
 * A parity file is foreign input. It says which bytes a file had, by their
 * SHA-256; whoever restores gives out those or none, and no more of them than
 * the two files together hold. That the file is to be trusted it cannot say:
 * its reader checks that as ever.
 */
#ifndef MUNIMENT_PARITYMEND_H
#define MUNIMENT_PARITYMEND_H

#include "joined.h"
#include "parityform.h"
#include "paritymake.h"
#include "vault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARITYMEND_RANGES 16

struct paritymend;

/* How it stands with a file and its parity. */
struct paritymend_state {
	uint32_t blocks, bad_blocks;   /* of the file: in all, damaged */
	uint32_t records, bad_records; /* of the parity file */
	bool whole;	      /* the file has its SHA-256, and its length */
	uint32_t lost_blocks; /* that cannot be restored */
	/* where those lie: the first of them, as bytes of the file */
	struct {
		uint64_t from, to;
	} lost[PARITYMEND_RANGES];
	size_t n_lost; /* ranges of all, also of those not listed */
};

/*
 * Find a record in any of these n files, whatever else is damaged: from it
 * comes the layout. False if there is none; then `e` is filled if one of them
 * could not be looked into, for want of something else than a sound medium.
 */
bool paritymend_find(const char *const *files, size_t n, struct parityform *f,
		     struct err *e);

/*
 * A file of this layout, and its parity. The two outlive it. NULL without
 * memory, with `e` filled.
 */
struct paritymend *paritymend_new(const struct parityform *f,
				  struct joined *data, struct joined *parity,
				  struct err *e);
void paritymend_free(struct paritymend *m);

/* Read both from end to end. */
int paritymend_look(struct paritymend *m, vault_progress *progress, void *ctx,
		    struct paritymend_state *out, struct err *e);

/* The parity alone: only its records are counted. */
int paritymend_look_at_parity(struct paritymend *m, vault_progress *progress,
			      void *ctx, struct paritymend_state *out,
			      struct err *e);

/*
 * Write out the bytes from `from` to `to`, restored where they were damaged;
 * the undamaged ones first, in order. -1 with `e` filled: ERR_EVIDENCE if more
 * is damaged than can be restored. What was written is not checked as a whole:
 * the caller compares its SHA-256.
 */
int paritymend_restore(struct paritymend *m, uint64_t from, uint64_t to,
		       parity_write *out, void *out_ctx,
		       vault_progress *progress, void *ctx, struct err *e);

#endif
