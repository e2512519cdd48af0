/* Which entries and originals a package shows: see exhibit_inside.h. */
#include "exhibit_inside.h"

#include "exindex.h"
#include "extract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t
exhibit_entry_add(struct exhibit *ex, size_t index, size_t item, struct err *e)
{
	struct exhibit_entry *en;
	void *p = realloc(ex->entries, (ex->n_entries + 1) * sizeof *en);

	if (p != NULL)
		ex->entries = p;
	if (p == NULL || ex->n_entries == EXINDEX_ENTRIES_MAX) {
		err_set(e, ERR_UNKNOWN,
			p == NULL ? "no memory"
				  : "more entries than a package holds");
		return SIZE_MAX;
	}
	en = &ex->entries[ex->n_entries];
	memset(en, 0, sizeof *en);
	en->doc = index_doc(&ex->x->entries[index]);
	if (en->doc == NULL) {
		err_memory(e);
		return SIZE_MAX;
	}
	en->index = index;
	en->item = item;
	exindex_entry_id((uint32_t)++ex->n_entries, en->id);
	return ex->n_entries - 1;
}

/* Are the originals given narrowed down to some, and this is none of them? */
static bool
left_out(const struct exhibit *ex, size_t n)
{
	for (size_t i = 0; i < ex->o->n_files; i++)
		if (ex->o->files[i] == n)
			return false;
	return ex->o->part;
}

/* A file extension that follows from a media type; "bin" if none is known. */
static const char *
extension(const char *type)
{
	static const struct {
		const char *type, *ext;
	} known[] = {{"application/pdf", "pdf"},
		     {"application/zip", "zip"},
		     {"application/json", "json"},
		     {"application/rtf", "rtf"},
		     {"text/rtf", "rtf"},
		     {"application/msword", "doc"},
		     {"application/vnd.ms-excel", "xls"},
		     {"application/vnd.openxmlformats-officedocument."
		      "wordprocessingml.document",
		      "docx"},
		     {"application/vnd.openxmlformats-officedocument."
		      "spreadsheetml.sheet",
		      "xlsx"},
		     {"application/vnd.oasis.opendocument.text", "odt"},
		     {"application/vnd.oasis.opendocument.spreadsheet", "ods"},
		     {"message/rfc822", "eml"},
		     {"image/jpeg", "jpg"},
		     {"image/png", "png"},
		     {"image/gif", "gif"},
		     {"image/tiff", "tif"},
		     {"image/webp", "webp"},
		     {"image/heic", "heic"},
		     {"audio/mpeg", "mp3"},
		     {"audio/ogg", "ogg"},
		     {"audio/x-wav", "wav"},
		     {"audio/x-m4a", "m4a"},
		     {"video/mp4", "mp4"},
		     {"video/quicktime", "mov"},
		     {"video/webm", "webm"},
		     {"video/3gpp", "3gp"},
		     {"text/html", "html"},
		     {"text/csv", "csv"},
		     {"text/xml", "xml"},
		     {"text/plain", "txt"}};

	for (size_t i = 0; type != NULL && i < sizeof known / sizeof *known;
	     i++)
		if (strcmp(known[i].type, type) == 0)
			return known[i].ext;
	return "bin";
}

static int
add_file(struct exhibit *ex, size_t entry, size_t n, const json_t *file,
	 struct err *e)
{
	struct exhibit_file *f;
	void *p = realloc(ex->files, (ex->n_files + 1) * sizeof *f);

	if (p == NULL)
		return err_memory(e);
	ex->files = p;
	if (ex->n_files == 9999)
		return err_set(e, ERR_UNKNOWN,
			       "a package holds 9,999 files at most");
	f = &ex->files[ex->n_files++];
	memset(f, 0, sizeof *f);
	snprintf(f->path, sizeof f->path, "data/%04u.%s",
		 (unsigned)ex->n_files % 10000,
		 extension(entry_str(file, "media_type")));
	f->entry = entry;
	f->n = n;
	f->file = file;
	f->size = (uint64_t)json_integer_value(json_object_get(file, "size"));
	return 0;
}

