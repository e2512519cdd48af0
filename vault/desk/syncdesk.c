#include "syncdesk.h"

#include "absent.h"
#include "agetext.h"
#include "desk_inside.h"
#include "local.h"
#include "sync.h"

#include <stdlib.h>
#include <string.h>

/* A vault with its owner and remotes. */
struct seat {
	struct vault *v;
	struct identity *id;
	struct remotes remotes;
};

static void
leave(struct seat *s)
{
	remotes_free(&s->remotes);
	vault_close(s->v);
	identity_free(s->id);
}

/* To be left after a failure too. */
static int
enter(struct seat *s, const char *dir, const char *identity,
      const struct secret *pass, int mode, desk_progress *progress,
      struct err *e)
{
	char device[BATCH_DEVICE_LEN + 1];
	struct err inner = {0};

	memset(s, 0, sizeof *s);
	s->id = identity_load(identity, pass, e);
	if (s->id == NULL)
		return -1;
	s->v = vault_open_known(dir, mode, s->id, progress, e);
	if (s->v == NULL)
		return -1;
	if (s->v->id[0] == '\0')
		return err_set(e, ERR_UNKNOWN,
			       "not a vault: there is no history");
	secret_free(local_device(s->v, s->id, false, device, &inner));
	if (inner.code != ERR_NONE) {
		err_set(e, ERR_UNKNOWN, "%s", inner.msg);
		return err_hint(e, "each person uses a copy of the vault of"
				   " their own");
	}
	return remotes_load(s->v, s->id, &s->remotes, e);
}

static json_t *
remote_json(const struct remote *r)
{
	json_t *o = json_object(), *to = json_array();

	json_object_set_new(o, "name", json_string(r->name));
	json_object_set_new(o, "kind", json_string(remotes_kind_name(r->kind)));
	json_object_set_new(o, "where", json_string(r->where));
	for (size_t i = 0; i < r->n_to; i++)
		json_array_append_new(to, json_string(r->to[i]));
	json_object_set_new(o, "to", to);
	return o;
}

/* The recipients behind cards and names of members. */
static int
add_recipients(struct seat *s, struct remote *r, const char *const *to,
	       size_t n, struct err *e)
{
	struct desk d = {.id = s->id, .v = s->v};
	int rc = 0;

	if (n > 0)
		d.x = index_open_lean(s->v, s->id, e);
	if (n > 0 && d.x == NULL)
		return -1;
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct agekey_public key;
		char text[AGETEXT_RECIPIENT_MAX];
		const char *seat;

		rc = desk_find_recipient(&d, to[i], &key, &seat, e);
		if (rc == 0) {
			agetext_recipient(&key, text);
			rc = remotes_add_to(r, text, e);
		}
	}
	index_free(d.x);
	return rc;
}

json_t *
syncdesk_add(const char *dir, const char *identity, const struct secret *pass,
	     const char *name, const char *where, const char *kind,
	     const char *const *to, size_t n, struct err *e)
{
	struct seat s;
	json_t *o = NULL;

	if (enter(&s, dir, identity, pass, VAULT_WRITE, NULL, e) == 0 &&
	    remotes_add(&s.remotes, name, where, kind, e) == 0) {
		struct remote *r = &s.remotes.list[s.remotes.n - 1];

		if (n > 0 && r->kind != REMOTE_STICK)
			err_set(e, ERR_UNKNOWN,
				"recipients are for a folder of carry files");
		else if (add_recipients(&s, r, to, n, e) == 0 &&
			 remotes_save(s.v, s.id, &s.remotes, e) == 0)
			o = desk_made(remote_json(r), e);
	}
	leave(&s);
	return o;
}

json_t *
syncdesk_list(const char *dir, const char *identity, const struct secret *pass,
	      struct err *e)
{
	struct seat s;
	json_t *list = NULL;

	if (enter(&s, dir, identity, pass, VAULT_READ, NULL, e) == 0)
		list = desk_made(json_array(), e);
	for (size_t i = 0; list != NULL && i < s.remotes.n; i++)
		json_array_append_new(list, remote_json(&s.remotes.list[i]));
	leave(&s);
	return list;
}

int
syncdesk_remove(const char *dir, const char *identity,
		const struct secret *pass, const char *name, struct err *e)
{
	char path[FSUTIL_PATH];
	struct seat s;
	int rc = -1;

	if (enter(&s, dir, identity, pass, VAULT_WRITE, NULL, e) == 0 &&
	    remotes_remove(&s.remotes, name, e) == 0 &&
	    remotes_save(s.v, s.id, &s.remotes, e) == 0 &&
	    vault_path(s.v, "local/incoming", path, e) == 0)
		rc = fsutil_remove_all(path, e); /* it may never be merged */
	leave(&s);
	return rc;
}

/* The remotes of these names, each once; malloc'ed. */
static struct remote **
choose(struct remotes *all, const char *const *names, size_t n, size_t *found,
       struct err *e)
{
	struct remote **list = calloc(all->n + 1, sizeof *list);

	*found = 0;
	if (list == NULL) {
		err_memory(e);
		return NULL;
	}
	for (size_t i = 0; n == 0 && i < all->n; i++)
		list[(*found)++] = &all->list[i];
	for (size_t i = 0; i < n; i++) {
		struct remote *r = remotes_find(all, names[i], e);
		bool known = false;

		for (size_t k = 0; k < *found; k++)
			known |= list[k] == r;
		if (r == NULL) {
			free(list);
			return NULL;
		}
		if (!known)
			list[(*found)++] = r;
	}
	if (*found > 0)
		return list;
	free(list);
	err_set(e, ERR_UNKNOWN, "there are no remotes to sync with");
	err_hint(e, "muniment remote add NAME WHERE names one");
	return NULL;
}

