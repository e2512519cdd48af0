#include "extract_many.h"

#include "newfile.h"
#include "pool.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH 16	      /* files that are opened at a time */
#define GROUP 200	      /* files that get their names together */
#define ALONE_MAX (64u << 20) /* bytes: larger ones take all cores each */

_Static_assert(DEPTH + GROUP < NEWFILE_MAX, "unfinished files");

/* A file that is whole and has no name yet. */
struct whole {
	const struct index_entry *en;
	struct newfile *f;
	char *path;
};

struct extract_many {
	struct index *x;
	extract_told *told;
	void *ctx;
	struct pool *pool;
	struct whole group[GROUP];
	size_t n;
	struct map pending; /* paths that are not named yet */
	uint64_t done;	    /* files, for progress */
};

/* A version with one file. */
struct job {
	struct pool_job job; /* first */
	struct extract_many *m;
	const struct index_entry *en;
	struct gitstore_object file; /* the entry, as git holds it */
	struct newfile *f;
	char *path;
	struct err failed;
};

struct extract_many *
extract_many_new(struct index *x, extract_told *told, void *ctx, struct err *e)
{
	struct extract_many *m = calloc(1, sizeof *m);

	if (m == NULL) {
		err_memory(e);
		return NULL;
	}
	m->x = x;
	m->told = told;
	m->ctx = ctx;
	m->pool = pool_new(DEPTH, e);
	if (m->pool != NULL)
		return m;
	free(m);
	return NULL;
}

void
extract_many_free(struct extract_many *m)
{
	if (m == NULL)
		return;
	pool_free(m->pool);
	for (size_t i = 0; i < m->n; i++) {
		newfile_abort(m->group[i].f);
		free(m->group[i].path);
	}
	map_free(&m->pending);
	free(m);
}

/* Name those that are whole, and tell of them. */
static void
name_group(struct extract_many *m)
{
	struct newfile *list[GROUP];
	struct err failed = {0};

	for (size_t i = 0; i < m->n; i++)
		list[i] = m->group[i].f;
	if (m->n > 0)
		(void)newfile_commit_all(list, m->n, &failed);
	for (size_t i = 0; i < m->n; i++) {
		m->told(m->ctx, m->group[i].en, m->group[i].path,
			failed.code != ERR_NONE ? &failed : NULL);
		free(m->group[i].path);
	}
	m->n = 0;
}

static int
to_fd(void *ctx, const void *bytes, size_t len, struct err *e)
{
	return fsutil_write_all(*(int *)ctx, bytes, len, e);
}

static int
work(struct pool_job *p, struct err *e)
{
	struct job *j = (struct job *)p;
	struct index *x = j->m->x;
	struct entry opened = {0};
	int fd = newfile_fd(j->f);

	(void)e; /* what is wrong with one is told, and the rest goes on */
	if (j->failed.code == ERR_NONE &&
	    entry_open(j->file.data, j->file.len, index_key(x, j->en->key),
		       &opened, &j->failed) == 0 &&
	    extract_alone(
		x, &opened,
		json_array_get(json_object_get(opened.doc, "files"), 0), NULL,
		to_fd, &fd, &j->failed) == 0)
		/* the disk may begin; name_group waits for it */
		(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	entry_free(&opened);
	return 0;
}

static int
done(struct pool_job *p, struct err *e)
{
	struct job *j = (struct job *)p;
	struct extract_many *m = j->m;
	struct vault *v = m->x->v;

	(void)e;
	m->done++;
	if (v->progress != NULL)
		v->progress(v->progress_ctx, "opening files", m->done, 0);
	if (m->n == GROUP)
		name_group(m);
	if (j->failed.code != ERR_NONE) {
		name_group(m); /* those before it are told first */
		newfile_abort(j->f);
		j->f = NULL;
		m->told(m->ctx, j->en, j->path, &j->failed);
		return 0;
	}
	m->group[m->n++] = (struct whole){j->en, j->f, j->path};
	j->f = NULL;
	j->path = NULL;
	return 0;
}

static void
drop(struct pool_job *p)
{
	struct job *j = (struct job *)p;

	gitstore_object_free(&j->file);
	newfile_abort(j->f);
	free(j->path);
	free(j);
}

static const struct pool_kind kind = {work, done, drop};

int
extract_many_finish(struct extract_many *m, struct err *e)
{
	int rc = pool_drain(m->pool, e);

	name_group(m);
	map_free(&m->pending);
	memset(&m->pending, 0, sizeof m->pending);
	return rc;
}

/* One file after the other, when all before them have been told. */
static int
put_slowly(struct extract_many *m, const struct index_entry *en,
	   const char *folder, struct err *e)
{
	struct entry opened = {0};
	struct err failed = {0};
	size_t i;
	json_t *f;

	if (extract_many_finish(m, e) != 0)
		return -1;
	if (fsutil_mkdirs(folder, &failed) != 0 ||
	    index_entry_open(m->x, en, &opened, &failed) != 0)
		m->told(m->ctx, en, "", &failed);
	json_array_foreach (json_object_get(opened.doc, "files"), i, f) {
		char path[FSUTIL_PATH] = "";
		int rc;

		err_clear(&failed);
		rc = extract_to(m->x, &opened, f, folder, path, &failed);
		m->told(m->ctx, en, path, rc == 0 ? NULL : &failed);
	}
	entry_free(&opened);
	return 0;
}

/* A job for the one file of a version, which is open to be written. */
static struct job *
new_job(struct extract_many *m, const struct index_entry *en, const char *path,
	struct newfile *f)
{
	struct job *j = calloc(1, sizeof *j);
	uint8_t key[MAP_KEY_LEN];

	map_key_text(path, key);
	if (j == NULL || (j->path = strdup(path)) == NULL ||
	    map_set(&m->pending, key, 1) != 0) {
		if (j != NULL)
			free(j->path);
		free(j);
		return NULL;
	}
	j->job.kind = &kind;
	j->m = m;
	j->en = en;
	j->f = f;
	return j;
}

static int
put_one(struct extract_many *m, const struct index_entry *en,
	const json_t *file, const char *folder, struct err *e)
{
	char path[FSUTIL_PATH] = "";
	uint8_t key[MAP_KEY_LEN];
	struct err failed = {0};
	struct newfile *f = NULL;
	struct job *j;
	size_t at;

	if (fsutil_mkdirs(folder, &failed) == 0 &&
	    extract_place(file, folder, path, &failed) == 0) {
		map_key_text(path, key);
		if (map_get(&m->pending, key, &at) &&
		    extract_many_finish(m, e) != 0)
			return -1;
		f = newfile_open(path, &failed);
	}
	if (f == NULL) {
		if (extract_many_finish(m, e) != 0)
			return -1;
		m->told(m->ctx, en, path, &failed);
		return 0;
	}
	j = new_job(m, en, path, f);
	if (j == NULL) {
		newfile_abort(f);
		return err_memory(e);
	}
	(void)index_entry_file(m->x, en, &j->file, &j->failed);
	return pool_put(m->pool, &j->job, e);
}

int
extract_many_put(struct extract_many *m, const struct index_entry *en,
		 const char *folder, struct err *e)
{
	json_t *doc = index_doc(en), *files = json_object_get(doc, "files");
	const json_t *file = json_array_get(files, 0);
	json_int_t size = json_integer_value(json_object_get(file, "size"));
	int rc;

	if (json_array_size(files) != 1 || size > (json_int_t)ALONE_MAX)
		rc = put_slowly(m, en, folder, e);
	else
		rc = put_one(m, en, file, folder, e);
	json_decref(doc);
	return rc;
}
