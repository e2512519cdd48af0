/* Checking a vault: see desk.h. */
#include "desk_inside.h"

#include "absent.h"
#include "devices.h"
#include "local.h"
#include "paritysets.h"
#include "since.h"
#include "stamp.h"
#include "trust.h"
#include "witness.h"

#include <string.h>
#include <time.h>

static json_t *
verify_json(const struct verify_counts *n, const char *vault_id, struct err *e)
{
	json_t *o = desk_made(json_object(), e);
	const struct {
		const char *key;
		size_t value;
	} counts[] = {{"files", n->files},
		      {"devices", n->devices},
		      {"batches", n->batches},
		      {"entries", n->entries},
		      {"objects", n->objects},
		      {"absent", n->absent},
		      {"opened", n->opened},
		      {"originals", n->originals},
		      {"unopened_rings", n->unopened}};

	for (size_t i = 0; o != NULL && i < sizeof counts / sizeof *counts; i++)
		json_object_set_new(o, counts[i].key,
				    json_integer((json_int_t)counts[i].value));
	if (o != NULL)
		json_object_set_new(o, "vault", json_string(vault_id));
	return o;
}

/* Is all here that an invitation names, if there is one? */
static int
verify_invite(struct index *x, const char *path, struct err *e)
{
	struct invite i = {0};
	struct err inner = {0};
	bool known;
	int rc = 0;

	if (path == NULL)
		return 0;
	rc = invite_read(path, x->id, &i, e);
	if (rc == 0 && (invite_check(&i, x->v, NULL, &inner) != 0 ||
			invite_check_member(&i, x, &known, &inner) != 0))
		report_add(&x->v->report, REPORT_HISTORY, "%s", inner.msg);
	invite_free(&i);
	return rc;
}

/* How far the logs are stamped, and what is wrong with stamps. */
static int
verify_stamps(struct index *x, json_t *o, struct err *e)
{
	struct stamps *s = stamps_new(x, (int64_t)time(NULL), e);
	json_t *summary = s != NULL ? stamps_summary(s, e) : NULL;

	stamps_free(s);
	if (summary == NULL)
		return -1;
	json_object_set_new(o, "stamps", summary);
	return 0;
}

/* With the identity: trust memory, every entry, every original. */
static int
verify_with(struct vault *v, const char *identity, const struct secret *pass,
	    const char *invite, const struct report *files,
	    struct verify_counts *n, json_t **seen, struct err *e)
{
	struct identity *id = identity_load(identity, pass, e);
	struct index *x = NULL;
	struct secret *key;
	struct err inner = {0};
	char device[BATCH_DEVICE_LEN + 1];
	int rc = -1;

	if (id == NULL)
		return -1;
	key = local_device(v, id, false, device, &inner);
	secret_free(key);
	if (inner.code == ERR_EVIDENCE)
		report_add(&v->report, REPORT_DAMAGE, "%s", inner.msg);
	if (trust_check(v, id, e) != 0 || absent_check(v, id, e) != 0)
		goto out;
	x = index_open_checking(v, id, e);
	if (x != NULL && devices_report(x, e) == 0 &&
	    verify_invite(x, invite, e) == 0 && verify_readable(x, n, e) == 0 &&
	    (*seen = witness_summary(x, e)) != NULL)
		rc = verify_stamps(x, *seen, e);
	if (rc == 0)
		since_remember(v, id,
			       files->count[REPORT_DAMAGE] > 0 ||
				   v->report.count[REPORT_DAMAGE] > 0 ||
				   v->report.count[REPORT_HISTORY] > 0);
out:
	index_free(x);
	identity_free(id);
	return rc;
}

/* A folder with neither of a repository's two files is none at all. */
static bool
looks_like_vault(const char *dir)
{
	char head[FSUTIL_PATH], config[FSUTIL_PATH];

	return fsutil_join(head, dir, "HEAD", NULL) == 0 &&
	       fsutil_join(config, dir, "config", NULL) == 0 &&
	       (fsutil_exists(head) || fsutil_exists(config));
}

