#include "parityfile.h"

#include "newfile.h"
#include "spread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENDING "-parity"
#define ROOM (1u << 20) /* bytes */

struct parityfile {
	char base[FSUTIL_PATH];
	char shown[300];
	struct parityform form;
	struct joined *data, *parity;
	struct paritymend *mend;
	struct paritymend_state state;
};

/* -- names -- */

int
parityfile_name(const char *path, char out[FSUTIL_PATH], struct err *e)
{
	if (snprintf(out, FSUTIL_PATH, "%s" ENDING, path) < FSUTIL_PATH)
		return 0;
	return err_set(e, ERR_UNKNOWN, "a path is too long");
}

/* "NAME", or its i-th part, from 1. */
static int
part_name(const char *path, unsigned i, char out[FSUTIL_PATH])
{
	int n = i == 0 ? snprintf(out, FSUTIL_PATH, "%s", path)
		       : snprintf(out, FSUTIL_PATH, "%s.%03u", path, i);

	return n < FSUTIL_PATH ? 0 : -1;
}

/* Is anything called so, or a part of it? */
static bool
is_there(const char *path)
{
	char name[FSUTIL_PATH];

	for (unsigned i = 0; i <= SPREAD_MAX; i++)
		if (part_name(path, i, name) == 0 && fsutil_exists(name))
			return true;
	return false;
}

static bool
has_parity(const char *base)
{
	char name[FSUTIL_PATH];

	return parityfile_name(base, name, NULL) == 0 && is_there(name);
}

/* Cut off the ending of a part: true if there was one. */
static bool
cut_part(char *path)
{
	size_t len = strlen(path);

	if (len <= 4 || path[len - 4] != '.' ||
	    strspn(path + len - 3, "0123456789") != 3)
		return false;
	path[len - 4] = '\0';
	return true;
}

static bool
cut_ending(char *path)
{
	size_t len = strlen(path), n = strlen(ENDING);

	if (len <= n || strcmp(path + len - n, ENDING) != 0)
		return false;
	path[len - n] = '\0';
	return true;
}

bool
parityfile_is_there(const char *path, char base[FSUTIL_PATH])
{
	if (snprintf(base, FSUTIL_PATH, "%s", path) >= FSUTIL_PATH)
		return false;
	if (has_parity(base))
		return true;
	(void)cut_part(base);
	if (has_parity(base))
		return true;
	return cut_ending(base) && has_parity(base);
}

bool
parityfile_is_one(const char *name)
{
	char base[FSUTIL_PATH];

	if (snprintf(base, sizeof base, "%s", name) >= (int)sizeof base)
		return false;
	(void)cut_part(base);
	return cut_ending(base);
}

/* -- making it -- */

/* Has the form of parity_read; `ctx` is a struct joined. */
static int
read_joined(void *ctx, uint64_t at, void *buf, size_t len, struct err *e)
{
	bool good;

	joined_read(ctx, at, buf, len, len, &good);
	return good ? 0
		    : err_set(e, ERR_UNKNOWN,
			      "a part of the file cannot be"
			      " read");
}

/* A file that is there, or its parts. */
static int
add_files(struct joined *j, const char *path, uint64_t *part, struct err *e)
{
	char name[FSUTIL_PATH], shown[300];
	struct stat st;
	int there;

	*part = 0;
	err_escape(shown, sizeof shown, path, strlen(path));
	there = fsutil_look(path, &st, e);
	if (there < 0)
		return -1;
	if (there > 0)
		return S_ISREG(st.st_mode)
			   ? joined_add(j, path, (uint64_t)st.st_size, e)
			   : err_set(e, ERR_UNKNOWN, "%s: not a regular file",
				     shown);
	for (unsigned i = 1; i <= SPREAD_MAX; i++) {
		there = part_name(path, i, name) != 0
			    ? 0
			    : fsutil_look(name, &st, e);
		if (there < 0)
			return -1;
		if (there == 0 || !S_ISREG(st.st_mode))
			break;
		if (i == 1)
			*part = (uint64_t)st.st_size;
		else if (joined_size(j) != (i - 1) * *part)
			return err_set(e, ERR_UNKNOWN,
				       "%s: its parts are not of one length",
				       shown);
		if (joined_add(j, name, (uint64_t)st.st_size, e) != 0)
			return -1;
	}
	errno = ENOENT;
	return joined_size(j) > 0 ? 0 : err_sys(e, "%s", shown);
}

