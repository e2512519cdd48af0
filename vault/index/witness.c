#include "witness.h"

#include "checkpoint.h"
#include "ed25519.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME_MAX UINT64_C(253402300799) /* the last second of the year 9999 */

/* One note of an entry while it is read. */
struct reading {
	struct witness *w;
	size_t entry;
	const json_t *keys; /* vkeys of witnesses from outside */
	const char *text;
	struct cosign_note note;
	char device[BATCH_DEVICE_LEN + 1];
	uint8_t device_key[32];
	uint64_t size;
	uint8_t root[HASH_LEN];
};

void
witness_free(struct witness *w)
{
	if (w == NULL)
		return;
	free(w->by);
	free(w->marks);
	free(w->contradicted);
	free(w);
}

/* Is `seat` what `old` was replaced by, or what that was? */
static bool
follows(struct index *x, const struct index_seat *seat, const char *old)
{
	/* no chain is longer than there are seats, if somebody made a ring */
	for (size_t i = 0; seat != NULL && i < x->n_seats; i++) {
		if (strcmp(seat->follows, old) == 0)
			return true;
		seat = index_seat(x, seat->follows);
	}
	return false;
}

bool
witness_same_person(struct index *x, const char *seat, const char *other)
{
	const struct index_seat *a = index_seat(x, seat);
	const struct index_seat *b = index_seat(x, other);

	return a != NULL && b != NULL &&
	       (a == b || index_same_person(a, b) || follows(x, a, b->id) ||
		follows(x, b, a->id));
}

/* Say what is wrong with an entry's cosignature. */
static void
refuse(struct witness *w, size_t entry, const char *device, const char *why)
{
	const struct index_entry *en = &w->x->entries[entry];
	char hex[65];

	hex_encode(en->sha256, HASH_LEN, hex);
	report_add(&w->x->v->report, REPORT_REFUSED,
		   "device %.12s, batch %llu: entry %.16s: its cosignature"
		   " of device %.12s is not accepted: %s",
		   w->x->v->logs[en->log].device, (unsigned long long)en->batch,
		   hex, device, why);
}

static bool
is_signed(const struct witness_mark *m, const char *body, size_t len)
{
	char message[COSIGN_MESSAGE_MAX];
	size_t n = cosign_message(m->time, body, len, message);

	return ed25519_verify(m->key, message, n, m->sig) == 0;
}

/* Check a mark's signature, once. */
static bool
holds(struct witness *w, struct witness_mark *m)
{
	const struct log *l = &w->x->v->logs[m->log];
	char origin[CHECKPOINT_ORIGIN_MAX], body[CHECKPOINT_MAX];
	size_t n;

	if (m->verdict != 0)
		return m->verdict > 0;
	checkpoint_origin(w->x->v->id, l->device, origin);
	n = checkpoint_body(origin, m->size, l->steps[m->size - 1].root, body);
	m->verdict = is_signed(m, body, n) ? 1 : -1;
	if (m->verdict < 0)
		refuse(w, m->entry, l->device,
		       "the signature is not by the key that it names");
	return m->verdict > 0;
}

/* The witness of this seat, or with this key; SIZE_MAX without memory. */
static size_t
by_slot(struct witness *w, const char *seat, const struct cosign_vkey *vkey)
{
	struct witness_by *b;
	void *p;

	for (size_t i = 0; i < w->n_by; i++) {
		b = &w->by[i];
		if (seat != NULL ? strcmp(b->seat, seat) == 0
				 : b->seat[0] == '\0' &&
				       strcmp(b->vkey.name, vkey->name) == 0 &&
				       memcmp(b->vkey.key, vkey->key, 32) == 0)
			return i;
	}
	p = realloc(w->by, (w->n_by + 1) * sizeof *w->by);
	if (p == NULL)
		return SIZE_MAX;
	w->by = p;
	b = &w->by[w->n_by];
	memset(b, 0, sizeof *b);
	if (seat != NULL)
		snprintf(b->seat, sizeof b->seat, "%s", seat);
	else
		b->vkey = *vkey;
	return w->n_by++;
}

void
witness_key_id(const char *name, const uint8_t pub[32], uint8_t id[4])
{
	uint8_t in[COSIGN_KEY_ID_INPUT_MAX], digest[HASH_LEN];

	hash_sha256(in, cosign_key_id_input(name, COSIGN_COSIGNATURE, pub, in),
		    digest);
	memcpy(id, digest, 4);
}

