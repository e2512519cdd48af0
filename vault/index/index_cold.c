/* Records that rest in the index cache, and how they thaw: index_inside.h. */
#include "index_inside.h"

#include "accepted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
index_is_cold(const struct index *x, const uint8_t sha256[HASH_LEN])
{
	struct cold_place p;

	return x->cold != NULL && cold_place(x->cold, sha256, &p) &&
	       p.at != SIZE_MAX;
}

/* A bulk key goes behind all that are here. */
struct pulling {
	struct index *x;
	size_t newest; /* of those pulled */
};

static int
pull_key(void *ctx, const uint8_t secret[32], uint32_t log, uint64_t batch)
{
	struct pulling *p = ctx;
	size_t key;

	if (index_add_key(p->x, secret, &key) != 0)
		return -1;
	p->x->infos[key] = (struct index_key_info){log, batch, p->newest, true};
	p->newest = key;
	return 0;
}

int
index_pull_bulk(struct index *x, const uint8_t id[HEX_ID_LEN / 2],
		struct err *e)
{
	uint8_t key[MAP_KEY_LEN] = {0};
	struct pulling p = {x, SIZE_MAX};
	size_t at, last;
	int rc = 0;

	memcpy(key, id, HEX_ID_LEN / 2);
	if (x->cold == NULL || map_get(&x->pulled, key, &at))
		return 0;
	if (map_set(&x->pulled, key, 1) != 0 ||
	    cold_bulk(x->cold, id, pull_key, &p) != 0)
		return err_memory(e);
	if (p.newest == SIZE_MAX)
		return 0;
	if (!map_get(&x->bulk, key, &last))
		rc = map_set(&x->bulk, key, p.newest);
	else {
		while (x->infos[last].next != SIZE_MAX)
			last = x->infos[last].next;
		x->infos[last].next = p.newest;
	}
	return rc == 0 ? 0 : err_memory(e);
}

/*
 * The keys of the bulk that a record's files consist of, as far as they rest:
 * it may share it with a record that rests.
 */
static int
pull_files(struct index *x, const struct index_entry *en, struct err *e)
{
	json_t *doc, *f, *s;
	size_t i, k;
	int rc = 0;

	if (memmem(en->text, en->text_len, "\"segments\":", 11) == NULL)
		return 0;
	doc = index_doc(en);
	json_array_foreach (json_object_get(doc, "files"), i, f) {
		json_array_foreach (json_object_get(f, "segments"), k, s) {
			const char *t = json_string_value(s);
			size_t n = t != NULL ? strlen(t) : 0;
			uint8_t id[HEX_ID_LEN / 2];

			if (rc == 0 && n > HEX_ID_LEN &&
			    hex_decode(t + n - HEX_ID_LEN, sizeof id, id) == 0)
				rc = index_pull_bulk(x, id, e);
		}
	}
	json_decref(doc);
	return rc;
}

/* Its one-off key, which may be given for it again. */
static int
take_key(struct index *x, const struct cold_record *r, size_t at, size_t *key)
{
	uint8_t id[MAP_KEY_LEN] = {0};
	size_t old = SIZE_MAX;

	memcpy(id, r->sha256, 16);
	if (!map_get(&x->one_off, id, &old))
		old = SIZE_MAX;
	if (x->scratch == NULL)
		x->scratch = secret_new(32);
	if (x->scratch == NULL ||
	    !cold_rows(x->cold, COLD_SEGMENT(at), COLD_SECRETS, COLD_ROW(at),
		       x->scratch->bytes, 1) ||
	    index_add_key(x, x->scratch->bytes, key) != 0 ||
	    map_set(&x->one_off, id, *key) != 0)
		return -1;
	x->infos[*key] = (struct index_key_info){r->log, r->batch, old, true};
	return 0;
}

/* Put a record into the list of entries; whether it counts is not said yet. */
static int
thaw(struct index *x, size_t at, const struct cold_record *r, struct err *e)
{
	struct index_entry *en;
	char *text = cold_text(x->cold, at, r);
	size_t key;

	if (text == NULL)
		return cold_check(x->cold, e);
	if (index_room((void **)&x->entries, x->n_entries, &x->cap_entries,
		       sizeof *x->entries) != 0 ||
	    take_key(x, r, at, &key) != 0 ||
	    map_set(&x->by_hash, r->sha256, x->n_entries) != 0 ||
	    cold_take_out(x->cold, at, r) != 0) {
		free(text);
		return cold_check(x->cold, e) != 0 ? -1 : err_memory(e);
	}
	en = &x->entries[x->n_entries++];
	memset(en, 0, sizeof *en);
	memcpy(en->sha256, r->sha256, HASH_LEN);
	en->log = r->log;
	en->batch = r->batch;
	en->kind = KIND_RECORD;
	snprintf(en->case_id, sizeof en->case_id, "%s",
		 x->cold->names[r->case_no]);
	snprintf(en->seat, sizeof en->seat, "%s", x->cold->names[r->seat_no]);
	hex_encode(r->item, sizeof r->item, en->item);
	en->text = text;
	en->text_len = r->text_len;
	en->key = key;
	en->cold = at;
	return pull_files(x, en, e);
}

