#include "share.h"

#include "base32.h"
#include "wordlist.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/*
 * The greatest prime with which 2^64 lines fit into six words. Greater than
 * 7,776, so that no other word in one place leaves the same rest.
 */
#define PRIME 11981u
#define LIMBS 3 /* 96 bits; six words have 78 */

static const char code_head[] = "MUNIMENT-SHARE:";
#define CODE_HEAD (sizeof code_head - 1)

/* Whole lines, and whole groups of base32. */
static const size_t sizes[] = {200, 320, 440, 560};

size_t
share_data_len(size_t least)
{
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		if (sizes[i] - SHARE_HEAD_LEN - SHARE_SUM_LEN >= least)
			return sizes[i] - SHARE_HEAD_LEN - SHARE_SUM_LEN;
	return 0;
}

size_t
share_encode(const struct share *s, uint8_t *out)
{
	size_t size = SHARE_HEAD_LEN + s->len + SHARE_SUM_LEN;

	out[0] = SHARE_VERSION;
	out[1] = (uint8_t)(size / SHARE_LINE_BYTES);
	memcpy(out + 2, s->set, SHARE_SET_LEN);
	out[10] = (uint8_t)s->threshold;
	out[11] = (uint8_t)s->index;
	memcpy(out + SHARE_HEAD_LEN, s->data, s->len);
	return SHARE_HEAD_LEN + s->len;
}

enum format_result
share_decode(const uint8_t *bytes, size_t len, struct share *s)
{
	size_t data;

	if (len > SHARE_MAX)
		return FORMAT_LIMIT;
	if (len < SHARE_HEAD_LEN + SHARE_SUM_LEN)
		return FORMAT_MALFORMED;
	data = len - SHARE_HEAD_LEN - SHARE_SUM_LEN;
	if (bytes[0] != SHARE_VERSION || share_data_len(data) != data ||
	    bytes[1] != len / SHARE_LINE_BYTES || bytes[10] < 2 ||
	    bytes[10] > SHARE_INDEX_MAX || bytes[11] < 1 ||
	    bytes[11] > SHARE_INDEX_MAX)
		return FORMAT_MALFORMED;
	memcpy(s->set, bytes + 2, SHARE_SET_LEN);
	s->threshold = bytes[10];
	s->index = bytes[11];
	s->data = bytes + SHARE_HEAD_LEN;
	s->len = data;
	s->sum = bytes + len - SHARE_SUM_LEN;
	return FORMAT_OK;
}

/* n = n * by + add, least limb first. */
static void
multiply(uint32_t n[LIMBS], uint32_t by, uint32_t add)
{
	uint64_t carry = add;

	for (size_t i = 0; i < LIMBS; i++) {
		carry += (uint64_t)n[i] * by;
		n[i] = (uint32_t)carry;
		carry >>= 32;
	}
}

/* n = n / by; returns the rest. */
static uint32_t
divide(uint32_t n[LIMBS], uint32_t by)
{
	uint64_t rest = 0;

	for (size_t i = LIMBS; i-- > 0;) {
		rest = rest << 32 | n[i];
		n[i] = (uint32_t)(rest / by);
		rest %= by;
	}
	return (uint32_t)rest;
}

size_t
share_line_encode(const uint8_t bytes[SHARE_LINE_BYTES], unsigned number,
		  char out[SHARE_LINE_MAX])
{
	uint32_t n[LIMBS] = {0}, words[SHARE_LINE_WORDS];
	size_t o;

	for (size_t i = 0; i < SHARE_LINE_BYTES; i++)
		multiply(n, 256, bytes[i]);
	multiply(n, PRIME, number);
	for (size_t i = SHARE_LINE_WORDS; i-- > 0;)
		words[i] = divide(n, WORDLIST_LEN);
	o = (size_t)snprintf(out, SHARE_LINE_MAX, "%2u ", number);
	for (size_t i = 0; i < SHARE_LINE_WORDS; i++) {
		const char *w = wordlist_word(words[i]);
		size_t len = strlen(w);

		out[o++] = ' ';
		memcpy(out + o, w, len);
		o += len;
	}
	out[o] = '\0';
	explicit_bzero(words, sizeof words);
	return o;
}

