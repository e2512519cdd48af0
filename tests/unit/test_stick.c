/*
 * vault/move/stick.h: a folder of carry files between two desks, whatever order
 * and whatever happens to the files.
 */
/* read() is replaced here: no checked one of the library may stand before */
#undef _FORTIFY_SOURCE

#include "scratch.h"

#include "local.h"
#include "stick.h"
#include "packwork.h"

#include <errno.h>
#include <sys/syscall.h>

static struct scratch s;
static struct identity *ada, *bob;
static char bobs[80], stick[80];

/* A medium that does not give the bytes of this file, from there on. */
static char bad_file[256];
static off_t bad_from;

static bool
is_bad(int fd, off_t at)
{
	char link[64], path[256];
	ssize_t n;

	if (bad_file[0] == '\0' || at < bad_from)
		return false;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	return n > 0 && (size_t)n == strlen(bad_file) &&
	       memcmp(path, bad_file, (size_t)n) == 0;
}

ssize_t
read(int fd, void *buf, size_t len)
{
	if (bad_file[0] != '\0' &&
	    is_bad(fd, lseek(fd, 0, SEEK_CUR) + (off_t)len - 1)) {
		errno = EIO;
		return -1;
	}
	return syscall(SYS_read, fd, buf, len);
}

ssize_t
pread(int fd, void *buf, size_t len, off_t at)
{
	if (is_bad(fd, at)) {
		errno = EIO;
		return -1;
	}
	return syscall(SYS_pread64, fd, buf, len, at);
}

static struct index *
open_as(const char *dir, struct identity *id)
{
	struct err e = {0};
	struct vault *v;
	struct index *x;

	if (strcmp(dir, s.vault) == 0)
		scratch_sit(&s, id);
	v = vault_open(dir, VAULT_WRITE, NULL, &e);
	if (v == NULL)
		fail_msg("%s", e.msg);
	x = index_open(v, id, &e);
	if (x == NULL)
		fail_msg("%s", e.msg);
	return x;
}

static struct stick_pushed
push(const char *dir, struct identity *id)
{
	struct index *x = open_as(dir, id);
	struct stick_push p = {.folder = stick};
	struct stick_pushed out;
	struct err e = {0};

	if (stick_push(x, &p, &out, &e) != 0)
		fail_msg("%s", e.msg);
	scratch_close(x);
	return out;
}

static struct stick_pulled
pull(const char *dir, struct identity *id)
{
	struct stick_pulled out;
	struct err e = {0};

	if (stick_pull(dir, id, stick, NULL, NULL, NULL, &out, &e) != 0)
		fail_msg("%s", e.msg);
	return out;
}

/* Something new at a desk. */
static void
grow(const char *dir, struct identity *id)
{
	struct index *x = open_as(dir, id);
	char c[INDEX_CASE_MAX];
	struct err e = {0};

	if (acts_case_new(x, "case", c, &e) != 0)
		fail_msg("%s", e.msg);
	scratch_close(x);
}

static void
only_what_is_new(void **state)
{
	struct stick_pushed w;
	struct stick_pulled r;

	(void)state;
	w = push(s.vault, ada);
	assert_int_equal(strlen(w.name), 8);
	assert_int_equal(w.parts, 1);
	assert_int_equal(push(s.vault, ada).name[0], '\0'); /* nothing new */
	r = pull(bobs, bob);
	assert_int_equal(r.count[STICK_TAKEN], 1);
	assert_int_equal(r.merged.batches, 2); /* the others came before */
	/* read once is enough, and what is there is not written again */
	r = pull(bobs, bob);
	assert_int_equal(r.count[STICK_TAKEN], 0);
	assert_int_equal(push(bobs, bob).name[0], '\0');
	grow(bobs, bob);
	grow(s.vault, ada);
	w = push(bobs, bob);
	assert_true(w.batches < 4);
	r = pull(s.vault, ada);
	assert_int_equal(r.count[STICK_TAKEN], 1);
	w = push(s.vault, ada);
	assert_true(w.batches > 0 && w.batches < 4);
	assert_int_equal(pull(bobs, bob).count[STICK_TAKEN], 1);
	assert_int_equal(push(bobs, bob).name[0], '\0');
}

