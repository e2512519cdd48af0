#include "erasure.h"

#include <assert.h>
#include <isa-l.h>
#include <stdlib.h>
#include <string.h>

#define TABLE 32 /* bytes that ISA-L makes of one coefficient */
#define ALIGN 64

struct erasure {
	size_t k, m;
	uint8_t *matrix; /* (k + m) rows of k; the first k are the identity */
	uint8_t *tables; /* of the last m rows */
};

/* What it takes to solve n equations. */
struct workroom {
	uint8_t *tables, *matrix; /* of n rows of k; or two squares of n */
	uint8_t *blocks;	  /* n of them */
};

static void *
tables_new(size_t k, size_t rows)
{
	size_t len = TABLE * k * rows;

	return aligned_alloc(ALIGN, (len + ALIGN - 1) / ALIGN * ALIGN);
}

struct erasure *
erasure_new(size_t k, size_t m)
{
	struct erasure *x = calloc(1, sizeof *x);

	assert(k >= 1 && m >= 1 && k + m <= 255);
	if (x == NULL)
		return NULL;
	x->k = k;
	x->m = m;
	x->matrix = malloc((k + m) * k);
	x->tables = tables_new(k, m);
	if (x->matrix == NULL || x->tables == NULL) {
		erasure_free(x);
		return NULL;
	}
	gf_gen_cauchy1_matrix(x->matrix, (int)(k + m), (int)k);
	ec_init_tables((int)k, (int)m, x->matrix + k * k, x->tables);
	return x;
}

void
erasure_free(struct erasure *x)
{
	if (x == NULL)
		return;
	free(x->matrix);
	free(x->tables);
	free(x);
}

/* ISA-L's lists of blocks are not const, though it changes none. */
static void
multiply(size_t len, size_t k, size_t rows, uint8_t *tables, uint8_t *const *in,
	 uint8_t *const *out)
{
	uint8_t *from[255], *to[255];

	memcpy(from, in, k * sizeof *from);
	memcpy(to, out, rows * sizeof *to);
	ec_encode_data((int)len, (int)k, (int)rows, tables, from, to);
}

void
erasure_encode(const struct erasure *x, size_t len, uint8_t *const *data,
	       uint8_t *const *parity)
{
	multiply(len, x->k, x->m, x->tables, data, parity);
}

/* What the parity says of the lost blocks alone: the others taken off it. */
static void
take_off(const struct erasure *x, size_t len, uint8_t *const *data,
	 const size_t *rows, uint8_t *const *parity, size_t n,
	 struct workroom *w)
{
	uint8_t *out[255];

	for (size_t i = 0; i < n; i++) {
		memcpy(w->matrix + i * x->k,
		       x->matrix + (x->k + rows[i]) * x->k, x->k);
		out[i] = w->blocks + i * len;
	}
	ec_init_tables((int)x->k, (int)n, w->matrix, w->tables);
	multiply(len, x->k, n, w->tables, data, out);
	for (size_t i = 0; i < n; i++)
		for (size_t b = 0; b < len; b++)
			parity[i][b] ^= out[i][b];
}

/* Solve the n equations that are left. */
static void
solve(const struct erasure *x, size_t len, uint8_t *const *data,
      const size_t *lost, const size_t *rows, uint8_t *const *parity, size_t n,
      struct workroom *w)
{
	uint8_t *square = w->matrix, *inverse = w->matrix + n * n, *out[255];

	for (size_t i = 0; i < n; i++) {
		out[i] = data[lost[i]];
		for (size_t j = 0; j < n; j++)
			square[i * n + j] =
			    x->matrix[(x->k + rows[i]) * x->k + lost[j]];
	}
	/* every square part of a Cauchy matrix has an inverse */
	if (gf_invert_matrix(square, inverse, (int)n) != 0)
		abort();
	ec_init_tables((int)n, (int)n, inverse, w->tables);
	multiply(len, n, n, w->tables, parity, out);
}

int
erasure_solve(const struct erasure *x, size_t len, uint8_t *const *data,
	      const size_t *lost, const size_t *rows, uint8_t *const *parity,
	      size_t n)
{
	struct workroom w = {.tables = tables_new(x->k, n),
			     .matrix = malloc(2 * x->k * n),
			     .blocks = malloc(n * len)};
	int rc = -1;

	assert(n >= 1 && n <= x->k && n <= x->m);
	if (w.tables != NULL && w.matrix != NULL && w.blocks != NULL) {
		for (size_t i = 0; i < n; i++)
			memset(data[lost[i]], 0, len);
		take_off(x, len, data, rows, parity, n, &w);
		solve(x, len, data, lost, rows, parity, n, &w);
		rc = 0;
	}
	free(w.tables);
	free(w.matrix);
	free(w.blocks);
	return rc;
}
