#include "paritysets.h"

#include "absent.h"
#include "bulk.h"
#include "hex.h"
#include "object.h"
#include "parityfile.h"
#include "paritylist.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "local/parity"
#define SET_MAX (UINT64_C(16) << 30) /* bytes of files in one set */

/* All sets of a vault. */
struct sets {
	struct vault *v;
	struct paritylist *list;
	size_t n;
	size_t damaged; /* lists that cannot be read */
};

static void
sets_free(struct sets *s)
{
	for (size_t i = 0; i < s->n; i++)
		paritylist_free(&s->list[i]);
	free(s->list);
	memset(s, 0, sizeof *s);
}

static struct paritylist *
new_list(struct sets *s)
{
	void *p = realloc(s->list, (s->n + 1) * sizeof *s->list);

	if (p == NULL)
		return NULL;
	s->list = p;
	memset(&s->list[s->n], 0, sizeof *s->list);
	return &s->list[s->n++];
}

/* "<8 hex>.list" or "<8 hex>.list2": the name is in the first eight. */
static bool
is_list(const char *name)
{
	return strlen(name) > 8 && hex_is(name, 8) &&
	       (strcmp(name + 8, ".list") == 0 ||
		strcmp(name + 8, ".list2") == 0);
}

static int
read_set(struct sets *s, const char *folder, const char *name, struct err *e)
{
	char base[FSUTIL_PATH], hex[9];
	struct paritylist *l;

	snprintf(hex, sizeof hex, "%.8s", name);
	if (fsutil_join(base, folder, hex, e) != 0)
		return -1;
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->list[i].base, base) == 0)
			return 0; /* its other copy was there first */
	l = new_list(s);
	if (l == NULL)
		return err_memory(e);
	strcpy(l->base, base);
	if (paritylist_read(l, NULL) == 0)
		return 0;
	s->n--;
	s->damaged += name[12 + 1] == '\0'; /* once: at the first copy */
	return 0;
}

/* To be read; *out is NULL if it is not there (0), or after a failure (-1). */
static int
open_folder(struct vault *v, char folder[FSUTIL_PATH], DIR **out, struct err *e)
{
	*out = NULL;
	if (vault_path(v, FOLDER, folder, e) != 0)
		return -1;
	*out = opendir(folder);
	return *out != NULL || errno == ENOENT ? 0 : err_sys(e, FOLDER);
}

static int
sets_read(struct vault *v, struct sets *s, struct err *e)
{
	char folder[FSUTIL_PATH];
	struct dirent *d;
	DIR *list;
	int rc;

	*s = (struct sets){.v = v};
	rc = open_folder(v, folder, &list, e);
	if (list == NULL)
		return rc;
	while (rc == 0 && (d = readdir(list)) != NULL)
		if (is_list(d->d_name))
			rc = read_set(s, folder, d->d_name, e);
	closedir(list);
	if (rc != 0)
		sets_free(s);
	return rc;
}

/*
 * Has a command that was interrupted left this here? A parity file comes first
 * and is as large as a fifth of what it is of; without a list it is nothing. A
 * list that cannot be read keeps its own: somebody may mend it.
 */
static bool
is_left(const char *folder, const char *name)
{
	size_t n = strlen(name);
	char list[16], path[FSUTIL_PATH];

	if ((n > 4 && strcmp(name + n - 4, ".new") == 0) ||
	    strncmp(name, ".muniment-", 10) == 0)
		return true;
	if (n <= 8 || !hex_is(name, 8) || strcmp(name + 8, "-parity") != 0)
		return false;
	for (unsigned i = 0; i < 2; i++) {
		snprintf(list, sizeof list, "%.8s.list%s", name,
			 i == 0 ? "" : "2");
		if (fsutil_join(path, folder, list, NULL) != 0 ||
		    fsutil_exists(path))
			return false;
	}
	return true;
}

