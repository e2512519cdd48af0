#include "paritymend.h"

#include "erasure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ROOM (1u << 20)	      /* bytes that are read at a time */
#define MEND_ROOM (64u << 20) /* bytes of blocks of some groups */
#define FIND_UNIT 4096	      /* bytes that are read at least */
#define UNITS_MAX (ROOM / PARITYFORM_BLOCK_MIN)

struct paritymend {
	struct parityform form;
	struct joined *data, *parity;
	uint8_t *sums;	    /* of the file's blocks, as far as known */
	bool *known, *good; /* of each block: its checksum; its bytes */
	bool *record_good;
	uint16_t *bad;	 /* damaged blocks of each group */
	uint16_t *spare; /* sound records of each group */
};

/* -- the layout -- */

/* Is there a whole record at this place of a file? */
static bool
is_whole(struct joined *j, uint64_t at, const uint8_t *head,
	 struct parityform *f)
{
	uint8_t sum[PARITYFORM_SUM], *bytes;
	uint32_t record;
	bool yes = false;

	if (parityform_decode(head, f, &record) != FORMAT_OK)
		return false;
	bytes = malloc(f->record_len);
	if (bytes != NULL) {
		joined_read(j, at, bytes, f->record_len, f->record_len, &yes);
		paritymake_record_sum(bytes, f->record_len, sum);
		yes = yes &&
		      memcmp(bytes + PARITYFORM_CHECK, sum, sizeof sum) == 0;
	}
	free(bytes);
	return yes;
}

/* Look for a record's beginning in some bytes of the file. */
static bool
find_in(struct joined *j, uint64_t at, const uint8_t *buf, size_t len,
	struct parityform *f)
{
	const uint8_t *p = buf, *end = buf + len;

	while ((p = memmem(p, (size_t)(end - p), PARITYFORM_MAGIC,
			   PARITYFORM_MAGIC_LEN)) != NULL &&
	       end - p >= PARITYFORM_HEAD) {
		if (is_whole(j, at + (uint64_t)(p - buf), p, f))
			return true;
		p++;
	}
	return false;
}

static bool
find_in_file(const char *path, uint8_t *buf, bool *read, struct parityform *f,
	     struct err *e)
{
	struct joined *j = joined_new();
	struct stat st;
	bool found = false, seen = stat(path, &st) == 0;

	if (!seen && errno != ENOENT && errno != ENOTDIR)
		err_sys(e, "looking at it");
	if (j != NULL && seen && S_ISREG(st.st_mode) &&
	    joined_add(j, path, (uint64_t)st.st_size, e) == 0)
		for (uint64_t at = 0; at < joined_size(j) && !found;
		     at += ROOM - PARITYFORM_HEAD) {
			joined_read(j, at, buf, ROOM, FIND_UNIT, read);
			found = find_in(j, at, buf, ROOM, f);
		}
	if (j == NULL)
		err_memory(e);
	else if (!found && joined_lack(j) != 0)
		err_set(e, ERR_UNKNOWN, "%s", strerror(joined_lack(j)));
	joined_free(j);
	return found;
}

bool
paritymend_find(const char *const *files, size_t n, struct parityform *f,
		struct err *e)
{
	uint8_t *buf = malloc(ROOM);
	bool *read = malloc(ROOM / FIND_UNIT * sizeof *read), found = false;

	if (buf != NULL && read != NULL)
		for (size_t i = 0; i < n && !found; i++)
			found = find_in_file(files[i], buf, read, f, e);
	else
		err_memory(e);
	free(read);
	free(buf);
	return found;
}

/* -- what is there -- */

struct paritymend *
paritymend_new(const struct parityform *f, struct joined *data,
	       struct joined *parity, struct err *e)
{
	struct paritymend *m = calloc(1, sizeof *m);

