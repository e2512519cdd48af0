#include "exindex.h"

#include "canon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char head[] = "muniment exhibit 1";

void
exindex_entry_id(uint32_t n, char out[EXINDEX_ID_MAX])
{
	snprintf(out, EXINDEX_ID_MAX, "e%03u", (unsigned)n);
}

uint32_t
exindex_stamps(const struct exindex *x)
{
	return x->n_stamps > 0 ? x->stamps[x->n_stamps - 1].a : 0;
}

static void
put_entries(struct lines_text *t, const struct exindex *x)
{
	for (size_t i = 0; i < x->n_entries; i++) {
		const struct exindex_entry *n = &x->entries[i];

		lines_add(t, "entry e%03zu %s %s %llu %u\n", i + 1, n->kind,
			  n->device, (unsigned long long)n->batch,
			  (unsigned)n->item);
	}
	for (size_t i = 0; i < x->n_entries; i++)
		if (x->entries[i].opened)
			lines_add(t, "opened e%03zu\n", i + 1);
}

static void
put_links(struct lines_text *t, const struct exindex *x)
{
	for (size_t i = 0; i < x->n_files; i++)
		lines_add(t, "file %s e%03u %u\n", x->files[i].path,
			  (unsigned)x->files[i].entry, (unsigned)x->files[i].n);
	for (size_t i = 0; i < x->n_entries; i++)
		if (x->entries[i].original > 0)
			lines_add(t, "original e%03zu e%03u\n", i + 1,
				  (unsigned)x->entries[i].original);
	for (size_t i = 0; i < x->n_checkpoints; i++)
		lines_add(t, "checkpoint c%zu %s %llu\n", i + 1,
			  x->checkpoints[i].device,
			  (unsigned long long)x->checkpoints[i].size);
	for (size_t i = 0; i < x->n_stamps; i++)
		lines_add(t, "stamp t%u c%u\n", (unsigned)x->stamps[i].a,
			  (unsigned)x->stamps[i].b);
	for (size_t i = 0; i < x->n_earlier; i++)
		lines_add(t, "earlier e%03u e%03u\n", (unsigned)x->earlier[i].a,
			  (unsigned)x->earlier[i].b);
	for (size_t i = 0; i < x->n_witnesses; i++)
		lines_add(t, "witness %s %s\n", x->witnesses[i].key,
			  x->witnesses[i].who);
}

char *
exindex_encode(const struct exindex *x, size_t *len)
{
	struct lines_text t = {0};

	lines_add(&t, "%s\nmade %s\nby muniment %s\nvault %s\n", head, x->made,
		  x->by, x->vault);
	lines_add_hex(&t, "verifier", x->verifier, sizeof x->verifier);
	for (size_t i = 0; i < x->n_items; i++)
		lines_add(&t, "item %zu %s\n", i + 1, x->items[i].id);
	put_entries(&t, x);
	put_links(&t, x);
	return lines_text_done(&t, len);
}

void
exindex_free(struct exindex *x)
{
	free(x->items);
	free(x->entries);
	free(x->files);
	free(x->checkpoints);
	free(x->stamps);
	free(x->earlier);
	free(x->witnesses);
	memset(x, 0, sizeof *x);
}

/* Room in a list for one more, zeroed; false beyond `max`. */
static void *
grow(void *list_ptr, size_t *n, size_t size, size_t max)
{
	void **list = list_ptr;
	uint8_t *p = *list;

	if (*n == max)
		return NULL;
	/* at 0, 1, 2, 4, 8, ... the room is used up */
	if ((*n & (*n - 1)) == 0 || *n == 0) {
		p = realloc(p, (*n > 0 ? 2 * *n : 1) * size);
		if (p == NULL)
			return NULL;
		*list = p;
	}
	memset(p + *n * size, 0, size);
	return p + (*n)++ * size;
}

static bool
read_device(struct lines_view *v, char out[BATCH_DEVICE_LEN + 1])
{
	struct lines_view w;
	uint8_t key[32];

	return lines_word(v, &w) && batch_device_key(w.text, w.len, key) == 0 &&
	       lines_copy(&w, out, BATCH_DEVICE_LEN + 1);
}

static bool
read_entry_number(const struct exindex *x, struct lines_view *v, uint32_t *out)
{
	return lines_numbered(v, 'e', 3, EXINDEX_ENTRIES_MAX, out) &&
	       *out <= x->n_entries;
}

