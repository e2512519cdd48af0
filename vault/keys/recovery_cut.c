#include "recovery.h"

#include "cardtext.h"
#include "fsutil.h"
#include "hash.h"
#include "newfile.h"
#include "shamir.h"
#include "share.h"
#include "sharekey.h"
#include "sharepage.h"

#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

_Static_assert(RECOVERY_SHARES_MAX == SHAMIR_MAX, "shares");
_Static_assert(RECOVERY_SHARES_MAX == SHARE_INDEX_MAX, "shares");
_Static_assert((int)RECOVERY_IDENTITY == (int)SHAREKEY_IDENTITY &&
		   (int)RECOVERY_ROOT == (int)SHAREKEY_ROOT,
	       "kinds");

struct recovery_sheets {
	unsigned threshold, n;
	uint8_t set[SHARE_SET_LEN];
	struct secret *share[RECOVERY_SHARES_MAX]; /* whole, with its sum */
	struct secret *text[RECOVERY_SHARES_MAX];
	struct secret *html[RECOVERY_SHARES_MAX];
};

void
recovery_sheets_free(struct recovery_sheets *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; i < s->n; i++) {
		secret_free(s->share[i]);
		secret_free(s->text[i]);
		secret_free(s->html[i]);
	}
	free(s);
}

/* One share, from its data to its sheets. */
static int
make_sheet(struct recovery_sheets *s, unsigned i, const uint8_t *data,
	   size_t len, const char *label, struct err *e)
{
	struct share sh = {.threshold = s->threshold,
			   .index = i + 1,
			   .data = data,
			   .len = len};
	struct secret *b = secret_new(SHARE_MAX);
	uint8_t sum[HASH_LEN];

	if (b == NULL)
		return err_memory(e);
	s->share[i] = b;
	memcpy(sh.set, s->set, SHARE_SET_LEN);
	b->len = share_encode(&sh, b->bytes);
	hash_sha256(b->bytes, b->len, sum);
	memcpy(b->bytes + b->len, sum, SHARE_SUM_LEN);
	b->len += SHARE_SUM_LEN;
	s->text[i] = sharepage_text(b->bytes, b->len, label, e);
	s->html[i] = sharepage_html(b->bytes, b->len, label, e);
	return s->text[i] != NULL && s->html[i] != NULL ? 0 : -1;
}

/* Read the sheets back and join `threshold` of them, from `first` on. */
static int
rehearse(const struct recovery_sheets *s, unsigned first, struct err *e)
{
	struct recovery *r = recovery_new(e);
	int rc = r != NULL ? 0 : -1;

	for (unsigned i = 0; rc == 0 && i < s->threshold; i++) {
		const struct secret *t =
		    i % 2 == 0 ? s->text[first + i] : s->html[first + i];

		rc = recovery_text_lines(r, NULL, t->bytes, t->len, e);
	}
	if (rc == 0)
		rc = recovery_join(r, e);
	recovery_free(r);
	return rc;
}

static int
make_sheets(struct recovery_sheets *s, const struct sharekey *k,
	    const char *label, struct err *e)
{
	struct secret *key = sharekey_encode(k, e), *all = NULL;
	int rc = -1;

	if (key == NULL)
		return -1;
	all = secret_new(s->n * key->len);
	if (all == NULL || shamir_split(key->bytes, key->len, s->threshold,
					s->n, all->bytes) != 0) {
		err_memory(e);
		goto out;
	}
	secret_random(s->set, sizeof s->set);
	for (unsigned i = 0; i < s->n; i++)
		if (make_sheet(s, i, all->bytes + i * key->len, key->len, label,
			       e) != 0)
			goto out;
	rc = rehearse(s, 0, e);
	if (rc == 0)
		rc = rehearse(s, s->n - s->threshold, e);
out:
	secret_free(key);
	secret_free(all);
	return rc;
}