	if (m == NULL) {
		err_memory(e);
		return NULL;
	}
	m->form = *f;
	m->data = data;
	m->parity = parity;
	m->sums = malloc((size_t)f->blocks * PARITYFORM_SUM);
	m->known = calloc(f->blocks, sizeof *m->known);
	m->good = calloc(f->blocks, sizeof *m->good);
	m->record_good = calloc(f->records, sizeof *m->record_good);
	m->bad = calloc(f->groups, sizeof *m->bad);
	m->spare = calloc(f->groups, sizeof *m->spare);
	if (m->sums != NULL && m->known != NULL && m->good != NULL &&
	    m->record_good != NULL && m->bad != NULL && m->spare != NULL)
		return m;
	err_memory(e);
	paritymend_free(m);
	return NULL;
}

void
paritymend_free(struct paritymend *m)
{
	if (m == NULL)
		return;
	free(m->sums);
	free(m->known);
	free(m->good);
	free(m->record_good);
	free(m->bad);
	free(m->spare);
	free(m);
}

static bool
is_record(const struct paritymend *m, const uint8_t *bytes, uint32_t record)
{
	uint8_t head[PARITYFORM_HEAD];

	parityform_encode(&m->form, record, head);
	paritymake_record_sum(bytes, m->form.record_len,
			      head + PARITYFORM_CHECK);
	return memcmp(head, bytes, sizeof head) == 0;
}

/* A sound record: its checksums of the file, and that it is there. */
static void
take_record(struct paritymend *m, const uint8_t *bytes, uint32_t record)
{
	const struct parityform *f = &m->form;
	const uint8_t *at = bytes + PARITYFORM_HEAD;

	m->record_good[record] = true;
	m->spare[parityform_group(f, record)]++;
	for (unsigned c = 0; c < PARITYFORM_COPIES; c++) {
		uint32_t first = parityform_chunk(f, record, c);

		for (uint32_t i = 0; i < f->chunk; i++, at += PARITYFORM_SUM) {
			if (first + i >= f->blocks || m->known[first + i])
				continue;
			memcpy(m->sums + (size_t)(first + i) * PARITYFORM_SUM,
			       at, PARITYFORM_SUM);
			m->known[first + i] = true;
		}
	}
}

static void
look_at_parity(struct paritymend *m, vault_progress *progress, void *ctx,
	       uint8_t *buf, bool *read, struct paritymend_state *out)
{
	const struct parityform *f = &m->form;
	uint32_t most = ROOM / f->record_len;

	for (uint32_t r = 0; r < f->records; r += most) {
		uint32_t n = most < f->records - r ? most : f->records - r;

		joined_read(m->parity, (uint64_t)r * f->record_len, buf,
			    (size_t)n * f->record_len, f->record_len, read);
		for (uint32_t i = 0; i < n; i++) {
			uint8_t *b = buf + (size_t)i * f->record_len;

			if (read[i] && is_record(m, b, r + i))
				take_record(m, b, r + i);
			else
				out->bad_records++;
		}
		if (progress != NULL)
			progress(ctx, "checking parity",
				 (uint64_t)(r + n) * f->record_len,
				 parityform_len(f));
	}
}

static bool
has_sum(const struct paritymend *m, uint32_t block, const uint8_t *bytes)
{
	uint8_t digest[HASH_LEN];

	hash_sha256(bytes, m->form.block, digest);
	return memcmp(digest, m->sums + (size_t)block * PARITYFORM_SUM,
		      PARITYFORM_SUM) == 0;
}

/* Each block, and the SHA-256 of them all. */
static void
look_at_data(struct paritymend *m, vault_progress *progress, void *ctx,
	     uint8_t *buf, bool *read, struct hash *h,
	     struct paritymend_state *out)
{
	const struct parityform *f = &m->form;
	uint32_t most = ROOM / f->block;
	uint8_t digest[HASH_LEN];