static bool
read_head(struct exindex *x, struct lines *l)
{
	struct lines_view v;

	return lines_next(l, &v) && lines_is(&v, head) &&
	       lines_take(l, "made", &v) && lines_is_time(v.text, v.len) &&
	       lines_copy(&v, x->made, sizeof x->made) &&
	       lines_take(l, "by muniment", &v) &&
	       lines_is_printable(v.text, v.len) &&
	       memchr(v.text, ' ', v.len) == NULL &&
	       lines_copy(&v, x->by, sizeof x->by) &&
	       lines_take(l, "vault", &v) && v.len == 64 &&
	       hex_is(v.text, 64) && lines_copy(&v, x->vault, 65) &&
	       lines_take(l, "verifier", &v) &&
	       lines_hex(&v, 32, x->verifier) && v.len == 0;
}

static bool
read_item(struct exindex *x, struct lines_view v)
{
	struct exindex_item *i =
	    grow(&x->items, &x->n_items, sizeof *i, EXINDEX_ENTRIES_MAX);
	uint64_t n;

	return i != NULL && lines_number(&v, &n) && n == x->n_items &&
	       v.len == HEX_ID_LEN && hex_is(v.text, v.len) &&
	       lines_copy(&v, i->id, sizeof i->id);
}

static bool
read_entry(struct exindex *x, struct lines_view v)
{
	struct exindex_entry *n =
	    grow(&x->entries, &x->n_entries, sizeof *n, EXINDEX_ENTRIES_MAX);
	struct lines_view kind;
	uint64_t item;
	uint32_t i;

	if (n == NULL || !lines_numbered(&v, 'e', 3, EXINDEX_ENTRIES_MAX, &i) ||
	    i != x->n_entries || !lines_word(&v, &kind) ||
	    !lines_copy(&kind, n->kind, sizeof n->kind) ||
	    strspn(n->kind, "abcdefghijklmnopqrstuvwxyz0123456789_") !=
		kind.len ||
	    !read_device(&v, n->device) || !lines_number(&v, &n->batch) ||
	    n->batch == 0 || !lines_number(&v, &item) || v.len != 0 ||
	    item > x->n_items)
		return false;
	n->item = (uint32_t)item;
	return true;
}

/* `opened` and `original`: each entry once, in order. */
static bool
read_opened(struct exindex *x, struct lines_view v, uint32_t *last)
{
	uint32_t i;

	if (!read_entry_number(x, &v, &i) || v.len != 0 || i <= *last)
		return false;
	x->entries[i - 1].opened = true;
	*last = i;
	return true;
}

static bool
read_original(struct exindex *x, struct lines_view v, uint32_t *last)
{
	uint32_t i, o;

	if (!read_entry_number(x, &v, &i) || !read_entry_number(x, &v, &o) ||
	    v.len != 0 || i == o || i <= *last)
		return false;
	x->entries[i - 1].original = o;
	*last = i;
	return true;
}

/* data/NNNN.<one to eight small letters and digits> */
static bool
is_data(const char *path)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t n = strlen(path);

	return n >= 11 && n <= 18 && memcmp(path, "data/", 5) == 0 &&
	       strspn(path + 5, "0123456789") == 4 && path[9] == '.' &&
	       strspn(path + 10, letters) == n - 10;
}

static bool
read_file(struct exindex *x, struct lines_view v)
{
	struct exindex_file *f =
	    grow(&x->files, &x->n_files, sizeof *f, EXINDEX_ENTRIES_MAX);
	struct lines_view path;
	uint64_t n;

	if (f == NULL || !lines_word(&v, &path) ||
	    !lines_copy(&path, f->path, sizeof f->path) || !is_data(f->path) ||
	    !read_entry_number(x, &v, &f->entry) || !lines_number(&v, &n) ||
	    n == 0 || n > CANON_FIELDS_MAX || v.len != 0)
		return false;
	f->n = (uint32_t)n;
	return x->n_files == 1 || memcmp(f[-1].path, f->path, 10) < 0;
}

