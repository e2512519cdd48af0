#include "cold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN HEX_ID_LEN /* bytes before the first part: the name */

const size_t cold_widths[COLD_PARTS] = {92, 32, 1, 1, 20, 48, 40, 60, 48};

struct cold *
cold_new(void)
{
	struct cold *c = calloc(1, sizeof *c);

	if (c != NULL && (c->pool = agepages_pool_new()) == NULL) {
		free(c);
		c = NULL;
	}
	return cold_hold(c);
}

struct cold *
cold_hold(struct cold *c)
{
	if (c != NULL)
		c->holders++;
	return c;
}

void
cold_close(struct cold_segment *s)
{
	agepages_close(s->file);
	free(s->groups);
	free(s->out);
	free(s->dead);
	memset(s, 0, sizeof *s);
}

void
cold_free(struct cold *c)
{
	if (c == NULL || --c->holders > 0)
		return;
	for (size_t i = 0; i < c->n; i++)
		cold_close(&c->list[i]);
	agepages_pool_free(c->pool);
	free(c->names);
	free(c);
}

uint32_t
cold_name(struct cold *c, const char *name)
{
	void *p;

	for (size_t i = 0; i < c->n_names; i++)
		if (strcmp(c->names[i], name) == 0)
			return (uint32_t)i;
	p = realloc(c->names, (c->n_names + 1) * sizeof *c->names);
	if (p == NULL)
		return UINT32_MAX;
	c->names = p;
	/* kept as it lies here, with its end */
	memset(c->names[c->n_names], 0, COLD_NAME_MAX);
	snprintf(c->names[c->n_names], COLD_NAME_MAX, "%s", name);
	return (uint32_t)c->n_names++;
}

uint64_t
cold_lay_out(struct cold_segment *s)
{
	uint64_t at = BEGIN;

	for (size_t i = 0; i < COLD_PARTS; i++) {
		s->at[i] = at;
		at += s->n[i] * cold_widths[i];
	}
	return at;
}

int
cold_open(struct cold *c, struct cold_segment *s, const char *dir,
	  const struct agefile_identity *key, struct err *e)
{
	char path[4096], name[BEGIN];

	if (snprintf(path, sizeof path, "%s/%s.age", dir, s->name) >=
	    (int)sizeof path)
		return err_set(e, ERR_UNKNOWN, "a path is too long");
	s->file = agepages_open(path, c->pool, key, e);
	if (s->file == NULL)
		return -1;
	if (agepages_size(s->file) != cold_lay_out(s) ||
	    agepages_read(s->file, 0, name, sizeof name, e) != 0 ||
	    memcmp(name, s->name, sizeof name) != 0)
		return err_set(e, ERR_EVIDENCE, "the index cache: damaged");
	return 0;
}

int
cold_check(const struct cold *c, struct err *e)
{
	if (c == NULL || c->broken.code == ERR_NONE)
		return 0;
	err_set(e, ERR_UNKNOWN, "%s", c->broken.msg);
	return err_hint(e, "give the command again: it is made anew");
}

bool
cold_rows(struct cold *c, size_t segment, enum cold_part part, uint64_t row,
	  void *out, size_t n)
{
	struct cold_segment *s = &c->list[segment];
	size_t width = cold_widths[part];

	if (c->broken.code != ERR_NONE)
		return false;
	if (row > s->n[part] || n > s->n[part] - row) {
		err_set(&c->broken, ERR_EVIDENCE, "the index cache: damaged");
		return false;
	}
	return agepages_read(s->file, s->at[part] + row * width, out, n * width,
			     &c->broken) == 0;
}

uint64_t
cold_get(const uint8_t *p, size_t len)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len; i++)
		v = v << 8 | p[i];
	return v;
}

void
cold_put(uint8_t *p, size_t len, uint64_t value)
{
	while (len-- > 0) {
		p[len] = (uint8_t)value;
		value >>= 8;
	}
}

/* Where among rows that begin with a hash or a random id this one must be. */
static uint64_t
guess(uint64_t key, uint64_t low, uint64_t high, uint64_t from, uint64_t to)
{
	if (key <= low)
		return from;
	if (key >= high)
		return to - 1;
	return from + (uint64_t)((double)(to - from - 1) *
				 ((double)(key - low) / (double)(high - low)));
}

uint64_t
cold_find(struct cold *c, size_t segment, enum cold_part part, const void *key,
	  size_t len)
{
	uint64_t from = 0, to = c->list[segment].n[part];
	uint64_t low = 0, high = UINT64_MAX;
	bool even = len >= 8 && part != COLD_RECORDS && part != COLD_CONTENTS;
	uint64_t k = even ? cold_get(key, 8) : 0;
	uint8_t row[COLD_WIDTH_MAX];

	for (unsigned i = 0; from < to; i++) {
		/* every third time in the middle: a guess may be wrong */
		uint64_t at = even && i % 3 != 2 ? guess(k, low, high, from, to)
						 : from + (to - from) / 2;

		if (!cold_rows(c, segment, part, at, row, 1))
			return c->list[segment].n[part];
		if (memcmp(row, key, len) < 0) {
			from = at + 1;
			low = even ? cold_get(row, 8) : 0;
		} else {
			to = at;
			high = even ? cold_get(row, 8) : 0;
		}
	}
	return from;
}

