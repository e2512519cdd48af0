#include "collector.h"

#include "acts.h"
#include "agetext.h"
#include "desk_inside.h"
#include "kit.h"
#include "local.h"
#include "newfile.h"
#include "writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICE_MIN 6 /* characters of a device's name that are asked for */

static int
set(json_t *doc, const char *key, const char *value)
{
	return json_object_set_new(doc, key, json_string(value));
}

/* Admits a seat without a key, which may write in the case. */
static int
put_seat(struct writer *w, const struct index_case *c, char seat[65],
	 struct err *e)
{
	json_t *doc = json_object(), *rights = json_object();
	uint8_t sha256[HASH_LEN];
	int rc = -1;

	if (doc == NULL || rights == NULL ||
	    (set(rights, c->id, index_role_name(ROLE_AUTHOR)) |
	     set(doc, "act", "admit") |
	     json_object_set_new(doc, "collector", json_true()) |
	     json_object_set(doc, "rights", rights)) != 0)
		err_memory(e);
	else
		rc = writer_entry(w, "member", doc, NULL, 0, true, sha256, e);
	if (rc == 0)
		hex_encode(sha256, HASH_LEN, seat);
	json_decref(rights);
	json_decref(doc);
	return rc;
}

static int
put_label(struct writer *w, const char *seat, const char *label, struct err *e)
{
	json_t *doc = json_object();
	int rc = -1;

	if (doc == NULL ||
	    (set(doc, "act", "label") | set(doc, "member", seat)) != 0)
		err_memory(e);
	else if (set(doc, "label", label) != 0)
		err_set(e, ERR_UNKNOWN, "a label must be UTF-8 text");
	else
		rc = writer_entry(w, "member", doc, NULL, 0, false, NULL, e);
	json_decref(doc);
	return rc;
}

/*
 * The same batches, with as many entries and rings, as when somebody is
 * admitted by card: who counts them shall not count the collectors.
 */
static int
put_admission(struct writer *w, const struct index_case *c, const char *label,
	      char seat[65], struct err *e)
{
	struct secret *s = secret_new(AGEKEY_SECRET_LEN);
	struct agekey_public nobody;

	if (s == NULL)
		return err_memory(e);
	agekey_generate(AGEKEY_HYBRID, s->bytes, &nobody);
	secret_free(s);
	if (writer_case(w, INDEX_VAULT, NULL, e) != 0 ||
	    put_seat(w, c, seat, e) != 0 || writer_fill(w, 1, e) != 0 ||
	    writer_grant_cases(w, &nobody, NULL, 0, e) != 0 ||
	    writer_case(w, c->id, NULL, e) != 0)
		return -1;
	if (label != NULL && put_label(w, seat, label, e) != 0)
		return -1;
	return writer_fill(w, label != NULL ? 1 : 0, e);
}

static int
epoch_text(const struct index *x, const char *case_id,
	   struct kittext_epoch *out, struct err *e)
{
	const struct index_epoch *ep = index_epoch(x, case_id);

	if (ep == NULL)
		return err_set(e, ERR_UNKNOWN,
			       "no key to write to this case is announced");
	snprintf(out->id, sizeof out->id, "%s", ep->id);
	agetext_recipient(&ep->recipient, out->recipient);
	return 0;
}

/* The kit of a seat, signed by this machine's device key. */
static int
make_kit(struct desk *d, const struct index_case *c, const char *seat,
	 struct kit *out, struct err *e)
{
	struct kittext *t = calloc(1, sizeof *t);
	char device[BATCH_DEVICE_LEN + 1];
	struct secret *key = NULL;
	int rc = -1;

	if (t == NULL)
		return err_memory(e);
	snprintf(t->vault, sizeof t->vault, "%.*s", (int)d->v->file_len,
		 d->v->file);
	snprintf(t->seat, sizeof t->seat, "%s", seat);
	snprintf(t->case_id, sizeof t->case_id, "%s", c->id);
	if (epoch_text(d->x, INDEX_VAULT, &t->vault_epoch, e) != 0 ||
	    epoch_text(d->x, c->id, &t->case_epoch, e) != 0)
		goto out;
	key = local_device(d->v, d->id, false, device, e);
	if (key == NULL)
		err_set(e, ERR_EVIDENCE, "local/device.age: missing");
	else
		rc = kit_make(t, key->bytes, out, e);
out:
	secret_free(key);
	free(t);
	return rc;
}

