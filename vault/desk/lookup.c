/* Finding things in an index by what a person types: see index.h. */
#include "index_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHORT_MIN 8 /* hex digits of an item that are shown at least */

const char *
index_seat_name(struct index *x, const char *seat)
{
	static char ring[4][CARDTEXT_NAME_MAX * 2 + 16];
	static size_t next;
	char *out = ring[next++ % 4];
	const struct index_seat *s = index_seat(x, seat);

	if (seat == NULL)
		snprintf(out, sizeof ring[0], "an unknown device");
	else if (s != NULL && s->collector)
		snprintf(out, sizeof ring[0], "collector %s%.*s", s->name,
			 s->name[0] != '\0' ? 0 : 12, seat);
	else if (s == NULL || s->name[0] == '\0')
		snprintf(out, sizeof ring[0], "member %.12s", seat);
	else if (s->org[0] != '\0')
		snprintf(out, sizeof ring[0], "%s (%s)", s->name, s->org);
	else
		snprintf(out, sizeof ring[0], "%s", s->name);
	return out;
}

const struct index_seat *
index_collector_of(const struct index *x, size_t log)
{
	for (size_t i = 0; i < x->n_entries; i++) {
		const struct index_entry *en = &x->entries[i];

		if (en->kind != KIND_DEVICE || en->log != log || en->batch != 1)
			continue;
		for (size_t k = 0; k < x->n_seats; k++)
			if (x->seats[k].collector &&
			    strcmp(x->seats[k].id, en->seat) == 0)
				return &x->seats[k];
	}
	return NULL;
}

static int
none_or_many(struct err *e, const char *what, const char *text, size_t found)
{
	char shown[128];

	err_escape(shown, sizeof shown, text, strlen(text));
	if (found == 0)
		return err_set(e, ERR_UNKNOWN, "no %s is named %s", what,
			       shown);
	err_set(e, ERR_UNKNOWN, "%s: %zu %ss begin so", shown, found, what);
	return -1;
}

int
index_find_case(struct index *x, const char *text, struct index_case **out,
		struct err *e)
{
	size_t found = 0, len = strlen(text);

	*out = NULL;
	for (size_t i = 0; i < x->n_cases; i++) {
		struct index_case *c = &x->cases[i];

		if (strcmp(c->id, INDEX_VAULT) == 0)
			continue;
		if (strcmp(c->name, text) == 0 ||
		    (len >= 4 && strncmp(c->id, text, len) == 0)) {
			*out = c;
			found++;
		}
	}
	if (found == 1)
		return 0;
	*out = NULL;
	none_or_many(e, "case", text, found);
	return err_hint(e, "muniment case list shows the cases");
}

/* ITEM, or CASE/ITEM where two cases have one id. */
int
index_find_item(struct index *x, const char *text, struct index_item **out,
		struct err *e)
{
	const char *slash = strrchr(text, '/');
	const char *id = slash != NULL ? slash + 1 : text;
	size_t found = 0, len = strlen(id);
	struct index_case *c = NULL;
	char name[512];

	*out = NULL;
	if (slash != NULL) {
		snprintf(name, sizeof name, "%.*s", (int)(slash - text), text);
		if (index_find_case(x, name, &c, e) != 0)
			return -1;
	}
	if (len < 4)
		return err_set(
		    e, ERR_UNKNOWN,
		    "an item is named by at least 4 digits of its id");
	if (index_thaw_named(x, id, len, e) != 0)
		return -1;
	for (size_t i = 0; i < x->n_items; i++) {
		if (strncmp(x->items[i].id, id, len) != 0 ||
		    (c != NULL && strcmp(x->items[i].case_id, c->id) != 0))
			continue;
		*out = &x->items[i];
		found++;
	}
	if (found == 1)
		return 0;
	*out = NULL;
	none_or_many(e, "item", text, found);
	return err_hint(e, "CASE/ITEM names one within its case");
}

/* The same person may hold several seats: their first that is not retired
 * stands for all. */
int
index_find_seat(struct index *x, const char *text, struct index_seat **out,
		struct err *e)
{
	size_t found = 0, len = strlen(text);

	*out = NULL;
	for (size_t i = 0; i < x->n_seats; i++) {
		struct index_seat *s = &x->seats[i];

		if ((len >= 4 && strncmp(s->id, text, len) == 0) ||
		    (s->name[0] != '\0' && strcmp(s->name, text) == 0)) {
			if (*out != NULL && index_same_person(*out, s)) {
				if ((*out)->retired && !s->retired)
					*out = s;
				continue;
			}
			*out = s;
			found++;
		}
	}
	if (found == 1)
		return 0;
	*out = NULL;
	none_or_many(e, "member", text, found);
	return err_hint(e, "muniment member list shows the members");
}

static int
by_id(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sort the ids of the items, once. */
static bool
sort_ids(struct index *x)
{
	char **ids;

	if (x->sorted_ids != NULL)
		return true;
	ids = calloc(x->n_items + 1, sizeof *ids);
	if (ids == NULL)
		return false;
	for (size_t i = 0; i < x->n_items; i++)
		ids[i] = x->items[i].id;
	if (x->n_items > 1)
		qsort(ids, x->n_items, sizeof *ids, by_id);
	x->sorted_ids = ids;
	return true;
}

static size_t
longer(const char *id, const char *other, size_t len)
{
	while (len < HEX_ID_LEN && strncmp(other, id, len) == 0)
		len++;
	return len;
}

size_t
index_short(struct index *x, const struct index_item *item)
{
	char **at, *key = (char *)(uintptr_t)item->id;
	size_t len = SHORT_MIN;

	if (!sort_ids(x))
		return HEX_ID_LEN;
	at = bsearch(&key, x->sorted_ids, x->n_items, sizeof *at, by_id);
	if (at == NULL)
		return HEX_ID_LEN;
	if (at > x->sorted_ids)
		len = longer(item->id, at[-1], len);
	if (at + 1 < x->sorted_ids + x->n_items)
		len = longer(item->id, at[1], len);
	return index_short_cold(x, item->id, SIZE_MAX, len);
}

size_t
index_short_id(struct index *x, const char *id, size_t self)
{
	size_t len = SHORT_MIN;

	for (size_t i = 0; i < x->n_items; i++)
		len = longer(id, x->items[i].id, len);
	return index_short_cold(x, id, self, len);
}

struct index_entry *
index_current(struct index *x, const struct index_item *item, size_t *current)
{
	struct index_entry *best = NULL;
	size_t n = 0;

	for (size_t i = 0; i < item->n; i++) {
		struct index_entry *en = &x->entries[item->versions[i]];

		if (en->replaced)
			continue;
		best = en;
		n++;
	}
	if (current != NULL)
		*current = n;
	return best;
}
