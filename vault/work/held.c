#include "held.h"

#include "cold.h"
#include "extract.h"
#include "index_inside.h"
#include "map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where it lies. */
struct content {
	size_t entry; /* SIZE_MAX: taken in by this command */
	char item[HEX_ID_LEN + 1];
	size_t file;	  /* of the record's files the one that held_find
			   * opened */
	json_t *segments; /* of this command's own; else NULL */
};

struct held {
	struct index *x;
	char case_id[INDEX_CASE_MAX];
	struct map by_sha256; /* -> contents */
	struct map sizes;     /* to hash only files of these first */
	struct content *contents;
	size_t n, cap;
};

static void
size_key(uint64_t size, uint8_t key[MAP_KEY_LEN])
{
	memset(key, 0, MAP_KEY_LEN);
	memcpy(key, &size, sizeof size);
}

static int
remember(struct held *h, const uint8_t sha256[HASH_LEN], uint64_t size,
	 size_t entry, const char *item, json_t *segments)
{
	uint8_t key[MAP_KEY_LEN];

	size_key(size, key);
	if (map_set(&h->sizes, key, 1) != 0)
		return -1;
	if (h->n == h->cap) {
		size_t cap = h->cap > 0 ? 2 * h->cap : 256;
		void *p = realloc(h->contents, cap * sizeof *h->contents);

		if (p == NULL)
			return -1;
		h->contents = p;
		h->cap = cap;
	}
	h->contents[h->n].entry = entry;
	h->contents[h->n].file = 0;
	h->contents[h->n].segments = json_incref(segments);
	snprintf(h->contents[h->n].item, HEX_ID_LEN + 1, "%s", item);
	return map_set(&h->by_sha256, sha256, h->n++);
}

/* A record that counts, of this case? */
static bool
is_ours(const struct held *h, const struct index_entry *en)
{
	return en->kind == KIND_RECORD && en->accepted &&
	       strcmp(en->case_id, h->case_id) == 0;
}

/* What the index has opened; what rests in its cache is asked for there. */
static int
list(struct held *h)
{
	for (size_t i = 0; i < h->x->n_entries; i++) {
		const struct index_entry *en = &h->x->entries[i];
		json_t *doc, *f;
		size_t k;
		int rc = 0;

		if (!is_ours(h, en))
			continue;
		doc = index_doc(en);
		json_array_foreach (json_object_get(doc, "files"), k, f) {
			const char *hex = entry_str(f, "sha256");
			uint8_t sha256[HASH_LEN];

			if (hex != NULL && strlen(hex) == HASH_HEX_LEN &&
			    hex_decode(hex, HASH_LEN, sha256) == 0)
				rc |= remember(h, sha256,
					       (uint64_t)json_integer_value(
						   json_object_get(f, "size")),
					       i, en->item, NULL);
		}
		json_decref(doc);
		if (rc != 0)
			return -1;
	}
	return 0;
}

struct held *
held_new(struct index *x, const char *case_id)
{
	struct held *h = calloc(1, sizeof *h);

	if (h == NULL)
		return NULL;
	h->x = x;
	snprintf(h->case_id, sizeof h->case_id, "%s", case_id);
	if (list(h) == 0)
		return h;
	held_free(h);
	return NULL;
}

void
held_free(struct held *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < h->n; i++)
		json_decref(h->contents[i].segments);
	free(h->contents);
	map_free(&h->by_sha256);
	map_free(&h->sizes);
	free(h);
}

int
held_add(struct held *h, const uint8_t sha256[HASH_LEN], uint64_t size,
	 const char *item, json_t *segments)
{
	return remember(h, sha256, size, SIZE_MAX, item, segments);
}

/* Where content rests in the index cache; SIZE_MAX: it does not. */
static size_t
resting(const struct held *h, uint64_t size, const uint8_t *sha256)
{
	struct cold *c = h->x->cold;

	return c != NULL
		   ? cold_content(c, cold_name(c, h->case_id), size, sha256)
		   : SIZE_MAX;
}

bool
held_size(const struct held *h, uint64_t size)
{
	uint8_t key[MAP_KEY_LEN];
	size_t at;

	size_key(size, key);
	return map_get(&h->sizes, key, &at) ||
	       resting(h, size, NULL) != SIZE_MAX;
}

