#include "vault.h"

#include "checkpoint.h"
#include "ed25519.h"
#include "hex.h"
#include "journal.h"
#include "sshsign.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOG_MAX (UINT64_C(1) << 31) /* batches of a log */
#define LOGS_MAX 4096
_Static_assert(sizeof(size_t) == 8, "a place in the vault is one size_t");

int
vault_path(const struct vault *v, const char *rel, char out[FSUTIL_PATH],
	   struct err *e)
{
	return fsutil_join(out, v->dir, rel, e);
}

int
vault_object_path(const struct vault *v, const uint8_t sha256[HASH_LEN],
		  char out[FSUTIL_PATH], struct err *e)
{
	char hex[65], rel[96];

	hex_encode(sha256, HASH_LEN, hex);
	snprintf(rel, sizeof rel, "lfs/objects/%.2s/%.2s/%s", hex, hex + 2,
		 hex);
	return vault_path(v, rel, out, e);
}

int
vault_leaf(const struct batch *b, uint8_t leaf[HASH_LEN])
{
	uint8_t(*leaves)[HASH_LEN] = calloc(b->n, HASH_LEN);
	uint8_t inner[HASH_LEN];
	char data[BATCH_LEAF_DATA_MAX];
	int k;

	if (leaves == NULL)
		return -1;
	for (size_t i = 0; i < b->n; i++)
		merkle_leaf(b->lines[i].text, b->lines[i].len, leaves[i]);
	k = merkle_padded_root(leaves, b->n, b->pads, BATCH_MIN_K, BATCH_MAX_K,
			       inner);
	free(leaves);
	if (k < 0)
		return -1;
	merkle_leaf(data, batch_leaf_data(k, inner, data), leaf);
	return 0;
}

void
vault_key_id(const char *origin, const uint8_t key[32], uint8_t id[4])
{
	uint8_t in[CHECKPOINT_ORIGIN_MAX + 34], digest[HASH_LEN];

	hash_sha256(in, checkpoint_key_id_input(origin, key, in), digest);
	memcpy(id, digest, 4);
}

struct log *
vault_log(struct vault *v, const char *device)
{
	for (size_t i = 0; i < v->n_logs; i++)
		if (!v->logs[i].is_fork &&
		    strcmp(v->logs[i].device, device) == 0)
			return &v->logs[i];
	return NULL;
}

void
vault_batch_free(struct vault_batch *b)
{
	batch_free(&b->b);
	free(b->file);
	free(b->names);
	memset(b, 0, sizeof *b);
}

/* A small file of a batch's tree. */
static int
read_named(struct vault *v, const struct vault_batch *b, const char *name,
	   struct gitstore_object *out, struct err *e)
{
	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < b->n_names; i++)
		if (strcmp(b->names[i].name, name) == 0)
			return gitstore_read(v->git, b->names[i].oid,
					     PACKFORM_BLOB, out, e);
	return err_set(e, ERR_EVIDENCE, "its %s file is missing", name);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct gitform_name *)a)->name,
		      ((const struct gitform_name *)b)->name);
}

const uint8_t *
vault_batch_oid(const struct vault_batch *b, const uint8_t sha256[HASH_LEN])
{
	struct gitform_name key, *found;

	hex_encode(sha256, HASH_LEN, key.name);
	found = bsearch(&key, b->names, b->n_names, sizeof key, by_name);
	return found != NULL ? found->oid : NULL;
}

int
vault_entry_file(struct vault *v, const struct vault_batch *b,
		 const uint8_t sha256[HASH_LEN], struct gitstore_object *out,
		 struct err *e)
{
	const uint8_t *oid = vault_batch_oid(b, sha256);
	uint8_t digest[HASH_LEN];

	memset(out, 0, sizeof *out);
	if (oid == NULL)
		return err_set(e, ERR_EVIDENCE, "its file is missing");
	if (gitstore_read(v->git, oid, PACKFORM_BLOB, out, e) != 0)
		return -1;
	hash_sha256(out->data, out->len, digest);
	if (memcmp(digest, sha256, HASH_LEN) == 0)
		return 0;
	gitstore_object_free(out);
	return err_set(e, ERR_EVIDENCE, "its file has another SHA-256");
}

static int
by_hash(const void *a, const void *b)
{
	return memcmp(a, b, HASH_LEN);
}

