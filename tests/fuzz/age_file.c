/*
 * vault/keys/agefile.h: a whole age file, opened with one key. Its MAC and its
 * chunks are real: what passes must be what was sealed.
 */
#include "agefile.h"

#include "fuzz.h"
#include "secret.h"

static struct secret *key; /* X25519 */
static struct agekey_public pub;

static void
begin(void)
{
	if (key != NULL)
		return;
	key = secret_new(32);
	MUST(key != NULL);
	fuzz_fill(key->bytes, 32);
	agekey_derive(AGEKEY_X25519, key->bytes, &pub);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct agefile_identity id;
	struct agefile_from from = {.keys = &id, .n = 1};
	enum agefile_failure why = AGEFILE_FINE;
	struct err e = {0};
	uint8_t *plain = malloc(len + 1);
	size_t n = 0;

	begin();
	id = (struct agefile_identity){AGEKEY_X25519, key->bytes};
	if (agefile_open(&from, data, len, plain, len, &n, &why, &e) == 0)
		MUST(n <= len);
	else
		MUST(why != AGEFILE_FINE && e.code != ERR_NONE);
	free(plain);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static const size_t lens[] = {0, 11, 200};
	struct agefile_to to = {.keys = &pub, .n = 1};
	uint8_t plain[200], *out = NULL;
	struct err e = {0};

	begin();
	fuzz_fill(plain, sizeof plain);
	for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
		size_t n = 0;

		MUST(agefile_seal(&to, plain, lens[i], &out, &n, &e) == 0);
		put(out, n);
		free(out);
		out = NULL;
	}
}
