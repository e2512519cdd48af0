#include "verify.h"

#include "absent.h"
#include "bond.h"
#include "extract.h"
#include "journal.h"
#include "local.h"
#include "object.h"
#include "padded.h"
#include "padme.h"
#include "pool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IO_SIZE (256u << 10)
#define PACK_INDEX_MAX (1u << 30) /* bytes */
#define SMALL_FILE 65536	  /* bytes of a file of fixed content */

struct walk {
	const char *dir;
	struct report *report;
	struct verify_counts *n;
};

static void
damaged(struct walk *w, const char *rel, const char *what)
{
	char shown[300];

	report_add(w->report, REPORT_DAMAGE, "%s: %s",
		   err_escape(shown, sizeof shown, rel, strlen(rel)), what);
}

/*
 * `git clone --mirror` writes a config and a HEAD of its own. They are not
 * signed in any vault, and Muniment heeds neither.
 */
static bool
is_of_clone(struct walk *w, const char *rel, const char *text)
{
	char path[FSUTIL_PATH], *config = NULL;
	struct err e = {0};
	size_t len;
	bool clone;

	if (strcmp(rel, "HEAD") == 0 &&
	    (strncmp(text, "ref: refs/heads/", 16) != 0 ||
	     strcspn(text, "\n") + 1 != strlen(text)))
		return false;
	if (fsutil_join(path, w->dir, "config", &e) != 0 ||
	    fsutil_read(path, SMALL_FILE, &config, &len, &e) != 0)
		return false;
	clone = strstr(config, "\n[remote \"") != NULL &&
		strstr(config, "\n\tmirror = true\n") != NULL;
	free(config);
	return clone;
}

/* A file that must have exactly this content. */
static int
check_fixed(struct walk *w, const char *rel, const char *want, struct err *e)
{
	char path[FSUTIL_PATH], *text = NULL;
	size_t len = 0;
	struct err inner = {0};

	if (fsutil_join(path, w->dir, rel, e) != 0)
		return -1;
	if (fsutil_read(path, SMALL_FILE, &text, &len, &inner) != 0)
		damaged(w, rel, "cannot be read");
	else if (len == strlen(want) && memcmp(text, want, len) == 0)
		;
	else if (strlen(text) == len && is_of_clone(w, rel, text))
		report_add(w->report, REPORT_NOTE,
			   "%s: that of a clone made by git", rel);
	else
		damaged(w, rel, "its content is not what a vault has there");
	free(text);
	return 0;
}

/* A pack or its index ends with the SHA-1 of all before. */
static int
check_trailer(struct walk *w, const char *rel, struct err *e)
{
	char path[FSUTIL_PATH];
	uint8_t *buf = malloc(IO_SIZE), sum[HASH_SHA1_LEN], tail[HASH_SHA1_LEN];
	struct hash *h = hash_new(HASH_SHA1);
	struct stat st;
	off_t left;
	ssize_t n = -1;
	int fd = -1;

	if (buf == NULL || h == NULL) {
		err_memory(e);
		goto out;
	}
	if (fsutil_join(path, w->dir, rel, e) != 0)
		goto out;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size < 32) {
		damaged(w, rel, "cut off, or cannot be read");
		goto ok;
	}
	for (left = st.st_size - HASH_SHA1_LEN; left > 0; left -= n) {
		n = read(fd, buf, left < IO_SIZE ? (size_t)left : IO_SIZE);
		if (n <= 0)
			break;
		hash_update(h, buf, (size_t)n);
	}
	hash_final(h, sum);
	if (left != 0 || read(fd, tail, sizeof tail) != sizeof tail)
		damaged(w, rel, "cannot be read to its end");
	else if (memcmp(sum, tail, sizeof sum) != 0)
		damaged(w, rel, "its checksum fails");
ok:
	n = 0;
out:
	if (fd >= 0)
		close(fd);
	hash_free(h);
	free(buf);
	return n < 0 ? -1 : 0;
}

