#include "carrymend.h"

#include "medium.h"
#include "parityfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The folder for a file that is as large as the carry file. */
static int
work_folder(const char *dir, char out[FSUTIL_PATH], struct err *e)
{
	char *slash;

	if (fsutil_join(out, dir, "local", e) != 0)
		return -1;
	if (fsutil_exists(out))
		return 0;
	/* the vault is not made yet: the folder that it shall be in */
	snprintf(out, FSUTIL_PATH, "%s", dir);
	for (size_t len = strlen(out); len > 1 && out[len - 1] == '/';)
		out[--len] = '\0';
	slash = strrchr(out, '/');
	if (slash == NULL)
		strcpy(out, ".");
	else
		slash[slash == out] = '\0';
	return 0;
}

/* A file that has no name, or -1 with `e` filled. */
static int
nameless(const char *folder, struct err *e)
{
	char path[FSUTIL_PATH];
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	if (fsutil_join(path, folder, ".muniment-XXXXXX", e) != 0)
		return -1;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "a file to restore into");
	if (unlink(path) == 0)
		return fd;
	err_sys(e, "a file to restore into");
	close(fd);
	return -1;
}

/* What can go wrong with the bytes of a file, as against what they say. */
static bool
may_be_damage(enum carry_why why)
{
	/* a damaged stanza looks like somebody else's */
	return why == CARRY_CUT_OFF || why == CARRY_UNREAD ||
	       why == CARRY_NOT_OURS;
}

/* Restore it and take that in. */
static int
receive_restored(const char *dir, const struct identity *id,
		 const struct carry_from *from, struct parityfile *p,
		 vault_progress *progress, struct carry_result *result,
		 struct err *e)
{
	struct carry_from whole = *from;
	char folder[FSUTIL_PATH], path[64];
	const char *const files[] = {path};
	int fd = -1, rc = -1;

	if (work_folder(dir, folder, e) == 0)
		fd = nameless(folder, e);
	if (fd < 0)
		return -1;
	if (medium_room(fd) < parityfile_size(p)) {
		errno = ENOSPC;
		err_sys(e, "to restore the carry file, %llu bytes are needed",
			(unsigned long long)parityfile_size(p));
	} else if (parityfile_restore_fd(p, fd, progress, NULL, e) == 0) {
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		whole.files = files;
		whole.n = 1;
		rc = carry_receive(dir, id, &whole, progress, result, e);
		if (rc == 0)
			result->mended = parityfile_state(p)->bad_blocks;
	}
	close(fd);
	return rc;
}

/* The first attempt failed with `why`: is there a way to do better? */
static int
try_parity(const char *dir, const struct identity *id,
	   const struct carry_from *from, vault_progress *progress,
	   struct carry_result *result, const struct err *why, struct err *e)
{
	struct err inner = {0};
	struct parityfile *p =
	    parityfile_open(from->files[0], progress, NULL, &inner);
	int rc = -1;

	if (p == NULL || parityfile_state(p)->whole) {
		*e = *why;
		if (p == NULL && why->hint[0] == '\0')
			err_hint(e, "its parity is of no help: %s", inner.msg);
	} else if (parityfile_state(p)->lost_blocks > 0) {
		err_set(e, why->code, "%s", why->msg);
		err_hint(e, "more is damaged than its parity can restore: ask"
			    " for another copy");
	} else {
		if (result->content != NULL)
			carry_content_free(result->content);
		rc = receive_restored(dir, id, from, p, progress, result, e);
	}
	parityfile_close(p);
	return rc;
}

int
carrymend_receive(const char *dir, const struct identity *id,
		  const struct carry_from *from, vault_progress *progress,
		  struct carry_result *result, struct err *e)
{
	char base[FSUTIL_PATH];
	struct err why = {0};

	if (carry_receive(dir, id, from, progress, result, &why) == 0)
		return 0;
	if (!may_be_damage(result->why) || from->n == 0 ||
	    !parityfile_is_there(from->files[0], base)) {
		if (e != NULL)
			*e = why;
		return -1;
	}
	return try_parity(dir, id, from, progress, result, &why, e);
}
