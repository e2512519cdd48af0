/* What is inside a ring's age file: the part of ring.c that reads it. */
#include "ring.c"

#include "fuzz.h"

static int
count(void *ctx, const struct ring_key *key, struct err *e)
{
	(void)e;
	MUST(key->secret != NULL);
	MUST(key->kind != RING_CASE ||
	     (strlen(key->epoch) == 32 && strlen(key->case_id) <= 32));
	++*(size_t *)ctx;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len);
	size_t n = 0;
	struct taking t = {.take = count, .ctx = &n};
	struct err e = {0};

	if (agetext_identities(text, len, take_one, &t, &e) != 0)
		MUST(e.code != ERR_NONE);
	MUST(n <= RING_KEYS_MAX);
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	struct secret *r = ring_new("ab", "d2", 7), *s = secret_new(32);
	uint8_t hash[32];
	char id[33];

	MUST(r != NULL && s != NULL);
	fuzz_fill(hash, sizeof hash);
	fuzz_fill(s->bytes, 32);
	hex_encode(hash, 16, id);
	MUST(ring_add_entry(r, hash, s->bytes) == 0);
	MUST(ring_add_bulk(r, id, s->bytes) == 0);
	put(r->bytes, r->len);
	MUST(ring_add_case(r, "vault", id, s->bytes) == 0);
	MUST(ring_add_case(r, id, id, s->bytes) == 0);
	put(r->bytes, r->len);
	secret_free(r);
	secret_free(s);
}
