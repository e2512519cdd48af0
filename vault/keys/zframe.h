/*
 * zstd frames and the padding behind them (FORMAT.md 5): the one file that
 * knows libzstd (doctor_libs.c asks for its version).
 */
#ifndef MUNIMENT_ZFRAME_H
#define MUNIMENT_ZFRAME_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZFRAME_WINDOW_LOG_MAX 23 /* 8 MiB */

/* The most bytes that a frame of `len` bytes of content takes. */
size_t zframe_bound(size_t len);
/* Compress into one frame with its content size. Returns its length; 0 without
 * memory. */
size_t zframe_encode(const void *in, size_t len, void *out, size_t cap);

/* Is it worth while to compress this? A few samples tell. */
bool zframe_shrinks(const void *in, size_t len);
/*
 * A frame of content that does not shrink, written piece by piece: the head,
 * then before each ZFRAME_BLOCK bytes (the last block has the rest, and at
 * least one byte) the head of a block, which is stored as it is.
 */
#define ZFRAME_HEAD 10
#define ZFRAME_BLOCK_HEAD 3
#define ZFRAME_BLOCK (128u << 10)
void zframe_stored_head(uint32_t content, uint8_t out[ZFRAME_HEAD]);
void zframe_stored_block(uint32_t len, bool last,
			 uint8_t out[ZFRAME_BLOCK_HEAD]);

/*
 * Look at the frame at `in`: its length and that of its content, which must
 * be stated and at most `max`. -1 if there is no such frame.
 */
int zframe_peek(const void *in, size_t len, size_t max, size_t *frame,
		size_t *content);
/* Decompress that frame into exactly `content` bytes. 0 or -1. */
int zframe_decode(const void *in, size_t frame, void *out, size_t content);

/* Write skippable frames of `len` zero-padded bytes in all (0, or >= 8). */
void zframe_pad(uint8_t *out, size_t len);
/* 0 if the bytes are such frames (or none), else -1. */
int zframe_is_pad(const uint8_t *in, size_t len);

#endif
