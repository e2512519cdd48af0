#include "vault.h"

#include "cache.h"
#include "caps.h"
#include "checkpoint.h"
#include "cold.h"
#include "ed25519.h"
#include "forks.h"
#include "hex.h"
#include "journal.h"
#include "relock.h"
#include "secret.h"
#include "sshsign.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOG_MAX (UINT64_C(1) << 31) /* batches of a log */

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

size_t
vault_first_log(const struct vault *v, const char *device)
{
	uint8_t key[MAP_KEY_LEN];
	size_t i;

	map_key_text(device, key);
	return map_get(&v->devices, key, &i) ? i : SIZE_MAX;
}

struct log *
vault_log(struct vault *v, const char *device)
{
	for (size_t i = vault_first_log(v, device); i != SIZE_MAX;
	     i = v->logs[i].other)
		if (!v->logs[i].is_fork)
			return &v->logs[i];
	return NULL;
}

bool
vault_has_state(const struct vault *v, const char *device, uint64_t size,
		const uint8_t root[HASH_LEN])
{
	for (size_t i = vault_first_log(v, device); i != SIZE_MAX;
	     i = v->logs[i].other)
		if (v->logs[i].size >= size &&
		    memcmp(v->logs[i].steps[size - 1].root, root, HASH_LEN) ==
			0)
			return true;
	return false;
}

uint64_t
vault_longest(const struct vault *v, const char *device)
{
	uint64_t most = 0;

	for (size_t i = vault_first_log(v, device); i != SIZE_MAX;
	     i = v->logs[i].other)
		if (v->logs[i].size > most)
			most = v->logs[i].size;
	return most;
}

/* A root stands for all batches before it: where two agree, these agree. */
uint64_t
vault_alike(const struct log *a, const struct log *b)
{
	uint64_t same = 0, other;

	if (strcmp(a->device, b->device) != 0)
		return 0;
	other = (a->size < b->size ? a->size : b->size) + 1;
	while (other - same > 1) {
		uint64_t n = same + (other - same) / 2;

		if (memcmp(a->steps[n - 1].root, b->steps[n - 1].root,
			   HASH_LEN) == 0)
			same = n;
		else
			other = n;
	}
	return same;
}

bool
vault_place(const struct vault *v, const uint8_t sha256[HASH_LEN],
	    size_t *place)
{
	struct cold_place p;

	if (map_get(&v->entries, sha256, place))
		return true;
	if (!cold_place(v->cold, sha256, &p))
		return false;
	*place = VAULT_PLACE(p.log, p.batch);
	return true;
}

bool
vault_object(const struct vault *v, const uint8_t sha256[HASH_LEN],
	     size_t *size)
{
	uint64_t n;

	if (map_get(&v->objects, sha256, size))
		return true;
	if (!cold_object(v->cold, sha256, &n))
		return false;
	*size = (size_t)n;
	return true;
}

int
vault_objects(struct vault *v, vault_object_fn *object, void *ctx)
{
	uint8_t sha256[MAP_KEY_LEN];
	size_t at = 0, size;
	int rc = 0;

	while (rc == 0 && map_next(&v->objects, &at, sha256, &size))
		rc = object(ctx, sha256, size);
	for (size_t i = 0; v->cold != NULL && i < v->cold->n; i++)
		for (uint64_t k = 0;
		     rc == 0 && k < v->cold->list[i].n[COLD_OBJECTS]; k++) {
			uint8_t row[COLD_WIDTH_MAX];

			if (!cold_rows(v->cold, i, COLD_OBJECTS, k, row, 1))
				return -1;
			if (!map_get(&v->objects, row, &size))
				rc = object(ctx, row,
					    (size_t)cold_get(row + 32, 8));
		}
	return rc;
}

void
vault_batch_free(struct vault_batch *b)
{
	batch_free(&b->b);
	free(b->file);
	free(b->names);
	memset(b, 0, sizeof *b);
}

