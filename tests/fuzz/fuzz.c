#include "fuzz.h"

#include "secret.h"

/* libFuzzer calls it first, and replay.c does */
int LLVMFuzzerInitialize(int *argc, char ***argv);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	MUST(secret_init() == 0);
	return 0;
}

char *
fuzz_text(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);

	MUST(text != NULL);
	if (len > 0)
		memcpy(text, data, len);
	text[len] = '\0';
	return text;
}

void
fuzz_same(const void *a, size_t alen, const void *b, size_t blen)
{
	MUST(alen == blen);
	MUST(alen == 0 || memcmp(a, b, alen) == 0);
}

void
fuzz_fill(void *out, size_t len)
{
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(7 + 37 * i);
}
