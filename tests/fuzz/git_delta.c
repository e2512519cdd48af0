/* format/gitdelta.h: a delta, unfolded over a base. */
#include "gitdelta.h"

#include "fuzz.h"

#define MOST (1u << 16)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t base[300], *delta = (uint8_t *)fuzz_text(data, len), *out;
	uint64_t from, to;

	fuzz_fill(base, sizeof base);
	if (gitdelta_sizes(delta, len, &from, &to) == FORMAT_OK && to <= MOST) {
		out = malloc((size_t)to + (to == 0));
		MUST(out != NULL);
		if (gitdelta_apply(base, sizeof base, delta, len, out,
				   (size_t)to) == FORMAT_OK)
			MUST(from == sizeof base);
		free(out);
	}
	free(delta);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	/* base 300, result 9: copy 5 from 2, then 4 new bytes */
	static const uint8_t one[] = {0xac, 2,	 9,   0x91, 2,	5,
				      4,    'n', 'e', 'w',  '!'};
	static const uint8_t two[] = {0xac, 2, 0xac, 2, 0xb0, 0x2c, 1};

	put(one, sizeof one);
	put(two, sizeof two);
}
