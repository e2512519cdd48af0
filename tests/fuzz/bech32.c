/* format/bech32.h */
#include "bech32.h"

#include "fuzz.h"

static void
one(const char *prefix, const char *text, size_t len, size_t bytes)
{
	uint8_t *out = malloc(bytes);
	char *again = malloc(bech32_len(prefix, bytes));

	if (bech32_decode(prefix, text, len, out, bytes) == 0)
		fuzz_same(again, bech32_encode(prefix, out, bytes, again), text,
			  len);
	free(again);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len);

	one("age", text, len, 32);
	one("age1pq", text, len, 40);
	one("AGE-SECRET-KEY-", text, len, 32);
	one("AGE-SECRET-KEY-PQ-", text, len, 32);
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static const char *const prefixes[] = {
	    "age", "age1pq", "AGE-SECRET-KEY-", "AGE-SECRET-KEY-PQ-"};
	uint8_t bytes[40];
	char out[256];

	fuzz_fill(bytes, sizeof bytes);
	for (size_t i = 0; i < 4; i++)
		put(out,
		    bech32_encode(prefixes[i], bytes, i == 1 ? 40 : 32, out));
}
