/* What was found to be right about each item, and what nothing here shows. */
#include "check_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* seconds that clocks of authorities and witnesses may differ */
#define CLOCKS_APART 300

static void
put(json_t *o, const char *key, const char *text)
{
	json_object_set_new(o, key, json_string(text));
}

static void
put_time(json_t *o, const char *key, int64_t t)
{
	char text[CHECK_TIME_MAX];

	check_time(t, text);
	put(o, key, text);
}

static void
put_id(json_t *o, const char *key, size_t entry)
{
	char id[EXINDEX_ID_MAX];

	exindex_entry_id((uint32_t)entry + 1, id);
	put(o, key, id);
}

/* An entry whose fields and place all hold. */
static bool
is_shown(const struct check *c, size_t i)
{
	return c->entries[i].is_right && c->entries[i].is_known;
}

static json_t *
token_json(const struct timestamp *t)
{
	json_t *o = json_object();

	put_time(o, "time", t->time);
	put(o, "authority", t->authority);
	put(o, "policy", t->policy);
	if (t->accuracy >= 0)
		json_object_set_new(o, "accuracy",
				    json_integer((json_int_t)t->accuracy));
	return o;
}

/*
 * Which originals here an entry speaks of: those whose SHA-256 and size it
 * shows. Another version of the item that holds something else says nothing
 * about them.
 */
static json_t *
covers(struct check *c, size_t i)
{
	const struct exproof *p = &c->entries[i].proof;
	json_t *list = json_array();

	for (size_t k = 0; k < c->x.n_files; k++) {
		const struct exindex_file *x = &c->x.files[k];
		const struct package_file *f = package_find(c->p, x->path);
		bool found = false;

		if (f == NULL || !f->is_hashed ||
		    c->x.entries[x->entry - 1].item != c->x.entries[i].item)
			continue;
		for (size_t n = 0; n < p->n && !found; n++)
			found =
			    check_states(&c->entries[i], p->fields[n].name, f);
		if (found)
			json_array_append_new(list, json_string(x->path));
	}
	return list;
}

/* One more line about an item; false if too many have been told. */
static bool
take_room(struct check *c)
{
	if (c->room == 0)
		return false;
	c->room--;
	return true;
}

static void
add_stamps(struct check *c, size_t i, const json_t *files, json_t *list)
{
	char name[32];
	uint32_t last = 0;

	for (size_t k = 0; k < c->x.n_stamps; k++) {
		const struct exindex_pair *p = &c->x.stamps[k];
		const struct check_stamp *s = &c->stamps[p->a - 1];
		json_t *o;

		/* a stamp of several checkpoints says it once */
		if (!c->entries[i].under[p->b - 1] || !s->counts ||
		    last == p->a || !take_room(c))
			continue;
		last = p->a;
		o = token_json(&s->t);
		put(o, "kind", "stamp");
		put(o, "status",
		    s->is_aged	    ? "aged"
		    : s->is_renewed ? "renewed"
				    : "valid");
		snprintf(name, sizeof name, "t%u", (unsigned)p->a);
		put(o, "stamp", name);
		snprintf(name, sizeof name, "c%u", (unsigned)p->b);
		put(o, "checkpoint", name);
		put_id(o, "entry", i);
		json_object_set_new(o, "files",
				    json_copy((json_t *)(uintptr_t)files));
		json_array_append_new(list, o);
	}
}

static void
add_cosignatures(struct check *c, size_t i, const json_t *files, json_t *list)
{
	char name[32];

	for (size_t k = 0; k < c->n_cosigned; k++) {
		const struct check_cosignature *s = &c->cosigned[k];
		const struct cosign_vkey *key = &c->policy.keys[s->key];
		char print[CHECK_FINGERPRINT_MAX];
		json_t *o;

		if (!c->entries[i].under[s->checkpoint - 1] || !take_room(c))
			continue;
		o = json_object();
		check_fingerprint(key->key, print);
		put(o, "kind", "cosignature");
		put_time(o, "time", s->time);
		put(o, "key", key->name);
		put(o, "fingerprint", print);
		for (size_t w = 0; w < c->x.n_witnesses; w++)
			if (strcmp(c->x.witnesses[w].key, key->name) == 0)
				put(o, "name", c->x.witnesses[w].who);
		snprintf(name, sizeof name, "c%u", (unsigned)s->checkpoint);
		put(o, "checkpoint", name);
		put_id(o, "entry", i);
		json_object_set_new(o, "files",
				    json_copy((json_t *)(uintptr_t)files));
		json_array_append_new(list, o);
	}
}

static void
add_no_earlier(struct check *c, size_t i, json_t *list)
{
	for (size_t k = 0; k < c->x.n_earlier; k++) {
		size_t b = c->x.earlier[k].b - 1;
		json_t *o;

		if (c->x.earlier[k].a != i + 1 || !c->earlier[b].counts ||
		    !is_shown(c, b) || !take_room(c))
			continue;
		o = token_json(&c->earlier[b].t);
		put_id(o, "entry", b);
		json_array_append_new(list, o);
	}
}