/* The whole file through paritymake_put. */
static int
put_each(struct paritymake *m, uint64_t size, parity_read *in, void *in_ctx,
	 parity_each *each, void *each_ctx, const char *what,
	 vault_progress *progress, void *ctx, struct err *e)
{
	uint8_t *buf = malloc(ROOM);
	int rc = buf == NULL ? err_memory(e) : 0;

	for (uint64_t at = 0; at < size && rc == 0;) {
		size_t n = size - at < ROOM ? (size_t)(size - at) : ROOM;

		rc = in(in_ctx, at, buf, n, e);
		if (rc == 0 && each != NULL)
			rc = each(each_ctx, at, buf, n, e);
		if (rc == 0)
			paritymake_put(m, buf, n);
		at += n;
		if (progress != NULL)
			progress(ctx, what, at, size);
	}
	free(buf);
	return rc;
}

static int
put_all(struct paritymake *m, uint64_t size, parity_read *in, void *in_ctx,
	const char *what, vault_progress *progress, void *ctx, struct err *e)
{
	return put_each(m, size, in, in_ctx, NULL, NULL, what, progress, ctx,
			e);
}

/* Write the parity of what went through m; the file is not closed yet. */
static struct spread *
write_parity(struct paritymake *m, const struct parityform *f, const char *path,
	     parity_read *in, void *in_ctx, vault_progress *progress, void *ctx,
	     struct err *e)
{
	char name[FSUTIL_PATH];
	struct spread *s = NULL;

	if (parityfile_name(path, name, e) != 0)
		return NULL;
	s = spread_new(name, f->part, parityform_len(f), e);
	if (s != NULL && (paritymake_write(m, in, in_ctx, spread_put, s,
					   progress, ctx, e) != 0 ||
			  spread_settle(s, e) != 0 ||
			  paritymake_check(m, spread_get, s, e) != 0)) {
		spread_free(s);
		return NULL;
	}
	return s;
}

/*
 * Give a file its name, and then its parity, or NULL. Interrupted in between it
 * is there; parity alone would be in the way of the next time, and nobody may
 * write over it.
 */
static int
commit(struct spread *file, struct spread *parity, struct err *e)
{
	struct newfile *list[2 * SPREAD_MAX];
	size_t n = parity != NULL ? spread_take(parity, list) : 0;

	/* names are given from the end of the list */
	n += spread_take(file, list + n);
	return newfile_commit_all(list, n, e);
}

int
parityfile_make_of(struct joined *j, const char *path, uint64_t part,
		   unsigned percent, parity_each *each, void *each_ctx,
		   vault_progress *progress, void *ctx, struct err *e)
{
	struct paritymake *m = NULL;
	struct spread *s = NULL;
	struct parityform f;
	uint8_t sha256[HASH_LEN];
	char shown[300];
	int rc = -1;

	err_escape(shown, sizeof shown, path, strlen(path));
	if (parityform_plan(&f, joined_size(j), part, percent) != FORMAT_OK)
		return err_set(e, ERR_UNKNOWN,
			       "%s: empty, or too long for parity", shown);
	m = paritymake_new(&f, shown, e);
	if (m != NULL && put_each(m, f.size, read_joined, j, each, each_ctx,
				  "reading", progress, ctx, e) == 0) {
		paritymake_sum(m, sha256);
		s = write_parity(m, &f, path, read_joined, j, progress, ctx, e);
	}
	if (s != NULL)
		rc = commit(s, NULL, e);
	spread_free(s);
	paritymake_free(m);
	return rc;
}

