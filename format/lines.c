#include "lines.h"

#include "hex.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
lines_next(struct lines *l, struct lines_view *line)
{
	const char *lf =
	    l->p < l->end ? memchr(l->p, '\n', (size_t)(l->end - l->p)) : NULL;

	if (lf == NULL)
		return false;
	line->text = l->p;
	line->len = (size_t)(lf - l->p);
	l->p = lf + 1;
	return true;
}

bool
lines_take(struct lines *l, const char *word, struct lines_view *rest)
{
	struct lines at = *l;
	size_t n = strlen(word);
	struct lines_view v;

	if (!lines_next(&at, &v) || v.len < n + 2 ||
	    memcmp(v.text, word, n) != 0 || v.text[n] != ' ')
		return false;
	rest->text = v.text + n + 1;
	rest->len = v.len - n - 1;
	*l = at;
	return true;
}

bool
lines_done(const struct lines *l)
{
	return l->p == l->end;
}

bool
lines_word(struct lines_view *line, struct lines_view *word)
{
	const char *sp =
	    line->len > 0 ? memchr(line->text, ' ', line->len) : NULL;
	size_t n = sp != NULL ? (size_t)(sp - line->text) : line->len;

	/* behind a blank there must be something */
	if (n == 0 || (sp != NULL && n + 1 == line->len))
		return false;
	word->text = line->text;
	word->len = n;
	line->text += sp != NULL ? n + 1 : n;
	line->len -= sp != NULL ? n + 1 : n;
	return true;
}

bool
lines_number(struct lines_view *line, uint64_t *out)
{
	struct lines_view w;

	return lines_word(line, &w) && hex_decimal(w.text, w.len, out) == 0;
}

bool
lines_hex(struct lines_view *line, size_t len, uint8_t *out)
{
	struct lines_view w;

	return lines_word(line, &w) && w.len == 2 * len &&
	       hex_decode(w.text, len, out) == 0;
}

bool
lines_numbered(struct lines_view *line, char letter, int digits, uint32_t max,
	       uint32_t *out)
{
	struct lines_view w;
	uint64_t v = 0;
	char want[24];

	if (!lines_word(line, &w) || w.len < 2 || w.len > 12 ||
	    w.text[0] != letter)
		return false;
	for (size_t i = 1; i < w.len; i++) {
		if (w.text[i] < '0' || w.text[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(w.text[i] - '0');
	}
	if (v == 0 || v > max)
		return false;
	*out = (uint32_t)v;
	snprintf(want, sizeof want, "%c%0*u", letter, digits, *out);
	return lines_is(&w, want);
}

bool
lines_is(const struct lines_view *v, const char *text)
{
	return v->len == strlen(text) && memcmp(v->text, text, v->len) == 0;
}

bool
lines_copy(const struct lines_view *v, char *out, size_t cap)
{
	if (v->len >= cap || memchr(v->text, '\0', v->len) != NULL)
		return false;
	memcpy(out, v->text, v->len);
	out[v->len] = '\0';
	return true;
}

static int
two(const char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

bool
lines_is_time(const char *text, size_t len)
{
	static const char form[] = "0000-00-00T00:00:00Z";

	if (len != LINES_TIME_LEN)
		return false;
	for (size_t i = 0; i < len; i++)
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9'
				   : text[i] != form[i])
			return false;
	return two(text + 5) >= 1 && two(text + 5) <= 12 &&
	       two(text + 8) >= 1 && two(text + 8) <= 31 &&
	       two(text + 11) <= 23 && two(text + 14) <= 59 &&
	       two(text + 17) <= 59;
}

bool
lines_is_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	return true;
}

/* Room for `more` bytes and a NUL. */
static bool
reserve(struct lines_text *t, size_t more)
{
	size_t cap;
	char *p;

	if (t->failed || more >= SIZE_MAX / 4 - t->len) {
		t->failed = true;
		return false;
	}
	if (t->len + more < t->cap)
		return true;
	cap = (t->len + more + 1) * 2;
	p = realloc(t->text, cap);
	if (p == NULL) {
		t->failed = true;
		return false;
	}
	t->text = p;
	t->cap = cap;
	return true;
}

void
lines_add(struct lines_text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !reserve(t, (size_t)n)) {
		t->failed = true;
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(t->text + t->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	t->len += (size_t)n;
}

void
lines_add_bytes(struct lines_text *t, const void *bytes, size_t len)
{
	if (!reserve(t, len))
		return;
	if (len > 0)
		memcpy(t->text + t->len, bytes, len);
	t->len += len;
	t->text[t->len] = '\0';
}

void
lines_add_hex(struct lines_text *t, const char *word, const uint8_t *bytes,
	      size_t len)
{
	lines_add(t, "%s ", word);
	if (!reserve(t, 2 * len + 1))
		return;
	hex_encode(bytes, len, t->text + t->len);
	t->len += 2 * len;
	lines_add(t, "\n");
}

char *
lines_text_done(struct lines_text *t, size_t *len)
{
	char *text = t->text;

	*len = t->len;
	if (t->failed || !reserve(t, 0)) {
		free(t->text);
		text = NULL;
		*len = 0;
	} else {
		text = t->text;
		text[t->len] = '\0';
	}
	memset(t, 0, sizeof *t);
	return text;
}
