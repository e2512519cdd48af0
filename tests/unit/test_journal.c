/*
 * vault/history/journal.h: whole or not at all; and a journal that somebody
 * forged.
 */
#include "journal.h"

#include "hex.h"
#include "local.h"
#include "packform.h"
#include "scratch.h"

static struct scratch s;
static struct identity *ada;

static size_t
files_in(const char *rel)
{
	char cmd[FSUTIL_PATH], out[32] = "";
	FILE *f;

	snprintf(cmd, sizeof cmd, "find '%s/%s' -type f | wc -l", s.vault, rel);
	f = popen(cmd, "r");
	assert_non_null(f);
	assert_non_null(fgets(out, sizeof out, f));
	pclose(f);
	return (size_t)atoi(out);
}

/* Open the vault to write, which clears what was left, and close it. */
static void
recover(void)
{
	struct err e = {0};
	struct vault *v = vault_open(s.vault, VAULT_WRITE, NULL, &e);

	if (v == NULL)
		fail_msg("%s", e.msg);
	assert_int_equal(v->report.count[REPORT_DAMAGE], 0);
	vault_close(v);
	assert_false(fsutil_exists(scratch_path(s.vault, "local/journal")));
	assert_false(fsutil_exists(scratch_path(s.vault, "local/tmp")));
}

/* A pack and an object wait in local/tmp; `name` is the pack's. */
static struct journal *
prepare(struct vault *v, char name[48], uint8_t hash[32])
{
	struct err e = {0};
	char tmp[FSUTIL_PATH];
	struct packform_file *f;
	struct journal *j = journal_new();
	uint8_t oid[GITFORM_OID_LEN];
	char hex[65];

	assert_int_equal(vault_path(v, "local/tmp", tmp, &e), 0);
	assert_non_null(j);
	assert_int_equal(fsutil_mkdirs(tmp, &e), 0);
	f = packform_file_new(tmp, &e);
	assert_int_equal(packform_file_add(f, PACKFORM_BLOB, "x", 1, oid, &e),
			 0);
	assert_int_equal(packform_file_finish(f, name, &e), 0);
	packform_file_free(f);
	hash_sha256("object", 6, hash);
	hex_encode(hash, 32, hex);
	scratch_put(scratch_path(tmp, hex), "object", 6);
	assert_int_equal(journal_object(j, hash), 0);
	assert_int_equal(journal_pack(j, name), 0);
	return j;
}

static void
commits(void **state)
{
	struct err e = {0};
	struct vault *v = vault_open(s.vault, VAULT_WRITE, NULL, &e);
	char name[48], path[FSUTIL_PATH];
	uint8_t hash[32];
	struct journal *j;
	size_t packs = files_in("objects/pack");

	(void)state;
	j = prepare(v, name, hash);
	assert_int_equal(
	    journal_branch(j, v->logs[0].branch, v->logs[0].steps[0].commit),
	    0);
	assert_int_equal(journal_commit(j, v, &e), 0);
	journal_free(j);
	journal_free(NULL);
	assert_int_equal(files_in("objects/pack"), packs + 2);
	assert_int_equal(vault_object_path(v, hash, path, &e), 0);
	assert_true(fsutil_exists(path));
	assert_false(fsutil_exists(scratch_path(s.vault, "local/journal")));
	vault_close(v);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof path, "objects/pack/%s.pack", name);
	assert_int_equal(unlink(scratch_path(s.vault, path)), 0);
	snprintf(path, sizeof path, "objects/pack/%s.idx", name);
	assert_int_equal(unlink(scratch_path(s.vault, path)), 0);
}

