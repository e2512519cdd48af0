/* format/cardtext.h: a card, and with it the armor of its signature. */
#include "cardtext.h"

#include "fuzz.h"
#include "sshsig.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len), again[CARDTEXT_MAX];
	struct cardtext c;
	size_t n = 0;
	uint8_t sig[64];

	if (cardtext_decode(text, len, &c, &n, sig) == FORMAT_OK) {
		MUST(cardtext_encode(&c, again) == n);
		n += sshsig_armor(c.key, "muniment-card", sig, again + n);
		fuzz_same(again, n, text, len);
	}
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	struct cardtext c = {.name = "Anna", .recipient = "age1pq1abc"};
	char out[CARDTEXT_MAX];
	uint8_t sig[64];

	fuzz_fill(c.key, 32);
	fuzz_fill(sig, sizeof sig);
	for (int i = 0; i < 2; i++) {
		size_t n = cardtext_encode(&c, out);

		put(out,
		    n + sshsig_armor(c.key, "muniment-card", sig, out + n));
		strcpy(c.org, "\xd0\x9f\xd1\x80 of Law");
	}
}
