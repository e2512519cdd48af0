/*
 * Merkle trees: the RFC 6962 log of a device, and the perfect trees with
 * derived pads under a batch or under an entry's fields (FORMAT.md 3 to 5).
 */
#ifndef MUNIMENT_MERKLE_H
#define MUNIMENT_MERKLE_H

#include "hash.h"

#include <stddef.h>
#include <stdint.h>

#define MERKLE_PEAKS 64 /* subtrees of a log of up to 2^64 leaves */

/* RFC 6962: SHA-256(0x00 || data), SHA-256(0x01 || left || right). */
void merkle_leaf(const void *data, size_t len, uint8_t out[HASH_LEN]);
void merkle_node(const uint8_t left[HASH_LEN], const uint8_t right[HASH_LEN],
		 uint8_t out[HASH_LEN]);

/* A log that grows: the roots of its perfect subtrees, largest first. */
struct merkle_log {
	uint64_t size;
	size_t n; /* peaks in use: the ones in size's binary form */
	uint8_t peak[MERKLE_PEAKS][HASH_LEN];
};

void merkle_log_append(struct merkle_log *log, const uint8_t leaf[HASH_LEN]);
/* The root; of an empty log the hash of nothing. */
void merkle_log_root(const struct merkle_log *log, uint8_t out[HASH_LEN]);

/*
 * Proofs of RFC 6962, 2.1.1 and 2.1.2, over log leaves. A path runs from the
 * leaves to the root, at most MERKLE_PATH hashes; how many is returned.
 * Leaf numbers count from 0.
 */
#define MERKLE_PATH 64
/* That leaf i (< n) stands in the log of n leaves. */
size_t merkle_inclusion(uint8_t (*leaves)[HASH_LEN], uint64_t n, uint64_t i,
			uint8_t path[MERKLE_PATH][HASH_LEN]);
/* That the log of n leaves begins with that of m (1 .. n). */
size_t merkle_consistency(uint8_t (*leaves)[HASH_LEN], uint64_t n, uint64_t m,
			  uint8_t path[MERKLE_PATH][HASH_LEN]);
/* 0 if the path proves it; -1 if it does not, whatever the numbers are. */
int merkle_inclusion_check(const uint8_t leaf[HASH_LEN], uint64_t i, uint64_t n,
			   uint8_t (*path)[HASH_LEN], size_t len,
			   const uint8_t root[HASH_LEN]);
int merkle_consistency_check(uint64_t m, const uint8_t old_root[HASH_LEN],
			     uint64_t n, const uint8_t new_root[HASH_LEN],
			     uint8_t (*path)[HASH_LEN], size_t len);

/*
 * A padded tree: `n` leaves and as many pads, derived from pad_key, as fill
 * 4^k, all sorted by value; k is the smallest that has room, and at least
 * min_k.
 */
#define MERKLE_PADDED_MAX_K 8
#define MERKLE_PADDED_PATH (2 * MERKLE_PADDED_MAX_K) /* nodes */

/*
 * Its root; the leaves are sorted in place. Returns k, or -1 without memory or
 * with more than 4^max_k leaves.
 */
int merkle_padded_root(uint8_t (*leaves)[HASH_LEN], size_t n,
		       const uint8_t pad_key[HASH_LEN], int min_k, int max_k,
		       uint8_t out[HASH_LEN]);

/* The whole tree, to make paths of. NULL in the same cases. */
struct merkle_padded;
struct merkle_padded *merkle_padded_new(uint8_t (*leaves)[HASH_LEN], size_t n,
					const uint8_t pad_key[HASH_LEN],
					int min_k, int max_k);
void merkle_padded_free(struct merkle_padded *t);
int merkle_padded_k(const struct merkle_padded *t);
const uint8_t *merkle_padded_top(const struct merkle_padded *t);
/*
 * Where a leaf stands, from 0, and its path: 2 * k nodes from the leaf up. -1
 * if it is not in the tree.
 */
int merkle_padded_path(const struct merkle_padded *t,
		       const uint8_t leaf[HASH_LEN],
		       uint8_t path[MERKLE_PADDED_PATH][HASH_LEN],
		       uint32_t *place);
/*
 * 0 if the leaf stands at that place under the root, by a path of 2 * k nodes;
 * -1 if not, whatever the numbers are.
 */
int merkle_padded_check(const uint8_t leaf[HASH_LEN], uint32_t place,
			uint8_t (*path)[HASH_LEN], int k,
			const uint8_t root[HASH_LEN]);

#endif