/* A later file waits for the earlier one, whatever they are called. */
static void
out_of_order(void **state)
{
	char first[256], away[256];
	struct stick_pushed w;
	struct stick_pulled r;

	(void)state;
	w = push(s.vault, ada);
	snprintf(first, sizeof first, "%s/%s", stick, w.name);
	snprintf(away, sizeof away, "%s/away", s.dir);
	grow(s.vault, ada);
	push(s.vault, ada);
	assert_int_equal(rename(first, away), 0);
	r = pull(bobs, bob);
	assert_int_equal(r.count[STICK_TAKEN], 0);
	assert_int_equal(r.count[STICK_WAITS], 1);
	/* it comes back under another name, after the other one */
	snprintf(first, sizeof first, "%s/zzz", stick);
	assert_int_equal(rename(away, first), 0);
	r = pull(bobs, bob);
	assert_int_equal(r.count[STICK_TAKEN], 2);
	assert_int_equal(r.count[STICK_WAITS], 0);
	/* one that is gone is made up for */
	assert_int_equal(unlink(first), 0);
	w = push(bobs, bob);
	assert_true(w.batches > 1);
}

/* Half a file, somebody else's, and one that was changed. */
static void
bad_files(void **state)
{
	struct identity *eve = scratch_person("Eve");
	struct agekey_public to = eve->person_pub;
	struct stick_push p = {.folder = stick, .to = &to, .n = 1};
	struct stick_pushed w;
	struct stick_pulled r;
	struct err e = {0};
	struct index *x;
	char path[256], *bytes;
	size_t len;

	(void)state;
	x = open_as(s.vault, ada);
	assert_int_equal(stick_push(x, &p, &w, &e), 0);
	scratch_close(x);
	r = pull(bobs, bob);
	assert_int_equal(r.count[STICK_OTHERS], 1);
	assert_int_equal(pull(bobs, bob).count[STICK_OTHERS], 0); /* once */
	grow(s.vault, ada);
	x = open_as(s.vault, ada);
	p = (struct stick_push){.folder = stick, .anew = true};
	assert_int_equal(stick_push(x, &p, &w, &e), 0);
	scratch_close(x);
	snprintf(path, sizeof path, "%s/%s", stick, w.name);
	bytes = scratch_get(path, &len);
	assert_int_equal(truncate(path, (off_t)len / 2), 0);
	r = pull(bobs, bob);
	assert_int_equal(r.count[STICK_CUT_OFF], 1);
	assert_int_equal(r.count[STICK_TAKEN], 0);
	bytes[len - 100] ^= 1;
	scratch_put(path, bytes, len);
	r = pull(bobs, bob);
	assert_int_equal(r.count[STICK_CUT_OFF], 1);
	bytes[len - 100] ^= 1;
	scratch_put(path, bytes, len);
	assert_int_equal(pull(bobs, bob).count[STICK_TAKEN], 1);
	free(bytes);
	identity_free(eve);
}

/* What one file lacks keeps no other from being read. */
static void
bad_medium(void **state)
{
	struct stick_pushed w;
	struct stick_pulled r;
	size_t len;
	char *bytes;

	(void)state;
	w = push(s.vault, ada);
	grow(bobs, bob);
	bad_from = 1 << 30;
	snprintf(bad_file, sizeof bad_file, "%s/%s", stick, w.name);
	bytes = scratch_get(bad_file, &len);
	for (int i = 0; i < 3; i++) {
		/* its beginning, its middle, its end */
		bad_from = i == 0 ? 0 : i == 1 ? 70000 : (off_t)len - 1000;
		r = pull(bobs, bob);
		assert_int_equal(r.count[STICK_UNREAD], 1);
		assert_int_equal(r.count[STICK_TAKEN], 0);
	}
	/* with a good one beside it */
	push(bobs, bob);
	snprintf(bad_file, sizeof bad_file, "%s/%s", stick, "0");
	scratch_put(bad_file, bytes, len);
	bad_from = 0;
	r = pull(s.vault, ada);
	assert_int_equal(r.count[STICK_UNREAD], 1);
	assert_int_equal(r.count[STICK_TAKEN], 1);
	bad_file[0] = '\0';
	r = pull(bobs, bob);
	assert_int_equal(r.count[STICK_UNREAD], 0);
	assert_int_equal(r.count[STICK_TAKEN], 1);
	free(bytes);
}

