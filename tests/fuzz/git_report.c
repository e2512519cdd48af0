/* What a git host answers to a push: the part of gitpush.c that reads it. */
#include "gitpush.c"

#include "fuzz.h"

#define NAME "d2ebrjh5yej2sfycgo4wqxk3cxl7thwallzjyyjbobiepthmq2suq"

static struct log one = {.branch = NAME};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct report_reader x;
	struct target target = {.log = &one, .sent = 3};
	struct vault v = {.n_logs = 1};
	struct host h = {.shown = "host"};
	struct gitremote r = {.h = &h};
	size_t moved = 0, piece = len > 0 ? 1 + data[0] % 64u : 1;
	struct push p = {
	    .r = &r, .v = &v, .targets = &target, .n_moved = &moved};
	struct err e = {0};
	int rc = 0;

	memset(&x, 0, sizeof x);
	x.p = &p;
	for (size_t at = 1; rc == 0 && at < len; at += piece)
		rc = on_report(&x, data + at,
			       len - at < piece ? len - at : piece, &e);
	MUST(rc >= 0 || e.code != ERR_NONE);
	if (rc == 1)
		rc = judge(&p, &x, &e);
	MUST(rc >= 0 || e.code != ERR_NONE);
	MUST(moved <= 1 && (!target.moved || moved == 1));
	return 0;
}

/* A packet, in the side-band if there is one. */
static size_t
packet(char *out, int band, const char *bytes, size_t len)
{
	char head[PKTLINE_HEAD + 1];

	pktline_head(len + 1, head);
	memcpy(out, head, 4);
	out[4] = (char)band;
	memcpy(out + 5, bytes, len);
	return len + 5;
}

static size_t
line(char *out, const char *text)
{
	pktline_head(strlen(text), out);
	strcpy(out + 4, text);
	return strlen(out);
}

void
fuzz_seeds(fuzz_put *put)
{
	static const char *const said[] = {
	    "ok refs/heads/" NAME "\n", "ng refs/heads/" NAME " fetch first\n",
	    "ng refs/heads/" NAME " atomic push failed\n", "option x\n"};
	static char inner[2048], out[4096];

	for (size_t i = 0; i < 4; i++) {
		size_t n = line(inner, "unpack ok\n"), m = 1;

		out[0] = '@';
		n += line(inner + n, said[i]);
		memcpy(inner + n, "0000", 4);
		m += packet(out + m, 2, "remote: disk is nearly full\r\n", 29);
		m += packet(out + m, 1, inner, n + 4);
		memcpy(out + m, "0000", 4);
		put(out, m + 4);
	}
	put("@0016\x01"
	    "000dunpack no0000",
	    24);
}
