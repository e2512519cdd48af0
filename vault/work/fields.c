#include "fields.h"

#include "fsutil.h"
#include "record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_FILE_MAX (1u << 20) /* bytes of a --record file */

/* Merge a --record file over the fields. */
static int
merge_record(json_t *fields, const char *path, struct err *e)
{
	char *text = NULL, name[256], why[RECORD_WHY_LEN];
	size_t len = 0;
	json_error_t at;
	json_t *from;
	int rc = 0;

	err_escape(name, sizeof name, path, strlen(path));
	if (fsutil_read(path, RECORD_FILE_MAX, &text, &len, e) != 0)
		return -1;
	from = json_loadb(text, len, JSON_REJECT_DUPLICATES, &at);
	free(text);
	if (from == NULL)
		return err_set(e, ERR_UNKNOWN, "%s: line %d: not JSON", name,
			       at.line);
	if (record_merge(fields, from, why, sizeof why) != 0)
		rc = err_set(e, ERR_UNKNOWN, "%s: %s", name, why);
	json_decref(from);
	return rc;
}

/* One "name=value" of the command line. */
static int
set_pair(json_t *fields, const char *pair, char why[RECORD_WHY_LEN])
{
	const char *eq = strchr(pair, '=');
	char key[1024];

	if (eq == NULL || (size_t)(eq - pair) >= sizeof key) {
		snprintf(why, RECORD_WHY_LEN, "--field takes NAME=VALUE");
		return -1;
	}
	snprintf(key, sizeof key, "%.*s", (int)(eq - pair), pair);
	return record_set(fields, key, eq + 1, why, RECORD_WHY_LEN);
}

int
fields_apply(json_t *fields, const struct desk_fields *f, struct err *e)
{
	char why[RECORD_WHY_LEN];
	int rc = 0;

	if (f->record != NULL)
		rc = merge_record(fields, f->record, e);
	if (rc == 0 && f->title != NULL)
		rc = record_set(fields, "title", f->title, why, sizeof why);
	if (rc == 0 && f->kind != NULL)
		rc = record_set(fields, "kind", f->kind, why, sizeof why);
	for (size_t i = 0; i < f->n && rc == 0; i++)
		rc = set_pair(fields, f->pairs[i], why);
	if (rc == 0)
		rc = record_check(fields, why, sizeof why);
	if (rc != 0) {
		err_set(e, ERR_UNKNOWN, "%s", why);
		err_hint(e, "muniment fields lists what a record can hold");
	}
	return rc;
}
