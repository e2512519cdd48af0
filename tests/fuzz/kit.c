/* format/kittext.h: a collector's kit. */
#include "kittext.h"

#include "fuzz.h"
#include "sshsig.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len), again[KITTEXT_MAX];
	struct kittext k;
	uint8_t key[32], sig[64];
	size_t n = 0;

	if (kittext_decode(text, len, &k, key, &n, sig) == FORMAT_OK) {
		MUST(kittext_encode(&k, again) == n);
		n += sshsig_armor(key, "muniment-kit", sig, again + n);
		fuzz_same(again, n, text, len);
	}
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	struct kittext k = {0};
	uint8_t pub[32], sig[64];
	char out[KITTEXT_MAX];
	size_t n;

	fuzz_fill(sig, sizeof sig);
	fuzz_fill(pub, sizeof pub);
	gitform_vault_encode(pub, sig, k.vault);
	batch_device_name(pub, k.device);
	memset(k.seat, 'a', 64);
	memset(k.case_id, 'b', 32);
	memset(k.vault_epoch.id, 'c', 32);
	memset(k.case_epoch.id, 'd', 32);
	strcpy(k.vault_epoch.recipient, "age1pq1vault");
	strcpy(k.case_epoch.recipient, "age1pq1case");
	n = kittext_encode(&k, out);
	put(out, n + sshsig_armor(pub, "muniment-kit", sig, out + n));
}