/* Under the lock. */
static int
sweep(struct vault *v, struct err *e)
{
	char folder[FSUTIL_PATH], path[FSUTIL_PATH];
	struct dirent *d;
	DIR *list;
	int rc;

	rc = open_folder(v, folder, &list, e);
	if (list == NULL)
		return rc;
	while (rc == 0 && (d = readdir(list)) != NULL) {
		if (!is_left(folder, d->d_name))
			continue;
		rc = fsutil_join(path, folder, d->d_name, e);
		if (rc == 0 && unlink(path) != 0 && errno != ENOENT)
			rc = err_sys(e, "what was left in " FOLDER);
	}
	closedir(list);
	return rc;
}

/* -- what there is to protect -- */

static void
object_rel(const uint8_t sha256[HASH_LEN], char rel[96])
{
	char hex[65];

	hex_encode(sha256, HASH_LEN, hex);
	snprintf(rel, 96, "lfs/objects/%.2s/%.2s/%s", hex, hex + 2, hex);
}

/* Which objects do the sets protect already? */
static int
covered(const struct sets *s, struct map *out, struct err *e)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < s->list[i].n && !s->list[i].packs; k++)
			if (map_set(out, s->list[i].items[k].sha256, i + 1) !=
			    0)
				return err_memory(e);
	return 0;
}

static int
by_rel(const void *a, const void *b)
{
	return strcmp(((const struct parityitem *)a)->rel,
		      ((const struct parityitem *)b)->rel);
}

static void
sort(struct paritylist *l)
{
	if (l->n > 0)
		qsort(l->items, l->n, sizeof *l->items, by_rel);
}

/* Objects that are here and that `known` does not hold. */
static int
list_objects(struct vault *v, const struct map *known, struct paritylist *out,
	     struct err *e)
{
	uint8_t sha256[MAP_KEY_LEN];
	size_t at = 0, size, value;

	while (map_next(&v->objects, &at, sha256, &size)) {
		struct parityitem item = {0};
		char path[FSUTIL_PATH];
		struct stat st;
		int there;

		if (map_get(known, sha256, &value))
			continue;
		object_rel(sha256, item.rel);
		memcpy(item.sha256, sha256, HASH_LEN);
		if (vault_path(v, item.rel, path, e) != 0)
			return -1;
		there = fsutil_look(path, &st, e);
		if (there < 0)
			return -1;
		if (there == 0 || st.st_size == 0)
			continue;
		item.size = (uint64_t)st.st_size;
		if (paritylist_add(out, &item) != 0)
			return err_memory(e);
	}
	sort(out);
	return 0;
}

/* The packs as they are now; their SHA-256 is not known yet. */
static int
list_packs(struct vault *v, struct paritylist *out, struct err *e)
{
	char folder[FSUTIL_PATH], path[FSUTIL_PATH];
	struct dirent *d;
	struct stat st;
	DIR *list;
	int rc = 0, there;

	out->packs = true;
	if (vault_path(v, "objects/pack", folder, e) != 0)
		return -1;
	list = opendir(folder);
	if (list == NULL)
		return err_sys(e, "objects/pack");
	while (rc == 0 && (d = readdir(list)) != NULL) {
		struct parityitem item = {0};

		if (snprintf(item.rel, sizeof item.rel, "objects/pack/%s",
			     d->d_name) >= (int)sizeof item.rel ||
		    !paritylist_is_pack(item.rel) ||
		    fsutil_join(path, folder, d->d_name, NULL) != 0)
			continue;
		there = fsutil_look(path, &st, e);
		item.size = there > 0 ? (uint64_t)st.st_size : 0;
		if (there < 0)
			rc = -1;
		else if (item.size > 0 && paritylist_add(out, &item) != 0)
			rc = err_memory(e);
	}
	closedir(list);
	sort(out);
	return rc;
}

static bool
same_files(const struct paritylist *a, const struct paritylist *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; i < a->n && same; i++)
		same = strcmp(a->items[i].rel, b->items[i].rel) == 0 &&
		       a->items[i].size == b->items[i].size;
	return same;
}

/* -- making -- */

