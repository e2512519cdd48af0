/* format/canon.h: the JSON of an entry, and its fields. */
#include "canon.h"

#include "fuzz.h"

static int
field(void *ctx, const char *name, const json_t *value)
{
	char *text = canon_value(value);

	MUST(name[0] != '\0' && strlen(name) < CANON_NAME_MAX);
	free(text);
	++*(size_t *)ctx;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len), *again = NULL;
	json_t *doc = NULL;
	size_t n = 0;

	if (canon_decode(text, len, &doc) == FORMAT_OK) {
		MUST(canon_encode(doc, &again, &n) == FORMAT_OK);
		fuzz_same(again, n, text, len);
		free(again);
		n = 0;
		if (canon_fields(doc, field, &n) == FORMAT_OK)
			MUST(n <= CANON_FIELDS_MAX);
	}
	json_decref(doc);
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static const char *const texts[] = {
	    "{}",
	    "{\"batch\":7,\"case\":\"a\",\"fields\":{\"title\":\"T\"},"
	    "\"files\":[{\"content\":\"0001\",\"name\":\"n\",\"size\":1}],"
	    "\"kind\":\"record\",\"salt\":\"00\",\"signature\":\"s\"}",
	    "{\"description\":\"\xd0\xb6 \\\"\\\\ a\\nb\\tc\","
	    "\"event\":{\"date\":\"2026-11-22\"},"
	    "\"persons\":[{\"name\":\"A\"},{\"name\":\"B\"}],"
	    "\"x_free\":{\"a\":[1,2,true,null]}}",
	    "{\"item\":{\"clock_ahead_s\":9007199254740991}}"};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		put(texts[i], strlen(texts[i]));
}