/* True if two lines name the same file (or without memory to tell). */
static bool
lists_twice(const struct batch *b)
{
	uint8_t(*list)[HASH_LEN] = calloc(b->n, HASH_LEN);
	size_t n = 0;
	bool twice = list == NULL;

	for (size_t i = 0; !twice && i < b->n; i++)
		if (b->lines[i].kind == BATCH_ENTRY ||
		    b->lines[i].kind == BATCH_OBJECT)
			memcpy(list[n++], b->lines[i].sha256, HASH_LEN);
	if (n > 1)
		qsort(list, n, HASH_LEN, by_hash);
	for (size_t i = 1; i < n; i++)
		twice |= memcmp(list[i - 1], list[i], HASH_LEN) == 0;
	free(list);
	return twice;
}

/* The tree must hold what the lines say, and nothing else. */
static int
check_tree(struct vault *v, const struct vault_batch *b, struct err *e)
{
	size_t files = 0;
	char pointer[GITFORM_POINTER_MAX], hex[65];

	for (size_t i = 0; i < b->b.n; i++) {
		const struct batch_line *l = &b->b.lines[i];
		struct gitstore_object o;
		const uint8_t *oid;
		size_t n;
		int same;

		if (l->kind != BATCH_ENTRY && l->kind != BATCH_OBJECT)
			continue;
		files++;
		hex_encode(l->sha256, HASH_LEN, hex);
		oid = vault_batch_oid(b, l->sha256);
		if (oid == NULL)
			return err_set(
			    e, ERR_EVIDENCE, "%s %.16s is missing",
			    l->kind == BATCH_ENTRY ? "entry" : "pointer", hex);
		if (l->kind == BATCH_ENTRY)
			continue;
		if (gitstore_read(v->git, oid, PACKFORM_BLOB, &o, e) != 0)
			return -1;
		n = gitform_pointer_encode(l->sha256, l->size, pointer);
		same = o.len == n && memcmp(o.data, pointer, n) == 0;
		gitstore_object_free(&o);
		if (!same)
			return err_set(
			    e, ERR_EVIDENCE,
			    "pointer %.16s is not what its line says", hex);
	}
	if (b->n_names != files + 3 || lists_twice(&b->b))
		return err_set(
		    e, ERR_EVIDENCE,
		    "it holds a file that no line lists, or lists one twice");
	return 0;
}

/* Read the commit, its tree and its batch file. */
static int
read_batch(struct vault *v, const struct log *l, uint64_t n, bool sigs,
	   struct vault_batch *out, struct err *e)
{
	struct gitstore_object o = {0};
	struct gitform_commit c;
	char plain[GITFORM_COMMIT_MAX];
	uint8_t sig[64];
	int rc = -1;

	if (gitstore_read(v->git, l->steps[n - 1].commit, PACKFORM_COMMIT, &o,
			  e) != 0)
		return -1;
	if (gitform_commit_decode((const char *)o.data, o.len, n, l->key, &c,
				  sig) != FORMAT_OK) {
		err_set(e, ERR_EVIDENCE,
			"its commit is not of the form of this log");
		goto out;
	}
	if (sigs &&
	    sshsign_verify(l->key, "git", plain,
			   gitform_commit_unsigned(&c, plain), sig) != 0) {
		err_set(e, ERR_EVIDENCE, "its commit's signature fails");
		goto out;
	}
	gitstore_object_free(&o);
	memcpy(out->tree, c.tree, GITFORM_OID_LEN);
	if (gitstore_read(v->git, c.tree, PACKFORM_TREE, &o, e) != 0)
		goto out;
	if (gitform_tree_decode(o.data, o.len, &out->names, &out->n_names) !=
	    FORMAT_OK) {
		err_set(e, ERR_EVIDENCE, "its tree is not of a batch's form");
		goto out;
	}
	gitstore_object_free(&o);
	if (read_named(v, out, "batch", &o, e) != 0)
		goto out;
	out->file = malloc(o.len + 1);
	if (out->file == NULL) {
		err_set(e, ERR_UNKNOWN, "no memory");
		goto out;
	}
	memcpy(out->file, o.data, o.len);
	if (batch_decode(out->file, o.len, &out->b) != FORMAT_OK ||
	    vault_leaf(&out->b, out->leaf) != 0) {
		err_set(e, ERR_EVIDENCE, "its batch file is not of the form");
		goto out;
	}
	rc = check_tree(v, out, e);
out:
	gitstore_object_free(&o);
	return rc;
}