static int
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Take the number of a line and what may follow it; 0 if there is none. */
static unsigned
take_number(const char **p, const char *end)
{
	unsigned n = 0, digits = 0;

	while (*p < end && is_blank(**p))
		(*p)++;
	for (; *p < end && **p >= '0' && **p <= '9' && digits < 3; digits++)
		n = n * 10 + (unsigned)(*(*p)++ - '0');
	if (*p < end && (**p == '.' || **p == ')' || **p == ':'))
		(*p)++;
	return *p < end && is_blank(**p) && digits < 3 ? n : 0;
}

/* The next word, in small letters; its length, 0 at the end. */
static size_t
take_word(const char **p, const char *end, char out[WORDLIST_WORD_MAX + 1])
{
	size_t n = 0;

	while (*p < end && is_blank(**p))
		(*p)++;
	for (; *p < end && !is_blank(**p); (*p)++) {
		char c = **p;

		if (n <= WORDLIST_WORD_MAX)
			out[n++] = (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
	}
	return n;
}

/* Eight bytes out of six words, if they are those of line `number`. */
static enum share_line_result
line_bytes(uint32_t n[LIMBS], unsigned number, uint8_t bytes[SHARE_LINE_BYTES])
{
	if (divide(n, PRIME) != number || n[2] != 0)
		return SHARE_LINE_WRONG;
	for (size_t i = SHARE_LINE_BYTES; i-- > 0;)
		bytes[i] = (uint8_t)divide(n, 256);
	return SHARE_LINE_OK;
}

enum share_line_result
share_line_decode(const char *text, size_t len, unsigned *number,
		  unsigned *word, uint8_t bytes[SHARE_LINE_BYTES])
{
	const char *p = text, *end = text + len;
	enum share_line_result rc = SHARE_LINE_OK;
	char w[WORDLIST_WORD_MAX + 1];
	uint32_t n[LIMBS] = {0};
	unsigned count = 0;
	size_t got;

	*word = 0;
	memset(bytes, 0, SHARE_LINE_BYTES);
	*number = take_number(&p, end);
	if (*number == 0)
		return SHARE_LINE_OTHER;
	while ((got = take_word(&p, end, w)) > 0) {
		int i = wordlist_find(w, got);

		count++;
		if (i < 0 && *word == 0)
			*word = count;
		multiply(n, WORDLIST_LEN, i < 0 ? 0 : (uint32_t)i);
	}
	if (count != SHARE_LINE_WORDS)
		rc = SHARE_LINE_COUNT;
	else if (*word != 0)
		rc = SHARE_LINE_UNKNOWN;
	else
		rc = line_bytes(n, *number, bytes);
	explicit_bzero(w, sizeof w);
	explicit_bzero(n, sizeof n);
	return rc;
}

size_t
share_code_encode(const uint8_t *bytes, size_t len, char out[SHARE_CODE_MAX])
{
	size_t n;

	memcpy(out, code_head, CODE_HEAD);
	n = CODE_HEAD + base32_encode(bytes, len, out + CODE_HEAD);
	for (size_t i = CODE_HEAD; i < n; i++)
		if (out[i] >= 'a' && out[i] <= 'z')
			out[i] &= ~32;
	out[n] = '\0';
	return n;
}

int
share_code_decode(const char *text, size_t len, uint8_t out[SHARE_MAX],
		  size_t *outlen)
{
	char small[SHARE_CODE_MAX];
	int rc = -2;

	*outlen = 0;
	while (len > 0 && is_blank(text[len - 1]))
		len--;
	while (len > 0 && is_blank(*text)) {
		text++;
		len--;
	}
	if (len < CODE_HEAD || strncasecmp(text, code_head, CODE_HEAD) != 0)
		return -1;
	text += CODE_HEAD;
	len -= CODE_HEAD;
	if (len <= sizeof small) {
		for (size_t i = 0; i < len; i++) {
			char c = text[i];

			small[i] = (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
		}
		if (base32_decode(small, len, out, SHARE_MAX, outlen) == 0)
			rc = 0;
		explicit_bzero(small, len);
	}
	return rc;
}
