/*
 * Deltas in git packs (git's Documentation/gitformat-pack, "Deltified
 * representation"): an object told as pieces of another and new bytes.
 */
#ifndef MUNIMENT_GITDELTA_H
#define MUNIMENT_GITDELTA_H

#include "result.h"

#include <stddef.h>
#include <stdint.h>

/* The sizes that it begins with: of the base and of the result, in bytes. */
enum format_result gitdelta_sizes(const uint8_t *delta, size_t len,
				  uint64_t *base, uint64_t *result);

/*
 * Unfold: `out` has room for `out_len` bytes, which must be what the delta
 * announces, as `base_len` must be. FORMAT_OK if it makes just so many.
 */
enum format_result gitdelta_apply(const uint8_t *base, size_t base_len,
				  const uint8_t *delta, size_t len,
				  uint8_t *out, size_t out_len);

#endif