struct recovery_sheets *
recovery_cut(enum recovery_kind kind, const char *path,
	     const struct secret *pass, unsigned threshold, unsigned shares,
	     const char *label, struct err *e)
{
	struct recovery_sheets *s = NULL;
	struct sharekey k = {0};

	if (threshold < 2 || threshold > shares ||
	    shares > RECOVERY_SHARES_MAX) {
		err_set(e, ERR_UNKNOWN,
			"a key is cut into 2 to %d shares, and at least 2 of"
			" them, and no more than there are, restore it",
			RECOVERY_SHARES_MAX);
		return NULL;
	}
	if (label != NULL && !cardtext_is_name(label)) {
		err_set(e, ERR_UNKNOWN,
			"a label has 1 to 200 bytes and nothing unprintable");
		return NULL;
	}
	if (sharekey_load(&k, (enum sharekey_kind)kind, path, pass, e) != 0)
		return NULL;
	s = calloc(1, sizeof *s);
	if (s == NULL) {
		err_memory(e);
		goto out;
	}
	s->threshold = threshold;
	s->n = shares;
	if (make_sheets(s, &k, label, e) != 0) {
		recovery_sheets_free(s);
		s = NULL;
	}
out:
	sharekey_free(&k);
	return s;
}

const struct secret *
recovery_text(const struct recovery_sheets *s, unsigned i)
{
	return i < s->n ? s->text[i] : NULL;
}

json_t *
recovery_sheets_json(const struct recovery_sheets *s)
{
	char set[SHAREPAGE_SET_MAX];

	sharepage_set(s->set, set);
	return json_pack("{s:s, s:i, s:i}", "set", set, "threshold",
			 (int)s->threshold, "shares", (int)s->n);
}

struct sheet_file {
	char path[FSUTIL_PATH];
	struct newfile *file; /* NULL once it has its name */
	bool named;
};

static int
begin_file(struct sheet_file *f, const char *folder, unsigned i,
	   const char *ending, const struct secret *content, struct err *e)
{
	char name[32];

	snprintf(name, sizeof name, "share-%u.%s", i + 1, ending);
	if (fsutil_join(f->path, folder, name, e) != 0)
		return -1;
	f->file = newfile_open(f->path, e);
	if (f->file == NULL)
		return -1;
	return fsutil_write_all(newfile_fd(f->file), content->bytes,
				content->len, e);
}

/* Give all files their names, or none. Nothing may interrupt this. */
static int
name_files(struct sheet_file *files, unsigned n, struct err *e)
{
	sigset_t all, old;
	int rc = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	for (unsigned i = 0; rc == 0 && i < n; i++) {
		rc = newfile_commit(files[i].file, e);
		files[i].file = NULL;
		files[i].named = rc == 0;
	}
	for (unsigned i = 0; rc != 0 && i < n; i++)
		if (files[i].named)
			(void)unlink(files[i].path);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

int
recovery_write(const struct recovery_sheets *s, const char *folder,
	       bool *in_memory, struct err *e)
{
	struct sheet_file *files = calloc(2 * s->n, sizeof *files);
	bool made = !fsutil_exists(folder);
	char name[300];
	struct statfs fs;
	int rc = -1;

	if (files == NULL)
		return err_memory(e);
	if (!fsutil_is_free(folder)) {
		err_set(e, ERR_UNKNOWN, "%s: not an empty folder",
			err_escape(name, sizeof name, folder, strlen(folder)));
		goto out;
	}
	if (fsutil_mkdirs(folder, e) != 0)
		goto out;
	rc = 0;
	for (unsigned i = 0; rc == 0 && i < s->n; i++) {
		rc =
		    begin_file(&files[2 * i], folder, i, "html", s->html[i], e);
		if (rc == 0)
			rc = begin_file(&files[2 * i + 1], folder, i, "txt",
					s->text[i], e);
	}
	if (rc == 0)
		rc = name_files(files, 2 * s->n, e);
	*in_memory = statfs(folder, &fs) == 0 &&
		     (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
	for (unsigned i = 0; i < 2 * s->n; i++)
		newfile_abort(files[i].file);
	if (rc != 0 && made)
		(void)rmdir(folder);
out:
	free(files);
	return rc;
}
