/* What a host's Git LFS answers: the part of lfsbatch.c that reads it. */
#include "lfsbatch.c"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct lfsbatch b;
	struct host h = {.shown = "host"};
	struct lfsbatch_action a;
	char *text = fuzz_text(data, len);
	struct err e = {0};

	b.upload = len % 2;
	b.n = 2;
	for (size_t i = 0; i < b.n; i++) {
		memset(&b.list[i], 0, sizeof b.list[i]);
		memset(b.list[i].o.sha256, 0x11 * (1 + (int)i), HASH_LEN);
		b.list[i].o.size = 5;
	}
	if (take_reply(&h, &b, text, len, &e) != 0)
		MUST(e.code != ERR_NONE);
	for (size_t i = 0; i < b.n; i++)
		if (b.list[i].move.href != NULL)
			MUST(hosturl_is_safe(b.list[i].move.href));
	err_clear(&e);
	if (lfsbatch_action_decode(&b, b.json, &a, &e) == 0)
		MUST(hosturl_is_safe(a.href));
	lfsbatch_clear(&b);
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static const char *const texts[] = {
	    "{\"objects\":[{\"oid\":\"11111111111111111111111111111111"
	    "11111111111111111111111111111111\",\"size\":5,\"actions\":"
	    "{\"download\":{\"href\":\"https://a.org/x\",\"header\":"
	    "{\"Authorization\":\"T\"},\"expires_in\":60},\"upload\":"
	    "{\"href\":\"https://a.org/x\"},\"verify\":{\"href\":"
	    "\"http://127.0.0.1:1/y\",\"expires_at\":"
	    "\"2026-09-09T01:46:40Z\"}}},{\"oid\":\"2222222222222222"
	    "222222222222222222222222222222222222222222222222\","
	    "\"size\":5,\"error\":{\"code\":404,\"message\":\"no\"}}]}",
	    "{\"transfer\":\"basic\",\"objects\":[]}",
	    "{\"href\":\"https://a.org/x?y=z\",\"header\":{\"X-A\":\"b\"}}"};

	for (size_t i = 0; i < 3; i++) {
		char text[1024];

		put(text, (size_t)snprintf(text, sizeof text, "%s", texts[i]));
		put(text, (size_t)snprintf(text, sizeof text, "%s ", texts[i]));
	}
}