int
vault_batch(struct vault *v, const struct log *l, uint64_t n,
	    struct vault_batch *out, struct err *e)
{
	memset(out, 0, sizeof *out);
	out->log = l;
	out->n = n;
	if (read_batch(v, l, n, false, out, e) == 0)
		return 0;
	vault_batch_free(out);
	return -1;
}

/* The `vault` file: the first log's decides, all others must agree. */
static int
check_vault_file(struct vault *v, const struct vault_batch *b, struct err *e)
{
	struct gitstore_object o;
	uint8_t nonce[32], digest[HASH_LEN];
	int rc = -1;

	if (read_named(v, b, "vault", &o, e) != 0)
		return -1;
	if (v->id[0] != '\0') {
		if (o.len == v->file_len && memcmp(o.data, v->file, o.len) == 0)
			rc = 0;
		else
			err_set(e, ERR_EVIDENCE, "it is of another vault");
	} else if (o.len < GITFORM_VAULT_MAX &&
		   gitform_vault_decode((const char *)o.data, o.len,
					v->root_key, nonce) == FORMAT_OK) {
		memcpy(v->file, o.data, o.len);
		v->file_len = o.len;
		hash_sha256(o.data, o.len, digest);
		hex_encode(digest, HASH_LEN, v->id);
		rc = 0;
		if (v->pin[0] != '\0' && strcmp(v->pin, v->id) != 0) {
			v->id[0] = '\0';
			rc = err_set(e, ERR_EVIDENCE, "it is of another vault");
		}
	} else {
		err_set(e, ERR_EVIDENCE, "its vault file is not of the form");
	}
	gitstore_object_free(&o);
	return rc;
}

/* The checkpoint must state the log after this batch. */
static int
check_checkpoint(struct vault *v, const struct log *l,
		 const struct vault_batch *b, const uint8_t root[HASH_LEN],
		 bool sigs, struct err *e)
{
	char origin[CHECKPOINT_ORIGIN_MAX], body[CHECKPOINT_MAX];
	struct gitstore_object o;
	uint8_t id[4], got[HASH_LEN], sig[64];
	uint64_t size = 0;
	int rc = -1;

	if (read_named(v, b, "checkpoint", &o, e) != 0)
		return -1;
	checkpoint_origin(v->id, l->device, origin);
	vault_key_id(origin, l->key, id);
	if (checkpoint_decode((const char *)o.data, o.len, origin, id, &size,
			      got, sig) != FORMAT_OK)
		err_set(e, ERR_EVIDENCE,
			"its checkpoint is not of the form of this log");
	else if (size != b->n || memcmp(got, root, HASH_LEN) != 0)
		err_set(e, ERR_EVIDENCE,
			"its checkpoint does not agree with the log");
	else if (sigs &&
		 ed25519_verify(l->key, body,
				checkpoint_body(origin, size, root, body),
				sig) != 0)
		err_set(e, ERR_EVIDENCE, "its checkpoint's signature fails");
	else
		rc = 0;
	gitstore_object_free(&o);
	return rc;
}

/* Remember what a batch lists. */
static int
note_lines(struct vault *v, struct log *l, size_t index,
	   const struct vault_batch *b, struct err *e)
{
	for (size_t i = 0; i < b->b.n; i++) {
		const struct batch_line *x = &b->b.lines[i];
		size_t where;
		int rc = 0;

		if (x->kind == BATCH_ENTRY) {
			char hex[65];

			hex_encode(x->sha256, HASH_LEN, hex);
			if (!l->is_fork &&
			    map_get(&v->entries, x->sha256, &where))
				report_add(
				    &v->report, REPORT_HISTORY,
				    "entry %.16s is listed by device %.12s,"
				    " batch %llu, and by device %.12s, batch"
				    " %llu: one of them repeats the other's",
				    hex, v->logs[VAULT_PLACE_LOG(where)].device,
				    (unsigned long long)VAULT_PLACE_BATCH(
					where),
				    l->device, (unsigned long long)b->n);
			else
				rc = map_set(&v->entries, x->sha256,
					     VAULT_PLACE(index, b->n));
		} else if (x->kind == BATCH_OBJECT) {
			rc = map_set(&v->objects, x->sha256, (size_t)x->size);
		} else if (x->kind == BATCH_SEEN) {
			if (l->n_seen == l->cap_seen) {
				size_t cap =
				    l->cap_seen > 0 ? 2 * l->cap_seen : 8;
				void *p =
				    realloc(l->seen, cap * sizeof *l->seen);

				if (p == NULL)
					return err_set(e, ERR_UNKNOWN,
						       "no memory");
				l->seen = p;
				l->cap_seen = cap;
			}
			memcpy(l->seen[l->n_seen].device, x->device,
			       sizeof x->device);
			l->seen[l->n_seen].size = x->size;
			memcpy(l->seen[l->n_seen].root, x->root, HASH_LEN);
			l->seen[l->n_seen++].batch = b->n;
		} else {
			report_add(
			    &v->report, REPORT_NOTE,
			    "device %.12s, batch %llu: a line of a kind that"
			    " this version does not understand",
			    l->device, (unsigned long long)b->n);
		}
		if (rc != 0)
			return err_set(e, ERR_UNKNOWN, "no memory");
	}
	return 0;
}

