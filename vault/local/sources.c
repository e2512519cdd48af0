#include "sources.h"

#include "cold_write.h"
#include "hex.h"

#include <dirent.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* What linux/magic.h lacks. */
#define MAGIC_XFS 0x58465342
#define MAGIC_ZFS 0x2fc12fc1
#define MAGIC_BCACHEFS 0xca451a4e

/*
 * A file of the list: a head, then rows of one length, sorted, then zeros. A
 * row lies in one chunk of the age file.
 */
#define HEAD_LEN 128 /* bytes */
#define ROW_LEN 64   /* bytes */
#define KEY_LEN 16   /* bytes: of the folder's path 8, of the name 8 */
#define STAT_AT KEY_LEN
#define STAT_LEN 16 /* bytes of the hash of all that must be the same */
#define HASH_AT (STAT_AT + STAT_LEN)
_Static_assert(HASH_AT + HASH_LEN == ROW_LEN, "a row");

#define PARTS_MAX 32 /* files */
#define FEW 3000     /* rows that fit into the shortest file */

struct part {
	char name[HEX_ID_LEN + 1];
	struct agepages *file;
	uint64_t n; /* rows */
};

struct sources {
	struct vault *v;
	const struct identity *id;
	char dir[FSUTIL_PATH];
	bool at_home; /* this machine keeps things of its own for the vault */
	struct agepages_pool *pool;
	struct part parts[PARTS_MAX]; /* those with fewer rows first */
	size_t n_parts;
	struct cold_list noted;
	dev_t dev; /* the last file system that was looked at */
	bool dev_known, dev_keeps;
};

static size_t
make_head(const struct sources *s, uint64_t n, uint8_t head[HEAD_LEN])
{
	memset(head, 0, HEAD_LEN);
	cold_put(head + HEAD_LEN - 8, 8, n);
	return (size_t)snprintf((char *)head, HEAD_LEN - 8,
				"muniment sources 1\nvault %s\n", s->v->id);
}

/* -- reading -- */

/* False: it is damaged, another vault's, or another person's. */
static bool
open_part(struct sources *s, struct part *p, const char *path)
{
	struct agefile_identity key = {AGEKEY_X25519, identity_local(s->id)};
	uint8_t head[HEAD_LEN], want[HEAD_LEN];

	p->file = agepages_open(path, s->pool, &key, NULL);
	if (p->file == NULL ||
	    agepages_read(p->file, 0, head, sizeof head, NULL) != 0)
		return false;
	p->n = cold_get(head + HEAD_LEN - 8, 8);
	make_head(s, p->n, want);
	return memcmp(head, want, sizeof head) == 0 &&
	       p->n <= (agepages_size(p->file) - HEAD_LEN) / ROW_LEN;
}

static int
by_rows(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	return x->n != y->n ? (x->n > y->n) - (x->n < y->n)
			    : strcmp(x->name, y->name);
}

static bool
is_part(const char *name)
{
	return strlen(name) == HEX_ID_LEN + 4 && hex_is(name, HEX_ID_LEN) &&
	       strcmp(name + HEX_ID_LEN, ".age") == 0;
}

static void
open_parts(struct sources *s)
{
	DIR *d = opendir(s->dir);
	struct dirent *f;

	while (d != NULL && (f = readdir(d)) != NULL &&
	       s->n_parts < PARTS_MAX) {
		struct part *p = &s->parts[s->n_parts];
		char path[FSUTIL_PATH];

		if (!is_part(f->d_name) ||
		    fsutil_join(path, s->dir, f->d_name, NULL) != 0)
			continue;
		memset(p, 0, sizeof *p);
		memcpy(p->name, f->d_name, HEX_ID_LEN);
		if (open_part(s, p, path))
			s->n_parts++;
		else
			agepages_close(p->file);
	}
	if (d != NULL)
		closedir(d);
	qsort(s->parts, s->n_parts, sizeof *s->parts, by_rows);
}

struct sources *
sources_open(struct vault *v, const struct identity *id)
{
	struct sources *s = calloc(1, sizeof *s);
	char path[FSUTIL_PATH];

	if (s == NULL)
		return NULL;
	s->v = v;
	s->id = id;
	s->noted.width = ROW_LEN;
	s->pool = agepages_pool_new();
	if (s->pool == NULL || vault_path(v, "local/sources", s->dir, NULL) ||
	    vault_path(v, "local/device.age", path, NULL) != 0) {
		sources_free(s);
		return NULL;
	}
	s->at_home = fsutil_exists(path);
	open_parts(s);
	return s;
}

static void
close_parts(struct sources *s)
{
	for (size_t i = 0; i < s->n_parts; i++)
		agepages_close(s->parts[i].file);
	s->n_parts = 0;
}

void
sources_free(struct sources *s)
{
	if (s == NULL)
		return;
	close_parts(s);
	agepages_pool_free(s->pool);
	free(s->noted.rows);
	free(s);
}

