#include "wordlist.h"

#include <assert.h>
#include <string.h>

static const char *const words[] = {
#include "wordlist.inc"
};
_Static_assert(sizeof words / sizeof *words == WORDLIST_LEN, "five dice");

const char *
wordlist_word(uint32_t i)
{
	assert(i < WORDLIST_LEN);
	return words[i];
}

int
wordlist_find(const char *word, size_t len)
{
	size_t from = 0, to = WORDLIST_LEN;

	if (len == 0 || memchr(word, 0, len) != NULL)
		return -1;
	while (from < to) {
		size_t i = from + (to - from) / 2;
		int d = strncmp(words[i], word, len);

		if (d == 0 && words[i][len] == '\0')
			return (int)i;
		/* a word that goes on behind what is asked for comes later */
		if (d >= 0)
			to = i;
		else
			from = i + 1;
	}
	return -1;
}
