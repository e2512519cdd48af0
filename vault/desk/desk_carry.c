/* Carry files, both ways: see desk.h. */
#include "desk_inside.h"

#include "acts.h"
#include "agetext.h"
#include "carrymend.h"
#include "exchange.h"
#include "writer.h"

#include <stdlib.h>
#include <string.h>

int
desk_find_recipient(struct desk *d, const char *text, struct agekey_public *out,
		    const char **seat, struct err *e)
{
	struct card *c = calloc(1, sizeof *c);
	struct index_seat *s = NULL;
	struct err ignored = {0};
	int rc = -1;

	if (c == NULL)
		return err_memory(e);
	if (strncmp(text, "age1pq1", 7) == 0) {
		rc = agetext_recipient_parse(text, out, e);
	} else if (fsutil_exists(text)) {
		rc = card_load(text, c, e);
		if (rc == 0) {
			*out = c->recipient;
			s = index_seat_of(d->x, c->text.key);
		}
	} else if (index_find_seat(d->x, text, &s, &ignored) != 0) {
		char shown[128];

		err_set(e, ERR_UNKNOWN,
			"%s: neither a card file nor a member, nor an age1pq1"
			" recipient",
			err_escape(shown, sizeof shown, text, strlen(text)));
	} else if (s->card == NULL) {
		err_set(e, ERR_UNKNOWN, "no card of that member is readable");
	} else {
		rc = card_parse(s->card, strlen(s->card), c, e);
		if (rc == 0)
			*out = c->recipient;
	}
	*seat = s != NULL ? s->id : NULL;
	free(c);
	return rc;
}

/* Say in the vault what was carried, before it is. */
static int
say_carried(struct desk *d, const struct index_case *c,
	    struct index_item *const *items, size_t n, const char *seat,
	    struct err *e)
{
	size_t m = n > 0 ? n : d->x->n_cases, k = 0;
	struct acts_custody *list = calloc(m + 1, sizeof *list);
	int rc = 0;

	if (list == NULL)
		return err_memory(e);
	/* the work of one who was retired or cut must still reach others */
	if (writer_may(d->x, NULL) != 0)
		m = 0;
	for (size_t i = 0; i < m; i++) {
		const char *id = n > 0 ? items[i]->case_id : d->x->cases[i].id;

		if ((n == 0 && c != NULL && strcmp(c->id, id) != 0) ||
		    strcmp(id, INDEX_VAULT) == 0 || !index_holds(d->x, id) ||
		    !acts_may(d->x, KIND_CUSTODY, id))
			continue;
		list[k++] = (struct acts_custody){id, n > 0 ? items[i]->id : "",
						  "carried", seat, NULL};
	}
	if (k > 0)
		rc = acts_custody(d->x, list, k, e);
	free(list);
	return rc;
}

json_t *
desk_carry(struct desk *d, const struct desk_carry *c, struct err *e)
{
	struct agekey_public *keys = calloc(c->n_to + 1, sizeof *keys);
	struct carry_to to = {.keys = keys,
			      .n = c->n_to,
			      .passphrase = c->passphrase,
			      .work_factor = c->work_factor,
			      .part = c->part,
			      .parity = c->parity};
	struct carry_what what = {0};
	struct index_case *only = NULL;
	struct index_item **items = NULL;
	const char *seat = NULL;
	size_t parts = 0;
	json_t *o = NULL;

	if (keys == NULL) {
		err_memory(e);
		return NULL;
	}
	for (size_t i = 0; i < c->n_to; i++)
		if (desk_find_recipient(d, c->to[i], &keys[i], &seat, e) != 0)
			goto out;
	if (desk_find_case(d, c->case_text, &only, e) != 0)
		goto out;
	items = desk_find_items(d, c->items, c->n_items, &what.n_items, e);
	if (items == NULL)
		goto out;
	what.only_case = only;
	what.items = items;
	/* refuse before anything is said in the vault */
	if (carry_check(d->x, &to, &what, c->path, e) != 0 ||
	    say_carried(d, only, items, what.n_items,
			c->n_to == 1 ? seat : NULL, e) != 0 ||
	    carry_write(d->x, &to, &what, c->path, &parts, e) != 0)
		goto out;
	o = desk_made(json_object(), e);
	if (o != NULL) {
		json_object_set_new(o, "file", json_string(c->path));
		json_object_set_new(o, "parts",
				    json_integer((json_int_t)parts));
		json_object_set_new(o, "recipients",
				    json_integer((json_int_t)c->n_to));
		json_object_set_new(o, "parity", json_integer(c->parity));
	}
out:
	free(items);
	free(keys);
	return o;
}

