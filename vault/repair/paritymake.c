#include "paritymake.h"

#include "erasure.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define MAKE_ROOM (32u << 20) /* bytes of blocks and records at a time */
#define CHECK_ROOM (1u << 20) /* bytes */

struct paritymake {
	struct parityform form;
	const char *shown;
	struct hash *all, *one; /* of the file, of the open block */
	uint8_t *sums;		/* of the file's blocks */
	uint64_t done;		/* bytes that were put */
};

struct paritymake *
paritymake_new(const struct parityform *f, const char *shown, struct err *e)
{
	struct paritymake *m = calloc(1, sizeof *m);

	if (m == NULL) {
		err_memory(e);
		return NULL;
	}
	m->form = *f;
	m->shown = shown;
	m->all = hash_new(HASH_SHA256);
	m->one = hash_new(HASH_SHA256);
	m->sums = malloc((size_t)f->blocks * PARITYFORM_SUM);
	if (m->all != NULL && m->one != NULL && m->sums != NULL)
		return m;
	err_memory(e);
	paritymake_free(m);
	return NULL;
}

void
paritymake_free(struct paritymake *m)
{
	if (m == NULL)
		return;
	hash_free(m->all);
	hash_free(m->one);
	free(m->sums);
	free(m);
}

static uint8_t *
sum_of(const struct paritymake *m, uint64_t block)
{
	return m->sums + block * PARITYFORM_SUM;
}

/* The open block is full, or padded to that. */
static void
end_block(struct paritymake *m, uint64_t block)
{
	uint8_t digest[HASH_LEN];

	hash_final(m->one, digest);
	memcpy(sum_of(m, block), digest, PARITYFORM_SUM);
}

void
paritymake_put(struct paritymake *m, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	assert(len <= m->form.size - m->done);
	hash_update(m->all, p, len);
	while (len > 0) {
		size_t n = m->form.block - (size_t)(m->done % m->form.block);

		if (n > len)
			n = len;
		hash_update(m->one, p, n);
		p += n;
		len -= n;
		m->done += n;
		if (m->done % m->form.block == 0)
			end_block(m, m->done / m->form.block - 1);
	}
}

void
paritymake_sum(struct paritymake *m, uint8_t sha256[HASH_LEN])
{
	static const uint8_t zeros[PARITYFORM_BLOCK_MAX];
	size_t tail = (size_t)(m->done % m->form.block);

	assert(m->done == m->form.size);
	if (tail > 0) {
		hash_update(m->one, zeros, m->form.block - tail);
		end_block(m, m->form.blocks - 1);
	}
	hash_final(m->all, m->form.sha256);
	memcpy(sha256, m->form.sha256, HASH_LEN);
}

void
paritymake_record_sum(const uint8_t *record, size_t len,
		      uint8_t sum[PARITYFORM_SUM])
{
	uint8_t digest[HASH_LEN];

	hash_sha256(record + PARITYFORM_SUMMED, len - PARITYFORM_SUMMED,
		    digest);
	memcpy(sum, digest, PARITYFORM_SUM);
}

/* What one round works on: some groups side by side. */
struct round {
	struct erasure *code;
	uint8_t *data;	  /* k runs of `most` blocks */
	uint8_t *records; /* m runs of `most` records */
	size_t most;	  /* groups of a round */
};

static int
round_new(const struct parityform *f, struct round *r, struct err *e)
{
	size_t each = (size_t)f->k * f->block + (size_t)f->m * f->record_len;

	r->most = MAKE_ROOM / each;
	if (r->most == 0)
		r->most = 1;
	if (r->most > f->groups)
		r->most = f->groups;
	r->code = erasure_new(f->k, f->m);
	r->data = malloc(r->most * f->k * f->block);
	r->records = calloc(r->most * f->m, f->record_len);
	return r->code == NULL || r->data == NULL || r->records == NULL
		   ? err_memory(e)
		   : 0;
}

static void
round_free(struct round *r)
{
	erasure_free(r->code);
	free(r->data);
	free(r->records);
}

/* One run of blocks: the same place of several groups. */
static int
read_run(const struct paritymake *m, uint64_t first, size_t n, uint8_t *buf,
	 parity_read *in, void *ctx, struct err *e)
{
	const struct parityform *f = &m->form;
	size_t len = n * f->block, have = len;

	if (first >= f->blocks)
		have = 0;
	else if (f->size - first * f->block < len)
		have = (size_t)(f->size - first * f->block);
	memset(buf + have, 0, len - have);
	if (have > 0 && in(ctx, first * f->block, buf, have, e) != 0)
		return -1;
	for (size_t i = 0; i < n && first + i < f->blocks; i++) {
		uint8_t digest[HASH_LEN];

		hash_sha256(buf + i * f->block, f->block, digest);
		if (memcmp(digest, sum_of(m, first + i), PARITYFORM_SUM) != 0) {
			err_set(e, ERR_UNKNOWN,
				"%s: what is read back is not what was written",
				m->shown);
			return err_hint(e, "the medium is not to be trusted:"
					   " take another");
		}
	}
	return 0;
}