static int thaw_settled(struct index *x, size_t at, const struct cold_record *r,
			struct err *e);

static int
thaw_hash(struct index *x, const char *hex, bool settled, struct err *e)
{
	uint8_t hash[HASH_LEN];
	struct cold_record r;
	struct cold_place p;

	if (hex == NULL || strlen(hex) != 64 ||
	    hex_decode(hex, HASH_LEN, hash) != 0 ||
	    !cold_place(x->cold, hash, &p) || p.at == SIZE_MAX)
		return 0;
	if (!cold_record(x->cold, p.at, &r))
		return cold_check(x->cold, e);
	return (settled ? thaw_settled : thaw)(x, p.at, &r, e);
}

/* What the last entry was taken out of: it is told of with it. */
static int
thaw_around(struct index *x, bool settled, struct err *e)
{
	const struct index_entry *en = &x->entries[x->n_entries - 1];
	json_t *doc;
	int rc;

	if (memmem(en->text, en->text_len, "\"within\":", 9) == NULL)
		return 0;
	doc = index_doc(en);
	rc = thaw_hash(x, entry_str(json_object_get(doc, "within"), "entry"),
		       settled, e);
	json_decref(doc);
	return rc;
}

/* The same when it is known that it counts; it is put under its item. */
static int
thaw_settled(struct index *x, size_t at, const struct cold_record *r,
	     struct err *e)
{
	if (thaw(x, at, r, e) != 0)
		return -1;
	x->entries[x->n_entries - 1].accepted = true;
	free(x->sorted_ids);
	x->sorted_ids = NULL;
	return index_put_version(x, x->n_entries - 1) == 0 ? 0 : err_memory(e);
}

int
index_thaw_one(struct index *x, size_t at, size_t *entry, struct err *e)
{
	struct cold_record r;

	if (!cold_record(x->cold, at, &r))
		return cold_check(x->cold, e);
	*entry = x->n_entries;
	return thaw_settled(x, at, &r, e) != 0 ? -1 : thaw_around(x, true, e);
}

/* All that rests; `settled` as above. */
static int
thaw_all(struct index *x, bool settled, struct err *e)
{
	struct cold *c = x->cold;
	struct cold_record r;

	for (size_t i = 0; i < c->n; i++) {
		uint64_t n = c->list[i].n[COLD_RECORDS];

		for (uint64_t row = 0; row < n; row++) {
			size_t at = COLD_AT(i, row);

			if (cold_is_out(c, at))
				continue;
			if (!cold_record(c, at, &r))
				return cold_check(c, e);
			if ((settled ? thaw_settled : thaw)(x, at, &r, e) != 0)
				return -1;
		}
	}
	for (size_t i = 0; i < c->n; i++)
		for (uint64_t k = 0; k < c->list[i].n[COLD_BULK]; k++) {
			uint8_t row[COLD_WIDTH_MAX];
			bool good = cold_rows(c, i, COLD_BULK, k, row, 1);

			secret_wipe(row + 16, 32);
			if (!good)
				return cold_check(c, e);
			if (index_pull_bulk(x, row, e) != 0)
				return -1;
		}
	x->cold = NULL;
	cold_free(c);
	return 0;
}

int
index_thaw(struct index *x, struct err *e)
{
	return x->cold == NULL ? 0 : thaw_all(x, true, e);
}

/* Those of one item. */
struct thawing {
	struct index *x;
	const char *case_id; /* or NULL: of any case */
	size_t *list;
	size_t n, cap;
};

static int
note(void *ctx, size_t at, const struct cold_record *r)
{
	struct thawing *t = ctx;

	if (t->case_id != NULL &&
	    strcmp(t->x->cold->names[r->case_no], t->case_id) != 0)
		return 0;
	if (index_room((void **)&t->list, t->n, &t->cap, sizeof *t->list) != 0)
		return -1;
	t->list[t->n++] = at;
	return 0;
}

static int
thaw_items(struct index *x, const char *prefix, size_t len, const char *case_id,
	   bool settled, struct err *e)
{
	struct thawing t = {.x = x, .case_id = case_id};
	struct cold_record r;
	int rc = 0;

	if (cold_items(x->cold, prefix, len, note, &t) != 0)
		rc = err_memory(e);
	for (size_t i = 0; i < t.n && rc == 0; i++) {
		if (cold_is_out(x->cold, t.list[i]))
			continue; /* one before was taken out of it */
		rc = !cold_record(x->cold, t.list[i], &r)
			 ? cold_check(x->cold, e)
			 : (settled ? thaw_settled : thaw)(x, t.list[i], &r, e);
		if (rc == 0)
			rc = thaw_around(x, settled, e);
	}
	free(t.list);
	return rc;
}

int
index_thaw_named(struct index *x, const char *prefix, size_t len, struct err *e)
{
	if (x->cold == NULL)
		return 0;
	if (thaw_items(x, prefix, len, NULL, true, e) != 0)
		return -1;
	return cold_check(x->cold, e);
}