/* -- one file -- */

/* Do inode numbers stay there, and does the kernel itself keep both times? */
static bool
keeps_times(struct sources *s, const char *path, dev_t dev)
{
	static const uint32_t known[] = {
	    EXT4_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
	    F2FS_SUPER_MAGIC, TMPFS_MAGIC,
	    MAGIC_XFS,	      MAGIC_ZFS,
	    MAGIC_BCACHEFS,   OVERLAYFS_SUPER_MAGIC};
	struct statfs fs;

	if (s->dev_known && s->dev == dev)
		return s->dev_keeps;
	s->dev = dev;
	s->dev_known = true;
	s->dev_keeps = false;
	for (size_t i = 0;
	     statfs(path, &fs) == 0 && i < sizeof known / sizeof *known; i++)
		s->dev_keeps |= (uint32_t)fs.f_type == known[i];
	return s->dev_keeps;
}

/* Files of one folder lie side by side. */
static void
make_key(const char *case_id, const char *path, const struct stat *st,
	 uint8_t row[HASH_AT])
{
	const char *name = strrchr(path, '/');
	size_t folder = name != NULL ? (size_t)(name - path) : 0;
	uint8_t digest[HASH_LEN], numbers[56];
	uint64_t list[] = {
	    (uint64_t)st->st_dev,	   (uint64_t)st->st_ino,
	    (uint64_t)st->st_size,	   (uint64_t)st->st_mtim.tv_sec,
	    (uint64_t)st->st_mtim.tv_nsec, (uint64_t)st->st_ctim.tv_sec,
	    (uint64_t)st->st_ctim.tv_nsec};

	_Static_assert(sizeof numbers == sizeof list, "each in eight bytes");
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		cold_put(numbers + 8 * i, 8, list[i]);
	hash_prefixed(0, case_id, strlen(case_id), path, folder, digest);
	memcpy(row, digest, 8);
	hash_prefixed(1, case_id, strlen(case_id), path, strlen(path), digest);
	memcpy(row + 8, digest, 8);
	hash_prefixed(2, digest, sizeof digest, numbers, sizeof numbers,
		      digest);
	memcpy(row + STAT_AT, digest, STAT_LEN);
}

static bool
read_row(const struct part *p, uint64_t i, uint8_t row[ROW_LEN])
{
	return agepages_read(p->file, HEAD_LEN + i * ROW_LEN, row, ROW_LEN,
			     NULL) == 0;
}

