#include "brief.h"

#include "entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS 6

json_t *
brief_file(const json_t *file)
{
	static const char *const keys[] = {"name",	 "name_bytes", "path",
					   "path_bytes", "size",       "sha256",
					   "media_type", "modified"};
	json_t *o = json_object();

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		json_t *v = json_object_get(file, keys[i]);

		if (v != NULL)
			json_object_set(o, keys[i], v);
	}
	return o;
}

/* Each text begins with a byte that says whether it is there. */
char *
brief_make(const json_t *doc, size_t *len)
{
	const json_t *fields = json_object_get(doc, "fields");
	const json_t *files = json_object_get(doc, "files");
	const json_t *file = json_array_get(files, 0);
	json_t *shown = file != NULL ? brief_file(file) : NULL;
	char *json = shown != NULL ? json_dumps(shown, JSON_COMPACT) : NULL;
	char size[24] = "", *out = NULL, *p;
	const char *texts[FIELDS] = {entry_str(doc, "time"),
				     entry_str(fields, "title"),
				     entry_str(fields, "kind"),
				     entry_str(file, "name"),
				     NULL,
				     json};

	*len = 0;
	if (json_is_integer(json_object_get(file, "size"))) {
		snprintf(size, sizeof size, "%lld",
			 (long long)json_integer_value(
			     json_object_get(file, "size")));
		texts[4] = size;
	}
	for (size_t i = 0; i < FIELDS; i++)
		*len += 2 + (texts[i] != NULL ? strlen(texts[i]) : 0);
	if (file == NULL || json != NULL)
		out = malloc(*len);
	p = out;
	for (size_t i = 0; out != NULL && i < FIELDS; i++) {
		*p++ = texts[i] != NULL ? '+' : '-';
		p = stpcpy(p, texts[i] != NULL ? texts[i] : "") + 1;
	}
	free(json);
	json_decref(shown);
	return out;
}

int
brief_read(const char *bytes, size_t len, struct brief *out)
{
	const char **texts[FIELDS] = {&out->time, &out->title, &out->kind,
				      &out->name, &out->size,  &out->file};
	const char *p = bytes, *end = bytes + len;

	for (size_t i = 0; i < FIELDS; i++) {
		size_t n = p < end ? strnlen(p, (size_t)(end - p)) : 0;

		if (n == 0 || p + n == end)
			return -1;
		*texts[i] = p[0] == '+' ? p + 1 : NULL;
		p += n + 1;
	}
	return p == end ? 0 : -1;
}
