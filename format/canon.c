#include "canon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLAGS (JSON_COMPACT | JSON_SORT_KEYS)
#define INTEGER_MAX ((json_int_t)1 << 53)
#define KEY_MAX 64 /* characters */

int
canon_is_text(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
			return 0;
		/* U+0080 to U+009F: terminals obey some of them */
		if (c == 0xc2 && i + 1 < len && (unsigned char)s[i + 1] < 0xa0)
			return 0;
	}
	return 1;
}

static int
is_key(const char *key)
{
	size_t n = strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_");

	/* digits alone would look like an element's number in a path */
	return n > 0 && n <= KEY_MAX && key[n] == '\0' &&
	       strspn(key, "0123456789") < n;
}

/* True if the value has a canonical form. */
static int
is_canonical(const json_t *v, int depth)
{
	const char *key;
	json_t *e;
	size_t i;

	if (depth > CANON_DEPTH_MAX)
		return 0;
	switch (json_typeof(v)) {
	case JSON_STRING:
		return canon_is_text(json_string_value(v),
				     json_string_length(v));
	case JSON_INTEGER:
		return json_integer_value(v) >= 0 &&
		       json_integer_value(v) < INTEGER_MAX;
	case JSON_TRUE:
	case JSON_FALSE:
		return 1;
	case JSON_ARRAY:
		/* texts only, or objects only */
		json_array_foreach (v, i, e)
			if ((!json_is_string(e) && !json_is_object(e)) ||
			    json_typeof(e) !=
				json_typeof(json_array_get(v, 0)) ||
			    !is_canonical(e, depth + 1))
				return 0;
		return 1;
	case JSON_OBJECT: {
		void *it = json_object_iter((json_t *)(uintptr_t)v);

		for (; it != NULL;
		     it = json_object_iter_next((json_t *)(uintptr_t)v, it)) {
			key = json_object_iter_key(it);
			if (!is_key(key) ||
			    !is_canonical(json_object_iter_value(it),
					  depth + 1))
				return 0;
		}
		return 1;
	}
	case JSON_REAL:
	case JSON_NULL:
		break;
	}
	return 0;
}

enum format_result
canon_encode(const json_t *object, char **out, size_t *len)
{
	*out = NULL;
	if (!json_is_object(object) || !is_canonical(object, 1))
		return FORMAT_MALFORMED;
	*out = json_dumps(object, FLAGS);
	if (*out == NULL)
		return FORMAT_NO_MEMORY;
	*len = strlen(*out);
	if (*len <= CANON_JSON_MAX)
		return FORMAT_OK;
	free(*out);
	*out = NULL;
	return FORMAT_LIMIT;
}

enum format_result
canon_decode(const char *text, size_t len, json_t **out)
{
	char *again = NULL;
	size_t n = 0;
	enum format_result r;
	json_t *v;

	*out = NULL;
	if (len > CANON_JSON_MAX)
		return FORMAT_LIMIT;
	v = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (v == NULL)
		return FORMAT_MALFORMED;
	r = canon_encode(v, &again, &n);
	if (r == FORMAT_OK && (n != len || memcmp(again, text, len) != 0))
		r = FORMAT_MALFORMED;
	free(again);
	if (r == FORMAT_OK)
		*out = v;
	else
		json_decref(v);
	return r;
}

char *
canon_value(const json_t *value)
{
	return json_dumps(value, FLAGS | JSON_ENCODE_ANY);
}

struct walk {
	canon_field *field;
	void *ctx;
	size_t n;
	char name[CANON_NAME_MAX];
};

static enum format_result walk_value(struct walk *w, size_t len,
				     const json_t *v);

/* Append one step to the path at `len`, visit, and take it off again. */
static enum format_result
walk_step(struct walk *w, size_t len, const char *key, const json_t *v)
{
	int n = snprintf(w->name + len, sizeof w->name - len, "%s%s",
			 len > 0 ? "." : "", key);
	enum format_result r;

	if (n < 0 || (size_t)n >= sizeof w->name - len)
		return FORMAT_LIMIT;
	r = walk_value(w, len + (size_t)n, v);
	w->name[len] = '\0';
	return r;
}

static enum format_result
walk_object(struct walk *w, size_t len, const json_t *v)
{
	json_t *o = (json_t *)(uintptr_t)v; /* the iterator takes no const */
	enum format_result r = FORMAT_OK;

	for (void *it = json_object_iter(o); it != NULL && r == FORMAT_OK;
	     it = json_object_iter_next(o, it)) {
		const char *key = json_object_iter_key(it);

		if (len == 0 &&
		    (strcmp(key, "salt") == 0 || strcmp(key, "signature") == 0))
			continue;
		r = walk_step(w, len, key, json_object_iter_value(it));
	}
	return r;
}

static enum format_result
walk_value(struct walk *w, size_t len, const json_t *v)
{
	enum format_result r = FORMAT_OK;
	char key[24];

	if (json_is_object(v) && json_object_size(v) > 0)
		return walk_object(w, len, v);
	if (json_is_array(v) && json_is_object(json_array_get(v, 0))) {
		for (size_t i = 0; i < json_array_size(v) && r == FORMAT_OK;
		     i++) {
			snprintf(key, sizeof key, "%zu", i + 1);
			r = walk_step(w, len, key, json_array_get(v, i));
		}
		return r;
	}
	if (++w->n > CANON_FIELDS_MAX)
		return FORMAT_LIMIT;
	return w->field(w->ctx, w->name, v) == 0 ? FORMAT_OK : FORMAT_NO_MEMORY;
}

enum format_result
canon_fields(const json_t *object, canon_field *field, void *ctx)
{
	struct walk w = {.field = field, .ctx = ctx};

	return walk_object(&w, 0, object);
}