int
vault_batch_named(struct vault *v, const struct vault_batch *b,
		  const char *name, struct gitstore_object *out, struct err *e)
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
	if (vault_batch_named(v, out, "batch", &o, e) != 0)
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

	if (vault_batch_named(v, b, "vault", &o, e) != 0)
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

	if (vault_batch_named(v, b, "checkpoint", &o, e) != 0)
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

/*
 * An entry stands in one place. Both sides of a fork list what they begin
 * with; any other second place repeats somebody's entry. The message does not
 * depend on which was read first.
 */
static void
check_place(struct vault *v, const struct log *l, uint64_t n,
	    const struct log *o, uint64_t k, const uint8_t sha256[HASH_LEN])
{
	int order = strcmp(l->device, o->device);
	char hex[65];

	if (order == 0 && n == k)
		return;
	hex_encode(sha256, HASH_LEN, hex);
	if (order < 0 || (order == 0 && n < k)) {
		const struct log *t = l;
		uint64_t m = n;

		l = o;
		n = k;
		o = t;
		k = m;
	}
	report_add(&v->read, REPORT_HISTORY,
		   "entry %.16s is listed by device %.12s, batch %llu, and by"
		   " device %.12s, batch %llu: one of them repeats the other's",
		   hex, o->device, (unsigned long long)k, l->device,
		   (unsigned long long)n);
}

static int
note_entry(struct vault *v, size_t index, uint64_t n,
	   const uint8_t sha256[HASH_LEN])
{
	const struct vault *from = v;
	size_t at;

	if (!vault_place(v, sha256, &at)) {
		from = v->base;
		if (from == NULL || !vault_place(from, sha256, &at))
			return map_set(&v->entries, sha256,
				       VAULT_PLACE(index, n));
	}
	check_place(v, &v->logs[index], n, &from->logs[VAULT_PLACE_LOG(at)],
		    VAULT_PLACE_BATCH(at), sha256);
	return 0;
}

static int
note_seen(struct log *l, const struct log_seen *s)
{
	if (l->n_seen == l->cap_seen) {
		size_t cap = l->cap_seen > 0 ? 2 * l->cap_seen : 8;
		void *p = realloc(l->seen, cap * sizeof *l->seen);

		if (p == NULL)
			return -1;
		l->seen = p;
		l->cap_seen = cap;
	}
	l->seen[l->n_seen++] = *s;
	return 0;
}

