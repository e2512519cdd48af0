#include "words.h"

#include "wordlist.h"

#include <string.h>

struct secret *
words_passphrase(size_t n)
{
	struct secret *s = secret_new(n * (WORDLIST_WORD_MAX + 1));

	for (size_t i = 0; s != NULL && i < n; i++) {
		const char *w = wordlist_word(secret_uniform(WORDLIST_LEN));

		if (secret_append(s, " ", i > 0) != 0 ||
		    secret_append(s, w, strlen(w)) != 0) {
			secret_free(s);
			return NULL;
		}
	}
	return s;
}

void
words_fingerprint(const uint8_t sha256[32], char out[WORDS_FINGERPRINT_MAX])
{
	uint8_t n[32];
	size_t o = 0;

	memcpy(n, sha256, sizeof n);
	for (size_t i = 0; i < WORDS_FINGERPRINT; i++) {
		uint32_t rest = 0;
		const char *w;

		for (size_t k = 0; k < sizeof n; k++) {
			rest = rest << 8 | n[k];
			n[k] = (uint8_t)(rest / WORDLIST_LEN);
			rest %= WORDLIST_LEN;
		}
		w = wordlist_word(rest);
		if (i > 0)
			out[o++] = ' ';
		memcpy(out + o, w, strlen(w));
		o += strlen(w);
	}
	out[o] = '\0';
}