/* Content that rests in the index cache: its record thaws. */
static void
recall(struct held *h, uint64_t size, const uint8_t sha256[HASH_LEN])
{
	size_t at, entry;

	if (map_get(&h->by_sha256, sha256, &at))
		return;
	at = resting(h, size, sha256);
	if (at != SIZE_MAX && index_thaw_one(h->x, at, &entry, NULL) == 0)
		(void)remember(h, sha256, size, entry,
			       h->x->entries[entry].item, NULL);
}

/* Does it open, and has it this SHA-256? */
static bool
is_here(const struct held *h, struct content *k, const uint8_t sha256[HASH_LEN])
{
	struct entry opened = {0};
	char hex[HASH_HEX_LEN + 1];
	json_t *f;
	size_t i;
	bool found = false;

	if (k->entry == SIZE_MAX)
		return true; /* this command has taken it in itself */
	if (index_entry_open(h->x, &h->x->entries[k->entry], &opened, NULL) !=
	    0)
		return false;
	hex_encode(sha256, HASH_LEN, hex);
	json_array_foreach (json_object_get(opened.doc, "files"), i, f) {
		const char *s = entry_str(f, "sha256");

		if (!found && s != NULL && strcmp(s, hex) == 0) {
			found = extract_file(h->x, &opened, f, NULL, NULL,
					     NULL) == 0;
			k->file = i;
		}
	}
	entry_free(&opened);
	return found;
}

bool
held_find(struct held *h, uint64_t size, const uint8_t sha256[HASH_LEN],
	  size_t *at)
{
	recall(h, size, sha256);
	return map_get(&h->by_sha256, sha256, at) &&
	       is_here(h, &h->contents[*at], sha256);
}

const char *
held_item(const struct held *h, size_t at)
{
	return h->contents[at].item;
}

json_t *
held_segments(const struct held *h, size_t at)
{
	const struct content *k = &h->contents[at];
	json_t *doc, *found;

	if (k->entry == SIZE_MAX)
		return json_incref(k->segments);
	doc = index_doc(&h->x->entries[k->entry]);
	found = json_incref(json_object_get(
	    json_array_get(json_object_get(doc, "files"), k->file),
	    "segments"));
	json_decref(doc);
	return found;
}

bool
held_current(const struct held *h, uint64_t size,
	     const uint8_t sha256[HASH_LEN], char item[HEX_ID_LEN + 1])
{
	struct cold_record r;
	size_t at;

	if (map_get(&h->by_sha256, sha256, &at)) {
		const struct content *k = &h->contents[at];
		const struct index_item *it =
		    k->entry == SIZE_MAX
			? NULL
			: index_item(h->x, k->item, h->case_id);

		strcpy(item, k->item);
		return k->entry == SIZE_MAX || (it != NULL && !it->retracted);
	}
	/* what rests in the cache is not retracted */
	at = resting(h, size, sha256);
	if (at == SIZE_MAX || !cold_record(h->x->cold, at, &r))
		return false;
	hex_encode(r.item, sizeof r.item, item);
	return true;
}

/* The segments that a record of the case lists. -1: no memory. */
static int
offer_record(struct segments *s, const json_t *doc)
{
	json_t *f, *t;
	size_t k, n;
	int rc = 0;

	json_array_foreach (json_object_get(doc, "files"), k, f) {
		uint64_t offset = 0;

		json_array_foreach (json_object_get(f, "segments"), n, t)
			rc |= segments_held(s, &offset, json_string_value(t));
	}
	return rc;
}

struct offering {
	const struct held *h;
	struct segments *s;
};

/* The same of one that rests in the index cache. */
static int
offer_resting(void *ctx, size_t at, const struct cold_record *r)
{
	struct offering *o = ctx;
	char *text = cold_text(o->h->x->cold, at, r);
	json_t *doc = text == NULL ? NULL
				   : json_loadb(text, r->text_len,
						JSON_REJECT_DUPLICATES, NULL);
	int rc = doc == NULL ? 0 : offer_record(o->s, doc);

	json_decref(doc);
	free(text);
	return rc;
}

int
held_offer(const struct held *h, struct segments *s)
{
	struct cold *c = h->x->cold;
	struct offering o = {h, s};

	for (size_t i = 0; i < h->x->n_entries; i++) {
		const struct index_entry *en = &h->x->entries[i];
		json_t *doc;
		int rc;

		if (!is_ours(h, en))
			continue;
		doc = index_doc(en);
		rc = offer_record(s, doc);
		json_decref(doc);
		if (rc != 0)
			return -1;
	}
	return c == NULL ? 0
			 : cold_contents(c, cold_name(c, h->case_id),
					 SEGMENTS_UNCUT, offer_resting, &o);
}
