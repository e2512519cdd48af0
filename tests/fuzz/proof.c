/* format/tlogproof.h, and crypto/merkle.h with whatever numbers it says. */
#include "merkle.h"
#include "tlogproof.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct tlogproof p;
	char *text = fuzz_text(data, len), *again;
	uint8_t leaf[32] = {0}, root[32] = {0};
	size_t n = 0;

	if (tlogproof_decode(text, len, &p) == FORMAT_OK) {
		again = tlogproof_encode(&p, &n);
		fuzz_same(again, n, text, len);
		free(again);
		for (uint64_t size = 1; size != 0; size <<= 7) {
			merkle_inclusion_check(leaf, p.index, size, p.path, p.n,
					       root);
			merkle_consistency_check(p.index, root, size, leaf,
						 p.path, p.n);
		}
		for (int k = 0; 2 * k <= (int)p.n && k <= 8; k++)
			merkle_padded_check(leaf, (uint32_t)p.index, p.path, k,
					    root);
	}
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static struct tlogproof p;

	fuzz_fill(p.path, sizeof p.path);
	p.note = "a/b\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"
		 "\xe2\x80\x94 a/b AAAAAAAA\n";
	p.note_len = strlen(p.note);
	for (size_t i = 0; i < 9; i += 4) {
		size_t n = 0;
		char *text;

		p.n = i;
		p.index = 3 * i;
		text = tlogproof_encode(&p, &n);
		put(text, n);
		free(text);
	}
}