void
witness_name(const char *vault_id, const char *seat, char out[COSIGN_NAME_MAX])
{
	snprintf(out, COSIGN_NAME_MAX, "muniment/%s/seat/%s", vault_id, seat);
}

/* A key from outside: whole, its id its own, not under a name of ours. */
int
witness_vkey(const char *text, struct cosign_vkey *out)
{
	uint8_t id[4];

	if (text == NULL ||
	    cosign_vkey_decode(text, strlen(text), out) != FORMAT_OK ||
	    out->type != COSIGN_COSIGNATURE || !ed25519_is_valid(out->key) ||
	    strncmp(out->name, "muniment/", 9) == 0)
		return -1;
	witness_key_id(out->name, out->key, id);
	return memcmp(id, out->id, 4) == 0 ? 0 : -1;
}

/* "muniment/<this vault's id>/<device>"; why it is not, or NULL. */
static const char *
read_origin(struct reading *r)
{
	const char *origin, *id = r->w->x->v->id;
	size_t len, skip = 9 + VAULT_ID_LEN + 1;

	if (cosign_checkpoint(r->text, r->note.body_len, &origin, &len,
			      &r->size, r->root) != FORMAT_OK ||
	    r->size == 0 || len <= 9 || memcmp(origin, "muniment/", 9) != 0)
		return "not the checkpoint of a log";
	if (len <= skip || memcmp(origin + 9, id, VAULT_ID_LEN) != 0 ||
	    origin[skip - 1] != '/')
		return "it is of another vault";
	if (len != skip + BATCH_DEVICE_LEN ||
	    batch_device_key(origin + skip, BATCH_DEVICE_LEN, r->device_key) !=
		0)
		return "not the checkpoint of a log";
	memcpy(r->device, origin + skip, BATCH_DEVICE_LEN);
	r->device[BATCH_DEVICE_LEN] = '\0';
	return NULL;
}

/* True if the log's own device has signed the note. */
static bool
is_authentic(const struct reading *r)
{
	char origin[CHECKPOINT_ORIGIN_MAX];
	uint8_t id[4], sig[64];

	checkpoint_origin(r->w->x->v->id, r->device, origin);
	vault_key_id(origin, r->device_key, id);
	for (size_t i = 0; i < r->note.n; i++)
		if (cosign_line_is(&r->note.lines[i], origin, id))
			return cosign_ed25519_decode(&r->note.lines[i], sig) ==
				   FORMAT_OK &&
			       ed25519_verify(r->device_key, r->text,
					      r->note.body_len, sig) == 0;
	return false;
}

/*
 * The log that had this root at this size; SIZE_MAX if none here has. Then
 * *longer says that there is a log of the device, long enough, but another.
 */
static size_t
find_log(const struct reading *r, bool *longer)
{
	const struct vault *v = r->w->x->v;
	size_t found = SIZE_MAX;

	*longer = false;
	for (size_t i = 0; i < v->n_logs; i++) {
		const struct log *l = &v->logs[i];

		if (l->size < r->size || strcmp(l->device, r->device) != 0)
			continue;
		*longer = true;
		if (memcmp(l->steps[r->size - 1].root, r->root, HASH_LEN) ==
			0 &&
		    (found == SIZE_MAX || !l->is_fork))
			found = i;
	}
	return found;
}

/* A state that the device has signed, somebody saw, and is not here. */
static void
contradiction(const struct reading *r, bool longer)
{
	struct index *x = r->w->x;
	const struct index_entry *en = &x->entries[r->entry];
	char seer[300];
	const char *name = index_seat_name(x, x->log_seat[en->log]);

	for (size_t i = 0; i < x->v->n_logs; i++)
		if (strcmp(x->v->logs[i].device, r->device) == 0)
			r->w->contradicted[i] = true;
	report_add(&x->v->report, REPORT_HISTORY,
		   "device %.12s: batch %llu, which %s has cosigned (device"
		   " %.12s, batch %llu), is %s",
		   r->device, (unsigned long long)r->size,
		   err_escape(seer, sizeof seer, name, strlen(name)),
		   x->v->logs[en->log].device, (unsigned long long)en->batch,
		   longer ? "another one here: its device has signed both, a"
			    " fork"
			  : "missing: a rollback");
}

