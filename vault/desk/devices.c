#include "devices.h"

#include "cuts.h"
#include "desk_inside.h"
#include "hex.h"
#include "index.h"
#include "local.h"
#include "own.h"
#include "writer.h"

#include <stdlib.h>
#include <string.h>

/* What the `device` entry of a log says. */
struct device {
	char *follows, *why, *since; /* or NULL */
};

static void
free_devices(struct device *list, size_t n)
{
	for (size_t i = 0; list != NULL && i < n; i++) {
		free(list[i].follows);
		free(list[i].why);
		free(list[i].since);
	}
	free(list);
}

static char *
text_of(const json_t *doc, const char *key)
{
	const char *s = entry_str(doc, key);

	return s != NULL ? strdup(s) : NULL;
}

/* One for each log, from the accepted `device` entries. */
static struct device *
read_devices(const struct index *x)
{
	struct device *list = calloc(x->v->n_logs + 1, sizeof *list);

	for (size_t i = 0; list != NULL && i < x->n_entries; i++) {
		const struct index_entry *en = &x->entries[i];
		struct device *d = &list[en->log];
		json_t *doc;

		if (en->kind != KIND_DEVICE || !en->accepted ||
		    (doc = index_doc(en)) == NULL)
			continue;
		if (d->since == NULL) {
			d->follows = text_of(doc, "follows");
			d->why = text_of(doc, "why");
			d->since = text_of(doc, "time");
		}
		json_decref(doc);
	}
	return list;
}

static void
put(json_t *o, const char *key, const char *value)
{
	if (value != NULL)
		json_object_set_new(o, key, json_string(value));
}

