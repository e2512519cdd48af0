/*
 * Taking in a carry file: see carry.h. Everything that is foreign lands in
 * local/tmp, is checked there, and only then becomes part of the vault.
 */
#include "carry.h"

#include "agefile.h"
#include "bundle.h"
#include "journal.h"
#include "local.h"
#include "padme.h"
#include "repack.h"
#include "tarball.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IO_SIZE (256u << 10)		/* bytes */
#define BUNDLE_MAX (UINT64_C(64) << 30) /* bytes */
#define PART_SUFFIX ".muniment-new"

struct receive {
	struct vault *v;       /* ours, or a new one */
	struct vault incoming; /* what the bundle holds, over v's repository */
	const struct identity *id;
	const char *const *files;
	size_t n_files, at_file;
	int fd;
	struct agefile_reader *age;
	struct bundle_reader *bundle;
	struct map got;	    /* objects that came -> their size */
	struct map wanted;  /* objects of the histories that are taken in */
	struct map missing; /* objects that came, or were missing before */
	struct {
		char name[VAULT_BRANCH_MAX];
		const struct log *log; /* ours, or one of the bundle's */
	} * branches;
	size_t n_branches;
	struct packform_file *pack; /* the new batches, of our own making */
	struct map packed;	    /* git ids in it */
	struct journal *journal;
	struct carry_result *result;
};

static int
no_memory(struct err *e)
{
	return err_set(e, ERR_UNKNOWN, "no memory");
}

/* The parts, one after the other. */
static ssize_t
source(void *ctx, void *buf, size_t cap, struct err *e)
{
	struct receive *r = ctx;

	for (;;) {
		const char *name =
		    r->at_file < r->n_files ? r->files[r->at_file] : "";
		char shown[300];
		ssize_t n;

		err_escape(shown, sizeof shown, name, strlen(name));
		if (r->fd < 0) {
			if (r->at_file == r->n_files)
				return 0;
			r->fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
			if (r->fd < 0)
				return err_sys(e, "%s", shown);
		}
		do
			n = read(r->fd, buf, cap);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return err_sys(e, "%s", shown);
		if (n > 0)
			return n;
		close(r->fd);
		r->fd = -1;
		r->at_file++;
	}
}

