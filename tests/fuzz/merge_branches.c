/*
 * vault/move/merge.h: another's branches, judged before anything of them is
 * kept. The input changes what two devices wrote, at any layer: what is above
 * that layer is hashed and signed anew, as a device that lies would do it. So
 * the walk along the commits, the trees, batches, checkpoints, forks and
 * entries behind the signatures are reached. git's objects are in memory here
 * (gitstore.h), and nothing touches a disk.
 */
#include "merge.c"

#include "checkpoint.h"
#include "ed25519.h"
#include "fuzz.h"
#include "sshsign.h"

#define DEVICES 2
#define BATCHES 2
#define PATCHES_MAX 8

enum layer {
	VAULT_FILE,
	BATCH_FILE,
	LEAF,	   /* what the batch comes to in the log */
	NOTE_BODY, /* the checkpoint's text; then it is signed */
	NOTE,
	ENTRY,
	POINTER,
	TREE,
	COMMIT_BODY,
	COMMIT,
	BRANCH, /* its name */
	LAYERS
};

/* In the input: whose | layer, at, drop, n, n bytes; see to_patches. */
struct patch {
	unsigned device, batch, layer;
	size_t at, drop, n;
	const uint8_t *bytes;
};

struct side {
	struct patch list[PATCHES_MAX];
	size_t n;
	char names[DEVICES][512];
	uint8_t heads[DEVICES][BATCHES][GITFORM_OID_LEN];
	unsigned batches[DEVICES]; /* that its branch shows */
};

/* -- git's objects -- */

struct stored {
	uint8_t oid[GITFORM_OID_LEN], *bytes;
	enum packform_type type;
	size_t len;
};
static struct stored store[64];
static size_t n_store;

static void
keep(enum packform_type type, const void *bytes, size_t len,
     uint8_t oid[GITFORM_OID_LEN])
{
	struct stored *o = &store[n_store++];

	MUST(n_store <= sizeof store / sizeof *store);
	o->type = type;
	o->len = len;
	o->bytes = (uint8_t *)fuzz_text(bytes, len);
	packform_oid(type, bytes, len, o->oid);
	memcpy(oid, o->oid, GITFORM_OID_LEN);
}

static void
forget(size_t from)
{
	while (n_store > from)
		free(store[--n_store].bytes);
}

const char gitstore_config[] = "", gitstore_head[] = "";

int
gitstore_read_any(struct gitstore *s, const uint8_t oid[GITFORM_OID_LEN],
		  enum packform_type *type, struct gitstore_object *out,
		  struct err *e)
{
	(void)s;
	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < n_store; i++)
		if (memcmp(store[i].oid, oid, GITFORM_OID_LEN) == 0) {
			*type = store[i].type;
			out->data = store[i].bytes;
			out->len = store[i].len;
			return 0;
		}
	return err_set(e, ERR_EVIDENCE, "an object is missing");
}

int
gitstore_read(struct gitstore *s, const uint8_t oid[GITFORM_OID_LEN],
	      enum packform_type type, struct gitstore_object *out,
	      struct err *e)
{
	enum packform_type is = type;

	if (gitstore_read_any(s, oid, &is, out, e) != 0)
		return -1;
	return is == type ? 0 : err_set(e, ERR_EVIDENCE, "of another type");
}

void
gitstore_object_free(struct gitstore_object *o)
{
	memset(o, 0, sizeof *o);
}

/* What only those use who open a vault on a disk. */
int
gitstore_init(const char *dir, struct err *e)
{
	(void)dir;
	return err_set(e, ERR_UNKNOWN, "not here");
}

struct gitstore *
gitstore_open(const char *dir, struct err *e)
{
	(void)gitstore_init(dir, e);
	return NULL;
}

struct gitstore *
gitstore_open_objects(const char *objects, struct err *e)
{
	return gitstore_open(objects, e);
}

void
gitstore_close(struct gitstore *s)
{
	(void)s;
}

bool
gitstore_has(struct gitstore *s, const uint8_t oid[GITFORM_OID_LEN])
{
	struct gitstore_object o;
	enum packform_type type;
	struct err e = {0};

	return gitstore_read_any(s, oid, &type, &o, &e) == 0;
}

int
gitstore_add_objects(struct gitstore *s, const char *objects, struct err *e)
{
	(void)s;
	return gitstore_init(objects, e);
}

