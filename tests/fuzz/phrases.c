/* format/phrases.h: a file of texts, as a translator hands it in. */
#include "phrases.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len);
	struct phrases *p = phrases_parse(text, len, "xx");

	for (size_t i = 0; p != NULL && phrases_key(p, i) != NULL; i++) {
		const char *key = phrases_key(p, i);
		char *filled = PHRASES_FILL(p, key, "a", "{b}", "b", "B");

		MUST(phrases_has(p, key) && phrases_get(p, key) != NULL);
		MUST(filled != NULL);
		free(filled);
	}
	phrases_free(p);
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static const char text[] = "# comment\n\nkey.one = A {a} of {b}\n"
				   "key.two = first\n  second {c}\n\n"
				   "= nothing\nx\n";

	put(text, sizeof text - 1);
}