static int
may_admit(struct desk *d, const struct index_case *c, const char *label,
	  struct err *e)
{
	enum index_role role = index_role(d->x, d->x->me, c->id);

	if (index_role(d->x, d->x->me, INDEX_VAULT) != ROLE_ADMIN &&
	    role != ROLE_ADMIN)
		return err_set(e, ERR_UNKNOWN,
			       "you have no right to admit collectors here");
	if (label != NULL && role == ROLE_NONE)
		return err_set(e, ERR_UNKNOWN,
			       "you have no part in this case: its members"
			       " would not see your label");
	if (label != NULL && !cardtext_is_name(label))
		return err_set(e, ERR_UNKNOWN,
			       "a label has 1 to 200 bytes and nothing"
			       " unprintable");
	return 0;
}

static json_t *
kit_json(const struct kit *k, const char *label, const char *path,
	 struct err *e)
{
	json_t *o = desk_made(json_object(), e);

	if (o == NULL)
		return NULL;
	set(o, "seat", k->text.seat);
	set(o, "case", k->text.case_id);
	if (label != NULL)
		set(o, "label", label);
	set(o, "kit", path);
	set(o, "words", k->words);
	return o;
}

json_t *
collector_kit(struct desk *d, const char *case_text, const char *label,
	      const char *path, struct err *e)
{
	struct kit *k = calloc(1, sizeof *k);
	struct newfile *file = NULL;
	struct writer *w = NULL;
	struct index_case *c;
	char seat[65];
	json_t *o = NULL;

	if (k == NULL) {
		err_memory(e);
		return NULL;
	}
	if (desk_find_case(d, case_text, &c, e) != 0 ||
	    may_admit(d, c, label, e) != 0)
		goto out;
	/* all that can fail comes before the seat is there */
	file = newfile_open(path, e);
	if (file == NULL || (w = writer_new(d->x, e)) == NULL ||
	    put_admission(w, c, label, seat, e) != 0 ||
	    make_kit(d, c, seat, k, e) != 0 ||
	    fsutil_write_all(newfile_fd(file), k->bytes, k->len, e) != 0 ||
	    writer_commit(w, e) != 0)
		goto out;
	if (newfile_commit(file, e) == 0)
		o = kit_json(k, label, path, e);
	file = NULL;
out:
	newfile_abort(file);
	writer_free(w);
	free(k);
	return o;
}

/*
 * For each log the collector's seat that its first batch claims, or NULL;
 * malloc'ed.
 */
static const struct index_seat **
claims(struct index *x, struct err *e)
{
	const struct index_seat **list = calloc(x->v->n_logs + 1, sizeof *list);

	if (list == NULL)
		err_memory(e);
	for (size_t i = 0; list != NULL && i < x->n_entries; i++) {
		const struct index_entry *en = &x->entries[i];
		const struct index_seat *s;

		if (en->kind != KIND_DEVICE || en->batch != 1)
			continue;
		s = index_seat(x, en->seat);
		if (s != NULL && s->collector)
			list[en->log] = s;
	}
	return list;
}

static void
put_device(json_t *o, const char *device)
{
	char words[WORDS_FINGERPRINT_MAX];
	uint8_t digest[HASH_LEN];

	hash_sha256(device, strlen(device), digest);
	words_fingerprint(digest, words);
	set(o, "device", device);
	set(o, "device_words", words);
}

static json_t *
devices_of(struct index *x, const struct index_seat *const *claimed,
	   const struct index_seat *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < x->v->n_logs; i++) {
		const struct log *l = &x->v->logs[i];
		json_t *o;

		if (l->is_fork || claimed[i] != s)
			continue;
		o = json_object();
		put_device(o, l->device);
		json_object_set_new(
		    o, "confirmed",
		    json_boolean(x->log_seat[i] != NULL &&
				 strcmp(x->log_seat[i], s->id) == 0));
		json_object_set_new(o, "batches",
				    json_integer((json_int_t)l->size));
		json_array_append_new(list, o);
	}
	return list;
}

