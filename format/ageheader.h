/*
 * The header of an age file (C2SP age.md, "Header"): a version line, stanzas
 * that each wrap the file key for someone, and a MAC over them.
 *
 * The parser takes a run of bytes that begins with the header, and gives views
 * into it. It knows no stanza type: what it accepts is well-formed, no more.
 */
#ifndef MUNIMENT_AGEHEADER_H
#define MUNIMENT_AGEHEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGEHEADER_LEN_MAX (2u << 20) /* bytes, the MAC line included */
#define AGEHEADER_STANZAS_MAX 1024
#define AGEHEADER_ARGS_MAX 128 /* of one stanza, its type included */
#define AGEHEADER_ARGS_SEEN 4  /* that the parser gives views of */
#define AGEHEADER_MAC_LEN 32   /* bytes */

enum ageheader_result {
	AGEHEADER_OK = 0,
	AGEHEADER_MORE,	     /* right so far: the header goes on */
	AGEHEADER_FOREIGN,   /* the first line is none of age's */
	AGEHEADER_VERSION,   /* age, but not version 1 */
	AGEHEADER_MALFORMED, /* breaks the grammar */
	AGEHEADER_TOO_LARGE, /* exceeds one of the limits above */
};

struct ageheader {
	const uint8_t *bytes; /* the caller's */
	size_t len;	      /* bytes of the whole header */
	size_t mac_over;      /* the first bytes, which the MAC covers */
	size_t stanzas;	      /* 1 to AGEHEADER_STANZAS_MAX */
	uint8_t mac[AGEHEADER_MAC_LEN];
};

/* A view into the caller's bytes; not NUL-terminated. */
struct ageheader_text {
	const char *text;
	size_t len; /* bytes */
};

struct ageheader_stanza {
	size_t args; /* 1 or more */
	struct ageheader_text
	    arg[AGEHEADER_ARGS_SEEN]; /* the first: its type */
	struct ageheader_text body;   /* Base64 lines */
	size_t body_len;	      /* bytes it decodes to */
};

/*
 * Parse the header that `bytes` (of which at least `len` are there) begin
 * with. AGEHEADER_MORE means to come again with more of the file; at its end
 * that is an error of the file. `h` counts only after AGEHEADER_OK.
 */
enum ageheader_result ageheader_parse(const void *bytes, size_t len,
				      struct ageheader *h);

/*
 * Go through the stanzas of a parsed header: set *pos to 0, then call until
 * it returns false.
 */
bool ageheader_next(const struct ageheader *h, size_t *pos,
		    struct ageheader_stanza *s);

/* True if argument `i` of the stanza is exactly `text`. */
bool ageheader_arg_is(const struct ageheader_stanza *s, size_t i,
		      const char *text);

/* Decode the body into out, which has room for s->body_len bytes. */
void ageheader_body(const struct ageheader_stanza *s, uint8_t *out);

/*
 * The writer: each appends a part at `out` and returns its length in bytes.
 * A header is the version, stanzas, the dashes; the MAC over all these; the
 * MAC. With out NULL they only tell the length.
 */
size_t ageheader_put_version(char *out);
size_t ageheader_put_stanza(char *out, const struct ageheader_text *args,
			    size_t nargs, const uint8_t *body, size_t bodylen);
size_t ageheader_put_dashes(char *out);
size_t ageheader_put_mac(char *out, const uint8_t mac[AGEHEADER_MAC_LEN]);

#endif