/* A loose reference: 40 digits and LF. */
static int
check_ref(struct walk *w, const char *rel, struct err *e)
{
	char path[FSUTIL_PATH], *text = NULL;
	size_t len = 0;
	struct err inner = {0};

	if (fsutil_join(path, w->dir, rel, e) != 0)
		return -1;
	if (fsutil_read(path, SMALL_FILE, &text, &len, &inner) != 0 ||
	    len != 41 || !hex_is(text, 40) || text[40] != '\n')
		damaged(w, rel, "not the name of a commit");
	free(text);
	return 0;
}

static bool
starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static bool
ends(const char *s, const char *with)
{
	size_t n = strlen(s), m = strlen(with);

	return n >= m && strcmp(s + n - m, with) == 0;
}

/* "objects/pack/pack-<40 hex>.<ending>" */
static bool
is_pack_name(const char *rel)
{
	return strlen(rel) >= 18 + 40 && hex_is(rel + 18, 40) && rel[58] == '.';
}

/* What git and git-lfs make on their own: read by them, not by us. */
static bool
is_known_git(const char *rel)
{
	static const char *const known[] = {"packed-refs",
					    "description",
					    "info/refs",
					    "info/exclude",
					    "info/attributes",
					    "objects/info/packs",
					    "objects/info/commit-graph",
					    "FETCH_HEAD",
					    "gc.pid",
					    "shallow"};
	static const char *const below[] = {"hooks/", "lfs/tmp/", "lfs/cache/",
					    "lfs/logs/",
					    "objects/info/commit-graphs/"};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(rel, known[i]) == 0)
			return true;
	for (size_t i = 0; i < sizeof below / sizeof *below; i++)
		if (starts(rel, below[i]))
			return true;
	return starts(rel, "objects/pack/pack-") && is_pack_name(rel) &&
	       (ends(rel, ".rev") || ends(rel, ".bitmap") ||
		ends(rel, ".mtimes"));
}

/* "objects/ab/<38 hex>" */
static bool
is_loose_object(const char *rel)
{
	return starts(rel, "objects/") && strlen(rel) == 8 + 2 + 1 + 38 &&
	       hex_is(rel + 8, 2) && rel[10] == '/' && hex_is(rel + 11, 38);
}

static int
check_file(void *ctx, const char *rel, mode_t mode, uint64_t size,
	   struct err *e)
{
	struct walk *w = ctx;
	char shown[300];

	(void)size;
	if (starts(rel, "local/"))
		return 0;
	w->n->files++;
	if (!S_ISREG(mode)) {
		damaged(w, rel, "not a regular file: it does not belong here");
		return 0;
	}
	if (strcmp(rel, "HEAD") == 0)
		return check_fixed(w, rel, gitstore_head, e);
	if (strcmp(rel, "config") == 0)
		return check_fixed(w, rel, gitstore_config, e);
	if (starts(rel, "objects/pack/pack-") && is_pack_name(rel) &&
	    (ends(rel, ".pack") || ends(rel, ".idx")))
		return check_trailer(w, rel, e);
	if (starts(rel, "refs/heads/"))
		return check_ref(w, rel, e);
	if (starts(rel, "lfs/objects/"))
		return 0; /* verify_blind knows which belong */
	if (is_loose_object(rel))
		return 0; /* verify_blind knows which are needed */
	if (is_known_git(rel)) {
		report_add(
		    w->report, REPORT_NOTE,
		    "%s: made by git, not by Muniment; not checked as a file",
		    err_escape(shown, sizeof shown, rel, strlen(rel)));
		return 0;
	}
	damaged(w, rel, "does not belong in a vault");
	return 0;
}

int
verify_files(const char *dir, struct report *report, struct verify_counts *n,
	     struct err *e)
{
	struct walk w = {dir, report, n};
	char path[FSUTIL_PATH];

