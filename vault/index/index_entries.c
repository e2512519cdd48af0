/* Opening entries: see index_inside.h. */
#include "index_inside.h"

#include "entryform.h"
#include "extract.h"
#include "handed.h"
#include "pool.h"
#include "ring.h"

#include <stdlib.h>
#include <string.h>

#define MANY 64 /* entries that are worth threads */

static const char *const kind_names[] = {"device",  "member",  "case",
					 "record",  "custody", "retract",
					 "witness", "stamp",   "filler"};

static enum index_kind
kind_of(const json_t *doc)
{
	const char *s = entry_str(doc, "kind");

	for (size_t i = 0; s != NULL && i < KIND_UNKNOWN; i++)
		if (strcmp(s, kind_names[i]) == 0)
			return (enum index_kind)i;
	return KIND_UNKNOWN;
}

void
index_finding(struct index *x, struct report *to, enum report_level level,
	      const struct index_file *f, const char *what, const char *why)
{
	char hex[65];

	hex_encode(f->sha256, HASH_LEN, hex);
	report_add(to, level, "device %.12s, batch %llu: %s %.16s: %s",
		   x->v->logs[f->log].device, (unsigned long long)f->batch,
		   what, hex, why);
}

int
index_file_read(struct index *x, const struct index_file *f,
		struct gitstore_object *out, struct err *e)
{
	uint8_t digest[HASH_LEN];

	if (gitstore_read(x->v->git, f->oid, PACKFORM_BLOB, out, e) != 0)
		return -1;
	hash_sha256(out->data, out->len, digest);
	if (memcmp(digest, f->sha256, HASH_LEN) == 0)
		return 0;
	return err_set(e, ERR_EVIDENCE, "its file has another SHA-256");
}

int
index_entry_wait(struct index *x, const struct index_file *f)
{
	if (index_room((void **)&x->unread.list, x->unread.n, &x->unread.cap,
		       sizeof *x->unread.list) != 0)
		return -1;
	x->unread.list[x->unread.n++] = *f;
	return 0;
}

/* An entry must say where it stands, and its line must give its root. */
static const char *
misplaced(struct index *x, const struct entry *en, const struct index_file *f)
{
	const char *vault = entry_str(en->doc, "vault");
	const char *device = entry_str(en->doc, "device");
	const char *c = entry_str(en->doc, "case");

	if (memcmp(en->fields, f->fields, HASH_LEN) != 0)
		return "its fields do not agree with the root on its line";
	if (vault == NULL || strcmp(vault, x->v->id) != 0)
		return "it says that it is of another vault";
	if (device == NULL || strcmp(device, x->v->logs[f->log].device) != 0)
		return "it says that it is of another device";
	if ((uint64_t)json_integer_value(json_object_get(en->doc, "batch")) !=
	    f->batch)
		return "it says that it is of another batch";
	if (c == NULL || (strcmp(c, INDEX_VAULT) != 0 &&
			  (strlen(c) != HEX_ID_LEN || !hex_is(c, HEX_ID_LEN))))
		return "it names no case";
	if (json_integer_value(json_object_get(en->doc, "version")) != 1)
		return "it is of a later version of the format";
	return entryform_wrong(en->doc);
}

/* Take an opened entry into the index; its text moves over. */
static int
take_entry(struct index *x, struct entry *en, const struct index_file *f,
	   size_t key, size_t found)
{
	struct index_entry *s;
	const char *item = entry_str(en->doc, "item");
	const char *seat = entry_str(en->doc, "seat");

	if (index_room((void **)&x->entries, x->n_entries, &x->cap_entries,
		       sizeof *x->entries) != 0 ||
	    map_set(&x->by_hash, f->sha256, x->n_entries) != 0)
		return -1;
	s = &x->entries[x->n_entries++];
	memset(s, 0, sizeof *s);
	memcpy(s->sha256, f->sha256, HASH_LEN);
	s->log = f->log;
	s->batch = f->batch;
	s->kind = kind_of(en->doc);
	strcpy(s->case_id, entry_str(en->doc, "case"));
	if (item != NULL && strlen(item) == HEX_ID_LEN &&
	    hex_is(item, HEX_ID_LEN))
		strcpy(s->item, item);
	snprintf(s->seat, sizeof s->seat, "%s", seat != NULL ? seat : "");
	s->text = en->text;
	s->text_len = en->text_len;
	en->text = NULL;
	s->key = key;
	s->cold = SIZE_MAX;
	s->found = found;
	/* what the rights are derived from, again and again */
	if (s->kind <= KIND_CASE ||
	    json_array_size(json_object_get(en->doc, "parents")) > 0)
		s->doc = json_incref(en->doc);
	return 0;
}

