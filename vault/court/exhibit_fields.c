/* Which fields of an entry are shown, and their paths: see exhibit_inside.h. */
#include "exhibit_inside.h"

#include "canon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Is `name` the field `asked`, or one below it? */
static bool
is_below(const char *name, const char *asked)
{
	size_t n = strlen(asked);

	return strncmp(name, asked, n) == 0 &&
	       (name[n] == '\0' || name[n] == '.');
}

/* What stands in the open anyway, and what gives an entry its sense. */
static bool
is_always(enum index_kind kind, const char *name)
{
	static const char *const all[] = {"kind", "vault", "device", "batch"};
	static const char *const record[] = {"item", "original.entry",
					     "original.file", "original.zones"};
	static const char *const said[] = {"item", "action", "time"};
	static const char *const stamp[] = {"act", "token", "chain",
					    "revocation"};
	const char *const *list = said;
	size_t n = sizeof said / sizeof *said;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(all[i], name) == 0)
			return true;
	if (kind == KIND_RECORD) {
		list = record;
		n = sizeof record / sizeof *record;
	} else if (kind != KIND_CUSTODY && kind != KIND_RETRACT) {
		list = stamp;
		n = sizeof stamp / sizeof *stamp;
	}
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

/* The size and hash of an original that is in data/. */
static bool
is_of_file(const struct exhibit *ex, const struct exhibit_entry *en,
	   const char *name)
{
	char want[64];

	for (size_t i = 0; i < en->n_same; i++) {
		snprintf(want, sizeof want, "files.%zu.sha256", en->same[i]);
		if (strcmp(want, name) == 0)
			return true;
		snprintf(want, sizeof want, "files.%zu.size", en->same[i]);
		if (strcmp(want, name) == 0)
			return true;
	}
	for (size_t i = 0; i < ex->n_files; i++) {
		if (&ex->entries[ex->files[i].entry] != en)
			continue;
		snprintf(want, sizeof want, "files.%zu.sha256", ex->files[i].n);
		if (strcmp(want, name) == 0)
			return true;
		snprintf(want, sizeof want, "files.%zu.size", ex->files[i].n);
		if (strcmp(want, name) == 0)
			return true;
	}
	return false;
}

/* Was it asked for by name? What is asked of records is asked of no other. */
static bool
is_asked(struct exhibit *ex, enum index_kind kind, const char *name)
{
	const char *prefix = kind == KIND_CUSTODY   ? "custody."
			     : kind == KIND_RETRACT ? "retract."
						    : "";
	bool found = false;

	if (kind > KIND_RETRACT)
		return false;
	for (size_t i = 0; i < ex->o->n_disclose; i++) {
		const char *asked = ex->o->disclose[i];
		char below[256];

		if (strncmp(asked, prefix, strlen(prefix)) != 0)
			continue;
		asked += strlen(prefix);
		snprintf(below, sizeof below, "fields.%s", asked);
		if (!is_below(name, asked) &&
		    (kind != KIND_RECORD || !is_below(name, below)))
			continue;
		ex->named[i] = true;
		found = true;
	}
	return found;
}

bool
exhibit_wants(struct exhibit *ex, const struct exhibit_entry *en,
	      const char *name)
{
	enum index_kind kind = ex->x->entries[en->index].kind;
	bool asked;

	/* of an earlier version what it is shown for, and since when */
	if (en->of > 0)
		return is_always(kind, name) || is_of_file(ex, en, name) ||
		       (strcmp(name, "time") == 0 &&
			exhibit_wants(ex, &ex->entries[en->of - 1], name));
	asked = is_asked(ex, kind, name);
	return asked || en->opened || is_always(kind, name) ||
	       (kind == KIND_RECORD && is_of_file(ex, en, name));
}

/* All fields of an entry, while those to be shown are picked. */
struct picking {
	struct exhibit *ex;
	struct exhibit_entry *en;
	uint8_t salt[32];
	uint8_t (*leaves)[HASH_LEN];
	uint8_t (*shown)[HASH_LEN]; /* leaves of those that are shown */
	size_t n, cap;
};

