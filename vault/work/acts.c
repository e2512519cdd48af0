#include "acts.h"

#include "ed25519.h"
#include "freshdir.h"
#include "gitstore.h"
#include "local.h"
#include "newfile.h"
#include "sshsig.h"
#include "writer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
set(json_t *doc, const char *key, const char *value)
{
	return json_object_set_new(doc, key, json_string(value));
}

/* Write an entry and let go of its document. */
static int
put(struct writer *w, const char *kind, json_t *doc, bool act,
    uint8_t sha256[HASH_LEN], struct err *e)
{
	int rc = doc == NULL
		     ? err_memory(e)
		     : writer_entry(w, kind, doc, NULL, 0, act, sha256, e);

	json_decref(doc);
	return rc;
}

bool
acts_may(const struct index *x, enum index_kind kind, const char *case_id)
{
	enum index_role role = index_role(x, x->me, case_id);

	return kind == KIND_CUSTODY ? role > ROLE_NONE : role >= ROLE_AUTHOR;
}

/* An empty vault's identity: its file, its id, its root key. */
static void
name_vault(struct vault *v, const uint8_t root_pub[32])
{
	uint8_t nonce[32], digest[HASH_LEN];

	secret_random(nonce, sizeof nonce);
	memcpy(v->root_key, root_pub, 32);
	v->file_len = gitform_vault_encode(root_pub, nonce, v->file);
	hash_sha256(v->file, v->file_len, digest);
	hex_encode(digest, HASH_LEN, v->id);
}

/*
 * Where the vault is made: beside its place, so that it is there whole or not
 * at all; in its place if that is a folder that cannot be renamed over.
 */
static int
begin(const char *dir, const char *root_path, char at[FSUTIL_PATH], bool *aside,
      struct err *e)
{
	char name[300];

	if (!fsutil_is_free(dir))
		return err_set(e, ERR_UNKNOWN, "%s: is there and not empty",
			       err_escape(name, sizeof name, dir, strlen(dir)));
	*aside = freshdir_can(dir);
	if (*aside)
		freshdir_forget(dir, root_path);
	if (newfile_check(root_path, e) != 0)
		return -1;
	if (*aside)
		return freshdir_begin(dir, at, e);
	if (strlen(dir) >= FSUTIL_PATH)
		return err_set(e, ERR_UNKNOWN, "a path is too long");
	strcpy(at, dir);
	return gitstore_init(at, e);
}

/* The vault's root key, locked and put away, once it is noted in `fresh`. */
static int
save_root(const struct vault *v, const char *fresh, const uint8_t seed[32],
	  const char *path, const struct secret *pass, unsigned work_factor,
	  struct err *e)
{
	uint8_t *file = NULL, sha256[HASH_LEN];
	size_t len = 0;
	int rc = -1;

	if (identity_lock_root(seed, v->id, pass, work_factor, &file, &len,
			       e) != 0)
		return -1;
	hash_sha256(file, len, sha256);
	if (fresh == NULL || freshdir_note(fresh, sha256, e) == 0)
		rc = identity_put(path, file, len, e);
	free(file);
	return rc;
}

int
acts_init(const char *dir, const struct identity *id, const char *root_path,
	  const struct secret *root_pass, unsigned work_factor,
	  char vault_id[VAULT_ID_LEN + 1], struct err *e)
{
	struct secret *root = secret_new(32);
	struct vault *v = NULL;
	struct index *x = NULL;
	struct writer *w = NULL;
	char fresh[FSUTIL_PATH] = "";
	uint8_t pub[32];
	bool saved = false, aside = false;
	int rc = -1;

	if (root == NULL)
		return err_memory(e);
	ed25519_generate(root->bytes, pub);
	if (begin(dir, root_path, fresh, &aside, e) != 0 ||
	    (v = vault_open(fresh, VAULT_WRITE, NULL, e)) == NULL)
		goto out;
	name_vault(v, pub);
	memcpy(vault_id, v->id, VAULT_ID_LEN + 1);
	if (save_root(v, aside ? fresh : NULL, root->bytes, root_path,
		      root_pass, work_factor, e) != 0)
		goto out;
	saved = true;
	if ((x = index_open(v, id, e)) == NULL ||
	    (w = writer_new_vault(x, root->bytes, e)) == NULL ||
	    writer_commit(w, e) != 0)
		goto out;
	rc = aside ? freshdir_commit(fresh, dir, e) : 0;
out:
	/* a root key of no vault would only mislead */
	if (rc != 0 && aside)
		freshdir_forget(dir, root_path);
	else if (rc != 0 && saved)
		unlink(root_path);
	if (rc != 0)
		freshdir_abort(fresh);
	writer_free(w);
	index_free(x);
	vault_close(v);
	secret_free(root);
	return rc;
}

