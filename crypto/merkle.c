#include "merkle.h"

#include <assert.h>
#include <stdbool.h>
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

/* The root over the leaves from `at` on, `n` of them. */
static void
range_root(uint8_t (*leaves)[HASH_LEN], uint64_t at, uint64_t n,
	   uint8_t out[HASH_LEN])
{
	struct merkle_log log = {0};

	for (uint64_t i = 0; i < n; i++)
		merkle_log_append(&log, leaves[at + i]);
	merkle_log_root(&log, out);
}

/* The largest power of two below n (> 1): where a tree parts. */
static uint64_t
split(uint64_t n)
{
	uint64_t k = 1;

	while (k < n - k)
		k *= 2;
	return k;
}

/* What was found from the root down becomes a path from the leaves up. */
static void
reverse(uint8_t path[MERKLE_PATH][HASH_LEN], size_t n)
{
	for (size_t i = 0; i + 1 < n; i++, n--) {
		uint8_t t[HASH_LEN];

		memcpy(t, path[i], HASH_LEN);
		memcpy(path[i], path[n - 1], HASH_LEN);
		memcpy(path[n - 1], t, HASH_LEN);
	}
}

size_t
merkle_inclusion(uint8_t (*leaves)[HASH_LEN], uint64_t n, uint64_t i,
		 uint8_t path[MERKLE_PATH][HASH_LEN])
{
	uint64_t at = 0;
	size_t len = 0;

	assert(i < n);
	while (n > 1) {
		uint64_t k = split(n);

		if (i - at < k) {
			range_root(leaves, at + k, n - k, path[len++]);
			n = k;
		} else {
			range_root(leaves, at, k, path[len++]);
			at += k;
			n -= k;
		}
	}
	reverse(path, len);
	return len;
}

size_t
merkle_consistency(uint8_t (*leaves)[HASH_LEN], uint64_t n, uint64_t m,
		   uint8_t path[MERKLE_PATH][HASH_LEN])
{
	uint64_t at = 0;
	size_t len = 0;
	bool whole = true; /* this subtree is the old log's root itself */

	assert(m > 0 && m <= n);
	while (m - at < n) {
		uint64_t k = split(n);

		if (m - at <= k) {
			range_root(leaves, at + k, n - k, path[len++]);
			n = k;
		} else {
			range_root(leaves, at, k, path[len++]);
			at += k;
			n -= k;
			whole = false;
		}
	}
	if (!whole)
		range_root(leaves, at, n, path[len++]);
	reverse(path, len);
	return len;
}