static bool
is_claim(const char *name)
{
	size_t n = strlen(name);

	return strncmp(name, "fields.", 7) == 0 ||
	       (strncmp(name, "files.", 6) == 0 && n > 9 &&
		strcmp(name + n - 9, ".modified") == 0);
}

/* What the source, and whoever recorded it, say: claims. */
static void
add_claims(struct check *c, size_t i, json_t *list)
{
	const struct exproof *p = &c->entries[i].proof;

	for (size_t k = 0; k < p->n; k++) {
		json_t *v, *o;

		if (!is_claim(p->fields[k].name) || !take_room(c))
			continue;
		v = check_field(&c->entries[i], p->fields[k].name);
		o = json_object();
		put(o, "what", p->fields[k].name);
		json_object_set_new(o, "value", v);
		json_array_append_new(list, o);
	}
}

static void
add_files(struct check *c, size_t i, json_t *list)
{
	for (size_t k = 0; k < c->x.n_files; k++) {
		const struct exindex_file *x = &c->x.files[k];
		const struct package_file *f = package_find(c->p, x->path);
		char hex[65], name[64];
		json_t *o, *v;

		if (x->entry != i + 1 || f == NULL || !f->is_hashed)
			continue;
		o = json_object();
		hex_encode(f->sha256, HASH_LEN, hex);
		put(o, "path", x->path);
		put(o, "sha256", hex);
		json_object_set_new(o, "size",
				    json_integer((json_int_t)f->size));
		put_id(o, "entry", i);
		snprintf(name, sizeof name, "files.%u.name", (unsigned)x->n);
		v = check_field(&c->entries[i], name);
		if (v != NULL)
			json_object_set_new(o, "name", v);
		json_array_append_new(list, o);
	}
}

static bool
has_files(const struct check *c, size_t item)
{
	for (size_t k = 0; k < c->x.n_files; k++)
		if (c->x.entries[c->x.files[k].entry - 1].item == item)
			return true;
	return false;
}

/* A record of the item: one of its versions. */
static void
add_record(struct check *c, size_t i, json_t *o)
{
	json_t *time = check_field(&c->entries[i], "time");
	json_t *files = covers(c, i), *t;

	add_files(c, i, json_object_get(o, "files"));
	add_claims(c, i, json_object_get(o, "claimed"));
	if (time != NULL) {
		t = json_object();
		put_id(t, "entry", i);
		json_object_set(t, "time", time);
		json_array_append_new(json_object_get(o, "device_times"), t);
	}
	json_decref(time);
	if (json_array_size(files) > 0 || !has_files(c, c->x.entries[i].item)) {
		add_stamps(c, i, files, json_object_get(o, "no_later"));
		add_cosignatures(c, i, files, json_object_get(o, "no_later"));
	}
	json_decref(files);
	add_no_earlier(c, i, json_object_get(o, "no_earlier"));
	for (size_t k = 0; k < c->entries[i].proof.n; k++)
		if (strncmp(c->entries[i].proof.fields[k].name, "original.",
			    9) == 0)
			json_object_set_new(o, "redacted", json_true());
}

static void
add_custody(const struct check *c, size_t i, json_t *list)
{
	static const char *const keys[] = {"action", "time", "note", "to",
					   "why"};
	json_t *o = json_object();

	put_id(o, "entry", i);
	if (strcmp(c->x.entries[i].kind, "retract") == 0)
		put(o, "action", "retracted");
	for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
		json_t *v = check_field(&c->entries[i], keys[k]);

		if (v != NULL)
			json_object_set_new(o, keys[k], v);
	}
	json_array_append_new(list, o);
}

static json_t *
item_json(struct check *c, size_t n)
{
	static const char *const lists[] = {
	    "entries",	"files",      "claimed", "device_times",
	    "no_later", "no_earlier", "custody"};
	json_t *o = json_object();

	json_object_set_new(o, "number", json_integer((json_int_t)n + 1));
	put(o, "item", c->x.items[n].id);
	json_object_set_new(o, "redacted", json_false());
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		json_object_set_new(o, lists[i], json_array());
	for (size_t i = 0; i < c->x.n_entries; i++) {
		const struct exindex_entry *x = &c->x.entries[i];
		char id[EXINDEX_ID_MAX];

		if (x->item != n + 1 || !is_shown(c, i))
			continue;
		exindex_entry_id((uint32_t)i + 1, id);
		json_array_append_new(json_object_get(o, "entries"),
				      json_string(id));
		if (strcmp(x->kind, "record") == 0)
			add_record(c, i, o);
		else if (strcmp(x->kind, "custody") == 0 ||
			 strcmp(x->kind, "retract") == 0)
			add_custody(c, i, json_object_get(o, "custody"));
	}
	return o;
}

/* Does a stamp, or a cosignature, cover this entry? */
static bool
has_stamp(const struct check *c, size_t i)
{
	for (size_t k = 0; k < c->x.n_stamps; k++)
		if (c->entries[i].under[c->x.stamps[k].b - 1] &&
		    c->stamps[c->x.stamps[k].a - 1].counts)
			return true;
	return false;
}