/* What a record names: what it replaces, is a copy of, or was taken out of. */
static int
thaw_named_by(struct index *x, size_t entry, struct err *e)
{
	json_t *doc, *p;
	int rc = 0;
	size_t i;

	if (memmem(x->entries[entry].text, x->entries[entry].text_len,
		   "\"parents\":[]", 12) != NULL &&
	    memmem(x->entries[entry].text, x->entries[entry].text_len,
		   "\"original\":", 11) == NULL &&
	    memmem(x->entries[entry].text, x->entries[entry].text_len,
		   "\"within\":", 9) == NULL)
		return 0;
	doc = index_doc(&x->entries[entry]);
	json_array_foreach (json_object_get(doc, "parents"), i, p)
		if (rc == 0)
			rc = thaw_hash(x, json_string_value(p), false, e);
	if (rc == 0)
		rc = thaw_hash(
		    x, entry_str(json_object_get(doc, "original"), "entry"),
		    false, e);
	if (rc == 0)
		rc = thaw_hash(
		    x, entry_str(json_object_get(doc, "within"), "entry"),
		    false, e);
	json_decref(doc);
	return rc;
}

int
index_thaw_related(struct index *x, size_t from, struct err *e)
{
	if (x->cold == NULL)
		return 0;
	for (size_t i = from; i < x->n_entries; i++) {
		struct index_entry en = x->entries[i];

		if (en.cold != SIZE_MAX ||
		    (en.kind != KIND_RECORD && en.kind != KIND_RETRACT))
			continue;
		if (en.item[0] != '\0' && thaw_items(x, en.item, HEX_ID_LEN,
						     en.case_id, false, e) != 0)
			return -1;
		if (en.kind == KIND_RECORD &&
		    (thaw_named_by(x, i, e) != 0 || pull_files(x, &en, e) != 0))
			return -1;
	}
	return cold_check(x->cold, e);
}

int
index_pull_shared(struct index *x, struct err *e)
{
	for (size_t i = 0; x->cold != NULL && i < x->n_entries; i++)
		if (x->entries[i].kind == KIND_RECORD &&
		    pull_files(x, &x->entries[i], e) != 0)
			return -1;
	return 0;
}

int
index_thaw_doubtful(struct index *x)
{
	struct cold *c = x->cold;
	struct err e = {0};

	for (size_t i = 0; c != NULL && i < c->n; i++)
		for (size_t k = 0; k < c->list[i].n_groups; k++) {
			const struct cold_group *g = &c->list[i].groups[k];
			const char *seat = c->names[g->seat_no];
			const char *in = c->names[g->case_no];

			if (g->out < g->n &&
			    (!accepted_record(x, g->log, g->least, seat, in) ||
			     !accepted_record(x, g->log, g->most, seat, in)))
				/* what is broken is found by cold_check */
				return thaw_all(x, false, &e) == 0 ||
					       cold_check(x->cold, NULL) != 0
					   ? 0
					   : -1;
		}
	return 0;
}

size_t
index_count(const struct index *x, const char *case_id)
{
	const struct cold *c = x->cold;
	size_t n = 0;

	for (size_t i = 0; i < x->n_items; i++)
		n += x->items[i].n > 0 &&
		     strcmp(x->items[i].case_id, case_id) == 0;
	for (size_t i = 0; c != NULL && i < c->n; i++)
		for (size_t k = 0; k < c->list[i].n_groups; k++) {
			const struct cold_group *g = &c->list[i].groups[k];

			if (strcmp(c->names[g->case_no], case_id) == 0)
				n += (size_t)(g->n - g->out);
		}
	return n;
}

/* How many digits two ids begin with alike. */
static size_t
alike(const char *a, const uint8_t *id)
{
	char hex[HEX_ID_LEN + 1];
	size_t n = 0;

	hex_encode(id, HEX_ID_LEN / 2, hex);
	while (n < HEX_ID_LEN && a[n] == hex[n])
		n++;
	return n;
}

size_t
index_short_cold(const struct index *x, const char *id, size_t self, size_t len)
{
	uint8_t key[HEX_ID_LEN / 2], row[COLD_WIDTH_MAX];
	struct cold *c = x->cold;

	if (c == NULL || hex_decode(id, sizeof key, key) != 0)
		return len;
	for (size_t i = 0; i < c->n; i++) {
		uint64_t n = c->list[i].n[COLD_ITEMS];
		uint64_t k = cold_find(c, i, COLD_ITEMS, key, sizeof key);

		for (uint64_t at = k > 0 ? k - 1 : 0; at < n; at++) {
			size_t same, rests;

			if (!cold_rows(c, i, COLD_ITEMS, at, row, 1))
				return len;
			same = alike(id, row);
			rests = COLD_AT(i, cold_get(row + 16, 4));
			/* it itself is no other */
			if (same == HEX_ID_LEN &&
			    (rests == self || cold_is_out(c, rests)))
				continue;
			len = same + 1 > len ? same + 1 : len;
			if (at >= k)
				break;
		}
	}
	return len < HEX_ID_LEN ? len : HEX_ID_LEN;
}
