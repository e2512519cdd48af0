#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
report_add(struct report *r, enum report_level level, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	r->count[level]++;
	if (r->n >= REPORT_MAX)
		return;
	if (r->n == r->cap) {
		size_t cap = r->cap > 0 ? 2 * r->cap : 16;
		void *p = realloc(r->lines, cap * sizeof *r->lines);

		if (p == NULL)
			return; /* it is counted all the same */
		r->lines = p;
		r->cap = cap;
	}
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	if (text == NULL)
		return;
	r->lines[r->n].level = level;
	r->lines[r->n++].text = text;
}

void
report_free(struct report *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->lines[i].text);
	free(r->lines);
	memset(r, 0, sizeof *r);
}
