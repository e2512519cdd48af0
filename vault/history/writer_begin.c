/* Who may write here, and beginning to: see writer.h. */
#include "writer_inside.h"

#include "agetext.h"
#include "cuts.h"
#include "local.h"
#include "own.h"

#include <stdlib.h>
#include <string.h>

/* What stands at the end of this device's log, which is fine. */
static int
find_log(struct writer *w, const struct own *own, struct err *e)
{
	const struct log *l;

	/* a key without memory would look like a memory taken away */
	if (!own->trust.memory && trust_save(w->v, w->x->id, NULL, e) != 0)
		return -1;
	w->device_key = local_device(w->v, w->x->id, true, w->device, e);
	if (w->device_key == NULL)
		return -1;
	if (own->log == SIZE_MAX)
		return 0;
	l = &w->v->logs[own->log];
	w->tree = l->tree;
	memcpy(w->head, l->steps[l->size - 1].commit, GITFORM_OID_LEN);
	for (size_t i = 0; i < l->n_seen; i++)
		if (json_object_set_new(
			w->said, l->seen[i].device,
			json_integer((json_int_t)l->seen[i].size)) != 0)
			return err_memory(e);
	return 0;
}

/* A new device of this person's: nothing goes before it. */
static int
find_new_device(struct writer *w, struct err *e)
{
	w->device_key = local_device_new(w->v, w->x->id, w->device, e);
	return w->device_key != NULL ? 0 : -1;
}

static struct writer *
start(struct index *x, bool new_device, struct err *e)
{
	struct writer *w;
	struct own own;
	char path[FSUTIL_PATH];

	if (!new_device &&
	    (own_look(x, &own, e) != 0 || own_check(&own, e) != 0))
		return NULL;
	if (x->v->report.count[REPORT_DAMAGE] > 0) {
		err_set(e, ERR_EVIDENCE,
			"nothing is added to a damaged vault:"
			" %s",
			report_first(&x->v->report, REPORT_DAMAGE));
		err_hint(e, "muniment verify says more; a partner's carry file"
			    " or a copy may have what is missing");
		return NULL;
	}
	w = calloc(1, sizeof *w);
	if (w == NULL) {
		err_memory(e);
		return NULL;
	}
	w->x = x;
	w->v = x->v;
	w->lines = calloc(LINES_MAX, sizeof *w->lines);
	w->names = calloc(LINES_MAX + 3, sizeof *w->names);
	w->journal = journal_new();
	w->said = json_object();
	if (w->lines == NULL || w->names == NULL || w->journal == NULL ||
	    w->said == NULL) {
		err_memory(e);
		goto bad;
	}
	if (vault_path(w->v, "local/tmp", path, e) != 0 ||
	    fsutil_mkdirs(path, e) != 0)
		goto bad;
	if (new_device ? find_new_device(w, e) != 0 : find_log(w, &own, e) != 0)
		goto bad;
	w->pack = packform_file_new(path, e);
	if (w->pack == NULL)
		goto bad;
	return w;
bad:
	writer_free(w);
	return NULL;
}

/* The first entry of a log binds the device to its seat. */
static int
put_device(struct writer *w, bool act, const char *follows, const char *why,
	   struct err *e)
{
	json_t *doc = json_object();
	int rc = -1;

	if (doc == NULL ||
	    (follows != NULL && writer_set(doc, "follows", follows)))
		err_memory(e);
	else if (why != NULL && writer_set(doc, "why", why) != 0)
		err_set(e, ERR_UNKNOWN, "the reason must be UTF-8 text");
	else
		rc = writer_entry(w, "device", doc, NULL, 0, act, NULL, e);
	json_decref(doc);
	return rc;
}

/* A member who has not been retired? */
static int
is_seated(struct index *x, struct err *e)
{
	const struct index_seat *me = index_seat(x, x->me);

	if (x->me == NULL) {
		err_set(e, ERR_UNKNOWN, "you are not a member of this vault");
		return err_hint(e, "a member admits you with: muniment member"
				   " add YOUR-CARD");
	}
	if (me != NULL && me->retired) {
		err_set(e, ERR_UNKNOWN,
			"you have been retired: what you add is not accepted");
		return err_hint(e, "whoever retired you can take in what you"
				   " had written (member accept) or admit a"
				   " new card of yours");
	}
	return 0;
}

