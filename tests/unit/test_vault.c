/*
 * vault/history/vault.h and writer.h, with index.h and verify.h: a vault in a
 * scratch folder, read in any order, damaged at every place, and forged by its
 * own device.
 */
#include "scratch.h"

#include "checkpoint.h"
#include "ed25519.h"
#include "hex.h"
#include "local.h"
#include "packform.h"
#include "sshsign.h"
#include "verify.h"
#include "writer.h"

static struct scratch s;
static struct identity *ada, *bob, *cleo;
static char c[INDEX_CASE_MAX];

static void
must(int rc, const struct err *e)
{
	if (rc != 0)
		fail_msg("%s", e->msg);
}

static struct vault *
open_vault(int mode)
{
	struct err e = {0};
	struct vault *v = vault_open(s.vault, mode, NULL, &e);

	if (v == NULL)
		fail_msg("%s", e.msg);
	return v;
}

/* `n` records of this person in case `c`, as one command. */
static void
write_records(struct identity *who, size_t n)
{
	struct index *x = scratch_open(&s, who);
	struct err e = {0};
	struct writer *w = writer_new(x, &e);
	char item[33];

	assert_non_null(w);
	must(writer_case(w, c, NULL, &e), &e);
	for (size_t i = 0; i < n; i++) {
		uint8_t raw[16];
		json_t *doc;

		secret_random(raw, sizeof raw);
		hex_encode(raw, sizeof raw, item);
		doc = json_pack("{s:s,s:[],s:{s:s},s:[]}", "item", item,
				"parents", "fields", "title", "t", "files");
		must(writer_entry(w, "record", doc, NULL, 0, false, NULL, &e),
		     &e);
		json_decref(doc);
	}
	must(writer_commit(w, &e), &e);
	writer_free(w);
	scratch_close(x);
}

static void
fresh(void **state)
{
	struct index *x = scratch_open(&s, ada);
	struct verify_counts n = {0};
	struct report r = {0};
	struct err e = {0};
	struct vault *v;

	(void)state;
	assert_string_equal(x->v->id, s.id);
	assert_non_null(x->me);
	assert_non_null(index_case(x, INDEX_VAULT));
	assert_non_null(index_case(x, c));
	assert_string_equal(index_case(x, c)->name, "Case");
	assert_int_equal(index_role(x, x->me, c), ROLE_ADMIN);
	assert_true(index_holds(x, c));
	assert_int_equal(x->v->report.count[REPORT_DAMAGE], 0);
	assert_int_equal(x->v->report.count[REPORT_REFUSED], 0);
	scratch_close(x);
	v = open_vault(VAULT_THOROUGH);
	must(verify_files(s.vault, &r, &n, &e), &e);
	must(verify_blind(v, &n, &e), &e);
	assert_int_equal(r.count[REPORT_DAMAGE], 0);
	assert_int_equal(v->report.count[REPORT_DAMAGE], 0);
	assert_int_equal(n.devices, 3);
	report_free(&r);
	map_free(&n.right);
	vault_close(v);
	if (system("command -v git > /dev/null") == 0)
		assert_int_equal(scratch_run(s.vault,
					     "git -C . fsck --strict --full"
					     " --no-dangling > ../fsck 2>&1"),
				 0);
}

/* All that an index says, as lines in order. */
static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct summary {
	char *lines[4000];
	size_t n;
};

static void __attribute__((format(printf, 2, 3)))
say(struct summary *m, const char *fmt, ...)
{
	va_list ap;

	assert_true(m->n < COUNT(m->lines));
	va_start(ap, fmt);
	assert_true(vasprintf(&m->lines[m->n++], fmt, ap) > 0);
	va_end(ap);
}

