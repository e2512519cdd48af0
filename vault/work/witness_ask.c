#include "witness_ask.h"

#include "base64.h"
#include "ed25519.h"
#include "hex.h"
#include "httppost.h"
#include "writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 3 /* of one log, when the witness names another old size */
#define TIME_MAX UINT64_C(253402300799)
#define BODY_MAX (64 + MERKLE_PATH * 45 + CHECKPOINT_MAX)

/* One witness, asked about one log after the other. */
struct asking {
	struct index *x;
	struct httppost *http;
	struct cosign_vkey who;
	json_t *notes;
	struct err down; /* it does not answer any more */
};

void
witness_log_vkey(const struct vault *v, const struct log *l,
		 char out[COSIGN_VKEY_MAX])
{
	struct cosign_vkey k = {.type = COSIGN_ED25519};

	checkpoint_origin(v->id, l->device, k.name);
	vault_key_id(k.name, l->key, k.id);
	memcpy(k.key, l->key, 32);
	cosign_vkey_encode(&k, out);
}

/* The hashes of all batches of a log; malloc'ed. */
static uint8_t (*read_leaves(struct vault *v, const struct log *l,
			     struct err *e))[HASH_LEN]
{
	uint8_t(*leaves)[HASH_LEN] = calloc(l->size, HASH_LEN);
	struct vault_batch b;

	if (leaves == NULL) {
		err_memory(e);
		return NULL;
	}
	for (uint64_t n = 1; n <= l->size; n++) {
		if (vault_batch(v, l, n, &b, e) != 0) {
			free(leaves);
			return NULL;
		}
		memcpy(leaves[n - 1], b.leaf, HASH_LEN);
		vault_batch_free(&b);
	}
	return leaves;
}

/* "old <n>", the proof, an empty line, the checkpoint. */
static int
make_body(const struct log *l, uint8_t (*leaves)[HASH_LEN], uint64_t old,
	  const char *note, char out[BODY_MAX], size_t *len, struct err *e)
{
	uint8_t path[MERKLE_PATH][HASH_LEN];
	size_t n = 0, at;

	if (old > 0) {
		n = merkle_consistency(leaves, l->size, old, path);
		if (merkle_consistency_check(
			old, l->steps[old - 1].root, l->size,
			l->steps[l->size - 1].root, path, n) != 0)
			return err_set(e, ERR_EVIDENCE,
				       "its batches do not make its root");
	}
	at = (size_t)sprintf(out, "old %llu\n", (unsigned long long)old);
	for (size_t i = 0; i < n; i++) {
		at += base64_encode(path[i], HASH_LEN, true, out + at);
		out[at++] = '\n';
	}
	at += (size_t)sprintf(out + at, "\n%s", note);
	*len = at;
	return 0;
}

/* The cosignature among the lines of an answer; its line goes to the note. */
static int
take_line(struct asking *a, const struct httppost_reply *reply, char *note,
	  size_t body_len, struct witness_answer *out)
{
	struct cosign_note *got = malloc(sizeof *got);
	char message[COSIGN_MESSAGE_MAX];
	uint8_t sig[64];
	uint64_t time = 0;
	size_t n;

	if (got == NULL)
		return err_memory(&out->e);
	if (cosign_lines_decode(reply->body, reply->len, got) != FORMAT_OK)
		got->n = 0;
	for (size_t i = 0; i < got->n && out->time == 0; i++) {
		if (!cosign_line_is(&got->lines[i], a->who.name, a->who.id) ||
		    cosign_decode(&got->lines[i], &time, sig) != FORMAT_OK ||
		    time > TIME_MAX)
			continue;
		n = cosign_message(time, note, body_len, message);
		if (ed25519_verify(a->who.key, message, n, sig) == 0)
			out->time = time;
	}
	free(got);
	if (out->time == 0)
		return err_set(&out->e, ERR_UNKNOWN,
			       "its answer is no cosignature by the key that"
			       " was named");
	(void)cosign_encode(a->who.name, a->who.id, time, sig,
			    note + strlen(note));
	return 0;
}

/* "<size>" LF, of an answer 409. */
static int
take_size(const struct httppost_reply *reply, uint64_t *size)
{
	return reply->len < 2 || reply->body[reply->len - 1] != '\n'
		   ? -1
		   : hex_decimal(reply->body, reply->len - 1, size);
}

/* What a refusal means. */
static int
refused(const struct httppost_reply *reply, struct err *e)
{
	switch (reply->status) {
	case 403:
		err_set(e, ERR_UNKNOWN,
			"the witness does not take this log's key");
		return err_hint(e, "muniment witness keys prints the keys for"
				   " whoever runs it");
	case 404:
		err_set(e, ERR_UNKNOWN, "the witness does not know this log");
		return err_hint(e, "muniment witness keys prints the keys for"
				   " whoever runs it");
	case 422:
		return err_set(e, ERR_EVIDENCE,
			       "the witness has seen another history of this"
			       " log: a fork");
	default:
		return err_set(e, ERR_UNKNOWN,
			       "the witness answers with HTTP status %ld",
			       reply->status);
	}
}

