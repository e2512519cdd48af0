#include "cosign.h"

#include "base64.h"
#include "hex.h"

#include <stdio.h>
#include <string.h>

/* U+2014 and a space open a signature line */
static const char dash[] = "\xe2\x80\x94 ";
#define DASH_LEN (sizeof dash - 1)

/* Bytes of the UTF-8 character at p, of n that there are; 0 if it is none. */
static size_t
utf8_len(const uint8_t *p, size_t n, uint32_t *c)
{
	size_t len = p[0] < 0x80   ? 1
		     : p[0] < 0xc2 ? 0
		     : p[0] < 0xe0 ? 2
		     : p[0] < 0xf0 ? 3
		     : p[0] < 0xf5 ? 4
				   : 0;

	if (len == 0 || len > n)
		return 0;
	*c = len == 1 ? p[0] : p[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3f);
	}
	/* overlong forms, surrogates, beyond the last character */
	if ((len == 3 && *c < 0x800) || (len == 4 && *c < 0x10000) ||
	    (*c >= 0xd800 && *c < 0xe000) || *c > 0x10ffff)
		return 0;
	return len;
}

/* Unicode's spaces, and plus: what a key's name cannot hold. */
static bool
is_space_or_plus(uint32_t c)
{
	return c == ' ' || c == '+' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
	       c == 0x202f || c == 0x205f || c == 0x3000;
}

static bool
is_name(const char *name, size_t len)
{
	const uint8_t *p = (const uint8_t *)name;
	uint32_t c = 0;
	size_t k;

	if (len == 0 || len >= COSIGN_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i += k) {
		k = utf8_len(p + i, len - i, &c);
		if (k == 0 || c < 0x20 || is_space_or_plus(c))
			return false;
	}
	return true;
}

/* UTF-8 without control characters but LF. */
static bool
is_text(const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text;
	uint32_t c = 0;
	size_t k;

	for (size_t i = 0; i < len; i += k) {
		k = utf8_len(p + i, len - i, &c);
		if (k == 0 || (c < 0x20 && c != '\n'))
			return false;
	}
	return true;
}

/* "— <name> <base64>", without LF. */
static enum format_result
decode_line(const char *text, size_t len, struct cosign_line *out)
{
	uint8_t raw[COSIGN_SIG_MAX];
	const char *sp;
	size_t n = 0;

	if (len < DASH_LEN || memcmp(text, dash, DASH_LEN) != 0)
		return FORMAT_MALFORMED;
	out->name = text + DASH_LEN;
	len -= DASH_LEN;
	sp = memchr(out->name, ' ', len);
	if (sp == NULL)
		return FORMAT_MALFORMED;
	out->name_len = (size_t)(sp - out->name);
	out->base64 = sp + 1;
	out->base64_len = len - out->name_len - 1;
	if (out->base64_len > base64_len(COSIGN_SIG_MAX, true))
		return FORMAT_LIMIT;
	if (!is_name(out->name, out->name_len) ||
	    base64_decode(out->base64, out->base64_len, true, raw, sizeof raw,
			  &n) != 0 ||
	    n <= 4)
		return FORMAT_MALFORMED;
	memcpy(out->id, raw, 4);
	out->len = n - 4;
	return FORMAT_OK;
}

enum format_result
cosign_lines_decode(const char *text, size_t len, struct cosign_note *out)
{
	enum format_result r;
	size_t at = 0;

	memset(out, 0, sizeof *out);
	if (len > COSIGN_NOTE_MAX)
		return FORMAT_LIMIT;
	if (len == 0 || text[len - 1] != '\n')
		return FORMAT_MALFORMED;
	while (at < len) {
		const char *lf = memchr(text + at, '\n', len - at);
		size_t n = (size_t)(lf - (text + at));

		if (out->n == COSIGN_LINES_MAX)
			return FORMAT_LIMIT;
		r = decode_line(text + at, n, &out->lines[out->n]);
		if (r != FORMAT_OK)
			return r;
		out->n++;
		at += n + 1;
	}
	return FORMAT_OK;
}

enum format_result
cosign_note_decode(const char *text, size_t len, struct cosign_note *out)
{
	enum format_result r;
	size_t cut = 0;

	memset(out, 0, sizeof *out);
	if (len > COSIGN_NOTE_MAX)
		return FORMAT_LIMIT;
	if (!is_text(text, len))
		return FORMAT_MALFORMED;
	/* the last empty line parts the text from the signatures */
	for (size_t i = len; i > 1 && cut == 0; i--)
		if (text[i - 1] == '\n' && text[i - 2] == '\n')
			cut = i;
	if (cut < 3)
		return FORMAT_MALFORMED;
	r = cosign_lines_decode(text + cut, len - cut, out);
	out->body_len = cut - 1;
	return r;
}

bool
cosign_line_is(const struct cosign_line *l, const char *name,
	       const uint8_t id[4])
{
	return strlen(name) == l->name_len &&
	       memcmp(l->name, name, l->name_len) == 0 &&
	       memcmp(l->id, id, 4) == 0;
}