static bool
read_checkpoint(struct exindex *x, struct lines_view v)
{
	struct exindex_checkpoint *c = grow(&x->checkpoints, &x->n_checkpoints,
					    sizeof *c, EXINDEX_CHECKPOINTS_MAX);
	uint32_t i;

	return c != NULL &&
	       lines_numbered(&v, 'c', 1, EXINDEX_CHECKPOINTS_MAX, &i) &&
	       i == x->n_checkpoints && read_device(&v, c->device) &&
	       lines_number(&v, &c->size) && c->size > 0 && v.len == 0;
}

static bool
follows(const struct exindex_pair *p, size_t n)
{
	return n == 1 || p[-1].a < p->a || (p[-1].a == p->a && p[-1].b < p->b);
}

static bool
read_stamp(struct exindex *x, struct lines_view v)
{
	struct exindex_pair *p =
	    grow(&x->stamps, &x->n_stamps, sizeof *p, EXINDEX_LINES_MAX);

	return p != NULL &&
	       lines_numbered(&v, 't', 1, EXINDEX_CHECKPOINTS_MAX, &p->a) &&
	       lines_numbered(&v, 'c', 1, EXINDEX_CHECKPOINTS_MAX, &p->b) &&
	       v.len == 0 && p->b <= x->n_checkpoints &&
	       follows(p, x->n_stamps) &&
	       p->a <= (x->n_stamps > 1 ? p[-1].a + 1 : 1);
}

static bool
read_earlier(struct exindex *x, struct lines_view v)
{
	struct exindex_pair *p =
	    grow(&x->earlier, &x->n_earlier, sizeof *p, EXINDEX_LINES_MAX);

	return p != NULL && read_entry_number(x, &v, &p->a) &&
	       read_entry_number(x, &v, &p->b) && v.len == 0 && p->a != p->b &&
	       follows(p, x->n_earlier);
}

static bool
read_witness(struct exindex *x, struct lines_view v)
{
	struct exindex_witness *w =
	    grow(&x->witnesses, &x->n_witnesses, sizeof *w, EXINDEX_LINES_MAX);
	struct lines_view key;

	return w != NULL && lines_word(&v, &key) &&
	       lines_copy(&key, w->key, sizeof w->key) &&
	       exindex_is_who(w->key) && v.len > 0 &&
	       lines_copy(&v, w->who, sizeof w->who) &&
	       exindex_is_who(w->who) &&
	       (x->n_witnesses == 1 || strcmp(w[-1].key, w->key) < 0);
}

static bool
read_body(struct exindex *x, struct lines *l)
{
	struct lines_view v;
	uint32_t opened = 0, original = 0;
	bool ok = true;

	while (ok && lines_take(l, "item", &v))
		ok = read_item(x, v);
	while (ok && lines_take(l, "entry", &v))
		ok = read_entry(x, v);
	while (ok && lines_take(l, "opened", &v))
		ok = read_opened(x, v, &opened);
	while (ok && lines_take(l, "file", &v))
		ok = read_file(x, v);
	while (ok && lines_take(l, "original", &v))
		ok = read_original(x, v, &original);
	while (ok && lines_take(l, "checkpoint", &v))
		ok = read_checkpoint(x, v);
	while (ok && lines_take(l, "stamp", &v))
		ok = read_stamp(x, v);
	while (ok && lines_take(l, "earlier", &v))
		ok = read_earlier(x, v);
	while (ok && lines_take(l, "witness", &v))
		ok = read_witness(x, v);
	return ok && lines_done(l) && x->n_entries > 0 && x->n_items > 0 &&
	       x->n_checkpoints > 0;
}

enum format_result
exindex_decode(const char *text, size_t len, struct exindex *out)
{
	struct lines l = {text, text + len};

	memset(out, 0, sizeof *out);
	if (len > EXINDEX_FILE_MAX)
		return FORMAT_LIMIT;
	if (!read_head(out, &l) || !read_body(out, &l)) {
		exindex_free(out);
		return FORMAT_MALFORMED;
	}
	return FORMAT_OK;
}

bool
exindex_is_who(const char *who)
{
	size_t n = strlen(who);
	json_t *v = json_string(who); /* NULL unless it is UTF-8 */
	bool ok = v != NULL && n > 0 && n < EXINDEX_WHO_MAX &&
		  canon_is_text(who, n) && strpbrk(who, "\n\t") == NULL &&
		  who[0] != ' ' && who[n - 1] != ' ';

	json_decref(v);
	return ok;
}