	if (fsutil_join(path, dir, "HEAD", e) != 0)
		return -1;
	if (!fsutil_exists(path))
		damaged(&w, "HEAD", "missing");
	if (fsutil_join(path, dir, "config", e) != 0)
		return -1;
	if (!fsutil_exists(path))
		damaged(&w, "config", "missing");
	return fsutil_walk(dir, check_file, &w, e);
}

/* Remember the git ids that a batch consists of. */
static int
note_needed(struct map *needed, const struct log *l,
	    const struct vault_batch *b)
{
	uint8_t key[MAP_KEY_LEN] = {0};
	int rc;

	memcpy(key, l->steps[b->n - 1].commit, GITFORM_OID_LEN);
	rc = map_set(needed, key, 1);
	memcpy(key, b->tree, GITFORM_OID_LEN);
	rc |= map_set(needed, key, 1);
	for (size_t i = 0; i < b->n_names; i++) {
		memcpy(key, b->names[i].oid, GITFORM_OID_LEN);
		rc |= map_set(needed, key, 1);
	}
	return rc;
}

/* Every entry file: its SHA-256 and its length. */
static int
check_entries(struct vault *v, struct map *needed, struct verify_counts *n,
	      struct err *e)
{
	for (size_t i = 0; i < v->n_logs; i++) {
		struct log *l = &v->logs[i];

		n->devices++;
		for (uint64_t k = 1; k <= l->size; k++) {
			struct vault_batch b;

			n->batches++;
			if (v->progress != NULL)
				v->progress(v->progress_ctx, "checking batches",
					    k, l->size);
			if (vault_batch(v, l, k, &b, e) != 0)
				return -1;
			if (note_needed(needed, l, &b) != 0)
				return err_memory(e);
			for (size_t j = 0; j < b.b.n; j++) {
				const struct batch_line *x = &b.b.lines[j];
				struct gitstore_object o;
				struct err inner = {0};
				char hex[65];

				if (x->kind != BATCH_ENTRY)
					continue;
				n->entries++;
				hex_encode(x->sha256, HASH_LEN, hex);
				if (vault_entry_file(v, &b, x->sha256, &o,
						     &inner) == 0 &&
				    (!padme_is_entry(o.len) ||
				     padded_form(o.data, o.len) ==
					 PADDED_OTHER))
					err_set(&inner, ERR_EVIDENCE,
						"neither an entry nor a ring by"
						" its length and header");
				gitstore_object_free(&o);
				if (inner.code != ERR_NONE)
					report_add(
					    &v->report, REPORT_DAMAGE,
					    "device %.12s, batch %llu: entry"
					    " %.16s: %s",
					    l->device, (unsigned long long)k,
					    hex, inner.msg);
			}
			vault_batch_free(&b);
		}
	}
	return 0;
}

/* Checking what batches list. */
struct objects {
	struct vault *v;
	const struct map *absent;
	struct verify_counts *n;
	struct pool *pool;
};

/* One object: there and as its line says, or left out on purpose. */
struct object_job {
	struct pool_job job; /* first */
	struct objects *o;
	const struct log *l;
	uint64_t batch, size;
	uint8_t sha256[HASH_LEN];
	bool absent;
	struct err found; /* what is wrong with it */
};

static int
object_work(struct pool_job *p, struct err *e)
{
	struct object_job *j = (struct object_job *)p;
	struct vault *v = j->o->v;
	char path[FSUTIL_PATH];
	size_t known;

	if (vault_object_path(v, j->sha256, path, e) != 0)
		return -1;
	j->absent =
	    !fsutil_exists(path) && map_get(j->o->absent, j->sha256, &known);
	if (j->absent || object_check(v, j->sha256, j->size, &j->found) == 0 ||
	    j->found.code != ERR_UNKNOWN)
		return 0;
	return err_set(e, ERR_UNKNOWN, "%s", j->found.msg);
}

