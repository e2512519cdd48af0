#include "vault_inside.h"

#include "checkpoint.h"
#include "cold.h"
#include "sshsign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(size_t) == 8, "a place in the vault is one size_t");

int
vault_path(const struct vault *v, const char *rel, char out[FSUTIL_PATH],
	   struct err *e)
{
	return fsutil_join(out, v->dir, rel, e);
}

int
vault_object_path(const struct vault *v, const uint8_t sha256[HASH_LEN],
		  char out[FSUTIL_PATH], struct err *e)
{
	char hex[65], rel[96];

	hex_encode(sha256, HASH_LEN, hex);
	snprintf(rel, sizeof rel, "lfs/objects/%.2s/%.2s/%s", hex, hex + 2,
		 hex);
	return vault_path(v, rel, out, e);
}

int
vault_leaf(const struct batch *b, uint8_t leaf[HASH_LEN])
{
	uint8_t(*leaves)[HASH_LEN] = calloc(b->n, HASH_LEN);
	uint8_t inner[HASH_LEN];
	char data[BATCH_LEAF_DATA_MAX];
	int k;

	if (leaves == NULL)
		return -1;
	for (size_t i = 0; i < b->n; i++)
		merkle_leaf(b->lines[i].text, b->lines[i].len, leaves[i]);
	k = merkle_padded_root(leaves, b->n, b->pads, BATCH_MIN_K, BATCH_MAX_K,
			       inner);
	free(leaves);
	if (k < 0)
		return -1;
	merkle_leaf(data, batch_leaf_data(k, inner, data), leaf);
	return 0;
}

void
vault_key_id(const char *origin, const uint8_t key[32], uint8_t id[4])
{
	uint8_t in[CHECKPOINT_ORIGIN_MAX + 34], digest[HASH_LEN];

	hash_sha256(in, checkpoint_key_id_input(origin, key, in), digest);
	memcpy(id, digest, 4);
}

size_t
vault_first_log(const struct vault *v, const char *device)
{
	uint8_t key[MAP_KEY_LEN];
	size_t i;

	map_key_text(device, key);
	return map_get(&v->devices, key, &i) ? i : SIZE_MAX;
}

struct log *
vault_log(struct vault *v, const char *device)
{
	for (size_t i = vault_first_log(v, device); i != SIZE_MAX;
	     i = v->logs[i].other)
		if (!v->logs[i].is_fork)
			return &v->logs[i];
	return NULL;
}

bool
vault_has_state(const struct vault *v, const char *device, uint64_t size,
		const uint8_t root[HASH_LEN])
{
	for (size_t i = vault_first_log(v, device); i != SIZE_MAX;
	     i = v->logs[i].other)
		if (v->logs[i].size >= size &&
		    memcmp(v->logs[i].steps[size - 1].root, root, HASH_LEN) ==
			0)
			return true;
	return false;
}

uint64_t
vault_longest(const struct vault *v, const char *device)
{
	uint64_t most = 0;

	for (size_t i = vault_first_log(v, device); i != SIZE_MAX;
	     i = v->logs[i].other)
		if (v->logs[i].size > most)
			most = v->logs[i].size;
	return most;
}

/* A root stands for all batches before it: where two agree, these agree. */
uint64_t
vault_alike(const struct log *a, const struct log *b)
{
	uint64_t same = 0, other;

	if (strcmp(a->device, b->device) != 0)
		return 0;
	other = (a->size < b->size ? a->size : b->size) + 1;
	while (other - same > 1) {
		uint64_t n = same + (other - same) / 2;

		if (memcmp(a->steps[n - 1].root, b->steps[n - 1].root,
			   HASH_LEN) == 0)
			same = n;
		else
			other = n;
	}
	return same;
}

bool
vault_place(const struct vault *v, const uint8_t sha256[HASH_LEN],
	    size_t *place)
{
	struct cold_place p;

	if (map_get(&v->entries, sha256, place))
		return true;
	if (!cold_place(v->cold, sha256, &p))
		return false;
	*place = VAULT_PLACE(p.log, p.batch);
	return true;
}

