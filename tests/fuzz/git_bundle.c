/* A git bundle's lines: the part of bundle.c that reads them. */
#include "bundle.c"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len), *save = NULL;
	uint8_t oid[GITFORM_OID_LEN];
	bool need;

	for (char *l = strtok_r(text, "\n", &save); l != NULL;
	     l = strtok_r(NULL, "\n", &save)) {
		struct err e = {0};

		if (take_line(l, &need, oid, &e) != 0)
			MUST(e.code == ERR_EVIDENCE);
		else if (!need)
			MUST(strlen(l) > 41);
	}
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static const char text[] =
	    "-0123456789abcdef0123456789abcdef01234567 \n"
	    "-0123456789abcdef0123456789abcdef01234567\n"
	    "0123456789abcdef0123456789abcdef01234567 refs/heads/d2\n";

	put(text, sizeof text - 1);
}
