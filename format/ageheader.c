#include "ageheader.h"

#include "base64.h"

#include <assert.h>
#include <string.h>

#define LINE_MAX_LEN 64 /* characters of a body's line */
#define LINE_BYTES 48	/* that they decode to */
#define MAC_TEXT_LEN 43 /* characters of the MAC */

static const char family[] = "age-encryption.org/";
static const char version[] = "age-encryption.org/v1\n";

#define FAMILY_LEN (sizeof family - 1)
#define VERSION_LEN (sizeof version - 1)

/* A line without its LF. */
struct line {
	const char *text;
	size_t len;
};

/* Where the parser stands. */
struct cursor {
	const char *at;
	size_t left;
};

/* Take a line if all of it is there. */
static bool
take_line(struct cursor *c, struct line *l)
{
	const char *lf = c->left > 0 ? memchr(c->at, '\n', c->left) : NULL;

	if (lf == NULL)
		return false;
	l->text = c->at;
	l->len = (size_t)(lf - c->at);
	c->at += l->len + 1;
	c->left -= l->len + 1;
	return true;
}

static bool
begins(const struct line *l, const char *with)
{
	size_t n = strlen(with);

	return l->len >= n && memcmp(l->text, with, n) == 0;
}

/* The version line, told as early as the bytes allow. */
static enum ageheader_result
parse_version(struct cursor *c)
{
	size_t n = c->left < VERSION_LEN ? c->left : VERSION_LEN;

	if (n > 0 && memcmp(c->at, version, n) != 0) {
		if (n < FAMILY_LEN || memcmp(c->at, family, FAMILY_LEN) != 0)
			return AGEHEADER_FOREIGN;
		return AGEHEADER_VERSION;
	}
	if (n < VERSION_LEN)
		return AGEHEADER_MORE;
	c->at += n;
	c->left -= n;
	return AGEHEADER_OK;
}

/* "-> type arg arg": arguments of visible ASCII, one space between. */
static enum ageheader_result
parse_args(const struct line *l, struct ageheader_stanza *s)
{
	size_t begin = 3;

	s->args = 0;
	for (size_t i = 3; i <= l->len; i++) {
		if (i < l->len && l->text[i] > ' ' && l->text[i] <= '~')
			continue;
		if ((i < l->len && l->text[i] != ' ') || i == begin)
			return AGEHEADER_MALFORMED;
		if (s->args == AGEHEADER_ARGS_MAX)
			return AGEHEADER_TOO_LARGE;
		if (s->args < AGEHEADER_ARGS_SEEN) {
			s->arg[s->args].text = l->text + begin;
			s->arg[s->args].len = i - begin;
		}
		s->args++;
		begin = i + 1;
	}
	return AGEHEADER_OK;
}

/* Lines of 64 characters up to a shorter one, which may be empty. */
static enum ageheader_result
parse_body(struct cursor *c, struct ageheader_stanza *s)
{
	uint8_t bytes[LINE_BYTES];
	struct line l;
	size_t n;

	s->body.text = c->at;
	s->body_len = 0;
	do {
		if (!take_line(c, &l))
			return AGEHEADER_MORE;
		if (l.len > LINE_MAX_LEN ||
		    base64_decode(l.text, l.len, false, bytes, sizeof bytes,
				  &n) != 0)
			return AGEHEADER_MALFORMED;
		s->body_len += n;
	} while (l.len == LINE_MAX_LEN);
	s->body.len = (size_t)(c->at - s->body.text);
	return AGEHEADER_OK;
}

static enum ageheader_result
parse_stanza(struct cursor *c, struct ageheader_stanza *s)
{
	enum ageheader_result r;
	struct line l;

	memset(s, 0, sizeof *s);
	if (!take_line(c, &l))
		return AGEHEADER_MORE;
	if (!begins(&l, "-> "))
		return AGEHEADER_MALFORMED;
	r = parse_args(&l, s);
	return r == AGEHEADER_OK ? parse_body(c, s) : r;
}

static enum ageheader_result
parse_mac(struct cursor *c, struct ageheader *h)
{
	struct line l;
	size_t n;

	h->mac_over = (size_t)(c->at - (const char *)h->bytes) + 3;
	if (!take_line(c, &l))
		return AGEHEADER_MORE;
	if (!begins(&l, "--- ") || l.len != 4 + MAC_TEXT_LEN ||
	    base64_decode(l.text + 4, MAC_TEXT_LEN, false, h->mac,
			  sizeof h->mac, &n) != 0 ||
	    n != sizeof h->mac)
		return AGEHEADER_MALFORMED;
	h->len = (size_t)(c->at - (const char *)h->bytes);
	return AGEHEADER_OK;
}