/* Remember what a batch lists. */
static int
note_lines(struct vault *v, struct log *l, size_t index,
	   const struct vault_batch *b, struct err *e)
{
	for (size_t i = 0; i < b->b.n; i++) {
		const struct batch_line *x = &b->b.lines[i];
		struct log_seen seen = {.size = x->size, .batch = b->n};
		int rc = 0;

		if (x->kind == BATCH_ENTRY) {
			rc = note_entry(v, index, b->n, x->sha256);
		} else if (x->kind == BATCH_OBJECT) {
			rc = map_set(&v->objects, x->sha256, (size_t)x->size);
		} else if (x->kind == BATCH_SEEN) {
			memcpy(seen.device, x->device, sizeof x->device);
			memcpy(seen.root, x->root, HASH_LEN);
			rc = note_seen(l, &seen);
		} else {
			report_add(
			    &v->read, REPORT_NOTE,
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
	memcpy(l->steps[n - 1].leaf, b.leaf, HASH_LEN);
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

/* Begin a log with the first n batches of another vault's. */
static int
adopt(struct log *l, const struct log *from, uint64_t n)
{
	int rc = 0;

	l->steps = malloc(n * sizeof *l->steps);
	if (l->steps == NULL)
		return -1;
	memcpy(l->steps, from->steps, n * sizeof *l->steps);
	l->length = l->size = n;
	for (uint64_t i = 0; i < n; i++)
		merkle_log_append(&l->tree, l->steps[i].leaf);
	for (size_t i = 0; i < from->n_seen && rc == 0; i++)
		if (from->seen[i].batch <= n)
			rc = note_seen(l, &from->seen[i]);
	return rc;
}

/* The number that a commit claims by its time; 0 if it claims none. */
static uint64_t
claimed_number(const struct gitstore_object *o)
{
	static const char before[] = "<muniment@invalid> ";
	const char *end = (const char *)o->data + o->len, *p;
	uint64_t t = 0;

	p = memmem(o->data, o->len, before, sizeof before - 1);
	for (p = p != NULL ? p + sizeof before - 1 : end;
	     p < end && *p >= '0' && *p <= '9' && t < UINT64_C(1) << 40; p++)
		t = 10 * t + (uint64_t)(*p - '0');
	return t > GITFORM_TIME_START ? t - GITFORM_TIME_START : 0;
}

/*
 * The log that holds this commit as number n, if it is known: `l` itself, when
 * it was read before and ended there; or one of `base`.
 */
static const struct log *
find_known(const struct vault *v, const struct log *l,
	   const uint8_t oid[GITFORM_OID_LEN], uint64_t n)
{
	size_t others = v->base != NULL && l->length == 0 ? v->base->n_logs : 0;

	if (n > 0 && n == l->length &&
	    memcmp(l->steps[n - 1].commit, oid, GITFORM_OID_LEN) == 0)
		return l;
	for (size_t i = 0; i < others; i++) {
		const struct log *o = &v->base->logs[i];

		if (n > 0 && n <= o->size &&
		    strcmp(o->device, l->device) == 0 &&
		    memcmp(o->steps[n - 1].commit, oid, GITFORM_OID_LEN) == 0)
			return o;
	}
	return NULL;
}

/* The commits that are new in a log, the newest first. */
struct walk {
	uint8_t (*oids)[GITFORM_OID_LEN];
	size_t n, cap;
	const struct log *known; /* what comes before them; or NULL */
	uint64_t known_n;
};

static int
walk_add(struct vault *v, struct walk *w, const uint8_t oid[GITFORM_OID_LEN],
	 struct err *e)
{
	if (v->most > 0 && ++v->walked > v->most)
		return caps_exceeded("more new batches", e);
	if (w->n == w->cap) {
		size_t cap = w->cap > 0 ? 2 * w->cap : 64;
		void *p = realloc(w->oids, cap * sizeof *w->oids);

		if (p == NULL || w->n >= LOG_MAX)
			return err_set(e, ERR_UNKNOWN, "no memory");
		w->oids = p;
		w->cap = cap;
	}
	memcpy(w->oids[w->n++], oid, GITFORM_OID_LEN);
	return 0;
}

/* Follow the parents from the head to what is known, or to the first. */
static int
walk_back(struct vault *v, struct log *l, const uint8_t head[GITFORM_OID_LEN],
	  struct walk *w, struct err *e)
{
	uint8_t oid[GITFORM_OID_LEN];
	bool more = true;

	memcpy(oid, head, GITFORM_OID_LEN);
	while (more) {
		struct gitstore_object o;
		const char *t;

		if (gitstore_read(v->git, oid, PACKFORM_COMMIT, &o, e) != 0)
			return -1;
		t = (const char *)o.data;
		w->known_n = claimed_number(&o);
		w->known = find_known(v, l, oid, w->known_n);
		if (w->known == NULL && walk_add(v, w, oid, e) != 0) {
			gitstore_object_free(&o);
			return -1;
		}
		more = w->known == NULL && o.len > 93 &&
		       memcmp(t + 46, "parent ", 7) == 0 &&
		       hex_decode(t + 53, GITFORM_OID_LEN, oid) == 0;
		gitstore_object_free(&o);
	}
	return 0;
}

/*
 * List the commits of a log, oldest first, after those that are known. 1 if
 * it does not go on from where it was.
 */
static int
list_commits(struct vault *v, struct log *l,
	     const uint8_t head[GITFORM_OID_LEN], struct walk *w, struct err *e)
{
	struct log_step *p;

	if (walk_back(v, l, head, w, e) != 0)
		return -1;
	if (l->length > 0 && w->known == NULL)
		return 1;
	if (w->known != NULL && w->known != l &&
	    adopt(l, w->known, w->known_n) != 0)
		return err_set(e, ERR_UNKNOWN, "no memory");
	p = realloc(l->steps, (l->length + w->n + 1) * sizeof *p);
	if (p == NULL)
		return err_set(e, ERR_UNKNOWN, "no memory");
	l->steps = p;
	memset(p + l->length, 0, w->n * sizeof *p);
	for (size_t i = w->n; i > 0; i--)
		memcpy(l->steps[l->length++].commit, w->oids[i - 1],
		       GITFORM_OID_LEN);
	return 0;
}

int
vault_check_batch(struct vault *v, const struct log *l, uint64_t n,
		  struct err *e)
{
	struct vault_batch b = {.log = l, .n = n};
	int rc = -1;

	if (read_batch(v, l, n, true, &b, e) == 0)
		rc = check_checkpoint(v, l, &b, l->steps[n - 1].root, true, e);
	vault_batch_free(&b);
	return rc;
}

/*
 * Only the newest checkpoint's signature is checked when a log is just read;
 * where the newest batch is damaged, that of the last good one vouches.
 */
static void
check_last(struct vault *v, struct log *l)
{
	struct err e = {0};

	if (l->size > 0 && vault_check_batch(v, l, l->size, &e) != 0) {
		report_add(&v->read, REPORT_DAMAGE,
			   "device %.12s, batch %llu: %s", l->device,
			   (unsigned long long)l->size, e.msg);
		l->size = 0;
		v->rewritten++;
	}
}

/*
 * 0; 1 if the log does not go on from where it was: all is to be read anew; -1
 * with `out` filled if there is more of it than is wanted.
 */
static int
load_log(struct vault *v, size_t index, const uint8_t head[GITFORM_OID_LEN],
	 bool thorough, struct err *out)
{
	struct log *l = &v->logs[index];
	bool grows = l->length > 0;
	struct walk w = {0};
	struct err e = {0};
	int rc = list_commits(v, l, head, &w, &e);

	free(w.oids);
	if (rc != 0 && v->most > 0 && v->walked > v->most) {
		err_set(out, e.code, "device %.12s: %s", l->device, e.msg);
		return err_hint(out, "%s", e.hint);
	}
	if (grows && rc != 0)
		return 1;
	if (rc != 0) {
		report_add(
		    &v->read, REPORT_DAMAGE,
		    "refs/heads/%s: its history cannot be read, %llu batches"
		    " from its end: %s",
		    l->branch, (unsigned long long)w.n + 1, e.msg);
		return 0;
	}
	for (uint64_t n = l->size + 1; n <= l->length; n++) {
		if (v->progress != NULL && n % 64 == 0)
			v->progress(v->progress_ctx, "reading", n, l->length);
		if (check_batch(v, index, n, thorough, &e) == 0)
			continue;
		report_add(&v->read, REPORT_DAMAGE,
			   "device %.12s, batch %llu: %s", l->device,
			   (unsigned long long)n, e.msg);
		if (!thorough)
			check_last(v, l);
		if (n < l->length)
			report_add(
			    &v->read, REPORT_DAMAGE,
			    "device %.12s: %llu batches after the damaged one"
			    " cannot be placed",
			    l->device, (unsigned long long)(l->length - n));
		break;
	}
	return 0;
}

/* A branch's head, beside its log. */
struct head {
	uint8_t oid[GITFORM_OID_LEN];
	bool named;
};

struct ref_list {
	struct vault *v;
	struct head *heads; /* for each log */
	size_t n, cap;
};

/* Has this branch a log? Then its head is noted; twice is an error. */
static int
take_again(struct ref_list *r, const char *device, const char *branch,
	   const uint8_t oid[GITFORM_OID_LEN], struct err *e)
{
	for (size_t i = vault_first_log(r->v, device); i != SIZE_MAX;
	     i = r->v->logs[i].other) {
		if (strcmp(r->v->logs[i].branch, branch) != 0)
			continue;
		if (r->heads[i].named)
			return err_set(e, ERR_EVIDENCE,
				       "a branch is listed twice");
		memcpy(r->heads[i].oid, oid, GITFORM_OID_LEN);
		r->heads[i].named = true;
		return 1;
	}
	return 0;
}

/* A further log, without its batches. */
static struct log *
add_log(struct ref_list *r, const char *device,
	const uint8_t oid[GITFORM_OID_LEN])
{
	struct vault *v = r->v;
	struct log *l = realloc(v->logs, (v->n_logs + 1) * sizeof *l);
	uint8_t key[MAP_KEY_LEN];

	if (l == NULL)
		return NULL;
	v->logs = l;
	if (r->n == r->cap) {
		size_t cap = r->cap > 0 ? 2 * r->cap : 16;
		void *p = realloc(r->heads, cap * sizeof *r->heads);

		if (p == NULL)
			return NULL;
		r->heads = p;
		r->cap = cap;
	}
	memcpy(r->heads[r->n].oid, oid, GITFORM_OID_LEN);
	r->heads[r->n++].named = true;
	l = &v->logs[v->n_logs];
	memset(l, 0, sizeof *l);
	memcpy(l->device, device, BATCH_DEVICE_LEN);
	l->other = vault_first_log(v, l->device);
	map_key_text(l->device, key);
	return map_set(&v->devices, key, v->n_logs++) == 0 ? l : NULL;
}

/* Take a branch into the list of logs, if it has a device's name. */
static int
take_ref(void *ctx, const char *name, const uint8_t oid[GITFORM_OID_LEN],
	 struct err *e)
{
	struct ref_list *r = ctx;
	const char *branch = name + 11;
	struct log *l;
	char shown[200], device[BATCH_DEVICE_LEN + 1];
	uint8_t key[32];
	size_t n;
	bool fork;
	int rc;

	n = strncmp(name, "refs/heads/", 11) == 0 ? strlen(branch) : 0;
	if (n == 0)
		branch = name;
	snprintf(device, sizeof device, "%s", branch);
	rc = take_again(r, device, branch, oid, e);
	if (rc != 0)
		return rc > 0 ? 0 : -1;
	fork = n == BATCH_DEVICE_LEN + 33 && branch[BATCH_DEVICE_LEN] == '.' &&
	       hex_is(branch + BATCH_DEVICE_LEN + 1, 32);
	/* of what comes, what is too much is left out later */
	if (r->n >= (r->v->base == NULL ? 1 : 4) * VAULT_LOGS_MAX)
		return err_set(e, ERR_EVIDENCE, "too many branches");
	if ((n != BATCH_DEVICE_LEN && !fork) ||
	    batch_device_key(branch, BATCH_DEVICE_LEN, key) != 0 ||
	    !ed25519_is_valid(key)) {
		report_add(&r->v->report, REPORT_DAMAGE,
			   "%s: a reference that does not belong in a vault",
			   err_escape(shown, sizeof shown, name, strlen(name)));
		return 0;
	}
	l = add_log(r, device, oid);
	if (l == NULL)
		return err_set(e, ERR_UNKNOWN, "no memory");
	strcpy(l->branch, branch);
	memcpy(l->key, key, sizeof key);
	l->is_fork = fork;
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
	map_free(&v->devices);
	map_free(&v->entries);
	map_free(&v->objects);
	report_free(&v->read);
	report_free(&v->report);
	v->id[0] = '\0';
	cold_free(v->cold);
	v->cold = NULL;
}

void
vault_seen_text(const struct log *l, const struct log_seen *s,
		char out[VAULT_SEEN_TEXT])
{
	snprintf(out, VAULT_SEEN_TEXT,
		 "device %.12s: batch %llu, which device %.12s had seen (its"
		 " batch %llu), is ",
		 s->device, (unsigned long long)s->size, l->device,
		 (unsigned long long)s->batch);
}

/* Every `seen` line must name a state that is here. */
static void
check_seen(struct vault *v, const struct log *l)
{
	for (size_t i = 0; i < l->n_seen; i++) {
		const struct log_seen *s = &l->seen[i];
		char text[VAULT_SEEN_TEXT];

		if (vault_has_state(v, s->device, s->size, s->root))
			continue;
		vault_seen_text(l, s, text);
		report_add(&v->report, REPORT_HISTORY, "%s%s", text,
			   vault_longest(v, s->device) >= s->size
			       ? "another one here: a fork"
			       : "missing: a rollback");
	}
}

/*
 * Read what is new behind the logs that are known. 0; -1 with `e` filled; 1 if
 * one of them is gone or does not go on from where it was.
 */
static int
load(struct vault *v, vault_refs *refs, void *ctx, bool thorough, struct err *e)
{
	struct ref_list list = {.v = v, .n = v->n_logs, .cap = v->n_logs + 16};
	size_t known = v->n_logs;
	int rc = -1;

	report_free(&v->report);
	list.heads = calloc(list.cap, sizeof *list.heads);
	if (list.heads == NULL) {
		err_set(e, ERR_UNKNOWN, "no memory");
		goto out;
	}
	if (refs(ctx, take_ref, &list, e) != 0)
		goto out;
	for (size_t i = 0; i < known; i++)
		if (!list.heads[i].named) {
			rc = 1;
			goto out;
		}
	for (size_t i = 0; i < v->n_logs; i++)
		if ((rc = load_log(v, i, list.heads[i].oid, thorough, e)) != 0)
			goto out;
	report_copy(&v->report, &v->read);
	for (size_t i = 0; i < v->n_logs; i++)
		check_seen(v, &v->logs[i]);
	rc = forks_check(v, e);
out:
	free(list.heads);
	return rc;
}

int
vault_load_from(struct vault *v, vault_refs *refs, void *ctx, bool thorough,
		struct err *e)
{
	vault_forget(v);
	v->walked = 0;
	v->rewritten++;
	if (v->base != NULL) {
		memcpy(v->id, v->base->id, sizeof v->id);
		memcpy(v->file, v->base->file, sizeof v->file);
		v->file_len = v->base->file_len;
		memcpy(v->root_key, v->base->root_key, sizeof v->root_key);
	}
	return load(v, refs, ctx, thorough, e);
}

static int
own_refs(void *ctx, gitstore_ref *ref, void *ref_ctx, struct err *e)
{
	struct vault *v = ctx;

	return gitstore_refs(v->git, ref, ref_ctx, e);
}

/* Damage may have been mended: then nothing that was read is relied on. */
static bool
is_whole(const struct vault *v)
{
	for (size_t i = 0; i < v->n_logs; i++)
		if (v->logs[i].length == 0 ||
		    v->logs[i].size != v->logs[i].length)
			return false;
	return v->n_logs > 0;
}

int
vault_load(struct vault *v, bool thorough, struct err *e)
{
	if (!thorough && is_whole(v)) {
		int rc = load(v, own_refs, v, false, e);

		if (rc <= 0)
			return rc;
	}
	return vault_load_from(v, own_refs, v, thorough, e);
}

int
vault_load_anew(struct vault *v, struct err *e)
{
	return vault_load_from(v, own_refs, v, false, e);
}

int
vault_flock(int fd, int operation, bool brief, struct err *e)
{
	/* not the same for all, so that one of two gives way */
	int left = brief ? 2000 + (int)secret_uniform(2000) : -1;

	while (flock(fd, operation | (brief ? LOCK_NB : 0)) != 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return err_sys(e, "the vault's lock");
		if (left-- <= 0) {
			err_set(e, ERR_UNKNOWN,
				"another command is at work on that vault");
			return err_hint(e, "try again when it is done");
		}
		(void)poll(NULL, 0, 10);
	}
	return 0;
}

/* Take one of our own, and say so if that takes time. */
static int
wait_for(struct vault *v, int fd, int operation, bool brief, struct err *e)
{
	if (flock(fd, operation | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK && v->progress != NULL)
		v->progress(v->progress_ctx,
			    "waiting for another command on this vault", 0, 0);
	return vault_flock(fd, operation, brief, e);
}

static int
open_lock(struct vault *v, const char *rel, struct err *e)
{
	char path[FSUTIL_PATH];
	int fd;

	if (vault_path(v, rel, path, e) != 0)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0)
		err_sys(e, "the vault's lock");
	return fd;
}

/* Its turn among those who write; then the lock, which readers share. */
static int
take_lock(struct vault *v, bool brief, struct err *e)
{
	char path[FSUTIL_PATH];

	if (vault_path(v, "local", path, e) != 0 ||
	    fsutil_mkdirs(path, e) != 0 ||
	    (v->turn = open_lock(v, "local/turn", e)) < 0 ||
	    (v->lock = open_lock(v, "local/lock", e)) < 0 ||
	    wait_for(v, v->turn, LOCK_EX, brief, e) != 0)
		return -1;
	return wait_for(v, v->lock, LOCK_EX, brief, e);
}

/*
 * Readers keep a writer out while they read; where there is no lock to take
 * (a medium that cannot be written, a plain git clone), nobody writes either.
 */
static int
share_lock(struct vault *v, bool brief, struct err *e)
{
	char path[FSUTIL_PATH];

	if (vault_path(v, "local/lock", path, e) != 0)
		return -1;
	v->lock = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return v->lock < 0 ? 0 : wait_for(v, v->lock, LOCK_SH, brief, e);
}

struct vault *
vault_open(const char *dir, int mode, vault_progress *progress, struct err *e)
{
	return vault_open_known(dir, mode, NULL, progress, e);
}

struct vault *
vault_open_known(const char *dir, int mode, const struct identity *id,
		 vault_progress *progress, struct err *e)
{
	struct vault *v = calloc(1, sizeof *v);
	bool thorough = (mode & VAULT_THOROUGH) != 0;
	bool brief = (mode & VAULT_BRIEF) != 0;

	if (v == NULL) {
		err_set(e, ERR_UNKNOWN, "no memory");
		return NULL;
	}
	v->lock = v->turn = -1;
	v->progress = progress;
	if (strlen(dir) >= sizeof v->dir) {
		err_set(e, ERR_UNKNOWN, "a path is too long");
		goto bad;
	}
	strcpy(v->dir, dir);
	v->git = gitstore_open(dir, e);
	if (v->git == NULL)
		goto bad;
	if ((mode & VAULT_WRITE) != 0 ? take_lock(v, brief, e) != 0
				      : share_lock(v, brief, e) != 0)
		goto bad;
	if ((mode & VAULT_WRITE) != 0 && relock_finish(v, e) != 0)
		goto bad;
	if (id != NULL)
		cache_begin(v, id);
	if (vault_load(v, thorough, e) != 0 ||
	    ((mode & VAULT_WRITE) != 0 && journal_recover(v, e) != 0))
		goto bad;
	return v;
bad:
	vault_close(v);
	return NULL;
}

void
vault_pause(struct vault *v)
{
	(void)flock(v->lock, LOCK_UN);
	(void)flock(v->turn, LOCK_UN);
}

int
vault_resume(struct vault *v, struct err *e)
{
	if (vault_flock(v->turn, LOCK_EX, false, e) != 0 ||
	    vault_flock(v->lock, LOCK_EX, false, e) != 0 ||
	    vault_load(v, false, e) != 0)
		return -1;
	return journal_recover(v, e);
}

int
vault_share(struct vault *v, struct err *e)
{
	return v->lock < 0 ? 0 : wait_for(v, v->lock, LOCK_SH, false, e);
}

int
vault_claim(struct vault *v, struct err *e)
{
	return v->lock < 0 ? 0 : wait_for(v, v->lock, LOCK_EX, false, e);
}

void
vault_close(struct vault *v)
{
	if (v == NULL)
		return;
	cache_end(v);
	vault_forget(v);
	map_free(&v->settled);
	gitstore_close(v->git);
	if (v->lock >= 0)
		close(v->lock);
	if (v->turn >= 0)
		close(v->turn);
	free(v);
}
