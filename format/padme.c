#include "padme.h"

uint64_t
padme(uint64_t len)
{
	unsigned e, s;
	uint64_t mask;

	if (len < 2)
		return len;
	e = 63u - (unsigned)__builtin_clzll(len);
	s = e > 0 ? 32u - (unsigned)__builtin_clz(e) : 0;
	if (s >= e)
		return len;
	mask = (UINT64_C(1) << (e - s)) - 1;
	return (len + mask) & ~mask;
}

uint64_t
padme_entry(uint64_t len)
{
	return len <= PADME_ENTRY_MIN ? PADME_ENTRY_MIN : padme(len);
}

bool
padme_is(uint64_t len)
{
	return padme(len) == len;
}

bool
padme_is_entry(uint64_t len)
{
	return padme_entry(len) == len;
}
