#include "invite.h"

#include "agefile.h"
#include "ed25519.h"
#include "fsutil.h"
#include "newfile.h"
#include "padme.h"
#include "sshsig.h"
#include "sshsign.h"

#include <stdlib.h>
#include <string.h>

static const char ns[] = "muniment-invite";

#define FILE_MAX_LEN (2u << 20) /* bytes of an invitation's age file */

void
invite_free(struct invite *i)
{
	invitetext_free(&i->text);
}

/* The newest states of all logs, both sides of a fork. */
static int
list_logs(const struct vault *v, struct invitetext *t, struct err *e)
{
	if (v->n_logs > INVITETEXT_LOGS_MAX)
		return err_set(e, ERR_UNKNOWN, "too many devices");
	t->logs = calloc(v->n_logs + 1, sizeof *t->logs);
	if (t->logs == NULL)
		return err_memory(e);
	for (size_t i = 0; i < v->n_logs; i++) {
		const struct log *l = &v->logs[i];

		if (l->size == 0 || l->size != l->length)
			return err_set(e, ERR_EVIDENCE,
				       "device %.12s: its log is damaged",
				       l->device);
		strcpy(t->logs[t->n].device, l->device);
		t->logs[t->n].size = l->size;
		memcpy(t->logs[t->n++].root, l->steps[l->size - 1].root,
		       HASH_LEN);
	}
	return 0;
}

static int
fill(struct index *x, struct invitetext *t, struct err *e)
{
	struct card *own = malloc(sizeof *own);
	int rc = -1;

	if (own == NULL)
		return err_memory(e);
	if (identity_card(x->id, own, e) == 0) {
		strcpy(t->vault, x->v->id);
		strcpy(t->name, own->text.name);
		strcpy(t->org, own->text.org);
		strcpy(t->card, own->words);
		memcpy(t->key, own->text.key, sizeof t->key);
		rc = list_logs(x->v, t, e);
	}
	free(own);
	return rc;
}

/* Text and signature, and line feeds up to a length that says little. */
static char *
sign(struct invite *i, const uint8_t seed[32], size_t *len, struct err *e)
{
	size_t n = 0, armored, padded;
	char armor[SSHSIG_ARMOR_MAX], *body = invitetext_encode(&i->text, &n);
	char *text = NULL;
	uint8_t sig[64], digest[HASH_LEN];

	if (body == NULL) {
		err_memory(e);
		return NULL;
	}
	sshsign(seed, ns, body, n, sig);
	armored = sshsig_armor(i->text.key, ns, sig, armor);
	padded = (size_t)padme(n + armored > 4096 ? n + armored : 4096);
	text = realloc(body, padded);
	if (text == NULL) {
		free(body);
		err_memory(e);
		return NULL;
	}
	memcpy(text + n, armor, armored);
	memset(text + n + armored, '\n', padded - n - armored);
	hash_sha256(text, n + armored, digest);
	words_fingerprint(digest, i->words);
	*len = padded;
	return text;
}

int
invite_write(struct index *x, const struct card *to, const char *path,
	     struct invite *out, struct err *e)
{
	struct agefile_to key = {.keys = &to->recipient, .n = 1};
	struct newfile *f = NULL;
	uint8_t *file = NULL;
	char *text = NULL;
	size_t len = 0, n = 0;
	int rc = -1;

	memset(out, 0, sizeof *out);
	if (x->me == NULL)
		return err_set(e, ERR_UNKNOWN,
			       "only a member of the vault can invite");
	if (fill(x, &out->text, e) != 0)
		return -1;
	text = sign(out, identity_seed(x->id), &len, e);
	if (text == NULL || agefile_seal(&key, text, len, &file, &n, e) != 0)
		goto out;
	f = newfile_open(path, e);
	if (f == NULL)
		goto out;
	if (fsutil_write_all(newfile_fd(f), file, n, e) == 0)
		rc = newfile_commit(f, e);
	else
		newfile_abort(f);
out:
	free(file);
	free(text);
	return rc;
}

/* The text without the line feeds that fill it. */
static int
parse(struct invite *out, const char *text, size_t len, struct err *e)
{
	size_t signed_len = 0;
	uint8_t sig[64], digest[HASH_LEN];

	if (invitetext_decode(text, len, &out->text, &signed_len, sig) !=
	    FORMAT_OK)
		return err_set(e, ERR_EVIDENCE, "this is not an invitation");
	if (!ed25519_is_valid(out->text.key) ||
	    sshsign_verify(out->text.key, ns, text, signed_len, sig) != 0)
		return err_set(e, ERR_EVIDENCE,
			       "the invitation's signature fails: it was"
			       " changed");
	while (len > 1 && text[len - 1] == '\n' && text[len - 2] == '\n')
		len--;
	hash_sha256(text, len, digest);
	words_fingerprint(digest, out->words);
	return 0;
}

int
invite_read(const char *path, const struct identity *id, struct invite *out,
	    struct err *e)
{
	struct agefile_identity key = {AGEKEY_HYBRID, identity_person(id)};
	struct agefile_from from = {.keys = &key, .n = 1};
	enum agefile_failure why = AGEFILE_FINE;
	struct err inner = {0};
	char *file = NULL, shown[300];
	uint8_t *text = NULL;
	size_t len = 0, n = 0;
	int rc = -1;

	memset(out, 0, sizeof *out);
	err_escape(shown, sizeof shown, path, strlen(path));
	if (fsutil_read(path, FILE_MAX_LEN, &file, &len, e) != 0)
		return -1;
	text = malloc(len + 1);
	if (text == NULL)
		err_memory(e);
	else if (agefile_open(&from, file, len, text, len, &n, &why, &inner) !=
		 0)
		err_set(e, why == AGEFILE_NO_MATCH ? ERR_UNKNOWN : ERR_EVIDENCE,
			"%s: %s", shown,
			why == AGEFILE_NO_MATCH
			    ? "an invitation for somebody else"
			    : "damaged, or not an invitation");
	else if (parse(out, (const char *)text, n, &inner) != 0)
		err_set(e, inner.code, "%s: %s", shown, inner.msg);
	else
		rc = 0;
	free(text);
	free(file);
	return rc;
}

int
invite_check(const struct invite *i, const struct vault *v,
	     const struct vault *more, struct err *e)
{
	if (strcmp(i->text.vault, v->id[0] != '\0' ? v->id : more->id) != 0)
		return err_set(e, ERR_EVIDENCE,
			       "this is not the vault of the invitation");
	for (size_t k = 0; k < i->text.n; k++) {
		const struct invitetext_log *l = &i->text.logs[k];
		uint64_t here = vault_longest(v, l->device), there = 0;

		if (vault_has_state(v, l->device, l->size, l->root) ||
		    (more != NULL &&
		     vault_has_state(more, l->device, l->size, l->root)))
			continue;
		if (more != NULL)
			there = vault_longest(more, l->device);
		return err_set(
		    e, ERR_EVIDENCE,
		    "%s relative to the invitation: device %.12s, batch %llu",
		    here >= l->size || there >= l->size
			? "another history than was signed"
			: "rolled back",
		    l->device, (unsigned long long)l->size);
	}
	return 0;
}

int
invite_check_member(const struct invite *i, struct index *x, bool *known,
		    struct err *e)
{
	const struct index_seat *s = index_seat_of(x, i->text.key);

	*known = x->me != NULL;
	if (!*known)
		return 0;
	if (s == NULL || s->retired)
		return err_set(e, ERR_EVIDENCE,
			       "the invitation is signed by nobody who is a"
			       " member of this vault");
	return 0;
}
