#include "journal.h"

#include "cold.h"
#include "freshdir.h"
#include "hex.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOURNAL_MAX (1u << 30) /* bytes */

struct journal {
	char *text; /* "object <hex>", "pack <name>", "branch <name> <oid>" */
	size_t len, cap;
};

struct journal *
journal_new(void)
{
	return calloc(1, sizeof(struct journal));
}

void
journal_free(struct journal *j)
{
	if (j == NULL)
		return;
	free(j->text);
	free(j);
}

static int
add(struct journal *j, const char *a, const char *b, const char *c)
{
	size_t need = strlen(a) + strlen(b) + strlen(c) + 3;

	if (j->len + need + 1 > j->cap) {
		size_t cap = (j->len + need + 1) * 2;
		char *p = realloc(j->text, cap);

		if (p == NULL)
			return -1;
		j->text = p;
		j->cap = cap;
	}
	j->len += (size_t)sprintf(j->text + j->len, "%s %s%s%s\n", a, b,
				  c[0] != '\0' ? " " : "", c);
	return 0;
}

int
journal_object(struct journal *j, const uint8_t sha256[HASH_LEN])
{
	char hex[65];

	hex_encode(sha256, HASH_LEN, hex);
	return add(j, "object", hex, "");
}

int
journal_pack(struct journal *j, const char *name)
{
	return add(j, "pack", name, "");
}

int
journal_joined(struct journal *j, const char *name)
{
	return add(j, "joined", name, "");
}

int
journal_branch(struct journal *j, const char *branch,
	       const uint8_t commit[GITFORM_OID_LEN])
{
	char hex[41];

	hex_encode(commit, GITFORM_OID_LEN, hex);
	return add(j, "branch", branch, hex);
}

