#include "entryform.h"

#include "hex.h"
#include "lines.h"

#include <stdbool.h>
#include <string.h>

static const char *
text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static bool
is_hex(const json_t *v, size_t n)
{
	const char *s = json_string_value(v);

	return s != NULL && strlen(s) == n && hex_is(s, n);
}

/* Absent, or a string. */
static bool
may_be_text(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return v == NULL || json_is_string(v);
}

/* A list of strings. */
static bool
is_texts(const json_t *list)
{
	size_t i;
	json_t *v;

	if (!json_is_array(list))
		return false;
	json_array_foreach (list, i, v)
		if (!json_is_string(v))
			return false;
	return true;
}

static bool
is_file(const json_t *f)
{
	static const char *const texts[] = {"name_bytes", "path", "path_bytes",
					    "media_type", "modified"};
	const char *name = text_of(f, "name");
	const json_t *content = json_object_get(f, "content");
	const json_t *segments = json_object_get(f, "segments");

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (!may_be_text(f, texts[i]))
			return false;
	if (name == NULL || name[0] == '\0' ||
	    !json_is_integer(json_object_get(f, "size")) ||
	    !is_hex(json_object_get(f, "sha256"), 64))
		return false;
	return content != NULL ? json_is_string(content) && segments == NULL
			       : is_texts(segments);
}

static const char *
record_wrong(const json_t *doc)
{
	const json_t *parents = json_object_get(doc, "parents");
	const json_t *files = json_object_get(doc, "files");
	size_t i;
	json_t *v;

	if (!is_hex(json_object_get(doc, "item"), HEX_ID_LEN))
		return "it names no item";
	if (!json_is_array(parents))
		return "it does not list what it replaces";
	json_array_foreach (parents, i, v)
		if (!is_hex(v, 64))
			return "what it replaces is no entry";
	if (!json_is_object(json_object_get(doc, "fields")))
		return "it has no fields";
	if (!json_is_array(files))
		return "it does not list its files";
	json_array_foreach (files, i, v)
		if (!is_file(v))
			return "one of its files is not of the form";
	return NULL;
}

static const char *
custody_wrong(const json_t *doc)
{
	const json_t *item = json_object_get(doc, "item");

	if (item != NULL && !is_hex(item, HEX_ID_LEN))
		return "it names no item";
	return text_of(doc, "action") == NULL ? "it names no action" : NULL;
}

static const char *
retract_wrong(const json_t *doc)
{
	if (!is_hex(json_object_get(doc, "item"), HEX_ID_LEN))
		return "it names no item";
	return text_of(doc, "why") == NULL ? "it gives no reason" : NULL;
}

static const char *
witness_wrong(const json_t *doc)
{
	return is_texts(json_object_get(doc, "notes")) ? NULL
						       : "it holds no notes";
}

const char *
entryform_wrong(const json_t *doc)
{
	static const struct {
		const char *kind;
		const char *(*wrong)(const json_t *doc);
	} kinds[] = {{"record", record_wrong},
		     {"custody", custody_wrong},
		     {"retract", retract_wrong},
		     {"witness", witness_wrong}};
	const char *time = text_of(doc, "time"), *seat = text_of(doc, "seat");
	const char *kind = text_of(doc, "kind");

	if (kind == NULL)
		return "it is of no kind";
	if (seat == NULL || (strcmp(seat, "root") != 0 &&
			     !is_hex(json_object_get(doc, "seat"), 64)))
		return "it names no seat";
	if (time == NULL || !lines_is_time(time, strlen(time)))
		return "its time is none";
	if (!may_be_text(doc, "signature"))
		return "its signature is none";
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kind, kinds[i].kind) == 0)
			return kinds[i].wrong(doc);
	return NULL;
}