/* Every original of this version that is shown is here, and whole. */
static int
check_originals(struct exhibit *ex, size_t entry, const char *item,
		struct err *e)
{
	const struct index_entry *en =
	    &ex->x->entries[ex->entries[entry].index];
	struct entry opened = {0};
	struct err inner = {0};
	int rc = 0;

	if (index_entry_open(ex->x, en, &opened, &inner) != 0)
		rc = err_set(e, inner.code, "item %.8s: %s", item, inner.msg);
	for (size_t i = 0; rc == 0 && i < ex->n_files; i++) {
		const struct exhibit_file *f = &ex->files[i];

		if (f->entry != entry || extract_file(ex->x, &opened, f->file,
						      NULL, NULL, &inner) == 0)
			continue;
		rc = err_set(e, inner.code, "item %.8s, file %zu: %s", item,
			     f->n, inner.msg);
		err_hint(e, "nothing was written");
	}
	entry_free(&opened);
	return rc;
}

/* The number, from 1, of the file with this SHA-256; 0 if it has none. */
static size_t
file_of(const json_t *doc, const char *sha256)
{
	json_t *f;
	size_t i;

	json_array_foreach (json_object_get(doc, "files"), i, f) {
		const char *s = entry_str(f, "sha256");

		if (s != NULL && sha256 != NULL && strcmp(s, sha256) == 0)
			return i + 1;
	}
	return 0;
}

/* Does a version that this one replaces hold the file already? */
static bool
parent_holds(const struct exhibit *ex, const struct index_item *it,
	     const json_t *doc, const char *sha256)
{
	json_t *parents = json_object_get(doc, "parents"), *p;
	bool found = false;
	size_t i;

	json_array_foreach (parents, i, p)
		for (size_t k = 0; !found && k < it->n; k++) {
			const struct index_entry *en =
			    &ex->x->entries[it->versions[k]];
			char hex[65];
			json_t *old;

			hex_encode(en->sha256, HASH_LEN, hex);
			if (!json_is_string(p) ||
			    strcmp(hex, json_string_value(p)) != 0)
				continue;
			old = index_doc(en);
			found = file_of(old, sha256) > 0;
			json_decref(old);
		}
	return found;
}

/* A version in which a file stood first is shown for that file alone. */
static int
add_same(struct exhibit *ex, size_t record, size_t index, size_t n,
	 struct err *e)
{
	size_t at = record, *p;

	while (at < ex->n_entries && (ex->entries[at].index != index ||
				      ex->entries[at].of != record + 1))
		at++;
	if (at == ex->n_entries) {
		at = exhibit_entry_add(ex, index, ex->entries[record].item, e);
		if (at == SIZE_MAX)
			return -1;
		ex->entries[at].of = record + 1;
	}
	p = realloc(ex->entries[at].same,
		    (ex->entries[at].n_same + 1) * sizeof *p);
	if (p == NULL)
		return err_memory(e);
	ex->entries[at].same = p;
	p[ex->entries[at].n_same++] = n;
	return 0;
}

/*
 * Who edits a title makes a new version, which nobody has stamped. What counts
 * for an original is since when the item holds it.
 */
static int
add_first(struct exhibit *ex, size_t record, struct err *e)
{
	const struct index_item *it = ex->items[ex->entries[record].item - 1];
	int rc = 0;

	for (size_t i = 0; i < ex->n_files; i++) {
		const struct exhibit_file *f = &ex->files[i];
		const char *sha256 = entry_str(f->file, "sha256");

		for (size_t k = 0; rc == 0 && f->entry == record && k < it->n;
		     k++) {
			const struct index_entry *en =
			    &ex->x->entries[it->versions[k]];
			json_t *doc;
			size_t n;

			if (!en->replaced)
				continue; /* shown for itself */
			doc = index_doc(en);
			n = file_of(doc, sha256);
			if (n > 0 && !parent_holds(ex, it, doc, sha256))
				rc =
				    add_same(ex, record, it->versions[k], n, e);
			json_decref(doc);
		}
	}
	return rc;
}

