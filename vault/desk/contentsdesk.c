#include "contentsdesk.h"

#include "acts.h"
#include "clock.h"
#include "desk_inside.h"
#include "extract.h"
#include "intake.h"
#include "intake_member.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOWN_MAX 512 /* bytes of what a member is called in messages */

static const char *const kinds[CONTENTS_KINDS] = {
    "file", "text",   "folder", "symbolic link", "hard link",
    "pipe", "device", "socket", "encrypted",
};

static const char *const states[CONTENTS_STATES] = {
    "read", "none", "encrypted", "damaged", "too much", "stopped",
};

/* What the first look has found of a member that can be taken in. */
struct found {
	bool whole;
	uint64_t size;
	uint8_t sha256[HASH_LEN];
};

/* A container that is looked at. */
struct box {
	struct contents_work *w;
	struct contents_limits limits;
	struct contents_source source;
	enum contents_form form;
	bool known; /* it has a form */
	char name[256];
	json_t *members;     /* what is shown of them */
	struct found *found; /* n of them, by number */
	size_t n, cap;
	enum contents_state state;
	char why[CONTENTS_WHY_MAX];
	desk_progress *progress;
	void *progress_ctx;
	struct intake *in; /* says what the case holds; or NULL */
};

static void
box_free(struct box *b)
{
	json_decref(b->members);
	free(b->found);
}

static int
put(json_t *o, const char *key, const char *value)
{
	return json_object_set_new(o, key, json_string(value));
}

/* Text of a library's, escaped, so that it can be told. */
static json_t *
escaped(const char *text)
{
	char shown[4 * CONTENTS_WHY_MAX];

	return json_string(err_escape(shown, sizeof shown, text, strlen(text)));
}

/* A compressed file has no name inside: it is called as outside, less .gz. */
static void
name_it(const struct box *b, struct contents_member *m)
{
	char *dot;

	if (m->name[0] != '\0')
		return;
	snprintf(m->name, sizeof m->name, "%s", b->name);
	dot = strrchr(m->name, '.');
	if (dot != NULL && dot != m->name)
		*dot = '\0';
}

/* Read a member to its end: -1 with `e` filled; else f->whole says. */
static int
read_one(struct box *b, struct contents *c, struct found *f, struct err *e)
{
	static uint8_t buf[64 << 10];
	struct hash *h = hash_new(HASH_SHA256);
	ssize_t n;

	if (h == NULL)
		return err_memory(e);
	while ((n = contents_read(c, buf, sizeof buf, e)) > 0) {
		hash_update(h, buf, (size_t)n);
		f->size += (size_t)n;
	}
	f->whole = n == 0;
	hash_final(h, f->sha256);
	hash_free(h);
	if (b->progress != NULL)
		b->progress(b->progress_ctx, "looking through", b->n, 0);
	return n == -1 ? -1 : 0;
}

/* What is shown of a member; its bytes have been read. */
static int
show_one(struct box *b, const struct contents *c,
	 const struct contents_member *m, const struct found *f)
{
	char hex[HASH_HEX_LEN + 1], time[CLOCK_LEN], *bytes = NULL;
	char *path = intake_member_path(m->name, &bytes);
	json_t *o = json_object();
	bool is_file = m->kind <= CONTENTS_TEXT;
	const char *held;
	int rc = o == NULL || path == NULL;

	if (rc == 0)
		rc = json_object_set_new(o, "number",
					 json_integer((json_int_t)m->number)) |
		     put(o, "path", path) | put(o, "kind", kinds[m->kind]);
	if (rc == 0 && bytes != NULL)
		rc = put(o, "path_bytes", bytes);
	if (rc == 0 && m->has_time) {
		clock_format((time_t)m->time, time);
		rc = put(o, "modified", time);
	}
	if (rc == 0 && is_file && f->whole) {
		hex_encode(f->sha256, HASH_LEN, hex);
		rc = json_object_set_new(o, "size",
					 json_integer((json_int_t)f->size)) |
		     put(o, "sha256", hex);
		held = b->in != NULL ? intake_held(b->in, f->size, f->sha256)
				     : NULL;
		if (held != NULL)
			rc |= put(o, "item", held);
	} else if (rc == 0 && is_file) {
		rc = json_object_set_new(o, "why", escaped(contents_why(c)));
	}
	if (rc != 0 || json_array_append_new(b->members, o) != 0)
		rc = -1;
	free(path);
	free(bytes);
	return rc;
}

