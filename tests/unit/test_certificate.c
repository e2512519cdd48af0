/* vault/court/certificate.h: the same bytes for the same facts; nothing hostile
 * means more than itself; what is not given is a blank. */
#include "certificate.h"
#include "doc.h"

#include "phrases.h"
#include "secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the four above */
#include <cmocka.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEX                                                                    \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
/* RTL override, HTML, quotes, a bell, a very long word */
#define HOSTILE "<script>alert('1')</script>\"&\xe2\x80\xae" "fdp.exe\a"

typedef int maker(const json_t *, const struct cert_choice *, char **,
		  size_t *, struct err *);
static maker *const makers[] = {certificate_html, certificate_pdf,
				certificate_readme, certificate_commands};
#define MAKERS (sizeof makers / sizeof *makers)

static json_t *
item(int number, const char *name, int files)
{
	json_t *list = json_array(), *o;

	for (int i = 0; i < files; i++) {
		char path[32];

		snprintf(path, sizeof path, "data/%04d.pdf",
			 (number - 1) * files + i + 1);
		o = json_pack("{s:s,s:s,s:s,s:s,s:i,s:i}", "path", path, "name",
			      name, "sha256", HEX, "media_type",
			      "application/pdf", "size", 12345, "pages", 3);
		json_array_append_new(list, o);
	}
	return json_pack(
	    "{s:i,s:s,s:s,s:s,s:s,s:i,s:o,s:[{s:s,s:s}],s:s,"
	    "s:[{s:s,s:s,s:s,s:s,s:s,s:s},{s:s,s:s,s:s,s:s,s:s,s:s}]}",
	    "number", number, "item", "0123", "how", "opened", "entry", "e001",
	    "device", "dabc", "batch", 7, "files", list, "fields", "name",
	    "fields.title", "value", name, "device_time",
	    "2026-06-01T14:20:05Z", "no_later", "kind", "stamp", "time",
	    "2026-06-03T10:11:12Z", "authority", name, "status", "valid",
	    "stamp", "t1", "checkpoint", "c1", "kind", "cosignature", "time",
	    "2026-06-02T10:11:12Z", "name", name, "key", "it's/a key", "proof",
	    "e001-c1.tlog-proof", "checkpoint", "c1");
}

static json_t *
facts(const char *name, int items, int files)
{
	json_t *f = json_pack(
	    "{s:s,s:s,s:s,s:s,s:s,s:{s:s,s:s},s:[{s:s,s:b}],s:[{s:s}],"
	    "s:[{s:s,s:s,s:s}],s:[]}",
	    "id", "0123456789abcdef0123456789abcdef", "made",
	    "2026-11-22T08:26:32Z", "tool", "muniment 0.3.0", "vault", HEX,
	    "verifier", HEX, "seal", "key", "ssh-ed25519 AAAA", "fingerprint",
	    "SHA256:abc", "entries", "name", "e001", "opened", 1,
	    "checkpoints", "name", "c1", "checks", "name", "log", "result",
	    "holds", "text", name, "items");

	for (int i = 1; i <= items; i++)
		json_array_append_new(json_object_get(f, "items"),
				      item(i, name, files));
	return f;
}

static char *
make(maker *m, const json_t *f, const char *lang, const char *declaration,
     const json_t *values, size_t *len)
{
	struct cert_choice c = {lang, declaration, values};
	struct err e = {0};
	char *out = NULL;

	if (m(f, &c, &out, len, &e) != 0)
		fail_msg("%s", e.msg);
	assert_int_equal(out[*len], 0);
	return out;
}

static void
test_same_bytes(void **state)
{
	json_t *f = facts("a name", 2, 2);

	(void)state;
	for (size_t i = 0; i < MAKERS; i++) {
		size_t n, m;
		char *a = make(makers[i], f, "en", "echr", NULL, &n);
		char *b = make(makers[i], f, "en", "echr", NULL, &m);

		assert_int_equal(n, m);
		assert_memory_equal(a, b, n);
		free(a);
		free(b);
	}
	json_decref(f);
}

/* In all languages and with all declarations: there, and nothing missing. */
static void
test_languages(void **state)
{
	json_t *f = facts("a name", 1, 1);

	(void)state;
	assert_string_equal(phrases_languages[0], "en");
	json_object_set_new(json_array_get(json_object_get(f, "checks"), 0),
			    "text", json_string("a finding"));
	for (size_t l = 0; phrases_languages[l] != NULL; l++)
		for (size_t d = 0; certificate_declarations[d] != NULL; d++)
			for (size_t i = 0; i < MAKERS; i++) {
				size_t n;
				char *a = make(makers[i], f,
					       phrases_languages[l],
					       certificate_declarations[d],
					       NULL, &n);

				assert_null(memmem(a, n, "[en:", 4));
				/* what a check found is translated, too */
				if (makers[i] == certificate_html)
					assert_int_equal(
					    strstr(a, "a finding") != NULL,
					    l == 0);
				if (makers[i] != certificate_pdf) {
					assert_null(strstr(a, "cert."));
					assert_null(strstr(a, "{time}"));
				}
				free(a);
			}
	json_decref(f);
}

