/*
 * vault/history/packscan.h: a foreign pack as it passes, with deltas or
 * without.
 */
#include "packscan.h"

#include "fuzz.h"

#include <zlib.h>

/* 0: all has passed, and it is whole or not; -1: refused. */
static int
read_all(const char *bytes, size_t len, size_t piece, bool deltas, bool *whole)
{
	struct packscan *s = packscan_new();
	struct err e = {0};
	int rc = 0;

	MUST(s != NULL);
	packscan_limit(s, 1u << 20, 64);
	if (deltas)
		packscan_take_deltas(s, 1u << 20);
	for (size_t at = 0; rc == 0 && at < len; at += piece)
		rc = packscan_put(s, bytes + at,
				  len - at < piece ? len - at : piece, &e);
	MUST(rc == 0 || e.code != ERR_NONE);
	*whole = rc == 0 && packscan_is_whole(s);
	packscan_free(s);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	bool a, b;
	char *bytes;

	if (len < 1)
		return 0;
	bytes = fuzz_text(data + 1, len - 1);
	MUST(read_all(bytes, len - 1, len, data[0] & 1, &a) ==
	     read_all(bytes, len - 1, 1 + data[0] % 61u, data[0] & 1, &b));
	MUST(a == b);
	free(bytes);
	return 0;
}

static size_t
object(uint8_t *out, unsigned type, const void *bytes, size_t len)
{
	uLongf n = 256;
	size_t head = 1;

	out[0] = (uint8_t)(type << 4 | (len & 15));
	if (len > 15) {
		out[0] |= 0x80;
		out[head++] = (uint8_t)(len >> 4);
	}
	if (type == 6)
		out[head++] = 20; /* that far back */
	if (type == 7) {
		memset(out + head, 'x', 20);
		head += 20;
	}
	MUST(compress(out + head, &n, bytes, len) == Z_OK);
	return head + n;
}

void
fuzz_seeds(fuzz_put *put)
{
	static const char delta[] = "\x0b\x04\x90\x04";
	static uint8_t out[2048];

	for (unsigned i = 0; i < 4; i++) {
		size_t n = 13;

		out[0] = (uint8_t)(i + 10);
		memcpy(out + 1, "PACK\0\0\0\2\0\0\0\2", 12);
		n += object(out + n, i < 3 ? i + 1 : 3, "hello world", 11);
		n += object(out + n, i < 2 ? 3 : 4 + i, delta, 4);
		fuzz_fill(out + n, 20);
		put(out, n + 20);
	}
}
