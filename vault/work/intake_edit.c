#include "intake_inside.h"

#include "index_inside.h"

#include <stdlib.h>
#include <string.h>

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The hashes of all current versions, sorted. */
static json_t *
current_hashes(struct intake *in, const struct index_item *item)
{
	json_t *list = json_array();
	char(*hex)[65] = calloc(item->n + 1, sizeof *hex);
	size_t n = 0;

	for (size_t i = 0; hex != NULL && i < item->n; i++) {
		const struct index_entry *en =
		    &in->x->entries[item->versions[i]];

		if (!en->replaced)
			hex_encode(en->sha256, HASH_LEN, hex[n++]);
	}
	if (hex != NULL)
		qsort(hex, n, sizeof *hex, by_text);
	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(list, json_string(hex[i])) != 0)
			n = 0;
	free(hex);
	return list;
}

static struct origin
origin_of(const json_t *doc)
{
	return (struct origin){json_object_get(doc, "original"),
			       json_object_get(doc, "within")};
}

/* The content stays: its files, and what its entry holds. */
static int
edit_fields(struct intake *in, const struct index_item *item, json_t *parents,
	    const json_t *fields, struct err *e)
{
	struct index_entry *en = index_current(in->x, item, NULL);
	struct entry old = {0};
	struct entry_content none = {0};
	int rc = -1;

	if (index_entry_open(in->x, en, &old, e) != 0)
		return -1;
	if (old.n > 1)
		err_set(e, ERR_UNKNOWN,
			"this item was written by a later version");
	else
		rc = intake_put_record(
		    in, item->id, parents, fields,
		    json_object_get(old.doc, "files"), origin_of(old.doc),
		    old.n == 1 ? &old.contents[0] : &none, e);
	entry_free(&old);
	return rc;
}

static int
edit_content(struct intake *in, const struct index_item *item, json_t *parents,
	     const json_t *fields, const char *path, struct err *e)
{
	struct source s;
	struct taking t = {.s = &s, .again = true};
	struct pool *pool;
	char id[HEX_ID_LEN + 1];
	json_t *files = json_array(), *old = NULL;
	int rc = -1;

	if (files == NULL || intake_source_open(in, &s, path) != 0) {
		json_decref(files);
		return err_set(e, ERR_UNKNOWN, "nothing was changed");
	}
	old = index_doc(index_current(in->x, item, NULL));
	strcpy(id, item->id); /* items may move when others are read */
	if (intake_take(in, &t, e) == TAKEN_OK &&
	    intake_set_type(in, t.file, in->question) == 0 &&
	    (pool = writer_pool(in->w, e)) != NULL &&
	    pool_drain(pool, e) == 0 && json_array_append(files, t.file) == 0)
		rc = intake_put_record(in, id, parents, fields, files,
				       origin_of(old), &t.content, e);
	else
		err_set(e, ERR_UNKNOWN, "nothing was changed");
	intake_taking_end(&t);
	json_decref(old);
	json_decref(files);
	intake_source_close(&s);
	return rc;
}

int
intake_edit(struct intake *in, const struct index_item *item,
	    const json_t *fields, const char *path, struct err *e)
{
	json_t *parents = current_hashes(in, item);
	int rc;

	if (parents == NULL)
		return err_memory(e);
	rc = path == NULL ? edit_fields(in, item, parents, fields, e)
			  : edit_content(in, item, parents, fields, path, e);
	json_decref(parents);
	return rc;
}
