/* format/gitform.h: commits, and the vault file. */
#include "gitform.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len), again[GITFORM_COMMIT_MAX];
	struct gitform_commit c;
	uint8_t pub[32], sig[64], root[32], nonce[32];

	fuzz_fill(pub, sizeof pub);
	for (uint64_t n = 1; n < 3; n++)
		if (gitform_commit_decode(text, len, n, pub, &c, sig) ==
		    FORMAT_OK)
			fuzz_same(again,
				  gitform_commit_encode(&c, pub, sig, again),
				  text, len);
	if (gitform_vault_decode(text, len, root, nonce) == FORMAT_OK)
		fuzz_same(again, gitform_vault_encode(root, nonce, again), text,
			  len);
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	struct gitform_commit c = {.n = 1};
	char out[GITFORM_COMMIT_MAX];
	uint8_t pub[32], sig[64];

	fuzz_fill(pub, sizeof pub);
	fuzz_fill(sig, sizeof sig);
	for (; c.n < 3; c.n++)
		put(out, gitform_commit_encode(&c, pub, sig, out));
	put(out, gitform_vault_encode(pub, pub, out));
}
