#include "verifier.h"

#include "hash.h"
#include "hex.h"

static const uint8_t page[] = {
#include "verifier.inc"
};

const uint8_t *verifier_page(size_t *len)
{
	*len = sizeof page;
	return page;
}

void verifier_hash(char hex[65])
{
	uint8_t digest[HASH_LEN];

	hash_sha256(page, sizeof page, digest);
	hex_encode(digest, sizeof digest, hex);
}
