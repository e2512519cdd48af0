#include "exhibit.h"

#include "acts.h"
#include "certificate.h"
#include "check.h"
#include "clock.h"
#include "desk_inside.h"
#include "exhibit_inside.h"
#include "filing.h"
#include "phrases.h"
#include "writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
release(struct exhibit *ex)
{
	for (size_t i = 0; i < ex->n_entries; i++) {
		json_decref(ex->entries[i].doc);
		exhibit_fields_free(&ex->entries[i].proof);
		free(ex->entries[i].points);
		free(ex->entries[i].same);
	}
	for (size_t i = 0; i < ex->n_points; i++) {
		free(ex->points[i].note);
		free(ex->points[i].marks);
	}
	free(ex->entries);
	free(ex->points);
	free(ex->files);
	free(ex->named);
	for (size_t i = 0; i < ex->n_shown; i++)
		free(ex->shown[i].numbers);
	free(ex->shown);
	stamps_free(ex->stamps);
	json_decref(ex->plan);
	json_decref(ex->report);
	witness_free(ex->w);
	packout_abort(ex->out);
}

/* -- what stands against it -- */

/* Why an item that is not found may be missing: its records do not count. */
static int
not_found(struct desk *d, const char *text, struct err *e)
{
	const char *slash = strrchr(text, '/');
	const char *id = slash != NULL ? slash + 1 : text;
	const struct index_entry *last = NULL;

	for (size_t i = 0; strlen(id) >= 4 && i < d->x->n_entries; i++) {
		const struct index_entry *en = &d->x->entries[i];

		if (en->kind == KIND_RECORD && !en->accepted &&
		    strncmp(en->item, id, strlen(id)) == 0)
			last = en;
	}
	if (last == NULL)
		return -1;
	err_clear(e);
	return err_set(e, ERR_EVIDENCE, "item %.8s: it is not accepted: %s",
		       last->item, last->why);
}

/* Items by text, in the order asked for, each once; malloc'ed. */
static struct index_item **
find_items(struct desk *d, const char *const *texts, size_t n, size_t *found,
	   struct err *e)
{
	struct index_item **list = calloc(n + 1, sizeof *list), *item;

	*found = 0;
	if (list == NULL) {
		err_memory(e);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		bool twice = false;

		if (index_find_item(d->x, texts[i], &item, e) != 0) {
			(void)not_found(d, texts[i], e);
			free(list);
			return NULL;
		}
		if (!acts_may(d->x, KIND_CUSTODY, item->case_id)) {
			err_set(e, ERR_UNKNOWN,
				"item %.8s: you have no right in its case",
				item->id);
			free(list);
			return NULL;
		}
		for (size_t k = 0; k < *found; k++)
			twice |= list[k] == item;
		if (!twice)
			list[(*found)++] = item;
	}
	return list;
}

/* -- custody -- */

static int
by_case(const void *a, const void *b)
{
	return strcmp(((const struct acts_custody *)a)->case_id,
		      ((const struct acts_custody *)b)->case_id);
}

/* The vault says what is given out, before it is. */
static int
say_disclosed(const struct exhibit *ex, struct writer *w, struct err *e)
{
	struct acts_custody *list = calloc(ex->n_items + 1, sizeof *list);
	const char *to = ex->o->to, *note = ex->o->note;
	char *text = NULL;
	int rc = 0;

	if (to != NULL && note != NULL &&
	    asprintf(&text, "to %s: %s", to, note) < 0)
		text = NULL, rc = -1;
	else if (to != NULL && note == NULL && asprintf(&text, "to %s", to) < 0)
		text = NULL, rc = -1;
	if (list == NULL || rc != 0) {
		free(list);
		return err_memory(e);
	}
	for (size_t i = 0; i < ex->n_items; i++)
		list[i] = (struct acts_custody){
		    ex->items[i]->case_id, ex->items[i]->id, "disclosed", NULL,
		    text != NULL ? text : note};
	qsort(list, ex->n_items, sizeof *list, by_case);
	rc = acts_custody_put(w, list, ex->n_items, e) == 0
		 ? writer_commit(w, e)
		 : -1;
	free(list);
	free(text);
	return rc;
}

/* -- the whole -- */

static bool
is_zip(const char *path)
{
	size_t n = strlen(path);

	return n > 4 && strcmp(path + n - 4, ".zip") == 0;
}

/* Words of the command line that stand for something. */
static int
check_words(const struct exhibit_options *o, struct err *e)
{
	const struct {
		const char *const *list;
		const char *word, *what;
	} words[] = {{phrases_languages, o->lang, "language"},
		     {certificate_declarations, o->declaration, "declaration"},
		     {filing_profiles, o->profile, "profile"}};
	char shown[80];

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words[i].word != NULL &&
		    !certificate_knows(words[i].list, words[i].word))
			return err_set(e, ERR_UNKNOWN, "%s: no such %s",
				       err_escape(shown, sizeof shown,
						  words[i].word,
						  strlen(words[i].word)),
				       words[i].what);
	return 0;
}

