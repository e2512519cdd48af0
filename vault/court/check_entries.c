/* The entries that are shown: proofs, and opened entries. */
#include "check_inside.h"

#include "agetext.h"
#include "canon.h"
#include "entry.h"
#include "merkle.h"
#include "secret.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
check_entry_fails(struct check *c, size_t i, enum check_name name,
		  const char *fmt, ...)
{
	char text[400], id[EXINDEX_ID_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	exindex_entry_id((uint32_t)i + 1, id);
	check_say(c, name, CHECK_FAILS, "%s: %s", id, text);
	c->entries[i].is_right = false;
}

bool
check_field_is(const struct check_entry *n, const char *name, const char *text,
	       uint64_t number)
{
	json_t *v = check_field(n, name);
	bool same = text != NULL
			? strcmp(check_text(v), text) == 0
			: json_is_integer(v) &&
			      (uint64_t)json_integer_value(v) == number;

	json_decref(v);
	return same;
}

bool
check_has_field(const struct check_entry *n, const char *name)
{
	return exproof_find(&n->proof, name) != NULL;
}

/* Every entry shows where it stands, and that is what the index says. */
static void
check_place(struct check *c, size_t i)
{
	const struct exindex_entry *x = &c->x.entries[i];
	const struct check_entry *n = &c->entries[i];
	const char *item = x->item > 0 ? c->x.items[x->item - 1].id : NULL;

	if (!check_field_is(n, "kind", x->kind, 0) ||
	    !check_field_is(n, "vault", c->x.vault, 0) ||
	    !check_field_is(n, "device", x->device, 0) ||
	    !check_field_is(n, "batch", NULL, x->batch))
		check_entry_fails(
		    c, i, CHECK_FIELDS,
		    "it does not show the kind, vault, device and "
		    "batch that exhibit.txt gives it");
	if (strcmp(x->kind, "record") == 0 || strcmp(x->kind, "custody") == 0 ||
	    strcmp(x->kind, "retract") == 0) {
		if (item == NULL || !check_field_is(n, "item", item, 0))
			check_entry_fails(c, i, CHECK_FIELDS,
					  "it does not show the item that "
					  "exhibit.txt gives it");
	} else if (item != NULL) {
		check_entry_fails(c, i, CHECK_FIELDS,
				  "an entry of this kind is of no item");
	}
	if (strcmp(x->kind, "retract") == 0 && !check_has_field(n, "time"))
		check_entry_fails(c, i, CHECK_FIELDS,
				  "it does not show its time");
	if (strcmp(x->kind, "custody") == 0 &&
	    (!check_has_field(n, "action") || !check_has_field(n, "time")))
		check_entry_fails(c, i, CHECK_FIELDS,
				  "it does not show action and time");
}

static int
by_place(const void *a, const void *b)
{
	const struct exproof_field *x = *(const struct exproof_field *const *)a;
	const struct exproof_field *y = *(const struct exproof_field *const *)b;

	return (x->place > y->place) - (x->place < y->place);
}

/* The tree is sorted: so must be the leaves that are shown of it. */
static bool
is_sorted(const struct exproof *p, uint8_t (*leaves)[HASH_LEN])
{
	const struct exproof_field **order = calloc(p->n + 1, sizeof *order);
	bool ok = order != NULL;

	for (size_t i = 0; ok && i < p->n; i++)
		order[i] = &p->fields[i];
	if (ok && p->n > 1)
		qsort(order, p->n, sizeof *order, by_place);
	for (size_t i = 1; ok && i < p->n; i++)
		ok = order[i - 1]->place < order[i]->place &&
		     memcmp(leaves[order[i - 1] - p->fields],
			    leaves[order[i] - p->fields], HASH_LEN) < 0;
	free(order);
	return ok;
}

static void
check_fields(struct check *c, size_t i)
{
	struct exproof *p = &c->entries[i].proof;
	uint8_t(*leaves)[HASH_LEN] = calloc(p->n + 1, sizeof *leaves);
	char shown[200];

	for (size_t k = 0; leaves != NULL && k < p->n; k++) {
		struct exproof_field *f = &p->fields[k];
		size_t len;
		uint8_t *input = exproof_leaf_input(f, &len);

		if (input == NULL) {
			err_memory(&c->broken);
			break;
		}
		merkle_leaf(input, len, leaves[k]);
		free(input);
		if (merkle_padded_check(leaves[k], f->place, f->path,
					p->fields_k, p->root) != 0)
			check_entry_fails(
			    c, i, CHECK_FIELDS,
			    "the field %s is not one that the entry "
			    "committed to",
			    err_escape(shown, sizeof shown, f->name,
				       strlen(f->name)));
	}
	if (leaves == NULL)
		err_memory(&c->broken);
	else if (c->entries[i].is_right && !is_sorted(p, leaves))
		check_entry_fails(c, i, CHECK_FIELDS,
				  "its fields do not stand in one sorted tree");
	free(leaves);
	check_place(c, i);
}

static void
check_batch(struct check *c, size_t i)
{
	struct exproof *p = &c->entries[i].proof;
	char line[BATCH_LINE_MAX];
	uint8_t leaf[HASH_LEN];

	batch_entry_line(p->sha256, p->root, line);
	merkle_leaf(line, strlen(line), leaf);
	if (merkle_padded_check(leaf, p->place, p->path, p->batch_k,
				p->inner) != 0)
		check_entry_fails(c, i, CHECK_BATCH,
				  "its line does not lie under the root of its "
				  "batch");
	for (size_t k = 0; k < i; k++) {
		const struct exindex_entry *x = &c->x.entries[i];
		const struct exindex_entry *y = &c->x.entries[k];
		const struct exproof *q = &c->entries[k].proof;

		if (!c->entries[k].has_proof)
			continue;
		if (memcmp(p->sha256, q->sha256, HASH_LEN) == 0)
			check_entry_fails(c, i, CHECK_FIELDS,
					  "it is the same entry as e%03zu",
					  k + 1);
		if (x->batch == y->batch && strcmp(x->device, y->device) == 0 &&
		    (p->batch_k != q->batch_k ||
		     memcmp(p->inner, q->inner, HASH_LEN) != 0))
			check_entry_fails(
			    c, i, CHECK_BATCH,
			    "its batch is another than that of e%03zu, "
			    "with the same number",
			    k + 1);
	}
}

/* Every field of an opened entry is shown as it is, and nothing else. */
struct same {
	const struct check_entry *n;
	size_t seen;
	bool ok;
};

static int
same_field(void *ctx, const char *name, const json_t *value)
{
	struct same *s = ctx;
	const struct exproof_field *f = exproof_find(&s->n->proof, name);
	char *text = canon_value(value);

	if (text == NULL)
		return -1;
	s->seen++;
	s->ok = s->ok && f != NULL && strcmp(f->value, text) == 0;
	free(text);
	return 0;
}

/* proof/eNNN.key: one line, AGE-SECRET-KEY-1... */
static bool
read_key(const char *text, size_t len, uint8_t secret[AGEKEY_SECRET_LEN])
{
	enum agekey_kind kind;
	char again[AGETEXT_IDENTITY_MAX];

	return len > 1 && text[len - 1] == '\n' &&
	       agetext_identity_parse(text, len - 1, &kind, secret) == 0 &&
	       kind == AGEKEY_X25519 &&
	       agetext_identity(kind, secret, again) == len - 1 &&
	       memcmp(again, text, len - 1) == 0;
}

static void
compare_opened(struct check *c, size_t i, const struct entry *en)
{
	struct check_entry *n = &c->entries[i];
	struct same s = {.n = n, .ok = true};

	if (memcmp(en->fields, n->proof.root, HASH_LEN) != 0)
		check_entry_fails(
		    c, i, CHECK_ENTRIES,
		    "what it holds has another fields root than its "
		    "line");
	if (canon_fields(en->doc, same_field, &s) != FORMAT_OK || !s.ok ||
	    s.seen != n->proof.n)
		check_entry_fails(
		    c, i, CHECK_ENTRIES,
		    "what is shown of it is not all that it holds");
}

static void
check_opened(struct check *c, size_t i)
{
	char path[64];
	uint8_t secret[AGEKEY_SECRET_LEN], sha256[HASH_LEN];
	size_t age_len, key_len;
	char *age, *key;
	struct entry en = {0};
	struct err e = {0};

	snprintf(path, sizeof path, "proof/e%03zu.age", i + 1);
	age = check_read(c, CHECK_ENTRIES, path, ENTRY_FILE_MAX, &age_len);
	snprintf(path, sizeof path, "proof/e%03zu.key", i + 1);
	key =
	    check_read(c, CHECK_ENTRIES, path, AGETEXT_IDENTITY_MAX, &key_len);
	if (age == NULL || key == NULL) {
		c->entries[i].is_right = false;
		goto out;
	}
	hash_sha256(age, age_len, sha256);
	if (memcmp(sha256, c->entries[i].proof.sha256, HASH_LEN) != 0)
		check_entry_fails(
		    c, i, CHECK_ENTRIES,
		    "its age file is not the one that its line names");
	else if (!read_key(key, key_len, secret))
		check_entry_fails(
		    c, i, CHECK_ENTRIES,
		    "its key is not in the form of an age identity");
	else if (entry_open((const uint8_t *)age, age_len, secret, &en, &e) !=
		 0)
		check_entry_fails(c, i, CHECK_ENTRIES, "%s", e.msg);
	else
		compare_opened(c, i, &en);
out:
	entry_free(&en);
	free(age);
	free(key);
}

static bool
read_proof(struct check *c, size_t i, size_t *total)
{
	char path[64];
	struct package_file *f;
	enum format_result r;
	size_t len;
	char *text;

	snprintf(path, sizeof path, "proof/e%03zu.proof", i + 1);
	f = package_find(c->p, path);
	if (f != NULL && f->size > CHECK_PROOFS_MAX - *total) {
		check_say(c, CHECK_FIELDS, CHECK_FAILS,
			  "%s: the proofs are larger than those of a package "
			  "can be",
			  path);
		(void)check_take(c, path);
		return false;
	}
	text = check_read(c, CHECK_FIELDS, path, EXPROOF_FILE_MAX, &len);
	if (text == NULL)
		return false;
	*total += len;
	r = exproof_decode(text, len, &c->entries[i].proof);
	free(text);
	if (r == FORMAT_NO_MEMORY)
		err_memory(&c->broken);
	else if (r != FORMAT_OK)
		check_say(c, CHECK_FIELDS, CHECK_FAILS, "%s is not in its form",
			  path);
	return r == FORMAT_OK;
}

static bool
has_record(const struct check *c, size_t item)
{
	for (size_t i = 0; i < c->x.n_entries; i++)
		if (c->x.entries[i].item == item + 1 &&
		    strcmp(c->x.entries[i].kind, "record") == 0)
			return true;
	return false;
}

static void
sums(struct check *c)
{
	size_t opened = 0, fields = 0;

	for (size_t i = 0; i < c->x.n_entries; i++) {
		opened += c->x.entries[i].opened;
		fields += c->entries[i].proof.n;
	}
	check_sum(c, CHECK_FIELDS,
		  "each field shown (%zu, of %zu entries) is one that its "
		  "entry committed to",
		  fields, c->x.n_entries);
	check_sum(c, CHECK_BATCH,
		  "the line of each entry (%zu) lies under its batch's root",
		  c->x.n_entries);
	if (opened == 0)
		check_sum(c, CHECK_ENTRIES,
			  "no entry is opened: of each only some fields are "
			  "shown");
	else
		check_sum(c, CHECK_ENTRIES,
			  "each opened entry (%zu of %zu) holds what is shown, "
			  "and no more",
			  opened, c->x.n_entries);
}

void
check_entries(struct check *c)
{
	size_t total = 0;

	c->entries = calloc(c->x.n_entries, sizeof *c->entries);
	if (c->entries == NULL) {
		err_memory(&c->broken);
		return;
	}
	for (size_t i = 0; i < c->x.n_entries; i++) {
		struct check_entry *n = &c->entries[i];

		n->has_proof = read_proof(c, i, &total);
		n->is_right = n->has_proof;
		if (c->broken.code != ERR_NONE)
			return;
		if (!n->has_proof) {
			check_say(c, CHECK_BATCH, CHECK_UNKNOWN,
				  "e%03zu: its proof cannot be read", i + 1);
			continue;
		}
		check_fields(c, i);
		check_batch(c, i);
		if (c->x.entries[i].opened)
			check_opened(c, i);
	}
	check_redactions(c);
	for (size_t i = 0; i < c->x.n_items; i++) {
		if (!has_record(c, i))
			check_say(c, CHECK_FIELDS, CHECK_FAILS,
				  "no record of item %zu is shown", i + 1);
		for (size_t k = 0; k < i; k++)
			if (strcmp(c->x.items[i].id, c->x.items[k].id) == 0)
				check_say(c, CHECK_FIELDS, CHECK_FAILS,
					  "item %zu is the same as item %zu",
					  i + 1, k + 1);
	}
	check_originals(c);
	sums(c);
}