/* Bytes of the set as they are read: each file's SHA-256. */
struct reading {
	struct paritylist *l;
	size_t item;
	uint64_t left; /* bytes of that item */
	struct hash *h;
};

static int
end_item(struct reading *r, struct err *e)
{
	struct parityitem *item = &r->l->items[r->item];
	uint8_t digest[HASH_LEN];

	hash_final(r->h, digest);
	if (r->l->packs) {
		memcpy(item->sha256, digest, HASH_LEN);
	} else if (memcmp(digest, item->sha256, HASH_LEN) != 0) {
		err_set(e, ERR_EVIDENCE, "%s: damaged already", item->rel);
		return err_hint(e, "muniment repair, or repair --from, and"
				   " then again");
	}
	if (++r->item < r->l->n)
		r->left = r->l->items[r->item].size;
	return 0;
}

/* Has the form of parity_each. */
static int
read_item(void *ctx, uint64_t at, const void *bytes, size_t len, struct err *e)
{
	struct reading *r = ctx;
	const uint8_t *p = bytes;

	(void)at;
	while (len > 0) {
		size_t n = len < r->left ? len : (size_t)r->left;

		hash_update(r->h, p, n);
		p += n;
		len -= n;
		r->left -= n;
		if (r->left == 0 && end_item(r, e) != 0)
			return -1;
	}
	return 0;
}

/* The files of a set as one run of bytes. */
static struct joined *
join(struct vault *v, const struct paritylist *l, struct err *e)
{
	struct joined *j = joined_new();
	char path[FSUTIL_PATH];

	if (j == NULL)
		err_memory(e);
	for (size_t i = 0; j != NULL && i < l->n; i++)
		if (vault_path(v, l->items[i].rel, path, e) != 0 ||
		    joined_add(j, path, l->items[i].size, e) != 0) {
			joined_free(j);
			return NULL;
		}
	return j;
}

/* A name that no set has. */
static int
new_base(struct vault *v, char base[FSUTIL_PATH], struct err *e)
{
	char folder[FSUTIL_PATH], hex[9];
	uint8_t raw[4];

	if (vault_path(v, FOLDER, folder, e) != 0 ||
	    fsutil_mkdirs(folder, e) != 0)
		return -1;
	secret_random(raw, sizeof raw);
	hex_encode(raw, sizeof raw, hex);
	return fsutil_join(base, folder, hex, e);
}

/* Parity first, then the lists: a set without them is nothing. */
static int
make_set(struct vault *v, struct paritylist *l, unsigned percent, struct err *e)
{
	struct reading r = {.l = l, .left = l->items[0].size};
	struct joined *j = join(v, l, e);
	int rc = -1;

	r.h = hash_new(HASH_SHA256);
	if (r.h == NULL)
		err_memory(e);
	else if (j != NULL && new_base(v, l->base, e) == 0 &&
		 parityfile_make_of(j, l->base, 0, percent, read_item, &r,
				    v->progress, v->progress_ctx, e) == 0)
		rc = paritylist_write(l, e);
	hash_free(r.h);
	joined_free(j);
	return rc;
}

/* Smaller sets go into a new one that has become as large as they are. */
static int
absorb(struct sets *s, struct paritylist *l, bool *gone, struct err *e)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < s->n; i++) {
			struct paritylist *old = &s->list[i];

			if (gone[i] || old->packs || old->bytes > l->bytes ||
			    old->bytes + l->bytes > SET_MAX)
				continue;
			for (size_t k = 0; k < old->n; k++)
				if (paritylist_add(l, &old->items[k]) != 0)
					return err_memory(e);
			gone[i] = more = true;
		}
	}
	sort(l);
	return 0;
}

/* The first files of `all`, up to SET_MAX; the others stay. */
static int
take_some(struct paritylist *all, size_t *from, struct paritylist *out,
	  struct err *e)
{
	while (*from < all->n &&
	       (out->n == 0 || out->bytes + all->items[*from].size <= SET_MAX))
		if (paritylist_add(out, &all->items[(*from)++]) != 0)
			return err_memory(e);
	return 0;
}

