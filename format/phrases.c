#include "phrases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char text_en[] = {
#include "phrases-en.inc"
};
static const unsigned char text_ru[] = {
#include "phrases-ru.inc"
};
static const unsigned char text_fr[] = {
#include "phrases-fr.inc"
};

static const struct {
	const char *lang;
	const unsigned char *text;
	size_t len;
} files[] = {
    {"en", text_en, sizeof text_en},
    {"ru", text_ru, sizeof text_ru},
    {"fr", text_fr, sizeof text_fr},
};
#define FILES (sizeof files / sizeof *files)

const char *const phrases_languages[] = {"en", "ru", "fr", NULL};

struct phrase {
	char *key, *text;
	bool own; /* of this language, not of English */
};

struct phrases {
	char lang[16];
	struct phrase *all; /* sorted by key */
	size_t n, cap;
};

bool
phrases_knows(const char *lang)
{
	for (size_t i = 0; i < FILES; i++)
		if (strcmp(files[i].lang, lang) == 0)
			return true;
	return false;
}

static struct phrase *
find(const struct phrases *p, const char *key)
{
	size_t from = 0, to = p->n;

	while (from < to) {
		size_t i = from + (to - from) / 2;
		int d = strcmp(p->all[i].key, key);

		if (d == 0)
			return &p->all[i];
		if (d < 0)
			from = i + 1;
		else
			to = i;
	}
	return NULL;
}

static int
by_key(const void *a, const void *b)
{
	const struct phrase *x = a, *y = b;

	return strcmp(x->key, y->key);
}

/* Add a phrase behind the others; they are sorted later. */
static int
append(struct phrases *p, const char *key, size_t klen, const char *text,
       size_t len)
{
	struct phrase f = {strndup(key, klen), strndup(text, len), true};

	if (p->n == p->cap) {
		size_t cap = p->cap * 2 + 256;
		struct phrase *all = realloc(p->all, cap * sizeof *all);

		if (all == NULL)
			goto out;
		p->all = all;
		p->cap = cap;
	}
	if (f.key == NULL || f.text == NULL)
		goto out;
	p->all[p->n++] = f;
	return 0;
out:
	free(f.key);
	free(f.text);
	return -1;
}

/* A line that begins with a blank goes on with the text before it. */
static int
go_on(struct phrases *p, const char *text, size_t len)
{
	struct phrase *f = &p->all[p->n - 1];
	size_t had = strlen(f->text);
	char *t = realloc(f->text, had + 1 + len + 1);

	if (t == NULL)
		return -1;
	f->text = t;
	if (had > 0)
		t[had++] = ' ';
	memcpy(t + had, text, len);
	t[had + len] = '\0';
	return 0;
}

static int
take_line(struct phrases *p, const char *line, size_t len)
{
	const char *eq;
	size_t blanks = 0, klen;

	while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	while (blanks < len && (line[blanks] == ' ' || line[blanks] == '\t'))
		blanks++;
	if (blanks == len || line[0] == '#')
		return 0;
	if (blanks > 0)
		return p->n == 0 ? -1 : go_on(p, line + blanks, len - blanks);
	eq = memchr(line, '=', len);
	if (eq == NULL)
		return -1;
	klen = (size_t)(eq - line);
	while (klen > 0 && line[klen - 1] == ' ')
		klen--;
	if (klen == 0)
		return -1;
	eq++;
	while (eq < line + len && *eq == ' ')
		eq++;
	return append(p, line, klen, eq, (size_t)(line + len - eq));
}

struct phrases *
phrases_parse(const char *text, size_t len, const char *lang)
{
	struct phrases *p = calloc(1, sizeof *p);
	const char *end = text + len;

	if (p == NULL)
		return NULL;
	snprintf(p->lang, sizeof p->lang, "%s", lang);
	while (text < end) {
		const char *lf = memchr(text, '\n', (size_t)(end - text));
		const char *to = lf != NULL ? lf : end;

		if (take_line(p, text, (size_t)(to - text)) != 0)
			goto bad;
		text = to + 1;
	}
	if (p->n > 0)
		qsort(p->all, p->n, sizeof *p->all, by_key);
	for (size_t i = 1; i < p->n; i++)
		if (strcmp(p->all[i - 1].key, p->all[i].key) == 0)
			goto bad;
	return p;
bad:
	phrases_free(p);
	return NULL;
}

/* Take over from English what is missing, with a mark around it. */
static int
fill_up(struct phrases *p, const struct phrases *en)
{
	size_t own = p->n;

	for (size_t i = 0; i < en->n; i++) {
		struct phrases have = {.all = p->all, .n = own};
		const struct phrase *f = &en->all[i];
		char *marked;
		int rc;

		if (find(&have, f->key) != NULL)
			continue;
		if (asprintf(&marked, "[en: %s]", f->text) < 0)
			return -1;
		rc = append(p, f->key, strlen(f->key), marked, strlen(marked));
		free(marked);
		if (rc != 0)
			return -1;
		p->all[p->n - 1].own = false;
	}
	qsort(p->all, p->n, sizeof *p->all, by_key);
	return 0;
}

struct phrases *
phrases_new(const char *lang)
{
	struct phrases *p = NULL, *en = NULL;

	for (size_t i = 0; i < FILES; i++)
		if (strcmp(files[i].lang, lang) == 0)
			p = phrases_parse((const char *)files[i].text,
					  files[i].len, lang);
	if (p == NULL || strcmp(lang, "en") == 0)
		return p;
	en = phrases_parse((const char *)text_en, sizeof text_en, "en");
	if (en == NULL || fill_up(p, en) != 0) {
		phrases_free(p);
		p = NULL;
	}
	phrases_free(en);
	return p;
}

void
phrases_free(struct phrases *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n; i++) {
		free(p->all[i].key);
		free(p->all[i].text);
	}
	free(p->all);
	free(p);
}

const char *
phrases_lang(const struct phrases *p)
{
	return p->lang;
}

const char *
phrases_get(const struct phrases *p, const char *key)
{
	const struct phrase *f = find(p, key);

	return f != NULL ? f->text : key;
}

bool
phrases_has(const struct phrases *p, const char *key)
{
	const struct phrase *f = find(p, key);

	return f != NULL && f->own;
}

const char *
phrases_key(const struct phrases *p, size_t n)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->all[i].own && n-- == 0)
			return p->all[i].key;
	return NULL;
}

/* The value of the {name} at `at`, whose end is *end; NULL if it is none. */
static const char *
value_at(const char *at, const char *const *pairs, const char **end)
{
	for (; pairs[0] != NULL; pairs += 2) {
		size_t n = strlen(pairs[0]);

		if (strncmp(at + 1, pairs[0], n) == 0 && at[n + 1] == '}') {
			*end = at + n + 2;
			return pairs[1];
		}
	}
	return NULL;
}

char *
phrases_fill(const struct phrases *p, const char *key, const char *const *pairs)
{
	const char *s = phrases_get(p, key), *end, *v;
	char *out = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);

	if (f == NULL)
		return NULL;
	while (*s != '\0') {
		v = *s == '{' ? value_at(s, pairs, &end) : NULL;
		if (v != NULL) {
			fputs(v, f);
			s = end;
		} else {
			fputc(*s++, f);
		}
	}
	if (fclose(f) != 0) {
		free(out);
		return NULL;
	}
	return out;
}