/* The row that begins so, of the newest segment that has one. */
static bool
newest(struct cold *c, enum cold_part part, const void *key, size_t len,
       uint8_t *row, size_t *segment)
{
	for (size_t i = c->n; i-- > 0;) {
		uint64_t at = cold_find(c, i, part, key, len);

		*segment = i;
		if (at < c->list[i].n[part] &&
		    cold_rows(c, i, part, at, row, 1) &&
		    memcmp(row, key, len) == 0)
			return true;
	}
	return false;
}

bool
cold_place(struct cold *c, const uint8_t sha256[HASH_LEN],
	   struct cold_place *out)
{
	uint8_t row[COLD_WIDTH_MAX];
	size_t segment;
	uint32_t record;

	if (c == NULL ||
	    !newest(c, COLD_PLACES, sha256, HASH_LEN, row, &segment))
		return false;
	out->log = (uint32_t)cold_get(row + 32, 4);
	out->batch = cold_get(row + 36, 8);
	record = (uint32_t)cold_get(row + 44, 4);
	out->at = record == COLD_NO_ROW ? SIZE_MAX : COLD_AT(segment, record);
	if (out->at != SIZE_MAX && cold_is_out(c, out->at))
		out->at = SIZE_MAX;
	return true;
}

bool
cold_object(struct cold *c, const uint8_t sha256[HASH_LEN], uint64_t *size)
{
	uint8_t row[COLD_WIDTH_MAX];
	size_t segment;

	if (c == NULL ||
	    !newest(c, COLD_OBJECTS, sha256, HASH_LEN, row, &segment))
		return false;
	*size = cold_get(row + 32, 8);
	return true;
}

void
cold_record_decode(const uint8_t *row, struct cold_record *out)
{
	out->log = (uint32_t)cold_get(row, 4);
	out->batch = cold_get(row + 4, 8);
	memcpy(out->sha256, row + 12, HASH_LEN);
	memcpy(out->item, row + 44, sizeof out->item);
	out->case_no = (uint32_t)cold_get(row + 60, 4);
	out->seat_no = (uint32_t)cold_get(row + 64, 4);
	out->brief_at = cold_get(row + 68, 8);
	out->text_at = cold_get(row + 76, 8);
	out->brief_len = (uint32_t)cold_get(row + 84, 4);
	out->text_len = (uint32_t)cold_get(row + 88, 4);
}

void
cold_record_encode(const struct cold_record *r, uint8_t *row)
{
	cold_put(row, 4, r->log);
	cold_put(row + 4, 8, r->batch);
	memcpy(row + 12, r->sha256, HASH_LEN);
	memcpy(row + 44, r->item, sizeof r->item);
	cold_put(row + 60, 4, r->case_no);
	cold_put(row + 64, 4, r->seat_no);
	cold_put(row + 68, 8, r->brief_at);
	cold_put(row + 76, 8, r->text_at);
	cold_put(row + 84, 4, r->brief_len);
	cold_put(row + 88, 4, r->text_len);
}

bool
cold_record(struct cold *c, size_t at, struct cold_record *out)
{
	uint8_t row[COLD_WIDTH_MAX];

	if (!cold_rows(c, COLD_SEGMENT(at), COLD_RECORDS, COLD_ROW(at), row, 1))
		return false;
	cold_record_decode(row, out);
	if (out->case_no < c->n_names && out->seat_no < c->n_names)
		return true;
	err_set(&c->broken, ERR_EVIDENCE, "the index cache: damaged");
	return false;
}

bool
cold_is_out(const struct cold *c, size_t at)
{
	const uint8_t *out = c->list[COLD_SEGMENT(at)].out;
	uint32_t row = COLD_ROW(at);

	return out != NULL && (out[row / 8] >> row % 8 & 1) != 0;
}

int
cold_take_out(struct cold *c, size_t at, const struct cold_record *r)
{
	struct cold_segment *s = &c->list[COLD_SEGMENT(at)];
	uint32_t row = COLD_ROW(at);

	if (s->out == NULL)
		s->out = calloc(s->n[COLD_RECORDS] / 8 + 1, 1);
	if (s->out == NULL)
		return -1;
	s->out[row / 8] |= (uint8_t)(1u << row % 8);
	for (size_t i = 0; i < s->n_groups; i++)
		if (s->groups[i].log == r->log &&
		    s->groups[i].case_no == r->case_no &&
		    s->groups[i].seat_no == r->seat_no)
			s->groups[i].out++;
	return 0;
}

