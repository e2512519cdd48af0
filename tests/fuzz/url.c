/* vault/host/hosturl.h: the URL of a git host. */
#include "hosturl.h"

#include "fuzz.h"

/* What goes to ssh and into headers holds no control character. */
static void
plain(const char *s)
{
	for (; *s != '\0'; s++)
		MUST((unsigned char)*s >= 0x20 && *s != 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len), shown[128];
	struct hosturl u;
	struct err e = {0};

	hosturl_is(text);
	hosturl_is_safe(text);
	hosturl_same_origin(text, "https://example.org/");
	hosturl_same_origin("http://[::1]:80/x", text);
	plain(hosturl_shown(text, shown));
	if (hosturl_parse(text, &u, &e) == 0) {
		plain(u.user);
		plain(u.name);
		plain(u.port);
		plain(u.path);
		plain(u.base);
		MUST(u.name[0] != '\0' && u.name[0] != '-');
		MUST(u.user[0] != '-' && u.path[0] != '-');
		MUST(u.kind == HOSTURL_SSH || hosturl_is_safe(u.base));
	} else {
		MUST(e.code != ERR_NONE);
	}
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static const char *const texts[] = {
	    "https://anna@example.org:8443/a/b.git",
	    "git@example.org:a/b.git",
	    "ssh://git@[2001:db8::1]:22/~/a%20b",
	    "http://127.0.0.1:80/x",
	    "http://[::1]/",
	    "https://a%40b@example.org/"};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		put(texts[i], strlen(texts[i]));
}