/* The vault's own parity, if it has any; it is not evidence. */
static int
check_parity(struct vault *v, json_t *o, struct err *e)
{
	struct paritysets_sum n;

	if (paritysets_check(v, &v->report, &n, e) != 0)
		return -1;
	if (n.sets + n.damaged > 0)
		json_object_set_new(
		    o, "parity",
		    json_pack("{s:I, s:I, s:I, s:I}", "sets",
			      (json_int_t)n.sets, "files", (json_int_t)n.files,
			      "unprotected", (json_int_t)n.unprotected,
			      "damaged", (json_int_t)n.damaged));
	return 0;
}

json_t *
desk_verify(const char *dir, const char *identity, const struct secret *pass,
	    const char *invite, desk_progress *progress, struct report *report,
	    struct err *e)
{
	struct verify_counts n = {0};
	struct err opening = {0};
	struct vault *v = NULL;
	json_t *o = NULL, *seen = NULL;
	char shown[300];

	memset(report, 0, sizeof *report);
	if (!looks_like_vault(dir)) {
		err_set(e, ERR_UNKNOWN, "%s: not a vault",
			err_escape(shown, sizeof shown, dir, strlen(dir)));
		return NULL;
	}
	if (verify_files(dir, report, &n, e) != 0)
		return NULL;
	v = vault_open(dir, VAULT_THOROUGH, progress, &opening);
	if (v == NULL) {
		/* the damaged file has been named; or it is no vault at all */
		err_set(e, opening.code, "%s", opening.msg);
		err_hint(e, "%s", opening.hint);
		return NULL;
	}
	if (v->id[0] == '\0' && v->report.n == 0)
		report_add(&v->report, REPORT_DAMAGE,
			   "refs/heads: there is no history");
	if (verify_blind(v, &n, e) == 0 &&
	    (identity == NULL ||
	     verify_with(v, identity, pass, invite, report, &n, &seen, e) == 0))
		o = verify_json(&n, v->id, e);
	if (o != NULL && check_parity(v, o, e) != 0) {
		json_decref(o);
		o = NULL;
	}
	if (o != NULL && seen != NULL)
		json_object_update(o, seen);
	json_decref(seen);
	map_free(&n.right);
	report_move(report, &v->report);
	vault_close(v);
	return o;
}

/* What is new, in a vault that is open as by any command. */
static json_t *
verify_news(struct desk *d, struct err *e)
{
	struct since_counts n = {0};
	json_t *o = NULL, *seen = NULL;

	if (devices_report(d->x, e) == 0 && since_verify(d->x, &n, e) == 0 &&
	    (seen = witness_summary(d->x, e)) != NULL &&
	    verify_stamps(d->x, seen, e) == 0)
		o = verify_json(&n.news, d->v->id, e);
	if (o != NULL) {
		json_object_update(o, seen);
		json_object_del(o, "files"); /* they were not looked at */
		json_object_set_new(o, "covered_batches",
				    json_integer((json_int_t)n.batches));
		json_object_set_new(o, "covered_objects",
				    json_integer((json_int_t)n.objects));
	}
	if (d->v->report.count[REPORT_DAMAGE] > 0 ||
	    d->v->report.count[REPORT_HISTORY] > 0)
		since_remember(d->v, d->id, true);
	json_decref(seen);
	return o;
}

json_t *
desk_verify_since(const char *dir, const char *identity,
		  const struct secret *pass, desk_progress *progress,
		  struct report *report, struct err *e)
{
	struct desk *d =
	    desk_open(dir, identity, pass, DESK_READ | DESK_LEAN, progress, e);
	json_t *o = NULL;

	memset(report, 0, sizeof *report);
	if (d == NULL)
		return NULL;
	o = verify_news(d, e);
	report_move(report, &d->v->report);
	desk_close(d);
	return o;
}
