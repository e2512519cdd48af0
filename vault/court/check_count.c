/* How many there are in all: the batch files of every log. */
#include "check_inside.h"

#include "batch.h"
#include "checkpoint.h"
#include "ed25519.h"
#include "merkle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BRANCH_MAX (BATCH_DEVICE_LEN + 1 + 32 + 1) /* bytes, with NUL */

/* One log, while its batch files go by. */
struct counting {
	struct check *c;
	char branch[BRANCH_MAX];
	struct merkle_log log;
	uint64_t entries, objects, bytes;
	char head[64]; /* the line "batch <n> <bytes>" so far */
	size_t head_len;
	char *file; /* a batch file so far, of `want` bytes */
	size_t len, want;
	bool bad, memory;
	bool *found;  /* entries that this log's batch files list */
	json_t *seen; /* devices that are spoken of, and up to which size */
};

/* What is shown of this log must be what the whole log says. */
static void
compare(struct counting *n, const struct batch *b, const uint8_t inner[32],
	int k)
{
	struct check *c = n->c;

	for (size_t i = 0; i < c->x.n_entries; i++) {
		const struct exproof *p = &c->entries[i].proof;

		if (!c->entries[i].has_proof ||
		    c->x.entries[i].batch != n->log.size ||
		    strncmp(c->x.entries[i].device, n->branch,
			    BATCH_DEVICE_LEN) != 0 ||
		    k != p->batch_k || memcmp(inner, p->inner, HASH_LEN) != 0)
			continue;
		for (size_t l = 0; l < b->n; l++)
			if (b->lines[l].kind == BATCH_ENTRY &&
			    memcmp(b->lines[l].sha256, p->sha256, HASH_LEN) ==
				0 &&
			    memcmp(b->lines[l].root, p->root, HASH_LEN) == 0)
				n->found[i] = true;
	}
}

/* Remember the greatest size that a device's log has been said to have. */
static void
raise_size(json_t *sizes, const char *device, uint64_t size)
{
	json_t *v = json_object_get(sizes, device);

	if (v == NULL || (uint64_t)json_integer_value(v) < size)
		json_object_set_new(sizes, device,
				    json_integer((json_int_t)size));
}

/* A batch file is whole: its root, and what it lists. */
static void
take_batch(struct counting *n)
{
	uint8_t(*leaves)[HASH_LEN], inner[HASH_LEN], leaf[HASH_LEN];
	char data[BATCH_LEAF_DATA_MAX];
	struct batch b = {0};
	int k = -1;

	if (batch_decode(n->file, n->want, &b) != FORMAT_OK) {
		n->bad = true;
		return;
	}
	leaves = calloc(b.n, sizeof *leaves);
	for (size_t i = 0; leaves != NULL && i < b.n; i++) {
		merkle_leaf(b.lines[i].text, b.lines[i].len, leaves[i]);
		n->entries += b.lines[i].kind == BATCH_ENTRY;
		n->objects += b.lines[i].kind == BATCH_OBJECT;
		n->bytes +=
		    b.lines[i].kind == BATCH_OBJECT ? b.lines[i].size : 0;
		if (b.lines[i].kind == BATCH_SEEN)
			raise_size(n->seen, b.lines[i].device, b.lines[i].size);
	}
	if (leaves != NULL)
		k = merkle_padded_root(leaves, b.n, b.pads, BATCH_MIN_K,
				       BATCH_MAX_K, inner);
	if (k < 0) {
		n->memory = true;
	} else {
		merkle_leaf(data, batch_leaf_data(k, inner, data), leaf);
		merkle_log_append(&n->log, leaf);
		compare(n, &b, inner, k);
	}
	free(leaves);
	batch_free(&b);
}

/* "batch <n> <bytes>" */
static bool
read_head(struct counting *n)
{
	struct lines l = {n->head, n->head + n->head_len};
	struct lines_view v;
	uint64_t number, len;

	if (!lines_take(&l, "batch", &v) || !lines_number(&v, &number) ||
	    number != n->log.size + 1 || !lines_number(&v, &len) ||
	    v.len != 0 || len == 0 || len > BATCH_FILE_MAX)
		return false;
	n->want = (size_t)len;
	return true;
}