static void
summarise(struct index *x, struct summary *m)
{
	char hex[65];

	m->n = 0;
	for (size_t i = 0; i < x->n_entries; i++) {
		hex_encode(x->entries[i].sha256, 32, hex);
		say(m, "entry %s %d %d", hex, x->entries[i].accepted,
		    x->entries[i].replaced);
	}
	for (size_t i = 0; i < x->n_seats; i++) {
		say(m, "seat %s %s %s", x->seats[i].id, x->seats[i].above,
		    x->seats[i].name);
		for (size_t k = 0; k < x->seats[i].n_rights; k++)
			say(m, "right %s %s %d", x->seats[i].id,
			    x->seats[i].rights[k].case_id,
			    (int)x->seats[i].rights[k].role);
	}
	for (size_t i = 0; i < x->n_cases; i++)
		say(m, "case %s %s %s %s", x->cases[i].id, x->cases[i].name,
		    x->cases[i].opener, index_epoch(x, x->cases[i].id)->id);
	for (size_t i = 0; i < x->n_items; i++)
		say(m, "item %s %s %zu %d", x->items[i].id, x->items[i].case_id,
		    x->items[i].n, x->items[i].retracted);
	say(m, "me %s", x->me);
	qsort(m->lines, m->n, sizeof *m->lines, by_text);
}

/* The vault's references, turned: `first` comes first, then the others. */
struct turned {
	char name[8][VAULT_BRANCH_MAX + 16];
	uint8_t oid[8][GITFORM_OID_LEN];
	size_t n, first;
	bool back;
};

static int
take(void *ctx, const char *name, const uint8_t oid[GITFORM_OID_LEN],
     struct err *e)
{
	struct turned *t = ctx;

	(void)e;
	assert_true(t->n < 8);
	strcpy(t->name[t->n], name);
	memcpy(t->oid[t->n++], oid, GITFORM_OID_LEN);
	return 0;
}

static int
give(void *ctx, gitstore_ref *ref, void *ref_ctx, struct err *e)
{
	struct turned *t = ctx;

	for (size_t i = 0; i < t->n; i++) {
		size_t k = (t->first + (t->back ? t->n - i : i)) % t->n;

		if (ref(ref_ctx, t->name[k], t->oid[k], e) != 0)
			return -1;
	}
	return 0;
}

static void
order_does_not_matter(void **state)
{
	static struct summary first, other;
	struct turned t = {.n = 0};
	struct err e = {0};
	struct vault *v;

	(void)state;
	scratch_sit(&s, ada);
	v = open_vault(VAULT_READ);
	must(gitstore_refs(v->git, take, &t, &e), &e);
	assert_int_equal(t.n, 3);
	for (size_t i = 0; i < 2 * t.n; i++) {
		struct summary *m = i == 0 ? &first : &other;
		struct index *x;

		t.first = i / 2;
		t.back = i % 2;
		must(vault_load_from(v, give, &t, true, &e), &e);
		x = index_open(v, ada, &e);
		assert_non_null(x);
		summarise(x, m);
		assert_int_equal(m->n, first.n);
		for (size_t k = 0; k < m->n; k++)
			assert_string_equal(m->lines[k], first.lines[k]);
		if (i > 0)
			for (size_t k = 0; k < other.n; k++)
				free(other.lines[k]);
		index_free(x);
	}
	for (size_t k = 0; k < first.n; k++)
		free(first.lines[k]);
	vault_close(v);
}

/* Does anything notice? */
static bool
noticed(void)
{
	struct verify_counts n = {0};
	struct report r = {0};
	struct err e = {0};
	struct vault *v;
	bool found;

	must(verify_files(s.vault, &r, &n, &e), &e);
	found = r.count[REPORT_DAMAGE] > 0;
	report_free(&r);
	if (found)
		return true;
	v = vault_open(s.vault, VAULT_THOROUGH, NULL, &e);
	if (v == NULL)
		return true;
	must(verify_blind(v, &n, &e), &e);
	found = v->report.count[REPORT_DAMAGE] > 0;
	map_free(&n.right);
	vault_close(v);
	return found;
}

static int
damage_file(void *ctx, const char *rel, mode_t mode, uint64_t size,
	    struct err *e)
{
	char path[FSUTIL_PATH], *bytes;
	size_t n, *seed = ctx;

