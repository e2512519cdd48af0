/*
 * The armor of an age file (C2SP age.md, "ASCII armor"; RFC 7468, strict): a
 * file as text between two fixed lines. Decoder and encoder take a stream
 * piece by piece and keep no more than a line.
 */
#ifndef MUNIMENT_AGEARMOR_H
#define MUNIMENT_AGEARMOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGEARMOR_LINE 64	/* characters of every line but the last */
#define AGEARMOR_LINE_BYTES 48	/* that they stand for */
#define AGEARMOR_SPACE_MAX 1024 /* bytes of white space before, and after */

enum agearmor_result {
	AGEARMOR_OK = 0,
	AGEARMOR_MALFORMED, /* not strict armor */
	AGEARMOR_CUT,	    /* it ended before the END line */
};

struct agearmor_reader {
	enum {
		AGEARMOR_BEFORE,
		AGEARMOR_BODY,
		AGEARMOR_LAST,
		AGEARMOR_AFTER
	} state;
	char line[AGEARMOR_LINE + 2]; /* the line so far, perhaps with a CR */
	size_t linelen;
	size_t space;  /* bytes of white space outside so far */
	bool indented; /* the line before BEGIN has some */
};

/* True if a file that begins with this byte can only be armored. */
bool agearmor_is_likely(uint8_t first);

/* Start; no memory is held. */
void agearmor_reader_init(struct agearmor_reader *r);

/*
 * Take up to `len` characters and give the bytes they stand for: at most
 * `cap` (AGEARMOR_LINE_BYTES or more) go to out. It stops when the next line
 * might not fit: *used and *outlen tell how far it came. Bytes given together
 * with AGEARMOR_MALFORMED come from lines before the bad one.
 */
enum agearmor_result agearmor_read(struct agearmor_reader *r, const void *in,
				   size_t len, size_t *used, uint8_t *out,
				   size_t cap, size_t *outlen);

/* The input has ended; the last line may lack its LF. */
enum agearmor_result agearmor_read_end(struct agearmor_reader *r);

struct agearmor_writer {
	uint8_t rest[AGEARMOR_LINE_BYTES]; /* what is no whole line yet */
	size_t restlen;
};

/* Characters that `len` bytes more can become, the first line included. */
size_t agearmor_write_max(size_t len);
#define AGEARMOR_END_MAX 128 /* characters of what agearmor_write_end gives */

/* Write the first line; returns its length. */
size_t agearmor_write_start(struct agearmor_writer *w, char *out);
/* Write what becomes whole lines; returns how many characters. */
size_t agearmor_write(struct agearmor_writer *w, const void *bytes, size_t len,
		      char *out);
/* Write the rest and the last line; returns how many characters. */
size_t agearmor_write_end(struct agearmor_writer *w, char *out);

#endif