static char *
bytes_of(struct cold *c, size_t at, enum cold_part part, uint64_t from,
	 size_t len)
{
	char *p = malloc(len + 1);

	if (p == NULL)
		err_memory(&c->broken);
	if (p == NULL || !cold_rows(c, COLD_SEGMENT(at), part, from, p, len)) {
		free(p);
		return NULL;
	}
	p[len] = '\0';
	return p;
}

char *
cold_text(struct cold *c, size_t at, const struct cold_record *r)
{
	return bytes_of(c, at, COLD_TEXTS, r->text_at, r->text_len);
}

char *
cold_brief(struct cold *c, size_t at, const struct cold_record *r)
{
	return bytes_of(c, at, COLD_BRIEFS, r->brief_at, r->brief_len);
}

/* Does an id begin with these hex digits? */
static int
against(const uint8_t *id, const char *prefix, size_t len)
{
	char hex[HEX_ID_LEN + 1];

	hex_encode(id, HEX_ID_LEN / 2, hex);
	return strncmp(hex, prefix, len);
}

int
cold_items(struct cold *c, const char *prefix, size_t len, cold_take *take,
	   void *ctx)
{
	uint8_t key[HEX_ID_LEN / 2] = {0}, row[COLD_WIDTH_MAX];
	char whole[HEX_ID_LEN + 1];
	struct cold_record r;
	int rc = 0;

	if (len > HEX_ID_LEN)
		return 0;
	memset(whole, '0', HEX_ID_LEN);
	memcpy(whole, prefix, len);
	if (hex_decode(whole, sizeof key, key) != 0)
		return 0;
	for (size_t i = 0; i < c->n && rc == 0; i++) {
		struct cold_segment *s = &c->list[i];
		uint64_t k = cold_find(c, i, COLD_ITEMS, key, sizeof key);

		for (; rc == 0 && k < s->n[COLD_ITEMS]; k++) {
			size_t at;

			if (!cold_rows(c, i, COLD_ITEMS, k, row, 1) ||
			    against(row, prefix, len) != 0)
				break;
			at = COLD_AT(i, cold_get(row + 16, 4));
			if (!cold_is_out(c, at) && cold_record(c, at, &r))
				rc = take(ctx, at, &r);
		}
	}
	return rc;
}

int
cold_bulk(struct cold *c, const uint8_t id[HEX_ID_LEN / 2], cold_key *take,
	  void *ctx)
{
	struct secret *row = secret_new(COLD_WIDTH_MAX);
	int rc = row == NULL ? -1 : 0;

	for (size_t i = 0; i < c->n && rc == 0; i++) {
		uint64_t k = cold_find(c, i, COLD_BULK, id, HEX_ID_LEN / 2);

		for (; rc == 0 && k < c->list[i].n[COLD_BULK] &&
		       cold_rows(c, i, COLD_BULK, k, row->bytes, 1) &&
		       memcmp(row->bytes, id, HEX_ID_LEN / 2) == 0;
		     k++)
			rc = take(ctx, row->bytes + 16,
				  (uint32_t)cold_get(row->bytes + 48, 4),
				  cold_get(row->bytes + 52, 8));
	}
	secret_free(row);
	return rc;
}

size_t
cold_content(struct cold *c, uint32_t case_no, uint64_t size,
	     const uint8_t sha256[HASH_LEN])
{
	uint8_t key[12 + HASH_LEN], row[COLD_WIDTH_MAX];
	size_t len = sha256 != NULL ? sizeof key : 12;

	cold_put(key, 4, case_no);
	cold_put(key + 4, 8, size);
	if (sha256 != NULL)
		memcpy(key + 12, sha256, HASH_LEN);
	for (size_t i = c->n; i-- > 0;) {
		uint64_t k = cold_find(c, i, COLD_CONTENTS, key, len);

		for (; k < c->list[i].n[COLD_CONTENTS] &&
		       cold_rows(c, i, COLD_CONTENTS, k, row, 1) &&
		       memcmp(row, key, len) == 0;
		     k++) {
			size_t at = COLD_AT(i, cold_get(row + 44, 4));

			if (!cold_is_out(c, at))
				return at;
		}
	}
	return SIZE_MAX;
}

int
cold_contents(struct cold *c, uint32_t case_no, uint64_t above, cold_take *take,
	      void *ctx)
{
	uint8_t key[12], row[COLD_WIDTH_MAX];
	struct cold_record r;
	int rc = 0;

	cold_put(key, 4, case_no);
	cold_put(key + 4, 8, above + 1);
	for (size_t i = 0; i < c->n && rc == 0; i++) {
		uint64_t k = cold_find(c, i, COLD_CONTENTS, key, sizeof key);

		for (; rc == 0 && k < c->list[i].n[COLD_CONTENTS] &&
		       cold_rows(c, i, COLD_CONTENTS, k, row, 1) &&
		       memcmp(row, key, 4) == 0;
		     k++) {
			size_t at = COLD_AT(i, cold_get(row + 44, 4));

			if (!cold_is_out(c, at) && cold_record(c, at, &r))
				rc = take(ctx, at, &r);
		}
	}
	return rc;
}
