/* Checkpoints, the logs under them, and who has countersigned them. */
#include "check_inside.h"

#include "checkpoint.h"
#include "cosign.h"
#include "ed25519.h"
#include "merkle.h"
#include "tlogproof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
log_key(const struct check *c, const char *device, struct cosign_vkey *out)
{
	uint8_t input[CHECKPOINT_ORIGIN_MAX + 34], digest[HASH_LEN];
	char origin[CHECKPOINT_ORIGIN_MAX];
	size_t n;

	memset(out, 0, sizeof *out);
	out->type = COSIGN_ED25519;
	(void)batch_device_key(device, BATCH_DEVICE_LEN, out->key);
	checkpoint_origin(c->x.vault, device, origin);
	snprintf(out->name, sizeof out->name, "%s", origin);
	n = checkpoint_key_id_input(origin, out->key, input);
	hash_sha256(input, n, digest);
	memcpy(out->id, digest, sizeof out->id);
}

static bool
same_key(const struct cosign_vkey *a, const struct cosign_vkey *b)
{
	return strcmp(a->name, b->name) == 0 &&
	       memcmp(a->id, b->id, sizeof a->id) == 0 &&
	       memcmp(a->key, b->key, sizeof a->key) == 0;
}

/* Is it signed by the device whose name is its key? */
static bool
is_signed(const char *text, size_t len, const struct cosign_vkey *k,
	  uint64_t *size, uint8_t root[HASH_LEN], size_t *body_len)
{
	char body[CHECKPOINT_MAX];
	uint8_t sig[64];

	if (checkpoint_decode(text, len, k->name, k->id, size, root, sig) !=
	    FORMAT_OK)
		return false;
	*body_len = checkpoint_body(k->name, *size, root, body);
	return ed25519_verify(k->key, body, *body_len, sig) == 0;
}

static void
check_checkpoint(struct check *c, size_t i)
{
	const struct exindex_checkpoint *x = &c->x.checkpoints[i];
	struct check_checkpoint *p = &c->checkpoints[i];
	struct cosign_vkey key;
	char path[64];
	uint64_t size = 0;

	snprintf(path, sizeof path, "proof/c%zu.checkpoint", i + 1);
	p->text =
	    check_read(c, CHECK_CHECKPOINT, path, CHECKPOINT_MAX, &p->len);
	if (p->text == NULL)
		return;
	log_key(c, x->device, &key);
	if (!is_signed(p->text, p->len, &key, &size, p->root, &p->body_len)) {
		check_say(c, CHECK_CHECKPOINT, CHECK_FAILS,
			  "c%zu is not signed by the device %.12s... for this "
			  "vault",
			  i + 1, x->device);
		return;
	}
	if (size != x->size) {
		check_say(c, CHECK_CHECKPOINT, CHECK_FAILS,
			  "c%zu is of another size than proof/exhibit.txt says",
			  i + 1);
		return;
	}
	p->is_right = true;
	for (size_t k = 0; k < i; k++)
		if (c->checkpoints[k].is_right &&
		    c->x.checkpoints[k].size == size &&
		    strcmp(c->x.checkpoints[k].device, x->device) == 0) {
			bool same = memcmp(c->checkpoints[k].root, p->root,
					   HASH_LEN) == 0;

			check_say(c, CHECK_CHECKPOINT, CHECK_FAILS,
				  same ? "c%zu is the same as c%zu"
				       : "c%zu contradicts c%zu: this device "
					 "has two histories",
				  i + 1, k + 1);
		}
}

/* policy.txt must name the keys of these logs, and of no others. */
static void
check_policy(struct check *c)
{
	for (size_t i = 0; i < c->x.n_checkpoints; i++) {
		struct cosign_vkey key;
		bool found = false;

		log_key(c, c->x.checkpoints[i].device, &key);
		for (size_t k = 0; k < c->policy.logs; k++)
			found = found || same_key(&key, &c->policy.keys[k]);
		if (!found)
			check_say(c, CHECK_CHECKPOINT, CHECK_FAILS,
				  "proof/policy.txt does not name the log of "
				  "c%zu",
				  i + 1);
	}
	for (size_t k = 0; k < c->policy.logs; k++) {
		bool found = false;

		for (size_t i = 0; i < c->x.n_checkpoints; i++) {
			struct cosign_vkey key;

			log_key(c, c->x.checkpoints[i].device, &key);
			found = found || same_key(&key, &c->policy.keys[k]);
		}
		if (!found)
			check_say(c, CHECK_CHECKPOINT, CHECK_FAILS,
				  "proof/policy.txt names a log of which "
				  "nothing is shown");
	}
}

