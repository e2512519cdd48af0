#include "stick.h"

#include "carrymend.h"
#include "epochs.h"
#include "parityfile.h"
#include "stickheld.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECIPIENTS_MAX 256

/* -- reading -- */

struct pull {
	const char *dir;
	const struct identity *id;
	vault_progress *progress;
	stick_told *told;
	void *ctx;
	struct stickmemory memory;
	struct stick_pulled *out;
	size_t keys; /* with which files can be opened now; 0: to be counted */
};

/* How it stands with one file in this run. */
struct trial {
	bool done; /* nothing that others bring can change it */
	enum stick_what what;
	char why[512]; /* empty: nothing is to be told */
};

static void
add_up(struct merge_result *sum, const struct merge_result *one)
{
	sum->batches += one->batches;
	sum->devices += one->devices;
	sum->objects += one->objects;
	sum->absent = one->absent; /* as it is in the end */
	sum->forks += one->forks;
	sum->older += one->older;
	sum->strangers += one->strangers;
}

/* How many keys this identity holds in the vault: it may open files. */
static int
count_keys(struct pull *p, struct err *e)
{
	struct vault *v;
	struct index *x;

	if (p->keys > 0)
		return 0;
	v = vault_open(p->dir, VAULT_READ, NULL, e);
	x = v != NULL ? index_open(v, p->id, e) : NULL;
	if (x != NULL)
		p->keys = x->n_hybrids;
	index_free(x);
	vault_close(v);
	return p->keys > 0 ? 0 : -1;
}

/* Is there anything to learn from this file? 1, 0, or -1 with `e` filled. */
static int
is_open(struct pull *p, const struct stickfile *f, const struct trial *t,
	struct err *e)
{
	const struct stickrecord *r = stickmemory_find(&p->memory, f);

	if (t->done)
		return 0;
	if (r == NULL || r->state == STICKFILE_PARTLY)
		return 1;
	if (r->state != STICKFILE_OTHERS)
		return 0;
	return count_keys(p, e) == 0 ? r->keys != p->keys : -1;
}

static int
took(struct pull *p, const struct stickfile *f, struct trial *t,
     struct carry_result *r, struct err *e)
{
	bool known = stickmemory_find(&p->memory, f) != NULL;
	bool news = r->merged.batches + r->merged.objects > 0;

	add_up(&p->out->merged, &r->merged);
	p->keys = 0; /* there may be more now */
	*t = (struct trial){.done = true, .what = STICK_TAKEN};
	/* what cannot be looked at cannot be remembered */
	known |= f->unread != 0;
	p->out->count[STICK_TAKEN] += news || !known;
	if (r->mended > 0 && p->told != NULL) {
		snprintf(t->why, sizeof t->why,
			 "it is damaged: %zu blocks of it were restored by its"
			 " parity, and nothing is lacking (muniment repair"
			 " writes it anew)",
			 r->mended);
		p->told(p->ctx, STICK_TAKEN, f->name, t->why);
		t->why[0] = '\0';
	}
	if (stickmemory_add(&p->memory, f,
			    r->merged.strangers > 0 ? STICKFILE_PARTLY
						    : STICKFILE_READ,
			    r->content, e) == NULL)
		return -1;
	return news || !known;
}

/* Why it was not taken in; how it goes on. */
static int
failed(struct pull *p, const struct stickfile *f, struct trial *t,
       const struct carry_result *r, const struct err *inner, struct err *e)
{
	struct stickrecord *rec;

	snprintf(t->why, sizeof t->why, "%s", inner->msg);
	t->what = r->why == CARRY_NEEDS	    ? STICK_WAITS
		  : r->why == CARRY_CUT_OFF ? STICK_CUT_OFF
		  : r->why == CARRY_UNREAD  ? STICK_UNREAD
					    : STICK_REFUSED;
	t->done = r->why == CARRY_CUT_OFF || r->why == CARRY_UNREAD;
	if (r->why == CARRY_NOT_OURS) {
		t->what = STICK_OTHERS;
		snprintf(t->why, sizeof t->why, "locked to somebody else");
		if (count_keys(p, e) != 0)
			return -1;
		rec = stickmemory_add(&p->memory, f, STICKFILE_OTHERS, NULL, e);
		if (rec == NULL)
			return -1;
		rec->keys = p->keys;
		return stickmemory_save(p->dir, p->id, &p->memory, e);
	}
	if (t->what != STICK_REFUSED || inner->code == ERR_EVIDENCE ||
	    caps_are_exceeded(inner))
		return 0;
	*e = *inner;
	return -1;
}

