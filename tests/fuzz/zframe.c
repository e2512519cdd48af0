/*
 * vault/keys/zframe.h and vault/keys/padded.h: frames, padding, what a file is.
 */
#include "padded.h"
#include "zframe.h"

#include "fuzz.h"

#define MOST (1u << 16)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy = (uint8_t *)fuzz_text(data, len), *out;
	size_t frame = 0, content = 0;

	if (zframe_peek(copy, len, MOST, &frame, &content) == 0) {
		MUST(frame <= len && content <= MOST);
		out = malloc(content + 1);
		zframe_decode(copy, frame, out, content);
		free(out);
	}
	zframe_is_pad(copy, len);
	padded_form(copy, len < PADDED_HEAD ? len : PADDED_HEAD);
	free(copy);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static const char head[] =
	    "age-encryption.org/v1\n"
	    "-> X25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
	    "--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
	uint8_t in[600], out[2048];
	size_t n;

	fuzz_fill(in, sizeof in);
	for (size_t len = 0; len <= 600; len += 300) {
		n = zframe_encode(in, len, out, sizeof out);
		put(out, n);
		zframe_pad(out + n, 40);
		put(out, n + 40);
	}
	zframe_pad(out, 24);
	put(out, 24);
	put(head, sizeof head - 1);
}
