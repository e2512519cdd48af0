#include "bond.h"

#include <stdlib.h>
#include <string.h>

/* A redacted copy whose original is open here. */
struct pair {
	size_t copy, original; /* entries */
	json_int_t file;
};

struct bonds {
	struct index *x;
	struct pair *pairs; /* of copies that nothing replaces */
	size_t n, cap;
};

/* What the `original` of a record says; the object is kept by `doc`. */
struct claim {
	json_t *doc, *original;
	const char *entry, *item;
	json_int_t file;
	uint8_t hash[HASH_LEN];
	bool formed;
};

/* False if the record names none. Let go of `doc` then and else. */
static bool
read_claim(const struct index_entry *en, struct claim *c)
{
	memset(c, 0, sizeof *c);
	if (en->kind != KIND_RECORD ||
	    memmem(en->text, en->text_len, "\"original\":", 11) == NULL)
		return false;
	c->doc = index_doc(en);
	c->original = json_object_get(c->doc, "original");
	c->entry = entry_str(c->original, "entry");
	c->item = entry_str(c->original, "item");
	c->file = json_integer_value(json_object_get(c->original, "file"));
	c->formed = json_is_object(c->original) && c->entry != NULL &&
		    c->item != NULL && c->file >= 1 && strlen(c->entry) == 64 &&
		    hex_decode(c->entry, HASH_LEN, c->hash) == 0;
	return c->original != NULL;
}

/* The entry that a claim names, if it can be read here; SIZE_MAX. */
static size_t
find(const struct index *x, const struct claim *c)
{
	size_t at;

	return c->formed && map_get(&x->by_hash, c->hash, &at) ? at : SIZE_MAX;
}

static bool
is_unread(const struct index *x, const uint8_t hash[HASH_LEN])
{
	for (size_t i = 0; i < x->unread.n; i++)
		if (memcmp(x->unread.list[i].sha256, hash, HASH_LEN) == 0)
			return true;
	return false;
}

/* One of the copy's files is the original's, unchanged. */
static bool
is_same(const json_t *copy, const json_t *original, json_int_t file)
{
	const json_t *of = json_array_get(json_object_get(original, "files"),
					  (size_t)file - 1);
	const char *want = entry_str(of, "sha256"), *is;
	const json_t *f;
	size_t i;

	json_array_foreach (json_object_get(copy, "files"), i, f) {
		is = entry_str(f, "sha256");
		if (want != NULL && is != NULL && strcmp(want, is) == 0)
			return true;
	}
	return false;
}

/* What is the matter with a claim; NULL if nothing is. */
static const char *
problem(const struct index *x, const struct index_entry *en,
	const struct claim *c)
{
	size_t at = find(x, c);
	const struct index_entry *o = at != SIZE_MAX ? &x->entries[at] : NULL;
	const char *why = NULL;
	json_t *doc;

	if (!c->formed)
		return "what it says of its original is not of the form";
	if (o == NULL)
		return is_unread(x, c->hash)
			   ? "its original cannot be opened with your keys"
			   : "the original that it names is not in this vault";
	if (o->kind != KIND_RECORD || strcmp(o->item, c->item) != 0 ||
	    strcmp(o->case_id, en->case_id) != 0)
		return "what it names as its original is something else";
	doc = index_doc(o);
	if ((size_t)c->file > json_array_size(json_object_get(doc, "files")))
		why = "its original has no file of that number";
	else if (is_same(c->doc, doc, c->file))
		why = "it is the same file as its original";
	else if (!o->accepted)
		why = "its original is not accepted";
	json_decref(doc);
	return why;
}

static int
add_pair(struct bonds *b, size_t copy, size_t original, json_int_t file)
{
	if (b->n == b->cap) {
		size_t cap = b->cap > 0 ? 2 * b->cap : 64;
		void *p = realloc(b->pairs, cap * sizeof *b->pairs);

		if (p == NULL)
			return -1;
		b->pairs = p;
		b->cap = cap;
	}
	b->pairs[b->n++] = (struct pair){copy, original, file};
	return 0;
}

struct bonds *
bonds_new(struct index *x)
{
	struct bonds *b = calloc(1, sizeof *b);

	if (b == NULL)
		return NULL;
	b->x = x;
	for (size_t i = 0; i < x->n_entries; i++) {
		struct index_entry *en = &x->entries[i];
		struct claim c;
		size_t at = SIZE_MAX;

		if (en->accepted && !en->replaced && read_claim(en, &c))
			at = find(x, &c);
		else
			c.doc = NULL;
		/* only what is named as it is: an item that it does not bear
		 * the name of gets no copies put upon it */
		if (at != SIZE_MAX && problem(x, en, &c) == NULL &&
		    add_pair(b, i, at, c.file) != 0) {
			json_decref(c.doc);
			bonds_free(b);
			return NULL;
		}
		json_decref(c.doc);
	}
	return b;
}

void
bonds_free(struct bonds *b)
{
	if (b == NULL)
		return;
	free(b->pairs);
	free(b);
}