bool
vault_object(const struct vault *v, const uint8_t sha256[HASH_LEN],
	     size_t *size)
{
	uint64_t n;

	if (map_get(&v->objects, sha256, size))
		return true;
	if (!cold_object(v->cold, sha256, &n))
		return false;
	*size = (size_t)n;
	return true;
}

int
vault_objects(struct vault *v, vault_object_fn *object, void *ctx)
{
	uint8_t sha256[MAP_KEY_LEN];
	size_t at = 0, size;
	int rc = 0;

	while (rc == 0 && map_next(&v->objects, &at, sha256, &size))
		rc = object(ctx, sha256, size);
	for (size_t i = 0; v->cold != NULL && i < v->cold->n; i++)
		for (uint64_t k = 0;
		     rc == 0 && k < v->cold->list[i].n[COLD_OBJECTS]; k++) {
			uint8_t row[COLD_WIDTH_MAX];

			if (!cold_rows(v->cold, i, COLD_OBJECTS, k, row, 1))
				return -1;
			if (!map_get(&v->objects, row, &size))
				rc = object(ctx, row,
					    (size_t)cold_get(row + 32, 8));
		}
	return rc;
}

void
vault_batch_free(struct vault_batch *b)
{
	batch_free(&b->b);
	free(b->file);
	free(b->names);
	memset(b, 0, sizeof *b);
}

int
vault_batch_named(struct vault *v, const struct vault_batch *b,
		  const char *name, struct gitstore_object *out, struct err *e)
{
	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < b->n_names; i++)
		if (strcmp(b->names[i].name, name) == 0)
			return gitstore_read(v->git, b->names[i].oid,
					     PACKFORM_BLOB, out, e);
	return err_set(e, ERR_EVIDENCE, "its %s file is missing", name);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct gitform_name *)a)->name,
		      ((const struct gitform_name *)b)->name);
}

const uint8_t *
vault_batch_oid(const struct vault_batch *b, const uint8_t sha256[HASH_LEN])
{
	struct gitform_name key, *found;

	hex_encode(sha256, HASH_LEN, key.name);
	found = bsearch(&key, b->names, b->n_names, sizeof key, by_name);
	return found != NULL ? found->oid : NULL;
}

int
vault_entry_file(struct vault *v, const struct vault_batch *b,
		 const uint8_t sha256[HASH_LEN], struct gitstore_object *out,
		 struct err *e)
{
	const uint8_t *oid = vault_batch_oid(b, sha256);
	uint8_t digest[HASH_LEN];

	memset(out, 0, sizeof *out);
	if (oid == NULL)
		return err_set(e, ERR_EVIDENCE, "its file is missing");
	if (gitstore_read(v->git, oid, PACKFORM_BLOB, out, e) != 0)
		return -1;
	hash_sha256(out->data, out->len, digest);
	if (memcmp(digest, sha256, HASH_LEN) == 0)
		return 0;
	gitstore_object_free(out);
	return err_set(e, ERR_EVIDENCE, "its file has another SHA-256");
}

static int
by_hash(const void *a, const void *b)
{
	return memcmp(a, b, HASH_LEN);
}

/* True if two lines name the same file (or without memory to tell). */
static bool
lists_twice(const struct batch *b)
{
	uint8_t(*list)[HASH_LEN] = calloc(b->n, HASH_LEN);
	size_t n = 0;
	bool twice = list == NULL;

	for (size_t i = 0; !twice && i < b->n; i++)
		if (b->lines[i].kind == BATCH_ENTRY ||
		    b->lines[i].kind == BATCH_OBJECT)
			memcpy(list[n++], b->lines[i].sha256, HASH_LEN);
	if (n > 1)
		qsort(list, n, HASH_LEN, by_hash);
	for (size_t i = 1; i < n; i++)
		twice |= memcmp(list[i - 1], list[i], HASH_LEN) == 0;
	free(list);
	return twice;
}