static void
set_count(json_t *o, const char *key, size_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

static json_t *
in_json(const struct sync_result *r)
{
	json_t *o = json_object();

	set_count(o, "batches", r->in.batches);
	set_count(o, "devices", r->in.devices);
	set_count(o, "objects", r->in.objects);
	set_count(o, "forks", r->in.forks);
	set_count(o, "strangers", r->in.strangers);
	set_count(o, "crowded", r->in.crowded);
	set_count(o, "files", r->files_in);
	return o;
}

static json_t *
result_json(const struct remote *remote, const struct sync_result *r)
{
	json_t *o = json_object(), *out = json_object(), *found = json_array();

	json_object_set_new(o, "name", json_string(remote->name));
	json_object_set_new(o, "kind",
			    json_string(remotes_kind_name(remote->kind)));
	json_object_set_new(o, "in", in_json(r));
	set_count(out, "batches", r->out_batches);
	set_count(out, "objects", r->out_objects);
	if (r->file[0] != '\0')
		json_object_set_new(out, "file", json_string(r->file));
	json_object_set_new(o, "out", out);
	for (size_t i = 0; i < r->found.n; i++)
		json_array_append_new(
		    found,
		    json_pack("{s:s, s:b}", "text", r->found.lines[i].text,
			      "wrong",
			      r->found.lines[i].level >= REPORT_HISTORY));
	json_object_set_new(o, "found", found);
	if (r->failed.code == ERR_NONE)
		return o;
	json_object_set_new(o, "error", json_string(r->failed.msg));
	if (r->failed.hint[0] != '\0')
		json_object_set_new(o, "hint", json_string(r->failed.hint));
	return o;
}

/* "Tampered" weighs more than "not done". */
static int
status_of(const struct sync_result *results, size_t n)
{
	int status = 0;

	for (size_t i = 0; i < n; i++)
		if (results[i].failed.code == ERR_UNKNOWN)
			status = ERR_UNKNOWN;
	for (size_t i = 0; i < n; i++)
		if (results[i].found.count[REPORT_HISTORY] > 0 ||
		    results[i].failed.code == ERR_EVIDENCE)
			status = ERR_EVIDENCE;
	return status;
}

/* Sync, and keep what was seen at the remotes. */
static json_t *
run(struct seat *seat, struct sync *s, struct remote *const *list, size_t n,
    int *status, struct err *e)
{
	struct sync_result *results = calloc(n, sizeof *results);
	struct map absent = {0};
	json_t *o = NULL, *each = json_array();

	if (results == NULL || each == NULL) {
		err_memory(e);
		goto out;
	}
	if (sync_run(s, list, n, results, e) != 0 ||
	    remotes_save(s->v, s->id, &seat->remotes, e) != 0 ||
	    absent_load(s->v, &absent, e) != 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		json_array_append_new(each, result_json(list[i], &results[i]));
	o = desk_made(json_object(), e);
	json_object_set_new(o, "vault", json_string(s->v->id));
	set_count(o, "absent", absent.used);
	json_object_set(o, "remotes", each);
	set_count(o, "cosigned", s->noted.cosigned);
	set_count(o, "keys_given", s->noted.given);
	desk_refused(&s->noted.refused, o);
	desk_findings(&s->v->report, o);
	*status = json_array_size(json_object_get(o, "findings")) > 0
		      ? ERR_EVIDENCE
		      : status_of(results, n);
out:
	for (size_t i = 0; results != NULL && i < n; i++)
		sync_result_free(&results[i]);
	free(results);
	map_free(&absent);
	json_decref(each);
	return o;
}

json_t *
syncdesk_sync(const char *dir, const char *identity, const struct secret *pass,
	      const char *const *names, size_t n,
	      const struct syncdesk_options *options, desk_progress *progress,
	      int *status, struct err *e)
{
	struct sync_options o = {.pull = options->pull,
				 .push = options->push,
				 .bulk = options->bulk,
				 .cosign = options->cosign,
				 .large = options->large,
				 .stall = options->stall,
				 .terminal = options->terminal,
				 .progress = progress};
	struct remote **list = NULL;
	char case_id[INDEX_CASE_MAX]; /* the index may move */
	struct index_case *c = NULL;
	struct desk d = {0};
	struct sync s = {.dir = dir, .o = &o};
	struct seat seat;
	json_t *out = NULL;
	size_t found = 0;

	if (enter(&seat, dir, identity, pass, VAULT_WRITE, progress, e) != 0)
		goto out;
	s.v = seat.v; /* from here on the run's */
	seat.v = NULL;
	s.id = seat.id;
	s.remotes = &seat.remotes;
	if (sync_open(&s, e) != 0)
		goto out;
	list = choose(&seat.remotes, names, n, &found, e);
	if (list == NULL)
		goto out;
	if (options->case_text != NULL) {
		d = (struct desk){
		    .id = seat.id, .v = s.v, .x = sync_index(&s, e)};
		if (d.x == NULL ||
		    desk_find_case(&d, options->case_text, &c, e) != 0)
			goto out;
	}
	if (c != NULL)
		o.only_case = strcpy(case_id, c->id);
	out = run(&seat, &s, list, found, status, e);
out:
	free(list);
	sync_close(&s);
	leave(&seat);
	return out;
}
