/* What a package's certificate states: see exhibit_inside.h. */
#include "exhibit_inside.h"

#include "base64.h"
#include "clock.h"
#include "record.h"
#include "sshsig.h"
#include "verifier.h"
#include "words.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
put(json_t *o, const char *key, const char *value)
{
	if (value != NULL && value[0] != '\0')
		json_object_set_new(o, key, json_string(value));
}

static void
put_number(json_t *o, const char *key, uint64_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

static void
put_time(json_t *o, const char *key, uint64_t time)
{
	char text[CLOCK_LEN];

	clock_format((time_t)time, text);
	put(o, key, text);
}

/* A shown field's value, or NULL: what is not shown is not stated. */
static json_t *
value_of(const struct exproof_field *f)
{
	return f != NULL ? json_loads(f->value, JSON_DECODE_ANY, NULL) : NULL;
}

static void
put_shown(json_t *o, const char *key, const struct exhibit_entry *en,
	  const char *name)
{
	json_t *v = value_of(exproof_find(&en->proof, name));

	if (v != NULL)
		json_object_set_new(o, key, v);
}

static void
put_shown_of(json_t *o, const char *key, const struct exhibit_file *f,
	     const struct exhibit_entry *en)
{
	char name[128];

	snprintf(name, sizeof name, "files.%zu.%s", f->n, key);
	put_shown(o, key, en, name);
}

static json_t *
files_of(const struct exhibit *ex, size_t entry)
{
	static const char *const keys[] = {"name", "media_type", "size",
					   "sha256"};
	const struct exhibit_entry *en = &ex->entries[entry];
	json_t *list = json_array();

	for (size_t i = 0; i < ex->n_files; i++) {
		const struct exhibit_file *f = &ex->files[i];
		json_t *o;

		if (f->entry != entry)
			continue;
		o = json_object();
		put(o, "path", f->path);
		for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
			put_shown_of(o, keys[k], f, en);
		if (exhibit_filing_pages(ex, f->path) != NULL)
			json_object_set(o, "pages",
					exhibit_filing_pages(ex, f->path));
		json_array_append_new(list, o);
	}
	return list;
}

/* Does a field say when something was, by the word of its source? */
static bool
is_claim(const char *name)
{
	static const char modified[] = ".modified";
	size_t n = strlen(name), rows, k = 0;
	const struct record_field *table = record_fields(&rows);
	char row[256];

	if (strncmp(name, "files.", 6) == 0)
		return n > sizeof modified &&
		       strcmp(name + n - (sizeof modified - 1), modified) == 0;
	if (strncmp(name, "fields.", 7) != 0)
		return false;
	/* the table has N where a name has a number */
	for (const char *p = name + 7; *p != '\0' && k + 2 < sizeof row;) {
		if (p[-1] == '.' && isdigit((unsigned char)*p) != 0) {
			row[k++] = 'N';
			p += strspn(p, "0123456789");
		} else {
			row[k++] = *p++;
		}
	}
	row[k] = '\0';
	for (size_t i = 0; i < rows; i++)
		if (strcmp(table[i].name, row) == 0)
			return table[i].type == RECORD_DATE;
	return false;
}

static void
put_fields(json_t *o, const struct exhibit_entry *en)
{
	json_t *fields = json_array(), *claimed = json_array();

	for (size_t i = 0; i < en->proof.n; i++) {
		const struct exproof_field *f = &en->proof.fields[i];
		json_t *v = value_of(f);

		if (is_claim(f->name))
			json_array_append_new(claimed,
					      json_pack("{s:s,s:O}", "what",
							f->name, "value", v));
		if (strncmp(f->name, "fields.", 7) == 0)
			json_array_append_new(fields,
					      json_pack("{s:s,s:O}", "name",
							f->name, "value", v));
		json_decref(v);
	}
	json_object_set_new(o, "fields", fields);
	json_object_set_new(o, "claimed", claimed);
}

/* One cosignature over an entry. */
static json_t *
cosignature(const struct exhibit *ex, const struct exhibit_entry *en,
	    const struct exhibit_point *pt, const struct witness_mark *m)
{
	const struct index_seat *s = index_seat(ex->x, ex->w->by[m->by].seat);
	struct cosign_vkey key;
	char proof[64];
	json_t *o = json_object();

	put(o, "kind", "cosignature");
	put_time(o, "time", m->time);
	put(o, "status", "valid");
	exhibit_key(ex, m, &key);
	put(o, "key", key.name);
	put(o, "entry", en->id);
	put(o, "checkpoint", pt->id);
	snprintf(proof, sizeof proof, "%s-%s.tlog-proof", en->id, pt->id);
	put(o, "proof", proof);
	if (ex->o->witnesses == EXHIBIT_WITNESSES_NAMED && s != NULL) {
		put(o, "name", s->name);
		put(o, "org", s->org);
	}
	return o;
}

static void
add_cosignatures(const struct exhibit *ex, const struct exhibit_entry *en,
		 json_t *list)
{
	for (size_t i = 0; i < en->n_points; i++) {
		const struct exhibit_point *pt = &ex->points[en->points[i]];

		for (size_t k = 0; k < pt->n_marks; k++)
			json_array_append_new(
			    list, cosignature(ex, en, pt,
					      &ex->w->marks[pt->marks[k]]));
	}
}

bool
exhibit_holds_all(const struct exhibit *ex, const struct exhibit_entry *en,
		  size_t record)
{
	size_t n = 0;

	if (en->of != record + 1)
		return false;
	for (size_t i = 0; i < ex->n_files; i++)
		n += ex->files[i].entry == record;
	return n > 0 && en->n_same == n;
}

/* Two that say the same kind of thing by the same one. */
static bool
is_same_word(const json_t *a, const json_t *b)
{
	static const char *const keys[] = {"kind", "key", "authority",
					   "status"};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *x = entry_str(a, keys[i]);
		const char *y = entry_str(b, keys[i]);

		if (strcmp(x != NULL ? x : "", y != NULL ? y : "") != 0)
			return false;
	}
	return true;
}