static bool
find_in(const struct part *p, const uint8_t key[HASH_AT], uint8_t row[ROW_LEN])
{
	uint64_t low = 0, high = p->n;

	while (low < high) {
		uint64_t mid = low + (high - low) / 2;

		if (!read_row(p, mid, row))
			return false;
		if (memcmp(row, key, HASH_AT) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < p->n && read_row(p, low, row) &&
	       memcmp(row, key, HASH_AT) == 0;
}

bool
sources_find(struct sources *s, const char *case_id, const char *path,
	     const struct stat *st, uint8_t sha256[HASH_LEN])
{
	uint8_t key[HASH_AT], row[ROW_LEN];

	if (s == NULL || s->n_parts == 0 || !keeps_times(s, path, st->st_dev))
		return false;
	make_key(case_id, path, st, key);
	for (size_t i = 0; i < s->n_parts; i++) {
		if (!find_in(&s->parts[i], key, row))
			continue;
		memcpy(sha256, row + HASH_AT, HASH_LEN);
		return true;
	}
	return false;
}

/* Had it been left alone for long enough when it was read? */
static bool
is_settled(const struct stat *st, const struct timespec *began)
{
	time_t last = began->tv_sec - SOURCES_SETTLED;

	return st->st_mtim.tv_sec < last && st->st_ctim.tv_sec < last;
}

void
sources_note(struct sources *s, const char *case_id, const char *path,
	     const struct stat *st, const struct timespec *began,
	     const uint8_t sha256[HASH_LEN])
{
	uint8_t *row;

	if (s == NULL || !is_settled(st, began) ||
	    !keeps_times(s, path, st->st_dev))
		return;
	row = cold_list_add(&s->noted);
	if (row == NULL)
		return;
	make_key(case_id, path, st, row);
	memcpy(row + HASH_AT, sha256, HASH_LEN);
}

/* -- writing -- */

/* A run of rows that is read from its start on: noted ones, or a part's. */
struct run {
	const struct part *part; /* or NULL: */
	const struct cold_list *list;
	uint64_t i, n;
	uint8_t row[ROW_LEN];
};

/* The row that it stands at. What cannot be read ends it. */
static void
look(struct run *r)
{
	if (r->i < r->n && r->part == NULL)
		memcpy(r->row, r->list->rows + r->i * ROW_LEN, ROW_LEN);
	else if (r->i < r->n && !read_row(r->part, r->i, r->row))
		r->n = r->i;
}

/* The run with the least row, the newest first of equals; NULL at the end. */
static struct run *
least(struct run *runs, size_t n)
{
	struct run *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (runs[i].i < runs[i].n &&
		    (best == NULL ||
		     memcmp(runs[i].row, best->row, KEY_LEN) < 0))
			best = &runs[i];
	return best;
}

/* Write the rows of all runs, of each path only the newest; or count them. */
static uint64_t
merge(struct run *runs, size_t n, struct cold_writer *w, struct err *e)
{
	uint8_t last[KEY_LEN] = {0};
	uint64_t rows = 0;
	struct run *r;

	for (size_t i = 0; i < n; i++) {
		runs[i].i = 0;
		look(&runs[i]);
	}
	while ((r = least(runs, n)) != NULL) {
		if (rows == 0 || memcmp(r->row, last, KEY_LEN) != 0) {
			memcpy(last, r->row, KEY_LEN);
			rows++;
			if (w != NULL && cold_write(w, r->row, ROW_LEN, e) != 0)
				return UINT64_MAX;
		}
		r->i++;
		look(r);
	}
	return rows;
}

/*
 * How many parts are joined with `n` new rows: those that are not much longer
 * than what is written anyway, so that a row is written a few times at most
 * however long the list becomes.
 */
static size_t
parts_to_join(const struct sources *s, uint64_t n)
{
	size_t k = 0;

	while (k < s->n_parts &&
	       (s->parts[k].n <= FEW || s->parts[k].n <= 2 * n ||
		s->n_parts - k > PARTS_MAX / 2))
		n += s->parts[k++].n;
	return k;
}

static int
write_part(struct sources *s, size_t joined, struct err *e)
{
	struct run runs[PARTS_MAX + 1] = {{.list = &s->noted, .n = s->noted.n}};
	char name[HEX_ID_LEN + 1];
	uint8_t head[HEAD_LEN];
	struct cold_writer *w;
	int rc = -1;

	for (size_t i = 0; i < joined; i++)
		runs[i + 1] =
		    (struct run){.part = &s->parts[i], .n = s->parts[i].n};
	cold_name_new(name);
	w = cold_writer_new(s->dir, name, &s->id->local_pub, e);
	if (w == NULL)
		return -1;
	make_head(s, merge(runs, joined + 1, NULL, e), head);
	if (cold_write(w, head, sizeof head, e) == 0 &&
	    merge(runs, joined + 1, w, e) != UINT64_MAX &&
	    cold_pad(w, e) == 0 && cold_writer_commit(w, e) == 0)
		rc = 0;
	cold_writer_free(w);
	return rc;
}

/*
 * Remove all but the parts that stay: those that went into the new one, those
 * that nobody can read, and what a command left that was killed.
 */
static void
sweep(const struct sources *s, char (*old)[HEX_ID_LEN + 5], size_t n,
      size_t joined)
{
	DIR *d = opendir(s->dir);

	for (size_t i = 0; d != NULL && i < n; i++) {
		bool stays = false;

		for (size_t k = joined; k < s->n_parts && !stays; k++)
			stays =
			    strncmp(old[i], s->parts[k].name, HEX_ID_LEN) == 0;
		if (!stays)
			(void)unlinkat(dirfd(d), old[i], 0);
	}
	if (d != NULL)
		closedir(d);
}

/* The names that are there now; how many. */
static size_t
list_names(const struct sources *s, char (**names)[HEX_ID_LEN + 5])
{
	DIR *d = opendir(s->dir);
	struct dirent *f;
	size_t n = 0;

	*names = NULL;
	while (d != NULL && (f = readdir(d)) != NULL) {
		void *p;

		if (f->d_name[0] == '.' || strlen(f->d_name) > HEX_ID_LEN + 4)
			continue;
		p = realloc(*names, (n + 1) * sizeof **names);
		if (p == NULL)
			break;
		*names = p;
		strcpy((*names)[n++], f->d_name);
	}
	if (d != NULL)
		closedir(d);
	return n;
}

void
sources_save(struct sources *s, bool added)
{
	char(*old)[HEX_ID_LEN + 5];
	struct err e = {0};
	size_t n, joined;

	if (s == NULL || s->noted.n == 0 || (!added && !s->at_home))
		return;
	cold_list_sort(&s->noted);
	joined = parts_to_join(s, s->noted.n);
	if (fsutil_mkdirs(s->dir, &e) == 0) {
		n = list_names(s, &old);
		if (write_part(s, joined, &e) == 0)
			sweep(s, old, n, joined);
		free(old);
	}
	if (e.code != ERR_NONE)
		report_add(&s->v->report, REPORT_NOTE,
			   "local/sources: cannot be kept: %s", e.msg);
	s->noted.n = 0;
}