static bool
has_parity(const struct stickfile *f)
{
	char base[FSUTIL_PATH];

	return f->n > 0 && parityfile_is_there(f->paths[0], base);
}

/*
 * Try one file. 1 if it brought something, 0 if it did not, -1 with `e` filled
 * if the vault cannot be used.
 */
static int
try_file(struct pull *p, const struct stickfile *f, struct trial *t,
	 struct err *e)
{
	struct carry_content content = {0};
	struct carry_result r = {.content = &content};
	struct carry_from from = {.files = (const char *const *)f->paths,
				  .n = f->n};
	struct err inner = {0};
	int rc;

	if (f->unread != 0 && !has_parity(f)) {
		*t = (struct trial){.done = true, .what = STICK_UNREAD};
		snprintf(t->why, sizeof t->why, "%s", strerror(f->unread));
		return 0;
	}
	if (carrymend_receive(p->dir, p->id, &from, p->progress, &r, &inner) ==
	    0) {
		rc = took(p, f, t, &r, e);
		if (rc >= 0 &&
		    stickmemory_save(p->dir, p->id, &p->memory, e) != 0)
			rc = -1;
	} else {
		rc = failed(p, f, t, &r, &inner, e);
	}
	carry_content_free(&content);
	return rc;
}

/* What is left is told, in the folder's order. */
static void
tell(struct pull *p, const struct stickfile *list, size_t n,
     const struct trial *trials)
{
	for (size_t i = 0; i < n; i++) {
		if (trials[i].what == STICK_TAKEN || trials[i].why[0] == '\0')
			continue;
		p->out->count[trials[i].what]++;
		if (p->told != NULL)
			p->told(p->ctx, trials[i].what, list[i].name,
				trials[i].why);
	}
}

/* Go round until no further file fits; then say what is left. */
static int
try_all(struct pull *p, const struct stickfile *list, size_t n, struct err *e)
{
	struct trial *trials = calloc(n + 1, sizeof *trials);
	bool progress = true;
	int rc = trials == NULL ? err_memory(e) : 0;

	while (progress && rc >= 0) {
		progress = false;
		for (size_t i = 0; i < n && rc >= 0; i++) {
			rc = is_open(p, &list[i], &trials[i], e);
			if (rc > 0)
				rc = try_file(p, &list[i], &trials[i], e);
			progress |= rc > 0;
		}
	}
	if (rc >= 0)
		tell(p, list, n, trials);
	free(trials);
	return rc < 0 ? -1 : 0;
}

int
stick_pull(const char *dir, const struct identity *id, const char *folder,
	   vault_progress *progress, stick_told *told, void *ctx,
	   struct stick_pulled *out, struct err *e)
{
	struct pull p = {.dir = dir,
			 .id = id,
			 .progress = progress,
			 .told = told,
			 .ctx = ctx,
			 .out = out};
	struct stickfile *list = NULL;
	size_t n = 0;
	int rc = -1;

	memset(out, 0, sizeof *out);
	if (stickfiles_list(folder, &list, &n, e) == 0 &&
	    stickmemory_load(dir, id, &p.memory, e) == 0)
		rc = try_all(&p, list, n, e);
	stickfiles_free(list, n);
	stickmemory_free(&p.memory);
	return rc;
}

/* -- writing -- */

/* Everybody who may have the vault's key. */
static struct agekey_public *
everybody(struct index *x, size_t *n, struct err *e)
{
	struct agekey_public *list = calloc(x->n_seats + 1, sizeof *list);

	*n = 0;
	if (list == NULL) {
		err_memory(e);
		return NULL;
	}
	for (size_t i = 0; i < x->n_seats; i++) {
		bool known = false;

		if (!index_may_be_sent(x, x->seats[i].id, INDEX_VAULT) ||
		    epochs_recipient(x, &x->seats[i], &list[*n]) != 0)
			continue;
		for (size_t k = 0; k < *n; k++)
			known |= memcmp(&list[k], &list[*n], sizeof *list) == 0;
		*n += !known;
	}
	if (*n > 0 && *n <= RECIPIENTS_MAX)
		return list;
	err_set(e, ERR_UNKNOWN,
		*n == 0 ? "nobody is known whom to lock the file to"
			: "there are too many members to lock one file to");
	err_hint(e, "muniment remote add NAME FOLDER --to CARD says to whom");
	free(list);
	return NULL;
}

