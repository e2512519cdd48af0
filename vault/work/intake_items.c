#include "intake_inside.h"

#include "secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* a file's type is asked for twice at most */
_Static_assert(MEDIATYPE_AHEAD >= 2 * (INTAKE_AHEAD + 1),
	       "answers that are kept");

void
intake_ahead_free(struct ahead *a)
{
	uint8_t *data = (uint8_t *)(uintptr_t)a->content.data;

	if (data != NULL)
		secret_wipe(data, a->content.len);
	free(data);
	free(a->shown);
	free(a->why);
	json_decref(a->file);
	json_decref(a->fields);
	json_decref(a->within);
}

static void
tell_now(struct intake *in, enum intake_what what, const char *path,
	 const char *item, const char *why)
{
	in->failed += what == INTAKE_FAILED;
	in->added += what == INTAKE_ADDED;
	if (in->o.told != NULL)
		in->o.told(in->o.ctx, what, path, item, why);
}

void
intake_tell(struct intake *in, enum intake_what what, const char *shown,
	    const char *item, const char *why)
{
	struct ahead *a = &in->ahead[in->n_ahead];

	if (in->n_ahead == 0 || in->n_ahead == INTAKE_AHEAD) {
		tell_now(in, what, shown, item, why);
		return;
	}
	memset(a, 0, sizeof *a);
	a->what = what;
	a->shown = strdup(shown);
	a->why = why != NULL ? strdup(why) : NULL;
	if (item != NULL)
		snprintf(a->item, sizeof a->item, "%s", item);
	if (a->shown != NULL && (a->why != NULL || why == NULL)) {
		in->n_ahead++;
		return;
	}
	intake_ahead_free(a);
	tell_now(in, what, shown, item, why);
}

int
intake_set_type(struct intake *in, json_t *file, uint64_t question)
{
	char type[MEDIATYPE_LEN];

	mediatype_get(in->m, question, type);
	return describe_set(file, "media_type", type);
}

int
intake_put_record(struct intake *in, const char *item, json_t *parents,
		  const json_t *fields, json_t *files, struct origin from,
		  const struct entry_content *content, struct err *e)
{
	json_t *doc = json_object(), *copy = json_deep_copy(fields);
	json_t *bond = json_deep_copy(from.original);
	json_t *within = json_deep_copy(from.within);
	int rc = -1;

	if (doc == NULL || copy == NULL ||
	    (bond == NULL && from.original != NULL) ||
	    (within == NULL && from.within != NULL) ||
	    (bond != NULL && json_object_set(doc, "original", bond) != 0) ||
	    (within != NULL && json_object_set(doc, "within", within) != 0) ||
	    (describe_set(doc, "item", item) |
	     json_object_set(doc, "parents", parents) |
	     json_object_set(doc, "fields", copy) |
	     json_object_set(doc, "files", files)) != 0)
		err_memory(e);
	else
		rc = writer_record(in->w, "record", doc, content,
				   content->data != NULL, e);
	json_decref(within);
	json_decref(bond);
	json_decref(copy);
	json_decref(doc);
	return rc;
}

static int
make_record(struct intake *in, struct ahead *a, struct err *e)
{
	json_t *parents = json_array(), *files = json_array();
	struct pool *pool = writer_pool(in->w, e);
	int rc = -1;

	if (pool == NULL || parents == NULL || files == NULL ||
	    intake_set_type(in, a->file, a->question) != 0 ||
	    json_array_append(files, a->file) != 0)
		err_memory(e);
	else if (pool_reach(pool, a->mark, e) == 0)
		rc = intake_put_record(
		    in, a->item, parents, a->fields, files,
		    (struct origin){in->o.original, a->within}, &a->content, e);
	json_decref(files);
	json_decref(parents);
	return rc;
}

/* Make the item of the file that was read first of those ahead, or tell it. */
static int
make_item(struct intake *in, struct err *e)
{
	struct ahead *a = &in->ahead[0];
	int rc = a->what == INTAKE_ADDED ? make_record(in, a, e) : 0;

	if (rc == 0)
		tell_now(in, a->what, a->shown,
			 a->item[0] != '\0' ? a->item : NULL, a->why);
	intake_ahead_free(a);
	memmove(a, a + 1, --in->n_ahead * sizeof *a);
	return rc;
}

int
intake_catch_up(struct intake *in, struct err *e)
{
	while (in->n_ahead > 0)
		if (make_item(in, e) != 0)
			return -1;
	return 0;
}

static int
ahead_fill(struct intake *in, struct ahead *a, const char *shown, json_t *file,
	   const json_t *within, const struct entry_content *content)
{
	uint8_t raw[16], *data = NULL;

	secret_random(raw, sizeof raw);
	hex_encode(raw, sizeof raw, a->item);
	if (content->data != NULL) {
		data = malloc(content->len + 1);
		if (data != NULL)
			memcpy(data, content->data, content->len);
	}
	a->content.data = data;
	a->content.len = data != NULL ? content->len : 0;
	a->shown = strdup(shown);
	a->file = json_incref(file);
	a->fields = json_deep_copy(in->o.fields);
	a->within = json_deep_copy(within);
	return a->shown == NULL || (data == NULL && content->data != NULL) ||
		       a->fields == NULL ||
		       (a->within == NULL && within != NULL)
		   ? -1
		   : 0;
}

int
intake_new_item(struct intake *in, const char *shown, json_t *file,
		const json_t *within, const struct entry_content *content,
		const uint8_t sha256[HASH_LEN], struct err *e)
{
	struct ahead *a;
	struct pool *pool = writer_pool(in->w, e);

	if (pool == NULL ||
	    (in->n_ahead == INTAKE_AHEAD && make_item(in, e) != 0))
		return -1;
	a = &in->ahead[in->n_ahead++];
	memset(a, 0, sizeof *a);
	a->what = INTAKE_ADDED;
	a->question = in->question;
	a->mark = pool_mark(pool);
	if (ahead_fill(in, a, shown, file, within, content) == 0 &&
	    held_add(
		in->held, sha256,
		(uint64_t)json_integer_value(json_object_get(file, "size")),
		a->item, json_object_get(file, "segments")) == 0)
		return 0;
	return err_memory(e);
}

int
intake_record(struct intake *in, const char *shown, json_t *file,
	      const json_t *within, const struct entry_content *content,
	      const uint8_t sha256[HASH_LEN], struct err *e)
{
	return intake_new_item(in, shown, file, within, content, sha256, e) == 0
		   ? intake_catch_up(in, e)
		   : -1;
}