static bool
has_cosignature(const struct check *c, size_t i)
{
	for (size_t k = 0; k < c->n_cosigned; k++)
		if (c->entries[i].under[c->cosigned[k].checkpoint - 1])
			return true;
	return false;
}

/* Does a version of the item speak of what is shown of it? */
static bool
speaks(struct check *c, size_t i, size_t item)
{
	json_t *files;
	bool ok;

	if (c->x.entries[i].item != item + 1 || !is_shown(c, i) ||
	    strcmp(c->x.entries[i].kind, "record") != 0)
		return false;
	files = covers(c, i);
	ok = json_array_size(files) > 0 || !has_files(c, (uint32_t)item + 1);
	json_decref(files);
	return ok;
}

/*
 * What vouches for some other entry, as for a version with another content,
 * says nothing of what is shown: that a stamp is here is not enough.
 */
static void
check_covered(struct check *c, enum check_name name, const char *what,
	      bool (*has)(const struct check *c, size_t i))
{
	bool any = false;

	for (size_t n = 0; n < c->x.n_items; n++) {
		bool covered = false;

		for (size_t i = 0; i < c->x.n_entries && !covered; i++)
			covered = speaks(c, i, n) && has(c, i);
		any = any || covered;
		if (!covered)
			check_say(c, name, CHECK_HOLDS,
				  "item %zu: no %s covers it", n + 1, what);
	}
	if (!any && c->v[name].count[CHECK_FAILS] == 0)
		check_say(c, name, CHECK_UNKNOWN,
			  "no %s covers the items that are shown", what);
}

/* A log cannot have been stamped before a stamp that stands in it was made. */
static void
check_order(struct check *c, size_t i)
{
	char first[CHECK_TIME_MAX], later[CHECK_TIME_MAX];
	int64_t time = c->earlier[i].t.time;

	check_time(time, later);
	for (size_t k = 0; k < c->x.n_stamps; k++) {
		const struct exindex_pair *p = &c->x.stamps[k];
		const struct check_stamp *s = &c->stamps[p->a - 1];

		check_time(s->t.time, first);
		if (s->counts && c->entries[i].under[p->b - 1] &&
		    s->t.time + CLOCKS_APART < time)
			check_say(c, CHECK_STAMPS, CHECK_FAILS,
				  "t%u, of %s, covers a stamp of the later "
				  "time %s (e%03zu): one of the two is wrong",
				  (unsigned)p->a, first, later, i + 1);
	}
	for (size_t k = 0; k < c->n_cosigned; k++) {
		const struct check_cosignature *s = &c->cosigned[k];

		check_time(s->time, first);
		if (c->entries[i].under[s->checkpoint - 1] &&
		    s->time + CLOCKS_APART < time)
			check_say(c, CHECK_COSIGNATURES, CHECK_UNKNOWN,
				  "c%u: seen at %s, before a stamp of %s in "
				  "it was made (e%03zu): a clock was wrong",
				  (unsigned)s->checkpoint, first, later, i + 1);
	}
}

void
check_coverage(struct check *c)
{
	if (c->n_stamps > 0)
		check_covered(c, CHECK_STAMPS, "stamp", has_stamp);
	if (c->n_cosigned > 0)
		check_covered(c, CHECK_COSIGNATURES, "countersignature",
			      has_cosignature);
	for (size_t i = 0; i < c->x.n_entries; i++)
		if (c->earlier[i].counts && is_shown(c, i))
			check_order(c, i);
}

json_t *
check_items(struct check *c)
{
	json_t *list = json_array();

	if (c->entries == NULL || c->checkpoints == NULL || c->stamps == NULL)
		return list;
	for (size_t i = 0; i < c->x.n_items; i++)
		json_array_append_new(list, item_json(c, i));
	return list;
}

json_t *
check_limits(struct check *c)
{
	json_t *list = json_array();
	size_t shown = 0;

	for (size_t i = 0; c->has_index && i < c->x.n_entries; i++)
		shown += !c->x.entries[i].opened;
	json_array_append_new(
	    list,
	    json_string("It does not show that what the evidence says is true, "
			"who made it, or when it was made before it was taken "
			"in."));
	json_array_append_new(
	    list, json_string("It does not show that nothing else exists: "
			      "other or later versions, other items, further "
			      "events, a withdrawal, another history of the "
			      "same device."));
	json_array_append_new(
	    list, json_string("It does not show whose the devices are, or "
			      "that the members of the vault accept what "
			      "stands in their logs."));
	if (c->room == 0)
		json_array_append_new(
		    list, json_string("So much is shown of the items that not "
				      "all of it was listed here."));
	json_array_append_new(
	    list, json_string("What the certificate, the read-me, the "
			      "commands and filing/ say in words was not "
			      "compared: where it differs, what stands here "
			      "counts."));
	if (shown > 0)
		json_array_append_new(
		    list,
		    json_string("Of entries that are not opened only the "
				"fields shown are known: others may qualify "
				"them, and only the members of the vault have "
				"seen that each field stands in them once."));
	return list;
}
