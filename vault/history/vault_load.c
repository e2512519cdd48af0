/* Reading the logs, and checking them: see vault.h. */
#include "vault_inside.h"

#include "caps.h"
#include "checkpoint.h"
#include "cold.h"
#include "ed25519.h"
#include "forks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MAX (UINT64_C(1) << 31) /* batches of a log */

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
			return err_memory(e);
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

	if (vault_read_batch(v, l, n, thorough, &b, e) != 0 ||
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
			return err_memory(e);
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
		return err_memory(e);
	p = realloc(l->steps, (l->length + w->n + 1) * sizeof *p);
	if (p == NULL)
		return err_memory(e);
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

	if (vault_read_batch(v, l, n, true, &b, e) == 0)
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
		return err_memory(e);
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
		err_memory(e);
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
