#include "pdfops.h"

#include <string.h>

struct reader {
	struct pdfops *p;
	const uint8_t *s, *end;
	unsigned deep;		    /* dictionaries in each other */
	bool shown;		    /* a string since the last operator */
	char name[PDFOPS_NAME_MAX]; /* the last name since then, or empty */
	uint8_t buf[256];	    /* of the string that is being read */
	size_t n;
};

static bool
is_space(uint8_t c)
{
	return c == 0 || c == '\t' || c == '\n' || c == '\f' || c == '\r' ||
	       c == ' ';
}

static bool
is_delimiter(uint8_t c)
{
	return c != 0 && strchr("()<>[]{}/%", c) != NULL;
}

static bool
is_regular(uint8_t c)
{
	return !is_space(c) && !is_delimiter(c);
}

static int
hex_digit(uint8_t c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static void
flush(struct reader *r)
{
	if (r->n > 0 && r->deep == 0) {
		r->shown = true;
		if (r->p->string != NULL)
			r->p->string(r->p->ctx, r->buf, r->n);
	}
	r->n = 0;
}

static void
put(struct reader *r, uint8_t c)
{
	if (r->n == sizeof r->buf)
		flush(r);
	r->buf[r->n++] = c;
}

/* After a backslash: what it stands for. */
static void
escaped(struct reader *r)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
	uint8_t c = *r->s++;
	const char *at = c != 0 ? strchr(from, c) : NULL;
	unsigned octal = 0;

	if (at != NULL) {
		put(r, (uint8_t)to[at - from]);
	} else if (c >= '0' && c <= '7') {
		octal = c - '0';
		for (int i = 0;
		     i < 2 && r->s < r->end && *r->s >= '0' && *r->s <= '7';
		     i++)
			octal = octal * 8 + (unsigned)(*r->s++ - '0');
		put(r, (uint8_t)octal);
	} else if (c == '\r') {
		if (r->s < r->end && *r->s == '\n')
			r->s++;
	} else if (c != '\n') {
		put(r, c);
	}
}

/* "(...)", the first parenthesis read. */
static void
literal(struct reader *r)
{
	size_t deep = 1;

	while (r->s < r->end) {
		uint8_t c = *r->s++;

		deep += c == '(';
		deep -= c == ')';
		if (deep == 0)
			break;
		if (c != '\\')
			put(r, c);
		else if (r->s < r->end)
			escaped(r);
	}
	flush(r);
}

/* "<...>", the first bracket read. */
static void
hexadecimal(struct reader *r)
{
	int high = -1;

	while (r->s < r->end) {
		uint8_t c = *r->s++;
		int d = hex_digit(c);

		if (c == '>')
			break;
		if (d < 0)
			continue;
		if (high >= 0)
			put(r, (uint8_t)(high << 4 | d));
		high = high >= 0 ? -1 : d;
	}
	if (high >= 0)
		put(r, (uint8_t)(high << 4));
	flush(r);
}

/* A name, its slash read; "#41" is a letter. */
static void
name(struct reader *r)
{
	size_t n = 0;

	while (r->s < r->end && is_regular(*r->s)) {
		uint8_t c = *r->s++;

		if (c == '#' && r->end - r->s >= 2 && hex_digit(r->s[0]) >= 0 &&
		    hex_digit(r->s[1]) >= 0) {
			c = (uint8_t)(hex_digit(r->s[0]) << 4 |
				      hex_digit(r->s[1]));
			r->s += 2;
		}
		if (n + 1 < sizeof r->name && c != 0)
			r->name[n++] = (char)c;
	}
	r->name[n] = '\0';
}

/*
 * The bytes of an image among the operators: up to "EI" between white space.
 * Where image bytes look so, what follows is read as operators: what comes of
 * that is wrong, and harmless.
 */
static void
inline_image(struct reader *r)
{
	r->p->image = true;
	for (const uint8_t *p = r->s; r->end - p >= 3; p++)
		if (is_space(p[0]) && p[1] == 'E' && p[2] == 'I' &&
		    (r->end - p == 3 || !is_regular(p[3]))) {
			r->s = p + 3;
			return;
		}
	r->s = r->end;
}

static bool
is_op(const uint8_t *s, size_t n, const char *op)
{
	return strlen(op) == n && memcmp(s, op, n) == 0;
}

/* A number, or an operator: which ends what it was given. */
static void
word(struct reader *r)
{
	const uint8_t *s = r->s;
	size_t n;

	while (r->s < r->end && is_regular(*r->s))
		r->s++;
	n = (size_t)(r->s - s);
	if (strchr("0123456789+-.", *s) != NULL || r->deep > 0)
		return;
	if (r->shown && (is_op(s, n, "Tj") || is_op(s, n, "TJ") ||
			 is_op(s, n, "'") || is_op(s, n, "\"")))
		r->p->text = true;
	if (is_op(s, n, "Do") && r->name[0] != '\0' && r->p->drawn != NULL)
		r->p->drawn(r->p->ctx, r->name);
	if (is_op(s, n, "ID"))
		inline_image(r);
	r->shown = false;
	r->name[0] = '\0';
}

static void
comment(struct reader *r)
{
	while (r->s < r->end && *r->s != '\n' && *r->s != '\r')
		r->s++;
}

void
pdfops_read(struct pdfops *p, const uint8_t *content, size_t len)
{
	struct reader r = {.p = p, .s = content, .end = content + len};

	p->text = p->image = false;
	while (r.s < r.end) {
		uint8_t c = *r.s;
		bool twice = r.end - r.s > 1 && r.s[1] == c;

		if (is_regular(c)) {
			word(&r);
			continue;
		}
		r.s++;
		if (c == '(') {
			literal(&r);
		} else if (c == '<' && twice) {
			r.s++;
			r.deep++;
		} else if (c == '>' && twice) {
			r.s++;
			r.deep -= r.deep > 0;
		} else if (c == '<') {
			hexadecimal(&r);
		} else if (c == '/') {
			name(&r);
		} else if (c == '%') {
			comment(&r);
		}
	}
}
