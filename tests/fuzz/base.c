/* format/base32.h, base64.h, hex.h: one text for each run of bytes. */
#include "base32.h"
#include "base64.h"
#include "hex.h"

#include "fuzz.h"

static void
decimal(const char *text, size_t len)
{
	char again[32];
	uint64_t n;

	if (hex_decimal(text, len, &n) != 0)
		return;
	MUST(n < UINT64_C(1) << 53);
	fuzz_same(text, len, again,
		  (size_t)snprintf(again, sizeof again, "%llu",
				   (unsigned long long)n));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len), *again = malloc(2 * len + 16);
	uint8_t *out = malloc(len + 3);
	size_t n = 0;

	if (base32_decode(text, len, out, len, &n) == 0)
		fuzz_same(again, base32_encode(out, n, again), text, len);
	for (int padded = 0; padded < 2; padded++)
		if (base64_decode(text, len, padded, out, len, &n) == 0)
			fuzz_same(again, base64_encode(out, n, padded, again),
				  text, len);
	if (len % 2 == 0 && hex_decode(text, len / 2, out) == 0) {
		hex_encode(out, len / 2, again);
		fuzz_same(again, len, text, len);
		MUST(hex_is(text, len));
	}
	decimal(text, len);
	free(out);
	free(again);
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	uint8_t bytes[32];
	char out[80];

	fuzz_fill(bytes, sizeof bytes);
	for (size_t n = 29; n <= 32; n++) {
		put(out, base32_encode(bytes, n, out));
		put(out, base64_encode(bytes, n, true, out));
		put(out, base64_encode(bytes, n, false, out));
		hex_encode(bytes, n, out);
		put(out, 2 * n);
	}
	put("9007199254740991", 16);
}