/* Was anything asked of records, so that they show this and no more? */
static bool
is_narrow(const struct exhibit *ex)
{
	for (size_t i = 0; i < ex->o->n_disclose; i++)
		if (strncmp(ex->o->disclose[i], "custody.", 8) != 0 &&
		    strncmp(ex->o->disclose[i], "retract.", 8) != 0)
			return true;
	return ex->o->part;
}

static int
add_version(struct exhibit *ex, size_t index, size_t item, struct err *e)
{
	size_t entry = exhibit_entry_add(ex, index, item, e), i;
	const char *id = ex->items[item - 1]->id;
	json_t *files, *f;

	if (entry == SIZE_MAX)
		return -1;
	ex->entries[entry].opened = !is_narrow(ex);
	files = json_object_get(ex->entries[entry].doc, "files");
	json_array_foreach (files, i, f)
		if (!left_out(ex, i + 1) &&
		    add_file(ex, entry, i + 1, f, e) != 0)
			return -1;
	return check_originals(ex, entry, id, e) == 0 ? add_first(ex, entry, e)
						      : -1;
}

static int
by_place(const void *a, const void *b, void *ctx)
{
	const struct index *x = ctx;
	const struct index_entry *m = &x->entries[*(const size_t *)a];
	const struct index_entry *n = &x->entries[*(const size_t *)b];
	int c = strcmp(x->v->logs[m->log].branch, x->v->logs[n->log].branch);

	if (c == 0)
		c = (m->batch > n->batch) - (m->batch < n->batch);
	return c != 0 ? c : memcmp(m->sha256, n->sha256, HASH_LEN);
}

/* What was said of an item: retractions, custody. */
static int
add_said(struct exhibit *ex, enum index_kind kind, size_t item, struct err *e)
{
	const struct index_item *it = ex->items[item - 1];
	struct index *x = ex->x;
	size_t *list = calloc(x->n_entries + 1, sizeof *list), n = 0;
	int rc = 0;

	if (list == NULL)
		return err_memory(e);
	for (size_t i = 0; i < x->n_entries; i++)
		if (x->entries[i].kind == kind && x->entries[i].accepted &&
		    strcmp(x->entries[i].item, it->id) == 0 &&
		    strcmp(x->entries[i].case_id, it->case_id) == 0)
			list[n++] = i;
	qsort_r(list, n, sizeof *list, by_place, x);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = exhibit_entry_add(ex, list[i], item, e) != SIZE_MAX ? 0
									 : -1;
	free(list);
	return rc;
}

static int
add_item(struct exhibit *ex, size_t item, struct err *e)
{
	const struct index_item *it = ex->items[item - 1];
	size_t n = 0;

	for (size_t i = 0; i < it->n; i++) {
		if (ex->x->entries[it->versions[i]].replaced)
			continue;
		if (add_version(ex, it->versions[i], item, e) != 0)
			return -1;
		n++;
	}
	if (n == 0)
		return err_set(e, ERR_EVIDENCE,
			       "item %.8s: each of its versions is said to be"
			       " replaced by another",
			       it->id);
	return add_said(ex, KIND_RETRACT, item, e) == 0 &&
		       add_said(ex, KIND_CUSTODY, item, e) == 0
		   ? 0
		   : -1;
}

/* A number in --files that fits no item is a slip. */
static int
check_numbers(const struct exhibit *ex, struct err *e)
{
	for (size_t i = 0; i < ex->o->n_files; i++) {
		bool found = false;

		for (size_t k = 0; k < ex->n_files; k++)
			found |= ex->files[k].n == ex->o->files[i];
		if (!found)
			return err_set(e, ERR_UNKNOWN,
				       "none of these items has a file %zu",
				       ex->o->files[i]);
	}
	return 0;
}

int
exhibit_collect(struct exhibit *ex, struct err *e)
{
	for (size_t i = 0; i < ex->n_items; i++)
		if (add_item(ex, i + 1, e) != 0)
			return -1;
	return check_numbers(ex, e);
}