	out->whole = joined_fits(m->data);
	for (uint32_t b = 0; b < f->blocks; b += most) {
		uint32_t n = most < f->blocks - b ? most : f->blocks - b;
		uint64_t at = (uint64_t)b * f->block;
		size_t len = (size_t)n * f->block;

		joined_read(m->data, at, buf, len, f->block, read);
		for (uint32_t i = 0; i < n; i++) {
			m->good[b + i] =
			    read[i] && m->known[b + i] &&
			    has_sum(m, b + i, buf + (size_t)i * f->block);
			out->whole = out->whole && read[i] &&
				     (m->good[b + i] || !m->known[b + i]);
		}
		if (len > f->size - at)
			len = (size_t)(f->size - at);
		/* of no use any more once a block is known to be bad */
		if (out->whole)
			hash_update(h, buf, len);
		if (progress != NULL)
			progress(ctx, "checking", at + len, f->size);
	}
	hash_final(h, digest);
	out->whole =
	    out->whole && memcmp(digest, f->sha256, sizeof digest) == 0;
}

static void
add_lost(const struct paritymend *m, uint32_t block,
	 struct paritymend_state *out)
{
	uint64_t from = (uint64_t)block * m->form.block, to;

	to = from + m->form.block < m->form.size ? from + m->form.block
						 : m->form.size;
	out->lost_blocks++;
	if (out->n_lost > 0 && out->n_lost <= PARITYMEND_RANGES &&
	    out->lost[out->n_lost - 1].to == from) {
		out->lost[out->n_lost - 1].to = to;
		return;
	}
	if (out->n_lost < PARITYMEND_RANGES) {
		out->lost[out->n_lost].from = from;
		out->lost[out->n_lost].to = to;
	}
	out->n_lost++;
}

/* Count what is damaged, and which of it is beyond help. */
static void
judge(struct paritymend *m, struct paritymend_state *out)
{
	const struct parityform *f = &m->form;

	if (out->whole)
		memset(m->good, true, f->blocks * sizeof *m->good);
	for (uint32_t b = 0; b < f->blocks; b++)
		if (!m->good[b]) {
			out->bad_blocks++;
			m->bad[b % f->groups]++;
		}
	for (uint32_t b = 0; b < f->blocks; b++)
		if (!m->good[b] &&
		    m->bad[b % f->groups] > m->spare[b % f->groups])
			add_lost(m, b, out);
}

/* Nothing is known yet. */
static void
start(struct paritymend *m, struct paritymend_state *out)
{
	memset(out, 0, sizeof *out);
	out->blocks = m->form.blocks;
	out->records = m->form.records;
	memset(m->known, 0, m->form.blocks * sizeof *m->known);
	memset(m->record_good, 0, m->form.records * sizeof *m->record_good);
	memset(m->bad, 0, m->form.groups * sizeof *m->bad);
	memset(m->spare, 0, m->form.groups * sizeof *m->spare);
}

int
paritymend_look(struct paritymend *m, vault_progress *progress, void *ctx,
		struct paritymend_state *out, struct err *e)
{
	uint8_t *buf = malloc(ROOM);
	bool *read = malloc(UNITS_MAX * sizeof *read);
	struct hash *h = hash_new(HASH_SHA256);
	int rc = -1;

	start(m, out);
	if (buf == NULL || read == NULL || h == NULL) {
		err_memory(e);
	} else {
		look_at_parity(m, progress, ctx, buf, read, out);
		look_at_data(m, progress, ctx, buf, read, h, out);
		judge(m, out);
		rc = 0;
	}
	hash_free(h);
	free(read);
	free(buf);
	return rc;
}

int
paritymend_look_at_parity(struct paritymend *m, vault_progress *progress,
			  void *ctx, struct paritymend_state *out,
			  struct err *e)
{
	uint8_t *buf = malloc(ROOM);
	bool *read = malloc(UNITS_MAX * sizeof *read);
	int rc = buf == NULL || read == NULL ? err_memory(e) : 0;

	start(m, out);
	if (rc == 0)
		look_at_parity(m, progress, ctx, buf, read, out);
	free(read);
	free(buf);
	return rc;
}

/* -- restoring -- */

struct restore {
	struct paritymend *m;
	uint64_t from, to; /* bytes that are wanted */
	parity_write *out;
	void *out_ctx;
	vault_progress *progress;
	void *ctx;
	struct erasure *code;
	uint8_t *data;	/* k runs of `most` blocks */
	uint8_t *spare; /* m blocks, behind room for one record */
	uint8_t *record;
	bool *read;
	uint32_t most; /* groups of a round */
};

