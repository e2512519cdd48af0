#include "heal.h"

#include "absent.h"
#include "bulk.h"
#include "caps.h"
#include "carrymend.h"
#include "heads.h"
#include "hex.h"
#include "local.h"
#include "merge.h"
#include "object.h"
#include "sync.h"
#include "trust.h"
#include "verify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORK "local/heal"
#define ASIDE "local/damaged"
#define SMALL_FILE 65536 /* bytes */

struct healing {
	struct vault *v;
	const struct identity *id;
	const struct heal_from *from;
	struct heal_result *out;
	char other[FSUTIL_PATH]; /* the other copy's folder */
	int lock;		 /* of that; or -1 */
};

/* -- what must be right before the vault can be opened -- */

/*
 * Put a file of the vault's folder where nobody reads it but heal, which takes
 * from there what is sound after all.
 */
static int
set_aside(const char *dir, const char *rel, struct err *e)
{
	char from[FSUTIL_PATH], to[FSUTIL_PATH], folder[FSUTIL_PATH];
	char *slash;

	if (fsutil_join(from, dir, rel, e) != 0 ||
	    fsutil_join(folder, dir, ASIDE, e) != 0 ||
	    fsutil_join(to, folder, rel, e) != 0)
		return -1;
	strcpy(folder, to);
	slash = strrchr(folder, '/');
	*slash = '\0';
	if (fsutil_mkdirs(folder, e) != 0)
		return -1;
	return rename(from, to) == 0 || errno == ENOENT
		   ? 0
		   : err_sys(e, "setting aside what is damaged");
}

/* A file of fixed content, unless it is that of a clone (verify.h). */
static int
put_right(const char *dir, const char *rel, const char *want,
	  const struct report *found, size_t *files, struct err *e)
{
	char path[FSUTIL_PATH];
	size_t len = strlen(rel);

	for (size_t i = 0; i < found->n; i++) {
		if (found->lines[i].level != REPORT_DAMAGE ||
		    strncmp(found->lines[i].text, rel, len) != 0 ||
		    found->lines[i].text[len] != ':')
			continue;
		++*files;
		return fsutil_join(path, dir, rel, e) == 0 &&
			       set_aside(dir, rel, e) == 0
			   ? fsutil_write(path, want, strlen(want), e)
			   : -1;
	}
	return 0;
}

struct refs {
	const char *dir;
	size_t *bad;
};

/* A reference that is none is set aside: libgit2 would refuse them all. */
static int
look_at_ref(void *ctx, const char *rel, mode_t mode, uint64_t size,
	    struct err *e)
{
	struct refs *r = ctx;
	char name[FSUTIL_PATH], path[FSUTIL_PATH], *text = NULL;
	struct err inner = {0};
	size_t len = 0;
	bool good;

	(void)size;
	if (fsutil_join(name, "refs/heads", rel, e) != 0 ||
	    fsutil_join(path, r->dir, name, e) != 0)
		return -1;
	good = S_ISREG(mode) &&
	       fsutil_read(path, SMALL_FILE, &text, &len, &inner) == 0 &&
	       len == 41 && hex_is(text, 40) && text[40] == '\n';
	free(text);
	if (good)
		return 0;
	++*r->bad;
	return set_aside(r->dir, name, e);
}

/* Config, HEAD, folders and references. */
int
heal_open_up(const char *dir, size_t *files, struct err *e)
{
	static const char *const folders[] = {"objects/pack", "refs/heads",
					      "lfs/objects", "local"};
	struct refs r = {dir, files};
	struct verify_counts n = {0};
	struct report found = {0};
	char path[FSUTIL_PATH];
	int rc = 0;

	for (size_t i = 0; i < sizeof folders / sizeof *folders && rc == 0; i++)
		rc = fsutil_join(path, dir, folders[i], e) == 0
			 ? fsutil_mkdirs(path, e)
			 : -1;
	if (rc == 0)
		rc = verify_files(dir, &found, &n, e);
	if (rc == 0)
		rc =
		    put_right(dir, "config", gitstore_config, &found, files, e);
	if (rc == 0)
		rc = put_right(dir, "HEAD", gitstore_head, &found, files, e);
	report_free(&found);
	if (rc == 0)
		rc = fsutil_join(path, dir, "refs/heads", e);
	return rc == 0 ? fsutil_walk(path, look_at_ref, &r, e) : -1;
}