void
gitstore_bound(struct gitstore *s, size_t max)
{
	(void)s;
	(void)max;
}

int
gitstore_refresh(struct gitstore *s, struct err *e)
{
	(void)s;
	(void)e;
	return 0;
}

int
gitstore_length(struct gitstore *s, const uint8_t oid[GITFORM_OID_LEN],
		enum packform_type type, uint64_t *len, struct err *e)
{
	struct gitstore_object o;

	if (gitstore_read(s, oid, type, &o, e) != 0)
		return -1;
	*len = o.len;
	return 0;
}

int
gitstore_refs(struct gitstore *s, gitstore_ref *ref, void *ctx, struct err *e)
{
	(void)s;
	(void)ref;
	(void)ctx;
	return err_set(e, ERR_UNKNOWN, "not here");
}

/* -- what two devices wrote -- */

#define ROOM 8192 /* bytes of any object here, and of what a patch adds */

/* The bytes of a layer as the input wants them; their length. */
static size_t
patched(const struct side *s, unsigned d, unsigned b, enum layer layer,
	void *bytes, size_t len)
{
	uint8_t *p = bytes;

	for (size_t i = 0; i < s->n; i++) {
		const struct patch *x = &s->list[i];
		size_t at = x->at < len ? x->at : len;
		size_t drop = x->drop < len - at ? x->drop : len - at;

		if (x->device != d || x->batch != b || x->layer != layer ||
		    len - drop + x->n >= ROOM)
			continue;
		memmove(p + at + x->n, p + at + drop, len - at - drop);
		memcpy(p + at, x->bytes, x->n);
		len = len - drop + x->n;
	}
	p[len] = '\0';
	return len;
}

static uint8_t seeds[DEVICES][32], keys[DEVICES][32];
static char devices[DEVICES][BATCH_DEVICE_LEN + 1];
static char vault_file[GITFORM_VAULT_MAX], vault_id[VAULT_ID_LEN + 1];
static size_t vault_len;

static void
begin(void)
{
	uint8_t nonce[32], digest[HASH_LEN];

	fuzz_fill(nonce, sizeof nonce);
	for (unsigned d = 0; d < DEVICES; d++) {
		fuzz_fill(seeds[d], 32);
		seeds[d][0] = (uint8_t)d;
		ed25519_public(seeds[d], keys[d]);
		batch_device_name(keys[d], devices[d]);
	}
	vault_len = gitform_vault_encode(keys[0], nonce, vault_file);
	hash_sha256(vault_file, vault_len, digest);
	hex_encode(digest, HASH_LEN, vault_id);
}

/* An age file of one stanza, by its head and its length. */
static size_t
make_entry(unsigned d, unsigned b, uint8_t *out)
{
	static const char text[] =
	    "age-encryption.org/v1\n"
	    "-> X25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
	    "--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";

	memset(out, (int)(16 * d + b), 4096);
	memcpy(out, text, sizeof text - 1);
	return 4096;
}

/* One name more in the tree. */
static void
put_file(struct gitform_name *names, size_t *n, const char *name,
	 const void *bytes, size_t len)
{
	snprintf(names[*n].name, sizeof names->name, "%s", name);
	keep(PACKFORM_BLOB, bytes, len, names[(*n)++].oid);
}

/* The batch file; the entry and the pointer that it lists are put in the tree.
 */
static size_t
make_batch(const struct side *s, unsigned d, unsigned b,
	   struct gitform_name *names, size_t *n, char *out)
{
	static char lines[4][BATCH_LINE_MAX];
	uint8_t bytes[ROOM], sha256[HASH_LEN], root[HASH_LEN];
	char hex[65], *file;
	size_t len = patched(s, d, b, ENTRY, bytes, make_entry(d, b, bytes));

	fuzz_fill(root, sizeof root);
	hash_sha256(bytes, len, sha256);
	hex_encode(sha256, HASH_LEN, hex);
	batch_entry_line(sha256, root, lines[0]);
	put_file(names, n, hex, bytes, len);
	sha256[0] ^= 1;
	hex_encode(sha256, HASH_LEN, hex);
	batch_object_line(sha256, 70000, lines[1]);
	len = gitform_pointer_encode(sha256, 70000, (char *)bytes);
	put_file(names, n, hex, bytes, patched(s, d, b, POINTER, bytes, len));
	batch_pads_line(root, lines[2]);
	batch_seen_line(devices[1 - d], b + 1, root, lines[3]);
	file = batch_encode(lines, b == 0 ? 3 : 4, &len);
	MUST(file != NULL && len < ROOM);
	memcpy(out, file, len);
	free(file);
	return patched(s, d, b, BATCH_FILE, out, len);
}