/* The tree must hold what the lines say, and nothing else. */
static int
check_tree(struct vault *v, const struct vault_batch *b, struct err *e)
{
	size_t files = 0;
	char pointer[GITFORM_POINTER_MAX], hex[65];

	for (size_t i = 0; i < b->b.n; i++) {
		const struct batch_line *l = &b->b.lines[i];
		struct gitstore_object o;
		const uint8_t *oid;
		size_t n;
		int same;

		if (l->kind != BATCH_ENTRY && l->kind != BATCH_OBJECT)
			continue;
		files++;
		hex_encode(l->sha256, HASH_LEN, hex);
		oid = vault_batch_oid(b, l->sha256);
		if (oid == NULL)
			return err_set(
			    e, ERR_EVIDENCE, "%s %.16s is missing",
			    l->kind == BATCH_ENTRY ? "entry" : "pointer", hex);
		if (l->kind == BATCH_ENTRY)
			continue;
		if (gitstore_read(v->git, oid, PACKFORM_BLOB, &o, e) != 0)
			return -1;
		n = gitform_pointer_encode(l->sha256, l->size, pointer);
		same = o.len == n && memcmp(o.data, pointer, n) == 0;
		gitstore_object_free(&o);
		if (!same)
			return err_set(
			    e, ERR_EVIDENCE,
			    "pointer %.16s is not what its line says", hex);
	}
	if (b->n_names != files + 3 || lists_twice(&b->b))
		return err_set(
		    e, ERR_EVIDENCE,
		    "it holds a file that no line lists, or lists one twice");
	return 0;
}

int
vault_read_batch(struct vault *v, const struct log *l, uint64_t n, bool sigs,
		 struct vault_batch *out, struct err *e)
{
	struct gitstore_object o = {0};
	struct gitform_commit c;
	char plain[GITFORM_COMMIT_MAX];
	uint8_t sig[64];
	int rc = -1;

	if (gitstore_read(v->git, l->steps[n - 1].commit, PACKFORM_COMMIT, &o,
			  e) != 0)
		return -1;
	if (gitform_commit_decode((const char *)o.data, o.len, n, l->key, &c,
				  sig) != FORMAT_OK) {
		err_set(e, ERR_EVIDENCE,
			"its commit is not of the form of this log");
		goto out;
	}
	if (sigs &&
	    sshsign_verify(l->key, "git", plain,
			   gitform_commit_unsigned(&c, plain), sig) != 0) {
		err_set(e, ERR_EVIDENCE, "its commit's signature fails");
		goto out;
	}
	gitstore_object_free(&o);
	memcpy(out->tree, c.tree, GITFORM_OID_LEN);
	if (gitstore_read(v->git, c.tree, PACKFORM_TREE, &o, e) != 0)
		goto out;
	if (gitform_tree_decode(o.data, o.len, &out->names, &out->n_names) !=
	    FORMAT_OK) {
		err_set(e, ERR_EVIDENCE, "its tree is not of a batch's form");
		goto out;
	}
	gitstore_object_free(&o);
	if (vault_batch_named(v, out, "batch", &o, e) != 0)
		goto out;
	out->file = malloc(o.len + 1);
	if (out->file == NULL) {
		err_memory(e);
		goto out;
	}
	memcpy(out->file, o.data, o.len);
	if (batch_decode(out->file, o.len, &out->b) != FORMAT_OK ||
	    vault_leaf(&out->b, out->leaf) != 0) {
		err_set(e, ERR_EVIDENCE, "its batch file is not of the form");
		goto out;
	}
	rc = check_tree(v, out, e);
out:
	gitstore_object_free(&o);
	return rc;
}

int
vault_batch(struct vault *v, const struct log *l, uint64_t n,
	    struct vault_batch *out, struct err *e)
{
	memset(out, 0, sizeof *out);
	out->log = l;
	out->n = n;
	if (vault_read_batch(v, l, n, false, out, e) == 0)
		return 0;
	vault_batch_free(out);
	return -1;
}
