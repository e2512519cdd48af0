/* vault/keys/zframe.h: frames of one kind, and padding that hides nothing. */
#include "zframe.h"

#include "mutants.h"

#include <zstd.h>

static void
round_trip(void **state)
{
	static const size_t sizes[] = {0, 1, 1000, 70000, 3u << 20};

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		size_t n = sizes[i], bound = zframe_bound(n), frame, content;
		uint8_t *in = malloc(n + 1), *f = malloc(bound + 8);
		uint8_t *out = malloc(n + 1);
		size_t len;

		assert_true(in != NULL && f != NULL && out != NULL);
		for (size_t k = 0; k < n; k++)
			in[k] = (uint8_t)(k % 251 ^ k >> 10);
		len = zframe_encode(in, n, f, bound);
		assert_true(len > 0);
		zframe_pad(f + len, 8);
		assert_int_equal(zframe_peek(f, len + 8, n, &frame, &content),
				 0);
		assert_int_equal(frame, len);
		assert_int_equal(content, n);
		assert_int_equal(zframe_decode(f, frame, out, content), 0);
		assert_memory_equal(in, out, n);
		if (n > 0) {
			assert_int_equal(
			    zframe_peek(f, len, n - 1, &frame, &content), -1);
			assert_int_equal(zframe_decode(f, len, out, n - 1), -1);
		}
		assert_int_equal(zframe_decode(f, len, out, n + 1), -1);
		for (size_t k = 0; k < len; k += 1 + len / 500)
			assert_int_equal(zframe_peek(f, k, n, &frame, &content),
					 -1);
		free(in);
		free(f);
		free(out);
	}
}

/* Frames that zstd reads and we do not: no content size, a dictionary. */
static void
other_frames(void **state)
{
	static const uint8_t text[] = "some text, some text, some text";
	ZSTD_CCtx *c = ZSTD_createCCtx();
	uint8_t out[4096], rest[4096];
	size_t n, frame, content;

	(void)state;
	assert_non_null(c);
	ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0);
	n = ZSTD_compress2(c, out, sizeof out, text, sizeof text);
	assert_false(ZSTD_isError(n));
	assert_int_equal(zframe_peek(out, n, 4096, &frame, &content), -1);
	ZSTD_freeCCtx(c);
	/* a frame header that names a dictionary: descriptor 0x21 */
	n = zframe_encode(text, sizeof text, out, sizeof out);
	assert_int_equal(zframe_peek(out, n, 4096, &frame, &content), 0);
	assert_int_equal(out[4], 0x20);
	memcpy(rest, out + 5, n - 5);
	memcpy(out + 6, rest, n - 5);
	out[4] = 0x21;
	out[5] = 9;
	assert_int_equal(zframe_peek(out, n + 1, 4096, &frame, &content), -1);
	/* a skippable frame is no frame with content */
	zframe_pad(out, 64);
	assert_int_equal(zframe_peek(out, 64, 4096, &frame, &content), -1);
	assert_int_equal(zframe_peek("", 0, 4096, &frame, &content), -1);
}

/* Window of 2^log bytes, stated with a content of `size` zeros. */
static int
peek_window(int log, size_t size)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	size_t bound = ZSTD_compressBound(size), n, frame, content;
	uint8_t *in = calloc(1, size), *out = malloc(bound);
	int rc;

	assert_true(c != NULL && in != NULL && out != NULL);
	ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, log);
	n = ZSTD_compress2(c, out, bound, in, size);
	assert_false(ZSTD_isError(n));
	rc = zframe_peek(out, n, size, &frame, &content);
	ZSTD_freeCCtx(c);
	free(in);
	free(out);
	return rc;
}

/* FORMAT.md 11: at most 8 MiB. */
static void
windows(void **state)
{
	(void)state;
	assert_int_equal(peek_window(10, 3000), 0);
	assert_int_equal(peek_window(22, 9u << 20), 0);
	assert_int_equal(peek_window(23, 9u << 20), 0);
	assert_int_equal(peek_window(24, 17u << 20), -1);
	assert_int_equal(peek_window(25, 40u << 20), -1);
	/* one segment: the window is the content */
	assert_int_equal(peek_window(23, 8u << 20), 0);
	assert_int_equal(peek_window(25, 9u << 20), -1);
}

static void
padding(void **state)
{
	uint8_t pad[600] = {0};

	(void)state;
	assert_int_equal(zframe_is_pad(pad, 0), 0);
	for (size_t n = 8; n < 600; n++) {
		zframe_pad(pad, n);
		assert_int_equal(zframe_is_pad(pad, n), 0);
		assert_int_equal(ZSTD_findFrameCompressedSize(pad, n), n);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(zframe_is_pad(pad, i),
					 i == 0 ? 0 : -1);
	}
	/* two in a row, also empty ones */
	zframe_pad(pad, 8);
	zframe_pad(pad + 8, 20);
	zframe_pad(pad + 28, 8);
	assert_int_equal(zframe_is_pad(pad, 36), 0);
}

/* No bit of it can be set. */
static void
padding_hides_nothing(void **state)
{
	uint8_t pad[80];

	(void)state;
	zframe_pad(pad, sizeof pad);
	for (size_t i = 0; i < 8 * sizeof pad; i++) {
		pad[i / 8] ^= (uint8_t)(1u << i % 8);
		if (zframe_is_pad(pad, sizeof pad) == 0)
			fail_msg("bit %zu", i);
		pad[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	/* the other fifteen magics of skippable frames */
	for (unsigned m = 0x51; m < 0x60; m++) {
		pad[0] = (uint8_t)m;
		assert_int_equal(zframe_is_pad(pad, sizeof pad), -1);
	}
	pad[0] = 0x50;
	/* lengths that do not fit */
	memset(pad + 4, 0xff, 4);
	assert_int_equal(zframe_is_pad(pad, sizeof pad), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(other_frames),
	    cmocka_unit_test(windows),
	    cmocka_unit_test(padding),
	    cmocka_unit_test(padding_hides_nothing),
	};

	return cmocka_run_group_tests_name("zframe", tests, NULL, NULL);
}
