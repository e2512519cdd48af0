#include "zframe.h"

#include <assert.h>
#include <string.h>
#include <zstd.h>

#define LEVEL 3
#define SKIPPABLE_HEAD 8
/* RFC 8878, 3.1.2: magic of a skippable frame, little-endian */
static const uint8_t skippable[4] = {0x50, 0x2a, 0x4d, 0x18};

size_t
zframe_bound(size_t len)
{
	return ZSTD_compressBound(len);
}

size_t
zframe_encode(const void *in, size_t len, void *out, size_t cap)
{
	static _Thread_local ZSTD_CCtx *ctx;
	size_t n;

	if (ctx == NULL)
		ctx = ZSTD_createCCtx();
	if (ctx == NULL)
		return 0;
	n = ZSTD_compressCCtx(ctx, out, cap, in, len, LEVEL);
	return ZSTD_isError(n) ? 0 : n;
}

/* RFC 8878, 3.1.1.1: what the frame's header says of its window. */
static uint64_t
window(const uint8_t *in, uint64_t content)
{
	uint64_t base;

	if ((in[4] & 0x20) != 0) /* a single segment */
		return content;
	base = UINT64_C(1) << (10 + (in[5] >> 3));
	return base + base / 8 * (in[5] & 7);
}

int
zframe_peek(const void *in, size_t len, size_t max, size_t *frame,
	    size_t *content)
{
	unsigned long long n;
	size_t f;

	if (len < 4 || memcmp(in, "\x28\xb5\x2f\xfd", 4) != 0)
		return -1;
	f = ZSTD_findFrameCompressedSize(in, len);
	n = ZSTD_getFrameContentSize(in, len);
	if (ZSTD_isError(f) || n == ZSTD_CONTENTSIZE_UNKNOWN ||
	    n == ZSTD_CONTENTSIZE_ERROR || n > max ||
	    ZSTD_getDictID_fromFrame(in, len) != 0 ||
	    window(in, n) > UINT64_C(1) << ZFRAME_WINDOW_LOG_MAX)
		return -1;
	*frame = f;
	*content = (size_t)n;
	return 0;
}

int
zframe_decode(const void *in, size_t frame, void *out, size_t content)
{
	static _Thread_local ZSTD_DCtx *ctx;
	size_t n;

	if (ctx == NULL) {
		ctx = ZSTD_createDCtx();
		if (ctx == NULL ||
		    ZSTD_isError(ZSTD_DCtx_setParameter(
			ctx, ZSTD_d_windowLogMax, ZFRAME_WINDOW_LOG_MAX)))
			return -1;
	}
	n = ZSTD_decompressDCtx(ctx, out, content, in, frame);
	return ZSTD_isError(n) || n != content ? -1 : 0;
}

void
zframe_pad(uint8_t *out, size_t len)
{
	assert(len == 0 || (len >= SKIPPABLE_HEAD && len < UINT32_MAX));
	if (len == 0)
		return;
	memset(out, 0, len);
	memcpy(out, skippable, 4);
	len -= SKIPPABLE_HEAD;
	for (int i = 0; i < 4; i++)
		out[4 + i] = (uint8_t)(len >> 8 * i);
}

int
zframe_is_pad(const uint8_t *in, size_t len)
{
	while (len > 0) {
		size_t n = 0;

		if (len < SKIPPABLE_HEAD || memcmp(in, skippable, 4) != 0)
			return -1;
		for (int i = 0; i < 4; i++)
			n |= (size_t)in[4 + i] << 8 * i;
		if (n > len - SKIPPABLE_HEAD)
			return -1;
		in += SKIPPABLE_HEAD;
		len -= SKIPPABLE_HEAD;
		for (size_t i = 0; i < n; i++)
			if (in[i] != 0)
				return -1;
		in += n;
		len -= n;
	}
	return 0;
}