/* -- the other copy -- */

/* A carry file becomes a vault below local/heal. */
static int
unpack(struct healing *h, vault_progress *progress, struct err *e)
{
	const char *const files[] = {h->from->other};
	struct carry_from from = {.files = files,
				  .n = 1,
				  .passphrase = h->from->passphrase,
				  .large = h->from->large};
	struct carry_result r = {0};

	if (vault_path(h->v, WORK "/other", h->other, e) != 0)
		return -1;
	if (carrymend_receive(h->other, h->id, &from, progress, &r, e) == 0)
		return 0;
	if (r.why == CARRY_NEEDS) {
		err_clear(e);
		err_set(e, ERR_UNKNOWN,
			"that carry file holds only what is new since an"
			" earlier one");
		err_hint(e, "ask for a whole one: muniment carry");
	}
	return -1;
}

static int
open_other(struct healing *h, vault_progress *progress, struct err *e)
{
	char path[FSUTIL_PATH], shown[300];
	struct stat st, own;

	if (stat(h->from->other, &st) != 0)
		return err_sys(e, "%s",
			       err_escape(shown, sizeof shown, h->from->other,
					  strlen(h->from->other)));
	if (!S_ISDIR(st.st_mode))
		return unpack(h, progress, e);
	if (stat(h->v->dir, &own) == 0 && own.st_dev == st.st_dev &&
	    own.st_ino == st.st_ino)
		return err_set(e, ERR_UNKNOWN, "that is this vault itself");
	if (snprintf(h->other, sizeof h->other, "%s", h->from->other) >=
	    (int)sizeof h->other)
		return err_set(e, ERR_UNKNOWN, "a path is too long");
	if (syncfolder_check(h->other, e) != 0 ||
	    fsutil_join(path, h->other, "local/lock", e) != 0)
		return -1;
	h->lock = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return h->lock < 0 ? 0 : vault_flock(h->lock, LOCK_SH, true, e);
}

/* -- the history -- */

int
heal_is_sound(struct vault *v, bool *sound, struct err *e)
{
	struct verify_counts n = {0};
	struct report files = {0};
	int rc = verify_files(v->dir, &files, &n, e);

	if (rc == 0)
		rc = verify_history(v, &n, e);
	*sound = v->report.count[REPORT_DAMAGE] == 0 && v->n_logs > 0;
	for (size_t i = 0; i < files.n; i++)
		if (files.lines[i].level == REPORT_DAMAGE &&
		    (strncmp(files.lines[i].text, "objects/", 8) == 0 ||
		     strncmp(files.lines[i].text, "refs/", 5) == 0))
			*sound = false;
	report_free(&files);
	return rc;
}

/* And is all of it here that this machine remembers? */
static int
is_sound(struct healing *h, bool *sound, struct err *e)
{
	struct map differs = {0};
	int rc = heal_is_sound(h->v, sound, e);

	if (rc == 0)
		rc = trust_differs(h->v, h->id, &differs, e);
	*sound = *sound && differs.used == 0;
	map_free(&differs);
	return rc;
}

/* Of the other's branches those of devices that are known here. */
static int
known_only(struct healing *h, const struct heads *all, struct heads *known,
	   struct err *e)
{
	struct map differs = {0};
	int rc = trust_differs(h->v, h->id, &differs, e);

	for (size_t i = 0; i < all->n && rc == 0; i++) {
		char device[BATCH_DEVICE_LEN + 1];
		uint8_t key[MAP_KEY_LEN];
		size_t at;

		snprintf(device, sizeof device, "%.*s", BATCH_DEVICE_LEN,
			 all->list[i].branch);
		if (batch_device_key(device, BATCH_DEVICE_LEN, key) != 0 ||
		    (vault_first_log(h->v, device) == SIZE_MAX &&
		     !map_get(&differs, key, &at)))
			continue;
		rc = heads_add(known, all->list[i].branch, all->list[i].commit,
			       e);
	}
	map_free(&differs);
	return rc;
}

