#include "zones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
skip_blanks(const char **p)
{
	while (is_blank(**p))
		(*p)++;
}

/* Digits, no more than nine, no leading zero but 0 itself. */
static bool
number(const char **p, uint32_t least, uint32_t most, uint32_t *out)
{
	size_t n = strspn(*p, "0123456789");

	if (n == 0 || n > 9 || (n > 1 && **p == '0'))
		return false;
	*out = (uint32_t)strtoul(*p, NULL, 10);
	*p += n;
	return *out >= least && *out <= most;
}

/* A number and the blank behind it. */
static bool
part(const char **p, uint32_t least, uint32_t most, uint32_t *out)
{
	if (!number(p, least, most, out) || !is_blank(**p))
		return false;
	skip_blanks(p);
	return true;
}

/* "12" or "12.5": up to three digits behind the point. */
static bool
moment(const char **p, char out[16], bool *whole, uint64_t *thousandths)
{
	const char *start = *p;
	uint32_t n, unit = 100;

	if (!number(p, 0, ZONES_TO_MAX, &n))
		return false;
	*thousandths = n * 1000ull;
	if (**p == '.') {
		*whole = false;
		++*p;
		if (**p < '0' || **p > '9')
			return false;
		for (; **p >= '0' && **p <= '9'; ++*p, unit /= 10)
			*thousandths += unit * (uint32_t)(**p - '0');
		if (unit == 0 && (*p)[-4] != '.')
			return false;
	}
	snprintf(out, 16, "%.*s", (int)(*p - start), start);
	return true;
}

/* What follows is the reason: a text on one line. */
static bool
reason(const char *p, struct zone *out)
{
	size_t n = strlen(p);

	while (n > 0 && is_blank(p[n - 1]))
		n--;
	out->reason = p;
	if (n == 0 || n > ZONES_REASON_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7F)
			return false;
	return true;
}

bool
zones_parse(const char *text, struct zone *out)
{
	const char *p = text;
	uint64_t from = 0, to = 0;

	memset(out, 0, sizeof *out);
	out->whole = true;
	skip_blanks(&p);
	if (part(&p, 1, ZONES_PAGE_MAX, &out->page)) {
		out->box = true;
		return part(&p, 0, 999, &out->x) && part(&p, 0, 999, &out->y) &&
		       part(&p, 1, 1000 - out->x, &out->width) &&
		       part(&p, 1, 1000 - out->y, &out->height) &&
		       reason(p, out);
	}
	p = text;
	skip_blanks(&p);
	if (!moment(&p, out->from, &out->whole, &from) || *p++ != '-' ||
	    !moment(&p, out->to, &out->whole, &to) || !is_blank(*p))
		return false;
	skip_blanks(&p);
	return from <= to && reason(p, out);
}

bool
zones_fits(const struct zone *z, enum zones_what what)
{
	switch (what) {
	case ZONES_PAGE:
		return z->box;
	case ZONES_TIME:
		return !z->box && strcmp(z->from, z->to) != 0;
	case ZONES_LINES:
		return !z->box && z->whole && strcmp(z->from, "0") != 0;
	}
	return false;
}

void
zones_format(const struct zone *z, char out[ZONES_TEXT_MAX])
{
	size_t n = strlen(z->reason);

	while (n > 0 && is_blank(z->reason[n - 1]))
		n--;
	if (z->box)
		snprintf(out, ZONES_TEXT_MAX, "%u %u %u %u %u %.*s", z->page,
			 z->x, z->y, z->width, z->height, (int)n, z->reason);
	else
		snprintf(out, ZONES_TEXT_MAX, "%s-%s %.*s", z->from, z->to,
			 (int)n, z->reason);
}