static void
put_number(json_t *o, const char *key, uint64_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

/* The log whose device goes on for this one, of the same person; SIZE_MAX. */
static size_t
follower(const struct index *x, const struct device *list, size_t log)
{
	const char *name = x->v->logs[log].device;

	for (size_t i = 0; i < x->v->n_logs; i++)
		if (list[i].follows != NULL && x->log_seat[i] != NULL &&
		    x->log_seat[log] != NULL &&
		    strcmp(list[i].follows, name) == 0 &&
		    strcmp(x->log_seat[i], x->log_seat[log]) == 0)
			return i;
	return SIZE_MAX;
}

/* What the follower had seen of the log when it took over; 0 if nothing. */
static uint64_t
seen_at_start(const struct index *x, size_t by, size_t log)
{
	const struct log *l = &x->v->logs[by];
	uint64_t n = 0;

	for (size_t i = 0; i < l->n_seen; i++)
		if (l->seen[i].batch == 1 &&
		    strcmp(l->seen[i].device, x->v->logs[log].device) == 0)
			n = l->seen[i].size;
	return n;
}

/* The cut that draws a line on this log, or NULL. */
static const struct index_cut *
cut_of(const struct index *x, size_t log)
{
	const struct index_cut *by = NULL;

	if (x->log_seat[log] != NULL)
		(void)cuts_limit(x, log, x->log_seat[log], &by);
	return by;
}

/* Both sides of a fork, each by its root where they part. */
static json_t *
sides_of(const struct index *x, const char *device, uint64_t frozen)
{
	json_t *list = json_array();

	for (size_t i = vault_first_log(x->v, device); i != SIZE_MAX;
	     i = x->v->logs[i].other) {
		const struct log *l = &x->v->logs[i];
		json_t *o = json_object();
		char hex[65];

		put(o, "branch", l->branch);
		put_number(o, "batches", l->size);
		if (l->size > frozen) {
			hex_encode(l->steps[frozen].root, HASH_LEN, hex);
			put(o, "root", hex);
		}
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *
device_json(struct index *x, const struct device *list, size_t log,
	    const char *own)
{
	const struct log *l = &x->v->logs[log];
	const char *seat = x->log_seat[log];
	size_t by = follower(x, list, log);
	json_t *o = json_object();

	put(o, "device", l->device);
	put(o, "member", seat);
	if (seat != NULL)
		put(o, "name", index_seat_name(x, seat));
	put(o, "since", list[log].since);
	put(o, "follows", list[log].follows);
	put(o, "why", list[log].why);
	json_object_set_new(o, "this_machine",
			    json_boolean(strcmp(own, l->device) == 0));
	put_number(o, "batches", vault_longest(x->v, l->device));
	if (by != SIZE_MAX) {
		put(o, "followed_by", x->v->logs[by].device);
		if (l->frozen == UINT64_MAX)
			put_number(o, "since_followed",
				   l->size - seen_at_start(x, by, log));
	}
	if (cut_of(x, log) != NULL)
		put_number(o, "counts", x->log_limit[log]);
	if (l->frozen != UINT64_MAX) {
		put(o, "state", cut_of(x, log) != NULL ? "cut" : "forked");
		put_number(o, "fork", l->frozen + 1);
		json_object_set_new(o, "sides",
				    sides_of(x, l->device, l->frozen));
	} else {
		put(o, "state",
		    l->size != l->length     ? "damaged"
		    : seat == NULL	     ? "of no member"
		    : cut_of(x, log) != NULL ? "cut"
					     : "fine");
	}
	return o;
}

/* The log that speaks for a device: one that a member answers for. */
static size_t
main_log(const struct index *x, const char *device)
{
	size_t best = vault_first_log(x->v, device);

	for (size_t i = best; i != SIZE_MAX; i = x->v->logs[i].other)
		if ((x->log_seat[i] != NULL) > (x->log_seat[best] != NULL))
			best = i;
	return best;
}

/* Devices of one member together, in the order of the seats; then the rest. */
json_t *
devices_view(struct index *x)
{
	struct device *devices = read_devices(x);
	json_t *list = json_array();
	struct trust_self self = {0};

	if (devices == NULL || list == NULL) {
		json_decref(list);
		list = NULL;
		goto out;
	}
	(void)trust_self(x->v, x->id, &self, NULL);
	for (size_t s = 0; s <= x->n_seats; s++) {
		const char *of = s < x->n_seats ? x->seats[s].id : NULL;

		for (size_t i = 0; i < x->v->n_logs; i++) {
			const char *by = x->log_seat[i];

			if (main_log(x, x->v->logs[i].device) != i ||
			    (of == NULL ? by != NULL
					: by == NULL || strcmp(by, of) != 0))
				continue;
			json_array_append_new(
			    list,
			    device_json(x, devices, i, self.wrote.device));
		}
	}
out:
	free_devices(devices, x->v->n_logs);
	return list;
}

void
devices_mark(struct index *x, json_t *list)
{
	struct device *devices = read_devices(x);
	json_t *o;
	size_t i;

	json_array_foreach (list, i, o) {
		const char *name = entry_str(o, "device");
		size_t log = name != NULL ? main_log(x, name) : SIZE_MAX;

		if (devices != NULL && log != SIZE_MAX)
			put(o, "device_follows", devices[log].follows);
	}
	free_devices(devices, x->v->n_logs);
}

json_t *
devices_list(struct desk *d, struct err *e)
{
	json_t *list = devices_view(d->x);

	if (list == NULL)
		err_memory(e);
	return list;
}

int
devices_report(struct index *x, struct err *e)
{
	struct device *list = read_devices(x);

	if (list == NULL)
		return err_memory(e);
	for (size_t i = 0; i < x->v->n_logs; i++) {
		const struct log *l = &x->v->logs[i];
		char why[400], follows[80];

		if (list[i].follows == NULL)
			continue;
		err_escape(follows, sizeof follows, list[i].follows,
			   strlen(list[i].follows));
		err_escape(why, sizeof why,
			   list[i].why != NULL ? list[i].why : "",
			   list[i].why != NULL ? strlen(list[i].why) : 0);
		report_add(&x->v->report, REPORT_NOTE,
			   "device %.12s, batch 1: it goes on for device"
			   " %.12s: %s",
			   l->device, follows, why);
	}
	for (size_t i = 0; i < x->v->n_logs; i++) {
		const struct log *l = &x->v->logs[i];
		size_t by = follower(x, list, i);
		uint64_t n = by != SIZE_MAX ? seen_at_start(x, by, i) : 0;

		if (by != SIZE_MAX && l->frozen == UINT64_MAX && l->size > n)
			report_add(
			    &x->v->report, REPORT_NOTE,
			    "device %.12s, batch %llu: not seen by device"
			    " %.12s when it went on for it",
			    l->device, (unsigned long long)(n + 1),
			    x->v->logs[by].device);
	}
	free_devices(list, x->v->n_logs);
	return 0;
}

/* A device of this person's by the beginning of its name. */
static const char *
find_device(const struct index *x, const char *text, struct err *e)
{
	const char *found = NULL;
	char shown[80];

	for (size_t i = 0; i < x->v->n_logs; i++) {
		const char *name = x->v->logs[i].device;

		if (strlen(text) < 4 ||
		    strncmp(name, text, strlen(text)) != 0 ||
		    (found != NULL && strcmp(found, name) == 0))
			continue;
		if (found != NULL) {
			err_set(e, ERR_UNKNOWN,
				"more than one device begins like this");
			return NULL;
		}
		found = name;
	}
	if (found == NULL)
		err_set(e, ERR_UNKNOWN, "%s: there is no such device",
			err_escape(shown, sizeof shown, text, strlen(text)));
	return found;
}

/* The one device of this person's that none goes on for; NULL if not one. */
static const char *
only_device(const struct index *x)
{
	struct device *list = read_devices(x);
	const char *found = NULL;
	size_t n = 0;

	for (size_t i = 0; list != NULL && i < x->v->n_logs; i++)
		if (x->me != NULL && x->log_seat[i] != NULL &&
		    strcmp(x->log_seat[i], x->me) == 0 &&
		    follower(x, list, i) == SIZE_MAX) {
			found = x->v->logs[i].device;
			n++;
		}
	free_devices(list, x->v->n_logs);
	return n == 1 ? found : NULL;
}

/* Whom does the new device go on for? */
static int
choose(struct index *x, const char *text, const char **follows, struct err *e)
{
	struct own own;

	if (own_look(x, &own, e) != 0)
		return err_hint(e, "if this copy of the vault is yours, move"
				   " that file away and say this again");
	if (own.trust.state == TRUST_NO_MEMORY && own.trust.memory) {
		err_set(e, ERR_EVIDENCE,
			"local/trust.age: damaged, or not written by this"
			" identity");
		return err_hint(e, "if this copy of the vault is yours, move"
				   " that file away and say this again");
	}
	if (text != NULL)
		*follows = find_device(x, text, e);
	else if (own.trust.wrote.device[0] != '\0' && own.log != SIZE_MAX)
		*follows = x->v->logs[own.log].device;
	else
		*follows = only_device(x);
	if (*follows != NULL)
		return 0;
	err_set(e, ERR_UNKNOWN, "which device does the new one go on for?");
	return err_hint(e, "--follows DEVICE; muniment device list shows them");
}

json_t *
devices_new(const char *dir, const char *identity, const struct secret *pass,
	    const char *follows, const char *why, desk_progress *progress,
	    struct err *e)
{
	struct identity *id = identity_load(identity, pass, e);
	struct vault *v = NULL;
	struct index *x = NULL;
	struct writer *w = NULL;
	const char *old = NULL;
	json_t *o = NULL;

	if (id == NULL ||
	    (v = vault_open(dir, VAULT_WRITE, progress, e)) == NULL ||
	    (x = index_open(v, id, e)) == NULL ||
	    choose(x, follows, &old, e) != 0)
		goto out;
	o = json_object();
	if (o == NULL) {
		err_memory(e);
		goto out;
	}
	put(o, "follows", old);
	w = writer_new_device(x, old, why, e);
	if (w == NULL || writer_commit(w, e) != 0) {
		json_decref(o);
		o = NULL;
		goto out;
	}
	put(o, "device", writer_device(w));
out:
	writer_free(w);
	index_free(x);
	vault_close(v);
	identity_free(id);
	return o;
}
