#include "agearmor.h"

#include "base64.h"

#include <string.h>

static const char begin_line[] = "-----BEGIN AGE ENCRYPTED FILE-----";
static const char end_line[] = "-----END AGE ENCRYPTED FILE-----";

#define BEGIN_LEN (sizeof begin_line - 1)
#define END_LEN (sizeof end_line - 1)

static bool
is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool
agearmor_is_likely(uint8_t first)
{
	return first == '-' || is_space(first);
}

void
agearmor_reader_init(struct agearmor_reader *r)
{
	memset(r, 0, sizeof *r);
}

/* White space outside is allowed, up to a limit. */
static enum agearmor_result
outside(struct agearmor_reader *r, uint8_t c)
{
	if (!is_space(c) || ++r->space > AGEARMOR_SPACE_MAX)
		return AGEARMOR_MALFORMED;
	return AGEARMOR_OK;
}

static bool
line_is(const struct agearmor_reader *r, const char *text, size_t len)
{
	return r->linelen == len && memcmp(r->line, text, len) == 0;
}

/* A whole line, LF and one CR taken away. */
static enum agearmor_result
line_done(struct agearmor_reader *r, uint8_t *out, size_t *outlen)
{
	size_t n = 0;

	if (r->state == AGEARMOR_BEFORE) {
		if (!line_is(r, begin_line, BEGIN_LEN))
			return AGEARMOR_MALFORMED;
		r->state = AGEARMOR_BODY;
		r->space = 0;
	} else if (line_is(r, end_line, END_LEN)) {
		r->state = AGEARMOR_AFTER;
	} else {
		/* after a short line only the END line may come */
		if (r->state == AGEARMOR_LAST || r->linelen == 0 ||
		    r->linelen > AGEARMOR_LINE ||
		    base64_decode(r->line, r->linelen, true, out,
				  AGEARMOR_LINE_BYTES, &n) != 0)
			return AGEARMOR_MALFORMED;
		if (n < AGEARMOR_LINE_BYTES)
			r->state = AGEARMOR_LAST;
		*outlen += n;
	}
	r->linelen = 0;
	return AGEARMOR_OK;
}

/* One character more of a line. */
static enum agearmor_result
take(struct agearmor_reader *r, uint8_t c, uint8_t *out, size_t *outlen)
{
	if (r->state == AGEARMOR_AFTER)
		return outside(r, c);
	if (r->state == AGEARMOR_BEFORE && r->linelen == 0) {
		if (is_space(c)) {
			r->indented = c != '\n';
			return outside(r, c);
		}
		if (r->indented)
			return AGEARMOR_MALFORMED;
	}
	if (c == '\n') {
		if (r->linelen > 0 && r->line[r->linelen - 1] == '\r')
			r->linelen--;
		return line_done(r, out, outlen);
	}
	if (r->linelen == AGEARMOR_LINE + 1)
		return AGEARMOR_MALFORMED;
	r->line[r->linelen++] = (char)c;
	return AGEARMOR_OK;
}

/* A whole line of the body that lies in the input: the usual case, faster. */
static bool
full_line(const struct agearmor_reader *r, const uint8_t *in, size_t len,
	  uint8_t *out)
{
	size_t n;

	return r->state == AGEARMOR_BODY && r->linelen == 0 &&
	       len > AGEARMOR_LINE && in[AGEARMOR_LINE] == '\n' &&
	       base64_decode(in, AGEARMOR_LINE, true, out, AGEARMOR_LINE_BYTES,
			     &n) == 0 &&
	       n == AGEARMOR_LINE_BYTES;
}

enum agearmor_result
agearmor_read(struct agearmor_reader *r, const void *in, size_t len,
	      size_t *used, uint8_t *out, size_t cap, size_t *outlen)
{
	const uint8_t *p = in;
	enum agearmor_result rc = AGEARMOR_OK;

	*used = *outlen = 0;
	while (rc == AGEARMOR_OK && *used < len &&
	       cap - *outlen >= AGEARMOR_LINE_BYTES) {
		if (full_line(r, p + *used, len - *used, out + *outlen)) {
			*used += AGEARMOR_LINE + 1;
			*outlen += AGEARMOR_LINE_BYTES;
			continue;
		}
		rc = take(r, p[(*used)++], out + *outlen, outlen);
	}
	return rc;
}

enum agearmor_result
agearmor_read_end(struct agearmor_reader *r)
{
	if (r->state == AGEARMOR_AFTER)
		return AGEARMOR_OK;
	if (r->linelen > 0 && r->line[r->linelen - 1] == '\r')
		r->linelen--;
	if (r->state != AGEARMOR_BEFORE && line_is(r, end_line, END_LEN)) {
		r->state = AGEARMOR_AFTER;
		return AGEARMOR_OK;
	}
	return AGEARMOR_CUT;
}

size_t
agearmor_write_max(size_t len)
{
	size_t lines = len / AGEARMOR_LINE_BYTES + 2;

	return BEGIN_LEN + 1 + lines * (AGEARMOR_LINE + 1);
}

static size_t
put_line(char *out, const void *bytes, size_t len)
{
	size_t n = base64_encode(bytes, len, true, out);

	out[n++] = '\n';
	return n;
}

size_t
agearmor_write_start(struct agearmor_writer *w, char *out)
{
	memset(w, 0, sizeof *w);
	memcpy(out, begin_line, BEGIN_LEN);
	out[BEGIN_LEN] = '\n';
	return BEGIN_LEN + 1;
}

size_t
agearmor_write(struct agearmor_writer *w, const void *bytes, size_t len,
	       char *out)
{
	const uint8_t *p = bytes;
	size_t o = 0, n;

	while (len > 0) {
		if (w->restlen == 0 && len >= AGEARMOR_LINE_BYTES) {
			o += put_line(out + o, p, AGEARMOR_LINE_BYTES);
			p += AGEARMOR_LINE_BYTES;
			len -= AGEARMOR_LINE_BYTES;
			continue;
		}
		n = AGEARMOR_LINE_BYTES - w->restlen;
		n = len < n ? len : n;
		memcpy(w->rest + w->restlen, p, n);
		w->restlen += n;
		p += n;
		len -= n;
		if (w->restlen == AGEARMOR_LINE_BYTES) {
			o += put_line(out + o, w->rest, w->restlen);
			w->restlen = 0;
		}
	}
	return o;
}

size_t
agearmor_write_end(struct agearmor_writer *w, char *out)
{
	size_t o = w->restlen > 0 ? put_line(out, w->rest, w->restlen) : 0;

	_Static_assert(AGEARMOR_LINE + 1 + END_LEN + 1 <= AGEARMOR_END_MAX,
		       "room for the end");
	w->restlen = 0;
	memcpy(out + o, end_line, END_LEN);
	out[o + END_LEN] = '\n';
	return o + END_LEN + 1;
}