/* Of each one's words the earliest. */
static json_t *
earliest(json_t *all)
{
	json_t *list = json_array(), *o, *p;
	size_t i, k;

	json_array_foreach (all, i, o) {
		bool later = false;

		json_array_foreach (all, k, p) {
			int c =
			    strcmp(entry_str(p, "time"), entry_str(o, "time"));

			later |=
			    is_same_word(o, p) && (c < 0 || (c == 0 && k < i));
		}
		if (!later)
			json_array_append(list, o);
	}
	json_decref(all);
	return list;
}

/*
 * The times from outside. What holds of the first version with the same
 * originals holds of these, too.
 */
static void
put_times(const struct exhibit *ex, json_t *o, size_t record)
{
	const struct exhibit_entry *en = &ex->entries[record];
	json_t *later = json_array(), *earlier = json_array();

	add_cosignatures(ex, en, later);
	exhibit_stamps_facts(ex, en, later, earlier);
	put_shown(o, "device_time", en, "time");
	for (size_t i = 0; i < ex->n_entries; i++) {
		if (!exhibit_holds_all(ex, &ex->entries[i], record))
			continue;
		put(o, "originals_since", ex->entries[i].id);
		add_cosignatures(ex, &ex->entries[i], later);
		exhibit_stamps_facts(ex, &ex->entries[i], later, earlier);
		put_shown(o, "device_time", &ex->entries[i], "time");
	}
	json_object_set_new(o, "no_later", earliest(later));
	json_object_set_new(o, "no_earlier", earlier);
}