static struct found *
grow(struct box *b)
{
	if (b->n == b->cap) {
		size_t cap = b->cap > 0 ? 2 * b->cap : 256;
		void *p = realloc(b->found, cap * sizeof *b->found);

		if (p == NULL)
			return NULL;
		b->found = p;
		b->cap = cap;
	}
	memset(&b->found[b->n], 0, sizeof *b->found);
	return &b->found[b->n++];
}

/* The first look: what there is, and what of it can be read whole. */
static int
look(struct box *b, struct err *e)
{
	struct contents_member *m = malloc(sizeof *m);
	struct contents *c = NULL;
	int rc = -1;

	b->members = json_array();
	if (m == NULL || b->members == NULL) {
		err_memory(e);
		goto out;
	}
	c = contents_open(b->w, b->form, &b->source, &b->limits, e);
	if (c == NULL)
		goto out;
	while ((rc = contents_next(c, m, e)) == 1) {
		struct found *f = grow(b);

		rc = -1;
		if (f == NULL)
			err_memory(e);
		else if (m->kind > CONTENTS_TEXT || read_one(b, c, f, e) == 0)
			rc = 0;
		if (rc != 0)
			goto out;
		name_it(b, m);
		if (show_one(b, c, m, f) != 0) {
			rc = err_memory(e);
			goto out;
		}
	}
	b->state = contents_state(c);
	snprintf(b->why, sizeof b->why, "%s", contents_why(c));
out:
	contents_close(c);
	free(m);
	return rc;
}

static json_t *
box_json(struct box *b, struct err *e)
{
	json_t *o = json_object();
	int rc = o == NULL || put(o, "name", b->name) != 0;

	if (rc == 0 && b->known)
		rc = put(o, "form",
			 b->form == CONTENTS_MAIL ? "mail" : "archive") |
		     put(o, "state", states[b->state]) |
		     (b->why[0] != '\0'
			  ? json_object_set_new(o, "why", escaped(b->why))
			  : 0) |
		     json_object_set(o, "members", b->members);
	if (rc == 0)
		return o;
	json_decref(o);
	err_memory(e);
	return NULL;
}

/* -- a file that is in no vault -- */

