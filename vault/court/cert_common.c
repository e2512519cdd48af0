#include "cert_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
cert_s(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

const json_t *
cert_list(const json_t *o, const char *key)
{
	return json_object_get(o, key); /* NULL counts as an empty list */
}

const char *
cert_value(const struct cert *x, const char *key)
{
	return cert_s(x->c->values, key);
}

static bool
is_hex(const char *s, size_t len)
{
	return strlen(s) == len && strspn(s, "0123456789abcdef") == len;
}

static int
facts_ok(const json_t *f, struct err *e)
{
	const json_t *item, *file;
	size_t i, j;

	if (!is_hex(cert_s(f, "id"), 32) || cert_s(f, "made")[0] == '\0' ||
	    !json_is_array(cert_list(f, "items")))
		return err_set(e, ERR_UNKNOWN,
			       "the facts of a certificate are incomplete");
	json_array_foreach (cert_list(f, "items"), i, item)
		json_array_foreach (cert_list(item, "files"), j, file)
			if (!is_hex(cert_s(file, "sha256"), 64))
				return err_set(e, ERR_UNKNOWN,
					       "a file of the certificate has "
					       "no SHA-256");
	return 0;
}

int
cert_new(struct cert *x, const json_t *facts, const struct cert_choice *c,
	 struct err *e)
{
	memset(x, 0, sizeof *x);
	x->f = facts;
	x->c = c;
	if (!phrases_knows(c->lang))
		return err_set(e, ERR_UNKNOWN, "no texts in this language");
	if (!certificate_knows(certificate_declarations, c->declaration))
		return err_set(e, ERR_UNKNOWN, "no declaration of this name");
	if (facts_ok(facts, e) != 0)
		return -1;
	x->p = phrases_new(c->lang);
	return x->p != NULL ? 0 : err_memory(e);
}

void
cert_free(struct cert *x)
{
	for (size_t i = 0; i < x->n; i++)
		free(x->pool[i]);
	free(x->pool);
	doc_free(x->d);
	phrases_free(x->p);
}

const char *
cert_keep(struct cert *x, char *text)
{
	if (text != NULL && x->n == x->cap) {
		size_t cap = x->cap * 2 + 64;
		char **pool = realloc(x->pool, cap * sizeof *pool);

		if (pool != NULL) {
			x->pool = pool;
			x->cap = cap;
		} else {
			free(text);
			text = NULL;
		}
	}
	if (text == NULL) {
		x->broken = true;
		return "";
	}
	x->pool[x->n++] = text;
	return text;
}

const char *
cert_printf(struct cert *x, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	return cert_keep(x, text);
}

const char *
cert_t(const struct cert *x, const char *key)
{
	return phrases_get(x->p, key);
}

const char *
cert_fill(struct cert *x, const char *key, const char *const *pairs)
{
	return cert_keep(x, phrases_fill(x->p, key, pairs));
}

const char *
cert_time(struct cert *x, const char *time)
{
	unsigned year, month, day;
	char clock[9], end;
	char key[32], y[12], d[12];

	if (sscanf(time, "%4u-%2u-%2uT%8[0-9:]%c", &year, &month, &day, clock,
		   &end) != 5 ||
	    end != 'Z' || month < 1 || month > 12)
		return time;
	snprintf(key, sizeof key, "word.month.%u", month);
	snprintf(y, sizeof y, "%u", year);
	snprintf(d, sizeof d, "%u", day);
	return CERT_FILL(x, "word.time", "day", d, "month", cert_t(x, key),
			 "year", y, "clock", clock);
}

const char *
cert_number(struct cert *x, json_int_t n)
{
	return cert_printf(x, "%lld", (long long)n);
}

const char *
cert_word(struct cert *x, const char *first, const char *second,
	  const char *otherwise)
{
	const char *key = cert_printf(x, "%s.%s", first, second);
	const char *text = cert_t(x, key);

	return text == key ? otherwise : text;
}

const char *
cert_json(struct cert *x, const json_t *v)
{
	if (json_is_string(v))
		return json_string_value(v);
	if (v == NULL)
		return "";
	return cert_keep(
	    x, json_dumps(v, JSON_ENCODE_ANY | JSON_SORT_KEYS | JSON_COMPACT));
}

size_t
cert_results(struct cert *x, const char *result, const char **list)
{
	const char *all = "", *name;
	const json_t *check;
	size_t n = 0, i;

	json_array_foreach (cert_list(x->f, "checks"), i, check) {
		if (strcmp(cert_s(check, "result"), result) != 0)
			continue;
		name = cert_word(x, "check", cert_s(check, "name"),
				 cert_s(check, "name"));
		all = cert_printf(x, "%s%s%s", all, n > 0 ? "; " : "", name);
		n++;
	}
	if (list != NULL)
		*list = all;
	return n;
}

size_t
cert_files(const struct cert *x, const json_t **only)
{
	const json_t *item, *file;
	size_t n = 0, i, j;

	*only = NULL;
	json_array_foreach (cert_list(x->f, "items"), i, item)
		json_array_foreach (cert_list(item, "files"), j, file)
			*only = n++ == 0 ? file : NULL;
	return n;
}