/* The vault's own folder holds no plaintext: it is carried about and copied. */
static int
check_outside(const struct exhibit *ex, struct err *e)
{
	char dir[FSUTIL_PATH], shown[300], *target, *vault;
	const char *path = ex->o->path;
	size_t n = strlen(path);
	int rc = 0;

	/* the folder that will hold it: packout_check has found it */
	while (n > 1 && path[n - 1] == '/')
		n--;
	while (n > 0 && path[n - 1] != '/')
		n--;
	snprintf(dir, sizeof dir, "%.*s.", (int)n, path);
	target = realpath(dir, NULL);
	vault = realpath(ex->x->v->dir, NULL);
	n = vault != NULL ? strlen(vault) : 0;
	if (target != NULL && vault != NULL && strncmp(target, vault, n) == 0 &&
	    (target[n] == '\0' || target[n] == '/'))
		rc = err_set(
		    e, ERR_UNKNOWN, "%s: lies in the vault's own folder",
		    err_escape(shown, sizeof shown, path, strlen(path)));
	free(target);
	free(vault);
	return rc;
}

/* All that can be known before anything is written. */
static int
gather(struct exhibit *ex, struct err *e)
{
	ex->named = calloc(ex->o->n_disclose + 1, sizeof *ex->named);
	if (ex->named == NULL)
		return err_memory(e);
	if (check_words(ex->o, e) != 0 || packout_check(ex->o->path, e) != 0 ||
	    check_outside(ex, e) != 0)
		return -1;
	ex->w = witness_new(ex->x, false, e);
	if (ex->w == NULL)
		return -1;
	ex->stamps = stamps_new(ex->x, (int64_t)time(NULL), e);
	if (ex->stamps == NULL)
		return -1;
	return exhibit_collect(ex, e) == 0 &&
		       exhibit_points_choose(ex, e) == 0 &&
		       exhibit_fields_make(ex, e) == 0 &&
		       (ex->o->profile == NULL ||
			exhibit_filing_check(ex, e) == 0)
		   ? 0
		   : -1;
}

static json_t *
result(const struct exhibit *ex, struct err *e)
{
	json_t *o = desk_made(json_object(), e);
	uint64_t bytes = 0;

	if (o == NULL)
		return NULL;
	for (size_t i = 0; i < ex->n_files; i++)
		bytes += ex->files[i].size;
	json_object_set_new(o, "file", json_string(ex->o->path));
	json_object_set_new(o, "id", json_string(ex->id));
	json_object_set_new(o, "items", json_integer((json_int_t)ex->n_items));
	json_object_set_new(o, "files", json_integer((json_int_t)ex->n_files));
	json_object_set_new(o, "bytes", json_integer((json_int_t)bytes));
	json_object_set_new(o, "checks", exhibit_checks(ex));
	return o;
}

/*
 * Check it as a stranger would. A package that does not hold is never given its
 * name: either the vault is damaged in a way that was not noticed, or we are.
 */
static json_t *
check(struct exhibit *ex, bool parts, struct err *e)
{
	const struct check_options o = {.parts = parts,
					.progress = ex->x->v->progress,
					.ctx = ex->x->v->progress_ctx};
	json_t *report = check_package(packout_path(ex->out), &o, e), *c;
	char shown[200];
	size_t i;

	json_array_foreach (json_object_get(report, "checks"), i, c) {
		const char *name = entry_str(c, "name");
		const char *text = entry_str(c, "text");

		if (strcmp(entry_str(c, "result"), "fails") != 0)
			continue;
		err_set(e, ERR_EVIDENCE, "the package does not hold: %s: %s",
			name,
			err_escape(shown, sizeof shown, text, strlen(text)));
		json_decref(report);
		return NULL;
	}
	return report;
}

static int
write_all(struct exhibit *ex, struct err *e)
{
	struct packout *out;

	ex->out = packout_new(ex->o->path, is_zip(ex->o->path), e);
	if (ex->out == NULL)
		return -1;
	if (exhibit_parts_write(ex, e) != 0 || exhibit_tags_id(ex, e) != 0 ||
	    (ex->o->count && exhibit_count_write(ex, e) != 0) ||
	    (ex->plan != NULL && exhibit_filing_write(ex, e) != 0) ||
	    (ex->report = check(ex, true, e)) == NULL ||
	    exhibit_tags_write(ex, e) != 0 || packout_close(ex->out, e) != 0)
		return -1;
	json_decref(ex->report);
	ex->report = check(ex, false, e);
	if (ex->report == NULL)
		return -1;
	out = ex->out;
	ex->out = NULL;
	return packout_commit(out, e);
}

json_t *
desk_exhibit(struct desk *d, const char *const *items, size_t n,
	     const struct exhibit_options *o, struct err *e)
{
	struct exhibit ex = {.x = d->x, .o = o};
	struct writer *w = NULL;
	struct index_item **list = find_items(d, items, n, &ex.n_items, e);
	json_t *made = NULL;

	ex.items = list;
	clock_now(ex.made);
	/* a writer that is there says that one's own log can be gone on with */
	if (list != NULL && gather(&ex, e) == 0 &&
	    (w = writer_new(d->x, e)) != NULL &&
	    say_disclosed(&ex, w, e) == 0 && write_all(&ex, e) == 0)
		made = result(&ex, e);
	release(&ex);
	writer_free(w);
	free(list);
	return made;
}