static void
test_hostile(void **state)
{
	json_t *f = facts(HOSTILE, 1, 1), *values;
	size_t n;
	char *a;

	(void)state;
	values = json_pack("{s:s,s:s}", "declarant", HOSTILE, HOSTILE, HOSTILE);
	for (size_t i = 0; i < MAKERS; i++) {
		a = make(makers[i], f, "fr", "un", values, &n);
		assert_null(memmem(a, n, "\xe2\x80\xae", 3));
		if (makers[i] != certificate_pdf) {
			assert_null(strstr(a, "<script"));
			assert_null(strchr(a, '\a'));
		}
		free(a);
	}
	a = make(certificate_html, f, "en", "none", values, &n);
	assert_non_null(strstr(a, "&lt;script&gt;alert(&#39;1&#39;)"));
	assert_non_null(strstr(a, "\\xe2\\x80\\xaefdp.exe"));
	assert_non_null(strstr(a, "default-src 'none'"));
	free(a);
	/* a name in a command is one word */
	a = make(certificate_commands, f, "en", "none", values, &n);
	assert_non_null(strstr(a, "'it'\\''s/a key'"));
	free(a);
	json_decref(values);
	json_decref(f);
}

static void
test_blanks(void **state)
{
	json_t *f = facts("x", 1, 1), *values;
	size_t n;
	char *a = make(certificate_html, f, "en", "fre902-14", NULL, &n);

	(void)state;
	assert_non_null(strstr(a, "class=\"blank\""));
	assert_non_null(strstr(a, "I, ______"));
	assert_non_null(strstr(a, "0123</span> <span>4567"));
	free(a);
	values = json_pack("{s:s,s:s}", "declarant", "Ada", "my_own", "thing");
	a = make(certificate_html, f, "en", "fre902-14", values, &n);
	assert_non_null(strstr(a, "I, Ada,"));
	assert_non_null(strstr(a, "my_own"));
	free(a);
	json_decref(values);
	json_decref(f);
}

/* Many items, long texts: it holds all of them. */
static void
test_many(void **state)
{
	char *name = malloc(40001), *a;
	json_t *f;
	size_t n;

	(void)state;
	memset(name, 'w', 40000);
	name[40000] = '\0';
	f = facts(name, 3, 1);
	a = make(certificate_pdf, f, "ru", "echr", NULL, &n);
	assert_memory_equal(a, "%PDF-1.7", 8);
	free(a);
	json_decref(f);
	free(name);
	f = facts("n", 200, 3);
	for (size_t i = 0; i < MAKERS; i++)
		free(make(makers[i], f, "en", "none", NULL, &n));
	a = make(certificate_commands, f, "en", "none", NULL, &n);
	assert_non_null(strstr(a, "data/0600.pdf: OK"));
	free(a);
	json_decref(f);
}

static void
test_refused(void **state)
{
	struct cert_choice c = {"de", "none", NULL};
	json_t *f = facts("x", 1, 1);
	struct err e = {0};
	char *out;
	size_t n;

	(void)state;
	assert_int_equal(certificate_html(f, &c, &out, &n, &e), -1);
	assert_null(out);
	c.lang = "en";
	c.declaration = "oath";
	err_clear(&e);
	assert_int_equal(certificate_pdf(f, &c, &out, &n, &e), -1);
	c.declaration = "none";
	json_object_set_new(f, "id", json_string("../0"));
	err_clear(&e);
	assert_int_equal(certificate_readme(f, &c, &out, &n, &e), -1);
	err_clear(&e);
	assert_int_equal(certificate_commands(f, &c, &out, &n, &e), -1);
	assert_null(out);
	json_decref(f);
}

/* No font cache and no other file comes to be where the person's would. */
static void
test_no_traces(void **state)
{
	char dir[] = "/tmp/test_certificate.XXXXXX";
	json_t *f = facts("x", 1, 1);
	size_t n;

	(void)state;
	assert_non_null(mkdtemp(dir));
	setenv("HOME", dir, 1);
	setenv("XDG_CACHE_HOME", dir, 1);
	setenv("XDG_CONFIG_HOME", dir, 1);
	free(make(certificate_pdf, f, "ru", "none", NULL, &n));
	assert_int_equal(rmdir(dir), 0); /* it is empty */
	json_decref(f);
}

static int
one_line(void)
{
	static const struct doc_head head = {
	    "en", "T", "2026-11-22T08:26:32Z", "muniment", "", "{n}", ""};
	struct doc *d = doc_new(&head);
	struct err e = {0};
	char *out = NULL;
	size_t n;
	int rc;

	doc_para(d, DOC_PLAIN, NULL, "one line");
	rc = doc_pdf(d, &out, &n, &e);
	free(out);
	doc_free(d);
	return rc;
}

/*
 * The first PDF of a process, several at a time: pango has a thread that reads
 * fonts, and a short document is done before it.
 */
static void
test_first(void **state)
{
	pid_t child[4];

	(void)state;
	for (int round = 0; round < 15; round++) {
		for (size_t i = 0; i < 4; i++) {
			child[i] = fork();
			if (child[i] == 0)
				_exit(one_line() != 0);
			assert_true(child[i] > 0);
		}
		for (size_t i = 0; i < 4; i++) {
			int status;

			assert_int_equal(waitpid(child[i], &status, 0),
					 child[i]);
			assert_int_equal(status, 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_first),     /* before threads are begun */
	    cmocka_unit_test(test_no_traces), /* before fonts are known */
	    cmocka_unit_test(test_same_bytes),
	    cmocka_unit_test(test_languages),
	    cmocka_unit_test(test_hostile),
	    cmocka_unit_test(test_blanks),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_refused),
	};

	if (secret_init() != 0)
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