/* What of a block is wanted goes out. */
static int
give(struct restore *r, uint64_t block, const uint8_t *bytes, uint32_t n,
     struct err *e)
{
	uint64_t at = block * r->m->form.block,
		 end = at + (uint64_t)n * r->m->form.block;

	if (end > r->to)
		end = r->to;
	if (at < r->from) {
		uint64_t skip = r->from - at;

		if (r->from >= end)
			return 0;
		bytes += skip;
		at += skip;
	}
	return at < end ? r->out(r->out_ctx, at, bytes, (size_t)(end - at), e)
			: 0;
}

static bool
is_wanted(const struct restore *r, uint64_t block)
{
	return block * r->m->form.block < r->to &&
	       (block + 1) * r->m->form.block > r->from;
}

/* The sound blocks; one that has turned bad since is counted among those. */
static int
copy_good(struct restore *r, struct err *e)
{
	const struct parityform *f = &r->m->form;
	uint32_t most = ROOM / f->block;
	uint8_t *buf = malloc(ROOM);
	int rc = buf == NULL ? err_memory(e) : 0;

	for (uint64_t b = r->from / f->block; b * f->block < r->to && rc == 0;
	     b += most) {
		uint32_t n =
		    most < f->blocks - b ? most : (uint32_t)(f->blocks - b);
		uint32_t i = 0;

		joined_read(r->m->data, b * f->block, buf, (size_t)n * f->block,
			    f->block, r->read);
		while (i < n && rc == 0) {
			uint32_t run = 0;

			while (i + run < n && r->m->good[b + i + run] &&
			       r->read[i + run])
				run++;
			if (run > 0)
				rc = give(r, b + i, buf + (size_t)i * f->block,
					  run, e);
			i += run;
			if (i < n && r->m->good[b + i]) {
				r->m->good[b + i] = false;
				r->m->bad[(b + i) % f->groups]++;
			}
			i++;
		}
		if (r->progress != NULL)
			r->progress(r->ctx, "copying", b * f->block, f->size);
	}
	free(buf);
	return rc;
}

/* Read a group's run of blocks again, and judge each again. */
static void
read_round(struct restore *r, uint32_t first, uint32_t n)
{
	const struct parityform *f = &r->m->form;

	for (uint32_t p = 0; p < f->k; p++) {
		uint64_t b = (uint64_t)p * f->groups + first;
		uint8_t *to = r->data + (size_t)p * n * f->block;

		joined_read(r->m->data, b * f->block, to, (size_t)n * f->block,
			    f->block, r->read);
		for (uint32_t g = 0; g < n && b + g < f->blocks; g++) {
			if (!r->m->good[b + g])
				continue;
			if (r->read[g] && (!r->m->known[b + g] ||
					   has_sum(r->m, (uint32_t)(b + g),
						   to + (size_t)g * f->block)))
				continue;
			r->m->good[b + g] = false;
			r->m->bad[first + g]++;
		}
	}
}

/* The lost blocks of a group, and as many sound records. */
static int
gather(struct restore *r, uint32_t group, size_t *lost, size_t *rows, size_t *n)
{
	const struct parityform *f = &r->m->form;
	size_t have = 0, before = f->record_len - f->block;

	*n = 0;
	for (uint32_t p = 0; p < f->k; p++) {
		uint64_t b = (uint64_t)p * f->groups + group;

		if (b < f->blocks && !r->m->good[b])
			lost[(*n)++] = p;
	}
	for (uint32_t j = 0; j < f->m && have < *n; j++) {
		uint32_t record = j * f->groups + group;
		bool read;

		if (!r->m->record_good[record])
			continue;
		joined_read(r->m->parity, (uint64_t)record * f->record_len,
			    r->record, f->record_len, f->record_len, &read);
		if (!read || !is_record(r->m, r->record, record))
			continue;
		memcpy(r->spare + have * f->block, r->record + before,
		       f->block);
		rows[have++] = j;
	}
	return have == *n ? 0 : -1;
}