/* Exactly `len` bytes of content. */
static int
take(struct receive *r, void *buf, size_t len, struct err *e)
{
	uint8_t *p = buf;

	while (len > 0) {
		ssize_t n = agefile_read(r->age, p, len, NULL, e);

		if (n < 0)
			return -1;
		if (n == 0)
			return err_set(e, ERR_EVIDENCE,
				       "the carry file ends too early");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
take_zeros(struct receive *r, size_t len, struct err *e)
{
	uint8_t buf[TARBALL_BLOCK];

	if (take(r, buf, len, e) != 0)
		return -1;
	for (size_t i = 0; i < len; i++)
		if (buf[i] != 0)
			return err_set(e, ERR_EVIDENCE,
				       "the carry file is not of the form");
	return 0;
}

/* Pass a member's content on in pieces. */
static int
each_piece(struct receive *r, uint64_t size, agefile_sink *sink, void *ctx,
	   struct err *e)
{
	uint8_t *buf = malloc(IO_SIZE);
	uint64_t left = size;
	int rc = buf == NULL ? no_memory(e) : 0;

	while (rc == 0 && left > 0) {
		size_t n = left < IO_SIZE ? (size_t)left : IO_SIZE;

		rc = take(r, buf, n, e);
		if (rc == 0)
			rc = sink(ctx, buf, n, e);
		left -= n;
		if (r->v->progress != NULL)
			r->v->progress(r->v->progress_ctx, "receiving",
				       size - left, size);
	}
	free(buf);
	return rc == 0 ? take_zeros(r, tarball_fill(size), e) : -1;
}

static int
to_bundle(void *ctx, const void *bytes, size_t len, struct err *e)
{
	return bundle_reader_put(ctx, bytes, len, e);
}

struct out {
	int fd;
	struct hash *h;
};

static int
to_file(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct out *o = ctx;

	hash_update(o->h, bytes, len);
	return fsutil_write_all(o->fd, bytes, len, e);
}

/* Read the bundle's branches with all checks; damage refuses the file. */
static int
check_incoming(struct receive *r, struct err *e)
{
	struct vault *in = &r->incoming;
	char folder[FSUTIL_PATH];

	if (vault_path(r->v, "local/tmp/objects", folder, e) != 0 ||
	    gitstore_add_objects(r->v->git, folder, e) != 0)
		return -1;
	*in = (struct vault){.git = r->v->git, .lock = -1};
	strcpy(in->dir, r->v->dir);
	strcpy(in->pin, r->v->id);
	in->progress = r->v->progress;
	if (vault_load_from(in, bundle_reader_refs, r->bundle, true, e) != 0)
		return -1;
	if (in->report.count[REPORT_DAMAGE] > 0)
		return err_set(e, ERR_EVIDENCE, "refused: %s",
			       report_first(&in->report, REPORT_DAMAGE));
	if (in->id[0] == '\0')
		return err_set(e, ERR_EVIDENCE, "it holds no history");
	return 0;
}

/* "lfs/objects/ab/cd/<64 hex>" */
static int
object_name(const char *name, uint8_t sha256[HASH_LEN])
{
	char want[100];
	const char *hex = strrchr(name, '/');

	if (hex == NULL || strlen(hex + 1) != 64 ||
	    hex_decode(hex + 1, HASH_LEN, sha256) != 0)
		return -1;
	snprintf(want, sizeof want, "lfs/objects/%.2s/%.2s/%s", hex + 1,
		 hex + 3, hex + 1);
	return strcmp(want, name) == 0 ? 0 : -1;
}

static int
receive_object(struct receive *r, const char *name, uint64_t size,
	       struct err *e)
{
	struct timespec t[2] = {{FSUTIL_TIME, 0}, {FSUTIL_TIME, 0}};
	uint8_t sha256[HASH_LEN], digest[HASH_LEN];
	char path[FSUTIL_PATH], rel[96];
	struct out o = {.fd = -1};
	size_t listed;
	int rc = -1;

	if (object_name(name, sha256) != 0 ||
	    !map_get(&r->incoming.objects, sha256, &listed) || listed != size)
		return err_set(
		    e, ERR_EVIDENCE,
		    "the carry file holds a member that does not belong");
	snprintf(rel, sizeof rel, "local/tmp/%s", strrchr(name, '/') + 1);
	if (vault_path(r->v, rel, path, e) != 0)
		return -1;
	o.h = hash_new(HASH_SHA256);
	o.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (o.h == NULL || o.fd < 0) {
		err_sys(e, "an object in the vault's local/tmp");
		goto out;
	}
	if (each_piece(r, size, to_file, &o, e) != 0)
		goto out;
	hash_final(o.h, digest);
	if (memcmp(digest, sha256, HASH_LEN) != 0)
		err_set(e, ERR_EVIDENCE, "object %.16s: it has another SHA-256",
			strrchr(name, '/') + 1);
	else if (map_set(&r->got, sha256, (size_t)size) != 0 ||
		 map_set(&r->missing, sha256, 1) != 0)
		no_memory(e);
	else
		rc = 0;
	(void)futimens(o.fd, t);
out:
	if (o.fd >= 0 && close(o.fd) != 0 && rc == 0)
		rc = err_sys(e, "an object in the vault's local/tmp");
	hash_free(o.h);
	return rc;
}

/* The rest must be zeros, and the age file whole. */
static int
receive_end(struct receive *r, struct err *e)
{
	uint8_t buf[4096];
	ssize_t n;

	while ((n = agefile_read(r->age, buf, sizeof buf, NULL, e)) > 0)
		for (ssize_t i = 0; i < n; i++)
			if (buf[i] != 0)
				return err_set(
				    e, ERR_EVIDENCE,
				    "the carry file is not of the form");
	return n < 0 ? -1 : 0;
}

static int
receive_tar(struct receive *r, struct err *e)
{
	static const uint8_t zero[TARBALL_BLOCK];
	uint8_t head[TARBALL_BLOCK];
	char name[100], folder[FSUTIL_PATH];
	uint64_t size;

	if (take(r, head, sizeof head, e) != 0)
		return -1;
	if (tarball_decode(head, name, &size) != FORMAT_OK ||
	    strcmp(name, "vault.bundle") != 0)
		return err_set(e, ERR_EVIDENCE, "this is not a carry file");
	if (vault_path(r->v, "local/tmp/objects/pack", folder, e) != 0 ||
	    fsutil_mkdirs(folder, e) != 0)
		return -1;
	r->bundle = bundle_reader_new(folder, BUNDLE_MAX, e);
	if (r->bundle == NULL ||
	    each_piece(r, size, to_bundle, r->bundle, e) != 0 ||
	    bundle_reader_finish(r->bundle, e) != 0 ||
	    check_incoming(r, e) != 0)
		return -1;
	for (;;) {
		if (take(r, head, sizeof head, e) != 0)
			return -1;
		if (memcmp(head, zero, sizeof head) == 0)
			return receive_end(r, e);
		if (tarball_decode(head, name, &size) != FORMAT_OK)
			return err_set(e, ERR_EVIDENCE,
				       "the carry file is not of the form");
		if (receive_object(r, name, size, e) != 0)
			return -1;
	}
}

/* Take one object of the bundle over into a pack of our own. */
static int
take_over(struct receive *r, enum packform_type type,
	  const uint8_t oid[GITFORM_OID_LEN], struct err *e)
{
	struct gitstore_object o;
	uint8_t key[MAP_KEY_LEN] = {0}, same[GITFORM_OID_LEN];
	size_t at;
	int rc;

	memcpy(key, oid, GITFORM_OID_LEN);
	if (map_get(&r->packed, key, &at))
		return 0;
	rc = gitstore_read(r->v->git, oid, type, &o, e);
	if (rc == 0)
		rc = packform_file_add(r->pack, type, o.data, o.len, same, e);
	gitstore_object_free(&o);
	if (rc == 0 && map_set(&r->packed, key, 1) != 0)
		rc = no_memory(e);
	return rc;
}

/* Every entry file of a new batch: its SHA-256 and its length. */
static int
check_entries(struct receive *r, const struct vault_batch *b, struct err *e)
{
	for (size_t k = 0; k < b->b.n; k++) {
		struct gitstore_object o = {0};
		int rc;

		if (b->b.lines[k].kind != BATCH_ENTRY)
			continue;
		rc = vault_entry_file(&r->incoming, b, b->b.lines[k].sha256, &o,
				      e);
		if (rc == 0 && !padme_is_entry(o.len))
			rc = err_set(e, ERR_EVIDENCE,
				     "an entry's length is not of the form");
		gitstore_object_free(&o);
		if (rc != 0)
			return -1;
	}
	return 0;
}

/*
 * Check the new batches of a log and take them over. The foreign pack itself
 * never becomes part of the vault, nor what is here already a second time.
 */
static int
take_batches(struct receive *r, const struct log *l, uint64_t from,
	     struct err *e)
{
	for (uint64_t n = from + 1; n <= l->size; n++) {
		struct vault_batch b;
		int rc;

		if (vault_batch(&r->incoming, l, n, &b, e) != 0)
			return -1;
		rc = check_entries(r, &b, e);
		for (size_t k = 0; k < b.n_names && rc == 0; k++)
			rc = take_over(r, PACKFORM_BLOB, b.names[k].oid, e);
		if (rc == 0)
			rc = take_over(r, PACKFORM_TREE, b.tree, e);
		if (rc == 0)
			rc = take_over(r, PACKFORM_COMMIT,
				       l->steps[n - 1].commit, e);
		vault_batch_free(&b);
		if (rc != 0)
			return -1;
	}
	return 0;
}

/* The branch on which a device's other history is kept. */
static void
fork_branch(const struct log *in, uint64_t common, char out[VAULT_BRANCH_MAX])
{
	char hex[65];

	hex_encode(in->steps[common].root, HASH_LEN, hex);
	snprintf(out, VAULT_BRANCH_MAX, "%s.%.32s", in->device, hex);
}

/* How many batches two histories of a device begin with alike. */
static uint64_t
alike(const struct log *a, const struct log *b)
{
	uint64_t n = 0;

	if (strcmp(a->device, b->device) != 0)
		return 0;
	while (n < a->size && n < b->size &&
	       memcmp(a->steps[n].root, b->steps[n].root, HASH_LEN) == 0)
		n++;
	return n;
}

/* The branches as they will be: ours, and those that were merged already. */
static int
list_branches(struct receive *r, struct err *e)
{
	size_t most = r->v->n_logs + r->incoming.n_logs;

	r->branches = calloc(most + 1, sizeof *r->branches);
	if (r->branches == NULL)
		return no_memory(e);
	for (size_t i = 0; i < r->v->n_logs; i++) {
		r->branches[i].log = &r->v->logs[i];
		strcpy(r->branches[i].name, r->v->logs[i].branch);
	}
	r->n_branches = r->v->n_logs;
	return 0;
}

/*
 * Which branch does this history belong to? An index: one that it goes on
 * from, or n_branches for a new one, whose name is set. *common is what the
 * vault has of it. SIZE_MAX if all of it is here.
 */
static size_t
place(struct receive *r, const struct log *in, uint64_t *common, bool *fork)
{
	size_t goes_on = r->n_branches;
	uint64_t n;

	*common = 0;
	*fork = false;
	for (size_t i = 0; i < r->n_branches; i++) {
		const struct log *l = r->branches[i].log;

		if (strcmp(l->device, in->device) != 0)
			continue;
		n = alike(l, in);
		if (n == in->size)
			return SIZE_MAX;
		*fork = true;
		if (n == l->size && (goes_on == r->n_branches || n > *common))
			goes_on = i;
		if (n > *common)
			*common = n;
	}
	if (goes_on < r->n_branches) {
		*common = r->branches[goes_on].log->size;
		*fork = false;
		return goes_on;
	}
	if (*fork)
		fork_branch(in, *common, r->branches[goes_on].name);
	else
		strcpy(r->branches[goes_on].name, in->device);
	return goes_on;
}

/*
 * A device that is new here and belongs to no member: whoever has the
 * ciphertext could have added it, to raise alarms in our name. Only a member
 * can tell; others take everything.
 */
static bool
is_stranger(struct receive *r, const struct index *members, size_t log)
{
	const struct log *in = &r->incoming.logs[log];

	return members->me != NULL && members->log_seat[log] == NULL &&
	       vault_log(r->v, in->device) == NULL;
}

/* What one branch of the bundle adds to ours. */
static int
merge_log(struct receive *r, const struct log *in, struct err *e)
{
	const struct log *own = vault_log(r->v, in->device);
	uint64_t common;
	bool fork;
	size_t at;

	if (in->size == 0)
		return err_set(e, ERR_EVIDENCE, "an empty history");
	at = place(r, in, &common, &fork);
	if (at == SIZE_MAX) {
		r->result->older +=
		    !in->is_fork && own != NULL && own->size > in->size;
		return 0;
	}
	if (take_batches(r, in, common, e) != 0)
		return -1;
	r->branches[at].log = in;
	r->n_branches += at == r->n_branches;
	r->result->forks += fork;
	r->result->devices++;
	r->result->batches += in->size - common;
	return 0;
}

/* The branches that moved. */
static int
journal_branches(struct receive *r, struct err *e)
{
	for (size_t i = 0; i < r->n_branches; i++) {
		const struct log *l = r->branches[i].log;

		if (i < r->v->n_logs && l == &r->v->logs[i])
			continue;
		if (journal_branch(r->journal, r->branches[i].name,
				   l->steps[l->size - 1].commit) != 0)
			return no_memory(e);
	}
	return 0;
}

/* The objects that a history lists. */
static int
list_wanted(struct receive *r, const struct log *in, struct err *e)
{
	for (uint64_t n = 1; n <= in->size; n++) {
		struct vault_batch b;
		int rc = 0;

		if (vault_batch(&r->incoming, in, n, &b, e) != 0)
			return -1;
		for (size_t k = 0; k < b.b.n && rc == 0; k++)
			if (b.b.lines[k].kind == BATCH_OBJECT)
				rc =
				    map_set(&r->wanted, b.b.lines[k].sha256, 1);
		vault_batch_free(&b);
		if (rc != 0)
			return no_memory(e);
	}
	return 0;
}

/* Objects that came: those that a history lists which is taken in, and new. */
static int
merge_objects(struct receive *r, struct err *e)
{
	char dir[FSUTIL_PATH], path[FSUTIL_PATH];
	struct dirent *d;
	DIR *list;
	int rc = 0;

	if (vault_path(r->v, "local/tmp", dir, e) != 0)
		return -1;
	list = opendir(dir);
	if (list == NULL)
		return err_sys(e, "the vault's local/tmp");
	while (rc == 0 && (d = readdir(list)) != NULL) {
		uint8_t sha256[HASH_LEN];
		size_t came, listed;

		if (strlen(d->d_name) != 64 ||
		    hex_decode(d->d_name, HASH_LEN, sha256) != 0 ||
		    !map_get(&r->got, sha256, &came))
			continue;
		if (!map_get(&r->wanted, sha256, &listed))
			continue; /* a stranger's */
		if (vault_object_path(r->v, sha256, path, e) != 0)
			rc = -1;
		else if (!fsutil_exists(path)) {
			r->result->objects++;
			if (journal_object(r->journal, sha256) != 0)
				rc = no_memory(e);
		}
	}
	closedir(list);
	return rc;
}

/* Nothing new in the history: only objects, or nothing at all. */
static int
commit(struct receive *r, struct err *e)
{
	size_t news = r->result->batches;
	char name[48];

	if (news == 0 && r->result->objects == 0)
		return 0;
	if (news > 0) {
		if (packform_file_finish(r->pack, name, e) != 0)
			return -1;
		if (journal_pack(r->journal, name) != 0)
			return no_memory(e);
	}
	if (journal_commit(r->journal, r->v, e) != 0)
		return -1;
	/* what was taken in stands, whatever becomes of this */
	(void)repack(r->v, NULL);
	return vault_load(r->v, false, e);
}

static int
receive_into(struct receive *r, const struct secret *passphrase, struct err *e)
{
	struct agefile_identity key = {AGEKEY_HYBRID, NULL};
	struct agefile_from from = {
	    .keys = &key, .n = 1, .passphrase = passphrase};
	char path[FSUTIL_PATH];
	enum agefile_failure why = AGEFILE_FINE;
	struct index *members;
	int rc = 0;

	key.secret = identity_person(r->id);
	if (vault_path(r->v, "local/tmp", path, e) != 0 ||
	    fsutil_mkdirs(path, e) != 0)
		return -1;
	r->age = agefile_reader_new(&from, source, r, &why, e);
	if (r->age == NULL) {
		if (why == AGEFILE_NO_MATCH)
			err_hint(e, "it was carried to somebody else, or is"
				    " locked with a passphrase (-p)");
		return -1;
	}
	r->journal = journal_new();
	if (r->journal == NULL)
		return no_memory(e);
	if (receive_tar(r, e) != 0)
		return -1;
	r->pack = packform_file_new(path, e);
	if (r->pack == NULL || list_branches(r, e) != 0)
		return -1;
	members = index_open(&r->incoming, r->id, e);
	if (members == NULL)
		return -1;
	for (size_t i = 0; i < r->incoming.n_logs && rc == 0; i++) {
		if (is_stranger(r, members, i)) {
			r->result->strangers++;
			continue;
		}
		rc = merge_log(r, &r->incoming.logs[i], e);
		if (rc == 0)
			rc = list_wanted(r, &r->incoming.logs[i], e);
	}
	index_free(members);
	if (rc != 0 || merge_objects(r, e) != 0)
		return -1;
	if (journal_branches(r, e) != 0 ||
	    local_absent_grow(r->v, r->id, &r->incoming, &r->missing, e) != 0)
		return -1;
	return commit(r, e);
}

/* The folder of a vault that is being made: named only when it is whole. */
static int
new_folder(const char *dir, char out[FSUTIL_PATH], struct err *e)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	if (strcmp(dir, ".") == 0 || strcmp(dir, "..") == 0) {
		err_set(e, ERR_UNKNOWN, "there is no vault here");
		return err_hint(e, "--vault DIR names the one to make");
	}
	if (n + sizeof PART_SUFFIX > FSUTIL_PATH)
		return err_set(e, ERR_UNKNOWN, "a path is too long");
	snprintf(out, FSUTIL_PATH, "%.*s%s", (int)n, dir, PART_SUFFIX);
	/* what an interrupted command left: ciphertext only */
	return fsutil_remove_all(out, e);
}

static int
finish_local(struct receive *r, struct err *e)
{
	char path[FSUTIL_PATH];
	struct map absent = {0};
	int rc = -1;

	if (vault_path(r->v, "local/tmp", path, e) != 0 ||
	    fsutil_remove_all(path, e) != 0 ||
	    local_trust_save(r->v, r->id, NULL, e) != 0 ||
	    local_absent_save(r->v, r->id, &r->missing, e) != 0 ||
	    local_absent_load(r->v, &absent, e) != 0)
		goto out;
	r->result->absent = absent.used;
	rc = 0;
out:
	map_free(&absent);
	return rc;
}

/* Give the new vault its name; the old one keeps its own. */
static int
name_folder(const char *from, const char *dir, struct err *e)
{
	char shown[300];

	if (fsutil_exists(dir) && rmdir(dir) != 0)
		return err_sys(
		    e, "%s", err_escape(shown, sizeof shown, dir, strlen(dir)));
	if (rename(from, dir) != 0)
		return err_sys(
		    e, "%s", err_escape(shown, sizeof shown, dir, strlen(dir)));
	return fsutil_sync_parent(dir, e);
}

/* A vault whose logs are damaged takes nothing in on top. */
static int
check_own(struct receive *r, struct err *e)
{
	if (local_trust_check(r->v, r->id, e) != 0 ||
	    local_absent_check(r->v, r->id, e) != 0 ||
	    local_absent_missing(r->v, &r->missing, e) != 0)
		return -1;
	if (r->v->report.count[REPORT_DAMAGE] == 0)
		return 0;
	err_set(e, ERR_EVIDENCE, "%s",
		report_first(&r->v->report, REPORT_DAMAGE));
	return err_hint(e, "muniment verify says more");
}

int
carry_receive(const char *dir, const struct identity *id,
	      const struct secret *passphrase, const char *const *files,
	      size_t n, vault_progress *progress, struct carry_result *result,
	      struct err *e)
{
	struct receive r = {
	    .id = id, .files = files, .n_files = n, .fd = -1, .result = result};
	char fresh[FSUTIL_PATH] = "", path[FSUTIL_PATH];
	int rc = -1;

	memset(result, 0, sizeof *result);
	result->created = fsutil_is_free(dir);
	if (result->created &&
	    (new_folder(dir, fresh, e) != 0 || gitstore_init(fresh, e) != 0))
		goto out;
	r.v =
	    vault_open(result->created ? fresh : dir, VAULT_WRITE, progress, e);
	if (r.v == NULL || (!result->created && check_own(&r, e) != 0))
		goto out;
	rc = receive_into(&r, passphrase, e);
	if (rc == 0)
		rc = finish_local(&r, e);
	else if (vault_path(r.v, "local/tmp", path, NULL) == 0)
		(void)fsutil_remove_all(path, NULL);
	if (rc == 0 && result->created)
		rc = name_folder(fresh, dir, e);
out:
	if (r.fd >= 0)
		close(r.fd);
	agefile_reader_free(r.age);
	bundle_reader_free(r.bundle);
	packform_file_free(r.pack);
	map_free(&r.packed);
	journal_free(r.journal);
	map_free(&r.got);
	map_free(&r.missing);
	map_free(&r.wanted);
	free(r.branches);
	vault_forget(&r.incoming);
	vault_close(r.v);
	if (rc != 0 && fresh[0] != '\0')
		(void)fsutil_remove_all(fresh, NULL);
	return rc;
}
