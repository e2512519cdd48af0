#include "gitstore.h"

#include "fsutil.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(GITFORM_OID_LEN == GIT_OID_RAWSZ, "object ids");
_Static_assert(PACKFORM_BLOB == (int)GIT_OBJECT_BLOB, "object types");

const char gitstore_head[] = "ref: refs/heads/main\n";
const char gitstore_config[] = "[core]\n"
			       "\trepositoryformatversion = 0\n"
			       "\tfilemode = true\n"
			       "\tbare = true\n"
			       "\tlogAllRefUpdates = false\n"
			       "\thooksPath = /dev/null\n"
			       "\tfsync = all\n"
			       "\tbigFileThreshold = 1k\n"
			       "[gc]\n"
			       "\tauto = 0\n"
			       "\tpruneExpire = never\n"
			       "\treflogExpire = never\n"
			       "\tcruftPacks = false\n"
			       "[maintenance]\n"
			       "\tauto = false\n"
			       "[fetch]\n"
			       "\tfsckObjects = true\n"
			       "[receive]\n"
			       "\tautogc = false\n"
			       "\tdenyDeletes = true\n"
			       "\tdenyNonFastForwards = true\n"
			       "\tfsckObjects = true\n"
			       "[pack]\n"
			       "\tdeltaCacheSize = 1\n"
			       "[lfs]\n"
			       "\trepositoryformatversion = 0\n"
			       "\tpruneremotetocheck = none\n";

#define CONFIG_MAX (1u << 20) /* bytes */
/*
 * A pack is seen through mapped windows. When they are too many, libgit2 1.5
 * takes the one away that was used last: so there is room for one and a half,
 * and one is large enough for the entries of a few batches.
 */
#define WINDOW (32u << 20)	   /* bytes */
#define WINDOWS_MAPPED (48u << 20) /* bytes of all of them */
#define WINDOW_FILES 100u	   /* open packs */

struct gitstore {
	git_repository *repo;
	git_odb *odb;
	size_t max; /* bytes of an object; 0: any */
};

/* Turn libgit2's last error into ours. */
static int
fail(struct err *e, enum err_code code, const char *what)
{
	const git_error *g = git_error_last();
	const char *m = g != NULL && g->message != NULL ? g->message : "failed";
	char text[300];

	return err_set(e, code, "%s: %s", what,
		       err_escape(text, sizeof text, m, strlen(m)));
}

/* Once, before anything else: isolation, durability, bounded mappings. */
static int
start(struct err *e)
{
	static bool started;
	static const int levels[] = {
	    GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG,
	    GIT_CONFIG_LEVEL_GLOBAL, GIT_CONFIG_LEVEL_PROGRAMDATA};

	if (started)
		return 0;
	if (git_libgit2_init() < 0)
		return fail(e, ERR_UNKNOWN, "libgit2");
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
		if (git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "") <
		    0)
			return fail(e, ERR_UNKNOWN, "libgit2");
	if (git_libgit2_opts(GIT_OPT_SET_TEMPLATE_PATH, "") < 0 ||
	    git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1) < 0 ||
	    git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0) < 0 ||
	    /* gitstore_read_any does it, at a tenth of the time */
	    git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0) < 0 ||
	    git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, (size_t)WINDOW) < 0 ||
	    git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT,
			     (size_t)WINDOWS_MAPPED) < 0 ||
	    git_libgit2_opts(GIT_OPT_SET_MWINDOW_FILE_LIMIT,
			     (size_t)WINDOW_FILES) < 0)
		return fail(e, ERR_UNKNOWN, "libgit2");
	started = true;
	return 0;
}

int
gitstore_init(const char *dir, struct err *e)
{
	static const char *const folders[] = {"objects/pack", "refs/heads",
					      "lfs/objects", "local"};
	char path[FSUTIL_PATH];

	if (!fsutil_is_free(dir)) {
		char name[300];

		return err_set(e, ERR_UNKNOWN, "%s: is there and not empty",
			       err_escape(name, sizeof name, dir, strlen(dir)));
	}
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (fsutil_join(path, dir, folders[i], e) != 0 ||
		    fsutil_mkdirs(path, e) != 0)
			return -1;
	if (fsutil_join(path, dir, "config", e) != 0 ||
	    fsutil_write(path, gitstore_config, strlen(gitstore_config), e) !=
		0 ||
	    fsutil_join(path, dir, "HEAD", e) != 0 ||
	    fsutil_write(path, gitstore_head, strlen(gitstore_head), e) != 0)
		return -1;
	return 0;
}

/*
 * Does a pack's index have room for as many objects as it says? libgit2 1.5
 * multiplies that number in 32 bits, and reads beyond the end. -1 with `e`
 * filled: no (ERR_EVIDENCE), or it cannot be read, which is no fault of the
 * evidence.
 */