/* A record around its block of parity. */
static void
seal_record(const struct paritymake *m, uint32_t record, uint8_t *out)
{
	const struct parityform *f = &m->form;
	uint8_t *at = out + PARITYFORM_HEAD;

	parityform_encode(f, record, out);
	memset(at, 0, (size_t)PARITYFORM_COPIES * PARITYFORM_SUM * f->chunk);
	for (unsigned c = 0; c < PARITYFORM_COPIES; c++) {
		uint32_t first = parityform_chunk(f, record, c), n = f->chunk;

		if (n > f->blocks - first)
			n = f->blocks - first;
		memcpy(at, sum_of(m, first), (size_t)n * PARITYFORM_SUM);
		at += (size_t)f->chunk * PARITYFORM_SUM;
	}
	paritymake_record_sum(out, f->record_len, out + PARITYFORM_CHECK);
}

/* Groups `first` to first + n - 1, whose blocks are in r->data. */
static void
encode(const struct paritymake *m, struct round *r, uint32_t first, size_t n)
{
	const struct parityform *f = &m->form;
	size_t before = f->record_len - f->block;
	uint8_t *data[PARITYFORM_CODE_MAX], *parity[PARITYFORM_CODE_MAX];

	for (size_t g = 0; g < n; g++) {
		for (size_t p = 0; p < f->k; p++)
			data[p] = r->data + (p * n + g) * f->block;
		for (size_t j = 0; j < f->m; j++)
			parity[j] =
			    r->records + (j * n + g) * f->record_len + before;
		erasure_encode(r->code, f->block, data, parity);
		for (size_t j = 0; j < f->m; j++)
			seal_record(m, (uint32_t)(j * f->groups + first + g),
				    parity[j] - before);
	}
}

int
paritymake_write(struct paritymake *m, parity_read *in, void *in_ctx,
		 parity_write *out, void *out_ctx, vault_progress *progress,
		 void *progress_ctx, struct err *e)
{
	const struct parityform *f = &m->form;
	struct round r = {0};
	int rc = round_new(f, &r, e);

	for (uint32_t first = 0; first < f->groups && rc == 0;
	     first += (uint32_t)r.most) {
		size_t n = r.most;

		if (n > f->groups - first)
			n = f->groups - first;
		for (size_t p = 0; p < f->k && rc == 0; p++) {
			rc = read_run(m, (uint64_t)p * f->groups + first, n,
				      r.data + p * n * f->block, in, in_ctx, e);
			if (progress != NULL && rc == 0)
				progress(
				    progress_ctx, "reading back",
				    ((uint64_t)first * f->k + (p + 1) * n) *
					f->block,
				    (uint64_t)f->groups * f->k * f->block);
		}
		if (rc == 0)
			encode(m, &r, first, n);
		for (size_t j = 0; j < f->m && rc == 0; j++)
			rc = out(out_ctx,
				 ((uint64_t)j * f->groups + first) *
				     f->record_len,
				 r.records + j * n * f->record_len,
				 n * f->record_len, e);
	}
	round_free(&r);
	return rc;
}

static bool
is_record(const struct parityform *f, const uint8_t *bytes, uint32_t record)
{
	uint8_t head[PARITYFORM_HEAD], sum[PARITYFORM_SUM];

	parityform_encode(f, record, head);
	paritymake_record_sum(bytes, f->record_len, sum);
	memcpy(head + PARITYFORM_CHECK, sum, sizeof sum);
	return memcmp(head, bytes, sizeof head) == 0;
}

int
paritymake_check(const struct paritymake *m, parity_read *in, void *ctx,
		 struct err *e)
{
	const struct parityform *f = &m->form;
	size_t most = CHECK_ROOM / f->record_len;
	uint8_t *buf = malloc(most * f->record_len);
	int rc = buf == NULL ? err_memory(e) : 0;

	for (uint32_t r = 0; r < f->records && rc == 0; r += (uint32_t)most) {
		size_t n = most < f->records - r ? most : f->records - r;

		rc = in(ctx, (uint64_t)r * f->record_len, buf,
			n * f->record_len, e);
		for (size_t i = 0; i < n && rc == 0; i++)
			if (!is_record(f, buf + i * f->record_len,
				       r + (uint32_t)i))
				rc = err_set(e, ERR_UNKNOWN,
					     "%s: what is read back of the"
					     " parity is not what was written",
					     m->shown);
	}
	free(buf);
	return rc;
}
