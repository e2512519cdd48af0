#include "words.h"

#include "wordlist.h"

#include <string.h>

static int
add_word(struct secret *s, uint32_t number)
{
	const char *w = wordlist_word(number);

	return secret_append(s, " ", s->len > 0) != 0 ||
		       secret_append(s, w, strlen(w)) != 0
		   ? -1
		   : 0;
}

struct secret *
words_passphrase(size_t n)
{
	struct secret *s = secret_new(n * (WORDLIST_WORD_MAX + 1));

	for (size_t i = 0; s != NULL && i < n; i++)
		if (add_word(s, secret_uniform(WORDLIST_LEN)) != 0) {
			secret_free(s);
			return NULL;
		}
	return s;
}

int
words_of_dice(const struct secret *rolls, struct secret *out)
{
	uint32_t number = 0;
	size_t dice = 0;

	for (size_t i = 0; i < rolls->len; i++) {
		uint8_t c = rolls->bytes[i];

		if (c == ' ')
			continue;
		if (c < '1' || c > '6' || ++dice > WORDS_DICE)
			return -1;
		number = number * 6 + c - '1';
	}
	return dice == WORDS_DICE ? add_word(out, number) : -1;
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
