/*
 * A share of a key that was cut among trustees (FORMAT.md, Shares): its bytes,
 * the numbered lines of words that people type, and the text in its QR code.
 *
 * A line of six words carries eight bytes and its own number: the words, read
 * as a number to the base 7,776, leave the line's number when divided by a
 * prime greater than 7,776. So one wrong word, or two that changed places, is
 * always noticed, and any other mistake all but once in 11,981 times.
 *
 * All buffers hold secrets; callers keep them in guarded memory.
 */
#ifndef MUNIMENT_SHARE_H
#define MUNIMENT_SHARE_H

#include "result.h"

#include <stddef.h>
#include <stdint.h>

#define SHARE_VERSION 1
#define SHARE_INDEX_MAX 16  /* and the greatest threshold */
#define SHARE_SET_LEN 8	    /* bytes */
#define SHARE_HEAD_LEN 12   /* bytes before the data */
#define SHARE_SUM_LEN 4	    /* bytes of SHA-256 at the end */
#define SHARE_LINE_BYTES 8  /* that a line carries */
#define SHARE_LINE_WORDS 6  /* that it consists of */
#define SHARE_LINES_MAX 70  /* of a share */
#define SHARE_MAX 560	    /* bytes of a share */
#define SHARE_LINE_MAX 72   /* bytes of a line's text, NUL included */
#define SHARE_CODE_MAX 1024 /* bytes of a code's text, NUL included */
#define SHARE_DATA_MAX (SHARE_MAX - SHARE_HEAD_LEN - SHARE_SUM_LEN)

struct share {
	uint8_t set[SHARE_SET_LEN]; /* random; the same in all of a set */
	unsigned threshold;	    /* 2 to SHARE_INDEX_MAX */
	unsigned index;		    /* 1 to SHARE_INDEX_MAX */
	const uint8_t *data;	    /* a view, `len` bytes */
	size_t len;
	const uint8_t *sum; /* a view: start of the SHA-256 of all before */
};

/*
 * Bytes of the data of a share that shall hold `least`: one of four lengths,
 * so that it says little. 0 if `least` is more than SHARE_DATA_MAX.
 */
size_t share_data_len(size_t least);

/*
 * Write a share without its sum, which the caller computes over what is
 * written and puts behind. `out` has room for SHARE_MAX bytes; returns how
 * many are written. `len` comes from share_data_len.
 */
size_t share_encode(const struct share *s, uint8_t *out);
/* Read a share; the sum is for the caller to check. */
enum format_result share_decode(const uint8_t *bytes, size_t len,
				struct share *s);

enum share_line_result {
	SHARE_LINE_OK = 0,
	SHARE_LINE_OTHER,   /* not a line of a share: other text */
	SHARE_LINE_COUNT,   /* not six words */
	SHARE_LINE_UNKNOWN, /* a word that is not in the list */
	SHARE_LINE_WRONG,   /* the words are not those of this line */
};

/* Line `number` (from 1) of a share, NUL-terminated; returns its length. */
size_t share_line_encode(const uint8_t bytes[SHARE_LINE_BYTES], unsigned number,
			 char out[SHARE_LINE_MAX]);
/*
 * Read a line. *number is what stands before the words (0 with
 * SHARE_LINE_OTHER); *word, from 1, says which one is unknown. Capitals and
 * blanks do not matter, nor a full stop or bracket behind the number.
 */
enum share_line_result share_line_decode(const char *text, size_t len,
					 unsigned *number, unsigned *word,
					 uint8_t bytes[SHARE_LINE_BYTES]);

/* The text in the QR code, NUL-terminated; returns its length. */
size_t share_code_encode(const uint8_t *bytes, size_t len,
			 char out[SHARE_CODE_MAX]);
/*
 * Bytes of a code's text, whatever the case of its letters: SHARE_MAX fit.
 * -1 if the text does not begin as one, -2 if it does and is damaged.
 */
int share_code_decode(const char *text, size_t len, uint8_t out[SHARE_MAX],
		      size_t *outlen);

#endif