int
parityfile_make(const char *path, unsigned percent, vault_progress *progress,
		void *ctx, struct err *e)
{
	struct joined *j = joined_new();
	uint64_t part;
	int rc = j == NULL ? err_memory(e) : add_files(j, path, &part, e);

	if (rc == 0)
		rc = parityfile_make_of(j, path, part, percent, NULL, NULL,
					progress, ctx, e);
	joined_free(j);
	return rc;
}

/* -- looking -- */

/* All that is there of the parity, to find one record in it. */
static int
find_form(struct parityfile *p, const char *parity, struct err *e)
{
	char *list[SPREAD_MAX + 1] = {NULL}, name[FSUTIL_PATH];
	struct err inner = {0};
	size_t n = 0;
	bool found;

	for (unsigned i = 0; i <= SPREAD_MAX; i++)
		if (part_name(parity, i, name) == 0 && fsutil_exists(name) &&
		    (list[n] = strdup(name)) != NULL)
			n++;
	found = paritymend_find((const char *const *)list, n, &p->form, &inner);
	while (n > 0)
		free(list[--n]);
	if (found)
		return 0;
	if (inner.code != ERR_NONE)
		return err_set(e, ERR_UNKNOWN, "%s" ENDING ": %s", p->shown,
			       inner.msg);
	return err_set(e, ERR_EVIDENCE,
		       "%s" ENDING ": no part of it is a parity file any more",
		       p->shown);
}

/* The parts of a file of so many bytes, whether they are there or not. */
static struct joined *
expect(const char *path, uint64_t part, uint64_t size, struct err *e)
{
	struct joined *j = joined_new();
	char name[FSUTIL_PATH];
	unsigned i = part > 0 && size > part ? 1 : 0;

	if (j == NULL) {
		err_memory(e);
		return NULL;
	}
	for (uint64_t at = 0; at < size; i++) {
		uint64_t n = i > 0 && size - at > part ? part : size - at;

		if (i > SPREAD_MAX || part_name(path, i, name) != 0) {
			err_set(e, ERR_EVIDENCE,
				"a parity file that names too many parts");
			joined_free(j);
			return NULL;
		}
		if (joined_add(j, name, n, e) != 0) {
			joined_free(j);
			return NULL;
		}
		at += n;
	}
	return j;
}

/* Bytes that are there, of all these files. */
static uint64_t
there(const char *path)
{
	char name[FSUTIL_PATH];
	uint64_t sum = 0;
	struct stat st;

	for (unsigned i = 0; i <= SPREAD_MAX; i++)
		if (part_name(path, i, name) == 0 && stat(name, &st) == 0 &&
		    S_ISREG(st.st_mode))
			sum += (uint64_t)st.st_size;
	return sum;
}

/* Find out the layout, and open both. */
static int
prepare(struct parityfile *p, const char *parity, struct err *e)
{
	if (find_form(p, parity, e) != 0)
		return -1;
	if (p->data != NULL && joined_size(p->data) != p->form.size)
		return err_set(e, ERR_EVIDENCE, "%s" ENDING ": of other files",
			       p->shown);
	/* whatever a foreign file claims costs no more than it brings */
	if (p->data == NULL && there(p->base) + there(parity) < p->form.size) {
		err_set(e, ERR_EVIDENCE,
			"%s: too much is lost: of its %llu bytes, and of its"
			" parity, only %llu are there",
			p->shown, (unsigned long long)p->form.size,
			(unsigned long long)(there(p->base) + there(parity)));
		return err_hint(e, "ask for another copy");
	}
	if (p->data == NULL)
		p->data = expect(p->base, p->form.part, p->form.size, e);
	p->parity = expect(parity, p->form.part, parityform_len(&p->form), e);
	if (p->data == NULL || p->parity == NULL)
		return -1;
	p->mend = paritymend_new(&p->form, p->data, p->parity, e);
	return p->mend != NULL ? 0 : -1;
}

