#include "gitdelta.h"

#include <string.h>

#define COPY_DEFAULT 0x10000u /* bytes of a copy that names no size */

struct delta {
	const uint8_t *p, *end;
};

/* 7 bits a byte, the lowest first. */
static int
number(struct delta *d, uint64_t *out)
{
	*out = 0;
	for (unsigned shift = 0; shift < 56 && d->p < d->end; shift += 7) {
		uint8_t c = *d->p++;

		*out |= (uint64_t)(c & 0x7f) << shift;
		if ((c & 0x80) == 0)
			return 0;
	}
	return -1;
}

/* The bytes of a number that `bits` say are there, from the lowest on. */
static int
sparse(struct delta *d, unsigned bits, unsigned n, uint64_t *out)
{
	*out = 0;
	for (unsigned i = 0; i < n; i++) {
		if ((bits >> i & 1) == 0)
			continue;
		if (d->p == d->end)
			return -1;
		*out |= (uint64_t)*d->p++ << 8 * i;
	}
	return 0;
}

enum format_result
gitdelta_sizes(const uint8_t *delta, size_t len, uint64_t *base,
	       uint64_t *result)
{
	struct delta d = {delta, delta + len};

	return number(&d, base) == 0 && number(&d, result) == 0 ? FORMAT_OK
								: FORMAT_MALFORMED;
}

enum format_result
gitdelta_apply(const uint8_t *base, size_t base_len, const uint8_t *delta,
	       size_t len, uint8_t *out, size_t out_len)
{
	struct delta d = {delta, delta + len};
	uint64_t from, n, has, makes;
	size_t at = 0;

	if (number(&d, &has) != 0 || number(&d, &makes) != 0 ||
	    has != base_len || makes != out_len)
		return FORMAT_MALFORMED;
	while (d.p < d.end) {
		uint8_t op = *d.p++;
		const uint8_t *src;

		if ((op & 0x80) != 0) {
			if (sparse(&d, op, 4, &from) != 0 ||
			    sparse(&d, op >> 4, 3, &n) != 0)
				return FORMAT_MALFORMED;
			n = n == 0 ? COPY_DEFAULT : n;
			if (from > base_len || n > base_len - from)
				return FORMAT_MALFORMED;
			src = base + from;
		} else {
			n = op;
			if (n == 0 || n > (size_t)(d.end - d.p))
				return FORMAT_MALFORMED;
			src = d.p;
			d.p += n;
		}
		if (n > out_len - at)
			return FORMAT_MALFORMED;
		memcpy(out + at, src, (size_t)n);
		at += (size_t)n;
	}
	return at == out_len ? FORMAT_OK : FORMAT_MALFORMED;
}