static int
check_index(int folder, const char *name, struct err *e)
{
	uint8_t head[8 + 1024];
	const uint8_t *last = head + sizeof head - 4;
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st = {0};
	char shown[300];
	uint64_t n;
	ssize_t got;

	if (fd < 0)
		return 0; /* libgit2 says what is the matter */
	err_escape(shown, sizeof shown, name, strlen(name));
	do
		got =
		    fstat(fd, &st) != 0 ? -1 : pread(fd, head, sizeof head, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		err_sys(e, "objects/pack/%s", shown);
	close(fd);
	if (got < 0)
		return -1;
	n = (uint64_t)last[0] << 24 | (uint64_t)last[1] << 16 |
	    (uint64_t)last[2] << 8 | last[3];
	if (got == (ssize_t)sizeof head &&
	    memcmp(head, "\377tOc\0\0\0\2", 8) == 0 &&
	    (uint64_t)st.st_size >= sizeof head + 40 + n * 28)
		return 0;
	return err_set(e, ERR_EVIDENCE, "objects/pack/%s: not a pack's index",
		       shown);
}

static int
check_indexes(const char *dir, struct err *e)
{
	char path[FSUTIL_PATH];
	struct dirent *d;
	DIR *list;
	int rc = 0;

	if (fsutil_join(path, dir, "objects/pack", e) != 0)
		return -1;
	list = opendir(path);
	while (list != NULL && rc == 0 && (d = readdir(list)) != NULL) {
		const char *dot = strrchr(d->d_name, '.');

		if (dot != NULL && strcmp(dot, ".idx") == 0)
			rc = check_index(dirfd(list), d->d_name, e);
	}
	if (list != NULL)
		closedir(list);
	return rc;
}

/*
 * libgit2 opens what it finds, and goes where it is led: only files and folders
 * may be there, no other store, and no configuration that includes another.
 */
static int
check_parts(const char *dir, struct err *e)
{
	static const char *const folders[] = {
	    "", "refs/heads", "objects/pack", "objects/info", "info", "local"};
	char path[FSUTIL_PATH], *text = NULL;
	size_t len = 0;
	bool includes;

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (fsutil_join(path, dir, folders[i], e) != 0 ||
		    fsutil_only_files(path, e) != 0)
			return -1;
	if (check_indexes(dir, e) != 0 ||
	    fsutil_join(path, dir, "objects/info/alternates", e) != 0)
		return -1;
	if (fsutil_exists(path))
		return err_set(e, ERR_EVIDENCE,
			       "objects/info/alternates: it does not belong in"
			       " a vault");
	if (fsutil_join(path, dir, "config", e) != 0)
		return -1;
	/* without one it is no vault, which libgit2 says */
	if (!fsutil_exists(path))
		return 0;
	if (fsutil_read(path, CONFIG_MAX, &text, &len, e) != 0)
		return -1;
	includes = strcasestr(text, "include") != NULL;
	free(text);
	return includes ? err_set(e, ERR_EVIDENCE,
				  "config: it includes another file")
			: 0;
}

struct gitstore *
gitstore_open(const char *dir, struct err *e)
{
	struct gitstore *s = calloc(1, sizeof *s);
	char name[300];

	if (s == NULL) {
		err_memory(e);
		return NULL;
	}
	if (start(e) != 0 || check_parts(dir, e) != 0)
		goto bad;
	err_escape(name, sizeof name, dir, strlen(dir));
	if (git_repository_open_bare(&s->repo, dir) != 0) {
		err_set(e, ERR_UNKNOWN, "%s: not a vault", name);
		err_hint(e, "muniment init DIR makes one; --vault DIR or"
			    " MUNIMENT_VAULT names one");
		goto bad;
	}
	if (git_repository_odb(&s->odb, s->repo) != 0) {
		fail(e, ERR_UNKNOWN, name);
		goto bad;
	}
	return s;
bad:
	gitstore_close(s);
	return NULL;
}

struct gitstore *
gitstore_open_objects(const char *objects, struct err *e)
{
	struct gitstore *s = calloc(1, sizeof *s);

	if (s == NULL) {
		err_memory(e);
		return NULL;
	}
	if (start(e) == 0 && git_odb_open(&s->odb, objects) == 0)
		return s;
	fail(e, ERR_UNKNOWN, "objects");
	gitstore_close(s);
	return NULL;
}

bool
gitstore_has(struct gitstore *s, const uint8_t oid[GITFORM_OID_LEN])
{
	git_oid id;

	git_oid_fromraw(&id, oid);
	return git_odb_exists(s->odb, &id) == 1;
}

void
gitstore_close(struct gitstore *s)
{
	if (s == NULL)
		return;
	git_odb_free(s->odb);
	git_repository_free(s->repo);
	free(s);
}

int
gitstore_add_objects(struct gitstore *s, const char *objects, struct err *e)
{
	if (git_odb_add_disk_alternate(s->odb, objects) != 0)
		return fail(e, ERR_UNKNOWN, "objects");
	return 0;
}

void
gitstore_bound(struct gitstore *s, size_t max)
{
	s->max = max;
}

int
gitstore_refresh(struct gitstore *s, struct err *e)
{
	if (git_odb_refresh(s->odb) != 0)
		return fail(e, ERR_UNKNOWN, "objects");
	return 0;
}

int
gitstore_read_any(struct gitstore *s, const uint8_t oid[GITFORM_OID_LEN],
		  enum packform_type *type, struct gitstore_object *out,
		  struct err *e)
{
	git_odb_object *o = NULL;
	char what[64], hex[GIT_OID_HEXSZ + 1];
	uint8_t found[GITFORM_OID_LEN];
	git_object_t t;
	size_t len = 0;
	git_oid id;

	memset(out, 0, sizeof *out);
	git_oid_fromraw(&id, oid);
	snprintf(what, sizeof what, "git object %.12s",
		 git_oid_tostr(hex, sizeof hex, &id));
	if (s->max > 0 && git_odb_read_header(&len, &t, s->odb, &id) != 0)
		return fail(e, ERR_EVIDENCE, what);
	if (len > s->max)
		return err_set(e, ERR_EVIDENCE, "%s: too large", what);
	if (git_odb_read(&o, s->odb, &id) != 0)
		return fail(e, ERR_EVIDENCE, what);
	t = git_odb_object_type(o);
	if (t != GIT_OBJECT_COMMIT && t != GIT_OBJECT_TREE &&
	    t != GIT_OBJECT_BLOB) {
		git_odb_object_free(o);
		return err_set(e, ERR_EVIDENCE,
			       "a git object is not of the right type");
	}
	*type = (enum packform_type)t;
	out->data = git_odb_object_data(o);
	out->len = git_odb_object_size(o);
	out->handle = o;
	packform_oid(*type, out->data, out->len, found);
	if (memcmp(found, oid, sizeof found) == 0)
		return 0;
	gitstore_object_free(out);
	return err_set(e, ERR_EVIDENCE, "%s: has another SHA-1", what);
}

int
gitstore_read(struct gitstore *s, const uint8_t oid[GITFORM_OID_LEN],
	      enum packform_type type, struct gitstore_object *out,
	      struct err *e)
{
	enum packform_type is;

	if (gitstore_read_any(s, oid, &is, out, e) != 0)
		return -1;
	if (is == type)
		return 0;
	gitstore_object_free(out);
	return err_set(e, ERR_EVIDENCE,
		       "a git object is not of the right type");
}

void
gitstore_object_free(struct gitstore_object *o)
{
	git_odb_object_free(o->handle);
	memset(o, 0, sizeof *o);
}

int
gitstore_length(struct gitstore *s, const uint8_t oid[GITFORM_OID_LEN],
		enum packform_type type, uint64_t *len, struct err *e)
{
	git_object_t t = GIT_OBJECT_INVALID;
	size_t n = 0;
	git_oid id;

	git_oid_fromraw(&id, oid);
	if (git_odb_read_header(&n, &t, s->odb, &id) != 0)
		return fail(e, ERR_EVIDENCE, "git object");
	if (t != (git_object_t)type)
		return err_set(e, ERR_EVIDENCE,
			       "git object: not of the right type");
	*len = n;
	return 0;
}

struct ref {
	char *name;
	git_oid oid;
};

static int
by_name(const void *a, const void *b)
{
	const struct ref *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Collect all references into a list. */
static int
list_refs(struct gitstore *s, struct ref **list, size_t *n, struct err *e)
{
	git_reference_iterator *it = NULL;
	git_reference *r = NULL;
	size_t cap = 0;
	int rc;

	if (git_reference_iterator_new(&it, s->repo) != 0)
		return fail(e, ERR_UNKNOWN, "references");
	while ((rc = git_reference_next(&r, it)) == 0) {
		const git_oid *oid = git_reference_target(r);

		if (*n == cap) {
			size_t more = cap > 0 ? 2 * cap : 32;
			struct ref *p = realloc(*list, more * sizeof *p);

			if (p == NULL)
				break;
			*list = p;
			cap = more;
		}
		(*list)[*n].name = strdup(git_reference_name(r));
		if ((*list)[*n].name == NULL)
			break;
		/* a symbolic reference has no business here: zero */
		memset(&(*list)[*n].oid, 0, sizeof(git_oid));
		if (oid != NULL)
			git_oid_cpy(&(*list)[*n].oid, oid);
		(*n)++;
		git_reference_free(r);
		r = NULL;
	}
	git_reference_free(r);
	git_reference_iterator_free(it);
	if (rc == 0)
		return err_memory(e);
	return rc == GIT_ITEROVER ? 0 : fail(e, ERR_EVIDENCE, "references");
}

int
gitstore_refs(struct gitstore *s, gitstore_ref *ref, void *ctx, struct err *e)
{
	struct ref *list = NULL;
	size_t n = 0;
	int rc = list_refs(s, &list, &n, e);

	if (n > 0)
		qsort(list, n, sizeof *list, by_name);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = ref(ctx, list[i].name, list[i].oid.id, e);
	for (size_t i = 0; i < n; i++)
		free(list[i].name);
	free(list);
	return rc;
}