static int
read_fd(void *ctx, uint64_t at, void *buf, size_t len, struct err *e)
{
	uint8_t *p = buf;

	while (len > 0) {
		ssize_t n = pread(*(int *)ctx, p, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "the file");
		if (n == 0)
			return err_set(e, ERR_UNKNOWN,
				       "the file has become shorter");
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int
form_of_file(struct box *b, struct mediatype *m, const char *path, int fd,
	     struct err *e)
{
	uint8_t head[MEDIATYPE_HEAD_LEN];
	char type[MEDIATYPE_LEN];
	const char *slash = strrchr(path, '/');
	size_t n =
	    b->source.size < sizeof head ? (size_t)b->source.size : sizeof head;

	if (read_fd(&fd, 0, head, n, e) != 0)
		return -1;
	(void)mediatype_ask(m, head, n, type);
	err_escape(b->name, sizeof b->name, slash != NULL ? slash + 1 : path,
		   strlen(slash != NULL ? slash + 1 : path));
	b->known = contents_form_of(type, b->name, &b->form);
	return 0;
}

json_t *
desk_contents_file(struct contents_work *w, struct mediatype *m,
		   const char *path, bool large, desk_progress *progress,
		   struct err *e)
{
	struct box b = {.w = w, .progress = progress};
	char shown[300];
	struct stat st;
	json_t *list = json_array(), *o = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	contents_limits_of(large, &b.limits);
	err_escape(shown, sizeof shown, path, strlen(path));
	if (fd < 0 || fstat(fd, &st) != 0) {
		err_sys(e, "%s", shown);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(e, ERR_UNKNOWN, "%s: not a regular file", shown);
		goto out;
	}
	b.source = (struct contents_source){read_fd, &fd, (uint64_t)st.st_size};
	if (form_of_file(&b, m, path, fd, e) == 0 &&
	    (!b.known || look(&b, e) == 0))
		o = box_json(&b, e);
out:
	if (o == NULL || json_array_append_new(list, o) != 0) {
		json_decref(list);
		list = NULL;
	}
	if (fd >= 0)
		close(fd);
	box_free(&b);
	return list;
}

/* -- items -- */

/* An item's version that is opened. */
struct opened {
	struct index_entry *en;
	struct entry entry;
};

static int
open_item(struct desk *d, const char *text, struct opened *o, struct err *e)
{
	struct index_item *item;

	memset(o, 0, sizeof *o);
	if (index_find_item(d->x, text, &item, e) != 0)
		return -1;
	o->en = index_current(d->x, item, NULL);
	return index_entry_open(d->x, o->en, &o->entry, e);
}

/*
 * One file of an opened entry as a container: found whole first, then read from
 * anywhere. *at is to be freed.
 */
static int
box_of(struct desk *d, struct box *b, const struct opened *o,
       const json_t *file, struct extract_at **at, struct err *e)
{
	const char *name = entry_str(file, "name");
	const char *type = entry_str(file, "media_type");

	*at = NULL;
	b->progress = d->v->progress;
	b->progress_ctx = d->v->progress_ctx;
	snprintf(b->name, sizeof b->name, "%s", name != NULL ? name : "");
	b->known =
	    contents_form_of(type != NULL ? type : "", b->name, &b->form);
	if (!b->known)
		return 0;
	if (extract_file(d->x, &o->entry, file, NULL, NULL, e) != 0)
		return -1;
	*at = extract_at_new(d->x, &o->entry, file, e);
	b->source = (struct contents_source){
	    extract_at_read, *at,
	    (uint64_t)json_integer_value(json_object_get(file, "size"))};
	return *at != NULL ? 0 : -1;
}

json_t *
desk_contents(struct desk *d, struct contents_work *w, const char *text,
	      bool large, struct err *e)
{
	struct intake_options none = {.told = NULL};
	struct intake *in = NULL;
	json_t *list = json_array(), *file;
	struct opened o;
	size_t i;
	int rc = open_item(d, text, &o, e);

	if (rc == 0) {
		in = intake_new(d->x, NULL, o.en->case_id, NULL, &none, e);
		rc = in != NULL ? 0 : -1;
	}
	json_array_foreach (json_object_get(o.entry.doc, "files"), i, file) {
		struct box b = {.w = w, .in = in};
		struct extract_at *at = NULL;
		json_t *one = NULL;

		contents_limits_of(large, &b.limits);
		if (rc == 0)
			rc = box_of(d, &b, &o, file, &at, e);
		if (rc == 0 && b.known)
			rc = look(&b, e);
		if (rc == 0)
			one = box_json(&b, e);
		if (rc == 0 &&
		    (one == NULL || json_array_append_new(list, one) != 0))
			rc = -1;
		extract_at_free(at);
		box_free(&b);
	}
	intake_free(in);
	entry_free(&o.entry);
	if (rc == 0)
		return list;
	json_decref(list);
	return NULL;
}

/* Taking in. */
struct taking_in {
	struct desk *d;
	struct contents_work *w;
	struct mediatype *m;
	struct contents_limits limits;
	bool must;
	desk_told *told;
	void *ctx;
	struct intake *in;
	struct writer *out;
};

static void
on_told(void *ctx, enum intake_what what, const char *path, const char *item,
	const char *why)
{
	struct taking_in *t = ctx;

	t->told(t->ctx, (enum desk_what)what, path, item, why);
}

/* "photos.zip: a/b.jpg", escaped. */
static void
call(const struct box *b, const struct contents_member *m, char out[SHOWN_MAX])
{
	size_t n = (size_t)snprintf(out, SHOWN_MAX, "%.200s: ", b->name);

	if (n < SHOWN_MAX)
		err_escape(out + n, SHOWN_MAX - n, m->name, strlen(m->name));
}

/* The second look: what was found whole is taken in, all else is told. */
static int
take_one(struct taking_in *t, struct box *b,
	 const struct intake_container *from, struct contents *c,
	 struct contents_member *m, struct err *e)
{
	const struct found *f =
	    m->number <= b->n ? &b->found[m->number - 1] : NULL;
	char shown[SHOWN_MAX], why[4 * CONTENTS_WHY_MAX], what[64];

	name_it(b, m);
	call(b, m, shown);
	if (m->kind == CONTENTS_FILE && f != NULL && f->whole)
		return intake_member(t->in, from, c, m, f->size, f->sha256,
				     shown, e);
	if (m->kind == CONTENTS_FILE) {
		const char *said =
		    f == NULL ? "it was not there before"
			      : json_string_value(json_object_get(
				    json_array_get(b->members, m->number - 1),
				    "why"));

		snprintf(why, sizeof why, "%s", said != NULL ? said : "");
		intake_tell(t->in, INTAKE_FAILED, shown, NULL,
			    why[0] != '\0' ? why : "it cannot be read");
	} else if (m->kind == CONTENTS_ENCRYPTED) {
		intake_tell(t->in, INTAKE_FAILED, shown, NULL,
			    "it is encrypted");
	} else if (m->kind > CONTENTS_FOLDER) {
		snprintf(what, sizeof what, "a %s", kinds[m->kind]);
		intake_tell(t->in, INTAKE_SKIPPED, shown, NULL, what);
	}
	return 0;
}

/* How a container that was not read to its end is told. */
static void
tell_state(struct taking_in *t, const struct box *b)
{
	static const char *const words[CONTENTS_STATES] = {
	    "",
	    "what is in it is of no form that is read",
	    "what is in it is encrypted",
	    "it is damaged",
	    "not all of what is in it was read",
	    "not all of what is in it was read"};
	char shown[4 * CONTENTS_WHY_MAX], why[5 * CONTENTS_WHY_MAX];

	if (b->state == CONTENTS_READ || (b->state == CONTENTS_NOT && !t->must))
		return;
	err_escape(shown, sizeof shown, b->why, strlen(b->why));
	snprintf(why, sizeof why, "%s%s%s", words[b->state],
		 shown[0] != '\0' ? ": " : "", shown);
	intake_tell(t->in, INTAKE_FAILED, b->name, NULL, why);
}

static int
take_box(struct taking_in *t, struct box *b,
	 const struct intake_container *from, struct err *e)
{
	struct contents_member *m = malloc(sizeof *m);
	struct contents *c = NULL;
	int rc = -1;

	if (m == NULL)
		return err_memory(e);
	if (look(b, e) != 0)
		goto out;
	c = contents_open(t->w, b->form, &b->source, &t->limits, e);
	if (c == NULL)
		goto out;
	/* what the first look has not come to is not taken in */
	rc = 0;
	for (size_t i = 0; rc == 0 && i < b->n; i++) {
		rc = contents_next(c, m, e);
		if (rc != 1)
			break;
		rc = take_one(t, b, from, c, m, e);
	}
	if (rc == 0)
		tell_state(t, b);
out:
	contents_close(c);
	free(m);
	return rc;
}

static int
take_item(struct taking_in *t, const char *text, struct err *e)
{
	struct intake_container from = {.item = text};
	struct opened o;
	json_t *file;
	size_t i;
	int rc = open_item(t->d, text, &o, e);

	if (rc == 0) {
		memcpy(from.entry, o.en->sha256, HASH_LEN);
		from.item = o.en->item;
		intake_fields(t->in, json_object_get(o.entry.doc, "fields"));
	}
	json_array_foreach (json_object_get(o.entry.doc, "files"), i, file) {
		struct box b = {.w = t->w, .limits = t->limits, .in = t->in};
		struct extract_at *at = NULL;

		from.file = (unsigned)i + 1;
		if (rc == 0)
			rc = box_of(t->d, &b, &o, file, &at, e);
		if (rc == 0 && b.known)
			rc = take_box(t, &b, &from, e);
		else if (rc == 0 && t->must)
			intake_tell(t->in, INTAKE_FAILED, b.name, NULL,
				    "neither an archive nor mail, by its type"
				    " and name");
		extract_at_free(at);
		box_free(&b);
	}
	intake_fields(t->in, NULL);
	entry_free(&o.entry);
	return rc;
}

/* Begin to write into the case of these items. */
static int
begin(struct taking_in *t, const char *first, struct err *e)
{
	struct intake_options o = {.told = on_told, .ctx = t};
	struct index_item *item;

	if (index_find_item(t->d->x, first, &item, e) != 0)
		return -1;
	if (!acts_may(t->d->x, KIND_RECORD, item->case_id))
		return err_set(e, ERR_UNKNOWN,
			       "you have no right to write in this case");
	t->out = writer_new(t->d->x, e);
	if (t->out == NULL || writer_case(t->out, item->case_id, NULL, e) != 0)
		return -1;
	t->in = intake_new(t->d->x, t->out, item->case_id, t->m, &o, e);
	return t->in != NULL ? 0 : -1;
}

int
desk_contents_take(struct desk *d, struct contents_work *w, struct mediatype *m,
		   const char *const *items, size_t n, bool large, bool must,
		   desk_told *told, void *ctx, struct desk_sum *sum,
		   struct err *e)
{
	struct taking_in t = {.d = d, .w = w, .m = m, .must = must};
	int rc = 0;

	t.told = told;
	t.ctx = ctx;
	contents_limits_of(large, &t.limits);
	if (n == 0)
		return 0;
	if (index_refresh(d->x, e) != 0 || begin(&t, items[0], e) != 0)
		rc = -1;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = take_item(&t, items[i], e);
	if (rc == 0) {
		sum->done += intake_added(t.in);
		sum->failed += intake_failed(t.in);
		if (intake_added(t.in) > 0)
			rc = writer_commit(t.out, e);
	}
	intake_free(t.in);
	writer_free(t.out);
	return rc;
}