/* Why the keys tried so far do not open it; the author's own counts most. */
static int
remember_why(struct index_file *f, bool own, const char *why)
{
	char *copy;

	if (f->why != NULL && !own)
		return 0;
	copy = strdup(why);
	if (copy == NULL)
		return -1;
	free(f->why);
	f->why = copy;
	f->level = own ? REPORT_HISTORY : REPORT_NOTE;
	return 0;
}

/*
 * Try the keys that rings have given for an entry, those that are new. *opened
 * is the one that opened it; SIZE_MAX if none did.
 */
static int
try_keys(struct index *x, struct index_file *f, const struct gitstore_object *o,
	 size_t newest, struct entry *en, size_t *opened)
{
	size_t from = f->tried;

	*opened = SIZE_MAX;
	f->tried = newest + 1;
	for (size_t key = newest; key != SIZE_MAX && key >= from;
	     key = x->infos[key].next) {
		const struct index_key_info *i = &x->infos[key];
		struct err e = {0};

		if (entry_open(o->data, o->len, index_key(x, key), en, &e) ==
		    0) {
			*opened = key;
			return 0;
		}
		/* the author's own ring ought to open it */
		if (remember_why(f, i->log == f->log && i->batch == f->batch,
				 e.msg) != 0)
			return -1;
	}
	return 0;
}

/* An entry that is being opened. */
struct opening {
	struct pool_job job; /* first */
	struct index *x;
	struct index_file *f;
	bool *waits; /* must it wait for another key? */
	bool handed; /* there is no need to open it */
	struct gitstore_object o;
	struct entry en;
	size_t key;	   /* the newest to try; then the one that opened it */
	size_t found;	   /* see index_entry */
	struct err unread; /* why its file could not be read */
};

static int
opening_work(struct pool_job *j, struct err *e)
{
	struct opening *g = (struct opening *)j;

	if (g->unread.code != ERR_NONE)
		return 0;
	if (g->handed)
		return handed_take(g->x->handed, g->f->sha256, &g->en) == 0
			   ? 0
			   : err_memory(e);
	if (try_keys(g->x, g->f, &g->o, g->key, &g->en, &g->key) != 0)
		return err_memory(e);
	if (g->x->checks && g->key != SIZE_MAX &&
	    kind_of(g->en.doc) == KIND_RECORD)
		g->found = (size_t)(1 + extract_inside(&g->en));
	return 0;
}

static int
opening_done(struct pool_job *j, struct err *e)
{
	struct opening *g = (struct opening *)j;
	const char *why;
	size_t at;

	if (g->key == SIZE_MAX)
		return 0;
	*g->waits = false;
	if (g->unread.code != ERR_NONE) {
		index_finding(g->x, &g->x->findings, REPORT_DAMAGE, g->f,
			      "entry", g->unread.msg);
		return 0;
	}
	if (map_get(&g->x->by_hash, g->f->sha256, &at))
		return 0; /* on both sides of a fork */
	why = misplaced(g->x, &g->en, g->f);
	if (why != NULL)
		index_finding(g->x, &g->x->findings, REPORT_HISTORY, g->f,
			      "entry", why);
	else if (take_entry(g->x, &g->en, g->f, g->key, g->found) != 0)
		return err_memory(e);
	return 0;
}

static void
opening_drop(struct pool_job *j)
{
	struct opening *g = (struct opening *)j;

	gitstore_object_free(&g->o);
	entry_free(&g->en);
	free(g);
}