/* RFC 9162, 2.1.3.2. */
int
merkle_inclusion_check(const uint8_t leaf[HASH_LEN], uint64_t i, uint64_t n,
		       uint8_t (*path)[HASH_LEN], size_t len,
		       const uint8_t root[HASH_LEN])
{
	uint64_t fn = i, sn = n - 1;
	uint8_t r[HASH_LEN];

	if (i >= n)
		return -1;
	memcpy(r, leaf, HASH_LEN);
	for (size_t k = 0; k < len; k++) {
		if (sn == 0)
			return -1;
		if ((fn & 1) != 0 || fn == sn) {
			merkle_node(path[k], r, r);
			for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
				sn >>= 1;
		} else {
			merkle_node(r, path[k], r);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && memcmp(r, root, HASH_LEN) == 0 ? 0 : -1;
}

/* RFC 9162, 2.1.4.2: both roots are computed from the path. */
int
merkle_consistency_check(uint64_t m, const uint8_t old_root[HASH_LEN],
			 uint64_t n, const uint8_t new_root[HASH_LEN],
			 uint8_t (*path)[HASH_LEN], size_t len)
{
	uint64_t fn = m - 1, sn = n - 1;
	uint8_t fr[HASH_LEN], sr[HASH_LEN];
	size_t k = 0;

	if (m == 0 || m > n)
		return -1;
	if (m == n)
		return len == 0 && memcmp(old_root, new_root, HASH_LEN) == 0
			   ? 0
			   : -1;
	for (; (fn & 1) != 0; fn >>= 1)
		sn >>= 1;
	/* a power of two: the old root is where the path begins */
	if (fn > 0 && len == 0)
		return -1;
	memcpy(fr, fn > 0 ? path[k++] : old_root, HASH_LEN);
	memcpy(sr, fr, HASH_LEN);
	for (; k < len; k++) {
		if (sn == 0)
			return -1;
		if ((fn & 1) != 0 || fn == sn) {
			merkle_node(path[k], fr, fr);
			merkle_node(path[k], sr, sr);
			for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
				sn >>= 1;
		} else {
			merkle_node(sr, path[k], sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && memcmp(fr, old_root, HASH_LEN) == 0 &&
		       memcmp(sr, new_root, HASH_LEN) == 0
		   ? 0
		   : -1;
}

static int
by_value(const void *a, const void *b)
{
	return memcmp(a, b, HASH_LEN);
}

/* Levels one after the other: 4^k leaves and pads, half as many nodes, ... */
struct merkle_padded {
	int k;
	size_t width; /* 4^k */
	uint8_t nodes[][HASH_LEN];
};

/* Sorted leaves and pads, in room for `width`. */
static void
fill_up(uint8_t (*t)[HASH_LEN], size_t width, uint8_t (*leaves)[HASH_LEN],
	size_t n, const uint8_t pad_key[HASH_LEN])
{
	if (n > 1)
		qsort(leaves, n, HASH_LEN, by_value);
	if (n > 0)
		memcpy(t, leaves, n * HASH_LEN);
	for (size_t i = n; i < width; i++) {
		uint32_t j = (uint32_t)(i - n);
		uint8_t be[4] = {(uint8_t)(j >> 24), (uint8_t)(j >> 16),
				 (uint8_t)(j >> 8), (uint8_t)j};

		hash_prefixed(0x02, pad_key, HASH_LEN, be, 4, t[i]);
	}
	qsort(t, width, HASH_LEN, by_value);
}

struct merkle_padded *
merkle_padded_new(uint8_t (*leaves)[HASH_LEN], size_t n,
		  const uint8_t pad_key[HASH_LEN], int min_k, int max_k)
{
	struct merkle_padded *t;
	uint8_t(*level)[HASH_LEN];
	int k = min_k;

	while (k <= max_k && ((size_t)1 << 2 * k) < n)
		k++;
	if (k > max_k || k > MERKLE_PADDED_MAX_K)
		return NULL;
	t = malloc(sizeof *t + ((size_t)2 << 2 * k) * HASH_LEN);
	if (t == NULL)
		return NULL;
	t->k = k;
	t->width = (size_t)1 << 2 * k;
	fill_up(t->nodes, t->width, leaves, n, pad_key);
	level = t->nodes;
	for (size_t width = t->width; width > 1; width /= 2) {
		for (size_t i = 0; i < width / 2; i++)
			merkle_node(level[2 * i], level[2 * i + 1],
				    level[width + i]);
		level += width;
	}
	return t;
}

void
merkle_padded_free(struct merkle_padded *t)
{
	free(t);
}

int
merkle_padded_k(const struct merkle_padded *t)
{
	return t->k;
}

const uint8_t *
merkle_padded_top(const struct merkle_padded *t)
{
	return t->nodes[2 * t->width - 2];
}

int
merkle_padded_path(const struct merkle_padded *t, const uint8_t leaf[HASH_LEN],
		   uint8_t path[MERKLE_PADDED_PATH][HASH_LEN], uint32_t *place)
{
	const uint8_t *at =
	    bsearch(leaf, t->nodes, t->width, HASH_LEN, by_value);
	size_t i, level = 0, n = 0;

	if (at == NULL)
		return -1;
	i = (size_t)(at - t->nodes[0]) / HASH_LEN;
	*place = (uint32_t)i;
	for (size_t width = t->width; width > 1; width /= 2, i /= 2) {
		memcpy(path[n++], t->nodes[level + (i ^ 1)], HASH_LEN);
		level += width;
	}
	return 0;
}

int
merkle_padded_check(const uint8_t leaf[HASH_LEN], uint32_t place,
		    uint8_t (*path)[HASH_LEN], int k,
		    const uint8_t root[HASH_LEN])
{
	uint8_t h[HASH_LEN];

	if (k < 0 || k > MERKLE_PADDED_MAX_K || place >> 2 * k != 0)
		return -1;
	memcpy(h, leaf, HASH_LEN);
	for (int i = 0; i < 2 * k; i++, place >>= 1) {
		if ((place & 1) == 0)
			merkle_node(h, path[i], h);
		else
			merkle_node(path[i], h, h);
	}
	return memcmp(h, root, HASH_LEN) == 0 ? 0 : -1;
}

int
merkle_padded_root(uint8_t (*leaves)[HASH_LEN], size_t n,
		   const uint8_t pad_key[HASH_LEN], int min_k, int max_k,
		   uint8_t out[HASH_LEN])
{
	struct merkle_padded *t =
	    merkle_padded_new(leaves, n, pad_key, min_k, max_k);
	int k = t != NULL ? t->k : -1;

	if (t != NULL)
		memcpy(out, t->nodes[2 * t->width - 2], HASH_LEN);
	merkle_padded_free(t);
	return k;
}
