/*
 * proof/eNNN-cN.tlog-proof: C2SP tlog-proof v1, without `extra`. That a log's
 * leaf stands under a checkpoint.
 */
#ifndef MUNIMENT_TLOGPROOF_H
#define MUNIMENT_TLOGPROOF_H

#include "cosign.h"
#include "result.h"

#define TLOGPROOF_PATH 64			    /* nodes at most */
#define TLOGPROOF_FILE_MAX (COSIGN_NOTE_MAX + 8192) /* bytes */

struct tlogproof {
	uint64_t index; /* of the leaf, from 0 */
	uint8_t path[TLOGPROOF_PATH][32];
	size_t n;	  /* nodes */
	const char *note; /* a view: the checkpoint with its cosignatures */
	size_t note_len;  /* bytes */
};

/* malloc'ed, *len bytes; NULL without memory. */
char *tlogproof_encode(const struct tlogproof *p, size_t *len);

/* Read one; the note's own form is not looked at. */
enum format_result tlogproof_decode(const char *text, size_t len,
				    struct tlogproof *out);

#endif