/*
 * Check batch n of a log and take it in. Its number is one more than that of
 * the last good one.
 */
static int
check_batch(struct vault *v, size_t index, uint64_t n, bool thorough,
	    struct err *e)
{
	struct log *l = &v->logs[index];
	struct vault_batch b = {.log = l, .n = n};
	struct merkle_log tree = l->tree;
	uint8_t *root = l->steps[n - 1].root;
	bool sigs = thorough || n == l->length;
	int rc = -1;

	if (read_batch(v, l, n, thorough, &b, e) != 0 ||
	    check_vault_file(v, &b, e) != 0)
		goto out;
	merkle_log_append(&tree, b.leaf);
	merkle_log_root(&tree, root);
	if (check_checkpoint(v, l, &b, root, sigs, e) != 0 ||
	    note_lines(v, l, index, &b, e) != 0)
		goto out;
	l->tree = tree;
	l->size = n;
	rc = 0;
out:
	vault_batch_free(&b);
	return rc;
}

/* Follow the parents from the head and list the commits, oldest first. */
static int
list_commits(struct vault *v, struct log *l,
	     const uint8_t head[GITFORM_OID_LEN], struct err *e)
{
	uint8_t oid[GITFORM_OID_LEN];
	size_t cap = 0;
	bool more = true;

	memcpy(oid, head, GITFORM_OID_LEN);
	while (more) {
		struct gitstore_object o;
		const char *t;

		if (l->length == cap) {
			size_t bigger = cap > 0 ? 2 * cap : 64;
			void *p = realloc(l->steps, bigger * sizeof *l->steps);

			if (p == NULL || l->length >= LOG_MAX)
				return err_set(e, ERR_UNKNOWN, "no memory");
			l->steps = p;
			cap = bigger;
		}
		memset(&l->steps[l->length], 0, sizeof *l->steps);
		memcpy(l->steps[l->length++].commit, oid, GITFORM_OID_LEN);
		if (gitstore_read(v->git, oid, PACKFORM_COMMIT, &o, e) != 0)
			return -1;
		t = (const char *)o.data;
		more = o.len > 93 && memcmp(t + 46, "parent ", 7) == 0 &&
		       hex_decode(t + 53, GITFORM_OID_LEN, oid) == 0;
		gitstore_object_free(&o);
	}
	for (uint64_t i = 0, k = l->length - 1; i < k; i++, k--) {
		struct log_step t = l->steps[i];

		l->steps[i] = l->steps[k];
		l->steps[k] = t;
	}
	return 0;
}

/*
 * Only the newest checkpoint's signature is checked when a log is just read;
 * where the newest batch is damaged, that of the last good one vouches.
 */
static void
check_last(struct vault *v, struct log *l)
{
	struct vault_batch b = {.log = l, .n = l->size};
	struct err e = {0};

	if (l->size > 0 &&
	    (read_batch(v, l, l->size, true, &b, &e) != 0 ||
	     check_checkpoint(v, l, &b, l->steps[l->size - 1].root, true, &e) !=
		 0)) {
		report_add(&v->report, REPORT_DAMAGE,
			   "device %.12s, batch %llu: %s", l->device,
			   (unsigned long long)l->size, e.msg);
		l->size = 0;
	}
	vault_batch_free(&b);
}

