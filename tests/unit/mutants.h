/*
 * Every way to change one byte of a valid encoding. A decoder of a canonical
 * form must refuse what comes out, or read it as something else whose one
 * encoding it is.
 */
#ifndef MUNIMENT_TESTS_MUTANTS_H
#define MUNIMENT_TESTS_MUTANTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/*
 * Decodes `len` bytes: true if they are accepted. It must itself check that
 * encoding what it read gives the same bytes again.
 */
typedef bool mutants_accepts(void *ctx, const uint8_t *bytes, size_t len);

/* A copy of just the right length, so that reading past it shows. */
static inline bool
mutants_try(mutants_accepts *f, void *ctx, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	bool ok;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	ok = f(ctx, copy, len);
	free(copy);
	return ok;
}

/* All flips of one bit; returns how many are accepted. */
static inline size_t
mutants_flip(mutants_accepts *f, void *ctx, const uint8_t *bytes, size_t len)
{
	uint8_t *b = malloc(len);
	size_t n = 0;

	assert_non_null(b);
	memcpy(b, bytes, len);
	for (size_t i = 0; i < 8 * len; i++) {
		b[i / 8] ^= (uint8_t)(1u << i % 8);
		n += mutants_try(f, ctx, b, len);
		b[i / 8] = bytes[i / 8];
	}
	free(b);
	return n;
}

/* One byte less, everywhere; returns how many are accepted. */
static inline size_t
mutants_delete(mutants_accepts *f, void *ctx, const uint8_t *bytes, size_t len)
{
	uint8_t *b = malloc(len);
	size_t n = 0;

	assert_non_null(b);
	for (size_t i = 0; i < len; i++) {
		memcpy(b, bytes, i);
		memcpy(b + i, bytes + i + 1, len - i - 1);
		n += mutants_try(f, ctx, b, len - 1);
	}
	free(b);
	return n;
}

/* One byte more, everywhere; returns how many are accepted. */
static inline size_t
mutants_insert(mutants_accepts *f, void *ctx, const uint8_t *bytes, size_t len)
{
	static const uint8_t some[] = {0,   '\t', '\n', '\r', ' ', '0',
				       '1', 'A',  'a',	'z',  '=', '"',
				       ',', 0x7f, 0x80, 0xff};
	uint8_t *b = malloc(len + 1);
	size_t n = 0;

	assert_non_null(b);
	for (size_t i = 0; i <= len; i++) {
		memcpy(b, bytes, i);
		memcpy(b + i + 1, bytes + i, len - i);
		for (size_t k = 0; k < sizeof some; k++) {
			b[i] = some[k];
			n += mutants_try(f, ctx, b, len + 1);
		}
	}
	free(b);
	return n;
}

/* All shorter beginnings: none may be accepted. */
static inline void
mutants_cut(mutants_accepts *f, void *ctx, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (mutants_try(f, ctx, bytes, i))
			fail_msg("accepted the first %zu of %zu bytes", i, len);
}

/* The valid text itself, and all changes; returns how many are accepted. */
static inline size_t
mutants_all(mutants_accepts *f, void *ctx, const void *text, size_t len)
{
	const uint8_t *bytes = text;

	assert_true(mutants_try(f, ctx, bytes, len));
	mutants_cut(f, ctx, bytes, len);
	return mutants_flip(f, ctx, bytes, len) +
	       mutants_delete(f, ctx, bytes, len) +
	       mutants_insert(f, ctx, bytes, len);
}

#endif
