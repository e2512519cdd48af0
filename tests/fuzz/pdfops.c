/* format/pdfops.h: the content of a PDF page. */
#include "pdfops.h"

#include "fuzz.h"

static void
string(void *ctx, const void *bytes, size_t len)
{
	const uint8_t *b = bytes;
	size_t *sum = ctx;

	for (size_t i = 0; i < len; i++)
		*sum += b[i];
}

static void
drawn(void *ctx, const char *name)
{
	(void)ctx;
	MUST(strlen(name) < PDFOPS_NAME_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t sum = 0;
	struct pdfops p = {.string = string, .drawn = drawn, .ctx = &sum};
	struct pdfops quiet = {0};
	uint8_t *copy = malloc(len + (len == 0));

	if (len > 0)
		memcpy(copy, data, len);
	pdfops_read(&p, copy, len);
	pdfops_read(&quiet, copy, len);
	MUST(p.text == quiet.text && p.image == quiet.image);
	free(copy);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static const char text[] =
	    "q 1 0 0 1 0 0 cm BT /F1 12 Tf (a\\(b\\)\\101\\\n c) Tj <4142 4> Tj"
	    " [(x) -20 (y)] TJ ET /Im1 Do Q % comment\n"
	    "/P <</MCID 0 /A (no)>> BDC EMC\n"
	    "BI /W 1 /H 1 /BPC 8 ID \x01\x02 EI (z) '\n";

	put(text, sizeof text - 1);
}
