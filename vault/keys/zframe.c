#include "zframe.h"

#include "secret.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <zstd.h>

#define LEVEL 3
#define SAMPLES 3	   /* that tell whether content shrinks */
#define SAMPLE (16u << 10) /* bytes of one */
#define WORTH 97	   /* per cent that must be left at most */
#define SKIPPABLE_HEAD 8
/* RFC 8878, 3.1.2: magic of a skippable frame, little-endian */
static const uint8_t skippable[4] = {0x50, 0x2a, 0x4d, 0x18};

size_t
zframe_bound(size_t len)
{
	return ZSTD_compressBound(len);
}

/* Each thread has contexts of its own, which end with it. */
static pthread_key_t encoders, decoders;
static pthread_once_t keys_once = PTHREAD_ONCE_INIT;
static bool keys;

static void
free_encoder(void *ctx)
{
	ZSTD_freeCCtx(ctx);
}

static void
free_decoder(void *ctx)
{
	ZSTD_freeDCtx(ctx);
}

static void
make_keys(void)
{
	keys = pthread_key_create(&encoders, free_encoder) == 0 &&
	       pthread_key_create(&decoders, free_decoder) == 0;
}

/* NULL without memory. */
static ZSTD_CCtx *
encoder(void)
{
	ZSTD_CCtx *ctx;

	pthread_once(&keys_once, make_keys);
	if (!keys)
		return NULL;
	ctx = pthread_getspecific(encoders);
	if (ctx == NULL && (ctx = ZSTD_createCCtx()) != NULL &&
	    pthread_setspecific(encoders, ctx) != 0) {
		ZSTD_freeCCtx(ctx);
		ctx = NULL;
	}
	return ctx;
}

static ZSTD_DCtx *
decoder(void)
{
	ZSTD_DCtx *ctx;

	pthread_once(&keys_once, make_keys);
	if (!keys)
		return NULL;
	ctx = pthread_getspecific(decoders);
	if (ctx != NULL)
		return ctx;
	ctx = ZSTD_createDCtx();
	if (ctx != NULL &&
	    (ZSTD_isError(ZSTD_DCtx_setParameter(ctx, ZSTD_d_windowLogMax,
						 ZFRAME_WINDOW_LOG_MAX)) ||
	     pthread_setspecific(decoders, ctx) != 0)) {
		ZSTD_freeDCtx(ctx);
		ctx = NULL;
	}
	return ctx;
}

size_t
zframe_encode(const void *in, size_t len, void *out, size_t cap)
{
	ZSTD_CCtx *ctx = encoder();
	size_t n;

	if (ctx == NULL)
		return 0;
	n = ZSTD_compressCCtx(ctx, out, cap, in, len, LEVEL);
	return ZSTD_isError(n) ? 0 : n;
}

bool
zframe_shrinks(const void *in, size_t len)
{
	const uint8_t *p = in;
	uint8_t out[ZSTD_COMPRESSBOUND(SAMPLE)];
	ZSTD_CCtx *ctx = encoder();
	size_t sum = 0, n;

	if (len < SAMPLES * SAMPLE || ctx == NULL)
		return true;
	for (size_t i = 0; i < SAMPLES; i++) {
		n = ZSTD_compressCCtx(ctx, out, sizeof out,
				      p + (len - SAMPLE) / (SAMPLES - 1) * i,
				      SAMPLE, 1);
		sum += ZSTD_isError(n) ? SAMPLE : n;
	}
	secret_wipe(out, sizeof out);
	return sum < SAMPLES * SAMPLE / 100 * WORTH;
}

/* RFC 8878, 3.1.1: a window of 128 KiB, and 4 bytes of content size. */
void
zframe_stored_head(uint32_t content, uint8_t out[ZFRAME_HEAD])
{
	memcpy(out, "\x28\xb5\x2f\xfd\x80\x38", 6);
	for (int i = 0; i < 4; i++)
		out[6 + i] = (uint8_t)(content >> 8 * i);
}

/* RFC 8878, 3.1.1.2: the last bit, type 0 (raw), the size in 21 bits. */
void
zframe_stored_block(uint32_t len, bool last, uint8_t out[ZFRAME_BLOCK_HEAD])
{
	uint32_t head = len << 3 | last;

	assert(len <= ZFRAME_BLOCK);
	for (int i = 0; i < 3; i++)
		out[i] = (uint8_t)(head >> 8 * i);
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
	ZSTD_DCtx *ctx = decoder();
	size_t n;

	if (ctx == NULL)
		return -1;
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