	(void)mode;
	(void)e;
	if (strncmp(rel, "local/", 6) == 0 || size == 0)
		return 0;
	snprintf(path, sizeof path, "%s/%s", s.vault, rel);
	bytes = scratch_get(path, &n);
	for (size_t i = 0; i < 12; i++) {
		size_t at = (*seed = *seed * 2654435761u + 1) % n;

		bytes[at] ^= (char)(1 << i % 7);
		scratch_put(path, bytes, n);
		if (!noticed())
			fail_msg("%s: byte %zu", rel, at);
		bytes[at] ^= (char)(1 << i % 7);
	}
	scratch_put(path, bytes, n - 1);
	if (!noticed())
		fail_msg("%s: cut off", rel);
	scratch_put(path, bytes, n);
	free(bytes);
	return 0;
}

static void
damage_is_noticed(void **state)
{
	struct err e = {0};
	size_t seed = 1;

	(void)state;
	assert_false(noticed());
	must(fsutil_walk(s.vault, damage_file, &seed, &e), &e);
	assert_false(noticed());
	scratch_put(scratch_path(s.vault, "refs/heads/other"),
		    "0000000000000000000000000000000000000000\n", 41);
	assert_true(noticed());
	assert_int_equal(unlink(scratch_path(s.vault, "refs/heads/other")), 0);
}

/* Point a branch at a commit. */
static void
set_branch(const char *branch, const uint8_t oid[20])
{
	char path[FSUTIL_PATH], text[42];

	assert_true(snprintf(path, sizeof path, "%s/refs/heads/%s", s.vault,
			     branch) < FSUTIL_PATH);
	hex_encode(oid, 20, text);
	strcat(text, "\n");
	scratch_put(path, text, 41);
}

/* One batch more in Ada's log, made by hand with her device's own key. */
enum forgery {
	NOTHING,
	EXTRA_FILE,
	MISSING_FILE,
	NO_CHECKPOINT,
	OTHER_ROOT,
	OTHER_SIZE,
	OTHER_NOTE_KEY,
	OTHER_COMMIT_KEY,
	OTHER_NUMBER,
	OTHER_PARENT,
	OTHER_VAULT,
	BAD_BATCH,
	REPLAY,
	BAD_POINTER,
	FORGERIES
};

struct batch_maker {
	struct vault *v;
	const struct log *l;
	struct packform_file *pack;
	struct gitform_name names[8];
	size_t n;
	uint8_t seed[32], other[32], pub[32];
};

static void
put(struct batch_maker *b, const char *name, const void *bytes, size_t len)
{
	struct err e = {0};
	struct gitform_name *n = &b->names[b->n++];

	strcpy(n->name, name);
	must(packform_file_add(b->pack, PACKFORM_BLOB, bytes, len, n->oid, &e),
	     &e);
}

/* The batch file with its one line and the file that this names. */
static void
put_batch(struct batch_maker *b, enum forgery f, uint8_t leaf[32])
{
	char lines[2][BATCH_LINE_MAX], hex[65], *file;
	uint8_t hash[32], root[32] = {0};
	const char *content = f == BAD_POINTER ? "no pointer" : "no age file";
	struct vault_batch old;
	struct err e = {0};
	struct batch parsed;
	size_t n = 0;

	hash_sha256(content, strlen(content), hash);
	if (f == REPLAY) {
		must(vault_batch(b->v, b->l, 1, &old, &e), &e);
		for (size_t i = 0; old.b.lines[i].kind != BATCH_ENTRY; i++)
			;
		memcpy(hash, old.b.lines[0].sha256, 32);
		vault_batch_free(&old);
	}
	hex_encode(hash, 32, hex);
	if (f != MISSING_FILE)
		put(b, hex, content, strlen(content));
	if (f == BAD_POINTER)
		batch_object_line(hash, 4096, lines[0]);
	else
		batch_entry_line(hash, root, lines[0]);
	batch_pads_line(root, lines[1]);
	file = batch_encode(lines, 2, &n);
	assert_non_null(file);
	assert_int_equal(batch_decode(file, n, &parsed), FORMAT_OK);
	assert_int_equal(vault_leaf(&parsed, leaf), 0);
	batch_free(&parsed);
	if (f == BAD_BATCH)
		file[n - 1] = ' ';
	put(b, "batch", file, n);
	free(file);
}

