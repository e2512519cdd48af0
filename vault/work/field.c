#include "field.h"

#include "carry.h"
#include "fieldkey.h"
#include "fields.h"
#include "identity.h"
#include "index.h"
#include "intake.h"
#include "kit.h"
#include "local.h"
#include "remotes.h"
#include "sync.h"
#include "trust.h"
#include "writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct field {
	struct kit *kit;
	struct identity *nobody; /* the key of local/ */
	struct vault *v;
	struct index x; /* of all it holds: v, id and me, the kit's seat */
};

static struct field *
alloc(struct err *e)
{
	struct field *f = calloc(1, sizeof *f);

	if (f != NULL)
		f->kit = calloc(1, sizeof *f->kit);
	if (f == NULL || f->kit == NULL) {
		err_memory(e);
		free(f);
		return NULL;
	}
	return f;
}

void
field_close(struct field *f)
{
	if (f == NULL)
		return;
	vault_close(f->v);
	identity_free(f->nobody);
	free(f->kit);
	free(f);
}

bool
field_is_locked(const char *dir)
{
	return fieldkey_is_locked(dir);
}

const struct report *
field_report(const struct field *f)
{
	return &f->v->report;
}

/* An index of nothing: this machine can open no entry. */
static void
know_nothing(struct field *f)
{
	f->x.v = f->v;
	f->x.id = f->nobody;
	f->x.me = f->kit->text.seat;
	f->x.own = SIZE_MAX;
}

/* The vault's name, before there is a history that says it. */
static void
name_vault(struct field *f)
{
	struct vault *v = f->v;
	uint8_t nonce[32];

	v->file_len = strlen(f->kit->text.vault);
	memcpy(v->file, f->kit->text.vault, v->file_len + 1);
	memcpy(v->id, f->kit->vault_id, sizeof v->id);
	(void)gitform_vault_decode(v->file, v->file_len, v->root_key, nonce);
}

static int
set_up(struct field *f, const char *dir, const struct secret *pass,
       unsigned work_factor, struct err *e)
{
	struct secret *key = secret_new(32);
	struct agekey_public pub;
	struct writer *w = NULL;
	int rc = -1;

	if (key == NULL)
		return err_memory(e);
	agekey_generate(AGEKEY_X25519, key->bytes, &pub);
	f->nobody = identity_nobody(key->bytes, e);
	secret_free(key);
	if (f->nobody == NULL || gitstore_init(dir, e) != 0 ||
	    (f->v = vault_open(dir, VAULT_WRITE, NULL, e)) == NULL)
		return -1;
	name_vault(f);
	know_nothing(f);
	if (fieldkey_save(dir, f->kit, f->nobody, pass, work_factor, e) != 0)
		return -1;
	w = writer_new_collector(&f->x, &f->kit->vault_to, e);
	if (w != NULL)
		rc = writer_commit(w, e);
	writer_free(w);
	return rc;
}

static void
put(json_t *o, const char *key, const char *value)
{
	json_object_set_new(o, key, json_string(value));
}

/* The device's name, and the words over it that are compared aloud. */
static void
put_device(json_t *o, const char *device)
{
	char words[WORDS_FINGERPRINT_MAX];
	uint8_t digest[HASH_LEN];

	hash_sha256(device, strlen(device), digest);
	words_fingerprint(digest, words);
	put(o, "device", device);
	put(o, "device_words", words);
}

json_t *
field_new(const char *dir, const char *kit, const struct secret *pass,
	  unsigned work_factor, struct err *e)
{
	struct field *f = alloc(e);
	char shown[300];
	json_t *o = NULL;

	if (f == NULL || kit_load(kit, f->kit, e) != 0)
		goto out;
	if (!fsutil_is_free(dir)) {
		err_set(e, ERR_UNKNOWN, "%s: it is there already",
			err_escape(shown, sizeof shown, dir, strlen(dir)));
		goto out;
	}
	if (set_up(f, dir, pass, work_factor, e) != 0) {
		(void)fsutil_remove_all(dir, NULL);
		goto out;
	}
	o = json_object();
	if (o == NULL) {
		err_memory(e);
		goto out;
	}
	put(o, "vault", f->kit->vault_id);
	put(o, "seat", f->kit->text.seat);
	put(o, "case", f->kit->text.case_id);
	put(o, "words", f->kit->words);
	put_device(o, f->v->logs[0].device);
out:
	field_close(f);
	return o;
}

