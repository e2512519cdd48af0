/* format/share.h: shares as bytes, as words that are typed, as a code. */
#include "share.h"

#include "fuzz.h"

static void
line(const char *text, size_t len)
{
	uint8_t bytes[SHARE_LINE_BYTES];
	unsigned number = 0, word = 0;
	char again[SHARE_LINE_MAX];

	if (share_line_decode(text, len, &number, &word, bytes) !=
	    SHARE_LINE_OK)
		return;
	MUST(number >= 1 && number <= SHARE_LINES_MAX);
	share_line_encode(bytes, number, again);
	MUST(share_line_decode(again, strlen(again), &number, &word, bytes) ==
	     SHARE_LINE_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len), code[SHARE_CODE_MAX];
	uint8_t out[SHARE_MAX], again[SHARE_MAX];
	struct share s;
	size_t n = 0, m = 0;

	line(text, len);
	if (share_code_decode(text, len, out, &n) == 0) {
		MUST(n <= SHARE_MAX);
		share_code_encode(out, n, code);
		MUST(share_code_decode(code, strlen(code), again, &m) == 0);
		fuzz_same(out, n, again, m);
	}
	if (share_decode((const uint8_t *)text, len, &s) == FORMAT_OK) {
		MUST(s.data + s.len == s.sum && s.threshold >= 2);
		n = share_encode(&s, out);
		fuzz_same(out, n, text, len - SHARE_SUM_LEN);
	}
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	uint8_t data[SHARE_MAX], bytes[SHARE_MAX];
	char code[SHARE_CODE_MAX], words[SHARE_LINE_MAX];
	struct share s = {.threshold = 3,
			  .index = 2,
			  .data = data,
			  .len = share_data_len(40)};
	size_t n;

	fuzz_fill(data, sizeof data);
	fuzz_fill(s.set, sizeof s.set);
	n = share_encode(&s, bytes);
	fuzz_fill(bytes + n, SHARE_SUM_LEN);
	n += SHARE_SUM_LEN;
	put(bytes, n);
	put(code, share_code_encode(bytes, n, code));
	for (unsigned i = 1; i < 12; i += 5)
		put(words, share_line_encode(bytes + 8 * i, i, words));
}