/* At each of the sizes that checkpoints here are of. */
static void
compare_checkpoints(struct counting *n, bool *covered)
{
	struct check *c = n->c;
	uint8_t root[HASH_LEN];

	for (size_t i = 0; i < c->x.n_checkpoints; i++) {
		if (c->x.checkpoints[i].size != n->log.size ||
		    strncmp(c->x.checkpoints[i].device, n->branch,
			    BATCH_DEVICE_LEN) != 0)
			continue;
		merkle_log_root(&n->log, root);
		if (memcmp(root, c->checkpoints[i].root, HASH_LEN) == 0)
			covered[i] = true;
	}
}

struct feeding {
	struct counting *n;
	bool *covered;
};

static int
feed(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct feeding *f = ctx;
	struct counting *n = f->n;
	const char *p = bytes, *end = p + len;

	(void)e;
	while (p < end && !n->bad && !n->memory) {
		if (n->want == 0) {
			if (n->head_len == sizeof n->head) {
				n->bad = true;
				break;
			}
			n->head[n->head_len++] = *p++;
			if (n->head[n->head_len - 1] == '\n') {
				n->bad = !read_head(n);
				n->head_len = n->len = 0;
			}
			continue;
		}
		size_t more = n->want - n->len;

		if (more > (size_t)(end - p))
			more = (size_t)(end - p);
		memcpy(n->file + n->len, p, more);
		n->len += more;
		p += more;
		if (n->len == n->want) {
			take_batch(n);
			compare_checkpoints(n, f->covered);
			n->want = 0;
		}
	}
	return 0;
}

/* The newest checkpoint of the log: its size and root. */
static bool
is_newest(struct counting *n, const char *path)
{
	char device[BATCH_DEVICE_LEN + 1], origin[CHECKPOINT_ORIGIN_MAX];
	uint8_t input[CHECKPOINT_ORIGIN_MAX + 34], digest[HASH_LEN];
	uint8_t pub[32], root[HASH_LEN], got[HASH_LEN], sig[64];
	char body[CHECKPOINT_MAX];
	uint64_t size;
	size_t len, k;
	char *text = check_read(n->c, CHECK_COUNT, path, CHECKPOINT_MAX, &len);
	bool ok;

	if (text == NULL)
		return false;
	memcpy(device, n->branch, BATCH_DEVICE_LEN);
	device[BATCH_DEVICE_LEN] = '\0';
	(void)batch_device_key(device, BATCH_DEVICE_LEN, pub);
	checkpoint_origin(n->c->x.vault, device, origin);
	k = checkpoint_key_id_input(origin, pub, input);
	hash_sha256(input, k, digest);
	ok = checkpoint_decode(text, len, origin, digest, &size, root, sig) ==
	     FORMAT_OK;
	free(text);
	if (!ok)
		return false;
	k = checkpoint_body(origin, size, root, body);
	merkle_log_root(&n->log, got);
	return ed25519_verify(pub, body, k, sig) == 0 && size == n->log.size &&
	       memcmp(got, root, HASH_LEN) == 0;
}

/* A branch's name: a device, or another side of a fork. */
static bool
is_branch(const char *name)
{
	size_t n = strlen(name);
	uint8_t key[32];

	return n >= BATCH_DEVICE_LEN && n < BRANCH_MAX &&
	       batch_device_key(name, BATCH_DEVICE_LEN, key) == 0 &&
	       (n == BATCH_DEVICE_LEN ||
		(n == BATCH_DEVICE_LEN + 33 && name[BATCH_DEVICE_LEN] == '.' &&
		 hex_is(name + BATCH_DEVICE_LEN + 1, 32)));
}

struct total {
	uint64_t logs, batches, entries, objects, bytes;
	json_t *seen, *counted; /* sizes by device */
};

static void
count_log(struct check *c, struct package_file *f, bool *found, bool *covered,
	  struct total *t)
{
	struct counting n = {.c = c, .found = found, .seen = t->seen};
	struct feeding in = {&n, covered};
	struct err e = {0};
	char path[BAGIT_PATH_MAX];