/* One group of a round: its g-th of n. */
static int
mend_group(struct restore *r, uint32_t first, uint32_t g, uint32_t n,
	   struct err *e)
{
	const struct parityform *f = &r->m->form;
	uint8_t *data[PARITYFORM_CODE_MAX], *spare[PARITYFORM_CODE_MAX];
	size_t lost[PARITYFORM_CODE_MAX], rows[PARITYFORM_CODE_MAX], n_lost;

	if (gather(r, first + g, lost, rows, &n_lost) != 0)
		return err_set(e, ERR_EVIDENCE,
			       "more is damaged than the parity can restore");
	if (n_lost == 0)
		return 0;
	for (size_t p = 0; p < f->k; p++)
		data[p] = r->data + (p * n + g) * f->block;
	for (size_t i = 0; i < n_lost; i++)
		spare[i] = r->spare + i * f->block;
	if (erasure_solve(r->code, f->block, data, lost, rows, spare, n_lost) !=
	    0)
		return err_memory(e);
	for (size_t i = 0; i < n_lost; i++)
		if (give(r, (uint64_t)lost[i] * f->groups + first + g,
			 data[lost[i]], 1, e) != 0)
			return -1;
	return 0;
}

/* Does any of these groups hold a damaged block that is wanted? */
static bool
needs_mending(const struct restore *r, uint32_t first, uint32_t n)
{
	const struct parityform *f = &r->m->form;

	for (uint32_t g = first; g < first + n; g++) {
		if (r->m->bad[g] == 0)
			continue;
		for (uint64_t b = g; b < f->blocks; b += f->groups)
			if (!r->m->good[b] && is_wanted(r, b))
				return true;
	}
	return false;
}

static int
mend_all(struct restore *r, struct err *e)
{
	const struct parityform *f = &r->m->form;

	for (uint32_t first = 0; first < f->groups; first += r->most) {
		uint32_t n =
		    r->most < f->groups - first ? r->most : f->groups - first;

		if (!needs_mending(r, first, n))
			continue;
		read_round(r, first, n);
		for (uint32_t g = 0; g < n; g++)
			if (needs_mending(r, first + g, 1) &&
			    mend_group(r, first, g, n, e) != 0)
				return -1;
		if (r->progress != NULL)
			r->progress(r->ctx, "restoring",
				    (uint64_t)(first + n) * f->k * f->block,
				    (uint64_t)f->groups * f->k * f->block);
	}
	return 0;
}

static int
restore_new(struct restore *r, struct err *e)
{
	const struct parityform *f = &r->m->form;
	size_t each = (size_t)f->k * f->block, units = UNITS_MAX;

	r->most = (uint32_t)(MEND_ROOM / each);
	if (r->most == 0)
		r->most = 1;
	if (r->most > f->groups)
		r->most = f->groups;
	if (r->most > units)
		units = r->most;
	r->code = erasure_new(f->k, f->m);
	r->data = malloc(each * r->most);
	r->spare = malloc((size_t)f->m * f->block);
	r->record = malloc(f->record_len);
	r->read = malloc(units * sizeof *r->read);
	return r->code == NULL || r->data == NULL || r->spare == NULL ||
		       r->record == NULL || r->read == NULL
		   ? err_memory(e)
		   : 0;
}

int
paritymend_restore(struct paritymend *m, uint64_t from, uint64_t to,
		   parity_write *out, void *out_ctx, vault_progress *progress,
		   void *ctx, struct err *e)
{
	struct restore r = {.m = m,
			    .from = from,
			    .to = to < m->form.size ? to : m->form.size,
			    .out = out,
			    .out_ctx = out_ctx,
			    .progress = progress,
			    .ctx = ctx};
	int rc = restore_new(&r, e);

	if (rc == 0)
		rc = copy_good(&r, e);
	if (rc == 0)
		rc = mend_all(&r, e);
	erasure_free(r.code);
	free(r.data);
	free(r.spare);
	free(r.record);
	free(r.read);
	return rc;
}