static void
load_log(struct vault *v, size_t index, const uint8_t head[GITFORM_OID_LEN],
	 bool thorough)
{
	struct log *l = &v->logs[index];
	struct err e = {0};

	if (list_commits(v, l, head, &e) != 0) {
		report_add(
		    &v->report, REPORT_DAMAGE,
		    "refs/heads/%s: its history cannot be read, %llu batches"
		    " from its end: %s",
		    l->branch, (unsigned long long)l->length, e.msg);
		l->length = 0;
		return;
	}
	for (uint64_t n = 1; n <= l->length; n++) {
		if (v->progress != NULL && n % 64 == 0)
			v->progress(v->progress_ctx, "reading", n, l->length);
		if (check_batch(v, index, n, thorough, &e) == 0)
			continue;
		report_add(&v->report, REPORT_DAMAGE,
			   "device %.12s, batch %llu: %s", l->device,
			   (unsigned long long)n, e.msg);
		if (!thorough)
			check_last(v, l);
		if (n < l->length)
			report_add(
			    &v->report, REPORT_DAMAGE,
			    "device %.12s: %llu batches after the damaged one"
			    " cannot be placed",
			    l->device, (unsigned long long)(l->length - n));
		return;
	}
}

struct ref_list {
	struct vault *v;
	uint8_t (*heads)[GITFORM_OID_LEN];
};

/* Take a branch into the list of logs, if it has a device's name. */
static int
take_ref(void *ctx, const char *name, const uint8_t oid[GITFORM_OID_LEN],
	 struct err *e)
{
	struct ref_list *r = ctx;
	struct vault *v = r->v;
	const char *branch = name + 11;
	struct log *l;
	char shown[200];
	void *p;
	size_t n;
	bool fork;

	n = strncmp(name, "refs/heads/", 11) == 0 ? strlen(branch) : 0;
	if (n == 0)
		branch = name;
	fork = n == BATCH_DEVICE_LEN + 33 && branch[BATCH_DEVICE_LEN] == '.' &&
	       hex_is(branch + BATCH_DEVICE_LEN + 1, 32);
	if (v->n_logs >= LOGS_MAX)
		return err_set(e, ERR_EVIDENCE, "too many branches");
	for (size_t i = 0; i < v->n_logs; i++)
		if (strcmp(v->logs[i].branch, branch) == 0)
			return err_set(e, ERR_EVIDENCE,
				       "a branch is listed twice");
	p = realloc(v->logs, (v->n_logs + 1) * sizeof *v->logs);
	if (p == NULL)
		return err_set(e, ERR_UNKNOWN, "no memory");
	v->logs = p;
	p = realloc(r->heads, (v->n_logs + 1) * GITFORM_OID_LEN);
	if (p == NULL)
		return err_set(e, ERR_UNKNOWN, "no memory");
	r->heads = p;
	l = &v->logs[v->n_logs];
	memset(l, 0, sizeof *l);
	l->frozen = UINT64_MAX;
	if ((n != BATCH_DEVICE_LEN && !fork) ||
	    batch_device_key(branch, BATCH_DEVICE_LEN, l->key) != 0 ||
	    !ed25519_is_valid(l->key)) {
		report_add(&v->report, REPORT_DAMAGE,
			   "%s: a reference that does not belong in a vault",
			   err_escape(shown, sizeof shown, name, strlen(name)));
		return 0;
	}
	strcpy(l->branch, branch);
	memcpy(l->device, branch, BATCH_DEVICE_LEN);
	l->is_fork = fork;
	memcpy(r->heads[v->n_logs++], oid, GITFORM_OID_LEN);
	return 0;
}

void
vault_forget(struct vault *v)
{
	for (size_t i = 0; i < v->n_logs; i++) {
		free(v->logs[i].steps);
		free(v->logs[i].seen);
	}
	free(v->logs);
	v->logs = NULL;
	v->n_logs = 0;
	map_free(&v->entries);
	map_free(&v->objects);
	report_free(&v->report);
	v->id[0] = '\0';
}

/* Every `seen` line must name a state that is here. */
static void
check_seen(struct vault *v, const struct log *l)
{
	for (size_t i = 0; i < l->n_seen; i++) {
		const struct log_seen *s = &l->seen[i];
		bool here = false, longer = false;

		for (size_t k = 0; k < v->n_logs; k++) {
			const struct log *o = &v->logs[k];

			if (strcmp(o->device, s->device) != 0)
				continue;
			longer |= o->size >= s->size;
			here |= o->size >= s->size &&
				memcmp(o->steps[s->size - 1].root, s->root,
				       HASH_LEN) == 0;
		}
		if (!here)
			report_add(
			    &v->report, REPORT_HISTORY,
			    "device %.12s: batch %llu, which device %.12s had"
			    " seen (its batch %llu), is %s",
			    s->device, (unsigned long long)s->size, l->device,
			    (unsigned long long)s->batch,
			    longer ? "another one here: a fork"
				   : "missing: a rollback");
	}
}

