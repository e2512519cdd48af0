#include "absent.h"

#include "hex.h"
#include "local.h"
#include "trust.h"

#include <stdlib.h>
#include <string.h>

#define LIST_MAX (256u << 20) /* bytes of a list */
#define LINE 65		      /* bytes: 64 digits, LF */

static const char clear_path[] = "local/absent";
static const char locked_path[] = "local/absent.age";

/* *formed (may be NULL) turns false when there is something else in it. */
static int
parse(const char *text, size_t len, struct map *out, bool *formed,
      struct err *e)
{
	bool good = len % LINE == 0;

	for (size_t i = 0; i + LINE <= len; i += LINE) {
		uint8_t sha256[HASH_LEN];

		if (hex_decode(text + i, HASH_LEN, sha256) != 0 ||
		    text[i + LINE - 1] != '\n')
			good = false;
		else if (map_set(out, sha256, 1) != 0)
			return err_memory(e);
	}
	if (formed != NULL)
		*formed &= good;
	return 0;
}

static int
load_clear(struct vault *v, struct map *out, bool *formed, struct err *e)
{
	char path[FSUTIL_PATH], *text = NULL;
	size_t len = 0;
	int rc;

	if (vault_path(v, clear_path, path, e) != 0)
		return -1;
	if (!fsutil_exists(path))
		return 0;
	if (fsutil_read(path, LIST_MAX, &text, &len, e) != 0)
		return -1;
	rc = parse(text, len, out, formed, e);
	free(text);
	return rc;
}

int
absent_load(struct vault *v, struct map *absent, struct err *e)
{
	return load_clear(v, absent, NULL, e);
}

/* ERR_EVIDENCE if the list is damaged or somebody else's. */
static int
load_locked(struct vault *v, const struct identity *id, struct map *out,
	    struct err *e)
{
	struct err inner = {0};
	struct secret *s = local_read(v, id, locked_path, &inner);
	int rc = 0;

	if (inner.code != ERR_NONE)
		return err_set(e, inner.code, "%s", inner.msg);
	if (s != NULL)
		rc = parse((const char *)s->bytes, s->len, out, NULL, e);
	secret_free(s);
	return rc;
}

static int
by_line(const void *a, const void *b)
{
	return memcmp(a, b, LINE);
}

/* The list's text, malloc'ed. */
static char *
text_of(const struct map *m, size_t *len)
{
	char *text = malloc(m->used * LINE + 1);
	uint8_t sha256[MAP_KEY_LEN];
	size_t at = 0, value;

	*len = 0;
	while (text != NULL && map_next(m, &at, sha256, &value)) {
		hex_encode(sha256, HASH_LEN, text + *len);
		text[*len + LINE - 1] = '\n';
		*len += LINE;
	}
	if (text != NULL && *len > 0)
		qsort(text, *len / LINE, LINE, by_line);
	return text;
}

static int
write_clear(struct vault *v, const char *text, size_t len, struct err *e)
{
	char path[FSUTIL_PATH];

	return vault_path(v, "local", path, e) != 0 ||
		       fsutil_mkdirs(path, e) != 0 ||
		       vault_path(v, clear_path, path, e) != 0
		   ? -1
		   : fsutil_write(path, text, len, e);
}

/*
 * The clear list never holds what the locked one does not: when it shrinks it
 * is written first, when it grows last. So an interruption is no alarm.
 */
static int
write_both(struct vault *v, const struct identity *id, const struct map *m,
	   bool grows, struct err *e)
{
	size_t len;
	char *text = text_of(m, &len);
	int rc = 0;

	if (text == NULL)
		return err_memory(e);
	if (!grows)
		rc = write_clear(v, text, len, e);
	if (rc == 0 && id != NULL)
		rc = local_write(v, id, locked_path, text, len, e);
	if (rc == 0 && grows)
		rc = write_clear(v, text, len, e);
	free(text);
	return rc;
}

