#include "merkle.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void
merkle_leaf(const void *data, size_t len, uint8_t out[HASH_LEN])
{
	hash_prefixed(0x00, data, len, NULL, 0, out);
}

void
merkle_node(const uint8_t left[HASH_LEN], const uint8_t right[HASH_LEN],
	    uint8_t out[HASH_LEN])
{
	hash_prefixed(0x01, left, HASH_LEN, right, HASH_LEN, out);
}

void
merkle_log_append(struct merkle_log *log, const uint8_t leaf[HASH_LEN])
{
	uint8_t h[HASH_LEN];

	memcpy(h, leaf, HASH_LEN);
	/* each trailing 1 of the size is a peak of the same height as h */
	for (uint64_t s = log->size; s & 1; s >>= 1)
		merkle_node(log->peak[--log->n], h, h);
	assert(log->n < MERKLE_PEAKS);
	memcpy(log->peak[log->n++], h, HASH_LEN);
	log->size++;
}

void
merkle_log_root(const struct merkle_log *log, uint8_t out[HASH_LEN])
{
	if (log->n == 0) {
		hash_sha256("", 0, out);
		return;
	}
	memcpy(out, log->peak[log->n - 1], HASH_LEN);
	for (size_t i = log->n - 1; i-- > 0;)
		merkle_node(log->peak[i], out, out);
}

static int
by_value(const void *a, const void *b)
{
	return memcmp(a, b, HASH_LEN);
}

int
merkle_padded_root(uint8_t (*leaves)[HASH_LEN], size_t n,
		   const uint8_t pad_key[HASH_LEN], int min_k, int max_k,
		   uint8_t out[HASH_LEN])
{
	uint8_t(*t)[HASH_LEN];
	size_t width;
	int k = min_k;

	while (k <= max_k && ((size_t)1 << 2 * k) < n)
		k++;
	if (k > max_k)
		return -1;
	width = (size_t)1 << 2 * k;
	t = malloc(width * HASH_LEN);
	if (t == NULL)
		return -1;
	qsort(leaves, n, HASH_LEN, by_value);
	memcpy(t, leaves, n * HASH_LEN);
	for (size_t i = n; i < width; i++) {
		uint32_t j = (uint32_t)(i - n);
		uint8_t be[4] = {(uint8_t)(j >> 24), (uint8_t)(j >> 16),
				 (uint8_t)(j >> 8), (uint8_t)j};

		hash_prefixed(0x02, pad_key, HASH_LEN, be, 4, t[i]);
	}
	qsort(t, width, HASH_LEN, by_value);
	for (; width > 1; width /= 2)
		for (size_t i = 0; i < width / 2; i++)
			merkle_node(t[2 * i], t[2 * i + 1], t[i]);
	memcpy(out, t[0], HASH_LEN);
	free(t);
	return k;
}