struct field *
field_open(const char *dir, const struct secret *pass, desk_progress *progress,
	   struct err *e)
{
	struct field *f = alloc(e);

	if (f == NULL || fieldkey_load(dir, pass, f->kit, &f->nobody, e) != 0)
		goto bad;
	f->v = vault_open(dir, VAULT_WRITE, progress, e);
	if (f->v == NULL)
		goto bad;
	if (strcmp(f->v->id, f->kit->vault_id) != 0) {
		err_set(e, ERR_EVIDENCE, "%s",
			f->v->report.n > 0 ? f->v->report.lines[0].text
			: f->v->id[0] == '\0'
			    ? "its history is missing"
			    : "its history is of another vault than its kit");
		goto bad;
	}
	know_nothing(f);
	if (trust_check(f->v, f->nobody, e) == 0)
		return f;
bad:
	field_close(f);
	return NULL;
}

struct telling {
	desk_told *told;
	void *ctx;
};

static void
tell(void *ctx, enum intake_what what, const char *path, const char *item,
     const char *why)
{
	const struct telling *t = ctx;

	t->told(t->ctx, (enum desk_what)what, path, item, why);
}

int
field_add(struct field *f, struct mediatype *m, const char *const *paths,
	  size_t n, const struct desk_fields *fields, desk_told *told,
	  void *ctx, struct desk_sum *sum, struct err *e)
{
	struct telling t = {told, ctx};
	struct intake_options o = {.told = tell, .ctx = &t};
	const char *case_id = f->kit->text.case_id;
	struct writer *w = NULL;
	struct intake *in = NULL;
	json_t *record = json_object();
	int rc = -1;

	if (record == NULL)
		return err_memory(e);
	if (fields_apply(record, fields, e) != 0)
		goto out;
	o.fields = record;
	w = writer_new_collector(&f->x, &f->kit->vault_to, e);
	if (w == NULL || writer_case(w, case_id, &f->kit->case_to, e) != 0)
		goto out;
	in = intake_new(&f->x, w, case_id, m, &o, e);
	for (size_t i = 0; in != NULL && i < n; i++)
		if (intake_path(in, paths[i], e) != 0)
			goto out;
	if (in == NULL)
		goto out;
	sum->done = intake_added(in);
	sum->failed = intake_failed(in);
	rc = sum->done > 0 ? writer_commit(w, e) : 0;
out:
	intake_free(in);
	writer_free(w);
	json_decref(record);
	return rc;
}

/* What is damaged is not passed on. */
static int
is_damaged(const struct field *f, struct err *e)
{
	if (f->v->report.count[REPORT_DAMAGE] == 0)
		return 0;
	return err_set(e, ERR_EVIDENCE, "%s",
		       report_first(&f->v->report, REPORT_DAMAGE));
}

json_t *
field_carry(struct field *f, const char *path, uint64_t part, unsigned parity,
	    struct err *e)
{
	struct carry_to to = {
	    .keys = &f->kit->vault_to, .n = 1, .part = part, .parity = parity};
	struct carry_what all = {0};
	size_t parts = 0;
	json_t *o;

	if (is_damaged(f, e) != 0 ||
	    carry_write(&f->x, &to, &all, path, &parts, e) != 0)
		return NULL;
	o = json_object();
	if (o == NULL) {
		err_memory(e);
		return NULL;
	}
	put(o, "file", path);
	json_object_set_new(o, "parts", json_integer((json_int_t)parts));
	return o;
}

/*
 * A remote for this once. Whatever is locked for it, the office opens; since
 * nothing is remembered of what it holds, it is asked about all objects.
 */
static struct remote *
place(struct field *f, const char *where, struct remotes *all, struct err *e)
{
	static const char name[] = "there";
	uint8_t sha256[MAP_KEY_LEN];
	size_t at = 0, size;
	struct remote *r;

	if (remotes_add(all, name, where, NULL, e) != 0 ||
	    (r = remotes_find(all, name, e)) == NULL ||
	    remotes_add_to(r, f->kit->text.vault_epoch.recipient, e) != 0)
		return NULL;
	while (map_next(&f->v->objects, &at, sha256, &size))
		if (map_set(&r->owed, sha256, 1) != 0) {
			err_memory(e);
			return NULL;
		}
	return r;
}

