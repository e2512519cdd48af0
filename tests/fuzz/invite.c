/* format/invitetext.h: an invitation. */
#include "invitetext.h"

#include "fuzz.h"
#include "sshsig.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len), *again;
	struct invitetext t = {0};
	size_t n = 0, again_len = 0;
	uint8_t sig[64];

	if (invitetext_decode(text, len, &t, &n, sig) == FORMAT_OK) {
		MUST(n <= len);
		again = invitetext_encode(&t, &again_len);
		fuzz_same(again, again_len, text, n);
		free(again);
	}
	invitetext_free(&t);
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	struct invitetext_log logs[2] = {{.size = 3}, {.size = 900}};
	struct invitetext t = {.name = "Anna", .logs = logs, .n = 2};
	uint8_t sig[64], pub[32];
	char *text, *whole;
	size_t n = 0;

	fuzz_fill(sig, sizeof sig);
	memset(t.vault, 'a', 64);
	strcpy(t.card, "one two three four five six seven eight");
	for (size_t i = 0; i < 2; i++) {
		memset(pub, 5 + (int)i, sizeof pub);
		batch_device_name(pub, logs[i].device);
		fuzz_fill(logs[i].root, 32);
	}
	memcpy(t.key, pub, 32);
	text = invitetext_encode(&t, &n);
	MUST(text != NULL);
	whole = realloc(text, n + SSHSIG_ARMOR_MAX + 8);
	MUST(whole != NULL);
	n += sshsig_armor(t.key, "muniment-invite", sig, whole + n);
	put(whole, n);
	memset(whole + n, '\n', 5);
	put(whole, n + 5);
	free(whole);
}
