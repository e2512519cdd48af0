#include "exproof.h"

#include "hex.h"
#include "lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
by_name(const void *a, const void *b)
{
	const struct exproof_field *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void
put_field(struct lines_text *t, const struct exproof_field *f, size_t nodes)
{
	char hex[65];

	hex_encode(f->salt, sizeof f->salt, hex);
	lines_add(t, "field %s %s %u ", f->name, hex, (unsigned)f->place);
	for (size_t i = 0; i < nodes; i++) {
		hex_encode(f->path[i], sizeof f->path[i], hex);
		lines_add(t, "%s%s", i > 0 ? "," : "", hex);
	}
	lines_add(t, " ");
	lines_add_bytes(t, f->value, strlen(f->value));
	lines_add(t, "\n");
}

char *
exproof_encode(struct exproof *p, size_t *len)
{
	struct lines_text t = {0};
	char sha256[65], root[65];

	if (p->n > 1)
		qsort(p->fields, p->n, sizeof *p->fields, by_name);
	hex_encode(p->sha256, sizeof p->sha256, sha256);
	hex_encode(p->root, sizeof p->root, root);
	lines_add(&t, "muniment proof 1\nline entry %s %s\nplace %u\n", sha256,
		  root, (unsigned)p->place);
	for (int i = 0; i < 2 * p->batch_k; i++)
		lines_add_hex(&t, "node", p->path[i], sizeof p->path[i]);
	hex_encode(p->inner, sizeof p->inner, root);
	lines_add(&t, "batch %d %s\nfields %d\n", p->batch_k, root,
		  p->fields_k);
	for (size_t i = 0; i < p->n; i++)
		put_field(&t, &p->fields[i], (size_t)p->fields_k * 2);
	return lines_text_done(&t, len);
}

void
exproof_free(struct exproof *p)
{
	free(p->fields);
	free(p->text);
	memset(p, 0, sizeof *p);
}

/* A path of keys and of numbers of elements, as canon_fields makes them. */
static bool
is_name(const char *s, size_t len)
{
	if (len == 0 || len >= CANON_NAME_MAX)
		return false;
	for (size_t at = 0; at <= len;) {
		const char *dot = memchr(s + at, '.', len - at);
		size_t n = dot != NULL ? (size_t)(dot - s) - at : len - at;
		size_t digits = 0;

		if (n == 0 || n > 64)
			return false;
		for (size_t i = at; i < at + n; i++) {
			bool digit = s[i] >= '0' && s[i] <= '9';

			if (!digit && !(s[i] >= 'a' && s[i] <= 'z') &&
			    s[i] != '_')
				return false;
			digits += digit;
		}
		/* an element's number: never first, no leading zero */
		if (digits == n && (at == 0 || s[at] == '0'))
			return false;
		at += n + 1;
	}
	return !(len == 4 && memcmp(s, "salt", 4) == 0) &&
	       !(len == 9 && memcmp(s, "signature", 9) == 0);
}

static int
one_field(void *ctx, const char *name, const json_t *value)
{
	size_t *n = ctx;

	(void)value;
	*n += strcmp(name, "v") == 0 ? 1 : 2;
	return 0;
}

/* True if a field can have this value: canonical JSON of no more parts. */
static bool
is_value(const char *s, size_t len)
{
	char *object = malloc(len + 8);
	json_t *v = NULL;
	size_t n = 0;
	bool ok = false;

	if (object == NULL)
		return false;
	memcpy(object, "{\"v\":", 5);
	memcpy(object + 5, s, len);
	object[len + 5] = '}';
	if (canon_decode(object, len + 6, &v) == FORMAT_OK &&
	    json_object_size(v) == 1)
		ok = canon_fields(v, one_field, &n) == FORMAT_OK && n == 1;
	json_decref(v);
	free(object);
	return ok;
}

static bool
read_nodes(struct lines_view *line, uint8_t path[][32], size_t n)
{
	struct lines_view w;

	if (!lines_word(line, &w) || w.len != n * 65 - 1)
		return false;
	for (size_t i = 0; i < n; i++)
		if (hex_decode(w.text + i * 65, 32, path[i]) != 0 ||
		    (i + 1 < n && w.text[i * 65 + 64] != ','))
			return false;
	return true;
}

/* Read one `field` line; its words become NUL-terminated where they stand. */
static bool
read_field(struct exproof *p, struct lines_view line, struct exproof_field *f)
{
	struct lines_view name;
	uint64_t place;
	char *at;

	if (!lines_word(&line, &name) || !is_name(name.text, name.len) ||
	    !lines_hex(&line, sizeof f->salt, f->salt) ||
	    !lines_number(&line, &place) ||
	    place >> 2 * (unsigned)p->fields_k != 0 ||
	    !read_nodes(&line, f->path, 2 * (size_t)p->fields_k) ||
	    line.len == 0 || memchr(line.text, '\0', line.len) != NULL ||
	    !is_value(line.text, line.len))
		return false;
	f->place = (uint32_t)place;
	at = p->text + (name.text - p->text);
	at[name.len] = '\0';
	f->name = at;
	at = p->text + (line.text - p->text);
	at[line.len] = '\0'; /* where the LF was, which has been read */
	f->value = at;
	return true;
}

static enum format_result
read_fields(struct exproof *p, struct lines *l)
{
	struct lines_view line;
	size_t cap = 0;

	while (lines_take(l, "field", &line)) {
		if (p->n == CANON_FIELDS_MAX)
			return FORMAT_LIMIT;
		if (p->n == cap) {
			void *more;

			cap = cap > 0 ? 2 * cap : 16;
			more = realloc(p->fields, cap * sizeof *p->fields);
			if (more == NULL)
				return FORMAT_NO_MEMORY;
			p->fields = more;
		}
		memset(&p->fields[p->n], 0, sizeof *p->fields);
		if (!read_field(p, line, &p->fields[p->n]))
			return FORMAT_MALFORMED;
		if (p->n > 0 &&
		    by_name(&p->fields[p->n - 1], &p->fields[p->n]) >= 0)
			return FORMAT_MALFORMED;
		p->n++;
	}
	return lines_done(l) ? FORMAT_OK : FORMAT_MALFORMED;
}

static bool
read_head(struct exproof *p, struct lines *l)
{
	struct lines_view v;
	uint64_t n, place;
	int nodes = 0;

	if (!lines_next(l, &v) || !lines_is(&v, "muniment proof 1") ||
	    !lines_take(l, "line entry", &v) || !lines_hex(&v, 32, p->sha256) ||
	    !lines_hex(&v, 32, p->root) || v.len != 0 ||
	    !lines_take(l, "place", &v) || !lines_number(&v, &place) ||
	    v.len != 0)
		return false;
	while (lines_take(l, "node", &v)) {
		if (nodes == EXPROOF_BATCH_PATH ||
		    !lines_hex(&v, 32, p->path[nodes++]) || v.len != 0)
			return false;
	}
	if (!lines_take(l, "batch", &v) || !lines_number(&v, &n) ||
	    n < BATCH_MIN_K || n > BATCH_MAX_K || (int)n * 2 != nodes ||
	    place >> 2 * n != 0 || !lines_hex(&v, 32, p->inner) || v.len != 0)
		return false;
	p->batch_k = (int)n;
	p->place = (uint32_t)place;
	if (!lines_take(l, "fields", &v) || !lines_number(&v, &n) ||
	    n < EXPROOF_FIELDS_MIN_K || n > EXPROOF_FIELDS_MAX_K || v.len != 0)
		return false;
	p->fields_k = (int)n;
	return true;
}

enum format_result
exproof_decode(const char *text, size_t len, struct exproof *out)
{
	struct lines l;
	enum format_result r = FORMAT_MALFORMED;

	memset(out, 0, sizeof *out);
	if (len > EXPROOF_FILE_MAX)
		return FORMAT_LIMIT;
	out->text = malloc(len + 1);
	if (out->text == NULL)
		return FORMAT_NO_MEMORY;
	if (len > 0)
		memcpy(out->text, text, len);
	out->text[len] = '\0';
	l.p = out->text;
	l.end = out->text + len;
	if (read_head(out, &l))
		r = read_fields(out, &l);
	if (r != FORMAT_OK)
		exproof_free(out);
	return r;
}

const struct exproof_field *
exproof_find(const struct exproof *p, const char *name)
{
	struct exproof_field key = {.name = name};

	if (p->n == 0)
		return NULL;
	return bsearch(&key, p->fields, p->n, sizeof key, by_name);
}

uint8_t *
exproof_leaf_input(const struct exproof_field *f, size_t *len)
{
	size_t name = strlen(f->name) + 1, value = strlen(f->value);
	uint8_t *out = malloc(sizeof f->salt + name + value);

	*len = 0;
	if (out == NULL)
		return NULL;
	memcpy(out, f->salt, sizeof f->salt);
	memcpy(out + sizeof f->salt, f->name, name);
	memcpy(out + sizeof f->salt + name, f->value, value);
	*len = sizeof f->salt + name + value;
	return out;
}