/* What was said of an item: custody, and that it was retracted. */
static json_t *
said_of(const struct exhibit *ex, size_t item)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ex->n_entries; i++) {
		const struct exhibit_entry *en = &ex->entries[i];
		enum index_kind kind = ex->x->entries[en->index].kind;
		json_t *o;

		if (en->item != item ||
		    (kind != KIND_CUSTODY && kind != KIND_RETRACT))
			continue;
		o = json_object();
		put(o, "entry", en->id);
		if (kind == KIND_RETRACT)
			put(o, "action", "retracted");
		put_shown(o, "action", en, "action");
		put_shown(o, "time", en, "time");
		put_shown(o, "note", en, "note");
		put_shown(o, "why", en, "why");
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *
item_facts(const struct exhibit *ex, size_t entry)
{
	const struct exhibit_entry *en = &ex->entries[entry];
	const struct index_entry *ie = &ex->x->entries[en->index];
	json_t *o = json_object();

	put_number(o, "number", en->item);
	put(o, "item", ex->items[en->item - 1]->id);
	put(o, "how", en->opened ? "opened" : "shown");
	put(o, "entry", en->id);
	put(o, "device", ex->x->v->logs[ie->log].device);
	put_number(o, "batch", ie->batch);
	json_object_set_new(
	    o, "redacted",
	    json_boolean(json_object_get(en->doc, "original") != NULL));
	put_shown(o, "original", en, "original.entry");
	put_shown(o, "zones", en, "original.zones");
	json_object_set_new(o, "edited",
			    json_boolean(json_array_size(json_object_get(
					     en->doc, "parents")) > 0));
	json_object_set_new(o, "retracted",
			    json_boolean(ex->items[en->item - 1]->retracted));
	json_object_set_new(o, "files", files_of(ex, entry));
	put_fields(o, en);
	put_times(ex, o, entry);
	json_object_set_new(o, "custody", said_of(ex, en->item));
	return o;
}

/* The key that seals: as its line, as ssh-keygen shows it, and in words. */
static json_t *
seal_facts(const struct exhibit *ex)
{
	char line[SSHSIG_KEY_LINE_MAX], words[WORDS_FINGERPRINT_MAX];
	char print[96] = "SHA256:";
	uint8_t digest[HASH_LEN] = {0}, blob[64];
	json_t *o = json_object();
	size_t len = 0;

	sshsig_key_line(ex->x->id->sign_pub, line);
	if (base64_decode(line + strlen("ssh-ed25519 "),
			  strlen(line) - strlen("ssh-ed25519 "), true, blob,
			  sizeof blob, &len) == 0)
		hash_sha256(blob, len, digest);
	len = strlen(print);
	len += base64_encode(digest, sizeof digest, false, print + len);
	print[len] = '\0';
	words_fingerprint(digest, words);
	put(o, "key", line);
	put(o, "fingerprint", print);
	put(o, "words", words);
	return o;
}

static json_t *
entry_list(const struct exhibit *ex)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ex->n_entries; i++) {
		const struct exhibit_entry *en = &ex->entries[i];

		json_array_append_new(
		    list, json_pack("{s:s,s:s,s:b}", "name", en->id, "kind",
				    entry_str(en->doc, "kind"), "opened",
				    (int)en->opened));
	}
	return list;
}

static json_t *
checkpoint_list(const struct exhibit *ex)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ex->n_points; i++) {
		const struct exhibit_point *pt = &ex->points[i];

		json_array_append_new(
		    list, json_pack("{s:s,s:s,s:I}", "name", pt->id, "device",
				    ex->x->v->logs[pt->log].device, "size",
				    (json_int_t)pt->size));
	}
	return list;
}

json_t *
exhibit_checks(const struct exhibit *ex)
{
	static const char *const keys[] = {"name", "result", "text"};
	json_t *list = json_array(), *c;
	size_t i;

	json_array_foreach (json_object_get(ex->report, "checks"), i, c) {
		json_t *o = json_object();

		for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
			put(o, keys[k], entry_str(c, keys[k]));
		json_array_append_new(list, o);
	}
	return list;
}

json_t *
exhibit_facts(struct exhibit *ex, const char *id, struct err *e)
{
	json_t *o = json_object(), *items = json_array();
	char verifier[65];

	if (o == NULL || items == NULL) {
		json_decref(o);
		json_decref(items);
		err_memory(e);
		return NULL;
	}
	verifier_hash(verifier);
	put(o, "id", id);
	put(o, "made", ex->made);
	put(o, "tool", ex->o->tool);
	put(o, "vault", ex->x->v->id);
	put(o, "verifier", verifier);
	json_object_set_new(o, "seal", seal_facts(ex));
	json_object_set_new(o, "roots", exhibit_stamps_roots(ex));
	json_object_set_new(o, "entries", entry_list(ex));
	json_object_set_new(o, "checkpoints", checkpoint_list(ex));
	json_object_set_new(o, "stamps", exhibit_stamps_list(ex));
	for (size_t i = 0; i < ex->n_entries; i++)
		if (ex->x->entries[ex->entries[i].index].kind == KIND_RECORD &&
		    ex->entries[i].of == 0)
			json_array_append_new(items, item_facts(ex, i));
	json_object_set_new(o, "items", items);
	json_object_set_new(o, "checks", exhibit_checks(ex));
	json_object_set_new(o, "count", json_boolean(ex->o->count));
	put(o, "profile", ex->o->profile);
	return o;
}