static int
branches_of(const char *dir, struct heads *out, struct err *e)
{
	struct gitstore *git = gitstore_open(dir, e);
	int rc = git == NULL ? -1 : gitstore_refs(git, heads_take, out, e);

	gitstore_close(git);
	return rc;
}

struct loose {
	char folder[FSUTIL_PATH];
	struct heads *heads;
};

static int
take_loose(void *ctx, const char *rel, mode_t mode, uint64_t size,
	   struct err *e)
{
	struct loose *l = ctx;
	char path[FSUTIL_PATH], name[FSUTIL_PATH], *text = NULL;
	uint8_t commit[GITFORM_OID_LEN];
	size_t len = 0;
	int rc = 0;

	(void)size;
	if (fsutil_join(path, l->folder, rel, e) != 0 ||
	    fsutil_join(name, "refs/heads", rel, e) != 0)
		return -1;
	if (S_ISREG(mode) &&
	    fsutil_read(path, SMALL_FILE, &text, &len, NULL) == 0 &&
	    len == 41 && hex_is(text, 40)) {
		text[40] = '\0';
		(void)hex_decode(text, GITFORM_OID_LEN, commit);
		rc = heads_take(l->heads, name, commit, e);
	}
	free(text);
	return rc;
}

/* What an earlier run has set aside. */
static int
branches_aside(struct healing *h, struct heads *out, struct err *e)
{
	struct loose l = {.heads = out};

	if (vault_path(h->v, ASIDE "/refs/heads", l.folder, e) != 0)
		return -1;
	return fsutil_exists(l.folder)
		   ? fsutil_walk(l.folder, take_loose, &l, e)
		   : 0;
}

/* Take into `t` what is sound of these branches. */
static int
gather(struct vault *t, const char *dir, const struct heads *all,
       const struct caps *caps, struct report *damage, struct err *e)
{
	struct merge_result r;
	struct merge *m = NULL;
	struct heads news = {0};
	char objects[FSUTIL_PATH];
	int rc = heads_news(t, all, &news, e);

	if (rc == 0 && news.n > 0) {
		rc = -1;
		m = merge_new(t, NULL, true, e);
		if (m != NULL) {
			merge_cap(m, caps);
			merge_spare(m, damage);
		}
		if (m != NULL && fsutil_join(objects, dir, "objects", e) == 0 &&
		    merge_incoming(m, objects, heads_refs, &news, e) == 0)
			rc = merge_commit(m, &r, e);
		merge_free(m);
	}
	heads_free(&news);
	return rc;
}

/* What is sound of either copy, in a vault below local/heal. */
static int
gather_both(struct healing *h, struct vault *t, struct err *e)
{
	struct heads all = {0}, theirs = {0}, ours = {0}, aside = {0};
	struct report own = {0};
	char path[FSUTIL_PATH];
	struct caps caps;
	int rc = -1;

	caps_of(h->v, h->from->large, &caps);
	strcpy(t->pin, h->v->id);
	if (branches_of(h->other, &all, e) == 0 &&
	    known_only(h, &all, &theirs, e) == 0 &&
	    branches_of(h->v->dir, &ours, e) == 0 &&
	    branches_aside(h, &aside, e) == 0 &&
	    vault_path(h->v, ASIDE, path, e) == 0 &&
	    gather(t, h->other, &theirs, &caps, &h->out->found, e) == 0) {
		caps_of(h->v, true, &caps);
		rc = gather(t, h->v->dir, &ours, &caps, &own, e);
		if (rc == 0 && aside.n > 0)
			rc = gather(t, path, &aside, &caps, &own, e);
	}
	heads_free(&aside);
	report_free(&own); /* that it is damaged is known */
	heads_free(&all);
	heads_free(&theirs);
	heads_free(&ours);
	return rc;
}

static size_t
count_batches(const struct vault *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n_logs; i++)
		n += v->logs[i].size;
	return n;
}

