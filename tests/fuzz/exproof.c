/* format/exproof.h: where an entry stands, and the fields that are shown. */
#include "exproof.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len), *again;
	struct exproof p = {0};
	size_t n = 0;

	if (exproof_decode(text, len, &p) == FORMAT_OK) {
		for (size_t i = 0; i < p.n; i++) {
			MUST(exproof_find(&p, p.fields[i].name) ==
			     &p.fields[i]);
			free(exproof_leaf_input(&p.fields[i], &n));
		}
		again = exproof_encode(&p, &n);
		fuzz_same(again, n, text, len);
		free(again);
	}
	exproof_free(&p);
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static const char *const names[] = {"kind", "files.1.sha256", "files"};
	static const char *const values[] = {"\"record\"", "\"ab\"", "1"};
	static struct exproof_field fields[3];
	struct exproof p = {
	    .place = 9, .batch_k = 2, .fields_k = 3, .fields = fields, .n = 3};
	size_t n = 0;
	char *text;

	fuzz_fill(p.path, sizeof p.path);
	for (size_t i = 0; i < 3; i++) {
		fields[i].name = names[i];
		fields[i].value = values[i];
		fields[i].place = 63 - (uint32_t)i;
		fuzz_fill(fields[i].path, sizeof fields[i].path);
	}
	text = exproof_encode(&p, &n);
	put(text, n);
	free(text);
	p.n = 0;
	text = exproof_encode(&p, &n);
	put(text, n);
	free(text);
}