static int
protect_objects(struct sets *s, bool *gone, unsigned percent,
		struct paritysets_sum *out, struct err *e)
{
	struct paritylist all = {0};
	struct map known = {0};
	size_t from = 0;
	int rc = covered(s, &known, e);

	if (rc == 0)
		rc = list_objects(s->v, &known, &all, e);
	out->added += all.n;
	while (rc == 0 && from < all.n) {
		struct paritylist l = {0};

		rc = take_some(&all, &from, &l, e);
		if (rc == 0)
			rc = absorb(s, &l, gone, e);
		if (rc == 0)
			rc = make_set(s->v, &l, percent, e);
		paritylist_free(&l);
	}
	map_free(&known);
	paritylist_free(&all);
	return rc;
}

static int
protect_packs(struct sets *s, bool *gone, unsigned percent,
	      struct paritysets_sum *out, struct err *e)
{
	struct paritylist l = {0};
	bool done = false;
	int rc = list_packs(s->v, &l, e);

	for (size_t i = 0; i < s->n && rc == 0; i++)
		if (s->list[i].packs) {
			done |= same_files(&s->list[i], &l);
			gone[i] = !same_files(&s->list[i], &l);
		}
	if (rc == 0 && !done && l.n > 0) {
		rc = make_set(s->v, &l, percent, e);
		out->added += l.n;
	}
	paritylist_free(&l);
	return rc;
}

static int
sum_up(struct vault *v, struct paritysets_sum *out, struct err *e)
{
	struct paritylist rest = {0}, packs = {0};
	struct map known = {0};
	struct sets s;
	bool have = false;
	int rc = sets_read(v, &s, e);

	if (rc != 0)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		char path[FSUTIL_PATH];
		struct stat st;

		out->sets++;
		out->files += s.list[i].n;
		if (parityfile_name(s.list[i].base, path, NULL) == 0 &&
		    stat(path, &st) == 0)
			out->bytes += (uint64_t)st.st_size;
	}
	if (covered(&s, &known, e) != 0 ||
	    list_objects(v, &known, &rest, e) != 0 ||
	    list_packs(v, &packs, e) != 0)
		rc = -1;
	for (size_t i = 0; i < s.n; i++)
		have |= s.list[i].packs && same_files(&s.list[i], &packs);
	out->unprotected = rest.n + (have ? 0 : packs.n);
	paritylist_free(&rest);
	paritylist_free(&packs);
	map_free(&known);
	sets_free(&s);
	return rc;
}

int
paritysets_make(struct vault *v, unsigned percent, bool anew,
		struct paritysets_sum *out, struct err *e)
{
	struct sets s, none = {.v = v};
	bool *gone;
	int rc = sweep(v, e);

	memset(out, 0, sizeof *out);
	if (rc != 0 || sets_read(v, &s, e) != 0)
		return -1;
	gone = calloc(s.n + 1, sizeof *gone);
	if (gone == NULL) {
		sets_free(&s);
		return err_memory(e);
	}
	rc = protect_objects(anew ? &none : &s, gone, percent, out, e);
	if (rc == 0)
		rc = protect_packs(anew ? &none : &s, gone, percent, out, e);
	/* the old ones only when the new ones are there */
	for (size_t i = 0; i < s.n && rc == 0; i++)
		if (gone[i] || anew)
			paritylist_remove(&s.list[i]);
	free(gone);
	sets_free(&s);
	return rc == 0 ? sum_up(v, out, e) : -1;
}

/* -- checking -- */

int
paritysets_check(struct vault *v, struct report *report,
		 struct paritysets_sum *out, struct err *e)
{
	struct sets s;

	memset(out, 0, sizeof *out);
	if (sets_read(v, &s, e) != 0)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		struct paritymend_state state = {0};
		struct err why = {0};

