#include "redact.h"

#include "acts.h"
#include "canon.h"
#include "desk_inside.h"
#include "extract.h"
#include "fields.h"
#include "fsutil.h"
#include "intake.h"
#include "writer.h"
#include "zones.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZONES_FILE_MAX (1u << 20) /* bytes */
#define BUF_LEN (256u << 10)
#define THUMBNAIL_WITHIN (64u << 10) /* bytes of a JPEG's EXIF data */

struct work {
	struct desk *d;
	const struct redact *r;
	struct pdfwork *pdf;
	struct index_item *item;
	struct index_entry *en; /* the original's entry */
	struct entry opened;
	const json_t *file; /* of it */
	size_t number;
	bool page, time, text; /* what the original is */
	json_t *zones, *warnings;
	uint32_t pages_named;	      /* the highest page that a zone is on */
	char item_id[HEX_ID_LEN + 1]; /* of the copy */
	struct err *e;
};

static int
warn(struct work *w, const char *text)
{
	return json_array_append_new(w->warnings, json_string(text)) == 0
		   ? 0
		   : err_memory(w->e);
}

/* -- the original -- */

static bool
starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static int
find_original(struct work *w)
{
	struct err *e = w->e;
	size_t current = 0, n;
	json_t *files;
	const char *type;

	if (index_find_item(w->d->x, w->r->item, &w->item, e) != 0)
		return -1;
	w->en = index_current(w->d->x, w->item, &current);
	if (w->en == NULL || current != 1)
		return err_set(e, ERR_UNKNOWN,
			       "the item has %zu versions that stand side by"
			       " side: which was redacted?",
			       current);
	if (!acts_may(w->d->x, KIND_RECORD, w->item->case_id))
		return err_set(e, ERR_UNKNOWN,
			       "you have no right to write in this case");
	if (index_entry_open(w->d->x, w->en, &w->opened, e) != 0)
		return -1;
	files = json_object_get(w->opened.doc, "files");
	n = json_array_size(files);
	if (w->r->file == 0 && n != 1) {
		err_set(e, ERR_UNKNOWN, "the item has %zu files", n);
		return err_hint(e, "--file says which was redacted");
	}
	w->number = w->r->file > 0 ? w->r->file : 1;
	w->file = json_array_get(files, w->number - 1);
	if (w->file == NULL)
		return err_set(e, ERR_UNKNOWN, "the item has %zu files", n);
	type = entry_str(w->file, "media_type");
	type = type != NULL ? type : "";
	w->page =
	    strcmp(type, "application/pdf") == 0 || starts(type, "image/");
	w->time = starts(type, "video/") || starts(type, "audio/");
	w->text = starts(type, "text/");
	return 0;
}

/* -- zones -- */

/* What kind of zones the original can have, where its type tells. */
static bool
zone_fits(const struct work *w, const struct zone *z)
{
	if (w->page)
		return zones_fits(z, ZONES_PAGE);
	if (w->time)
		return zones_fits(z, ZONES_TIME);
	return !w->text || zones_fits(z, ZONES_LINES);
}

static int
one_zone(struct work *w, const char *text)
{
	char form[ZONES_TEXT_MAX], shown[200];
	struct zone z;

	err_escape(shown, sizeof shown, text, strlen(text));
	if (!zones_parse(text, &z)) {
		err_set(w->e, ERR_UNKNOWN, "not a zone: %s", shown);
		return err_hint(w->e,
				"PAGE X Y WIDTH HEIGHT REASON in thousandths of"
				" the page, or FROM-TO REASON in seconds or"
				" lines");
	}
	if (!zone_fits(w, &z))
		return err_set(w->e, ERR_UNKNOWN,
			       "%s: not how a zone of %s is given", shown,
			       w->page	 ? "a page"
			       : w->time ? "a recording"
					 : "a text");
	if (json_array_size(w->zones) == ZONES_MAX)
		return err_set(w->e, ERR_UNKNOWN, "more than %d zones",
			       ZONES_MAX);
	if (z.box && z.page > w->pages_named)
		w->pages_named = z.page;
	zones_format(&z, form);
	if (!canon_is_text(form, strlen(form)) ||
	    json_array_append_new(w->zones, json_string(form)) != 0)
		return err_set(w->e, ERR_UNKNOWN,
			       "%s: the reason must be UTF-8 text", shown);
	return 0;
}

