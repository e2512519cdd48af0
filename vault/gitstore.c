#include "gitstore.h"

#include "fsutil.h"

#include <git2.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

#define WINDOW (2u << 20)	   /* bytes of a mapped window of a pack */
#define WINDOWS_MAPPED (32u << 20) /* bytes of all of them */
#define WINDOW_FILES 100u	   /* open packs */

struct gitstore {
	git_repository *repo;
	git_odb *odb;
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

struct gitstore *
gitstore_open(const char *dir, struct err *e)
{
	struct gitstore *s = calloc(1, sizeof *s);
	char name[300];

	if (s == NULL) {
		err_set(e, ERR_UNKNOWN, "no memory");
		return NULL;
	}
	if (start(e) != 0)
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
	git_oid id;

	memset(out, 0, sizeof *out);
	git_oid_fromraw(&id, oid);
	snprintf(what, sizeof what, "git object %.12s",
		 git_oid_tostr(hex, sizeof hex, &id));
	if (git_odb_read(&o, s->odb, &id) != 0)
		return fail(e, ERR_EVIDENCE, what);
	*type = (enum packform_type)git_odb_object_type(o);
	out->data = git_odb_object_data(o);
	out->len = git_odb_object_size(o);
	out->handle = o;
	return 0;
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
		return err_set(e, ERR_UNKNOWN, "no memory");
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

/* A full disk is no damage. */
static int
fail_indexer(struct err *e)
{
	const git_error *g = git_error_last();

	return fail(e,
		    g != NULL && g->klass == GIT_ERROR_OS ? ERR_UNKNOWN
							  : ERR_EVIDENCE,
		    "git pack");
}

struct gitstore_indexer {
	git_indexer *ix;
	git_indexer_progress stats;
	uint64_t left;
};

struct gitstore_indexer *
gitstore_indexer_new(const char *folder, uint64_t max, struct err *e)
{
	struct gitstore_indexer *x = calloc(1, sizeof *x);
	git_indexer_options opts;

	if (x == NULL) {
		err_set(e, ERR_UNKNOWN, "no memory");
		return NULL;
	}
	x->left = max;
	if (start(e) != 0 ||
	    git_indexer_options_init(&opts, GIT_INDEXER_OPTIONS_VERSION) != 0) {
		err_set(e, ERR_UNKNOWN, "libgit2");
		free(x);
		return NULL;
	}
	if (git_indexer_new(&x->ix, folder, 0600, NULL, &opts) != 0) {
		fail(e, ERR_UNKNOWN, "git pack");
		free(x);
		return NULL;
	}
	return x;
}

int
gitstore_indexer_put(struct gitstore_indexer *x, const void *bytes, size_t len,
		     struct err *e)
{
	if (len > x->left)
		return err_set(e, ERR_EVIDENCE, "git pack: too large");
	x->left -= len;
	if (git_indexer_append(x->ix, bytes, len, &x->stats) != 0)
		return fail_indexer(e);
	return 0;
}

int
gitstore_indexer_finish(struct gitstore_indexer *x, struct err *e)
{
	if (git_indexer_commit(x->ix, &x->stats) != 0)
		return fail_indexer(e);
	return 0;
}

void
gitstore_indexer_free(struct gitstore_indexer *x)
{
	if (x == NULL)
		return;
	git_indexer_free(x->ix);
	free(x);
}
