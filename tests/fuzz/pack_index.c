/* vault/history/packform.h: the index of a pack. */
#include "packform.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy = (uint8_t *)fuzz_text(data, len);
	size_t n = 0;

	free(packform_index_ids(copy, len, &n));
	free(copy);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static uint8_t idx[8 + 1024 + 3 * 28 + 40] = {0xff, 't', 'O', 'c',
						      0,    0,	 0,   2};

	for (size_t i = 0; i < 256; i++)
		idx[8 + 4 * i + 3] = i < 7 ? 0 : i < 200 ? 2 : 3;
	for (size_t i = 0; i < 3; i++)
		idx[8 + 1024 + 20 * i] = (uint8_t)(i < 2 ? 7 + i : 200);
	put(idx, sizeof idx);
}