/* This identity's card as a `member` entry in the current case. */
static int
put_card(struct writer *w, const char *seat, const char *card, struct err *e)
{
	json_t *doc = json_object();

	if (doc == NULL || (set(doc, "act", "card") | set(doc, "member", seat) |
			    set(doc, "card", card)) != 0) {
		json_decref(doc);
		return err_set(
		    e, ERR_UNKNOWN,
		    "the card holds characters that an entry cannot keep");
	}
	return put(w, "member", doc, false, NULL, e);
}

int
acts_case_new(struct index *x, const char *name, char id[INDEX_CASE_MAX],
	      struct err *e)
{
	struct writer *w = NULL;
	struct agekey_public to;
	struct card *card = malloc(sizeof *card);
	const char *cases[1] = {id};
	json_t *doc = NULL;
	int rc = -1;

	if (card == NULL)
		return err_memory(e);
	if (name[0] == '\0' || strlen(name) > 400) {
		err_set(e, ERR_UNKNOWN, "a case's name has 1 to 400 bytes");
		goto out;
	}
	if (identity_card(x->id, card, e) != 0 ||
	    (w = writer_new(x, e)) == NULL)
		goto out;
	if (index_role(x, x->me, INDEX_VAULT) < ROLE_AUTHOR) {
		err_set(e, ERR_UNKNOWN,
			"you have no right to open cases in this vault");
		goto out;
	}
	if (writer_case(w, INDEX_VAULT, NULL, e) != 0 ||
	    writer_open_case(w, id, &to, e) != 0 ||
	    writer_grant_cases(w, &x->id->person_pub, cases, 1, e) != 0 ||
	    writer_case(w, id, &to, e) != 0)
		goto out;
	doc = json_object();
	if (doc == NULL ||
	    (set(doc, "act", "name") | set(doc, "name", name)) != 0) {
		err_set(e, ERR_UNKNOWN, "a name must be UTF-8 text");
		goto out;
	}
	if (writer_entry(w, "case", doc, NULL, 0, true, NULL, e) != 0 ||
	    put_card(w, x->me, card->bytes, e) != 0)
		goto out;
	rc = writer_commit(w, e);
out:
	json_decref(doc);
	writer_free(w);
	free(card);
	return rc;
}

/* "admit" a new seat, or add "rights" to one. */
static int
put_admission(struct writer *w, const struct card *card,
	      const struct index_seat *seat, const struct index_case *c,
	      enum index_role role, json_t *epochs, char id[INDEX_SEAT_MAX],
	      struct err *e)
{
	json_t *doc = json_object(), *rights = json_object();
	char key[SSHSIG_KEY_LINE_MAX];
	uint8_t sha256[HASH_LEN];
	int rc = -1;

	sshsig_key_line(card->text.key, key);
	if (doc == NULL || rights == NULL ||
	    (role != ROLE_NONE && set(rights, c != NULL ? c->id : INDEX_VAULT,
				      index_role_name(role)) != 0) ||
	    json_object_set(doc, "rights", rights) != 0 ||
	    json_object_set(doc, "epochs", epochs) != 0 ||
	    set(doc, "act", seat == NULL ? "admit" : "rights") != 0 ||
	    (seat == NULL ? set(doc, "key", key) |
				set(doc, "recipient", card->text.recipient)
			  : set(doc, "member", seat->id)) != 0)
		err_memory(e);
	else
		rc = writer_entry(w, "member", doc, NULL, 0, true, sha256, e);
	if (rc == 0 && seat == NULL)
		hex_encode(sha256, HASH_LEN, id);
	else if (rc == 0)
		strcpy(id, seat->id);
	json_decref(rights);
	json_decref(doc);
	return rc;
}

