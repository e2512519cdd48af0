#include "cold_write.h"

#include "fsutil.h"
#include "padme.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAD_MIN                                                            \
	(256u << 10)	   /* bytes of the shortest file that is filled up \
			    */
#define PAD_TWO (1u << 20) /* up to here to powers of two */

struct cold_writer {
	struct agefile_writer *age;
	int fd;
	uint64_t len; /* bytes of content so far */
	char path[FSUTIL_PATH], tmp[FSUTIL_PATH];
};

static int
to_file(void *ctx, const void *bytes, size_t len, struct err *e)
{
	const struct cold_writer *w = ctx;

	return fsutil_write_all(w->fd, bytes, len, e);
}

struct cold_writer *
cold_writer_new(const char *dir, const char *name,
		const struct agekey_public *to, struct err *e)
{
	struct agefile_to one = {.keys = to, .n = 1};
	struct cold_writer *w = calloc(1, sizeof *w);
	char other[HEX_ID_LEN + 1];

	if (w == NULL) {
		err_memory(e);
		return NULL;
	}
	w->fd = -1;
	cold_name_new(other);
	if (snprintf(w->path, sizeof w->path, "%s/%s.age", dir, name) >=
		(int)sizeof w->path ||
	    snprintf(w->tmp, sizeof w->tmp, "%s/%s.new", dir, other) >=
		(int)sizeof w->tmp) {
		err_set(e, ERR_UNKNOWN, "a path is too long");
		goto bad;
	}
	w->fd = open(w->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (w->fd < 0) {
		err_sys(e, "%s", w->path);
		w->tmp[0] = '\0';
		goto bad;
	}
	w->age = agefile_writer_new(&one, to_file, w, e);
	if (w->age != NULL)
		return w;
bad:
	cold_writer_free(w);
	return NULL;
}

int
cold_write(struct cold_writer *w, const void *bytes, size_t len, struct err *e)
{
	w->len += len;
	return len > 0 ? agefile_write(w->age, bytes, len, e) : 0;
}

int
cold_pad(struct cold_writer *w, struct err *e)
{
	static const uint8_t zeros[4096];
	uint64_t to = PAD_MIN;

	while (to < w->len && to < PAD_TWO)
		to *= 2;
	if (to < w->len)
		to = padme(w->len);
	while (w->len < to) {
		uint64_t left = to - w->len;
		size_t n = left < sizeof zeros ? (size_t)left : sizeof zeros;

		if (cold_write(w, zeros, n, e) != 0)
			return -1;
	}
	return 0;
}

/*
 * Without fsync: what a power cut takes is made again. But the names must be
 * right, so the files are not; what is cut off does not open.
 */
int
cold_writer_commit(struct cold_writer *w, struct err *e)
{
	struct timespec t[2] = {{FSUTIL_TIME, 0}, {FSUTIL_TIME, 0}};
	int fd = w->fd;

	if (agefile_finish(w->age, e) != 0)
		return -1;
	(void)futimens(fd, t);
	w->fd = -1;
	if (close(fd) != 0 || rename(w->tmp, w->path) != 0)
		return err_sys(e, "%s", w->path);
	w->tmp[0] = '\0';
	return 0;
}

void
cold_writer_free(struct cold_writer *w)
{
	if (w == NULL)
		return;
	agefile_writer_free(w->age);
	if (w->fd >= 0)
		close(w->fd);
	if (w->tmp[0] != '\0')
		unlink(w->tmp);
	free(w);
}

void
cold_name_new(char name[HEX_ID_LEN + 1])
{
	uint8_t raw[HEX_ID_LEN / 2];

	secret_random(raw, sizeof raw);
	hex_encode(raw, sizeof raw, name);
}

uint8_t *
cold_list_add(struct cold_list *l)
{
	uint8_t *row;

	if (l->n == l->cap) {
		size_t cap = l->cap > 0 ? 2 * l->cap : 256;
		void *p = realloc(l->rows, cap * l->width);

		if (p == NULL)
			return NULL;
		l->rows = p;
		l->cap = cap;
	}
	row = l->rows + l->n++ * l->width;
	memset(row, 0, l->width);
	return row;
}

static int
by_bytes(const void *a, const void *b, void *width)
{
	return memcmp(a, b, *(const size_t *)width);
}

void
cold_list_sort(struct cold_list *l)
{
	if (l->n > 1)
		qsort_r(l->rows, l->n, l->width, by_bytes, &l->width);
}

int
cold_group_add(struct cold_segment *s, const struct cold_record *r)
{
	struct cold_group *g = NULL;
	void *p;

	/* the newest first: records come in the order of logs */
	for (size_t i = s->n_groups; i-- > 0 && g == NULL;)
		if (s->groups[i].log == r->log &&
		    s->groups[i].case_no == r->case_no &&
		    s->groups[i].seat_no == r->seat_no)
			g = &s->groups[i];
	if (g == NULL) {
		p = realloc(s->groups, (s->n_groups + 1) * sizeof *s->groups);
		if (p == NULL)
			return -1;
		s->groups = p;
		g = &s->groups[s->n_groups++];
		/* kept as it lies here, with its padding */
		memset(g, 0, sizeof *g);
		g->log = r->log;
		g->case_no = r->case_no;
		g->seat_no = r->seat_no;
		g->least = g->most = r->batch;
	}
	g->least = r->batch < g->least ? r->batch : g->least;
	g->most = r->batch > g->most ? r->batch : g->most;
	g->n++;
	return 0;
}

/* One segment while its rows are merged with those of others. */
struct source {
	size_t segment;
	uint64_t at, end; /* of the part that is merged */
	uint8_t row[COLD_WIDTH_MAX];
	bool has;
	uint32_t *moved; /* for each record its new row, or COLD_NO_ROW */
};

struct join {
	struct cold *c;
	struct source *list; /* the oldest first */
	size_t n;
	size_t *order; /* where each record of the new one rests now */
	uint64_t n_order, cap_order;
	uint64_t briefs, texts; /* bytes */
	struct secret *buf;
	struct cold_segment *out;
	struct cold_writer *w;
	uint64_t count; /* rows of this part; written in a second run */
	struct err *e;
};

/* The next row of a source, into it. */
static bool
fetch(struct join *j, struct source *s, enum cold_part part)
{
	s->has = s->at < s->end &&
		 cold_rows(j->c, s->segment, part, s->at, s->row, 1);
	if (s->has)
		s->at++;
	return s->has;
}

static void
rewind_all(struct join *j, enum cold_part part)
{
	for (size_t i = 0; i < j->n; i++) {
		j->list[i].at = 0;
		j->list[i].end = j->c->list[j->list[i].segment].n[part];
		fetch(j, &j->list[i], part);
	}
}

/* The source with the smallest row; of equal ones the oldest. NULL: none. */
static struct source *
smallest(struct join *j, size_t len)
{
	struct source *best = NULL;

	for (size_t i = 0; i < j->n; i++)
		if (j->list[i].has &&
		    (best == NULL ||
		     memcmp(j->list[i].row, best->row, len) < 0))
			best = &j->list[i];
	return best;
}

static int
add_order(struct join *j, size_t at)
{
	if (j->n_order == j->cap_order) {
		uint64_t cap = j->cap_order > 0 ? 2 * j->cap_order : 1024;
		void *p = realloc(j->order, cap * sizeof *j->order);

		if (p == NULL)
			return err_memory(j->e);
		j->order = p;
		j->cap_order = cap;
	}
	j->order[j->n_order++] = at;
	return 0;
}

/* First of all: which records there will be, in which order. */
static int
list_records(struct join *j)
{
	struct source *s;
	struct cold_record r;

	rewind_all(j, COLD_RECORDS);
	while ((s = smallest(j, 44)) != NULL) {
		uint32_t row = (uint32_t)(s->at - 1);
		size_t at = COLD_AT(s->segment, row);

		s->moved[row] = COLD_NO_ROW;
		if (!cold_is_out(j->c, at)) {
			cold_record_decode(s->row, &r);
			s->moved[row] = (uint32_t)j->n_order;
			j->briefs += r.brief_len;
			j->texts += r.text_len;
			if (add_order(j, at) != 0 ||
			    cold_group_add(j->out, &r) != 0)
				return err_memory(j->e);
		}
		fetch(j, s, COLD_RECORDS);
	}
	j->out->n[COLD_RECORDS] = j->out->n[COLD_SECRETS] = j->n_order;
	j->out->n[COLD_ITEMS] = j->n_order;
	j->out->n[COLD_BRIEFS] = j->briefs;
	j->out->n[COLD_TEXTS] = j->texts;
	return 0;
}

static int
put_records(struct join *j)
{
	uint64_t brief = 0, text = 0;
	uint8_t row[COLD_WIDTH_MAX];
	struct cold_record r;

	for (uint64_t i = 0; i < j->n_order; i++) {
		if (!cold_record(j->c, j->order[i], &r))
			return -1;
		r.brief_at = brief;
		r.text_at = text;
		brief += r.brief_len;
		text += r.text_len;
		cold_record_encode(&r, row);
		if (cold_write(j->w, row, cold_widths[COLD_RECORDS], j->e) != 0)
			return -1;
	}
	return 0;
}

static int
put_secrets(struct join *j)
{
	for (uint64_t i = 0; i < j->n_order; i++)
		if (!cold_rows(j->c, COLD_SEGMENT(j->order[i]), COLD_SECRETS,
			       COLD_ROW(j->order[i]), j->buf->bytes, 1) ||
		    cold_write(j->w, j->buf->bytes, 32, j->e) != 0)
			return -1;
	return 0;
}

static int
put_heap(struct join *j, bool texts)
{
	struct cold_record r;

	for (uint64_t i = 0; i < j->n_order; i++) {
		char *p = NULL;
		int rc = -1;

		if (cold_record(j->c, j->order[i], &r))
			p = texts ? cold_text(j->c, j->order[i], &r)
				  : cold_brief(j->c, j->order[i], &r);
		if (p != NULL)
			rc = cold_write(j->w, p,
					texts ? r.text_len : r.brief_len, j->e);
		free(p);
		if (rc != 0)
			return -1;
	}
	return 0;
}

/* A row that names a record: where it is now. False if the row goes. */
static bool
move_row(const struct source *s, enum cold_part part, uint8_t *row)
{
	size_t at = part == COLD_ITEMS ? 16 : 44;
	uint32_t to, from = (uint32_t)cold_get(row + at, 4);

	if (part == COLD_OBJECTS || part == COLD_BULK)
		return true;
	to = from != COLD_NO_ROW ? s->moved[from] : COLD_NO_ROW;
	cold_put(row + at, 4, to);
	return part == COLD_PLACES || to != COLD_NO_ROW;
}

/* Of several rows for one hash the newest stands. */
static bool
is_older(const struct join *j, const struct source *s, enum cold_part part)
{
	if (part != COLD_PLACES && part != COLD_OBJECTS)
		return false;
	for (const struct source *o = s + 1; o < j->list + j->n; o++)
		if (o->has && memcmp(o->row, s->row, HASH_LEN) == 0)
			return true;
	return false;
}

/* A part whose rows are in order by themselves: counted, or written. */
static int
merge_part(struct join *j, enum cold_part part, bool write)
{
	size_t width = cold_widths[part];
	size_t len = part == COLD_BULK	     ? 16
		     : part == COLD_PLACES   ? HASH_LEN
		     : part == COLD_OBJECTS  ? HASH_LEN
		     : part == COLD_CONTENTS ? 44
					     : width - 4;
	struct source *s;

	j->count = 0;
	rewind_all(j, part);
	while ((s = smallest(j, len)) != NULL) {
		if (!is_older(j, s, part) && move_row(s, part, s->row)) {
			j->count++;
			if (write && cold_write(j->w, s->row, width, j->e) != 0)
				return -1;
		}
		fetch(j, s, part);
	}
	secret_wipe(j->list[0].row, sizeof j->list[0].row);
	return 0;
}

static int
write_parts(struct join *j)
{
	if (cold_write(j->w, j->out->name, HEX_ID_LEN, j->e) != 0 ||
	    put_records(j) != 0 || put_secrets(j) != 0 ||
	    put_heap(j, false) != 0 || put_heap(j, true) != 0)
		return -1;
	for (enum cold_part p = COLD_ITEMS; p < COLD_PARTS; p++)
		if (merge_part(j, p, true) != 0 || j->count != j->out->n[p])
			return -1;
	return 0;
}

static int
join_all(struct join *j, const char *dir, const struct agekey_public *to)
{
	if (list_records(j) != 0)
		return -1;
	for (enum cold_part p = COLD_PLACES; p < COLD_PARTS; p++) {
		if (merge_part(j, p, false) != 0)
			return -1;
		j->out->n[p] = j->count;
	}
	j->w = cold_writer_new(dir, j->out->name, to, j->e);
	if (j->w == NULL || write_parts(j) != 0)
		return -1;
	return cold_writer_commit(j->w, j->e);
}

int
cold_join(struct cold *c, size_t first, const char *dir,
	  const struct agekey_public *to, struct cold_segment *out,
	  struct err *e)
{
	struct join j = {.c = c, .n = c->n - first, .out = out, .e = e};
	int rc = -1;

	memset(out, 0, sizeof *out);
	cold_name_new(out->name);
	j.list = calloc(j.n, sizeof *j.list);
	j.buf = secret_new(64);
	if (j.list == NULL || j.buf == NULL) {
		err_memory(e);
		goto out;
	}
	for (size_t i = 0; i < j.n; i++) {
		j.list[i].segment = first + i;
		j.list[i].moved = calloc(c->list[first + i].n[COLD_RECORDS] + 1,
					 sizeof *j.list[i].moved);
		if (j.list[i].moved == NULL) {
			err_memory(e);
			goto out;
		}
	}
	rc = join_all(&j, dir, to);
	if (cold_check(c, e) != 0)
		rc = -1;
	(void)cold_lay_out(out);
out:
	for (size_t i = 0; j.list != NULL && i < j.n; i++)
		free(j.list[i].moved);
	if (j.list != NULL)
		secret_wipe(j.list, j.n * sizeof *j.list);
	free(j.list);
	free(j.order);
	secret_free(j.buf);
	cold_writer_free(j.w);
	if (rc != 0)
		cold_close(out);
	return rc;
}