/* The note of a proof: checkpoint cN as it stands here, and lines below. */
static bool
keep_note(struct check *c, size_t at, const struct tlogproof *t)
{
	struct check_checkpoint *p = &c->checkpoints[at];

	if (p->text == NULL || t->note_len < p->len ||
	    memcmp(t->note, p->text, p->len) != 0)
		return false;
	if (p->note != NULL)
		return p->note_len == t->note_len &&
		       memcmp(p->note, t->note, t->note_len) == 0;
	p->note = malloc(t->note_len + 1);
	if (p->note == NULL) {
		err_memory(&c->broken);
		return false;
	}
	memcpy(p->note, t->note, t->note_len);
	p->note[t->note_len] = '\0';
	p->note_len = t->note_len;
	return true;
}

/* Does the batch of entry i stand in the log under that checkpoint? */
static bool
is_under(struct check *c, size_t i, size_t at, struct tlogproof *t)
{
	const struct exproof *p = &c->entries[i].proof;
	char data[BATCH_LEAF_DATA_MAX];
	uint8_t leaf[HASH_LEN];
	size_t n = batch_leaf_data(p->batch_k, p->inner, data);

	merkle_leaf(data, n, leaf);
	return t->index == c->x.entries[i].batch - 1 &&
	       merkle_inclusion_check(leaf, t->index, c->x.checkpoints[at].size,
				      t->path, t->n,
				      c->checkpoints[at].root) == 0;
}

static void
check_tlog(struct check *c, size_t i, size_t at, const char *path)
{
	struct check_entry *n = &c->entries[i];
	struct tlogproof t;
	size_t len;
	char *text = check_read(c, CHECK_LOG, path, TLOGPROOF_FILE_MAX, &len);

	if (text == NULL)
		return;
	if (tlogproof_decode(text, len, &t) != FORMAT_OK)
		check_say(c, CHECK_LOG, CHECK_FAILS, "%s is not in its form",
			  path);
	else if (strcmp(c->x.entries[i].device, c->x.checkpoints[at].device) !=
		     0 ||
		 c->x.entries[i].batch > c->x.checkpoints[at].size)
		check_say(c, CHECK_LOG, CHECK_FAILS,
			  "%s: that checkpoint does not cover this entry",
			  path);
	else if (!keep_note(c, at, &t))
		check_say(c, CHECK_LOG, CHECK_FAILS,
			  "%s: its checkpoint is not c%zu as it stands here, "
			  "or its countersignatures differ from those of "
			  "other proofs",
			  path, at + 1);
	else if (!c->checkpoints[at].is_right)
		check_say(c, CHECK_LOG, CHECK_UNKNOWN,
			  "%s: c%zu is not signed as it must be", path, at + 1);
	else if (!n->has_proof)
		check_say(c, CHECK_LOG, CHECK_UNKNOWN,
			  "%s: the entry's proof cannot be read", path);
	else if (!is_under(c, i, at, &t))
		check_say(c, CHECK_LOG, CHECK_FAILS,
			  "%s does not lead from the batch to the checkpoint",
			  path);
	else
		n->under[at] = n->is_known = true;
	free(text);
}

static void
check_entry_log(struct check *c, size_t i)
{
	struct check_entry *n = &c->entries[i];
	char path[64];
	bool any = false;

	n->under = calloc(c->x.n_checkpoints, sizeof *n->under);
	if (n->under == NULL) {
		err_memory(&c->broken);
		return;
	}
	for (size_t at = 0; at < c->x.n_checkpoints; at++) {
		snprintf(path, sizeof path, "proof/e%03zu-c%zu.tlog-proof",
			 i + 1, at + 1);
		if (package_find(c->p, path) == NULL)
			continue;
		any = true;
		check_tlog(c, i, at, path);
	}
	if (!any)
		check_say(c, CHECK_LOG, CHECK_FAILS,
			  "e%03zu: nothing shows that its batch is in a log",
			  i + 1);
}

