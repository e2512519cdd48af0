#include "since.h"

#include "absent.h"
#include "extract.h"
#include "index_inside.h"
#include "local.h"
#include "object.h"
#include "padded.h"
#include "padme.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMORY "local/verified.age"

static const char head[] = "muniment verified 1\n";

/* -- what was covered -- */

/* "pack <bytes> <name>" of each pack, one a line. */
static char *
list_packs(struct vault *v, char *text, size_t *len, struct err *e)
{
	char path[FSUTIL_PATH];
	struct dirent *d;
	struct stat st;
	DIR *dir;

	if (vault_path(v, "objects/pack", path, e) != 0)
		return text;
	dir = opendir(path);
	while (dir != NULL && text != NULL && (d = readdir(dir)) != NULL) {
		size_t n = strlen(d->d_name);
		char *p;

		if (n != 50 || strcmp(d->d_name + 45, ".pack") != 0 ||
		    fstatat(dirfd(dir), d->d_name, &st, 0) != 0)
			continue;
		p = realloc(text, *len + 96);
		if (p == NULL) {
			free(text);
			text = NULL;
			break;
		}
		text = p;
		*len +=
		    (size_t)sprintf(text + *len, "pack %012llu %s\n",
				    (unsigned long long)st.st_size, d->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	return text;
}

/* "log <size> <root> <device>" of each log. */
static char *
list_logs(const struct vault *v, size_t *len)
{
	char *text = malloc(sizeof head + VAULT_ID_LEN + 8 + v->n_logs * 160);
	char hex[65], *p = text;

	if (text == NULL)
		return NULL;
	p += sprintf(p, "%svault %s\n", head, v->id);
	for (size_t i = 0; i < v->n_logs; i++) {
		const struct log *l = &v->logs[i];

		if (l->size == 0)
			continue;
		hex_encode(l->steps[l->size - 1].root, HASH_LEN, hex);
		p += sprintf(p, "log %llu %s %s\n", (unsigned long long)l->size,
			     hex, l->device);
	}
	*len = (size_t)(p - text);
	return text;
}

void
since_remember(struct vault *v, const struct identity *id, bool failed)
{
	char path[FSUTIL_PATH], *text = NULL;
	struct err e = {0};
	size_t len = 0;
	int rc = -1;

	if (vault_path(v, MEMORY, path, &e) != 0)
		return;
	if (failed) {
		(void)unlink(path);
		return;
	}
	/* where there is no local/ (a plain git clone), none is made */
	if (vault_path(v, "local", path, &e) != 0 || !fsutil_exists(path))
		return;
	text = list_logs(v, &len);
	if (text != NULL)
		text = list_packs(v, text, &len, &e);
	if (text == NULL)
		err_memory(&e);
	else
		rc = local_write(v, id, MEMORY, text, len, &e);
	if (rc != 0)
		report_add(&v->report, REPORT_NOTE,
			   MEMORY ": cannot be written: verify --since-last"
				  " has nothing to go on from: %s",
			   e.msg);
	free(text);
}

/* What was covered, as far as it is here. */
struct covered {
	uint64_t *sizes; /* for each log */
	bool repacked;	 /* a pack is not what it was */
};

static void
note_log(struct vault *v, struct covered *c, const char *line)
{
	char hex[65], device[BATCH_DEVICE_LEN + 1];
	unsigned long long size;
	uint8_t root[HASH_LEN];

	if (sscanf(line, "log %llu %64s %53s", &size, hex, device) != 3 ||
	    size == 0 || hex_decode(hex, HASH_LEN, root) != 0)
		return;
	if (!vault_has_state(v, device, size, root))
		report_add(&v->report, REPORT_HISTORY,
			   "device %.12s: batch %llu, which the last full"
			   " verify covered, is %s",
			   device, size,
			   vault_longest(v, device) >= size
			       ? "another one here: a fork"
			       : "missing: a rollback");
	for (size_t i = vault_first_log(v, device); i != SIZE_MAX;
	     i = v->logs[i].other)
		if (v->logs[i].size >= size &&
		    memcmp(v->logs[i].steps[size - 1].root, root, HASH_LEN) ==
			0 &&
		    size > c->sizes[i])
			c->sizes[i] = size;
}

static void
note_pack(struct vault *v, struct covered *c, const char *line)
{
	char path[FSUTIL_PATH], rel[128], name[64];
	unsigned long long size;
	struct stat st;

	if (sscanf(line, "pack %llu %55s", &size, name) != 2)
		return;
	snprintf(rel, sizeof rel, "objects/pack/%s", name);
	if (vault_path(v, rel, path, NULL) != 0 || stat(path, &st) != 0 ||
	    (unsigned long long)st.st_size != size)
		c->repacked = true;
}

static int
load(struct vault *v, const struct identity *id, struct covered *c,
     struct err *e)
{
	struct err inner = {0};
	struct secret *s = local_read(v, id, MEMORY, &inner);
	char *save = NULL, first[sizeof head + VAULT_ID_LEN + 8];
	size_t n = (size_t)sprintf(first, "%svault %s\n", head, v->id);

	if (inner.code == ERR_UNKNOWN)
		return err_set(e, inner.code, "%s", inner.msg);
	if (s == NULL || s->len < n || memcmp(s->bytes, first, n) != 0) {
		secret_free(s);
		err_set(e, ERR_UNKNOWN,
			"there is no full verify of this vault to go on from");
		return err_hint(e, "muniment verify, without --since-last, is"
				   " one; after one that failed, too");
	}
	c->sizes = calloc(v->n_logs + 1, sizeof *c->sizes);
	if (c->sizes == NULL) {
		secret_free(s);
		return err_memory(e);
	}
	s->bytes[s->len] = '\0';
	for (char *l = strtok_r((char *)s->bytes + n, "\n", &save); l != NULL;
	     l = strtok_r(NULL, "\n", &save)) {
		note_log(v, c, l);
		note_pack(v, c, l);
	}
	secret_free(s);
	return 0;
}

/* -- what is there -- */

struct looking {
	struct vault *v;
	const struct map *absent;
	struct since_counts *n;
	struct err *e;
};

static int
look_for_object(void *ctx, const uint8_t sha256[HASH_LEN], size_t size)
{
	struct looking *l = ctx;
	char path[FSUTIL_PATH], hex[65];
	struct stat st;
	size_t known;

	if (vault_object_path(l->v, sha256, path, l->e) != 0)
		return -1;
	l->n->objects++;
	if (l->v->progress != NULL && l->n->objects % 1024 == 0)
		l->v->progress(l->v->progress_ctx, "looking for objects",
			       l->n->objects, 0);
	hex_encode(sha256, HASH_LEN, hex);
	if (stat(path, &st) != 0) {
		if (map_get(l->absent, sha256, &known))
			l->n->news.absent++;
		else
			report_add(&l->v->report, REPORT_DAMAGE,
				   "object %.16s: its file is missing", hex);
	} else if (!S_ISREG(st.st_mode) || (size_t)st.st_size != size) {
		report_add(&l->v->report, REPORT_DAMAGE,
			   "object %.16s: its file has another size", hex);
	}
	return 0;
}

/* Is all that this batch consists of in the repository? */
static int
look_for_batch(struct vault *v, const struct log *l, uint64_t n)
{
	struct vault_batch b;
	struct err e = {0};
	bool here = vault_batch(v, l, n, &b, &e) == 0;

	for (size_t i = 0; here && i < b.n_names; i++)
		if (!gitstore_has(v->git, b.names[i].oid)) {
			err_set(&e, ERR_EVIDENCE, "%.16s is missing",
				b.names[i].name);
			here = false;
			vault_batch_free(&b);
		}
	if (here)
		vault_batch_free(&b);
	else
		report_add(&v->report, REPORT_DAMAGE,
			   "device %.12s, batch %llu: %s", l->device,
			   (unsigned long long)n, e.msg);
	return 0;
}

/* -- what is new -- */

static void
check_entry(struct vault *v, const struct vault_batch *b,
	    const struct batch_line *line, struct since_counts *n)
{
	struct gitstore_object o;
	struct err e = {0};
	char hex[65];

	n->news.entries++;
	if (vault_entry_file(v, b, line->sha256, &o, &e) == 0 &&
	    (!padme_is_entry(o.len) ||
	     padded_form(o.data, o.len) == PADDED_OTHER))
		err_set(&e, ERR_EVIDENCE,
			"neither an entry nor a ring by its length and header");
	gitstore_object_free(&o);
	if (e.code == ERR_NONE)
		return;
	hex_encode(line->sha256, HASH_LEN, hex);
	report_add(&v->report, REPORT_DAMAGE,
		   "device %.12s, batch %llu: entry %.16s: %s", b->log->device,
		   (unsigned long long)b->n, hex, e.msg);
}

static int
check_object(struct vault *v, const struct vault_batch *b,
	     const struct batch_line *line, const struct map *absent,
	     struct since_counts *n, struct err *e)
{
	char path[FSUTIL_PATH];
	struct err inner = {0};
	size_t known;

	n->news.objects++;
	if (vault_object_path(v, line->sha256, path, e) != 0)
		return -1;
	/* those that are not here are counted by look_for_object */
	if (!fsutil_exists(path) && map_get(absent, line->sha256, &known))
		return 0;
	if (object_check(v, line->sha256, line->size, &inner) == 0)
		return 0;
	if (inner.code == ERR_UNKNOWN)
		return err_set(e, inner.code, "%s", inner.msg);
	report_add(&v->report, REPORT_DAMAGE, "device %.12s, batch %llu: %s",
		   b->log->device, (unsigned long long)b->n, inner.msg);
	return 0;
}

/* Batch n of a log: signatures, root, and all that it lists. */
static int
check_batch(struct vault *v, const struct log *l, uint64_t n,
	    const struct map *absent, struct since_counts *counts,
	    struct err *e)
{
	struct vault_batch b;
	struct err inner = {0};
	int rc = 0;

	counts->news.batches++;
	if (vault_check_batch(v, l, n, &inner) != 0 ||
	    vault_batch(v, l, n, &b, &inner) != 0) {
		report_add(&v->report, REPORT_DAMAGE,
			   "device %.12s, batch %llu: %s", l->device,
			   (unsigned long long)n, inner.msg);
		return 0;
	}
	for (size_t i = 0; i < b.b.n && rc == 0; i++) {
		const struct batch_line *line = &b.b.lines[i];

		if (line->kind == BATCH_ENTRY)
			check_entry(v, &b, line, counts);
		else if (line->kind == BATCH_OBJECT)
			rc = check_object(v, &b, line, absent, counts, e);
	}
	vault_batch_free(&b);
	return rc;
}

static int
check_logs(struct vault *v, const struct covered *c, const struct map *absent,
	   struct since_counts *n, struct err *e)
{
	for (size_t i = 0; i < v->n_logs; i++) {
		const struct log *l = &v->logs[i];

		n->news.devices++;
		n->batches += (size_t)c->sizes[i];
		for (uint64_t k = 1; c->repacked && k <= c->sizes[i]; k++)
			look_for_batch(v, l, k);
		for (uint64_t k = c->sizes[i] + 1; k <= l->size; k++) {
			if (v->progress != NULL)
				v->progress(v->progress_ctx, "checking batches",
					    k, l->size);
			if (check_batch(v, l, k, absent, n, e) != 0)
				return -1;
		}
	}
	return 0;
}

/* Have the new records that rest in the cache at hand. */
static int
thaw_new(struct index *x, const struct covered *c, struct err *e)
{
	for (size_t i = 0; x->cold != NULL && i < x->cold->n; i++)
		for (size_t k = 0; k < x->n_logs; k++) {
			uint64_t n = x->cold->list[i].n[COLD_RECORDS], row;
			struct cold_record r;
			uint8_t key[12];
			size_t entry;

			cold_put(key, 4, k);
			cold_put(key + 4, 8, c->sizes[k] + 1);
			row = cold_find(x->cold, i, COLD_RECORDS, key,
					sizeof key);
			for (; row < n; row++) {
				size_t at = COLD_AT(i, row);

				if (!cold_record(x->cold, at, &r) || r.log != k)
					break;
				if (!cold_is_out(x->cold, at) &&
				    index_thaw_one(x, at, &entry, e) != 0)
					return -1;
			}
		}
	return cold_check(x->cold, e);
}

/* Can all of a file's bulk be looked at here? */
static bool
is_in_reach(struct index *x, const json_t *f)
{
	json_t *s;
	size_t i;

	json_array_foreach (json_object_get(f, "segments"), i, s) {
		const char *t = json_string_value(s);
		char path[FSUTIL_PATH];
		uint8_t sha256[HASH_LEN];

		if (t == NULL || strlen(t) < 64 + HEX_ID_LEN ||
		    hex_decode(t, HASH_LEN, sha256) != 0)
			return true; /* extract_file says what is wrong */
		if (vault_object_path(x->v, sha256, path, NULL) != 0 ||
		    !fsutil_exists(path) ||
		    index_bulk_key(x, t + strlen(t) - HEX_ID_LEN) == SIZE_MAX)
			return false;
	}
	return true;
}

static int
check_record(struct index *x, const struct index_entry *en,
	     struct since_counts *n, struct err *e)
{
	struct entry opened = {0};
	struct err inner = {0};
	json_t *f;
	size_t i;

	if (index_entry_open(x, en, &opened, &inner) == 0)
		json_array_foreach (json_object_get(opened.doc, "files"), i,
				    f) {
			if (!is_in_reach(x, f)) {
				report_add(&x->v->report, REPORT_NOTE,
					   "item %.8s: its content, or the key"
					   " of it, is not here",
					   en->item);
				continue;
			}
			n->news.originals++;
			if (inner.code == ERR_NONE)
				(void)extract_file(x, &opened, f, NULL, NULL,
						   &inner);
		}
	entry_free(&opened);
	if (inner.code == ERR_UNKNOWN)
		return err_set(e, ERR_UNKNOWN, "item %.8s: %s", en->item,
			       inner.msg);
	if (inner.code != ERR_NONE)
		report_add(&x->v->report, REPORT_DAMAGE, "item %.8s: %s",
			   en->item, inner.msg);
	return 0;
}

static int
check_records(struct index *x, const struct covered *c, struct since_counts *n,
	      struct err *e)
{
	int rc = thaw_new(x, c, e);

	for (size_t i = 0; i < x->n_entries && rc == 0; i++) {
		struct index_entry en = x->entries[i];

		if (en.batch <= c->sizes[en.log])
			continue;
		n->news.opened++;
		if (en.kind == KIND_RECORD)
			rc = check_record(x, &en, n, e);
	}
	n->news.unopened = x->unopened;
	return rc;
}

int
since_verify(struct index *x, struct since_counts *n, struct err *e)
{
	struct covered c = {0};
	struct map absent = {0};
	struct looking l = {x->v, &absent, n, e};
	int rc = load(x->v, x->id, &c, e);

	if (rc == 0)
		rc = absent_load(x->v, &absent, e);
	if (rc == 0)
		rc = check_logs(x->v, &c, &absent, n, e);
	if (rc == 0)
		rc = vault_objects(x->v, look_for_object, &l);
	if (rc == 0)
		rc = check_records(x, &c, n, e);
	if (rc == 0)
		rc = cold_check(x->v->cold, e);
	n->objects -=
	    n->news.objects < n->objects ? n->news.objects : n->objects;
	map_free(&absent);
	free(c.sizes);
	return rc;
}