	snprintf(n.branch, sizeof n.branch, "%.*s",
		 (int)(strlen(f->path) - strlen("count/.batches")),
		 f->path + strlen("count/"));
	n.file = malloc(BATCH_FILE_MAX);
	if (n.file == NULL) {
		err_memory(&c->broken);
		return;
	}
	if (package_stream(c->p, f, feed, &in, &e) != 0)
		(void)check_is_broken(c, &e, CHECK_COUNT);
	snprintf(path, sizeof path, "count/%s.checkpoint", n.branch);
	if (n.memory)
		err_memory(&c->broken);
	else if (n.bad || n.want != 0 || n.head_len != 0)
		check_say(c, CHECK_COUNT, CHECK_FAILS, "%s is not in its form",
			  f->path);
	else if (!is_newest(&n, path))
		check_say(c, CHECK_COUNT, CHECK_FAILS,
			  "%s is not the checkpoint that the device signed "
			  "over these batches",
			  path);
	else
		check_say(c, CHECK_COUNT, CHECK_HOLDS,
			  "%.12s...: %" PRIu64 " batches, %" PRIu64
			  " entries and rings, %" PRIu64 " objects",
			  n.branch, n.log.size, n.entries, n.objects);
	(void)check_take(c, path);
	t->logs++;
	n.branch[BATCH_DEVICE_LEN] = '\0';
	raise_size(t->counted, n.branch, n.log.size);
	t->batches += n.log.size;
	t->entries += n.entries;
	t->objects += n.objects;
	t->bytes += n.bytes;
	free(n.file);
}

static void
what_lacks(struct check *c, const bool *found, const bool *covered)
{
	for (size_t i = 0; i < c->x.n_entries; i++)
		if (!found[i])
			check_say(c, CHECK_COUNT, CHECK_FAILS,
				  "e%03zu is in none of the batches that are "
				  "counted",
				  i + 1);
	for (size_t i = 0; i < c->x.n_checkpoints; i++)
		if (!covered[i])
			check_say(
			    c, CHECK_COUNT, CHECK_FAILS,
			    "c%zu is of none of the logs that are counted",
			    i + 1);
}

/* What the logs say of others: is there one that is not counted? */
static void
unheard(struct check *c, const struct total *t)
{
	const char *device;
	json_t *size;

	json_object_foreach (t->seen, device, size) {
		json_int_t n =
		    json_integer_value(json_object_get(t->counted, device));

		if (n < json_integer_value(size))
			check_say(c, CHECK_COUNT, CHECK_UNKNOWN,
				  "the logs speak of %lld batches of the "
				  "device %.12s..., of which %lld are "
				  "counted: there may be more",
				  (long long)json_integer_value(size), device,
				  (long long)n);
	}
}

void
check_count(struct check *c)
{
	bool *found = calloc(c->x.n_entries, sizeof *found);
	bool *covered = calloc(c->x.n_checkpoints, sizeof *covered);
	struct total t = {.seen = json_object(), .counted = json_object()};

	if (found == NULL || covered == NULL || t.seen == NULL ||
	    t.counted == NULL)
		err_memory(&c->broken);
	for (size_t i = 0; i < c->n_files && c->broken.code == ERR_NONE; i++) {
		struct package_file *f = &c->files[i];
		size_t n = strlen(f->path);
		char name[BAGIT_PATH_MAX];

		if (strncmp(f->path, "count/", 6) != 0 || n < 14 ||
		    strcmp(f->path + n - 8, ".batches") != 0)
			continue;
		snprintf(name, sizeof name, "%.*s", (int)(n - 14), f->path + 6);
		if (!is_branch(name))
			continue;
		(void)check_take(c, f->path);
		count_log(c, f, found, covered, &t);
	}
	if (c->broken.code == ERR_NONE && t.logs > 0) {
		what_lacks(c, found, covered);
		unheard(c, &t);
		check_sum(c, CHECK_COUNT,
			  "logs: %" PRIu64 "; batches: %" PRIu64
			  "; entries and rings: %" PRIu64 "; objects: %" PRIu64
			  ", of %" PRIu64 " bytes",
			  t.logs, t.batches, t.entries, t.objects, t.bytes);
	}
	json_decref(t.seen);
	json_decref(t.counted);
	free(found);
	free(covered);
}