/* The batch of case 0: admissions, and rings with the keys. */
static int
put_members(struct writer *w, struct index *x, const struct card *cards,
	    size_t n, struct index_case *c, enum index_role role, bool keyless,
	    char (*seats)[INDEX_SEAT_MAX], struct err *e)
{
	const char *cases[2] = {INDEX_VAULT, c != NULL ? c->id : NULL};
	/* a witness checks and countersigns; reading is not part of it */
	size_t n_cases = c != NULL && role >= ROLE_READER && !keyless ? 2 : 1;
	json_t *epochs = json_array();
	int rc = epochs == NULL ? err_memory(e)
				: writer_case(w, INDEX_VAULT, NULL, e);

	for (size_t i = 0; i < n_cases && rc == 0; i++)
		if (writer_epochs(w, cases[i], epochs) != 0)
			rc = err_memory(e);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = put_admission(w, &cards[i],
				   index_seat_of(x, cards[i].text.key), c, role,
				   epochs, seats[i], e);
	if (rc == 0)
		rc = writer_fill(w, n, e);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = writer_grant_cases(w, &cards[i].recipient, cases, n_cases,
					e);
	json_decref(epochs);
	return rc;
}

int
acts_member_add(struct index *x, const struct card *cards, size_t n,
		struct index_case *c, enum index_role role, bool keyless,
		struct err *e)
{
	char(*seats)[INDEX_SEAT_MAX] = calloc(n, sizeof *seats);
	struct writer *w = NULL;
	int rc = -1;

	if (seats == NULL)
		return err_memory(e);
	if (index_role(x, x->me, INDEX_VAULT) != ROLE_ADMIN &&
	    (c == NULL || index_role(x, x->me, c->id) != ROLE_ADMIN)) {
		err_set(e, ERR_UNKNOWN,
			"you have no right to admit members here");
		goto out;
	}
	if (keyless && role != ROLE_AUTHOR) {
		err_set(e, ERR_UNKNOWN,
			"without keys a member of a case can only be an"
			" author");
		goto out;
	}
	if (c != NULL && !index_holds(x, c->id)) {
		err_set(e, ERR_UNKNOWN, "you do not hold this case's key");
		goto out;
	}
	w = writer_new(x, e);
	if (w == NULL ||
	    put_members(w, x, cards, n, c, role, keyless, seats, e) != 0)
		goto out;
	/* their names go to the case they concern */
	if (writer_case(w, c != NULL ? c->id : INDEX_VAULT, NULL, e) != 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		if (put_card(w, seats[i], cards[i].bytes, e) != 0)
			goto out;
	if (writer_fill(w, n, e) != 0)
		goto out;
	rc = writer_commit(w, e);
out:
	writer_free(w);
	free(seats);
	return rc;
}

int
acts_custody_add(struct writer *w, const struct acts_custody *c, struct err *e)
{
	json_t *doc = json_object();
	int rc;

	if (doc == NULL ||
	    (set(doc, "action", c->action) |
	     (c->item[0] != '\0' ? set(doc, "item", c->item) : 0) |
	     (c->to != NULL ? set(doc, "to", c->to) : 0) |
	     (c->note != NULL ? set(doc, "note", c->note) : 0)) != 0) {
		json_decref(doc);
		return err_set(e, ERR_UNKNOWN, "a note must be UTF-8 text");
	}
	rc = writer_record(w, "custody", doc, NULL, 0, e);
	json_decref(doc);
	return rc;
}

/* The recipient of a member, from the card that is readable here. */
static int
recipient_of(const struct index_seat *s, struct agekey_public *to,
	     struct err *e)
{
	struct card *card = malloc(sizeof *card);
	int rc = -1;