/* The checkpoint, which states the log with this batch. */
static size_t
make_note(const struct side *s, unsigned d, unsigned b,
	  const struct merkle_log *tree, char *out)
{
	char origin[CHECKPOINT_ORIGIN_MAX], body[ROOM];
	uint8_t id[4], root[HASH_LEN], sig[64];
	size_t len;

	checkpoint_origin(vault_id, devices[d], origin);
	vault_key_id(origin, keys[d], id);
	merkle_log_root(tree, root);
	len = checkpoint_body(origin, b + 1, root, body);
	len = patched(s, d, b, NOTE_BODY, body, len);
	ed25519_sign(seeds[d], body, len, sig);
	len = checkpoint_encode(origin, b + 1, root, id, sig, out);
	return patched(s, d, b, NOTE, out, len);
}

static void
make_commit(const struct side *s, unsigned d, unsigned b, const uint8_t *parent,
	    struct gitform_name *names, size_t n, uint8_t oid[GITFORM_OID_LEN])
{
	struct gitform_commit c = {.n = b + 1};
	char text[ROOM], body[ROOM];
	uint8_t sig[64], *tree;
	size_t len;

	tree = gitform_tree_encode(names, n, &len);
	MUST(tree != NULL && len < ROOM);
	memcpy(text, tree, len);
	free(tree);
	len = patched(s, d, b, TREE, text, len);
	keep(PACKFORM_TREE, text, len, c.tree);
	if (parent != NULL)
		memcpy(c.parent, parent, GITFORM_OID_LEN);
	len = gitform_commit_unsigned(&c, body);
	len = patched(s, d, b, COMMIT_BODY, body, len);
	sshsign(seeds[d], "git", body, len, sig);
	len = gitform_commit_encode(&c, keys[d], sig, text);
	len = patched(s, d, b, COMMIT, text, len);
	keep(PACKFORM_COMMIT, text, len, oid);
}

static void
make(struct side *s)
{
	for (unsigned d = 0; d < DEVICES; d++) {
		struct merkle_log tree = {0};
		char name[ROOM];

		for (unsigned b = 0; b < BATCHES; b++) {
			struct gitform_name names[8];
			struct batch read = {0};
			uint8_t leaf[ROOM] = {0};
			char text[ROOM];
			size_t n = 0,
			       len = make_batch(s, d, b, names, &n, text);

			put_file(names, &n, "batch", text, len);
			if (batch_decode(text, len, &read) == FORMAT_OK)
				vault_leaf(&read, leaf);
			batch_free(&read);
			patched(s, d, b, LEAF, leaf, HASH_LEN);
			merkle_log_append(&tree, leaf);
			len = make_note(s, d, b, &tree, text);
			put_file(names, &n, "checkpoint", text, len);
			memcpy(text, vault_file, vault_len);
			len = patched(s, d, b, VAULT_FILE, text, vault_len);
			put_file(names, &n, "vault", text, len);
			make_commit(s, d, b, b > 0 ? s->heads[d][b - 1] : NULL,
				    names, n, s->heads[d][b]);
		}
		s->batches[d] = BATCHES;
		snprintf(name, sizeof name, "refs/heads/%s", devices[d]);
		patched(s, d, 0, BRANCH, name, strlen(name));
		snprintf(s->names[d], sizeof s->names[d], "%.500s", name);
	}
}

static int
refs(void *ctx, gitstore_ref *ref, void *ref_ctx, struct err *e)
{
	const struct side *s = ctx;

	for (unsigned d = 0; d < DEVICES; d++)
		if (ref(ref_ctx, s->names[d], s->heads[d][s->batches[d] - 1],
			e) != 0)
			return -1;
	return 0;
}

/* -- judging them -- */

