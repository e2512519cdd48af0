/* What is inside an entry's age file: the part of entry.c that reads it. */
#include "entry.c"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy = (uint8_t *)fuzz_text(data, len);
	struct entry en = {0};
	struct err e = {0};

	if (parse_entry(copy, len, &en, &e) == 0) {
		size_t sum = 0;

		MUST(en.doc != NULL && en.n <= ENTRY_CONTENTS_MAX);
		for (size_t i = 0; i < en.n; i++)
			for (size_t k = 0; k < en.contents[i].len; k++)
				sum += en.contents[i].data[k];
		MUST(sum < SIZE_MAX);
	} else {
		MUST(e.code != ERR_NONE);
	}
	entry_free(&en);
	free(copy);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static const char text[] =
	    "{\"kind\":\"record\",\"salt\":\"00000000000000000000000000000000"
	    "00000000000000000000000000000000\"}";
	struct entry_content c[2] = {{(const uint8_t *)"hello", 5},
				     {(const uint8_t *)"", 0}};

	for (size_t n = 0; n <= 2; n++) {
		struct frames f = {0};

		MUST(make_frames(&f, text, sizeof text - 1, c, n) == 0);
		put(f.bytes, f.len);
		free(f.bytes);
	}
}
