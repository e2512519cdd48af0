#include "wordlist.h"

#include <assert.h>
#include <stddef.h>

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