static int
object_done(struct pool_job *p, struct err *e)
{
	struct object_job *j = (struct object_job *)p;
	struct objects *o = j->o;

	o->n->objects++;
	o->n->absent += j->absent;
	if (o->v->progress != NULL)
		o->v->progress(o->v->progress_ctx, "checking objects",
			       o->n->objects, 0);
	if (j->found.code != ERR_NONE)
		report_add(&o->v->report, REPORT_DAMAGE,
			   "device %.12s, batch %llu: %s", j->l->device,
			   (unsigned long long)j->batch, j->found.msg);
	else if (!j->absent && map_set(&o->n->right, j->sha256, 1) != 0)
		return err_memory(e);
	return 0;
}

static void
object_drop(struct pool_job *p)
{
	free(p);
}

static const struct pool_kind object_kind = {object_work, object_done,
					     object_drop};

static int
check_batch_objects(struct objects *o, const struct log *l,
		    const struct vault_batch *b, struct err *e)
{
	for (size_t i = 0; i < b->b.n; i++) {
		const struct batch_line *x = &b->b.lines[i];
		struct object_job *j;

		if (x->kind != BATCH_OBJECT)
			continue;
		j = calloc(1, sizeof *j);
		if (j == NULL)
			return err_memory(e);
		j->job.kind = &object_kind;
		j->o = o;
		j->l = l;
		j->batch = b->n;
		j->size = x->size;
		memcpy(j->sha256, x->sha256, HASH_LEN);
		if (pool_put(o->pool, &j->job, e) != 0)
			return -1;
	}
	return 0;
}

static int
check_objects(struct vault *v, const struct map *absent,
	      struct verify_counts *n, struct err *e)
{
	struct objects o = {.v = v, .absent = absent, .n = n};
	int rc = 0;

	o.pool = pool_new(POOL_DEPTH_MAX, e);
	if (o.pool == NULL)
		return -1;
	for (size_t i = 0; i < v->n_logs && rc == 0; i++) {
		struct log *l = &v->logs[i];

		for (uint64_t k = 1; k <= l->size && rc == 0; k++) {
			struct vault_batch b;

			rc = vault_batch(v, l, k, &b, e);
			if (rc != 0)
				break;
			rc = check_batch_objects(&o, l, &b, e);
			vault_batch_free(&b);
		}
	}
	if (rc == 0)
		rc = pool_drain(o.pool, e);
	pool_free(o.pool);
	return rc;
}

struct listed {
	struct vault *v;
	struct map unfinished; /* what an interrupted command was adding */
};

/* An object file that no batch lists does not belong. */
static int
check_object_file(void *ctx, const char *rel, mode_t mode, uint64_t size,
		  struct err *e)
{
	struct listed *ls = ctx;
	struct vault *v = ls->v;
	uint8_t sha256[HASH_LEN];
	char shown[300], want[80];
	const char *name = strrchr(rel, '/');
	size_t listed;

	(void)mode;
	(void)size;
	(void)e;
	name = name != NULL ? name + 1 : rel;
	snprintf(want, sizeof want, "%.2s/%.2s/%s", name,
		 strlen(name) > 2 ? name + 2 : "", name);
	if (strlen(name) == 64 && hex_decode(name, HASH_LEN, sha256) == 0 &&
	    strcmp(want, rel) == 0 &&
	    map_get(&ls->unfinished, sha256, &listed) &&
	    !vault_object(v, sha256, &listed))
		report_add(
		    &v->report, REPORT_NOTE,
		    "lfs/objects/%s: left by an interrupted command; the next"
		    " one removes it",
		    err_escape(shown, sizeof shown, rel, strlen(rel)));
	else if (strlen(name) != 64 ||
		 hex_decode(name, HASH_LEN, sha256) != 0 ||
		 strcmp(want, rel) != 0 || !vault_object(v, sha256, &listed))
		report_add(
		    &v->report, REPORT_DAMAGE,
		    "lfs/objects/%s: no batch lists it: it does not belong"
		    " here",
		    err_escape(shown, sizeof shown, rel, strlen(rel)));
	return 0;
}

