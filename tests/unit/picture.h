/* All that an index says, as lines in order: to compare two of them. */
#ifndef MUNIMENT_TESTS_PICTURE_H
#define MUNIMENT_TESTS_PICTURE_H

#include "index.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct picture {
	char **lines;
	size_t n, cap;
};

static inline void __attribute__((format(printf, 2, 3)))
picture_add(struct picture *p, const char *fmt, ...)
{
	va_list ap;

	if (p->n == p->cap) {
		p->cap = p->cap > 0 ? 2 * p->cap : 256;
		p->lines = realloc(p->lines, p->cap * sizeof *p->lines);
		assert(p->lines != NULL);
	}
	va_start(ap, fmt);
	assert(vasprintf(&p->lines[p->n++], fmt, ap) > 0);
	va_end(ap);
}

static inline void
picture_free(struct picture *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->lines[i]);
	free(p->lines);
	memset(p, 0, sizeof *p);
}

static inline int
picture_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A fork's sides have no order: the branch's name is left out. */
static inline void
picture_logs(struct picture *p, const struct index *x)
{
	char hex[65];

	for (size_t i = 0; i < x->v->n_logs; i++) {
		const struct log *l = &x->v->logs[i];

		hex_encode(l->size > 0 ? l->steps[l->size - 1].root : l->key,
			   32, hex);
		picture_add(p, "log %s %llu %s frozen %llu counts %llu: %s",
			    l->device, (unsigned long long)l->size, hex,
			    (unsigned long long)l->frozen,
			    (unsigned long long)x->log_limit[i],
			    x->log_seat[i] != NULL ? x->log_seat[i] : "-");
	}
}

static inline void
picture_entries(struct picture *p, const struct index *x)
{
	char hex[65];

	for (size_t i = 0; i < x->n_entries; i++) {
		const struct index_entry *en = &x->entries[i];

		hex_encode(en->sha256, 32, hex);
		picture_add(p, "entry %s %s %llu %s %s: %s%s", hex,
			    x->v->logs[en->log].device,
			    (unsigned long long)en->batch, en->case_id,
			    en->seat, en->accepted ? "accepted" : en->why,
			    en->replaced ? ", replaced" : "");
	}
}

/* What stands in the vault's own case, which all members read. */
static inline void
picture_people(struct picture *p, const struct index *x)
{
	char hex[65];

	for (size_t i = 0; i < x->n_seats; i++) {
		const struct index_seat *s = &x->seats[i];

		picture_add(p, "seat %s below %s%s%s %s", s->id, s->above,
			    s->retired ? " retired" : "",
			    s->collector ? " collector" : "", s->follows);
		for (size_t k = 0; k < s->n_keys; k++) {
			hex_encode(s->keys[k], 32, hex);
			picture_add(p, "key %s %s", s->id, hex);
		}
		for (size_t k = 0; k < s->n_rights; k++)
			picture_add(p, "right %s %s %s%s", s->id,
				    s->rights[k].case_id,
				    index_role_name(s->rights[k].role),
				    s->rights[k].sent ? " sent" : "");
	}
	for (size_t i = 0; i < x->n_cuts; i++) {
		const struct index_cut *c = &x->cuts[i];

		hex_encode(x->entries[c->act].sha256, 32, hex);
		picture_add(p, "cut %s %s by %s in %s%s%s", hex, c->member,
			    c->by, c->in, c->retires ? " retires" : "",
			    c->in_force ? " in force" : "");
	}
	for (size_t i = 0; i < x->n_cases; i++) {
		const struct index_case *c = &x->cases[i];
		const struct index_epoch *now = index_epoch(x, c->id);

		hex_encode(c->act, 32, hex);
		picture_add(p, "case %s %s by %s writes to %s", c->id, hex,
			    c->opener, now != NULL ? now->id : "-");
		for (size_t k = 0; k < c->n_epochs; k++) {
			hex_encode(x->entries[c->epochs[k].act].sha256, 32,
				   hex);
			picture_add(p, "epoch %s %s %s", c->id, c->epochs[k].id,
				    hex);
		}
	}
}

/* What depends on which cases are readable. */
static inline void
picture_contents(struct picture *p, const struct index *x)
{
	char hex[65];

	for (size_t i = 0; i < x->n_seats; i++)
		picture_add(p, "name %s %s (%s) %zu", x->seats[i].id,
			    x->seats[i].name, x->seats[i].org,
			    x->seats[i].card != NULL ? strlen(x->seats[i].card)
						     : 0);
	for (size_t i = 0; i < x->n_cases; i++)
		picture_add(p, "title %s %s", x->cases[i].id, x->cases[i].name);
	for (size_t i = 0; i < x->n_items; i++) {
		const struct index_item *it = &x->items[i];

		picture_add(p, "item %s %s%s", it->id, it->case_id,
			    it->retracted ? " retracted" : "");
		for (size_t k = 0; k < it->n; k++) {
			hex_encode(x->entries[it->versions[k]].sha256, 32, hex);
			picture_add(p, "version %s %s %zu %s%s", it->id,
				    it->case_id, k, hex,
				    x->entries[it->versions[k]].replaced
					? " replaced"
					: "");
		}
	}
}

/* What this one holds, and what was said of it. */
static inline void
picture_own(struct picture *p, const struct index *x)
{
	picture_add(p, "me %s, %zu rings do not open",
		    x->me != NULL ? x->me : "-", x->unopened);
	for (size_t i = 1; i < x->n_hybrids; i++)
		picture_add(p, "holds %s %s", x->hybrids[i].case_id,
			    x->hybrids[i].epoch);
	for (size_t i = 0; i < 4; i++)
		picture_add(p, "report %zu: %zu lines", i,
			    x->v->report.count[i]);
	for (size_t i = 0; i < x->v->report.n; i++)
		picture_add(p, "report %d: %s",
			    (int)x->v->report.lines[i].level,
			    x->v->report.lines[i].text);
	for (size_t i = 0; i < x->n_logs; i++)
		for (uint64_t n = 0; n < x->v->logs[i].size; n++)
			if (x->cased[i][n])
				picture_add(p, "cased %s %llu",
					    x->v->logs[i].branch,
					    (unsigned long long)n + 1);
}

static inline void
picture_sort(struct picture *p)
{
	if (p->n > 1)
		qsort(p->lines, p->n, sizeof *p->lines, picture_order);
}

/* All of it. */
static inline void
picture_take(struct picture *p, const struct index *x)
{
	picture_logs(p, x);
	picture_entries(p, x);
	picture_people(p, x);
	picture_contents(p, x);
	picture_own(p, x);
	picture_sort(p);
}

/* The first line that only one of two sorted pictures has; NULL if none. */
static inline const char *
picture_difference(const struct picture *a, const struct picture *b)
{
	size_t i = 0;

	while (i < a->n && i < b->n && strcmp(a->lines[i], b->lines[i]) == 0)
		i++;
	if (i < a->n && (i == b->n || strcmp(a->lines[i], b->lines[i]) < 0))
		return a->lines[i];
	return i < b->n ? b->lines[i] : NULL;
}

#endif