/* The newest state of one log, from the size that the witness knows. */
static int
ask_one(struct asking *a, uint8_t (*leaves)[HASH_LEN], uint64_t old, char *note,
	size_t body_len, struct witness_answer *out)
{
	const struct log *l = &a->x->v->logs[out->log];
	struct httppost_reply reply;
	char *body = malloc(BODY_MAX);
	size_t len = 0;
	int rc = -1;

	if (body == NULL)
		return err_memory(&out->e);
	for (int i = 0; i < TRIES; i++) {
		if (make_body(l, leaves, old, note, body, &len, &out->e) != 0)
			break;
		if (httppost_ask(a->http, "add-checkpoint", body, len, &reply,
				 &a->down) != 0) {
			out->e = a->down;
			break;
		}
		if (reply.status == 200) {
			rc = take_line(a, &reply, note, body_len, out);
			break;
		}
		if (reply.status != 409 || i == TRIES - 1 ||
		    take_size(&reply, &old) != 0) {
			rc = refused(&reply, &out->e);
			break;
		}
		if (old > l->size) {
			err_set(&out->e, ERR_EVIDENCE,
				"the witness has seen %llu batches, of which"
				" %llu are here: a rollback",
				(unsigned long long)old,
				(unsigned long long)l->size);
			break;
		}
	}
	free(body);
	return rc;
}

/* One log: its note, cosigned, goes to the list. */
static void
ask_log(struct asking *a, uint64_t old, struct witness_answer *out)
{
	const struct log *l = &a->x->v->logs[out->log];
	char note[CHECKPOINT_MAX + COSIGN_LINE_MAX];
	uint8_t(*leaves)[HASH_LEN];
	size_t body_len;

	out->size = l->size;
	leaves = read_leaves(a->x->v, l, &out->e);
	if (leaves != NULL &&
	    witness_checkpoint(a->x->v, l, note, &body_len, &out->e) == 0 &&
	    ask_one(a, leaves, old, note, body_len, out) == 0 &&
	    json_array_append_new(a->notes, json_string(note)) != 0)
		err_memory(&out->e);
	free(leaves);
}

/* From which size each log is new to this witness; UINT64_MAX: not asked. */
static int
starts(struct asking *a, uint64_t *from, uint64_t *last, struct err *e)
{
	struct witness *w = witness_new(a->x, false, e);
	size_t by = 0;

	if (w == NULL)
		return -1;
	while (by < w->n_by &&
	       (w->by[by].seat[0] != '\0' ||
		strcmp(w->by[by].vkey.name, a->who.name) != 0 ||
		memcmp(w->by[by].vkey.key, a->who.key, 32) != 0))
		by++;
	for (size_t i = 0; i < a->x->v->n_logs; i++) {
		const struct log *l = &a->x->v->logs[i];
		bool whole = !l->is_fork && l->frozen == UINT64_MAX &&
			     l->size > 0 && l->size == l->length &&
			     a->x->log_limit[i] >= l->size &&
			     a->x->log_seat[i] != NULL;

		from[i] = !whole	 ? UINT64_MAX
			  : by < w->n_by ? witness_size(w, i, by)
					 : 0;
	}
	witness_free(w);
	return witness_content(a->x, from, last, NULL, e);
}

/* Write down what was given. */
static int
keep(struct asking *a, struct err *e)
{
	struct writer *w = NULL;
	char vkey[COSIGN_VKEY_MAX];
	json_t *doc;
	int rc = -1;

	if (json_array_size(a->notes) == 0)
		return 0;
	cosign_vkey_encode(&a->who, vkey);
	doc = json_pack("{s:O,s:[s]}", "notes", a->notes, "keys", vkey);
	if (doc == NULL)
		err_memory(e);
	else if ((w = writer_new(a->x, e)) != NULL &&
		 writer_case(w, INDEX_VAULT, NULL, e) == 0 &&
		 writer_entry(w, "witness", doc, NULL, 0, false, NULL, e) == 0)
		rc = writer_commit(w, e);
	writer_free(w);
	json_decref(doc);
	return rc;
}

static int
ask_all(struct asking *a, struct witness_answer *out, size_t *n, struct err *e)
{
	size_t n_logs = a->x->v->n_logs;
	uint64_t *from = calloc(n_logs + 1, sizeof *from);
	uint64_t *last = calloc(n_logs + 1, sizeof *last);
	int rc = -1;

	if (from == NULL || last == NULL)
		err_memory(e);
	else
		rc = starts(a, from, last, e);
	for (size_t i = 0; i < n_logs && rc == 0; i++) {
		if (from[i] == UINT64_MAX)
			continue;
		out[*n].log = i;
		out[*n].size = from[i];
		out[*n].nothing = last[i] == from[i];
		if (!out[*n].nothing && a->down.code != ERR_NONE)
			out[*n].e = a->down;
		else if (!out[*n].nothing)
			ask_log(a, from[i], &out[*n]);
		++*n;
	}
	free(from);
	free(last);
	return rc;
}

int
witness_ask(struct index *x, const char *url, const char *vkey, bool insecure,
	    struct witness_answer *out, size_t *n, struct err *e)
{
	struct asking a = {.x = x, .notes = json_array()};
	int rc = -1;

	*n = 0;
	memset(out, 0, x->v->n_logs * sizeof *out);
	if (a.notes == NULL) {
		err_memory(e);
	} else if (x->me == NULL) {
		err_set(e, ERR_UNKNOWN, "you are not a member of this vault");
	} else if (witness_vkey(vkey, &a.who) != 0) {
		err_set(e, ERR_UNKNOWN,
			"not the verifier key of a witness that can be checked"
			" here");
		err_hint(e, "NAME+HEX+BASE64, of type 4 (Ed25519)");
	} else if ((a.http = httppost_new(url, insecure, e)) != NULL &&
		   ask_all(&a, out, n, e) == 0) {
		rc = keep(&a, e);
	}
	httppost_free(a.http);
	json_decref(a.notes);
	return rc;
}