/* What check_git_file needs to know. */
struct git_files {
	struct vault *v;
	const struct map *needed;
	char *journal; /* an interrupted command's; or NULL */
};

/* Is this pack named in the journal of an interrupted command? */
static bool
is_unfinished(const struct git_files *g, const char *name)
{
	char line[80];

	snprintf(line, sizeof line, "pack %.45s\n", name);
	return g->journal != NULL && strstr(g->journal, line) != NULL;
}

static void
stray(const struct git_files *g, const char *rel, const char *why)
{
	const char *name = strrchr(rel, '/') + 1;
	char shown[300];

	err_escape(shown, sizeof shown, rel, strlen(rel));
	if (strlen(name) > 45 && is_unfinished(g, name))
		report_add(
		    &g->v->report, REPORT_NOTE,
		    "objects/%s: left by an interrupted command; the next one"
		    " removes it",
		    shown);
	else
		report_add(&g->v->report, REPORT_DAMAGE, "objects/%s: %s",
			   shown, why);
}

/* Every object that an index lists must be needed; its pack must be its own. */
static int
check_index(const struct git_files *g, const char *rel, const char *idx_path,
	    struct err *e)
{
	char pack[FSUTIL_PATH], *idx = NULL;
	uint8_t(*ids)[GITFORM_OID_LEN] = NULL, head[12] = {0}, tail[20] = {0};
	size_t len = 0, n = 0, at;
	struct stat st = {0};
	bool fits;
	int fd, rc = -1;

	if (fsutil_read(idx_path, PACK_INDEX_MAX, &idx, &len, e) != 0)
		return -1;
	ids = packform_index_ids((const uint8_t *)idx, len, &n);
	snprintf(pack, sizeof pack, "%.*s.pack", (int)strlen(idx_path) - 4,
		 idx_path);
	fd = open(pack, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	fits = fd >= 0 && fstat(fd, &st) == 0 &&
	       pread(fd, head, sizeof head, 0) == sizeof head &&
	       pread(fd, tail, sizeof tail, st.st_size - 20) == sizeof tail;
	if (fd >= 0)
		close(fd);
	if (ids == NULL) {
		stray(g, rel, "not an index of a pack");
	} else if (!fits || memcmp(head, "PACK\0\0\0\2", 8) != 0 ||
		   memcmp(tail, idx + len - 40, sizeof tail) != 0 ||
		   ((size_t)head[8] << 24 | (size_t)head[9] << 16 |
		    (size_t)head[10] << 8 | head[11]) != n) {
		stray(g, rel, "its pack is not the one that it lists");
	} else {
		for (at = 0; at < n; at++) {
			uint8_t key[MAP_KEY_LEN] = {0};
			size_t known;

			memcpy(key, ids[at], GITFORM_OID_LEN);
			if (map_get(g->needed, key, &known))
				continue;
			stray(g, rel,
			      "holds objects that no log lists: it does not"
			      " belong here");
			break;
		}
	}
	rc = 0;
	free(ids);
	free(idx);
	return rc;
}

/* A file below objects/: packs and loose objects, each needed by some log. */
static int
check_git_file(void *ctx, const char *rel, mode_t mode, uint64_t size,
	       struct err *e)
{
	const struct git_files *g = ctx;
	char path[FSUTIL_PATH], full[FSUTIL_PATH];
	uint8_t key[MAP_KEY_LEN] = {0};
	size_t known;