/* Lines; empty ones and those that begin with # are passed over. */
static int
zone_lines(struct work *w, char *text)
{
	char *save = NULL;

	for (char *l = strtok_r(text, "\r\n", &save); l != NULL;
	     l = strtok_r(NULL, "\r\n", &save)) {
		size_t blank = strspn(l, " \t");

		if (l[blank] == '\0' || l[blank] == '#')
			continue;
		if (one_zone(w, l) != 0)
			return -1;
	}
	return 0;
}

static int
read_zones(struct work *w)
{
	for (size_t i = 0; i < w->r->n_zones; i++) {
		const char *arg = w->r->zones[i];
		char *text = NULL;
		size_t len = 0;
		int rc;

		if (arg[0] == '@') {
			rc = fsutil_read(arg + 1, ZONES_FILE_MAX, &text, &len,
					 w->e);
			if (rc == 0 && strlen(text) != len)
				rc = err_set(w->e, ERR_UNKNOWN,
					     "the file of zones is no text");
		} else {
			text = strdup(arg);
			rc = text != NULL ? 0 : err_memory(w->e);
		}
		if (rc == 0)
			rc = zone_lines(w, text);
		free(text);
		if (rc != 0)
			return -1;
	}
	return json_array_size(w->zones) > 0
		   ? 0
		   : err_set(w->e, ERR_UNKNOWN, "no zone is given");
}

/* -- the redacted file -- */

/* What one reading of it shows. */
struct seen {
	uint64_t size;
	bool same;	  /* it is the original */
	bool begins;	  /* it begins with the whole original */
	bool pdf;	  /* by its first bytes */
	bool has_preview; /* a JPEG with a second picture inside */
};

/*
 * A JPEG's EXIF data may hold a small picture of its own, which an editor
 * leaves as it was.
 */
static bool
has_preview(const uint8_t *s, size_t len)
{
	static const uint8_t start[] = {0xFF, 0xD8, 0xFF};
	size_t n = len < THUMBNAIL_WITHIN ? len : THUMBNAIL_WITHIN;

	return n > 6 && memcmp(s, start, 3) == 0 &&
	       memmem(s + 3, n - 3, "Exif", 4) != NULL &&
	       memmem(s + 3, n - 3, start, 3) != NULL;
}

static bool
is_digest(struct hash *h, const char *want)
{
	uint8_t digest[HASH_LEN];
	char hex[HASH_HEX_LEN + 1];

	hash_final(h, digest);
	hex_encode(digest, HASH_LEN, hex);
	return want != NULL && strcmp(hex, want) == 0;
}

/*
 * Read it once: is the original in it, as the whole or as what it begins with
 * (where a program only appends what it changes)?
 */
static int
read_copy(struct work *w, int fd, struct seen *s)
{
	uint64_t whole =
	    (uint64_t)json_integer_value(json_object_get(w->file, "size"));
	const char *want = entry_str(w->file, "sha256");
	uint8_t *buf = malloc(BUF_LEN);
	struct hash *h = hash_new(HASH_SHA256);
	ssize_t n = buf == NULL || h == NULL ? -1 : 1;

	while (n > 0 && (n = read(fd, buf, BUF_LEN)) > 0) {
		uint64_t left = whole > s->size ? whole - s->size : 0;
		bool first = s->size == 0, over = (uint64_t)n >= left;

		if (first) {
			s->pdf = n > 4 && memcmp(buf, "%PDF", 4) == 0;
			s->has_preview = has_preview(buf, (size_t)n);
		}
		if (left > 0)
			hash_update(h, buf, over ? left : (size_t)n);
		if (left > 0 && over)
			s->begins = is_digest(h, want);
		s->size += (uint64_t)n;
	}
	s->same = s->begins && s->size == whole;
	free(buf);
	hash_free(h);
	return n == 0 ? 0 : err_sys(w->e, "the redacted file");
}

static int
feed_copy(struct work *w, int fd, uint64_t size)
{
	uint8_t *buf = malloc(BUF_LEN);
	ssize_t n = -1;
	int rc =
	    buf != NULL ? pdfwork_open(w->pdf, size, w->e) : err_memory(w->e);

	if (rc == 0 && lseek(fd, 0, SEEK_SET) != 0)
		rc = err_sys(w->e, "the redacted file");
	while (rc == 0 && (n = read(fd, buf, BUF_LEN)) > 0)
		rc = pdfwork_feed(w->pdf, buf, (size_t)n, w->e);
	free(buf);
	return rc;
}