static json_t *
went(const struct sync_result *r, struct err *e)
{
	json_t *o = json_object();

	if (o == NULL) {
		err_memory(e);
		return NULL;
	}
	json_object_set_new(o, "batches",
			    json_integer((json_int_t)r->out_batches));
	json_object_set_new(o, "objects",
			    json_integer((json_int_t)r->out_objects));
	if (r->file[0] != '\0')
		put(o, "file", r->file);
	return o;
}

json_t *
field_sync(struct field *f, const struct field_sync *to, struct err *e)
{
	struct sync_options o = {.push = true,
				 .bulk = true,
				 .stall = to->stall,
				 .terminal = to->terminal,
				 .progress = f->v->progress};
	struct sync s = {
	    .dir = f->v->dir, .v = f->v, .id = f->nobody, .o = &o, .x = &f->x};
	struct sync_result *result = calloc(1, sizeof *result);
	struct remotes all = {0};
	struct remote *there = NULL;
	json_t *said = NULL;

	if (result == NULL)
		err_memory(e);
	else if (is_damaged(f, e) == 0 &&
		 (there = place(f, to->where, &all, e)) != NULL &&
		 sync_run(&s, &there, 1, result, e) == 0) {
		if (result->failed.code != ERR_NONE)
			*e = result->failed;
		else
			said = went(result, e);
	}
	if (result != NULL)
		report_free(&result->found);
	free(result);
	remotes_free(&all);
	return said;
}

/* What one batch lists in clear. */
struct tally {
	uint64_t items, objects, bytes;
};

static int
count_batch(struct vault *v, const struct log *l, uint64_t n, struct tally *t,
	    struct err *e)
{
	struct vault_batch b;
	uint64_t entries = 0, len = 0;
	int rc = 0;

	if (vault_batch(v, l, n, &b, e) != 0)
		return -1;
	for (size_t i = 0; i < b.b.n && rc == 0; i++) {
		const struct batch_line *x = &b.b.lines[i];

		if (x->kind == BATCH_OBJECT) {
			t->objects++;
			t->bytes += x->size;
		} else if (x->kind == BATCH_ENTRY) {
			rc = gitstore_length(v->git,
					     vault_batch_oid(&b, x->sha256),
					     PACKFORM_BLOB, &len, e);
			entries++;
			t->bytes += len;
		}
	}
	/* one of the entries is the ring; the first batch has none of items */
	if (n > 1 && entries > 0)
		t->items += entries - 1;
	vault_batch_free(&b);
	return rc;
}

json_t *
field_status(const char *dir, struct err *e)
{
	struct vault *v = NULL;
	const struct log *l;
	struct tally t = {0};
	char path[FSUTIL_PATH];
	bool is_locked;
	json_t *o = NULL;

	if (fieldkey_find(dir, path, &is_locked, e) != 0 ||
	    (v = vault_open(dir, VAULT_READ, NULL, e)) == NULL)
		return NULL;
	if (v->report.count[REPORT_DAMAGE] > 0 || v->n_logs != 1) {
		err_set(e, v->report.n > 0 ? ERR_EVIDENCE : ERR_UNKNOWN, "%s",
			v->report.n > 0 ? v->report.lines[0].text
					: "not a collector's folder");
		goto out;
	}
	l = &v->logs[0];
	for (uint64_t n = 1; n <= l->size; n++)
		if (count_batch(v, l, n, &t, e) != 0)
			goto out;
	o = json_object();
	if (o == NULL) {
		err_memory(e);
		goto out;
	}
	json_object_set_new(o, "items", json_integer((json_int_t)t.items));
	json_object_set_new(o, "batches", json_integer((json_int_t)l->size));
	json_object_set_new(o, "objects", json_integer((json_int_t)t.objects));
	json_object_set_new(o, "bytes", json_integer((json_int_t)t.bytes));
	put_device(o, l->device);
out:
	vault_close(v);
	return o;
}