static void
put_note(struct batch_maker *b, enum forgery f, const uint8_t leaf[32])
{
	struct merkle_log tree = b->l->tree;
	char origin[CHECKPOINT_ORIGIN_MAX], text[CHECKPOINT_MAX];
	uint8_t root[32], id[4], sig[64];
	uint64_t size;
	size_t n;

	merkle_log_append(&tree, leaf);
	merkle_log_root(&tree, root);
	size = tree.size + (f == OTHER_SIZE);
	root[0] ^= f == OTHER_ROOT;
	checkpoint_origin(b->v->id, b->l->device, origin);
	vault_key_id(origin, b->pub, id);
	n = checkpoint_body(origin, size, root, text);
	ed25519_sign(f == OTHER_NOTE_KEY ? b->other : b->seed, text, n, sig);
	n = checkpoint_encode(origin, size, root, id, sig, text);
	if (f != NO_CHECKPOINT)
		put(b, "checkpoint", text, n);
}

static void
put_commit(struct batch_maker *b, enum forgery f, uint8_t oid[20])
{
	struct gitform_commit m = {.n = b->l->size + 1 + (f == OTHER_NUMBER)};
	char text[GITFORM_COMMIT_MAX];
	struct err e = {0};
	uint8_t *tree, sig[64];
	size_t n = 0, parent = b->l->size - 1 - (f == OTHER_PARENT);

	memcpy(m.parent, b->l->steps[parent].commit, 20);
	tree = gitform_tree_encode(b->names, b->n, &n);
	must(packform_file_add(b->pack, PACKFORM_TREE, tree, n, m.tree, &e),
	     &e);
	free(tree);
	n = gitform_commit_unsigned(&m, text);
	sshsign(f == OTHER_COMMIT_KEY ? b->other : b->seed, "git", text, n,
		sig);
	n = gitform_commit_encode(&m, b->pub, sig, text);
	must(packform_file_add(b->pack, PACKFORM_COMMIT, text, n, oid, &e), &e);
}

static void
start_batch(struct batch_maker *b)
{
	char device[BATCH_DEVICE_LEN + 1], pack[FSUTIL_PATH];
	struct err e = {0};
	struct secret *key;

	memset(b, 0, sizeof *b);
	scratch_sit(&s, ada);
	b->v = open_vault(VAULT_WRITE);
	key = local_device(b->v, ada, false, device, &e);
	assert_non_null(key);
	memcpy(b->seed, key->bytes, 32);
	secret_free(key);
	ed25519_public(b->seed, b->pub);
	secret_random(b->other, 32);
	b->l = vault_log(b->v, device);
	assert_non_null(b->l);
	must(vault_path(b->v, "objects/pack", pack, &e), &e);
	b->pack = packform_file_new(pack, &e);
	assert_non_null(b->pack);
}

static void
remove_pack(const char *name)
{
	char rel[96];

	snprintf(rel, sizeof rel, "objects/pack/%s.pack", name);
	assert_int_equal(unlink(scratch_path(s.vault, rel)), 0);
	snprintf(rel, sizeof rel, "objects/pack/%s.idx", name);
	assert_int_equal(unlink(scratch_path(s.vault, rel)), 0);
}