/* Pages that show the same text in both although a zone is on them. */
static int
compare_texts(struct work *w, uint8_t (*copy)[32], uint32_t n)
{
	static const uint8_t none[32];
	uint8_t(*original)[32] = NULL;
	uint32_t m = 0;
	const json_t *text;
	size_t i;
	uint64_t size =
	    (uint64_t)json_integer_value(json_object_get(w->file, "size"));
	int rc = pdfwork_open(w->pdf, size, w->e);

	if (rc == 0)
		rc = extract_file(w->d->x, &w->opened, w->file, pdfwork_feed,
				  w->pdf, w->e);
	if (rc != 0 || pdfwork_texts(w->pdf, &original, &m) != 0)
		m = 0;
	json_array_foreach (w->zones, i, text) {
		char said[200];
		struct zone z;

		if (!zones_parse(json_string_value(text), &z) || !z.box ||
		    z.page > n || z.page > m ||
		    memcmp(original[z.page - 1], none, 32) == 0 ||
		    memcmp(original[z.page - 1], copy[z.page - 1], 32) != 0)
			continue;
		snprintf(said, sizeof said,
			 "page %u shows the same text as in the original: what"
			 " is covered can be copied out",
			 z.page);
		if (rc == 0)
			rc = warn(w, said);
		memset(copy[z.page - 1], 0xFF, 32); /* said once */
	}
	free(original);
	return rc;
}

static int
check_pdf(struct work *w, int fd, const struct seen *s)
{
	uint8_t(*copy)[32] = NULL;
	struct pdfwork_facts f;
	uint32_t n = 0;
	char said[200];
	int rc = feed_copy(w, fd, s->size);

	if (rc != 0)
		return -1;
	pdfwork_look(w->pdf, &f);
	if (f.revisions > 1) {
		snprintf(said, sizeof said,
			 "the PDF holds %u states saved one behind another:"
			 " what was taken out may still be in it",
			 f.revisions);
		rc = warn(w, said);
	}
	if (rc == 0 && f.active)
		rc = warn(w, "the PDF holds scripts or attached files: look"
			     " what is in them");
	if (rc == 0 && f.state != PDFWORK_READ)
		rc = warn(w, "the PDF could not be looked into");
	if (rc == 0 && f.state == PDFWORK_READ && f.pages < w->pages_named)
		rc = err_set(w->e, ERR_UNKNOWN,
			     "a zone is on page %u; the redacted file has %u",
			     w->pages_named, f.pages);
	if (rc == 0 && pdfwork_texts(w->pdf, &copy, &n) == 0)
		rc = compare_texts(w, copy, n);
	free(copy);
	return rc;
}