/* "Stood in the log before": in the same log, at the same checkpoints. */
static void
check_earlier(struct check *c)
{
	for (size_t i = 0; i < c->x.n_earlier; i++) {
		uint32_t a = c->x.earlier[i].a, b = c->x.earlier[i].b;
		const struct exindex_entry *x = &c->x.entries[a - 1];
		const struct exindex_entry *y = &c->x.entries[b - 1];
		const struct check_entry *n = &c->entries[a - 1];
		const struct check_entry *m = &c->entries[b - 1];
		bool ok = strcmp(x->device, y->device) == 0 &&
			  y->batch < x->batch && strcmp(y->kind, "stamp") == 0;

		for (size_t at = 0; ok && at < c->x.n_checkpoints; at++)
			ok = !n->under[at] || m->under[at];
		if (!ok)
			check_say(c, CHECK_LOG, CHECK_FAILS,
				  "e%03u is not shown to stand in the log "
				  "before e%03u",
				  (unsigned)b, (unsigned)a);
	}
}

/* The witness of a line, in policy.keys; SIZE_MAX if it is none of them. */
static size_t
witness_of(const struct check *c, const struct cosign_line *l)
{
	for (size_t i = c->policy.logs;
	     i < c->policy.logs + c->policy.witnesses; i++)
		if (cosign_line_is(l, c->policy.keys[i].name,
				   c->policy.keys[i].id))
			return i;
	return SIZE_MAX;
}

/* A key id follows from name, type and key; another would mislead. */
static bool
is_own_id(const struct cosign_vkey *k)
{
	uint8_t input[COSIGN_KEY_ID_INPUT_MAX], digest[HASH_LEN];
	size_t n = cosign_key_id_input(k->name, k->type, k->key, input);

	hash_sha256(input, n, digest);
	return memcmp(digest, k->id, sizeof k->id) == 0;
}

static bool
cosignature_holds(const struct check_checkpoint *p, const struct cosign_line *l,
		  const struct cosign_vkey *k, uint64_t *time)
{
	char message[COSIGN_MESSAGE_MAX];
	uint8_t sig[64];
	size_t n;

	if (!is_own_id(k) || cosign_decode(l, time, sig) != FORMAT_OK)
		return false;
	n = cosign_message(*time, p->text, p->body_len, message);
	return ed25519_verify(k->key, message, n, sig) == 0;
}

/* What the custodian says whose key it is: only a claim. */
static const char *
who(const struct check *c, const char *key)
{
	for (size_t i = 0; i < c->x.n_witnesses; i++)
		if (strcmp(c->x.witnesses[i].key, key) == 0)
			return c->x.witnesses[i].who;
	return NULL;
}

static void
count_cosignature(struct check *c, size_t at, size_t key, uint64_t time)
{
	const struct cosign_vkey *k = &c->policy.keys[key];
	struct check_cosignature *n = &c->cosigned[c->n_cosigned];
	const char *name = who(c, k->name);
	char print[CHECK_FINGERPRINT_MAX], when[CHECK_TIME_MAX], of[900];
	char shown[300];

	/* who signed the package cannot vouch for it from outside */
	if (c->has_seal_key && memcmp(k->key, c->seal_key, 32) == 0) {
		check_say(c, CHECK_COSIGNATURES, CHECK_HOLDS,
			  "c%zu: a cosignature by the key of the seal itself "
			  "does not count",
			  at + 1);
		return;
	}
	/* whoever signs for the future says nothing */
	if (time > (uint64_t)c->now + 86400) {
		check_say(c, CHECK_COSIGNATURES, CHECK_UNKNOWN,
			  "c%zu: the time of a cosignature lies ahead of this "
			  "machine's clock",
			  at + 1);
		return;
	}
	n->checkpoint = (uint32_t)at + 1;
	n->key = key;
	n->time = (int64_t)time;
	c->n_cosigned++;
	check_fingerprint(k->key, print);
	check_time(n->time, when);
	err_escape(shown, sizeof shown, k->name, strlen(k->name));
	check_say(c, CHECK_COSIGNATURES, CHECK_HOLDS,
		  "c%zu: seen at %s (their clock) by the key %s", at + 1, when,
		  print);
	if (name != NULL)
		snprintf(of, sizeof of, "%s, as the custodian says: %s", shown,
			 name);
	else
		snprintf(of, sizeof of, "%s", shown);
	check_compare(c, "key of a witness", print, of);
}