static int
add_mark(struct witness *w, const struct witness_mark *m)
{
	if (w->n_marks == w->cap_marks) {
		size_t cap = w->cap_marks > 0 ? 2 * w->cap_marks : 64;
		void *p = realloc(w->marks, cap * sizeof *w->marks);

		if (p == NULL)
			return -1;
		w->marks = p;
		w->cap_marks = cap;
	}
	w->marks[w->n_marks++] = *m;
	return 0;
}

/*
 * Whose line it is: fills m->by and m->key. 1 if it is one that counts here, 0
 * if it is nobody's whom the entry names, -1 without memory; *why if it ought
 * to be and is not.
 */
static int
whose(const struct reading *r, const struct cosign_line *l,
      struct witness_mark *m, const char **why)
{
	struct index *x = r->w->x;
	const char *seat = x->entries[r->entry].seat;
	const struct index_seat *s = index_seat(x, seat);
	char name[COSIGN_NAME_MAX];
	struct cosign_vkey vkey;
	uint8_t id[4];
	json_t *v;
	size_t i;

	witness_name(x->v->id, seat, name);
	if (l->name_len == strlen(name) &&
	    memcmp(l->name, name, l->name_len) == 0 && s != NULL) {
		*why = "it is by a key that is not its author's";
		for (size_t k = 0; k < s->n_keys && *why != NULL; k++) {
			memcpy(m->key, s->keys[k], 32);
			witness_key_id(name, m->key, id);
			if (memcmp(l->id, id, 4) == 0)
				*why = NULL;
		}
		m->by = by_slot(r->w, seat, NULL);
		return m->by == SIZE_MAX ? -1 : *why == NULL;
	}
	witness_name(x->v->id, "", name);
	if (l->name_len >= strlen(name) &&
	    memcmp(l->name, name, strlen(name)) == 0)
		*why = "it is in the name of another member";
	json_array_foreach (r->keys, i, v) {
		/* a member's signature does not count again as a stranger's */
		if (witness_vkey(json_string_value(v), &vkey) != 0 ||
		    !cosign_line_is(l, vkey.name, vkey.id) ||
		    index_seat_of(x, vkey.key) != NULL)
			continue;
		memcpy(m->key, vkey.key, 32);
		m->by = by_slot(r->w, NULL, &vkey);
		return m->by == SIZE_MAX ? -1 : 1;
	}
	return 0;
}

/* The cosignatures of one note. */
static int
read_lines(struct reading *r, size_t log)
{
	size_t found = 0;

	for (size_t i = 0; i < r->note.n; i++) {
		struct witness_mark m = {
		    .log = log, .size = r->size, .entry = r->entry};
		const char *why = NULL;
		int rc = whose(r, &r->note.lines[i], &m, &why);

		if (rc < 0)
			return -1;
		if (rc > 0 && (cosign_decode(&r->note.lines[i], &m.time,
					     m.sig) != FORMAT_OK ||
			       m.time > TIME_MAX))
			why = "not of a cosignature's form";
		found += rc > 0 || why != NULL;
		if (why != NULL)
			refuse(r->w, r->entry, r->device, why);
		else if (rc > 0 && add_mark(r->w, &m) != 0)
			return -1;
	}
	if (found == 0)
		refuse(r->w, r->entry, r->device,
		       "none of its lines is by a key that is known here");
	return 0;
}

static int
read_note(struct witness *w, size_t entry, const json_t *keys, const json_t *t)
{
	struct reading r = {.w = w, .entry = entry, .keys = keys};
	const char *why = NULL;
	bool longer;
	size_t log;

	r.text = json_string_value(t);
	if (r.text == NULL || cosign_note_decode(r.text, json_string_length(t),
						 &r.note) != FORMAT_OK)
		why = "not a signed note";
	else
		why = read_origin(&r);
	if (why == NULL) {
		log = find_log(&r, &longer);
		if (log != SIZE_MAX)
			return read_lines(&r, log);
		/* only what the device has signed speaks against it */
		if (!is_authentic(&r))
			why = "it is not what that device has signed";
		else
			contradiction(&r, longer);
	}
	if (why != NULL)
		refuse(w, entry, r.device[0] != '\0' ? r.device : "?", why);
	return 0;
}