static int
is_here(const struct vault *v, const uint8_t sha256[HASH_LEN], bool *here,
	struct err *e)
{
	char path[FSUTIL_PATH];

	if (vault_object_path(v, sha256, path, e) != 0)
		return -1;
	*here = fsutil_exists(path);
	return 0;
}

/* What of `from` is not in `but`. */
static int
subtract(const struct map *from, const struct map *but, struct map *out,
	 struct err *e)
{
	uint8_t sha256[MAP_KEY_LEN];
	size_t at = 0, value, ignored;

	while (map_next(from, &at, sha256, &value))
		if (!map_get(but, sha256, &ignored) &&
		    map_set(out, sha256, 0) != 0)
			return err_memory(e);
	return 0;
}

/* What of `from` has no file here; of `listed` ones only, if so. */
static int
not_here(const struct vault *v, const struct map *from, bool listed,
	 struct map *out, struct err *e)
{
	uint8_t sha256[MAP_KEY_LEN];
	size_t at = 0, value;
	bool here;

	while (map_next(from, &at, sha256, &value)) {
		if (listed && !vault_object(v, sha256, &value))
			continue;
		if (is_here(v, sha256, &here, e) != 0)
			return -1;
		if (!here && map_set(out, sha256, 0) != 0)
			return err_memory(e);
	}
	return 0;
}

/* Mark those of `news` that this batch lists; *old: it lists one, and old. */
static int
mark(struct vault *v, const struct log *l, uint64_t n, bool seen,
     struct map *news, bool *old, struct err *e)
{
	struct vault_batch b;
	size_t value;
	int rc = 0;

	if (vault_batch(v, l, n, &b, e) != 0)
		return -1;
	for (size_t k = 0; k < b.b.n && rc == 0; k++) {
		const struct batch_line *x = &b.b.lines[k];

		if (x->kind != BATCH_OBJECT ||
		    !map_get(news, x->sha256, &value))
			continue;
		*old |= seen;
		rc = map_set(news, x->sha256, 1);
	}
	vault_batch_free(&b);
	return rc == 0 ? 0 : err_memory(e);
}

/*
 * Were these listed after all that the owner has seen, and nowhere before?
 * Only then may somebody else have declared them absent. Those that no batch
 * lists (their value stays 0) mean nothing: somebody was interrupted.
 */
static int
are_new(struct vault *v, const struct identity *id, struct map *news,
	bool *right, struct err *e)
{
	uint64_t *sizes = calloc(v->n_logs + 1, sizeof *sizes);
	bool old = false;
	int rc = sizes == NULL ? err_memory(e) : trust_covers(v, id, sizes, e);

	for (size_t i = 0; i < v->n_logs && rc == 0; i++)
		for (uint64_t n = 1; n <= v->logs[i].size && rc == 0; n++)
			rc = mark(v, &v->logs[i], n, n <= sizes[i], news, &old,
				  e);
	free(sizes);
	*right = !old;
	return rc;
}

/* Lines that no batch lists. */
static size_t
unlisted(const struct map *news)
{
	uint8_t sha256[MAP_KEY_LEN];
	size_t at = 0, listed, n = 0;

	while (map_next(news, &at, sha256, &listed))
		n += listed == 0;
	return n;
}

/* Both lists, and how they differ. */
struct lists {
	struct map clear, locked;
	struct map news; /* only in clear */
	struct map gone; /* only locked, listed, and not here */
	bool right; /* of the form, and `news` is what others may declare */
};

static void
free_lists(struct lists *l)
{
	map_free(&l->clear);
	map_free(&l->locked);
	map_free(&l->news);
	map_free(&l->gone);
}

static int
load_lists(struct vault *v, const struct identity *id, struct lists *l,
	   struct err *e)
{
	struct map off = {0};
	bool formed = true;
	int rc = -1;