static int
check_copy(struct work *w)
{
	struct seen s = {0};
	struct stat st;
	char shown[300];
	int fd = open(w->r->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
				      O_NONBLOCK | O_NOCTTY);
	int rc = -1;

	err_escape(shown, sizeof shown, w->r->path, strlen(w->r->path));
	if (fd < 0 || fstat(fd, &st) != 0) {
		err_sys(w->e, "%s", shown);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(w->e, ERR_UNKNOWN, "%s: not a regular file", shown);
		goto out;
	}
	if (read_copy(w, fd, &s) != 0)
		goto out;
	if (s.same) {
		err_set(w->e, ERR_UNKNOWN,
			"%s: that is the original, nothing was taken out",
			shown);
		goto out;
	}
	if (s.begins && s.size > 0) {
		err_set(w->e, ERR_UNKNOWN,
			"%s: it begins with the whole original: what was"
			" changed was only appended",
			shown);
		err_hint(w->e, "print it to a new file, or save it without"
			       " its earlier states");
		goto out;
	}
	rc = s.has_preview
		 ? warn(w, "the picture holds a small one of itself, which may"
			   " show what was taken out")
		 : 0;
	if (rc == 0 && s.pdf && pdfwork_works(w->pdf))
		rc = check_pdf(w, fd, &s);
	else if (rc == 0 && s.pdf)
		rc = warn(w, "the PDF could not be looked into");
out:
	if (w->pdf != NULL)
		pdfwork_close(w->pdf);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* -- taking it in -- */

/* The one file of the copy: its item, or why it could not be taken. */
static void
told(void *ctx, enum intake_what what, const char *path, const char *item,
     const char *why)
{
	struct work *w = ctx;
	char shown[300];

	err_escape(shown, sizeof shown, path, strlen(path));
	if (what == INTAKE_ADDED)
		snprintf(w->item_id, sizeof w->item_id, "%s", item);
	else if (what == INTAKE_KNOWN)
		err_set(w->e, ERR_UNKNOWN,
			"%s: item %.8s of this case has this content already",
			shown, item);
	else
		err_set(w->e, ERR_UNKNOWN, "%s: %s", shown, why);
}

static json_t *
bond(struct work *w)
{
	char hex[HASH_HEX_LEN + 1];
	json_t *o = json_object();
	int rc = o == NULL;

	hex_encode(w->en->sha256, HASH_LEN, hex);
	if (rc == 0)
		rc = json_object_set_new(o, "entry", json_string(hex)) |
		     json_object_set_new(o, "item", json_string(w->item->id)) |
		     json_object_set_new(o, "file",
					 json_integer((json_int_t)w->number)) |
		     json_object_set(o, "zones", w->zones);
	if (rc == 0 && w->r->decided_by != NULL)
		rc = json_object_set_new(o, "decided_by",
					 json_string(w->r->decided_by));
	if (rc == 0 && w->r->basis != NULL)
		rc = json_object_set_new(o, "basis", json_string(w->r->basis));
	if (rc == 0)
		return o;
	err_set(w->e, ERR_UNKNOWN,
		"who decided, and on what basis, must be"
		" UTF-8 text");
	json_decref(o);
	return NULL;
}

/* What the original's custody says. */
static int
note(struct work *w, struct writer *out)
{
	char text[120];
	struct acts_custody c = {.case_id = w->item->case_id,
				 .item = w->item->id,
				 .action = "note",
				 .note = text};

	snprintf(text, sizeof text, "redacted copy of file %zu: item %s",
		 w->number, w->item_id);
	/* acts_custody_put would begin a batch: the copy's will do */
	return acts_custody_add(out, &c, w->e);
}

static int
take_in(struct work *w, struct mediatype *m, const json_t *fields)
{
	struct intake_options o = {.fields = fields, .told = told, .ctx = w};
	struct writer *out = NULL;
	struct intake *in = NULL;
	json_t *original = bond(w);
	int rc = -1;

	o.original = original;
	if (original == NULL || (out = writer_new(w->d->x, w->e)) == NULL ||
	    writer_case(out, w->item->case_id, NULL, w->e) != 0)
		goto done;
	in = intake_new(w->d->x, out, w->item->case_id, m, &o, w->e);
	if (in == NULL || intake_path(in, w->r->path, w->e) != 0)
		goto done;
	if (w->item_id[0] == '\0')
		err_set(w->e, ERR_UNKNOWN, "nothing was taken in");
	else if (note(w, out) == 0)
		rc = writer_commit(out, w->e);
done:
	intake_free(in);
	writer_free(out);
	json_decref(original);
	return rc;
}

json_t *
desk_redact(struct desk *d, struct mediatype *m, struct pdfwork *pdf,
	    const struct redact *r, struct err *e)
{
	struct work w = {.d = d, .r = r, .pdf = pdf, .e = e};
	json_t *fields = json_object(), *made = NULL;
	bool good;

	w.zones = json_array();
	w.warnings = json_array();
	if (fields == NULL || w.zones == NULL || w.warnings == NULL)
		good = err_memory(e) == 0;
	else
		good = fields_apply(fields, r->fields, e) == 0 &&
		       find_original(&w) == 0 && read_zones(&w) == 0 &&
		       check_copy(&w) == 0 && take_in(&w, m, fields) == 0;
	if (good)
		made =
		    desk_made(json_pack("{s:s,s:s,s:I,s:O}", "item", w.item_id,
					"original", w.item->id, "zones",
					(json_int_t)json_array_size(w.zones),
					"warnings", w.warnings),
			      e);
	entry_free(&w.opened);
	json_decref(w.warnings);
	json_decref(w.zones);
	json_decref(fields);
	return made;
}