/* The bytes of a line whose signature has `len` of them. */
static enum format_result
raw_of(const struct cosign_line *l, size_t len, uint8_t *raw)
{
	size_t n = 0;

	if (l->len != len || base64_decode(l->base64, l->base64_len, true, raw,
					   len + 4, &n) != 0)
		return FORMAT_MALFORMED;
	return FORMAT_OK;
}

enum format_result
cosign_ed25519_decode(const struct cosign_line *l, uint8_t sig[64])
{
	uint8_t raw[4 + 64];

	if (raw_of(l, 64, raw) != FORMAT_OK)
		return FORMAT_MALFORMED;
	memcpy(sig, raw + 4, 64);
	return FORMAT_OK;
}

enum format_result
cosign_decode(const struct cosign_line *l, uint64_t *time, uint8_t sig[64])
{
	uint8_t raw[4 + 8 + 64];

	if (raw_of(l, 8 + 64, raw) != FORMAT_OK)
		return FORMAT_MALFORMED;
	*time = 0;
	for (size_t i = 4; i < 12; i++)
		*time = *time << 8 | raw[i];
	memcpy(sig, raw + 12, 64);
	return *time == 0 || *time > INT64_MAX ? FORMAT_MALFORMED : FORMAT_OK;
}

size_t
cosign_encode(const char *name, const uint8_t id[4], uint64_t time,
	      const uint8_t sig[64], char out[COSIGN_LINE_MAX])
{
	uint8_t raw[4 + 8 + 64];
	char b64[128];

	memcpy(raw, id, 4);
	for (size_t i = 0; i < 8; i++)
		raw[4 + i] = (uint8_t)(time >> 8 * (7 - i));
	memcpy(raw + 12, sig, 64);
	b64[base64_encode(raw, sizeof raw, true, b64)] = '\0';
	return (size_t)snprintf(out, COSIGN_LINE_MAX, "%s%s %s\n", dash, name,
				b64);
}

size_t
cosign_message(uint64_t time, const char *body, size_t len,
	       char out[COSIGN_MESSAGE_MAX])
{
	size_t n = (size_t)snprintf(out, COSIGN_MESSAGE_MAX,
				    "cosignature/v1\ntime %llu\n",
				    (unsigned long long)time);

	if (len > COSIGN_BODY_MAX)
		len = COSIGN_BODY_MAX;
	memcpy(out + n, body, len);
	return n + len;
}

size_t
cosign_key_id_input(const char *name, enum cosign_type type,
		    const uint8_t pub[32], uint8_t out[COSIGN_KEY_ID_INPUT_MAX])
{
	size_t n = strnlen(name, COSIGN_NAME_MAX);

	memcpy(out, name, n);
	out[n] = '\n';
	out[n + 1] = (uint8_t)type;
	memcpy(out + n + 2, pub, 32);
	return n + 34;
}

enum format_result
cosign_vkey_decode(const char *text, size_t len, struct cosign_vkey *out)
{
	const char *plus = memchr(text, '+', len);
	uint8_t raw[33];
	size_t name, n = 0;

	memset(out, 0, sizeof *out);
	name = plus != NULL ? (size_t)(plus - text) : 0;
	if (!is_name(text, name) || len - name != 1 + 8 + 1 + 44 ||
	    text[name + 9] != '+' || hex_decode(plus + 1, 4, out->id) != 0 ||
	    base64_decode(plus + 10, 44, true, raw, sizeof raw, &n) != 0 ||
	    n != sizeof raw ||
	    (raw[0] != COSIGN_ED25519 && raw[0] != COSIGN_COSIGNATURE))
		return FORMAT_MALFORMED;
	memcpy(out->name, text, name);
	out->type = (enum cosign_type)raw[0];
	memcpy(out->key, raw + 1, 32);
	return FORMAT_OK;
}

size_t
cosign_vkey_encode(const struct cosign_vkey *k, char out[COSIGN_VKEY_MAX])
{
	uint8_t raw[33];
	char b64[48], id[9];

	raw[0] = (uint8_t)k->type;
	memcpy(raw + 1, k->key, 32);
	b64[base64_encode(raw, sizeof raw, true, b64)] = '\0';
	hex_encode(k->id, 4, id);
	return (size_t)snprintf(out, COSIGN_VKEY_MAX, "%s+%s+%s", k->name, id,
				b64);
}

enum format_result
cosign_checkpoint(const char *body, size_t len, const char **origin,
		  size_t *origin_len, uint64_t *size, uint8_t root[32])
{
	const char *line[3], *p = body;
	size_t n[3], got = 0;

	for (size_t i = 0; i < 3; i++) {
		const char *lf = memchr(p, '\n', len - (size_t)(p - body));

		if (lf == NULL || lf == p)
			return FORMAT_MALFORMED;
		line[i] = p;
		n[i] = (size_t)(lf - p);
		p = lf + 1;
	}
	if ((size_t)(p - body) != len ||
	    hex_decimal(line[1], n[1], size) != 0 ||
	    base64_decode(line[2], n[2], true, root, 32, &got) != 0 ||
	    got != 32)
		return FORMAT_MALFORMED;
	*origin = line[0];
	*origin_len = n[0];
	return FORMAT_OK;
}