	if (load_clear(v, &l->clear, &formed, e) != 0 ||
	    load_locked(v, id, &l->locked, e) != 0 ||
	    subtract(&l->clear, &l->locked, &l->news, e) != 0 ||
	    subtract(&l->locked, &l->clear, &off, e) != 0 ||
	    not_here(v, &off, true, &l->gone, e) != 0)
		goto out;
	l->right = true;
	rc = l->news.used == 0 ? 0 : are_new(v, id, &l->news, &l->right, e);
	l->right &= formed;
out:
	map_free(&off);
	return rc;
}

int
absent_check(struct vault *v, const struct identity *id, struct err *e)
{
	struct lists l = {0};
	struct err inner = {0};
	int rc = load_lists(v, id, &l, &inner);

	if (rc != 0 && inner.code == ERR_EVIDENCE) {
		report_add(&v->report, REPORT_DAMAGE, "%s", inner.msg);
		rc = 0;
	} else if (rc != 0) {
		err_set(e, inner.code, "%s", inner.msg);
	} else if (!l.right || (l.gone.used > 0 && l.clear.used == 0)) {
		report_add(&v->report, REPORT_DAMAGE,
			   "local/absent: changed by somebody else");
	} else if (unlisted(&l.news) > 0) {
		report_add(&v->report, REPORT_NOTE,
			   "local/absent: holds what no batch lists: somebody"
			   " who brought batches was interrupted");
	} else if (l.gone.used > 0) {
		report_add(&v->report, REPORT_NOTE,
			   "local/absent: shorter than its owner left it");
	}
	free_lists(&l);
	return rc;
}

int
absent_adopt(struct vault *v, const struct identity *id, struct err *e)
{
	struct lists l = {0};
	struct err inner = {0};
	uint8_t sha256[MAP_KEY_LEN];
	size_t at = 0, listed, len = 0;
	char *text = NULL;
	int rc = load_lists(v, id, &l, &inner);

	if (rc != 0 && inner.code == ERR_UNKNOWN)
		err_set(e, inner.code, "%s", inner.msg);
	else if (rc != 0 || l.news.used == 0 || !l.right)
		rc = 0; /* nothing to take over, or absent_check says so */
	else {
		while (rc == 0 && map_next(&l.news, &at, sha256, &listed))
			rc = listed == 0 ? 0 : map_set(&l.locked, sha256, 1);
		text = text_of(&l.locked, &len);
		rc = rc != 0 || text == NULL
			 ? err_memory(e)
			 : local_write(v, id, locked_path, text, len, e);
	}
	free(text);
	free_lists(&l);
	return rc;
}

/* The clear list, without what no batch lists. */
static int
load_listed(struct vault *v, struct map *out, size_t *had, struct err *e)
{
	struct map all = {0};
	uint8_t sha256[MAP_KEY_LEN];
	size_t at = 0, value, size;
	int rc = load_clear(v, &all, NULL, e);

	while (rc == 0 && map_next(&all, &at, sha256, &value))
		if (vault_object(v, sha256, &size) &&
		    map_set(out, sha256, 1) != 0)
			rc = err_memory(e);
	*had = all.used;
	map_free(&all);
	return rc;
}

int
absent_grow(struct vault *v, const struct identity *id, const struct map *more,
	    struct err *e)
{
	struct map all = {0};
	size_t had, listed;
	int rc = load_listed(v, &all, &had, e);

	listed = all.used;
	if (rc == 0)
		rc = not_here(v, more, false, &all, e);
	if (rc == 0 && all.used > listed)
		rc = write_both(v, id, &all, true, e);
	map_free(&all);
	return rc;
}

int
absent_shrink(struct vault *v, const struct identity *id, size_t *left,
	      struct err *e)
{
	struct map all = {0}, still = {0};
	size_t had = 0;
	int rc = load_listed(v, &all, &had, e);

	if (rc == 0)
		rc = not_here(v, &all, false, &still, e);
	*left = still.used;
	if (rc == 0 && still.used < had)
		rc = write_both(v, id, &still, false, e);
	map_free(&all);
	map_free(&still);
	return rc;
}
