/* Opening cases, and new epochs of them: see writer.h. */
#include "writer_inside.h"

#include "agetext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
writer_make_epoch(struct writer *w, struct agekey_public *to, char *recipient,
		  struct err *e)
{
	struct secret *key = secret_new(32);
	uint8_t digest[HASH_LEN];
	void *p;

	p = realloc(w->fresh, (w->n_fresh + 1) * sizeof *w->fresh);
	if (p != NULL)
		w->fresh = p;
	if (w->case_keys == NULL)
		w->case_keys = secret_new(32 * 16);
	if (key == NULL || p == NULL || w->case_keys == NULL) {
		secret_free(key);
		return err_memory(e);
	}
	agekey_generate(AGEKEY_HYBRID, key->bytes, to);
	agetext_recipient(to, recipient);
	hash_sha256(recipient, strlen(recipient), digest);
	if (secret_append(w->case_keys, key->bytes, 32) != 0) {
		secret_free(key);
		return err_memory(e);
	}
	secret_free(key);
	hex_encode(digest, HEX_ID_LEN / 2, w->fresh[w->n_fresh].epoch);
	w->fresh[w->n_fresh].id[0] = '\0';
	w->n_fresh++;
	return 0;
}

int
writer_put_epoch(struct writer *w, const char *act, const char *id,
		 const char *recipient, json_t *doc, struct err *e)
{
	snprintf(w->fresh[w->n_fresh - 1].id, INDEX_CASE_MAX, "%s", id);
	if ((writer_set(doc, "act", act) | writer_set(doc, "opened", id) |
	     writer_set(doc, "epoch", w->fresh[w->n_fresh - 1].epoch) |
	     writer_set(doc, "recipient", recipient)) != 0)
		return err_memory(e);
	return writer_entry(w, "case", doc, NULL, 0, true, NULL, e);
}

/* Make an epoch and announce it. */
static int
announce(struct writer *w, const char *act, const char *id, json_t *doc,
	 struct agekey_public *to, struct err *e)
{
	char *recipient = malloc(AGETEXT_RECIPIENT_MAX);
	int rc = -1;

	if (recipient == NULL)
		return err_memory(e);
	if (writer_make_epoch(w, to, recipient, e) == 0)
		rc = writer_put_epoch(w, act, id, recipient, doc, e);
	free(recipient);
	return rc;
}

int
writer_epoch(struct writer *w, const char *case_id, json_t *doc,
	     struct agekey_public *to, struct err *e)
{
	return announce(w, "epoch", case_id, doc, to, e);
}

int
writer_epochs(const struct writer *w, const char *case_id, json_t *list)
{
	const struct index *x = w->x;
	int rc = 0;

	for (size_t i = 1; i < x->n_hybrids; i++)
		if (strcmp(x->hybrids[i].case_id, case_id) == 0)
			rc |= json_array_append_new(
			    list, json_sprintf("%s %s", case_id,
					       x->hybrids[i].epoch));
	for (size_t i = 0; i < w->n_fresh; i++)
		if (strcmp(w->fresh[i].id, case_id) == 0)
			rc |= json_array_append_new(
			    list,
			    json_sprintf("%s %s", case_id, w->fresh[i].epoch));
	return rc;
}

int
writer_open_case(struct writer *w, char id[INDEX_CASE_MAX],
		 struct agekey_public *to, struct err *e)
{
	char hex[65], text[160];
	uint8_t raw[32], digest[HASH_LEN];
	json_t *doc = json_object();
	int rc = -1;

	/* the id follows from seat and salt, see FORMAT.md 5 */
	secret_random(raw, sizeof raw);
	hex_encode(raw, sizeof raw, hex);
	snprintf(text, sizeof text, "%s %s", w->seat, hex);
	hash_sha256(text, strlen(text), digest);
	hex_encode(digest, 16, id);
	if (doc == NULL || writer_set(doc, "salt", hex) != 0)
		err_memory(e);
	else
		rc = announce(w, "open", id, doc, to, e);
	json_decref(doc);
	return rc;
}