/* Over `j`, or, if that is NULL, over the file of that name. */
static struct parityfile *
open_any(struct joined *j, const char *path, vault_progress *progress,
	 void *ctx, struct err *e)
{
	struct parityfile *p = calloc(1, sizeof *p);
	char parity[FSUTIL_PATH];

	if (p == NULL) {
		joined_free(j);
		err_memory(e);
		return NULL;
	}
	p->data = j;
	if (!parityfile_is_there(path, p->base)) {
		err_escape(p->shown, sizeof p->shown, path, strlen(path));
		err_set(e, ERR_UNKNOWN, "%s" ENDING ": there is none",
			p->shown);
		err_hint(e, "without its parity file a damaged file cannot be"
			    " repaired: ask for another copy");
	} else {
		err_escape(p->shown, sizeof p->shown, p->base, strlen(p->base));
		if (parityfile_name(p->base, parity, e) == 0 &&
		    prepare(p, parity, e) == 0 &&
		    paritymend_look(p->mend, progress, ctx, &p->state, e) == 0)
			return p;
	}
	parityfile_close(p);
	return NULL;
}

struct parityfile *
parityfile_open(const char *path, vault_progress *progress, void *ctx,
		struct err *e)
{
	return open_any(NULL, path, progress, ctx, e);
}

struct parityfile *
parityfile_open_of(struct joined *j, const char *path, vault_progress *progress,
		   void *ctx, struct err *e)
{
	return open_any(j, path, progress, ctx, e);
}

int
parityfile_check(const char *path, uint64_t size, vault_progress *progress,
		 void *ctx, struct paritymend_state *out, struct err *e)
{
	struct parityfile *p = calloc(1, sizeof *p);
	char parity[FSUTIL_PATH];
	int rc = -1;

	if (p == NULL || (p->data = joined_new()) == NULL) {
		free(p);
		return err_memory(e);
	}
	snprintf(p->base, sizeof p->base, "%s", path);
	err_escape(p->shown, sizeof p->shown, path, strlen(path));
	if (joined_add(p->data, path, size, e) == 0 &&
	    parityfile_name(path, parity, e) == 0 && prepare(p, parity, e) == 0)
		rc = paritymend_look_at_parity(p->mend, progress, ctx, out, e);
	parityfile_close(p);
	return rc;
}

struct paritymend *
parityfile_mend(struct parityfile *p)
{
	return p->mend;
}

const struct paritymend_state *
parityfile_state(const struct parityfile *p)
{
	return &p->state;
}

uint64_t
parityfile_size(const struct parityfile *p)
{
	return p->form.size;
}

void
parityfile_close(struct parityfile *p)
{
	if (p == NULL)
		return;
	paritymend_free(p->mend);
	joined_free(p->data);
	joined_free(p->parity);
	free(p);
}

/* -- restoring -- */

static int
beyond(const struct parityfile *p, struct err *e)
{
	int lack = p->data != NULL ? joined_lack(p->data) : 0;

	if (lack == 0 && p->parity != NULL)
		lack = joined_lack(p->parity);
	if (lack != 0)
		return err_set(e, ERR_UNKNOWN,
			       "%s: not all of it can be read: %s", p->shown,
			       strerror(lack));
	err_set(e, ERR_EVIDENCE,
		"%s: more is damaged than its parity can restore: nothing was"
		" written",
		p->shown);
	return err_hint(e, "ask for another copy; from a partner's copy, a"
			   " vault heals itself: muniment repair --from");
}

static int
other_file(const struct parityfile *p, struct err *e)
{
	return err_set(e, ERR_EVIDENCE,
		       "%s: what was restored has not the SHA-256 that the"
		       " file had: nothing was written",
		       p->shown);
}

/* The restored file, read back: its SHA-256, and what its parity needs. */
static int
check_restored(struct parityfile *p, struct spread *s, struct paritymake *m,
	       vault_progress *progress, void *ctx, struct err *e)
{
	uint8_t sha256[HASH_LEN];

	if (put_all(m, p->form.size, spread_get, s, "reading back", progress,
		    ctx, e) != 0)
		return -1;
	paritymake_sum(m, sha256);
	return memcmp(sha256, p->form.sha256, HASH_LEN) == 0 ? 0
							     : other_file(p, e);
}

