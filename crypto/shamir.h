/*
 * Shamir's secret sharing over GF(2^8), byte by byte (A. Shamir, "How to
 * share a secret", 1979): any k of the shares give the secret, fewer say
 * nothing at all about it, whatever the computer.
 *
 * One of the few pieces of cryptographic code of our own: no packaged library
 * checks its input and runs in constant time. The field is that of AES
 * (x^8 + x^4 + x^3 + x + 1). Time and memory accesses depend on the lengths,
 * k and the indices, never on a secret or a share: no table, no branch.
 *
 * There is no error detection here: what was joined from a wrong share, or
 * from too few, is other bytes. Whoever uses this puts a digest into the
 * secret.
 */
#ifndef MUNIMENT_SHAMIR_H
#define MUNIMENT_SHAMIR_H

#include <stddef.h>
#include <stdint.h>

#define SHAMIR_MAX 16 /* shares, and thereby the greatest k */

/*
 * One share, `len` bytes to `out`: the polynomials whose coefficients are the
 * k rows of `len` bytes in `rows` (row 0: the secret; the others random) at
 * x = index. `rows` and `out` lie in guarded memory.
 */
void shamir_share(const uint8_t *rows, unsigned k, size_t len, uint8_t index,
		  uint8_t *out);

/*
 * Cut `len` bytes into n shares with the indices 1 to n, one behind the other
 * in `out` (n * len bytes of guarded memory), so that any k restore them; k
 * from 2 to n, n at most SHAMIR_MAX. Returns 0, or -1 without memory.
 */
int shamir_split(const uint8_t *secret, size_t len, unsigned k, unsigned n,
		 uint8_t *out);

/*
 * The value at x = `at` of the polynomials through k shares of `len` bytes
 * whose indices are all different: 0 gives the secret, another index that
 * share. `out` (guarded memory) is none of the shares.
 */
void shamir_join(const uint8_t *const *shares, const uint8_t *indices,
		 unsigned k, size_t len, uint8_t at, uint8_t *out);

#endif