/* Flush everything written to the vault's file system. */
static int
flush(const struct vault *v, struct err *e)
{
	int fd = open(v->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return err_sys(e, "the vault's folder");
	if (syncfs(fd) != 0)
		rc = err_sys(e, "flushing the vault to disk");
	close(fd);
	return rc;
}

typedef int line_fn(struct vault *v, const char *word, const char *a,
		    const char *b, void *ctx, struct err *e);

/* Go through a journal's lines. */
static int
each_line(struct vault *v, const char *text, line_fn *fn, void *ctx,
	  struct err *e)
{
	for (const char *p = text; *p != '\0';) {
		const char *lf = strchr(p, '\n');
		char word[8] = "", a[128] = "", b[64] = "";

		if (lf == NULL)
			break; /* half a line: its file was never placed */
		if (sscanf(p, "%7s %127s %63s", word, a, b) >= 2 &&
		    fn(v, word, a, b, ctx, e) != 0)
			return -1;
		p = lf + 1;
	}
	return 0;
}

static int
rename_into(struct vault *v, const char *tmp, const char *to, struct err *e)
{
	char from[FSUTIL_PATH];

	if (vault_path(v, tmp, from, e) != 0)
		return -1;
	if (rename(from, to) != 0)
		return err_sys(e, "placing a file of the vault");
	return 0;
}

/* Give one file its place. */
static int
place(struct vault *v, const char *word, const char *a, const char *b,
      void *ctx, struct err *e)
{
	static const char *const endings[] = {"pack", "idx"};
	char tmp[160], rel[160], to[FSUTIL_PATH], *slash;
	uint8_t sha256[HASH_LEN];

	(void)b;
	(void)ctx;
	if (strcmp(word, "object") == 0) {
		if (strlen(a) != 64 || hex_decode(a, HASH_LEN, sha256) != 0 ||
		    vault_object_path(v, sha256, to, e) != 0)
			return err_set(e, ERR_UNKNOWN, "the journal");
		slash = strrchr(to, '/');
		*slash = '\0';
		if (fsutil_mkdirs(to, e) != 0)
			return -1;
		*slash = '/';
		snprintf(tmp, sizeof tmp, "local/tmp/%s", a);
		return rename_into(v, tmp, to, e);
	}
	if (strcmp(word, "pack") != 0 && strcmp(word, "joined") != 0)
		return 0;
	for (size_t i = 0; i < 2; i++) {
		snprintf(tmp, sizeof tmp, "local/tmp/%s.%s", a, endings[i]);
		snprintf(rel, sizeof rel, "objects/pack/%s.%s", a, endings[i]);
		if (vault_path(v, rel, to, e) != 0 ||
		    rename_into(v, tmp, to, e) != 0)
			return -1;
	}
	return 0;
}

/*
 * Point a branch at its commit. libgit2 would do it through a lock file beside
 * the branch, which a power cut leaves there for ever; the vault's own lock is
 * held, and a rename is atomic.
 */
static int
move_branch(struct vault *v, const char *word, const char *a, const char *b,
	    void *ctx, struct err *e)
{
	char rel[160], tmp[FSUTIL_PATH], path[FSUTIL_PATH], line[48];

	(void)ctx;
	if (strcmp(word, "branch") != 0)
		return 0;
	if (strlen(b) != 40 || !hex_is(b, 40))
		return err_set(e, ERR_UNKNOWN, "the journal");
	snprintf(line, sizeof line, "%s\n", b);
	snprintf(rel, sizeof rel, "refs/heads/%s", a);
	if (vault_path(v, rel, path, e) != 0 ||
	    vault_path(v, "local/tmp/branch", tmp, e) != 0 ||
	    fsutil_write(tmp, line, strlen(line), e) != 0)
		return -1;
	if (rename(tmp, path) != 0)
		return err_sys(e, "a branch");
	return vault_path(v, "refs/heads", path, e) != 0
		   ? -1
		   : fsutil_sync_dir(path, e);
}

/* "pack-<40 hex>", so that a forged journal names no file elsewhere. */
static bool
is_pack(const char *name)
{
	return strlen(name) == 45 && strncmp(name, "pack-", 5) == 0 &&
	       hex_is(name + 5, 40);
}

/* Is what this line added part of the vault? Else remove it. */
static int
take_back(struct vault *v, const char *word, const char *a, const char *b,
	  void *ctx, struct err *e)
{
	const bool *moved = ctx;
	char rel[160], path[FSUTIL_PATH];
	uint8_t sha256[HASH_LEN];
	size_t size;

	(void)b;
	if (strcmp(word, "object") == 0) {
		if (strlen(a) != 64 || hex_decode(a, HASH_LEN, sha256) != 0 ||
		    vault_object(v, sha256, &size))
			return 0;
		/* what cannot be looked up may be listed */
		if (cold_check(v->cold, e) != 0 ||
		    vault_object_path(v, sha256, path, e) != 0)
			return -1;
		unlink(path);
	} else if (strcmp(word, "pack") == 0 && !*moved && is_pack(a)) {
		snprintf(rel, sizeof rel, "objects/pack/%s.idx", a);
		if (vault_path(v, rel, path, e) != 0)
			return -1;
		unlink(path);
		strcpy(strrchr(path, '.'), ".pack");
		unlink(path);
	}
	return 0;
}

/*
 * Has any of the branches moved already? Then the pack is needed. The branch's
 * own file says so; whatever is in doubt counts as moved.
 */
static int
has_moved(struct vault *v, const char *word, const char *a, const char *b,
	  void *ctx, struct err *e)
{
	bool *moved = ctx;
	char rel[160], path[FSUTIL_PATH], *text = NULL;
	size_t len = 0;

	if (strcmp(word, "branch") != 0)
		return 0;
	snprintf(rel, sizeof rel, "refs/heads/%s", a);
	if (vault_path(v, rel, path, e) != 0)
		return -1;
	if (!fsutil_exists(path))
		return 0; /* a new branch that never came to be */
	if (fsutil_read(path, 4096, &text, &len, NULL) != 0 || len != 41 ||
	    strncmp(text, b, 40) == 0)
		*moved = true;
	free(text);
	for (size_t i = 0; i < v->n_logs; i++)
		*moved |= v->logs[i].size != v->logs[i].length ||
			  v->logs[i].length == 0;
	return 0;
}

static int
clear(struct vault *v, const char *text, struct err *e)
{
	char path[FSUTIL_PATH];
	bool moved = false;

	if (each_line(v, text, has_moved, &moved, e) != 0 ||
	    each_line(v, text, take_back, &moved, e) != 0 ||
	    vault_path(v, "local/journal", path, e) != 0)
		return -1;
	unlink(path);
	return gitstore_refresh(v->git, e);
}

int
journal_objects(struct vault *v, struct map *objects, struct err *e)
{
	char path[FSUTIL_PATH], *text = NULL, *save = NULL;
	size_t len = 0;
	int rc = 0;

	if (vault_path(v, "local/journal", path, e) != 0)
		return -1;
	if (!fsutil_exists(path))
		return 0;
	if (fsutil_read(path, JOURNAL_MAX, &text, &len, e) != 0)
		return -1;
	for (char *l = strtok_r(text, "\n", &save); l != NULL && rc == 0;
	     l = strtok_r(NULL, "\n", &save)) {
		uint8_t sha256[HASH_LEN];

		if (strlen(l) == 7 + 64 && strncmp(l, "object ", 7) == 0 &&
		    hex_decode(l + 7, HASH_LEN, sha256) == 0)
			rc = map_set(objects, sha256, 1);
	}
	free(text);
	return rc == 0 ? 0 : err_memory(e);
}

/* Files of local/ that were being replaced. */
static int
sweep_new(const struct vault *v, struct err *e)
{
	char path[FSUTIL_PATH], file[FSUTIL_PATH];
	struct dirent *d;
	DIR *list;
	int rc = 0;

	if (vault_path(v, "local", path, e) != 0)
		return -1;
	list = opendir(path);
	if (list == NULL)
		return errno == ENOENT ? 0 : err_sys(e, "local");
	while (rc == 0 && (d = readdir(list)) != NULL) {
		size_t n = strlen(d->d_name);

		if (n > 4 && strcmp(d->d_name + n - 4, ".new") == 0 &&
		    fsutil_join(file, path, d->d_name, e) == 0 &&
		    unlink(file) != 0 && errno != ENOENT)
			rc = err_sys(e, "a file that was not finished");
	}
	closedir(list);
	return rc;
}

int
journal_recover(struct vault *v, struct err *e)
{
	char path[FSUTIL_PATH], *text = NULL;
	size_t len = 0;
	int rc = 0;

	if (vault_path(v, "local/journal", path, e) != 0)
		return -1;
	if (fsutil_exists(path)) {
		if (fsutil_read(path, JOURNAL_MAX, &text, &len, e) != 0)
			return -1;
		rc = clear(v, text, e);
		free(text);
	}
	if (rc != 0 || vault_path(v, "local/tmp", path, e) != 0)
		return -1;
	freshdir_settle(v->dir);
	if (sweep_new(v, e) != 0)
		return -1;
	return fsutil_remove_all(path, e);
}

int
journal_commit(struct journal *j, struct vault *v, struct err *e)
{
	char path[FSUTIL_PATH];
	struct err inner = {0};

	if (vault_path(v, "local/journal", path, e) != 0 || flush(v, e) != 0 ||
	    fsutil_write(path, j->text, j->len, e) != 0)
		return -1;
	if (each_line(v, j->text, place, NULL, e) != 0 || flush(v, e) != 0 ||
	    gitstore_refresh(v->git, e) != 0 ||
	    each_line(v, j->text, move_branch, NULL, e) != 0) {
		/* the branch may have moved all the same: look */
		if (vault_load(v, false, &inner) == 0)
			(void)clear(v, j->text, &inner);
		return -1;
	}
	if (unlink(path) != 0)
		return err_sys(e, "local/journal");
	/* what comes after may rest on the journal being gone */
	return vault_path(v, "local", path, e) == 0 ? fsutil_sync_dir(path, e)
						    : -1;
}
