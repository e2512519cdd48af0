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
 * Root over `n` leaves and as many pads, derived from pad_key, as fill 4^k;
 * k is the smallest that has room, and at least min_k. The leaves are sorted
 * in place. Returns k, or -1 without memory or with more than 4^max_k leaves.
 */
int merkle_padded_root(uint8_t (*leaves)[HASH_LEN], size_t n,
		       const uint8_t pad_key[HASH_LEN], int min_k, int max_k,
		       uint8_t out[HASH_LEN]);

#endif
