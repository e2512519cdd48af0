/* Keys for people, on rings in the batch: see writer.h. */
#include "writer_inside.h"

#include "ring.h"

#include <stdlib.h>
#include <string.h>

int
writer_grant(struct writer *w, const struct agekey_public *to,
	     struct secret *ring, struct err *e)
{
	void *p = NULL;

	if (ring != NULL && w->n_grants < GRANTS_MAX)
		p = realloc(w->grants, (w->n_grants + 1) * sizeof *w->grants);
	if (p == NULL) {
		secret_free(ring);
		return err_set(e, ERR_UNKNOWN,
			       "too many people at once, or no memory");
	}
	w->grants = p;
	w->grants[w->n_grants].to = *to;
	w->grants[w->n_grants++].ring = ring;
	return 0;
}

/* All keys of a case that are held, or that this command made. */
static int
add_case_keys(struct writer *w, struct secret *ring, const char *case_id)
{
	const struct index *x = w->x;
	int rc = 0;

	for (size_t i = 1; i < x->n_hybrids; i++)
		if (strcmp(x->hybrids[i].case_id, case_id) == 0)
			rc |= ring_add_case(ring, case_id, x->hybrids[i].epoch,
					    index_key(x, x->hybrids[i].key));
	for (size_t i = 0; i < w->n_fresh; i++)
		if (strcmp(w->fresh[i].id, case_id) == 0)
			rc |= ring_add_case(ring, case_id, w->fresh[i].epoch,
					    w->case_keys->bytes + 32 * i);
	return rc;
}

int
writer_grant_cases(struct writer *w, const struct agekey_public *to,
		   const char *const *case_ids, size_t n, struct err *e)
{
	struct secret *ring;

	if (writer_room(w, 1, e) != 0)
		return -1;
	ring = ring_new(w->v->id, w->device, w->tree.size + 1);
	for (size_t i = 0; ring != NULL && i < n; i++) {
		if (add_case_keys(w, ring, case_ids[i]) != 0) {
			secret_free(ring);
			ring = NULL;
		}
	}
	return writer_grant(w, to, ring, e);
}

/* Keys of items on their way to a person: as many rings as they take. */
struct granting {
	struct writer *w;
	const struct agekey_public *to;
	struct secret *ring;
	size_t n;     /* keys on it */
	json_t *have; /* ids of bulk that are on some ring */
};

/* Room for one more key: else the ring is full, and the next begins. */
static int
ring_room(struct granting *g, struct err *e)
{
	struct writer *w = g->w;

	if (g->ring != NULL && g->n == RING_KEYS_MAX) {
		struct secret *full = g->ring;

		g->ring = NULL;
		if (writer_grant(w, g->to, full, e) != 0)
			return -1;
	}
	if (g->ring == NULL) {
		g->n = 0;
		if (writer_room(w, 1, e) != 0)
			return -1;
		g->ring = ring_new(w->v->id, w->device, w->tree.size + 1);
	}
	g->n++;
	return g->ring != NULL ? 0 : err_memory(e);
}

/* Keys of the bulk that a record's files name. */
static int
add_bulk_keys(struct granting *g, const json_t *doc, struct err *e)
{
	const struct index *x = g->w->x;
	json_t *files = json_object_get(doc, "files"), *f, *s;
	size_t i, k, key;

	json_array_foreach (files, i, f) {
		json_array_foreach (json_object_get(f, "segments"), k, s) {
			const char *text = json_string_value(s), *id;

			id = text != NULL ? strrchr(text, ' ') : NULL;
			if (id == NULL ||
			    json_object_get(g->have, id + 1) != NULL)
				continue;
			if (json_object_set_new(g->have, id + 1, json_true()) !=
			    0)
				return err_memory(e);
			for (key = index_bulk_key(x, id + 1); key != SIZE_MAX;
			     key = index_older_key(x, key))
				if (ring_room(g, e) != 0 ||
				    ring_add_bulk(g->ring, id + 1,
						  index_key(x, key)) != 0)
					return err_memory(e);
		}
	}
	return 0;
}

/* Keys of all versions of an item, and of their bulk. */
static int
add_item_keys(struct granting *g, const struct index_item *item, struct err *e)
{
	struct index *x = g->w->x;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < item->n; i++) {
		struct index_entry *en = &x->entries[item->versions[i]];
		json_t *doc = index_doc(en);

		if (doc == NULL || ring_room(g, e) != 0 ||
		    ring_add_entry(g->ring, en->sha256,
				   index_key(x, en->key)) != 0)
			rc = err_memory(e);
		else
			rc = add_bulk_keys(g, doc, e);
		json_decref(doc);
	}
	return rc;
}

int
writer_grant_items(struct writer *w, const struct agekey_public *to,
		   struct index_item *const *items, size_t n, struct err *e)
{
	struct granting g = {.w = w, .to = to, .have = json_object()};
	int rc = g.have != NULL ? 0 : err_memory(e);

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = add_item_keys(&g, items[i], e);
	json_decref(g.have);
	if (rc == 0)
		return writer_grant(w, to, g.ring, e);
	secret_free(g.ring);
	return -1;
}