static void
check_cosigned(struct check *c, size_t at)
{
	struct check_checkpoint *p = &c->checkpoints[at];
	struct cosign_note note;
	bool *seen;

	if (!p->is_right || p->note == NULL || p->note_len == p->len)
		return;
	if (cosign_lines_decode(p->note + p->len, p->note_len - p->len,
				&note) != FORMAT_OK) {
		check_say(c, CHECK_COSIGNATURES, CHECK_FAILS,
			  "c%zu: what stands below its signature are no "
			  "signatures",
			  at + 1);
		return;
	}
	seen = calloc(c->policy.logs + c->policy.witnesses + 1, sizeof *seen);
	for (size_t i = 0; seen != NULL && i < note.n; i++) {
		size_t key = witness_of(c, &note.lines[i]);
		uint64_t time;

		if (key == SIZE_MAX)
			check_say(c, CHECK_COSIGNATURES, CHECK_HOLDS,
				  "c%zu: a signature by a key that "
				  "proof/policy.txt does not name was passed "
				  "over",
				  at + 1);
		else if (!cosignature_holds(p, &note.lines[i],
					    &c->policy.keys[key], &time))
			check_say(c, CHECK_COSIGNATURES, CHECK_FAILS,
				  "c%zu: a cosignature is not that of its "
				  "witness",
				  at + 1);
		else if (!seen[key])
			count_cosignature(c, at, key, time);
		if (key != SIZE_MAX)
			seen[key] = c->used[key] = true;
	}
	if (seen == NULL)
		err_memory(&c->broken);
	free(seen);
}

/* Every witness that is named must have signed something here. */
static void
check_witnesses(struct check *c)
{
	const struct cosign_vkey *keys = c->policy.keys;
	size_t from = c->policy.logs, to = from + c->policy.witnesses, n = 0;

	/* a name that has signed nothing would only impress */
	for (size_t k = from; k < to; k++) {
		bool counted = false;

		for (size_t i = 0; i < c->n_cosigned; i++)
			counted = counted || c->cosigned[i].key == k;
		n += counted;
		if (!c->used[k])
			check_say(c, CHECK_COSIGNATURES, CHECK_FAILS,
				  "proof/policy.txt names a witness that has "
				  "countersigned nothing here");
	}
	for (size_t i = 0; i < c->x.n_witnesses; i++) {
		bool found = false;

		for (size_t k = from; k < to; k++)
			found = found || strcmp(keys[k].name,
						c->x.witnesses[i].key) == 0;
		if (!found)
			check_say(c, CHECK_COSIGNATURES, CHECK_FAILS,
				  "proof/exhibit.txt names a witness whose key "
				  "is not in proof/policy.txt");
	}
	if (c->n_cosigned == 0 &&
	    c->v[CHECK_COSIGNATURES].count[CHECK_FAILS] == 0)
		check_say(c, CHECK_COSIGNATURES, CHECK_UNKNOWN,
			  "nobody outside has countersigned what is shown");
	check_sum(c, CHECK_COSIGNATURES,
		  "witnesses outside: %zu, whose countersignatures hold; "
		  "compare their keys with what they publish",
		  n);
}

void
check_logs(struct check *c)
{
	c->checkpoints = calloc(c->x.n_checkpoints, sizeof *c->checkpoints);
	c->cosigned =
	    calloc(c->x.n_checkpoints * COSIGN_LINES_MAX, sizeof *c->cosigned);
	c->used =
	    calloc(c->policy.logs + c->policy.witnesses + 1, sizeof *c->used);
	if (c->checkpoints == NULL || c->cosigned == NULL || c->used == NULL) {
		err_memory(&c->broken);
		return;
	}
	for (size_t i = 0; i < c->x.n_checkpoints; i++)
		check_checkpoint(c, i);
	check_policy(c);
	for (size_t i = 0; i < c->x.n_entries && c->broken.code == ERR_NONE;
	     i++)
		check_entry_log(c, i);
	if (c->broken.code != ERR_NONE)
		return;
	check_earlier(c);
	for (size_t i = 0; i < c->x.n_checkpoints; i++)
		check_cosigned(c, i);
	check_witnesses(c);
	check_sum(c, CHECK_CHECKPOINT,
		  "each checkpoint (%zu) is signed by the device that is "
		  "named",
		  c->x.n_checkpoints);
	check_sum(c, CHECK_LOG,
		  "each batch lies in its log under a checkpoint");
}
