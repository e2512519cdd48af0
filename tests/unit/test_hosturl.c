/* vault/host/hosturl.h: addresses of git hosts, and what is none. */
#include "hosturl.h"

#include "mutants.h"

static const struct {
	const char *url;
	enum hosturl_kind kind;
	const char *user, *name, *port, *path, *base;
} good[] = {
    {"https://example.org/a/b.git", HOSTURL_HTTPS, "", "example.org", "",
     "/a/b.git", "https://example.org/a/b.git"},
    {"HTTPS://anna@example.org:8443/b/", HOSTURL_HTTPS, "anna", "example.org",
     "8443", "/b", "https://example.org:8443/b"},
    {"https://anna%40law.org@example.org/b", HOSTURL_HTTPS, "anna@law.org",
     "example.org", "", "/b", "https://example.org/b"},
    {"https://[::1]:8443/b", HOSTURL_HTTPS, "", "::1", "8443", "/b",
     "https://[::1]:8443/b"},
    {"http://127.0.0.1:80/b", HOSTURL_HTTP, "", "127.0.0.1", "80", "/b",
     "http://127.0.0.1:80/b"},
    {"http://localhost/b", HOSTURL_HTTP, "", "localhost", "", "/b",
     "http://localhost/b"},
    {"ssh://git@example.org/a b", HOSTURL_SSH, "git", "example.org", "", "/a b",
     ""},
    {"ssh://example.org:2222/~anna/b", HOSTURL_SSH, "", "example.org", "2222",
     "~anna/b", ""},
    {"git@example.org:a/b.git", HOSTURL_SSH, "git", "example.org", "",
     "a/b.git", ""},
    {"example.org:/abs", HOSTURL_SSH, "", "example.org", "", "/abs", ""},
    {"git@[::1]:b", HOSTURL_SSH, "git", "::1", "", "b", ""},
};

static const char *const bad[] = {
    "",
    "https://",
    "https:///b",
    "https://-x/b",
    "https://exa mple.org/b",
    "https://example.org/a b",
    "https://example.org/a?b",
    "https://example.org/a#b",
    "https://example.org/a\\b",
    "https://example.org/\x1b[31m",
    "https://example.org/a\nb",
    "https://anna:secret@example.org/b",
    "https://:secret@example.org/b",
    "https://-oX@example.org/b",
    "https://a%0ab@example.org/b",
    "https://a%00b@example.org/b",
    "https://a%2fb@example.org/b",
    "https://example.org:0/b",
    "https://example.org:65536/b",
    "https://example.org:1x/b",
    "https://[::g]/b",
    "https://[::1/b",
    "https://[::1]x/b",
    "https://example.org\\@evil.org/b",
    "http://example.org/b",
    "http://127.0.0.1.evil.org/b",
    "http://127.1/b",
    "http://localhost.evil.org/b",
    "http://128.0.0.1/b",
    "ftp://example.org/b",
    "file:///b",
    "git://example.org/b",
    "ext::sh -c id",
    "ssh://example.org",
    "ssh://-oProxyCommand=id/b",
    "ssh://a@-oProxyCommand=id/b",
    "ssh://-oX@example.org/b",
    "ssh://a;b@example.org/b",
    "ssh://example.org:2 2/b",
    "-oProxyCommand=id:b",
    "example.org:-b",
    "example.org:",
    "example.org:a\nb",
    "a`id`@example.org:b",
    ":b",
};

static void
addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct err e = {0};
		struct hosturl u;

		if (hosturl_parse(good[i].url, &u, &e) != 0)
			fail_msg("%s: %s", good[i].url, e.msg);
		assert_int_equal(u.kind, good[i].kind);
		assert_string_equal(u.user, good[i].user);
		assert_string_equal(u.name, good[i].name);
		assert_string_equal(u.port, good[i].port);
		assert_string_equal(u.path, good[i].path);
		assert_string_equal(u.base, good[i].base);
		assert_true(hosturl_is(good[i].url));
	}
}

static void
no_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct err e = {0};
		struct hosturl u;

		if (hosturl_parse(bad[i], &u, &e) == 0)
			fail_msg("%s: taken", bad[i]);
		assert_int_equal(e.code, ERR_UNKNOWN);
		assert_null(strstr(e.msg, "secret"));
		assert_null(strstr(e.hint, "secret"));
	}
}

static void
too_long(void **state)
{
	char url[2 * HOSTURL_MAX];
	struct err e = {0};
	struct hosturl u;

	(void)state;
	memset(url, 'a', sizeof url);
	memcpy(url, "https://", 8);
	url[sizeof url - 1] = '\0';
	assert_int_equal(hosturl_parse(url, &u, &e), -1);
	memset(&e, 0, sizeof e);
	url[HOSTURL_MAX - 1] = '\0';
	assert_int_equal(hosturl_parse(url, &u, &e), -1);
}

static void
folders(void **state)
{
	static const char *const are[] = {"/media/stick", "vault", "./a:b",
					  "../x",	  "a/b:c", "."};

	(void)state;
	for (size_t i = 0; i < COUNT(are); i++)
		assert_false(hosturl_is(are[i]));
}

static void
origins(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} pairs[] = {
	    {"https://a.org/x", "https://A.org:443/y?z", true},
	    {"https://a.org/x", "https://a.org", true},
	    {"https://a.org/x", "http://a.org/x", false},
	    {"https://a.org/x", "https://a.org:444/x", false},
	    {"https://a.org/x", "https://b.org/x", false},
	    {"https://a.org/x", "https://a.org.b.org/x", false},
	    {"https://a.org/x", "https://a.org@b.org/x", false},
	    {"https://a.org/x", "https://b.org\\@a.org/x", false},
	    {"https://a.org/x", "//a.org/x", false},
	    {"https://a.org/x", "", false},
	    {"", "", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++)
		if (hosturl_same_origin(pairs[i].a, pairs[i].b) !=
		    pairs[i].same)
			fail_msg("%s and %s", pairs[i].a, pairs[i].b);
	assert_true(hosturl_is_safe("https://a.org/x?y"));
	assert_true(hosturl_is_safe("http://127.0.0.1:1/x"));
	assert_false(hosturl_is_safe("http://a.org/x"));
	assert_false(hosturl_is_safe("ftp://a.org/x"));
	assert_false(hosturl_is_safe("file:///etc/passwd"));
	assert_false(hosturl_is_safe("https://a.org/\r\nX: y"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses), cmocka_unit_test(no_addresses),
	    cmocka_unit_test(too_long), cmocka_unit_test(folders),
	    cmocka_unit_test(origins)};

	return cmocka_run_group_tests_name("hosturl", tests, NULL, NULL);
}