/* A name that no file there has. */
static int
new_name(const char *folder, char name[16], char path[FSUTIL_PATH],
	 struct err *e)
{
	uint8_t raw[4];
	char hex[9];

	do {
		secret_random(raw, sizeof raw);
		hex_encode(raw, sizeof raw, hex);
		for (char *p = hex; *p != '\0'; p++)
			if (*p >= 'a')
				*p = (char)(*p - 'a' + 'A');
		strcpy(name, hex);
		if (fsutil_join(path, folder, name, e) != 0)
			return -1;
	} while (fsutil_exists(path));
	return 0;
}

/* Remember the file that was just written. */
static int
remember(struct index *x, const struct stick_push *p, const char *name,
	 struct stickmemory *m, struct carry_content *content, struct err *e)
{
	struct stickfile *list = NULL;
	struct stickrecord *r;
	size_t n = 0;
	int rc = stickfiles_list(p->folder, &list, &n, e);

	for (size_t i = 0; i < n && rc == 0; i++) {
		if (strcmp(list[i].name, name) != 0)
			continue;
		r = stickmemory_add(m, &list[i], STICKFILE_WROTE, content, e);
		if (r == NULL || stickmemory_for(r, p->to, p->n) != 0)
			rc = err_memory(e);
		else
			rc = stickmemory_save(x->v->dir, x->id, m, e);
	}
	stickfiles_free(list, n);
	return rc;
}

static int
write_new(struct index *x, const struct stick_push *p, struct stickmemory *m,
	  struct carry_what *what, struct stick_pushed *out, struct err *e)
{
	struct carry_to to = {
	    .keys = p->to, .n = p->n, .part = p->part, .parity = p->parity};
	struct carry_content content = {0};
	char path[FSUTIL_PATH];
	int rc = -1;

	what->content = &content;
	if (new_name(p->folder, out->name, path, e) == 0 &&
	    carry_write(x, &to, what, path, &out->parts, e) == 0)
		rc = remember(x, p, out->name, m, &content, e);
	carry_content_free(&content);
	return rc;
}

/* With the recipients known: what is lacking there, and one file of it. */
static int
push(struct index *x, const struct stick_push *p, struct stick_pushed *out,
     struct err *e)
{
	struct carry_what what = {.only_case = p->only_case,
				  .no_bulk = p->no_bulk};
	struct stickmemory m = {0};
	struct stickheld h = {0};
	int rc = -1;

	if (stickmemory_load(x->v->dir, x->id, &m, e) != 0)
		goto out;
	rc = p->anew ? stickheld_none(x, &h)
		     : stickheld_look(x, p->folder, &m, p->to, p->n, &h, e);
	if (rc != 0) {
		err_memory(e);
		goto out;
	}
	for (size_t i = 0; i < x->v->n_logs; i++)
		out->batches += x->v->logs[i].size - h.sizes[i];
	what.since = h.sizes;
	what.there = &h.objects;
	rc = carry_count(x, &what, &out->objects, e);
	if (rc == 0 && out->batches + out->objects > 0)
		rc = write_new(x, p, &m, &what, out, e);
out:
	stickmemory_free(&m);
	stickheld_free(&h);
	return rc;
}

int
stick_push(struct index *x, const struct stick_push *p,
	   struct stick_pushed *out, struct err *e)
{
	struct stick_push to_all = *p;
	struct agekey_public *all = NULL;
	int rc;

	memset(out, 0, sizeof *out);
	if (p->n == 0) {
		to_all.to = all = everybody(x, &to_all.n, e);
		if (all == NULL)
			return -1;
	}
	rc = push(x, &to_all, out, e);
	free(all);
	return rc;
}