/* A file whose end was lost after it was read is written again. */
static void
lost_end(void **state)
{
	struct stick_pushed w;
	char path[256], *bytes;
	size_t len;

	(void)state;
	w = push(s.vault, ada);
	assert_int_equal(push(s.vault, ada).name[0], '\0');
	snprintf(path, sizeof path, "%s/%s", stick, w.name);
	bytes = scratch_get(path, &len);
	memset(bytes + len - 3000, 0, 3000);
	scratch_put(path, bytes, len);
	assert_int_equal(pull(bobs, bob).count[STICK_CUT_OFF], 1);
	assert_int_equal(push(s.vault, ada).batches, w.batches);
	assert_int_equal(pull(bobs, bob).count[STICK_TAKEN], 1);
	free(bytes);
}

/* Who comes later can read all that is there for all. */
static void
late_member(void **state)
{
	struct identity *cyd = scratch_person("Cyd");
	static struct card card;
	struct carry_content content = {0};
	struct carry_result r = {.content = &content};
	char cyds[80], file[256];
	const char *files[1] = {file};
	struct carry_from from = {.files = files, .n = 1};
	struct stick_pushed w;
	struct err e = {0};
	struct index *x;

	(void)state;
	snprintf(cyds, sizeof cyds, "%s/cyds", s.dir);
	push(s.vault, ada);
	pull(bobs, bob);
	grow(bobs, bob);
	x = open_as(s.vault, ada);
	if (identity_card(cyd, &card, &e) != 0 ||
	    acts_member_add(x, &card, 1, NULL, ROLE_ADMIN, false, &e) != 0)
		fail_msg("%s", e.msg);
	scratch_close(x);
	push(bobs, bob); /* who does not know of Cyd */
	pull(s.vault, ada);
	w = push(s.vault, ada);
	snprintf(file, sizeof file, "%s/%s", stick, w.name);
	if (carry_receive(cyds, cyd, &from, NULL, &r, &e) != 0)
		fail_msg("%s", e.msg);
	assert_int_equal(content.n_needs, 0); /* that one file suffices */
	/* from then on only what is new */
	grow(s.vault, ada);
	w = push(s.vault, ada);
	assert_true(w.batches < 4);
	assert_int_equal(pull(cyds, cyd).count[STICK_WAITS], 0);
	pull(bobs, bob);
	grow(bobs, bob);
	w = push(bobs, bob);
	assert_true(w.batches < 6);
	assert_int_equal(pull(cyds, cyd).count[STICK_WAITS], 0);
	carry_content_free(&content);
	identity_free(cyd);
}

/* Ada's vault, with Bob in it, and Bob's copy of it. */
static int
begin(void **state)
{
	static struct card card;
	struct carry_result r = {0};
	struct carry_what what = {0};
	struct carry_to to = {0};
	struct err e = {0};
	struct index *x;
	struct carry_from from;
	const char *file;
	size_t parts;

	(void)state;
	ada = scratch_person("Ada");
	bob = scratch_person("Bob");
	scratch_vault(&s, ada);
	snprintf(bobs, sizeof bobs, "%s/bobs", s.dir);
	snprintf(stick, sizeof stick, "%s/stick", s.dir);
	assert_int_equal(fsutil_mkdirs(stick, &e), 0);
	x = scratch_open(&s, ada);
	if (identity_card(bob, &card, &e) != 0 ||
	    acts_member_add(x, &card, 1, NULL, ROLE_ADMIN, false, &e) != 0)
		fail_msg("%s", e.msg);
	scratch_close(x);
	file = scratch_path(s.dir, "first.age");
	to.keys = &bob->person_pub;
	to.n = 1;
	x = scratch_open(&s, ada);
	if (carry_write(x, &to, &what, file, &parts, &e) != 0)
		fail_msg("%s", e.msg);
	scratch_close(x);
	from = (struct carry_from){.files = &file, .n = 1};
	if (carry_receive(bobs, bob, &from, NULL, &r, &e) != 0)
		fail_msg("%s", e.msg);
	grow(s.vault, ada);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	scratch_end(s.dir);
	identity_free(ada);
	identity_free(bob);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(only_what_is_new, begin, end),
	    cmocka_unit_test_setup_teardown(out_of_order, begin, end),
	    cmocka_unit_test_setup_teardown(bad_files, begin, end),
	    cmocka_unit_test_setup_teardown(bad_medium, begin, end),
	    cmocka_unit_test_setup_teardown(lost_end, begin, end),
	    cmocka_unit_test_setup_teardown(late_member, begin, end),
	};

	packwork_prepare();
	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("stick", tests, NULL, NULL);
}
