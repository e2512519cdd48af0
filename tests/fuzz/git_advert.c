/* vault/host/gitadvert.h and format/pktline.h: what a git host announces. */
#include "gitadvert.h"

#include "fuzz.h"

#define NAME "d2ebrjh5yej2sfycgo4wqxk3cxl7thwallzjyyjbobiepthmq2suq"
#define OID "0123456789abcdef0123456789abcdef01234567"

/* 1 at its end, -1 if it is refused, 0 if it is cut off. */
static int
read_all(struct gitadvert *a, const char *bytes, size_t len, size_t piece)
{
	struct err e = {0};
	int rc = 0;

	gitadvert_clear(a);
	for (size_t at = 0; rc >= 0 && at < len; at += piece)
		rc = gitadvert_put(a, bytes + at,
				   len - at < piece ? len - at : piece, &e);
	MUST(rc >= 0 || e.code != ERR_NONE);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct gitadvert a, b;
	char *bytes;
	int rc;

	if (len < 1)
		return 0;
	bytes = fuzz_text(data + 1, len - 1);
	rc = read_all(&a, bytes, len - 1, len);
	MUST(rc == read_all(&b, bytes, len - 1, 1 + data[0] % 16u));
	if (rc == 1) {
		MUST(a.n == b.n && a.others == b.others);
		gitadvert_can(&a, "atomic");
		for (size_t i = 0; i < a.n; i++)
			MUST(gitadvert_find(&a, a.list[i].name) == &a.list[i]);
	}
	gitadvert_clear(&a);
	gitadvert_clear(&b);
	free(bytes);
	return 0;
}

static void
packets(fuzz_put *put, const char *const *lines, const size_t *lens)
{
	char out[2048] = "\x05", head[PKTLINE_HEAD + 1];
	size_t n = 1;

	for (size_t i = 0; lines[i] != NULL; i++) {
		pktline_head(lens[i], head);
		memcpy(out + n, head, 4);
		memcpy(out + n + 4, lines[i], lens[i]);
		n += 4 + lens[i];
	}
	memcpy(out + n, "0000", 4);
	put(out, n + 4);
}

void
fuzz_seeds(fuzz_put *put)
{
	static const char first[] =
	    OID " refs/heads/" NAME "\0atomic side-band-64k shallow\n";
	static const char second[] =
	    OID " refs/heads/" NAME ".00112233445566778899aabbccddeeff\n";
	static const char third[] = OID " refs/tags/v1^{}\n";
	static const char none[] = "0000000000000000000000000000000000000000 "
				   "capabilities^{}\0atomic\n";
	static const char *const list[] = {first, second, third, NULL};
	static const char *const empty[] = {none, NULL};
	static const size_t lens[] = {sizeof first - 1, sizeof second - 1,
				      sizeof third - 1};
	static const size_t empty_len[] = {sizeof none - 1};

	packets(put, list, lens);
	packets(put, empty, empty_len);
	put("\x05"
	    "0009ERR x0000",
	    14);
}