static enum ageheader_result
parse(struct cursor *c, struct ageheader *h)
{
	struct ageheader_stanza s;
	enum ageheader_result r = parse_version(c);

	if (r != AGEHEADER_OK)
		return r;
	for (;;) {
		if (c->left < 3)
			return AGEHEADER_MORE;
		if (memcmp(c->at, "---", 3) == 0)
			break;
		if (h->stanzas == AGEHEADER_STANZAS_MAX)
			return AGEHEADER_TOO_LARGE;
		r = parse_stanza(c, &s);
		if (r != AGEHEADER_OK)
			return r;
		h->stanzas++;
	}
	return h->stanzas > 0 ? parse_mac(c, h) : AGEHEADER_MALFORMED;
}

enum ageheader_result
ageheader_parse(const void *bytes, size_t len, struct ageheader *h)
{
	struct cursor c = {.at = bytes};
	enum ageheader_result r;

	memset(h, 0, sizeof *h);
	h->bytes = bytes;
	c.left = len < AGEHEADER_LEN_MAX ? len : AGEHEADER_LEN_MAX;
	r = parse(&c, h);
	if (r == AGEHEADER_MORE && len >= AGEHEADER_LEN_MAX)
		return AGEHEADER_TOO_LARGE;
	return r;
}

bool
ageheader_next(const struct ageheader *h, size_t *pos,
	       struct ageheader_stanza *s)
{
	struct cursor c;
	enum ageheader_result r;

	if (*pos == 0)
		*pos = VERSION_LEN;
	c.at = (const char *)h->bytes + *pos;
	c.left = h->len - *pos;
	assert(c.left >= 3);
	if (memcmp(c.at, "---", 3) == 0)
		return false;
	r = parse_stanza(&c, s);
	assert(r == AGEHEADER_OK); /* ageheader_parse has been here */
	*pos = h->len - c.left;
	return true;
}

bool
ageheader_arg_is(const struct ageheader_stanza *s, size_t i, const char *text)
{
	assert(i < AGEHEADER_ARGS_SEEN);
	return i < s->args && s->arg[i].len == strlen(text) &&
	       memcmp(s->arg[i].text, text, s->arg[i].len) == 0;
}

void
ageheader_body(const struct ageheader_stanza *s, uint8_t *out)
{
	struct cursor c = {.at = s->body.text, .left = s->body.len};
	size_t done = 0, n;
	struct line l;

	while (take_line(&c, &l)) {
		int rc = base64_decode(l.text, l.len, false, out + done,
				       s->body_len - done, &n);

		assert(rc == 0); /* ageheader_parse has been here */
		done += n;
	}
}

/* Append a run of characters, or only count them. */
static void
put(char *out, size_t *n, const void *text, size_t len)
{
	if (out != NULL && len > 0)
		memcpy(out + *n, text, len);
	*n += len;
}

size_t
ageheader_put_version(char *out)
{
	size_t n = 0;

	put(out, &n, version, VERSION_LEN);
	return n;
}

size_t
ageheader_put_stanza(char *out, const struct ageheader_text *args, size_t nargs,
		     const uint8_t *body, size_t bodylen)
{
	char line[LINE_MAX_LEN];
	size_t n = 0, take;

	put(out, &n, "->", 2);
	for (size_t i = 0; i < nargs; i++) {
		put(out, &n, " ", 1);
		put(out, &n, args[i].text, args[i].len);
	}
	put(out, &n, "\n", 1);
	do {
		take = bodylen < LINE_BYTES ? bodylen : LINE_BYTES;
		if (out != NULL)
			base64_encode(body, take, false, line);
		put(out, &n, line, base64_len(take, false));
		put(out, &n, "\n", 1);
		body = out != NULL ? body + take : body;
		bodylen -= take;
	} while (take == LINE_BYTES);
	return n;
}

size_t
ageheader_put_dashes(char *out)
{
	size_t n = 0;

	put(out, &n, "---", 3);
	return n;
}

size_t
ageheader_put_mac(char *out, const uint8_t mac[AGEHEADER_MAC_LEN])
{
	char text[MAC_TEXT_LEN];
	size_t n = 0;

	if (out != NULL)
		base64_encode(mac, AGEHEADER_MAC_LEN, false, text);
	put(out, &n, " ", 1);
	put(out, &n, text, MAC_TEXT_LEN);
	put(out, &n, "\n", 1);
	return n;
}
