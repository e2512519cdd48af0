#include "intake_inside.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEPTH_MAX 64 /* folders in each other */

struct intake *
intake_new(struct index *x, struct writer *w, const char *case_id,
	   struct mediatype *m, const struct intake_options *o, struct err *e)
{
	struct intake *in = calloc(1, sizeof *in);

	if (in == NULL)
		goto memory;
	in->x = x;
	in->w = w;
	in->m = m;
	in->o = *o;
	snprintf(in->case_id, sizeof in->case_id, "%s", case_id);
	in->buf = malloc(SEGMENTS_PIECE);
	in->held = held_new(x, case_id);
	if (in->buf == NULL || in->held == NULL)
		goto memory;
	return in;
memory:
	err_memory(e);
	intake_free(in);
	return NULL;
}

void
intake_free(struct intake *in)
{
	if (in == NULL)
		return;
	segments_free(in->segments);
	for (size_t i = 0; i < in->n_ahead; i++)
		intake_ahead_free(&in->ahead[i]);
	if (in->buf != NULL)
		secret_wipe(in->buf, SEGMENTS_PIECE);
	free(in->buf);
	held_free(in->held);
	free(in);
}

size_t
intake_added(const struct intake *in)
{
	return in->added;
}

size_t
intake_failed(const struct intake *in)
{
	return in->failed;
}

void
intake_fields(struct intake *in, const json_t *fields)
{
	in->o.fields = fields;
}

const char *
intake_held(struct intake *in, uint64_t size, const uint8_t sha256[HASH_LEN])
{
	size_t at;

	return held_find(in->held, size, sha256, &at) ? held_item(in->held, at)
						      : NULL;
}

/* The absolute path of a file below what was named; false if not known. */
static bool
whole_path(const struct intake *in, const char *path, char out[PATH_MAX])
{
	return in->o.sources != NULL && in->root[0] != '\0' &&
	       snprintf(out, PATH_MAX, "%s%s", in->root, path + in->named) <
		   PATH_MAX;
}

/* It is as it was when it was taken in, and that is here: then that is told. */
static bool
is_unchanged(struct intake *in, const char *path, const struct stat *st)
{
	char whole[PATH_MAX], item[HEX_ID_LEN + 1];
	uint8_t sha256[HASH_LEN];

	if (in->o.again || in->o.reread || !whole_path(in, path, whole) ||
	    !sources_find(in->o.sources, in->case_id, whole, st, sha256) ||
	    !held_current(in->held, (uint64_t)st->st_size, sha256, item))
		return false;
	intake_tell(in, INTAKE_UNREAD, path, item, NULL);
	return true;
}

/* The case holds what was read of it: it need not be read again. */
static void
note_source(struct intake *in, const struct source *s,
	    const struct timespec *began, const uint8_t sha256[HASH_LEN])
{
	char whole[PATH_MAX];
	struct stat now;

	if (whole_path(in, s->shown, whole) && fstat(s->fd, &now) == 0 &&
	    now.st_size == s->st.st_size &&
	    now.st_mtim.tv_sec == s->st.st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == s->st.st_mtim.tv_nsec &&
	    now.st_ctim.tv_sec == s->st.st_ctim.tv_sec &&
	    now.st_ctim.tv_nsec == s->st.st_ctim.tv_nsec)
		sources_note(in->o.sources, in->case_id, whole, &now, began,
			     sha256);
}

static int
add_file(struct intake *in, const char *path, const char *rel, struct err *e)
{
	struct source s;
	struct taking t = {.s = &s, .again = in->o.again};
	struct timespec began;
	enum taken taken;
	int rc = 0;

	clock_gettime(CLOCK_REALTIME, &began);
	if (intake_source_open(in, &s, path) != 0)
		return 0;
	s.rel = rel;
	taken = intake_take(in, &t, e);
	if (taken == TAKEN_OK)
		rc = intake_new_item(in, path, t.file, NULL, &t.content,
				     t.sha256, e);
	else if (taken == TAKEN_KNOWN)
		intake_tell(in, INTAKE_KNOWN, path, t.known, NULL);
	else if (taken == TAKEN_FATAL)
		rc = -1;
	if (rc == 0 && (taken == TAKEN_OK || taken == TAKEN_KNOWN))
		note_source(in, &s, &began, t.sha256);
	intake_taking_end(&t);
	intake_source_close(&s);
	return rc;
}