/*
 * Is what was gathered better than what is here: all of it, or more than can be
 * read? If not, what is here stays as it is.
 */
static int
is_better(struct healing *h, const struct vault *t, bool *better, struct err *e)
{
	struct heads ours = {0}, lacking = {0};
	int rc = branches_of(h->v->dir, &ours, e);

	if (rc == 0)
		rc = heads_news(t, &ours, &lacking, e);
	*better = t->n_logs > 0 &&
		  (lacking.n == 0 || count_batches(t) > count_batches(h->v));
	heads_free(&ours);
	heads_free(&lacking);
	return rc;
}

/* Nothing that can be read here may be lost by it. */
static int
check_gathered(const struct healing *h, const struct vault *t, struct err *e)
{
	for (size_t i = 0; i < h->v->n_logs; i++) {
		const struct log *l = &h->v->logs[i];

		if (l->size > 0 && !vault_has_state(t, l->device, l->size,
						    l->steps[l->size - 1].root))
			return err_set(e, ERR_UNKNOWN,
				       "device %.12s: its %llu batches could"
				       " not be put together again",
				       l->device, (unsigned long long)l->size);
	}
	return 0;
}

typedef int each_file(struct healing *h, const char *name, struct err *e);

/* Each file of a folder below the vault. */
static int
for_each(struct healing *h, const char *rel, each_file *file, struct err *e)
{
	char path[FSUTIL_PATH];
	struct dirent *d;
	DIR *list;
	int rc = 0;

	if (vault_path(h->v, rel, path, e) != 0)
		return -1;
	list = opendir(path);
	if (list == NULL)
		return err_sys(e, "a folder of the vault");
	while (rc == 0 && (d = readdir(list)) != NULL)
		if (d->d_name[0] != '.')
			rc = file(h, d->d_name, e);
	closedir(list);
	return rc;
}

/* A new pack gets its place; one of the same name was damaged. */
static int
place_pack(struct healing *h, const char *name, struct err *e)
{
	char rel[FSUTIL_PATH], from[FSUTIL_PATH], to[FSUTIL_PATH];

	if (snprintf(rel, sizeof rel, WORK "/vault/objects/pack/%s", name) >=
		(int)sizeof rel ||
	    vault_path(h->v, rel, from, e) != 0 ||
	    vault_path(h->v, "objects/pack", rel, e) != 0 ||
	    fsutil_join(to, rel, name, e) != 0)
		return -1;
	return link(from, to) == 0 || rename(from, to) == 0
		   ? 0
		   : err_sys(e, "placing the restored history");
}

/* A pack that the restored history does not need. */
static int
drop_pack(struct healing *h, const char *name, struct err *e)
{
	char rel[FSUTIL_PATH], path[FSUTIL_PATH];

	if (snprintf(rel, sizeof rel, WORK "/vault/objects/pack/%s", name) >=
		(int)sizeof rel ||
	    vault_path(h->v, rel, path, e) != 0)
		return -1;
	if (fsutil_exists(path))
		return 0;
	snprintf(rel, sizeof rel, "objects/pack/%s", name);
	return set_aside(h->v->dir, rel, e);
}

/* A loose object, of a vault that git has written to. */
static int
drop_loose(struct healing *h, const char *name, struct err *e)
{
	char rel[FSUTIL_PATH];

	if (strlen(name) != 2 || !hex_is(name, 2))
		return 0;
	snprintf(rel, sizeof rel, "objects/%s", name);
	return set_aside(h->v->dir, rel, e);
}

static int
write_ref(struct healing *h, const struct head *b, struct err *e)
{
	char rel[VAULT_BRANCH_MAX + 16], path[FSUTIL_PATH], text[42];
	char *old = NULL;
	size_t len = 0;
	int rc = 0;

	snprintf(rel, sizeof rel, "refs/heads/%s", b->branch);
	hex_encode(b->commit, GITFORM_OID_LEN, text);
	strcpy(text + 40, "\n");
	if (vault_path(h->v, rel, path, e) != 0)
		return -1;
	if (fsutil_read(path, SMALL_FILE, &old, &len, NULL) != 0 ||
	    strcmp(old, text) != 0) {
		rc = set_aside(h->v->dir, rel, e);
		if (rc == 0)
			rc = fsutil_write(path, text, 41, e);
	}
	free(old);
	return rc;
}