/* Devices of collectors that the office has not confirmed. */
static size_t
count_waiting(const struct index *x)
{
	size_t n = 0;

	for (size_t i = 0; i < x->v->n_logs; i++)
		n += x->log_seat[i] == NULL && !x->v->logs[i].is_fork &&
		     index_collector_of(x, i) != NULL;
	return n;
}

static json_t *
received_json(const char *vault_id, const struct carry_result *r, struct err *e)
{
	json_t *o = desk_vault_json(vault_id, e);
	const struct merge_result *m = &r->merged;
	const struct {
		const char *key;
		size_t value;
	} counts[] = {{"batches", m->batches},	   {"devices", m->devices},
		      {"objects", m->objects},	   {"absent", m->absent},
		      {"forks", m->forks},	   {"older", m->older},
		      {"strangers", m->strangers}, {"crowded", m->crowded}};

	if (o == NULL)
		return NULL;
	json_object_set_new(o, "created", json_boolean(r->created));
	if (m->older > 0) {
		json_object_set_new(o, "older_device",
				    json_string(m->older_device));
		json_object_set_new(o, "older_size",
				    json_integer((json_int_t)m->older_size));
		json_object_set_new(o, "older_here",
				    json_integer((json_int_t)m->older_here));
	}
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		json_object_set_new(o, counts[i].key,
				    json_integer((json_int_t)counts[i].value));
	return o;
}

void
desk_findings(const struct report *r, json_t *o)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->n; i++)
		if (r->lines[i].level >= REPORT_HISTORY)
			json_array_append_new(list,
					      json_string(r->lines[i].text));
	json_object_set_new(o, "findings", list);
}

void
desk_refused(const struct err *refused, json_t *o)
{
	if (refused->code == ERR_NONE)
		return;
	json_object_set_new(o, "refused", json_string(refused->msg));
	json_object_set_new(o, "hint", json_string(refused->hint));
}

/* What is told of a vault that came, once it is open. */
static json_t *
tell_received(struct desk *d, const struct carry_result *r, bool cosign,
	      struct err *e)
{
	struct exchange_result noted;
	json_t *o = received_json(d->v->id, r, e);

	if (o == NULL)
		return NULL;
	json_object_set_new(o, "member", json_boolean(d->x->me != NULL));
	json_object_set_new(o, "unconfirmed",
			    json_integer((json_int_t)count_waiting(d->x)));
	desk_findings(&d->v->report, o);
	if (exchange_note(d->x, cosign, &noted, e) != 0) {
		json_decref(o);
		return NULL;
	}
	json_object_set_new(o, "cosigned",
			    json_integer((json_int_t)noted.cosigned));
	json_object_set_new(o, "keys_given",
			    json_integer((json_int_t)noted.given));
	desk_refused(&noted.refused, o);
	return o;
}

json_t *
desk_receive(const char *dir, const char *identity, const struct secret *pass,
	     const struct desk_receive *what, desk_progress *progress,
	     struct err *e)
{
	struct identity *id = identity_load(identity, pass, e);
	struct invite invite = {0};
	struct carry_result r = {0};
	struct carry_from from = {.files = what->files,
				  .n = what->n,
				  .passphrase = what->file_pass,
				  .expect = what->invite ? &invite : NULL,
				  .large = what->large};
	struct desk *d = NULL;
	json_t *o = NULL;

	if (id == NULL ||
	    (what->invite != NULL &&
	     invite_read(what->invite, id, &invite, e) != 0) ||
	    carrymend_receive(dir, id, &from, progress, &r, e) != 0)
		goto out;
	/* the entries are read now: what came may be more than it seems */
	d = desk_sit_down(dir, id, DESK_WRITE | DESK_LEAN, progress, e);
	id = NULL;
	if (d != NULL)
		o = tell_received(d, &r, what->cosign, e);
	if (o != NULL && r.mended > 0)
		json_object_set_new(o, "mended",
				    json_integer((json_int_t)r.mended));
	if (o != NULL && what->invite != NULL)
		json_object_set_new(o, "invite", desk_invite_json(&invite));
out:
	invite_free(&invite);
	desk_close(d);
	identity_free(id);
	return o;
}