static int add_any(struct intake *in, const char *path, const char *rel,
		   int depth, bool top, struct err *e);

static int
add_folder(struct intake *in, const char *path, const char *rel, int depth,
	   struct err *e)
{
	struct dirent **list = NULL;
	int n, rc = 0;

	if (depth >= DEPTH_MAX) {
		intake_tell(in, INTAKE_FAILED, path, NULL,
			    "folders are nested too deeply");
		return 0;
	}
	n = scandir(path, &list, NULL, alphasort);
	if (n < 0) {
		intake_tell(in, INTAKE_FAILED, path, NULL, strerror(errno));
		return 0;
	}
	for (int i = 0; i < n; i++) {
		const char *d = list[i]->d_name;
		char sub[PATH_MAX], below[PATH_MAX];

		if (rc != 0 || strcmp(d, ".") == 0 || strcmp(d, "..") == 0)
			continue;
		if (snprintf(sub, sizeof sub, "%s/%s", path, d) >=
			(int)sizeof sub ||
		    snprintf(below, sizeof below, "%s%s%s", rel,
			     rel[0] != '\0' ? "/" : "", d) >= (int)sizeof below)
			intake_tell(in, INTAKE_FAILED, path, NULL,
				    "its path is too long");
		else
			rc = add_any(in, sub,
				     rel[0] == '\0' && depth == 0 ? d : below,
				     depth, false, e);
	}
	for (int i = 0; i < n; i++)
		free(list[i]);
	free(list);
	return rc;
}

/* `rel` is the path below the folder that was named, this name included. */
static int
add_any(struct intake *in, const char *path, const char *rel, int depth,
	bool top, struct err *e)
{
	struct stat st;
	char folder[PATH_MAX];
	const char *slash;

	if (lstat(path, &st) != 0) {
		intake_tell(in, INTAKE_FAILED, path, NULL, strerror(errno));
		return 0;
	}
	if (S_ISDIR(st.st_mode))
		return add_folder(in, path, top ? "" : rel, depth + 1, e);
	if (S_ISLNK(st.st_mode) || !S_ISREG(st.st_mode)) {
		intake_tell(in, INTAKE_SKIPPED, path, NULL,
			    S_ISLNK(st.st_mode)	   ? "a symbolic link"
			    : S_ISFIFO(st.st_mode) ? "a pipe"
			    : S_ISSOCK(st.st_mode) ? "a socket"
						   : "a device");
		return 0;
	}
	if (is_unchanged(in, path, &st))
		return 0;
	slash = strrchr(rel, '/');
	snprintf(folder, sizeof folder, "%.*s",
		 slash != NULL ? (int)(slash - rel) : 0, rel);
	return add_file(in, path, top ? "" : folder, e);
}

int
intake_path(struct intake *in, const char *path, struct err *e)
{
	char clean[PATH_MAX];
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	if (n == 0 || n >= sizeof clean)
		return err_set(e, ERR_UNKNOWN, "a path is empty or too long");
	memcpy(clean, path, n);
	clean[n] = '\0';
	in->named = n;
	if (in->o.sources != NULL && realpath(clean, in->root) == NULL)
		in->root[0] = '\0';
	/* below the root itself a path has one slash, as everywhere */
	if (strcmp(in->root, "/") == 0)
		in->root[0] = '\0';
	return add_any(in, clean, "", 0, true, e) == 0 ? intake_catch_up(in, e)
						       : -1;
}