json_t *
collector_list(struct desk *d, struct err *e)
{
	struct index *x = d->x;
	const struct index_seat **claimed = claims(x, e);
	json_t *list = claimed != NULL ? desk_made(json_array(), e) : NULL;

	for (size_t i = 0; list != NULL && i < x->n_seats; i++) {
		const struct index_seat *s = &x->seats[i];
		json_t *o, *cases;

		if (!s->collector)
			continue;
		o = json_object();
		cases = json_array();
		set(o, "seat", s->id);
		if (s->name[0] != '\0')
			set(o, "label", s->name);
		for (size_t k = 0; k < s->n_rights; k++)
			json_array_append_new(
			    cases, json_string(s->rights[k].case_id));
		json_object_set_new(o, "cases", cases);
		set(o, "admitted_by",
		    strcmp(s->above, "root") == 0
			? "the root key"
			: index_seat_name(x, s->above));
		json_object_set_new(o, "retired", json_boolean(s->retired));
		json_object_set_new(o, "devices", devices_of(x, claimed, s));
		json_array_append_new(list, o);
	}
	free(claimed);
	return list;
}

/* A device that waits, by the start of its name. */
static int
find_device(struct index *x, const struct index_seat *const *claimed,
	    const char *text, size_t *log, struct err *e)
{
	size_t n = strlen(text), found = 0;
	bool confirmed = false;
	char shown[128];

	err_escape(shown, sizeof shown, text, n);
	for (size_t i = 0; i < x->v->n_logs && n >= DEVICE_MIN; i++) {
		if (x->v->logs[i].is_fork ||
		    strncmp(x->v->logs[i].device, text, n) != 0 ||
		    claimed[i] == NULL)
			continue;
		confirmed |= x->log_seat[i] != NULL;
		*log = i;
		found++;
	}
	if (found == 1 && !confirmed)
		return 0;
	if (found == 1)
		return err_set(e, ERR_UNKNOWN, "%s: it is confirmed already",
			       shown);
	err_set(e, ERR_UNKNOWN,
		found == 0 ? "no collector's device is named %s"
			   : "%s: several devices begin so",
		shown);
	return err_hint(e, "muniment collector list shows them");
}

static int
put_confirmation(struct writer *w, const char *seat, const char *device,
		 struct err *e)
{
	json_t *doc = json_object();
	int rc = -1;

	if (doc == NULL ||
	    (set(doc, "act", "device") | set(doc, "member", seat) |
	     set(doc, "bound", device)) != 0)
		err_memory(e);
	else if (writer_case(w, INDEX_VAULT, NULL, e) == 0)
		rc = writer_entry(w, "member", doc, NULL, 0, true, NULL, e);
	json_decref(doc);
	return rc;
}

/*
 * What it had brought before counts from now on: so it has been received now,
 * in the cases that it writes for.
 */
static int
put_received(struct writer *w, struct index *x, const struct index_seat *s,
	     struct err *e)
{
	struct acts_custody *list = calloc(s->n_rights + 1, sizeof *list);
	size_t n = 0;
	int rc;

	if (list == NULL)
		return err_memory(e);
	for (size_t i = 0; i < s->n_rights; i++) {
		const char *id = s->rights[i].case_id;

		if (index_holds(x, id) && acts_may(x, KIND_CUSTODY, id))
			list[n++] = (struct acts_custody){id, "", "received",
							  NULL, NULL};
	}
	rc = acts_custody_put(w, list, n, e);
	free(list);
	return rc;
}

static int
confirm(struct index *x, const struct index_seat *s, const char *device,
	struct err *e)
{
	struct writer *w;
	int rc = -1;

	if (x->me == NULL || !index_is_above(x, x->me, s->id))
		return err_set(e, ERR_UNKNOWN,
			       "only who made the kit, or stands above, can"
			       " confirm its device");
	w = writer_new(x, e);
	if (w != NULL && put_confirmation(w, s->id, device, e) == 0 &&
	    writer_fill(w, 1, e) == 0 && put_received(w, x, s, e) == 0)
		rc = writer_commit(w, e);
	writer_free(w);
	return rc;
}

json_t *
collector_confirm(struct desk *d, const char *device, struct err *e)
{
	const struct index_seat **claimed = claims(d->x, e);
	json_t *o = NULL;
	size_t log = 0;

	if (claimed == NULL ||
	    find_device(d->x, claimed, device, &log, e) != 0 ||
	    (o = desk_made(json_object(), e)) == NULL)
		goto out;
	put_device(o, d->v->logs[log].device);
	set(o, "seat", claimed[log]->id);
	if (claimed[log]->name[0] != '\0')
		set(o, "label", claimed[log]->name);
	if (confirm(d->x, claimed[log],
		    json_string_value(json_object_get(o, "device")), e) != 0) {
		json_decref(o);
		o = NULL;
	}
out:
	free(claimed);
	return o;
}