static int
read_entry(struct witness *w, size_t entry)
{
	json_t *doc = index_doc(&w->x->entries[entry]), *t;
	int rc = doc != NULL ? 0 : -1;
	size_t i;

	json_array_foreach (json_object_get(doc, "notes"), i, t)
		if (rc == 0)
			rc = read_note(w, entry, json_object_get(doc, "keys"),
				       t);
	json_decref(doc);
	return rc;
}

static int
by_log_and_size(const void *a, const void *b)
{
	const struct witness_mark *x = a, *y = b;

	if (x->log != y->log)
		return x->log < y->log ? -1 : 1;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return (x->entry > y->entry) - (x->entry < y->entry);
}

struct witness *
witness_new(struct index *x, bool thorough, struct err *e)
{
	struct witness *w = calloc(1, sizeof *w);
	int rc = w != NULL ? 0 : -1;

	if (w != NULL) {
		w->x = x;
		w->contradicted =
		    calloc(x->v->n_logs + 1, sizeof *w->contradicted);
		rc = w->contradicted != NULL ? 0 : -1;
	}
	for (size_t i = 0; rc == 0 && i < x->n_entries; i++)
		if (x->entries[i].kind == KIND_WITNESS &&
		    x->entries[i].accepted)
			rc = read_entry(w, i);
	if (rc != 0) {
		witness_free(w);
		err_memory(e);
		return NULL;
	}
	if (w->n_marks > 0)
		qsort(w->marks, w->n_marks, sizeof *w->marks, by_log_and_size);
	for (size_t i = 0; thorough && i < w->n_marks; i++)
		(void)holds(w, &w->marks[i]);
	return w;
}

/* The first mark of a log with at least this size. */
static size_t
first_mark(const struct witness *w, size_t log, uint64_t size)
{
	size_t lo = 0, hi = w->n_marks;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct witness_mark *m = &w->marks[mid];

		if (m->log < log || (m->log == log && m->size < size))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Nobody is a witness of himself. */
static bool
is_own(const struct witness *w, size_t log, size_t by)
{
	const char *seat = w->x->log_seat[log];

	return seat != NULL && w->by[by].seat[0] != '\0' &&
	       witness_same_person(w->x, seat, w->by[by].seat);
}

static int
by_since(const void *a, const void *b)
{
	const struct witness_seen *x = a, *y = b;

	if (x->since != y->since)
		return x->since < y->since ? -1 : 1;
	return (x->by > y->by) - (x->by < y->by);
}

size_t
witness_of(struct witness *w, size_t log, uint64_t batch,
	   struct witness_seen *out)
{
	size_t n = 0;

	for (size_t i = first_mark(w, log, batch);
	     i < w->n_marks && w->marks[i].log == log; i++) {
		struct witness_mark *m = &w->marks[i];
		size_t k = 0;

		while (k < n && out[k].by != m->by)
			k++;
		if ((k < n && out[k].since <= m->time) ||
		    is_own(w, log, m->by) || !holds(w, m))
			continue;
		out[k] =
		    (struct witness_seen){m->by, m->time, m->size, m->entry};
		n += k == n;
	}
	if (n > 0)
		qsort(out, n, sizeof *out, by_since);
	return n;
}

uint64_t
witness_size(struct witness *w, size_t log, size_t by)
{
	size_t from = first_mark(w, log, 0);

	if (is_own(w, log, by))
		return 0;
	for (size_t i = first_mark(w, log, UINT64_MAX); i-- > from;)
		if (w->marks[i].by == by && holds(w, &w->marks[i]))
			return w->marks[i].size;
	return 0;
}

/* Two seats of one organisation, or one person, are one witness. */
static bool
is_one(const struct witness *w, size_t a, size_t b)
{
	const struct index_seat *s = index_seat(w->x, w->by[a].seat);
	const struct index_seat *t = index_seat(w->x, w->by[b].seat);

	if (s == NULL || t == NULL)
		return a == b;
	return (s->org[0] != '\0' && strcmp(s->org, t->org) == 0) ||
	       witness_same_person(w->x, s->id, t->id);
}

size_t
witness_organisations(const struct witness *w, const struct witness_seen *seen,
		      size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < i && !is_one(w, seen[k].by, seen[i].by))
			k++;
		count += k == i;
	}
	return count;
}
