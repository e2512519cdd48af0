#include "repack.h"

#include "hex.h"
#include "journal.h"
#include "packform.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INDEX_MAX (1u << 30) /* bytes of a pack's index that is joined */
#define NAME_LEN 45	     /* "pack-<40 hex>" */

struct pack {
	char name[NAME_LEN + 1];
	uint64_t size;
};

static int
by_size(const void *a, const void *b)
{
	const struct pack *x = a, *y = b;

	return (x->size > y->size) - (x->size < y->size);
}

/* Packs that have an index and nothing else beside them that git made. */
static int
list_packs(struct vault *v, struct pack **list, size_t *n, struct err *e)
{
	char dir[FSUTIL_PATH], path[FSUTIL_PATH], rel[80];
	struct dirent *d;
	struct stat st;
	DIR *folder;
	int rc = 0;

	if (vault_path(v, "objects/pack", dir, e) != 0)
		return -1;
	folder = opendir(dir);
	if (folder == NULL)
		return err_sys(e, "objects/pack");
	while (rc == 0 && (d = readdir(folder)) != NULL) {
		void *p;

		if (strlen(d->d_name) != NAME_LEN + 5 ||
		    strncmp(d->d_name, "pack-", 5) != 0 ||
		    !hex_is(d->d_name + 5, 40) ||
		    strcmp(d->d_name + NAME_LEN, ".pack") != 0)
			continue;
		snprintf(rel, sizeof rel, "%.45s.keep", d->d_name);
		if (fsutil_join(path, dir, rel, e) != 0 || fsutil_exists(path))
			continue;
		if (fsutil_join(path, dir, d->d_name, e) != 0 ||
		    stat(path, &st) != 0)
			continue;
		p = realloc(*list, (*n + 1) * sizeof **list);
		if (p == NULL) {
			rc = err_memory(e);
			break;
		}
		*list = p;
		memcpy((*list)[*n].name, d->d_name, NAME_LEN);
		(*list)[*n].name[NAME_LEN] = '\0';
		(*list)[(*n)++].size = (uint64_t)st.st_size;
	}
	closedir(folder);
	return rc;
}

/* Copy one pack's objects into the new one, each once. */
static int
copy_pack(struct vault *v, const struct pack *p, struct packform_file *to,
	  struct map *have, struct err *e)
{
	char rel[96], path[FSUTIL_PATH], *idx = NULL;
	uint8_t(*ids)[GITFORM_OID_LEN] = NULL, same[GITFORM_OID_LEN];
	size_t len = 0, n = 0, at;
	int rc = -1;

	snprintf(rel, sizeof rel, "objects/pack/%s.idx", p->name);
	if (vault_path(v, rel, path, e) != 0 ||
	    fsutil_read(path, INDEX_MAX, &idx, &len, e) != 0)
		return -1;
	ids = packform_index_ids((const uint8_t *)idx, len, &n);
	if (ids == NULL) {
		err_set(e, ERR_EVIDENCE, "%s.idx: not of the form", p->name);
		goto out;
	}
	rc = 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct gitstore_object o = {0};
		uint8_t key[MAP_KEY_LEN] = {0};
		enum packform_type type;

		memcpy(key, ids[i], GITFORM_OID_LEN);
		if (map_get(have, key, &at))
			continue;
		rc = gitstore_read_any(v->git, ids[i], &type, &o, e);
		if (rc == 0)
			rc =
			    packform_file_add(to, type, o.data, o.len, same, e);
		if (rc == 0 && memcmp(same, ids[i], GITFORM_OID_LEN) != 0)
			rc = err_set(e, ERR_EVIDENCE, "a git object changed");
		gitstore_object_free(&o);
		if (rc == 0 && map_set(have, key, 1) != 0)
			rc = err_memory(e);
	}
out:
	free(ids);
	free(idx);
	return rc;
}

/* How many of the smallest to join: up to one twice as large as all before. */
static size_t
how_many(const struct pack *list, size_t n)
{
	uint64_t sum = list[0].size;
	size_t m = 1;

	while (m < n && (list[m].size < 2 * sum || n - m >= REPACK_MANY))
		sum += list[m++].size;
	return m;
}

static int
join(struct vault *v, const struct pack *list, size_t n, char name[48],
     struct err *e)
{
	struct packform_file *to = NULL;
	struct journal *j = journal_new();
	struct map have = {0};
	char path[FSUTIL_PATH];
	int rc = -1;

	if (j == NULL || vault_path(v, "local/tmp", path, e) != 0 ||
	    fsutil_mkdirs(path, e) != 0 ||
	    (to = packform_file_new(path, e)) == NULL)
		goto out;
	for (size_t i = 0; i < n; i++)
		if (copy_pack(v, &list[i], to, &have, e) != 0)
			goto out;
	if (packform_file_finish(to, name, e) != 0)
		goto out;
	if (journal_joined(j, name) != 0)
		err_memory(e);
	else
		rc = journal_commit(j, v, e);
out:
	packform_file_free(to);
	journal_free(j);
	map_free(&have);
	return rc;
}

int
repack(struct vault *v, struct err *e)
{
	static const char *const endings[] = {"idx", "pack", "rev", "bitmap"};
	struct pack *list = NULL;
	size_t n = 0, m;
	char name[48], rel[96], path[FSUTIL_PATH];
	int rc = -1;

	if (list_packs(v, &list, &n, e) != 0)
		goto out;
	if (n <= REPACK_MANY) {
		rc = 0;
		goto out;
	}
	qsort(list, n, sizeof *list, by_size);
	m = how_many(list, n);
	if (join(v, list, m, name, e) != 0)
		goto out;
	/* the journal is gone: the new pack stays, the old ones are double */
	for (size_t i = 0; i < m; i++)
		for (size_t k = 0; k < 4; k++) {
			snprintf(rel, sizeof rel, "objects/pack/%s.%s",
				 list[i].name, endings[k]);
			if (strcmp(list[i].name, name) != 0 &&
			    vault_path(v, rel, path, e) == 0)
				unlink(path);
		}
	rc = gitstore_refresh(v->git, e);
out:
	free(list);
	return rc;
}
