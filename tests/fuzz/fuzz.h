/*
 * What the fuzz targets share. A target is one file: it hands the bytes to a
 * decoder that reads what comes from outside, and checks what its header
 * promises; and it gives some valid inputs to begin with.
 */
#ifndef MUNIMENT_TESTS_FUZZ_H
#define MUNIMENT_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer's name for a target; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Call `put` for each valid input. */
typedef void fuzz_put(const void *bytes, size_t len);
void fuzz_seeds(fuzz_put *put);

/* A promise that is not kept ends the process, as a fault does. */
#define MUST(what)                                                       \
	do {                                                             \
		if (!(what)) {                                           \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, \
				__LINE__, #what);                        \
			abort();                                         \
		}                                                        \
	} while (0)

/* A copy of just that length with a NUL behind, so that going past shows. */
char *fuzz_text(const uint8_t *data, size_t len);
/* Both runs of bytes must be the same. */
void fuzz_same(const void *a, size_t alen, const void *b, size_t blen);
/* The same bytes in each run, for seeds. */
void fuzz_fill(void *out, size_t len);

#endif