		if (parityfile_check(s.list[i].base, s.list[i].bytes,
				     v->progress, v->progress_ctx, &state,
				     &why) != 0) {
			report_add(report, REPORT_NOTE, "%s", why.msg);
			out->damaged++;
		} else if (state.bad_records > 0) {
			report_add(report, REPORT_NOTE,
				   FOLDER "/%s-parity: damaged: %u of its %u"
					  " blocks; muniment parity --anew"
					  " makes it again",
				   strrchr(s.list[i].base, '/') + 1,
				   state.bad_records, state.records);
			out->damaged += state.bad_records;
		}
	}
	if (s.damaged > 0) {
		report_add(report, REPORT_NOTE,
			   FOLDER ": %zu lists are damaged; muniment parity"
				  " --anew makes all of it again",
			   s.damaged);
		out->damaged += s.damaged;
	}
	sets_free(&s);
	return sum_up(v, out, e);
}

/* -- restoring -- */

struct mending {
	struct vault *v;
	struct map absent;
	struct bulk_in *in;
	struct paritysets_mended *out;
	struct report *report;
};

/* Has the file this SHA-256? Not if it cannot be read. */
static bool
has_sha256(const char *path, const uint8_t sha256[HASH_LEN])
{
	struct hash *h = hash_new(HASH_SHA256);
	uint8_t digest[HASH_LEN], *buf = malloc(256u << 10);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = -1;

	if (h != NULL && buf != NULL && fd >= 0) {
		while ((n = read(fd, buf, 256u << 10)) > 0)
			hash_update(h, buf, (size_t)n);
		hash_final(h, digest);
	}
	if (fd >= 0)
		close(fd);
	hash_free(h);
	free(buf);
	return n == 0 && memcmp(digest, sha256, HASH_LEN) == 0;
}

/* Is this file damaged, or missing though it should be here? */
static bool
is_lost(const struct mending *m, const struct paritylist *l,
	const struct parityitem *item)
{
	char path[FSUTIL_PATH];
	size_t value;

	if (!l->packs && !map_get(&m->v->objects, item->sha256, &value))
		return false;
	if (vault_path(m->v, item->rel, path, NULL) != 0)
		return false;
	if (!fsutil_exists(path) && !l->packs &&
	    map_get(&m->absent, item->sha256, &value))
		return false;
	return !has_sha256(path, item->sha256);
}

/* Where the bytes of one file go. */
struct target {
	int fd;
	uint64_t from; /* where it begins in its set */
};

/* Has the form of parity_write. */
static int
write_target(void *ctx, uint64_t at, const void *bytes, size_t len,
	     struct err *e)
{
	const struct target *t = ctx;
	const uint8_t *p = bytes;
	off_t to = (off_t)(at - t->from);

	while (len > 0) {
		ssize_t n = pwrite(t->fd, p, len, to);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "a file that is being restored");
		p += n;
		to += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Restore one file of a set under a name of its own, and compare it. */
static int
restore_to(struct mending *m, struct parityfile *p,
	   const struct parityitem *item, uint64_t from, const char *path,
	   struct err *e)
{
	struct target t = {.from = from};
	int rc;