/* A branch of which nothing can be read any more. */
static int
drop_ref(struct healing *h, const char *name, struct err *e)
{
	char rel[FSUTIL_PATH], path[FSUTIL_PATH];

	snprintf(rel, sizeof rel, WORK "/vault/refs/heads/%s", name);
	if (vault_path(h->v, rel, path, e) != 0)
		return -1;
	if (fsutil_exists(path))
		return 0;
	snprintf(rel, sizeof rel, "refs/heads/%s", name);
	return set_aside(h->v->dir, rel, e);
}

/*
 * Packs first, then the branches, then away with what is damaged: whenever it
 * is interrupted, nothing is less whole than before.
 */
static int
swap_in(struct healing *h, const struct heads *branches, struct err *e)
{
	char path[FSUTIL_PATH];

	if (for_each(h, WORK "/vault/objects/pack", place_pack, e) != 0 ||
	    vault_path(h->v, "objects/pack", path, e) != 0 ||
	    fsutil_sync_dir(path, e) != 0)
		return -1;
	for (size_t i = 0; i < branches->n; i++)
		if (write_ref(h, &branches->list[i], e) != 0)
			return -1;
	if (for_each(h, "refs/heads", drop_ref, e) != 0 ||
	    set_aside(h->v->dir, "packed-refs", e) != 0 ||
	    for_each(h, "objects/pack", drop_pack, e) != 0 ||
	    for_each(h, "objects", drop_loose, e) != 0)
		return -1;
	gitstore_close(h->v->git);
	h->v->git = gitstore_open(h->v->dir, e);
	return h->v->git != NULL ? vault_load(h->v, true, e) : -1;
}

/*
 * New batches of known devices have come too: what they list and is not here
 * is absent. What this machine has seen before can only be missing.
 */
static int
declare_absent(struct healing *h, struct err *e)
{
	uint64_t *seen = calloc(h->v->n_logs + 1, sizeof *seen);
	struct map lacked = {0};
	int rc =
	    seen == NULL ? err_memory(e) : trust_covers(h->v, h->id, seen, e);

	for (size_t i = 0; i < h->v->n_logs && rc == 0; i++) {
		const struct log *l = &h->v->logs[i];

		for (uint64_t n = l->size; n > seen[i] && rc == 0; n--) {
			struct vault_batch b;

			rc = vault_batch(h->v, l, n, &b, e);
			if (rc != 0)
				break;
			for (size_t k = 0; k < b.b.n && rc == 0; k++)
				if (b.b.lines[k].kind == BATCH_OBJECT &&
				    map_set(&lacked, b.b.lines[k].sha256, 1) !=
					0)
					rc = err_memory(e);
			vault_batch_free(&b);
		}
	}
	if (rc == 0)
		rc = absent_grow(h->v, h->id, &lacked, e);
	map_free(&lacked);
	free(seen);
	return rc;
}

static int
heal_history(struct healing *h, vault_progress *progress, struct err *e)
{
	size_t before = count_batches(h->v), after;
	struct heads branches = {0};
	char path[FSUTIL_PATH];
	struct vault *t = NULL;
	bool better = false;
	int rc = -1;

	h->out->history = true;
	if (h->v->id[0] == '\0' && local_vault_id(h->v, h->id, h->v->id) != 0) {
		err_set(e, ERR_EVIDENCE,
			"nothing here says any more which vault this is");
		return err_hint(e, "receive the other copy into a new folder");
	}
	if (vault_path(h->v, WORK "/vault", path, e) != 0 ||
	    gitstore_init(path, e) != 0)
		return -1;
	t = vault_open(path, VAULT_WRITE, progress, e);
	if (t != NULL && gather_both(h, t, e) == 0 &&
	    is_better(h, t, &better, e) == 0)
		rc = better ? check_gathered(h, t, e) : 0;
	if (rc == 0)
		rc = branches_of(path, &branches, e);
	vault_close(t);
	if (rc == 0 && better)
		rc = swap_in(h, &branches, e);
	if (rc == 0 && better) {
		after = count_batches(h->v);
		h->out->batches = after > before ? after - before : 0;
		rc = declare_absent(h, e);
	}
	heads_free(&branches);
	return rc;
}

