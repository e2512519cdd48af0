#include "describe.h"

#include "canon.h"
#include "clock.h"
#include "hex.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
describe_escape(const char *name, char out[DESCRIBE_ESCAPED_MAX])
{
	json_t *v = json_string(name);
	bool plain = v != NULL && canon_is_text(name, strlen(name)) &&
		     strchr(name, '\\') == NULL;

	json_decref(v);
	if (plain) {
		snprintf(out, DESCRIBE_ESCAPED_MAX, "%s", name);
		return false;
	}
	/* byte by byte: any run that is UTF-8 stays */
	for (const char *p = name; *p != '\0';) {
		size_t n = 0;

		for (size_t k = 1; k <= 4 && n == 0; k++) {
			json_t *c =
			    strnlen(p, k) == k ? json_stringn(p, k) : NULL;

			n = c != NULL ? k : 0;
			json_decref(c);
		}
		if (*p == '\\')
			out += sprintf(out, "\\\\"), p++;
		else if (n == 0 || !canon_is_text(p, n))
			out += sprintf(out, "\\x%02x", (unsigned char)*p), p++;
		else
			memcpy(out, p, n), out += n, p += n;
	}
	*out = '\0';
	return true;
}

int
describe_set(json_t *o, const char *key, const char *value)
{
	return json_object_set_new(o, key, json_string(value));
}

/* The folders of a file: each name escaped by itself; bytes if need be. */
static int
describe_path(json_t *f, const char *rel)
{
	char *path = malloc(4 * strlen(rel) + 8), *p = path;
	char *hex = malloc(2 * strlen(rel) + 1);
	bool escaped = false;
	int rc = path == NULL || hex == NULL;

	for (const char *part = rel; rc == 0 && *part != '\0';) {
		char one[NAME_MAX + 1], out[DESCRIBE_ESCAPED_MAX];
		size_t n = strcspn(part, "/");

		snprintf(one, sizeof one, "%.*s", (int)n, part);
		escaped |= describe_escape(one, out);
		p += sprintf(p, "%s%s", p > path ? "/" : "", out);
		part += n + (part[n] == '/');
	}
	if (rc == 0) {
		hex_encode((const uint8_t *)rel, strlen(rel), hex);
		rc = describe_set(f, "path", path) |
		     (escaped ? describe_set(f, "path_bytes", hex) : 0);
	}
	free(hex);
	free(path);
	return rc;
}

json_t *
describe_file(const char *name, const char *folders, time_t modified)
{
	char escaped[DESCRIBE_ESCAPED_MAX], time[CLOCK_LEN];
	json_t *f = json_object();
	int rc = 0;

	if (f == NULL)
		return NULL;
	if (describe_escape(name, escaped)) {
		char hex[2 * NAME_MAX + 1];

		hex_encode((const uint8_t *)name, strnlen(name, NAME_MAX), hex);
		rc |= describe_set(f, "name_bytes", hex);
	}
	rc |= describe_set(f, "name", escaped);
	if (folders[0] != '\0')
		rc |= describe_path(f, folders);
	clock_format(modified, time);
	rc |= describe_set(f, "modified", time);
	if (rc == 0)
		return f;
	json_decref(f);
	return NULL;
}