int
writer_may(struct index *x, struct err *e)
{
	const struct index_cut *by = NULL;

	if (is_seated(x, e) != 0)
		return -1;
	/* a fork of the own device is named when its log is looked at */
	if (x->own != SIZE_MAX)
		(void)cuts_limit(x, x->own, x->me, &by);
	if (by != NULL) {
		err_set(e, ERR_UNKNOWN,
			"this device is cut: what it adds is not accepted");
		return err_hint(e, "muniment device new goes on with another");
	}
	return 0;
}

static struct writer *
begin(struct index *x, bool new_device, const char *follows, const char *why,
      struct err *e)
{
	struct writer *w;

	if ((new_device ? is_seated(x, e) : writer_may(x, e)) != 0)
		return NULL;
	w = start(x, new_device, e);
	if (w == NULL)
		return NULL;
	strcpy(w->seat, x->me);
	if (w->tree.size == 0 && (writer_case(w, INDEX_VAULT, NULL, e) != 0 ||
				  put_device(w, true, follows, why, e) != 0)) {
		writer_free(w);
		return NULL;
	}
	return w;
}

struct writer *
writer_new(struct index *x, struct err *e)
{
	return begin(x, false, NULL, NULL, e);
}

struct writer *
writer_new_device(struct index *x, const char *follows, const char *why,
		  struct err *e)
{
	return begin(x, true, follows, why, e);
}

struct writer *
writer_new_collector(struct index *x, const struct agekey_public *vault,
		     struct err *e)
{
	struct writer *w = start(x, false, e);

	if (w == NULL)
		return NULL;
	strcpy(w->seat, x->me);
	if (w->tree.size == 0 && (writer_case(w, INDEX_VAULT, vault, e) != 0 ||
				  put_device(w, false, NULL, NULL, e) != 0)) {
		writer_free(w);
		return NULL;
	}
	return w;
}

int
writer_root_entry(struct writer *w, json_t *doc, const uint8_t root[32],
		  uint8_t sha256[HASH_LEN], struct err *e)
{
	if (writer_room(w, 1, e) != 0)
		return -1;
	if (writer_set_common(w, "member", doc, "root") != 0 ||
	    writer_sign(doc, root) != 0)
		return err_memory(e);
	return writer_put_entry_now(w, doc, NULL, 0, sha256, e);
}

/* The root key admits the first member, whose seat is handed out. */
static int
put_first_member(struct writer *w, const uint8_t root[32], struct err *e)
{
	json_t *doc = json_object(), *rights = json_object();
	char key[SSHSIG_KEY_LINE_MAX], *to = malloc(AGETEXT_RECIPIENT_MAX);
	uint8_t sha256[HASH_LEN];
	int rc = -1;

	sshsig_key_line(w->x->id->sign_pub, key);
	if (to != NULL)
		agetext_recipient(&w->x->id->person_pub, to);
	if (doc == NULL || rights == NULL || to == NULL ||
	    (writer_set(doc, "act", "admit") | writer_set(doc, "key", key) |
	     writer_set(doc, "recipient", to) |
	     writer_set(rights, INDEX_VAULT, index_role_name(ROLE_ADMIN)) |
	     json_object_set(doc, "rights", rights)) != 0)
		err_memory(e);
	else
		rc = writer_root_entry(w, doc, root, sha256, e);
	if (rc == 0)
		hex_encode(sha256, HASH_LEN, w->seat);
	free(to);
	json_decref(rights);
	json_decref(doc);
	return rc;
}

struct writer *
writer_new_vault(struct index *x, const uint8_t root[32], struct err *e)
{
	static const char *const vault[] = {INDEX_VAULT};
	char *recipient = malloc(AGETEXT_RECIPIENT_MAX);
	struct writer *w = start(x, false, e);
	json_t *doc = json_object();
	struct agekey_public to;

	if (w == NULL || doc == NULL || recipient == NULL ||
	    writer_make_epoch(w, &to, recipient, e) != 0 ||
	    writer_case(w, INDEX_VAULT, &to, e) != 0 ||
	    put_first_member(w, root, e) != 0 ||
	    put_device(w, true, NULL, NULL, e) != 0 ||
	    writer_put_epoch(w, "open", INDEX_VAULT, recipient, doc, e) != 0 ||
	    writer_grant_cases(w, &x->id->person_pub, vault, 1, e) != 0) {
		writer_free(w);
		w = NULL;
	}
	free(recipient);
	json_decref(doc);
	return w;
}