/* In the pool, which is made when it is wanted first; or here and now. */
static int
opening_put(struct pool **p, struct opening *g, struct err *e)
{
	int rc;

	if (p != NULL && *p == NULL)
		*p = pool_new(POOL_DEPTH_MAX, e);
	if (p != NULL && *p != NULL)
		return pool_put(*p, &g->job, e);
	rc = p == NULL && opening_work(&g->job, e) == 0
		 ? opening_done(&g->job, e)
		 : -1;
	opening_drop(&g->job);
	return rc;
}

/* Did this process seal it, and is its own ring's the one key for it? */
static bool
is_handed(const struct index *x, const struct index_file *f, size_t key)
{
	const struct index_key_info *i = &x->infos[key];

	return handed_has(x->handed, f->sha256) && i->log == f->log &&
	       i->batch == f->batch && i->next == SIZE_MAX;
}

/*
 * Open an entry, or begin to. *waits, which is true, becomes false when it need
 * not wait for another key.
 */
static int
open_entry(struct index *x, struct pool **p, struct index_file *f, bool *waits,
	   struct err *e)
{
	static const struct pool_kind kind = {opening_work, opening_done,
					      opening_drop};
	uint8_t id[MAP_KEY_LEN] = {0};
	struct opening *g;
	size_t key, at;

	memcpy(id, f->sha256, 16);
	if (map_get(&x->by_hash, f->sha256, &at) ||
	    index_is_cold(x, f->sha256)) {
		*waits = false; /* on both sides of a fork */
		return 0;
	}
	if (!map_get(&x->one_off, id, &key) || key < f->tried)
		return 0;
	g = calloc(1, sizeof *g);
	if (g == NULL)
		return err_memory(e);
	g->job.kind = &kind;
	g->x = x;
	g->f = f;
	g->waits = waits;
	g->key = key;
	g->handed = is_handed(x, f, key);
	if (!g->handed)
		(void)index_file_read(x, f, &g->o, &g->unread);
	return opening_put(p, g, e);
}

/*
 * Open those from number `from` on, on all cores if they are many; what must
 * wait is marked.
 */
static int
open_all(struct index *x, size_t from, bool *waits, struct err *e)
{
	struct vault *v = x->v;
	struct index_files *u = &x->unread;
	struct pool *p = NULL;
	int rc = 0;

	for (size_t i = from; i < u->n && rc == 0; i++) {
		if (v->progress != NULL && i % 64 == 0)
			v->progress(v->progress_ctx, "opening", i - from,
				    u->n - from);
		/* once there is a pool all goes through it, in order */
		rc = open_entry(x, p != NULL || u->n - i >= MANY ? &p : NULL,
				&u->list[i], &waits[i - from], e);
	}
	if (rc == 0 && p != NULL)
		rc = pool_drain(p, e);
	pool_free(p);
	return rc;
}

int
index_entries_open(struct index *x, size_t from, struct err *e)
{
	struct index_files *u = &x->unread;
	size_t kept = from, n = u->n - from;
	bool *waits;
	int rc;

	if (n == 0)
		return 0;
	waits = malloc(n * sizeof *waits);
	if (waits == NULL)
		return err_memory(e);
	memset(waits, true, n * sizeof *waits);
	rc = open_all(x, from, waits, e);
	for (size_t i = 0; i < n; i++)
		if (waits[i])
			u->list[kept++] = u->list[from + i];
		else
			free(u->list[from + i].why);
	u->n = kept;
	free(waits);
	return rc;
}

void
index_entries_report(struct index *x)
{
	for (size_t i = 0; i < x->unread.n; i++) {
		const struct index_file *f = &x->unread.list[i];

		if (f->why != NULL)
			index_finding(x, &x->v->report, f->level, f, "entry",
				      f->why);
		else if (f->whole && x->cased[f->log][f->batch - 1])
			/* the case's ring must have the key of every entry */
			index_finding(
			    x, &x->v->report, REPORT_HISTORY, f, "entry",
			    "its author has kept its key from the case");
	}
}