	(void)unlink(path);
	t.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (t.fd < 0)
		return err_sys(e, "a file that is being restored");
	rc = paritymend_restore(parityfile_mend(p), from, from + item->size,
				write_target, &t, m->v->progress,
				m->v->progress_ctx, e);
	if (fsutil_finish(t.fd, path, rc == 0 ? e : NULL) != 0)
		rc = -1;
	if (rc == 0 && !has_sha256(path, item->sha256))
		rc = err_set(e, ERR_EVIDENCE,
			     "%s: what was restored is something else",
			     item->rel);
	if (rc != 0)
		(void)unlink(path);
	return rc;
}

/* An object, through local/incoming; a pack, straight to its place. */
static int
restore_item(struct mending *m, struct parityfile *p,
	     const struct paritylist *l, const struct parityitem *item,
	     uint64_t from, struct err *e)
{
	char path[FSUTIL_PATH], place[FSUTIL_PATH];
	struct bulk_object o = {.size = item->size};

	memcpy(o.sha256, item->sha256, HASH_LEN);
	if (fsutil_join(path, m->in != NULL ? bulk_in_folder(m->in) : m->v->dir,
			m->in != NULL ? strrchr(item->rel, '/') + 1
				      : FOLDER "/restored",
			e) != 0 ||
	    restore_to(m, p, item, from, path, e) != 0)
		return -1;
	if (!l->packs) {
		m->out->objects++;
		return bulk_in_put(m->in, &o, e);
	}
	m->out->packs++;
	if (vault_path(m->v, item->rel, place, e) != 0)
		return -1;
	return rename(path, place) == 0 ? fsutil_sync_parent(place, e)
					: err_sys(e, "placing a restored file");
}

/* One set, in which something is lost. */
static int
mend_set(struct mending *m, const struct paritylist *l, struct err *e)
{
	struct joined *j = join(m->v, l, e);
	struct err why = {0};
	struct parityfile *p = NULL;
	uint64_t from = 0;
	int rc = j == NULL ? -1 : 0;

	if (rc == 0)
		p = parityfile_open_of(j, l->base, m->v->progress,
				       m->v->progress_ctx, &why);
	for (size_t i = 0; i < l->n && rc == 0; from += l->items[i++].size) {
		if (!is_lost(m, l, &l->items[i]))
			continue;
		if (p != NULL &&
		    restore_item(m, p, l, &l->items[i], from, &why) == 0)
			continue;
		if (why.code == ERR_UNKNOWN && p != NULL)
			rc = err_set(e, why.code, "%s", why.msg);
		report_add(m->report, REPORT_DAMAGE,
			   "%s: cannot be restored: %s", l->items[i].rel,
			   why.msg);
		if (p != NULL)
			err_clear(&why);
		m->out->lost++;
	}
	parityfile_close(p);
	return rc;
}

/* All sets of one kind. */
static int
mend_kind(struct mending *m, const struct sets *s, bool packs, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < s->n && rc == 0; i++) {
		const struct paritylist *l = &s->list[i];
		bool lost = false;

		for (size_t k = 0; k < l->n && !lost && l->packs == packs;
		     k++) {
			lost = is_lost(m, l, &l->items[k]);
			if (m->v->progress != NULL)
				m->v->progress(m->v->progress_ctx,
					       "checking objects", k + 1, l->n);
		}
		if (lost)
			rc = mend_set(m, l, e);
	}
	return rc;
}

static int
mend_history(struct mending *m, const struct sets *s, struct err *e)
{
	char path[FSUTIL_PATH];

	if (vault_path(m->v, "objects/pack", path, e) != 0 ||
	    fsutil_mkdirs(path, e) != 0 || mend_kind(m, s, true, e) != 0)
		return -1;
	if (m->out->packs == 0)
		return 0;
	gitstore_close(m->v->git);
	m->v->git = gitstore_open(m->v->dir, e);
	return m->v->git != NULL ? vault_load(m->v, true, e) : -1;
}

int
paritysets_mend(struct vault *v, bool history, struct paritysets_mended *out,
		struct report *report, struct err *e)
{
	struct mending m = {.v = v, .out = out, .report = report};
	size_t placed;
	struct sets s;
	int rc;

	memset(out, 0, sizeof *out);
	if (sets_read(v, &s, e) != 0)
		return -1;
	out->sets = s.n;
	rc = absent_load(v, &m.absent, e);
	if (rc == 0 && history)
		rc = mend_history(&m, &s, e);
	if (rc == 0)
		rc = (m.in = bulk_in_new(v, e)) != NULL ? 0 : -1;
	if (rc == 0)
		rc = mend_kind(&m, &s, false, e);
	if (rc == 0)
		rc = bulk_in_finish(m.in, &placed, e);
	bulk_in_free(m.in);
	map_free(&m.absent);
	sets_free(&s);
	return rc;
}