/* Write it, look what the vault says, and take it back. */
static size_t
damage_of(enum forgery f)
{
	struct batch_maker b;
	struct err e = {0};
	char name[48], branch[VAULT_BRANCH_MAX];
	uint8_t leaf[32], oid[20], head[20];
	size_t n;

	start_batch(&b);
	strcpy(branch, b.l->branch);
	memcpy(head, b.l->steps[b.l->size - 1].commit, 20);
	put_batch(&b, f, leaf);
	put_note(&b, f, leaf);
	if (f == EXTRA_FILE)
		put(&b, "extra", "x", 1);
	b.v->file[b.v->file_len - 2] ^= f == OTHER_VAULT;
	put(&b, "vault", b.v->file, b.v->file_len);
	put_commit(&b, f, oid);
	must(packform_file_finish(b.pack, name, &e), &e);
	packform_file_free(b.pack);
	must(gitstore_refresh(b.v->git, &e), &e);
	set_branch(branch, oid);
	must(vault_load(b.v, true, &e), &e);
	n = b.v->report.count[REPORT_DAMAGE] +
	    b.v->report.count[REPORT_HISTORY];
	set_branch(branch, head);
	vault_close(b.v);
	remove_pack(name);
	return n;
}

static void
forgeries(void **state)
{
	(void)state;
	assert_int_equal(damage_of(NOTHING), 0);
	for (enum forgery f = NOTHING + 1; f < FORGERIES; f++)
		if (damage_of(f) == 0)
			fail_msg("forgery %d was not noticed", (int)f);
}

static uint64_t
length_of(const struct identity *id, char branch[VAULT_BRANCH_MAX],
	  uint8_t head[20])
{
	struct vault *v = open_vault(VAULT_READ);
	char device[BATCH_DEVICE_LEN + 1];
	struct err e = {0};
	struct secret *key = local_device(v, id, false, device, &e);
	struct log *l = vault_log(v, device);
	uint64_t n = l->size;

	strcpy(branch, l->branch);
	memcpy(head, l->steps[n - 1].commit, 20);
	secret_free(key);
	vault_close(v);
	return n;
}

/* More than fits one batch goes on in the next. */
static void
batches_are_split(void **state)
{
	char branch[VAULT_BRANCH_MAX];
	uint8_t head[20];
	uint64_t before;

	(void)state;
	scratch_sit(&s, ada);
	before = length_of(ada, branch, head);
	write_records(ada, 1100);
	assert_int_equal(length_of(ada, branch, head), before + 2);
	assert_false(noticed());
}

static void
nothing_without_commit(void **state)
{
	struct index *x;
	struct err e = {0};
	struct writer *w;
	json_t *doc = json_object();
	char branch[VAULT_BRANCH_MAX];
	uint8_t before[20], after[20];

	(void)state;
	(void)length_of(ada, branch, before);
	x = scratch_open(&s, ada);
	w = writer_new(x, &e);
	must(writer_case(w, c, NULL, &e), &e);
	must(writer_entry(w, "filler", doc, NULL, 0, false, NULL, &e), &e);
	json_decref(doc);
	writer_free(w);
	scratch_close(x);
	(void)length_of(ada, branch, after);
	assert_memory_equal(before, after, 20);
	assert_false(fsutil_exists(scratch_path(s.vault, "local/tmp")));
	assert_false(noticed());
}

/* This person cannot begin to write: the evidence speaks against it. */
static void
cannot_write(struct identity *who)
{
	struct index *x = scratch_open(&s, who);
	struct err e = {0};

	assert_null(writer_new(x, &e));
	assert_int_equal(e.code, ERR_EVIDENCE);
	scratch_close(x);
}