/* -- bulk -- */

/* Damaged, or missing and not left out on purpose? */
static int
is_wanted(struct healing *h, const struct map *absent,
	  const struct bulk_object *o, bool *wanted, struct err *e)
{
	struct err inner = {0};
	char path[FSUTIL_PATH];
	size_t at;

	*wanted = false;
	if (vault_object_path(h->v, o->sha256, path, e) != 0)
		return -1;
	if (!fsutil_exists(path))
		*wanted = !map_get(absent, o->sha256, &at);
	else if (object_check(h->v, o->sha256, o->size, &inner) != 0)
		*wanted = true; /* unreadable is as good as damaged */
	return 0;
}

static int
heal_objects(struct healing *h, struct err *e)
{
	struct bulk_in *b = bulk_in_new(h->v, e);
	struct map absent = {0};
	struct bulk_object o;
	uint8_t sha256[MAP_KEY_LEN];
	size_t at = 0, size, n = 0;
	int rc = b == NULL ? -1 : absent_load(h->v, &absent, e);

	while (rc == 0 && map_next(&h->v->objects, &at, sha256, &size)) {
		struct err why = {0};
		bool wanted;
		int got;

		memcpy(o.sha256, sha256, HASH_LEN);
		o.size = size;
		if (h->v->progress != NULL)
			h->v->progress(h->v->progress_ctx, "checking objects",
				       ++n, 0);
		rc = is_wanted(h, &absent, &o, &wanted, e);
		if (rc != 0 || !wanted)
			continue;
		got = bulk_in_copy(b, h->other, &o, &why);
		if (got < 0 && why.code == ERR_UNKNOWN)
			rc = err_set(e, why.code, "%s", why.msg);
		else if (got < 0)
			report_add(&h->out->found, REPORT_NOTE, "%s", why.msg);
		h->out->objects_lacking += got <= 0;
	}
	if (rc == 0)
		rc = bulk_in_finish(b, &h->out->objects, e);
	bulk_in_free(b);
	map_free(&absent);
	return rc;
}

static int
heal_all(struct healing *h, vault_progress *progress, struct err *e)
{
	char path[FSUTIL_PATH];
	bool sound;
	size_t left;
	int rc;

	if (vault_path(h->v, WORK, path, e) != 0 ||
	    fsutil_remove_all(path, e) != 0 || fsutil_mkdirs(path, e) != 0 ||
	    open_other(h, progress, e) != 0 || is_sound(h, &sound, e) != 0)
		return -1;
	rc = sound ? 0 : heal_history(h, progress, e);
	if (rc == 0 && !sound)
		rc = is_sound(h, &sound, e);
	h->out->history_damaged = !sound;
	if (rc == 0)
		rc = heal_objects(h, e);
	if (rc == 0)
		rc = absent_shrink(h->v, h->id, &left, e);
	if (rc == 0)
		rc = trust_save(h->v, h->id, NULL, e);
	(void)fsutil_remove_all(path, NULL);
	return rc;
}

int
heal(const char *dir, const struct identity *id, const struct heal_from *from,
     vault_progress *progress, struct heal_result *out, struct err *e)
{
	struct healing h = {.id = id, .from = from, .out = out, .lock = -1};
	int rc = -1;

	memset(out, 0, sizeof *out);
	if (heal_open_up(dir, &out->files, e) != 0)
		return -1;
	h.v = vault_open(dir, VAULT_WRITE | VAULT_THOROUGH, progress, e);
	if (h.v != NULL)
		rc = heal_all(&h, progress, e);
	if (h.lock >= 0)
		close(h.lock);
	vault_close(h.v);
	return rc;
}
