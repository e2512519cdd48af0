#include "cuts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "<size> <root, hex>" */
static bool
read_line(const char *device, const char *text, struct index_cut_line *out)
{
	uint8_t key[32];
	const char *sp = text != NULL ? strchr(text, ' ') : NULL;
	char *end;

	if (sp == NULL || text[0] < '1' || text[0] > '9' || sp - text > 18 ||
	    strlen(sp + 1) != 64 ||
	    hex_decode(sp + 1, HASH_LEN, out->root) != 0 ||
	    strlen(device) != BATCH_DEVICE_LEN ||
	    batch_device_key(device, BATCH_DEVICE_LEN, key) != 0)
		return false;
	out->size = strtoull(text, &end, 10);
	if (end != sp)
		return false;
	strcpy(out->device, device);
	return true;
}

bool
cuts_read(const json_t *doc, size_t act, struct index_cut *out)
{
	const char *name = entry_str(doc, "act"), *in = entry_str(doc, "in");
	const char *member = entry_str(doc, "member");
	const char *by = entry_str(doc, "seat");
	json_t *cuts = json_object_get(doc, "cuts");
	size_t n = json_object_size(cuts);

	memset(out, 0, sizeof *out);
	if (name == NULL || member == NULL || by == NULL ||
	    strlen(member) >= sizeof out->member ||
	    strlen(by) >= sizeof out->by || !json_is_object(cuts) ||
	    (in != NULL && strlen(in) >= sizeof out->in))
		return false;
	out->lines = calloc(n + 1, sizeof *out->lines);
	if (out->lines == NULL)
		return false;
	out->act = act;
	out->retires = strcmp(name, "retire") == 0;
	strcpy(out->member, member);
	strcpy(out->by, by);
	strcpy(out->in, in != NULL ? in : "");
	for (void *it = json_object_iter(cuts); it != NULL;
	     it = json_object_iter_next(cuts, it)) {
		if (!read_line(json_object_iter_key(it),
			       json_string_value(json_object_iter_value(it)),
			       &out->lines[out->n])) {
			cuts_free(out);
			return false;
		}
		out->n++;
	}
	return true;
}

void
cuts_free(struct index_cut *c)
{
	free(c->lines);
	memset(c, 0, sizeof *c);
}

static bool
has_state(const struct log *l, const struct index_cut_line *at)
{
	return l->size >= at->size &&
	       memcmp(l->steps[at->size - 1].root, at->root, HASH_LEN) == 0;
}

/*
 * How much of a log lies below a line. Where the log is not the side that the
 * line names, only what both begin with does. *settles: a fork's side that is
 * here is named.
 */
static uint64_t
reach(const struct vault *v, size_t log, const struct index_cut_line *at,
      bool *settles)
{
	const struct log *l = &v->logs[log];
	uint64_t best = 0;
	bool found = false;

	if (has_state(l, at)) {
		*settles = true;
		return at->size;
	}
	for (size_t i = 0; i < v->n_logs; i++) {
		const struct log *o = &v->logs[i];
		uint64_t n;

		if (i == log || strcmp(o->device, l->device) != 0 ||
		    !has_state(o, at))
			continue;
		found = true;
		n = vault_alike(l, o);
		best = n > best ? n : best;
	}
	if (found) {
		*settles = true;
		return best < at->size ? best : at->size;
	}
	return l->size < at->size ? at->size : 0;
}

static const struct index_cut_line *
line_of(const struct index_cut *c, const char *device)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->lines[i].device, device) == 0)
			return &c->lines[i];
	return NULL;
}

/* Of two that draw the same line one is named, whichever was read first. */
static bool
is_rather(const struct index *x, const struct index_cut *c,
	  const struct index_cut *than)
{
	if (than == NULL || c->retires != than->retires)
		return than == NULL || c->retires;
	return memcmp(x->entries[c->act].sha256, x->entries[than->act].sha256,
		      HASH_LEN) < 0;
}

uint64_t
cuts_limit(const struct index *x, size_t log, const char *seat,
	   const struct index_cut **by)
{
	const struct log *l = &x->v->logs[log];
	uint64_t limit = UINT64_MAX;
	bool settled = false;

	*by = NULL;
	for (size_t i = 0; i < x->n_cuts; i++) {
		const struct index_cut *c = &x->cuts[i];
		const struct index_cut_line *at;
		uint64_t n = 0;
		bool side = false;

		if ((!c->in_force && !c->settles) || c->in[0] != '\0' ||
		    strcmp(c->member, seat) != 0)
			continue;
		at = line_of(c, l->device);
		if (at != NULL)
			n = reach(x->v, log, at, &side);
		else if (!c->retires)
			continue;
		settled |= side && c->settles;
		if (c->in_force &&
		    (n < limit || (n == limit && is_rather(x, c, *by)))) {
			limit = n;
			*by = c;
		}
	}
	if (!settled && l->frozen < limit) {
		limit = l->frozen;
		*by = NULL;
	}
	return limit;
}

uint64_t
cuts_limit_in(const struct index *x, size_t log, const char *seat,
	      const char *case_id)
{
	uint64_t limit = UINT64_MAX;
	bool settled = false;

	for (size_t i = 0; i < x->n_cuts; i++) {
		const struct index_cut *c = &x->cuts[i];
		const struct index_cut_line *at;
		uint64_t n = 0;

		if (!c->in_force || strcmp(c->in, case_id) != 0 ||
		    strcmp(c->member, seat) != 0)
			continue;
		at = line_of(c, x->v->logs[log].device);
		if (at != NULL)
			n = reach(x->v, log, at, &settled);
		limit = n < limit ? n : limit;
	}
	return limit;
}

bool
cuts_settle(const struct index *x, const char *device)
{
	for (size_t i = 0; i < x->n_cuts; i++) {
		const struct index_cut *c = &x->cuts[i];
		const struct index_cut_line *at = line_of(c, device);

		if (!c->in_force || c->in[0] != '\0' || at == NULL)
			continue;
		for (size_t k = 0; k < x->v->n_logs; k++)
			if (strcmp(x->v->logs[k].device, device) == 0 &&
			    x->log_seat[k] != NULL &&
			    strcmp(x->log_seat[k], c->member) == 0 &&
			    has_state(&x->v->logs[k], at))
				return true;
	}
	return false;
}

bool
cuts_retired(const struct index *x, const char *seat, const char *case_id)
{
	for (size_t i = 0; i < x->n_cuts; i++) {
		const struct index_cut *c = &x->cuts[i];

		if (c->in_force && c->retires && strcmp(c->member, seat) == 0 &&
		    (c->in[0] == '\0' ||
		     (case_id != NULL && strcmp(c->in, case_id) == 0)))
			return true;
	}
	return false;
}