/* The file itself, and then its parity. */
static int
restore_both(struct parityfile *p, const char *out, struct paritymake *m,
	     vault_progress *progress, void *ctx, struct err *e)
{
	struct spread *s, *beside = NULL;
	int rc = -1;

	s = spread_new(out, p->form.part, p->form.size, e);
	if (s != NULL &&
	    paritymend_restore(p->mend, 0, p->form.size, spread_put, s,
			       progress, ctx, e) == 0 &&
	    spread_settle(s, e) == 0 &&
	    check_restored(p, s, m, progress, ctx, e) == 0)
		beside = write_parity(m, &p->form, out, spread_get, s, progress,
				      ctx, e);
	if (beside != NULL)
		rc = commit(s, beside, e);
	spread_free(beside);
	spread_free(s);
	return rc;
}

/* The file is whole: its parity alone. */
static int
restore_parity(struct parityfile *p, const char *out, struct paritymake *m,
	       vault_progress *progress, void *ctx, struct err *e)
{
	uint8_t sha256[HASH_LEN];
	struct spread *s;
	int rc = -1;

	if (put_all(m, p->form.size, read_joined, p->data, "reading", progress,
		    ctx, e) != 0)
		return -1;
	paritymake_sum(m, sha256);
	if (memcmp(sha256, p->form.sha256, HASH_LEN) != 0)
		return other_file(p, e);
	s = write_parity(m, &p->form, out, read_joined, p->data, progress, ctx,
			 e);
	if (s != NULL)
		rc = commit(s, NULL, e);
	spread_free(s);
	return rc;
}

int
parityfile_restore(struct parityfile *p, const char *out,
		   vault_progress *progress, void *ctx, struct err *e)
{
	struct paritymake *m;
	int rc;

	if (p->state.whole && p->state.bad_records == 0)
		return 0;
	if (p->state.lost_blocks > 0)
		return beyond(p, e);
	m = paritymake_new(&p->form, p->shown, e);
	if (m == NULL)
		return -1;
	rc = p->state.whole ? restore_parity(p, out, m, progress, ctx, e)
			    : restore_both(p, out, m, progress, ctx, e);
	paritymake_free(m);
	return rc;
}

/* Has the form of parity_write; `ctx` is a descriptor. */
static int
write_fd(void *ctx, uint64_t at, const void *bytes, size_t len, struct err *e)
{
	const uint8_t *p = bytes;

	while (len > 0) {
		ssize_t n = pwrite(*(int *)ctx, p, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "what is being restored");
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int
check_fd(const struct parityfile *p, int fd, struct err *e)
{
	uint8_t *buf = malloc(ROOM), digest[HASH_LEN];
	struct hash *h = hash_new(HASH_SHA256);
	ssize_t n = -1;

	if (buf == NULL || h == NULL) {
		err_memory(e);
	} else if (lseek(fd, 0, SEEK_SET) == 0) {
		while ((n = read(fd, buf, ROOM)) > 0)
			hash_update(h, buf, (size_t)n);
		hash_final(h, digest);
		if (n < 0)
			err_sys(e, "what was restored");
		else if (memcmp(digest, p->form.sha256, HASH_LEN) != 0)
			n = other_file(p, e);
	}
	hash_free(h);
	free(buf);
	return n == 0 ? 0 : err_set(e, ERR_UNKNOWN, "reading it back");
}

int
parityfile_restore_fd(struct parityfile *p, int fd, vault_progress *progress,
		      void *ctx, struct err *e)
{
	if (p->state.lost_blocks > 0)
		return beyond(p, e);
	if (paritymend_restore(p->mend, 0, p->form.size, write_fd, &fd,
			       progress, ctx, e) != 0)
		return -1;
	return check_fd(p, fd, e) == 0 && lseek(fd, 0, SEEK_SET) == 0 ? 0 : -1;
}
