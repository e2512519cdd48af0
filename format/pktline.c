#include "pktline.h"

#include <assert.h>
#include <string.h>

static int
digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The length that a whole head states; 0 for a flush; -1 if it is none. */
static int
stated(const struct pktline *p)
{
	int n = 0;

	for (size_t i = 0; i < PKTLINE_HEAD; i++) {
		int d = digit(p->bytes[i]);

		if (d < 0)
			return -1;
		n = n << 4 | d;
	}
	if (n == 0)
		return 0;
	if (n < (int)PKTLINE_HEAD || n > (int)(PKTLINE_HEAD + PKTLINE_MAX))
		return -1;
	return n;
}

enum format_result
pktline_put(struct pktline *p, const uint8_t *bytes, size_t len, size_t *used,
	    bool *whole)
{
	size_t want = PKTLINE_HEAD;
	int n;

	*used = 0;
	*whole = false;
	for (;;) {
		size_t take;

		if (p->have >= PKTLINE_HEAD) {
			n = stated(p);
			if (n < 0)
				return FORMAT_MALFORMED;
			want = n == 0 ? PKTLINE_HEAD : (size_t)n;
			if (p->have == want) {
				p->bytes[want] = '\0';
				*whole = true;
				return FORMAT_OK;
			}
		}
		take = want - p->have;
		if (take > len - *used)
			take = len - *used;
		if (take == 0)
			return FORMAT_OK;
		memcpy(p->bytes + p->have, bytes + *used, take);
		p->have += take;
		*used += take;
	}
}

void
pktline_next(struct pktline *p)
{
	p->have = 0;
}

bool
pktline_is_flush(const struct pktline *p)
{
	return stated(p) == 0;
}

const uint8_t *
pktline_data(const struct pktline *p, size_t *len)
{
	*len = p->have - PKTLINE_HEAD;
	return p->bytes + PKTLINE_HEAD;
}

const char *
pktline_text(struct pktline *p, size_t *len)
{
	char *text = (char *)p->bytes + PKTLINE_HEAD;

	*len = p->have - PKTLINE_HEAD;
	if (*len > 0 && text[*len - 1] == '\n')
		text[--*len] = '\0';
	return text;
}

void
pktline_head(size_t len, char out[PKTLINE_HEAD + 1])
{
	static const char hex[] = "0123456789abcdef";
	size_t n = len + PKTLINE_HEAD;

	assert(len <= PKTLINE_MAX);
	for (size_t i = 0; i < PKTLINE_HEAD; i++)
		out[i] = hex[n >> 4 * (PKTLINE_HEAD - 1 - i) & 15];
	out[PKTLINE_HEAD] = '\0';
}