/* A second branch of one device: both are frozen where they part. */
static void
check_forks(struct vault *v)
{
	for (size_t i = 0; i < v->n_logs; i++) {
		struct log *a = &v->logs[i];

		for (size_t k = 0; k < v->n_logs; k++) {
			struct log *b = &v->logs[k];
			uint64_t n = 0;

			if (i == k || !a->is_fork ||
			    strcmp(a->device, b->device) != 0)
				continue;
			while (n < a->size && n < b->size &&
			       memcmp(a->steps[n].root, b->steps[n].root,
				      HASH_LEN) == 0)
				n++;
			if (n == a->size || n == b->size)
				continue;
			if (n < a->frozen)
				a->frozen = n;
			if (n < b->frozen)
				b->frozen = n;
			report_add(
			    &v->report, REPORT_HISTORY,
			    "device %.12s: a fork: two histories that part"
			    " after batch %llu are signed by it",
			    a->device, (unsigned long long)n);
		}
	}
}

int
vault_load_from(struct vault *v, vault_refs *refs, void *ctx, bool thorough,
		struct err *e)
{
	struct ref_list list = {.v = v};
	int rc = -1;

	vault_forget(v);
	if (refs(ctx, take_ref, &list, e) != 0)
		goto out;
	for (size_t i = 0; i < v->n_logs; i++)
		load_log(v, i, list.heads[i], thorough);
	for (size_t i = 0; i < v->n_logs; i++)
		check_seen(v, &v->logs[i]);
	check_forks(v);
	rc = 0;
out:
	free(list.heads);
	return rc;
}

static int
own_refs(void *ctx, gitstore_ref *ref, void *ref_ctx, struct err *e)
{
	struct vault *v = ctx;

	return gitstore_refs(v->git, ref, ref_ctx, e);
}

int
vault_load(struct vault *v, bool thorough, struct err *e)
{
	return vault_load_from(v, own_refs, v, thorough, e);
}

static int
take_lock(struct vault *v, struct err *e)
{
	char path[FSUTIL_PATH];

	if (vault_path(v, "local", path, e) != 0 ||
	    fsutil_mkdirs(path, e) != 0 ||
	    vault_path(v, "local/lock", path, e) != 0)
		return -1;
	v->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (v->lock < 0)
		return err_sys(e, "the vault's lock");
	if (flock(v->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK && v->progress != NULL)
		v->progress(v->progress_ctx,
			    "waiting for another command on this vault", 0, 0);
	while (flock(v->lock, LOCK_EX) != 0)
		if (errno != EINTR)
			return err_sys(e, "the vault's lock");
	return 0;
}

/*
 * Readers keep a writer out while they read; where there is no lock to take
 * (a medium that cannot be written, a plain git clone), nobody writes either.
 */
static int
share_lock(struct vault *v, struct err *e)
{
	char path[FSUTIL_PATH];

	if (vault_path(v, "local/lock", path, e) != 0)
		return -1;
	v->lock = open(path, O_RDONLY | O_CLOEXEC);
	while (v->lock >= 0 && flock(v->lock, LOCK_SH) != 0)
		if (errno != EINTR)
			return err_sys(e, "the vault's lock");
	return 0;
}

struct vault *
vault_open(const char *dir, int mode, vault_progress *progress, struct err *e)
{
	struct vault *v = calloc(1, sizeof *v);
	bool thorough = (mode & VAULT_THOROUGH) != 0;

	if (v == NULL) {
		err_set(e, ERR_UNKNOWN, "no memory");
		return NULL;
	}
	v->lock = -1;
	v->progress = progress;
	if (strlen(dir) >= sizeof v->dir) {
		err_set(e, ERR_UNKNOWN, "a path is too long");
		goto bad;
	}
	strcpy(v->dir, dir);
	v->git = gitstore_open(dir, e);
	if (v->git == NULL)
		goto bad;
	if ((mode & VAULT_WRITE) != 0 ? take_lock(v, e) != 0
				      : share_lock(v, e) != 0)
		goto bad;
	if (vault_load(v, thorough, e) != 0 ||
	    ((mode & VAULT_WRITE) != 0 && journal_recover(v, e) != 0))
		goto bad;
	return v;
bad:
	vault_close(v);
	return NULL;
}

void
vault_close(struct vault *v)
{
	if (v == NULL)
		return;
	vault_forget(v);
	gitstore_close(v->git);
	if (v->lock >= 0)
		close(v->lock);
	free(v);
}