	if (card == NULL)
		return err_memory(e);
	if (s->card == NULL) {
		err_set(e, ERR_UNKNOWN,
			"no card of member %.12s can be read here", s->id);
		err_hint(e, "muniment member add CARD --case C gives access"
			    " by card");
	} else if (card_parse(s->card, strlen(s->card), card, e) == 0) {
		*to = card->recipient;
		rc = 0;
	}
	free(card);
	return rc;
}

int
acts_share_case(struct index *x, struct index_case *c, struct index_seat *with,
		struct err *e)
{
	struct card *card = malloc(sizeof *card);
	struct agekey_public to;
	int rc = -1;

	/* a right and the keys: the same as admitting to a further case */
	if (card == NULL)
		return err_memory(e);
	if (recipient_of(with, &to, e) == 0 &&
	    card_parse(with->card, strlen(with->card), card, e) == 0) {
		enum index_role role = index_role(x, with->id, c->id);

		rc = acts_member_add(x, card, 1, c,
				     role > ROLE_NONE ? role : ROLE_READER,
				     false, e);
	}
	free(card);
	return rc;
}

int
acts_share_items(struct index *x, struct index_item *const *items, size_t n,
		 struct index_seat *with, struct err *e)
{
	struct agekey_public to;
	struct writer *w = NULL;
	int rc = -1;

	if (recipient_of(with, &to, e) != 0 || (w = writer_new(x, e)) == NULL)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct acts_custody c = {items[i]->case_id, items[i]->id,
					 "shared", with->id, NULL};

		if (!acts_may(x, KIND_CUSTODY, items[i]->case_id)) {
			err_set(e, ERR_UNKNOWN,
				"you have no right in the case of item %.8s",
				items[i]->id);
			goto out;
		}
		/* one batch a case; items of one case follow each other */
		if ((i == 0 ||
		     strcmp(items[i]->case_id, items[i - 1]->case_id) != 0) &&
		    writer_case(w, items[i]->case_id, NULL, e) != 0)
			goto out;
		if (acts_custody_add(w, &c, e) != 0 ||
		    writer_grant_items(w, &to, &items[i], 1, e) != 0)
			goto out;
	}
	rc = writer_commit(w, e);
out:
	writer_free(w);
	return rc;
}

int
acts_retract(struct index *x, const struct index_item *item, const char *why,
	     struct err *e)
{
	struct writer *w = NULL;
	json_t *doc = NULL;
	int rc = -1;

	if (!acts_may(x, KIND_RETRACT, item->case_id))
		return err_set(e, ERR_UNKNOWN,
			       "you have no right to write in this case");
	w = writer_new(x, e);
	if (w == NULL || writer_case(w, item->case_id, NULL, e) != 0)
		goto out;
	doc = json_object();
	if (doc == NULL ||
	    (set(doc, "item", item->id) | set(doc, "why", why)) != 0) {
		err_set(e, ERR_UNKNOWN, "the reason must be UTF-8 text");
		goto out;
	}
	if (writer_entry(w, "retract", doc, NULL, 0, false, NULL, e) == 0)
		rc = writer_commit(w, e);
out:
	json_decref(doc);
	writer_free(w);
	return rc;
}

int
acts_custody_put(struct writer *w, const struct acts_custody *list, size_t n,
		 struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if ((i == 0 ||
		     strcmp(list[i].case_id, list[i - 1].case_id) != 0) &&
		    writer_case(w, list[i].case_id, NULL, e) != 0)
			return -1;
		if (acts_custody_add(w, &list[i], e) != 0)
			return -1;
	}
	return 0;
}

int
acts_custody(struct index *x, const struct acts_custody *list, size_t n,
	     struct err *e)
{
	struct writer *w = writer_new(x, e);
	int rc = -1;

	if (w != NULL && acts_custody_put(w, list, n, e) == 0)
		rc = writer_commit(w, e);
	writer_free(w);
	return rc;
}
