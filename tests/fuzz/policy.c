/* format/policytext.h: the keys in an exhibit package. */
#include "policytext.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len), *again;
	char signers[POLICYTEXT_SIGNERS_MAX];
	struct policytext p = {0};
	uint8_t pub[32];
	size_t n = 0;

	if (policytext_decode(text, len, &p) == FORMAT_OK) {
		again = policytext_encode(&p, &n);
		fuzz_same(again, n, text, len);
		free(again);
	}
	policytext_free(&p);
	if (policytext_signers_decode(text, len, pub) == FORMAT_OK)
		fuzz_same(signers, policytext_signers_encode(pub, signers),
			  text, len);
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static struct cosign_vkey keys[3];
	struct policytext p = {.keys = keys, .logs = 2, .witnesses = 1};
	char *text, signers[POLICYTEXT_SIGNERS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < 3; i++) {
		snprintf(keys[i].name, sizeof keys[i].name, "log/%zu", i);
		keys[i].type = i < 2 ? COSIGN_ED25519 : COSIGN_COSIGNATURE;
		memset(keys[i].key, 3 + (int)i, 32);
		memset(keys[i].id, (int)i, 4);
	}
	text = policytext_encode(&p, &n);
	put(text, n);
	free(text);
	put(signers, policytext_signers_encode(keys[0].key, signers));
}
