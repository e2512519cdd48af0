/* format/gitform.h: the tree of a batch. */
#include "gitform.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy = (uint8_t *)fuzz_text(data, len), *again;
	struct gitform_name *names = NULL;
	size_t n = 0, again_len = 0;

	if (gitform_tree_decode(copy, len, &names, &n) == FORMAT_OK) {
		again = gitform_tree_encode(names, n, &again_len);
		fuzz_same(again, again_len, copy, len);
		free(again);
	}
	free(names);
	free(copy);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static struct gitform_name names[4] = {
	    {.name = "vault"}, {.name = "batch"}, {.name = "checkpoint"}};
	size_t n = 0;

	memset(names[3].name, 'a', 64);
	for (size_t i = 1; i <= 4; i++) {
		uint8_t *tree = gitform_tree_encode(names, i, &n);

		put(tree, n);
		free(tree);
	}
}