struct index *
bonds_index(const struct bonds *b)
{
	return b->x;
}

json_t *
bonds_original(const struct bonds *b, const struct index_entry *en)
{
	static const char *const keys[] = {"entry", "item",	  "file",
					   "zones", "decided_by", "basis"};
	struct claim c;
	json_t *o = NULL;
	const char *why;

	if (read_claim(en, &c)) {
		o = json_object();
		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
			json_t *v = json_object_get(c.original, keys[i]);

			if (v != NULL)
				json_object_set(o, keys[i], v);
		}
		why = problem(b->x, en, &c);
		if (why != NULL)
			json_object_set_new(o, "problem", json_string(why));
	}
	json_decref(c.doc);
	return o;
}

static json_t *
copy_json(const struct index *x, const struct pair *p)
{
	char hex[HASH_HEX_LEN + 1];
	json_t *o = json_object();

	json_object_set_new(o, "item", json_string(x->entries[p->copy].item));
	hex_encode(x->entries[p->copy].sha256, HASH_LEN, hex);
	json_object_set_new(o, "entry", json_string(hex));
	hex_encode(x->entries[p->original].sha256, HASH_LEN, hex);
	json_object_set_new(o, "version", json_string(hex));
	json_object_set_new(o, "file", json_integer(p->file));
	return o;
}

json_t *
bonds_copies(const struct bonds *b, const struct index_item *item,
	     const struct index_entry *en)
{
	const struct index *x = b->x;
	json_t *list = NULL;

	for (size_t i = 0; i < b->n; i++) {
		const struct index_entry *o = &x->entries[b->pairs[i].original];

		if (strcmp(o->item, item->id) != 0 ||
		    strcmp(o->case_id, item->case_id) != 0 ||
		    (en != NULL && o != en))
			continue;
		if (list == NULL)
			list = json_array();
		json_array_append_new(list, copy_json(x, &b->pairs[i]));
	}
	return list;
}

/* What is the matter with what a record lay in; NULL if nothing is. */
static const char *
within_problem(const struct index *x, const struct index_entry *en,
	       const json_t *within)
{
	const char *hex = entry_str(within, "entry");
	const char *item = entry_str(within, "item");
	uint8_t hash[HASH_LEN];
	size_t at;

	if (hex == NULL || item == NULL || strlen(hex) != 64 ||
	    hex_decode(hex, HASH_LEN, hash) != 0)
		return "what it says of what it lay in is not of the form";
	if (!map_get(&x->by_hash, hash, &at))
		return is_unread(x, hash)
			   ? "what it lay in cannot be opened with your keys"
			   : "what it lay in is not in this vault";
	if (x->entries[at].kind != KIND_RECORD ||
	    strcmp(x->entries[at].item, item) != 0 ||
	    strcmp(x->entries[at].case_id, en->case_id) != 0)
		return "what it names as what it lay in is something else";
	return x->entries[at].accepted ? NULL
				       : "what it lay in is not accepted";
}

/* The `within` of a record, kept by *doc; NULL if it has none. */
static json_t *
read_within(const struct index_entry *en, json_t **doc)
{
	json_t *within = NULL;

	*doc = NULL;
	if (en->kind != KIND_RECORD ||
	    memmem(en->text, en->text_len, "\"within\":", 9) == NULL)
		return NULL;
	*doc = index_doc(en);
	within = json_object_get(*doc, "within");
	return json_is_object(within) ? within : NULL;
}

json_t *
bonds_within(const struct bonds *b, const struct index_entry *en)
{
	static const char *const keys[] = {"entry",  "item", "file",
					   "number", "path", "path_bytes"};
	json_t *doc, *within = read_within(en, &doc), *o = NULL;
	const char *why;

	if (within != NULL) {
		o = json_object();
		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
			json_t *v = json_object_get(within, keys[i]);

			if (v != NULL)
				json_object_set(o, keys[i], v);
		}
		why = within_problem(b->x, en, within);
		if (why != NULL)
			json_object_set_new(o, "problem", json_string(why));
	}
	json_decref(doc);
	return o;
}

/* Report what is the matter with what one record lay in. */
static void
verify_within(struct index *x, const struct index_entry *en)
{
	json_t *doc, *within = read_within(en, &doc);
	const char *why = within != NULL ? within_problem(x, en, within) : NULL;

	if (why != NULL)
		report_add(&x->v->report, REPORT_NOTE,
			   "item %.8s, out of an archive or message: %s",
			   en->item, why);
	json_decref(doc);
}

void
bonds_verify(struct index *x)
{
	for (size_t i = 0; i < x->n_entries; i++) {
		const struct index_entry *en = &x->entries[i];
		const char *why;
		struct claim c;

		if (!en->accepted)
			continue;
		verify_within(x, en);
		why = read_claim(en, &c) ? problem(x, en, &c) : NULL;
		if (why != NULL)
			report_add(&x->v->report, REPORT_NOTE,
				   "item %.8s, a redacted copy: %s", en->item,
				   why);
		json_decref(c.doc);
	}
}