/* Two histories of one device: what follows the fork does not count. */
static void
forks(void **state)
{
	char branch[VAULT_BRANCH_MAX], side[VAULT_BRANCH_MAX], rel[128];
	uint8_t old[20], one[20], two[20];
	uint64_t n;
	struct index *x;
	size_t frozen = 0, len;
	char *trust;

	(void)state;
	scratch_sit(&s, bob);
	n = length_of(bob, branch, old);
	trust = scratch_get(scratch_path(s.vault, "local/trust.age"), &len);
	write_records(bob, 1);
	(void)length_of(bob, branch, one);
	set_branch(branch, old);
	cannot_write(bob);
	/* a machine that was set back whole does not know */
	scratch_put(scratch_path(s.vault, "local/trust.age"), trust, len);
	free(trust);
	write_records(bob, 1);
	(void)length_of(bob, branch, two);
	assert_memory_not_equal(one, two, 20);
	strcpy(side, branch);
	strcat(side, ".00000000000000000000000000000000");
	set_branch(side, one);
	x = scratch_open(&s, ada);
	assert_int_equal(scratch_said(&x->v->report, REPORT_HISTORY, "a fork"),
			 1);
	for (size_t i = 0; i < x->n_entries; i++) {
		struct index_entry *en = &x->entries[i];
		struct log *l = &x->v->logs[en->log];

		if (strcmp(l->device, branch) != 0)
			continue;
		assert_int_equal(l->frozen, n);
		assert_int_equal(en->accepted, en->batch <= n);
		frozen += en->batch > n;
	}
	assert_int_equal(frozen, 2);
	scratch_close(x);
	/* and he can write no more */
	cannot_write(bob);
	snprintf(rel, sizeof rel, "refs/heads/%s", side);
	assert_int_equal(unlink(scratch_path(s.vault, rel)), 0);
}

static void
finding(void **state)
{
	struct index *x = scratch_open(&s, ada);
	struct index_case *k;
	struct index_item *it;
	struct index_seat *seat;
	struct err e = {0};

	(void)state;
	assert_int_equal(index_find_case(x, "Case", &k, &e), 0);
	assert_string_equal(k->id, c);
	assert_int_equal(index_find_case(x, INDEX_VAULT, &k, &e), -1);
	assert_null(k);
	assert_int_equal(index_find_seat(x, "Bob", &seat, &e), 0);
	assert_memory_equal(seat->keys[0], bob->sign_pub, 32);
	assert_int_equal(index_find_seat(x, "Bo", &seat, &e), -1);
	assert_true(x->n_items > 2);
	for (size_t i = 0; i < 3; i++) {
		char text[40];

		assert_int_equal(index_find_item(x, x->items[i].id, &it, &e),
				 0);
		assert_ptr_equal(it, &x->items[i]);
		snprintf(text, sizeof text, "%.*s", (int)index_short(x, it),
			 it->id);
		assert_int_equal(index_find_item(x, text, &it, &e), 0);
		assert_ptr_equal(it, &x->items[i]);
	}
	assert_int_equal(index_find_item(x, "000", &it, &e), -1);
	assert_null(it);
	scratch_close(x);
}

static void
add_member(struct identity *id, enum index_role role)
{
	static struct card card;
	struct index *x = scratch_open(&s, ada);
	struct err e = {0};

	must(identity_card(id, &card, &e), &e);
	must(acts_member_add(x, &card, 1, index_case(x, c), role, false, &e),
	     &e);
	scratch_close(x);
}

static int
begin(void **state)
{
	struct index *x;
	struct err e = {0};

	(void)state;
	ada = scratch_person("Ada");
	bob = scratch_person("Bob");
	cleo = scratch_person("Cleo");
	scratch_vault(&s, ada);
	x = scratch_open(&s, ada);
	must(acts_case_new(x, "Case", c, &e), &e);
	scratch_close(x);
	add_member(bob, ROLE_AUTHOR);
	add_member(cleo, ROLE_AUTHOR);
	write_records(bob, 2);
	write_records(cleo, 3);
	write_records(ada, 1);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	identity_free(ada);
	identity_free(bob);
	identity_free(cleo);
	scratch_end(s.dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fresh),
	    cmocka_unit_test(order_does_not_matter),
	    cmocka_unit_test(damage_is_noticed),
	    cmocka_unit_test(forgeries),
	    cmocka_unit_test(finding),
	    cmocka_unit_test(nothing_without_commit),
	    cmocka_unit_test(batches_are_split),
	    cmocka_unit_test(forks),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("vault", tests, begin, end);
}
