/* format/sshsig.h: signatures and key lines. */
#include "sshsig.h"

#include "fuzz.h"

#define NS "muniment-kit"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len), again[SSHSIG_ARMOR_MAX];
	uint8_t pub[32], sig[64];

	if (sshsig_text_decode(text, len, NS, pub, sig) == FORMAT_OK)
		fuzz_same(again, sshsig_text(pub, NS, sig, again), text, len);
	if (sshsig_armor_decode(text, len, NS, pub, sig) == FORMAT_OK)
		fuzz_same(again, sshsig_armor(pub, NS, sig, again), text, len);
	if (sshsig_key_line_decode(text, len, pub) == FORMAT_OK) {
		sshsig_key_line(pub, again);
		fuzz_same(again, strlen(again), text, len);
	}
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	uint8_t pub[32], sig[64];
	char out[SSHSIG_ARMOR_MAX];

	fuzz_fill(pub, sizeof pub);
	fuzz_fill(sig, sizeof sig);
	put(out, sshsig_text(pub, NS, sig, out));
	put(out, sshsig_armor(pub, NS, sig, out));
	sshsig_key_line(pub, out);
	put(out, strlen(out));
}