/* A file is missing when all are to be placed: nothing stays. */
static void
fails_whole(void **state)
{
	struct err e = {0};
	struct vault *v = vault_open(s.vault, VAULT_WRITE, NULL, &e);
	char name[48], rel[80];
	uint8_t hash[32];
	struct journal *j;
	size_t packs = files_in("objects/pack");
	size_t objects = files_in("lfs/objects");

	(void)state;
	j = prepare(v, name, hash);
	snprintf(rel, sizeof rel, "local/tmp/%s.idx", name);
	assert_int_equal(unlink(scratch_path(s.vault, rel)), 0);
	assert_int_equal(journal_commit(j, v, &e), -1);
	assert_int_equal(e.code, ERR_UNKNOWN);
	journal_free(j);
	vault_close(v);
	assert_int_equal(files_in("objects/pack"), packs);
	assert_int_equal(files_in("lfs/objects"), objects);
	recover();
}

/* As after a cut: all placed, no branch moved, the journal there. */
static void
takes_back(void **state)
{
	struct err e = {0};
	struct vault *v = vault_open(s.vault, VAULT_WRITE, NULL, &e);
	char name[48], text[512], hex[65], path[FSUTIL_PATH];
	uint8_t hash[32];
	struct journal *j;
	size_t packs = files_in("objects/pack");

	(void)state;
	j = prepare(v, name, hash);
	assert_int_equal(journal_commit(j, v, &e), 0);
	journal_free(j);
	hex_encode(hash, 32, hex);
	snprintf(text, sizeof text, "object %s\npack %s\nbranch %s %040d\nobj",
		 hex, name, v->logs[0].branch, 0);
	assert_int_equal(vault_object_path(v, hash, path, &e), 0);
	vault_close(v);
	scratch_put(scratch_path(s.vault, "local/journal"), text, strlen(text));
	recover();
	assert_int_equal(files_in("objects/pack"), packs);
	assert_false(fsutil_exists(path));
}

/* A branch has moved already: the pack is needed. */
static void
keeps_what_arrived(void **state)
{
	struct err e = {0};
	struct vault *v = vault_open(s.vault, VAULT_READ, NULL, &e);
	char text[512], oid[41], cmd[FSUTIL_PATH], pack[80] = "";
	FILE *f;
	size_t packs = files_in("objects/pack");

	(void)state;
	snprintf(cmd, sizeof cmd, "basename '%s'/objects/pack/*.pack .pack",
		 s.vault);
	f = popen(cmd, "r");
	assert_non_null(fgets(pack, sizeof pack, f));
	pclose(f);
	pack[strcspn(pack, "\n")] = '\0';
	hex_encode(v->logs[0].steps[0].commit, GITFORM_OID_LEN, oid);
	snprintf(text, sizeof text, "pack %s\nbranch %s %s\n", pack,
		 v->logs[0].branch, oid);
	vault_close(v);
	scratch_put(scratch_path(s.vault, "local/journal"), text, strlen(text));
	recover();
	assert_int_equal(files_in("objects/pack"), packs);
}

/* A journal cannot name files elsewhere. */
static void
forged(void **state)
{
	static const char *const lines[] = {
	    "pack ../../../victim\n",
	    "pack ../../../victim",
	    "object ../../../victim.pack\n",
	    "pack pack-../../../../victim\n",
	    ("pack "
	     "pack-0123456789012345678901234567890123456789/../../../victim\n"),
	    "pack\n",
	    "branch ../../x 00\n",
	    "zebra x\n",
	    "\n\n",
	    "pack %s%n\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		scratch_put(scratch_path(s.dir, "victim.pack"), "x", 1);
		scratch_put(scratch_path(s.dir, "victim.idx"), "x", 1);
		scratch_put(scratch_path(s.vault, "local/journal"), lines[i],
			    strlen(lines[i]));
		recover();
		if (!fsutil_exists(scratch_path(s.dir, "victim.pack")) ||
		    !fsutil_exists(scratch_path(s.dir, "victim.idx")))
			fail_msg("line %zu removed a file outside", i);
	}
}

static int
begin(void **state)
{
	(void)state;
	ada = scratch_person("Ada");
	scratch_vault(&s, ada);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	identity_free(ada);
	scratch_end(s.dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(commits),	  cmocka_unit_test(fails_whole),
	    cmocka_unit_test(takes_back), cmocka_unit_test(keeps_what_arrived),
	    cmocka_unit_test(forged),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("journal", tests, begin, end);
}