static int
make_room(struct picking *p)
{
	struct exproof *proof = &p->en->proof;
	size_t cap = p->cap > 0 ? 2 * p->cap : 64;
	void *q;

	if (p->n < p->cap)
		return 0;
	if ((q = realloc(p->leaves, cap * HASH_LEN)) == NULL)
		return -1;
	p->leaves = q;
	if ((q = realloc(p->shown, cap * HASH_LEN)) == NULL)
		return -1;
	p->shown = q;
	if ((q = realloc(proof->fields, cap * sizeof *proof->fields)) == NULL)
		return -1;
	proof->fields = q;
	p->cap = cap;
	return 0;
}

static int
pick(void *ctx, const char *name, const json_t *value)
{
	struct picking *p = ctx;
	struct exproof_field f = {0};
	uint8_t *leaf, *bytes;
	size_t len;

	if (make_room(p) != 0)
		return -1;
	f.name = strdup(name);
	f.value = canon_value(value);
	leaf = p->leaves[p->n];
	hash_hmac(p->salt, sizeof p->salt, name, strlen(name), f.salt);
	bytes = f.name != NULL && f.value != NULL ? exproof_leaf_input(&f, &len)
						  : NULL;
	if (bytes != NULL) {
		hash_prefixed(0x00, bytes, len, NULL, 0, leaf);
		p->n++;
	}
	if (bytes != NULL && exhibit_wants(p->ex, p->en, name)) {
		memcpy(p->shown[p->en->proof.n], leaf, HASH_LEN);
		p->en->proof.fields[p->en->proof.n++] = f;
	} else {
		free((char *)(uintptr_t)f.name);
		free((char *)(uintptr_t)f.value);
	}
	free(bytes);
	return bytes != NULL ? 0 : -1;
}

static int
make_paths(struct picking *p, struct err *e)
{
	struct exproof *proof = &p->en->proof;
	struct merkle_padded *tree;
	uint8_t pad_key[HASH_LEN];
	int rc = 0;

	hash_hmac(p->salt, sizeof p->salt, "", 0, pad_key);
	tree = merkle_padded_new(p->leaves, p->n, pad_key, EXPROOF_FIELDS_MIN_K,
				 EXPROOF_FIELDS_MAX_K);
	if (tree == NULL)
		return err_memory(e);
	proof->fields_k = merkle_padded_k(tree);
	if (memcmp(merkle_padded_top(tree), proof->root, HASH_LEN) != 0)
		rc = err_set(e, ERR_EVIDENCE,
			     "an entry's fields are not those on its line");
	for (size_t i = 0; rc == 0 && i < proof->n; i++)
		if (merkle_padded_path(tree, p->shown[i], proof->fields[i].path,
				       &proof->fields[i].place) != 0)
			rc = err_memory(e);
	merkle_padded_free(tree);
	return rc;
}

static int
of_entry(struct exhibit *ex, struct exhibit_entry *en, struct err *e)
{
	struct picking p = {.ex = ex, .en = en};
	const char *salt = entry_str(en->doc, "salt");
	int rc = -1;

	if (salt == NULL || strlen(salt) != 64 ||
	    hex_decode(salt, sizeof p.salt, p.salt) != 0)
		return err_set(e, ERR_EVIDENCE, "an entry has no salt");
	if (canon_fields(en->doc, pick, &p) != FORMAT_OK)
		err_memory(e);
	else
		rc = make_paths(&p, e);
	secret_wipe(p.salt, sizeof p.salt);
	free(p.leaves);
	free(p.shown);
	return rc;
}

int
exhibit_fields_make(struct exhibit *ex, struct err *e)
{
	char shown[200];

	for (size_t i = 0; i < ex->n_entries; i++)
		if (of_entry(ex, &ex->entries[i], e) != 0)
			return -1;
	for (size_t i = 0; i < ex->o->n_disclose; i++) {
		const char *name = ex->o->disclose[i];

		/* that nothing of the kind was said is an answer too */
		if (ex->named[i] || strncmp(name, "custody.", 8) == 0 ||
		    strncmp(name, "retract.", 8) == 0)
			continue;
		err_set(e, ERR_UNKNOWN, "--disclose %s: no item here has this",
			err_escape(shown, sizeof shown, name, strlen(name)));
		return err_hint(e, "nothing was written");
	}
	return 0;
}

void
exhibit_fields_free(struct exproof *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free((char *)(uintptr_t)p->fields[i].name);
		free((char *)(uintptr_t)p->fields[i].value);
	}
	free(p->fields);
	memset(p, 0, sizeof *p);
}
