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

	if (r->count[level]++ >= REPORT_MAX)
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
report_copy(struct report *to, const struct report *from)
{
	size_t counted[sizeof to->count / sizeof *to->count];

	memcpy(counted, from->count, sizeof counted);
	for (size_t i = 0; i < from->n; i++) {
		report_add(to, from->lines[i].level, "%s", from->lines[i].text);
		counted[from->lines[i].level]--;
	}
	/* those that were only counted */
	for (size_t l = 0; l < sizeof counted / sizeof *counted; l++)
		to->count[l] += counted[l];
}

void
report_move(struct report *to, struct report *from)
{
	report_copy(to, from);
	report_free(from);
}

void
report_calm(struct report *r, const char *start, const char *add)
{
	for (size_t i = 0; i < r->n; i++) {
		struct report_line *l = &r->lines[i];
		char *text;

		if (l->level != REPORT_HISTORY ||
		    strncmp(l->text, start, strlen(start)) != 0 ||
		    asprintf(&text, "%s%s", l->text, add) < 0)
			continue;
		free(l->text);
		l->text = text;
		l->level = REPORT_NOTE;
		r->count[REPORT_HISTORY]--;
		r->count[REPORT_NOTE]++;
	}
}

const char *
report_first(const struct report *r, enum report_level level)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->lines[i].level == level)
			return r->lines[i].text;
	return NULL;
}

void
report_free(struct report *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->lines[i].text);
	free(r->lines);
	memset(r, 0, sizeof *r);
}
