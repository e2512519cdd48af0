/* format/checkpoint.h: a device's checkpoint. */
#include "checkpoint.h"

#include "fuzz.h"

#define ORIGIN "muniment/0123/d2ebrjh5yej2"
static const uint8_t id[4] = {1, 2, 3, 4};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len), again[CHECKPOINT_MAX];
	uint8_t root[32], sig[64];
	uint64_t size;

	if (checkpoint_decode(text, len, ORIGIN, id, &size, root, sig) ==
	    FORMAT_OK)
		fuzz_same(again,
			  checkpoint_encode(ORIGIN, size, root, id, sig, again),
			  text, len);
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	uint8_t root[32], sig[64];
	char out[CHECKPOINT_MAX];

	fuzz_fill(root, sizeof root);
	fuzz_fill(sig, sizeof sig);
	put(out, checkpoint_encode(ORIGIN, 1, root, id, sig, out));
	put(out,
	    checkpoint_encode(ORIGIN, 9007199254740991, root, id, sig, out));
}