	(void)mode;
	(void)size;
	if (vault_path(g->v, "objects", full, e) != 0 ||
	    fsutil_join(path, full, rel, e) != 0)
		return -1;
	if (starts(rel, "pack/pack-") && ends(rel, ".idx"))
		return check_index(g, rel, path, e);
	if (starts(rel, "pack/pack-") && ends(rel, ".pack")) {
		strcpy(path + strlen(path) - 4, "idx");
		if (!fsutil_exists(path))
			stray(g, rel, "has no index: it does not belong here");
		return 0;
	}
	if (strlen(rel) == 41 && rel[2] == '/' && hex_is(rel, 2) &&
	    hex_is(rel + 3, 38)) {
		(void)hex_decode(rel, 1, key);
		(void)hex_decode(rel + 3, 19, key + 1);
		if (!map_get(g->needed, key, &known))
			stray(g, rel,
			      "no log lists it: it does not belong"
			      " here");
	}
	return 0;
}

static int
check_git_files(struct vault *v, const struct map *needed, struct err *e)
{
	struct git_files g = {.v = v, .needed = needed};
	char path[FSUTIL_PATH];
	size_t len = 0;
	int rc;

	/* what lies behind a damaged batch cannot be told from a stray */
	for (size_t i = 0; i < v->n_logs; i++)
		if (v->logs[i].size != v->logs[i].length)
			return 0;
	if (vault_path(v, "local/journal", path, e) != 0)
		return -1;
	if (fsutil_exists(path) &&
	    fsutil_read(path, PACK_INDEX_MAX, &g.journal, &len, e) != 0)
		return -1;
	rc = vault_path(v, "objects", path, e);
	if (rc == 0)
		rc = fsutil_walk(path, check_git_file, &g, e);
	free(g.journal);
	return rc;
}

/* Files below lfs/objects: each listed by some batch. */
static int
check_object_files(struct vault *v, struct err *e)
{
	struct listed ls = {.v = v};
	char path[FSUTIL_PATH];
	int rc;

	if (vault_path(v, "lfs/objects", path, e) != 0)
		return -1;
	if (!fsutil_exists(path))
		return 0;
	rc = journal_objects(v, &ls.unfinished, e);
	if (rc == 0)
		rc = fsutil_walk(path, check_object_file, &ls, e);
	map_free(&ls.unfinished);
	return rc;
}

int
verify_blind(struct vault *v, struct verify_counts *n, struct err *e)
{
	struct map absent = {0}, needed = {0};
	int rc = -1;

	if (absent_load(v, &absent, e) == 0 &&
	    check_entries(v, &needed, n, e) == 0 &&
	    check_objects(v, &absent, n, e) == 0 &&
	    check_git_files(v, &needed, e) == 0)
		rc = check_object_files(v, e);
	map_free(&absent);
	map_free(&needed);
	return rc;
}

int
verify_history(struct vault *v, struct verify_counts *n, struct err *e)
{
	struct map needed = {0};
	int rc = check_entries(v, &needed, n, e);

	if (rc == 0)
		rc = check_git_files(v, &needed, e);
	map_free(&needed);
	return rc;
}

/* Why a file's bulk cannot be looked at here; NULL if it can. */
static const char *
out_of_reach(struct index *x, const json_t *f, const struct map *absent)
{
	json_t *s;
	size_t i, listed;

	json_array_foreach (json_object_get(f, "segments"), i, s) {
		const char *t = json_string_value(s);
		char path[FSUTIL_PATH];
		uint8_t sha256[HASH_LEN];

		if (t == NULL || strlen(t) < 64 + HEX_ID_LEN ||
		    hex_decode(t, HASH_LEN, sha256) != 0)
			return NULL; /* extract_file says what is wrong */
		if (vault_object_path(x->v, sha256, path, NULL) == 0 &&
		    !fsutil_exists(path) && map_get(absent, sha256, &listed))
			return "its content was left out when it was received";
		if (index_bulk_key(x, t + strlen(t) - HEX_ID_LEN) == SIZE_MAX)
			return "the key of its content is not here";
	}
	return NULL;
}

/* Checking what the identity can open. */
struct records {
	struct index *x;
	const struct map *absent;
	struct verify_counts *n;
	struct pool *pool;
};

/* One record, as git holds it: its bytes are read before it is put in. */
struct record_job {
	struct pool_job job; /* first */
	struct records *r;
	const struct index_entry *en;
	struct gitstore_object file;
	size_t originals;
	struct err found; /* what is wrong with it */
	struct report notes;
};

/* Open it and check all that is in it, and every original. */
static void
check_record(struct record_job *j)
{
	struct index *x = j->r->x;
	struct entry opened = {0};
	json_t *f;
	size_t i;

	if (entry_open(j->file.data, j->file.len, index_key(x, j->en->key),
		       &opened, &j->found) != 0 ||
	    extract_contents(&opened, &j->found) != 0) {
		entry_free(&opened);
		return;
	}
	json_array_foreach (json_object_get(opened.doc, "files"), i, f) {
		const char *why = out_of_reach(x, f, j->r->absent);

		if (why != NULL) {
			report_add(&j->notes, REPORT_NOTE, "item %.8s: %s",
				   j->en->item, why);
			continue;
		}
		j->originals++;
		if (extract_alone(x, &opened, f, &j->r->n->right, NULL, NULL,
				  &j->found) != 0)
			break;
	}
	entry_free(&opened);
}

static int
record_work(struct pool_job *p, struct err *e)
{
	struct record_job *j = (struct record_job *)p;

	if (j->found.code == ERR_NONE)
		check_record(j);
	/* what cannot be read is neither right nor wrong */
	if (j->found.code == ERR_UNKNOWN)
		return err_set(e, ERR_UNKNOWN, "item %.8s: %s", j->en->item,
			       j->found.msg);
	return 0;
}

static int
record_done(struct pool_job *p, struct err *e)
{
	struct record_job *j = (struct record_job *)p;
	struct vault *v = j->r->x->v;
	char hex[65];

	(void)e;
	j->r->n->originals += j->originals;
	if (v->progress != NULL)
		v->progress(v->progress_ctx, "opening files",
			    j->r->n->originals, 0);
	for (size_t i = 0; i < j->notes.n; i++)
		report_add(&v->report, j->notes.lines[i].level, "%s",
			   j->notes.lines[i].text);
	hex_encode(j->en->sha256, HASH_LEN, hex);
	if (j->found.code != ERR_NONE)
		report_add(&v->report, REPORT_DAMAGE,
			   "item %.8s (entry %.16s): %s", j->en->item, hex,
			   j->found.msg);
	return 0;
}

static void
record_drop(struct pool_job *p)
{
	struct record_job *j = (struct record_job *)p;

	gitstore_object_free(&j->file);
	report_free(&j->notes);
	free(j);
}

static const struct pool_kind record_kind = {record_work, record_done,
					     record_drop};

static int
put_record(struct records *r, const struct index_entry *en, struct err *e)
{
	struct record_job *j = calloc(1, sizeof *j);

	if (j == NULL)
		return err_memory(e);
	j->job.kind = &record_kind;
	j->r = r;
	j->en = en;
	(void)index_entry_file(r->x, en, &j->file, &j->found);
	return pool_put(r->pool, &j->job, e);
}

int
verify_readable(struct index *x, struct verify_counts *n, struct err *e)
{
	struct map absent = {0};
	struct records r = {.x = x, .absent = &absent, .n = n};
	int rc = absent_load(x->v, &absent, e);

	if (rc == 0 && (r.pool = pool_new(POOL_DEPTH_MAX, e)) == NULL)
		rc = -1;
	for (size_t i = 0; i < x->n_entries && rc == 0; i++) {
		const struct index_entry *en = &x->entries[i];

		n->opened++;
		if (en->kind != KIND_RECORD)
			continue;
		if (en->found > 0) /* and right, when it was opened */
			n->originals += en->found - 1;
		else
			rc = put_record(&r, en, e);
	}
	if (rc == 0)
		rc = pool_drain(r.pool, e);
	pool_free(r.pool);
	map_free(&absent);
	bonds_verify(x);
	n->unopened = x->unopened;
	return rc;
}
