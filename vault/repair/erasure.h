/*
 * Reed-Solomon over GF(2^8) with a Cauchy matrix, through Intel's ISA-L: any
 * k of a group's k + m blocks give the others (FORMAT.md 15). Only this file's
 * .c includes that library. (Its Vandermonde generator is not safe at these
 * sizes, and is not used.)
 */
#ifndef MUNIMENT_ERASURE_H
#define MUNIMENT_ERASURE_H

#include <stddef.h>
#include <stdint.h>

struct erasure;

/* k + m <= 255. NULL without memory. */
struct erasure *erasure_new(size_t k, size_t m);
void erasure_free(struct erasure *x);

/* The m parity blocks of k blocks, each of `len` bytes. */
void erasure_encode(const struct erasure *x, size_t len, uint8_t *const *data,
		    uint8_t *const *parity);

/*
 * Fill in the n lost ones of the k blocks in `data`, by n parity blocks:
 * lost[i] says which of the k, rows[i] which of the m stands in parity[i]. The
 * numbers of each are distinct. The parity is used up. -1: no memory.
 */
int erasure_solve(const struct erasure *x, size_t len, uint8_t *const *data,
		  const size_t *lost, const size_t *rows,
		  uint8_t *const *parity, size_t n);

#endif