/* What is left of a branch can be taken in as it is. */
static void
check_left(struct merge *m)
{
	for (size_t i = 0; i < m->in.n_logs; i++) {
		struct log *l = &m->in.logs[i];

		MUST(l->size <= l->length);
		for (uint64_t n = 1; n <= l->size; n++) {
			struct vault_batch b;
			struct err e = {0};

			MUST(vault_batch(&m->in, l, n, &b, &e) == 0);
			MUST(vault_has_state(&m->in, l->device, n,
					     l->steps[n - 1].root));
			vault_batch_free(&b);
		}
		for (size_t k = 0; k < l->n_seen; k++)
			MUST(l->seen[k].batch <= l->size);
	}
}

static void
place_all(struct merge *m)
{
	for (size_t i = 0; i < m->in.n_logs; i++) {
		const struct log *in = &m->in.logs[i];
		uint64_t common = 0;
		bool fork = false;
		size_t at;

		if (in->size == 0)
			continue;
		at = put_branch(m, in, &common, &fork);
		if (at == SIZE_MAX)
			continue;
		MUST(common < in->size && at < m->n_branches);
		MUST(strncmp(m->branches[at].name, in->device,
			     BATCH_DEVICE_LEN) == 0);
		is_surplus(m, in, common);
	}
}

/* As merge_incoming, then merge_commit up to where it writes. */
static void
judge(struct vault *ours, struct side *s, bool spare)
{
	struct report damage = {0};
	struct merge m = {.v = ours, .damage = spare ? &damage : NULL};
	struct err e = {0};
	int rc;

	m.in = (struct vault){.git = ours->git, .lock = -1, .base = ours};
	strcpy(m.in.dir, ours->dir);
	m.in.most = 100;
	rc = vault_load_from(&m.in, refs, s, true, &e);
	if (rc == 0)
		rc = judge_damage(&m, &e);
	MUST(rc == 0 || e.code != ERR_NONE);
	MUST(rc == 0 || s->n > 0);
	if (s->n == 0)
		MUST(m.in.n_logs == DEVICES && m.in.logs[0].size == BATCHES &&
		     report_first(&m.in.report, REPORT_DAMAGE) == NULL);
	if (rc == 0 && list_branches(&m, &e) == 0) {
		check_left(&m);
		place_all(&m);
	}
	free(m.branches);
	vault_forget(&m.in);
	report_free(&damage);
}

static void
to_patches(struct side *s, const uint8_t *data, size_t len)
{
	while (len >= 5 && s->n < PATCHES_MAX) {
		struct patch *p = &s->list[s->n++];

		p->device = data[0] & 1;
		p->batch = data[0] >> 1 & 1;
		p->layer = (data[0] >> 2 & 31) % LAYERS;
		p->at = (size_t)data[1] | (size_t)data[2] << 8;
		p->drop = data[3];
		p->n = data[4] < len - 5 ? data[4] : len - 5;
		p->bytes = data + 5;
		data += 5 + p->n;
		len -= 5 + p->n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct side base;
	static struct vault ours = {.lock = -1, .dir = "/nowhere"};
	static size_t n_base;
	struct side s = {0};
	struct err e = {0};

	if (n_base == 0) {
		begin();
		make(&base);
		n_base = n_store;
		base.batches[1] = 1; /* the other's second is news */
		MUST(vault_load_from(&ours, refs, &base, true, &e) == 0);
		MUST(ours.n_logs == DEVICES && ours.logs[0].size > 0);
	}
	to_patches(&s, data, len);
	make(&s);
	if (len == 0 || data[0] < 0x80)
		judge(&ours, &s, false);
	if (len == 0 || data[0] >= 0x80)
		judge(&ours, &s, true);
	forget(n_base);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static const char extra[] = "later 1 2 3\n";
	uint8_t p[40] = {0};

	put(p, 0);
	for (unsigned layer = 0; layer < LAYERS; layer++)
		for (unsigned which = 0; which < 4; which += 3) {
			p[0] = (uint8_t)(layer << 2 | which |
					 (which > 0 ? 0x80 : 0));
			p[1] = 30;
			p[3] = p[4] = 1;
			p[5] = 'q';
			put(p, 6);
		}
	/* a line of a kind to come, at the end of a batch: a fork of device 0
	 */
	p[0] = BATCH_FILE << 2 | 1 << 1;
	p[1] = p[2] = 0xff;
	p[3] = 0;
	p[4] = sizeof extra - 1;
	memcpy(p + 5, extra, sizeof extra - 1);
	put(p, 5 + sizeof extra - 1);
}
