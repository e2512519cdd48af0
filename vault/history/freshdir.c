#include "freshdir.h"

#include "gitstore.h"
#include "hex.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Marks a folder as an unfinished one of ours: no vault keeps it. */
#define MARK "local/unfinished"
#define NOTE "local/unfinished-with" /* see freshdir_note */
#define MARK_TEXT "this vault is being received\n"
#define NOTED_MAX (64u << 10) /* bytes of a file that is noted */

static int
suffixed(const char *dir, char out[FSUTIL_PATH], struct err *e)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	if (strcmp(dir, ".") == 0 || strcmp(dir, "..") == 0) {
		err_set(e, ERR_UNKNOWN, "there is no vault here");
		return err_hint(e, "--vault DIR names the one to make");
	}
	if (n + sizeof FRESHDIR_SUFFIX > FSUTIL_PATH)
		return err_set(e, ERR_UNKNOWN, "a path is too long");
	snprintf(out, FSUTIL_PATH, "%.*s%s", (int)n, dir, FRESHDIR_SUFFIX);
	return 0;
}

/* What is written before the mark is, whole or not yet named. */
static int
any_file(void *ctx, const char *rel, mode_t mode, uint64_t size, struct err *e)
{
	const struct {
		const char *rel;
		size_t most;
	} ours[] = {{"config", strlen(gitstore_config)},
		    {"config.new", strlen(gitstore_config)},
		    {"HEAD", strlen(gitstore_head)},
		    {"HEAD.new", strlen(gitstore_head)},
		    {MARK ".new", strlen(MARK_TEXT)}};
	bool *other = ctx, known = false;

	(void)mode;
	(void)e;
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		known |= strcmp(rel, ours[i].rel) == 0 && size <= ours[i].most;
	*other |= !known;
	return 0;
}

/* Left by us: marked, or nothing in it but what every repository begins with.
 */
static bool
is_ours(const char *dir)
{
	char path[FSUTIL_PATH], *text = NULL;
	bool ours = false, other = false;
	size_t len = 0;

	if (fsutil_join(path, dir, MARK, NULL) == 0 &&
	    fsutil_read(path, sizeof MARK_TEXT, &text, &len, NULL) == 0)
		ours = strcmp(text, MARK_TEXT) == 0;
	free(text);
	return ours ||
	       (fsutil_walk(dir, any_file, &other, NULL) == 0 && !other);
}

/* The folder that this process makes: whoever holds it has its lock. */
static int held = -1;

static void
let_go(void)
{
	if (held >= 0)
		close(held);
	held = -1;
}

/* Hold the folder itself, which is there; false if another command does. */
static bool
hold(const char *fresh)
{
	struct stat here, there;
	int fd;

	let_go();
	fd = open(fresh, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
	    fstat(fd, &here) == 0 && stat(fresh, &there) == 0 &&
	    here.st_dev == there.st_dev && here.st_ino == there.st_ino) {
		held = fd;
		return true;
	}
	if (fd >= 0)
		close(fd);
	return false;
}

static int
busy(const char *fresh, struct err *e)
{
	char shown[300];

	err_set(e, ERR_UNKNOWN, "%s: another command is making this vault",
		err_escape(shown, sizeof shown, fresh, strlen(fresh)));
	return err_hint(e, "wait until it has ended, then give this one again");
}

/* An empty folder that only this process works in. */
static int
take_place(const char *fresh, struct err *e)
{
	if (fsutil_exists(fresh) && !hold(fresh))
		return busy(fresh, e);
	if (fsutil_remove_all(fresh, e) != 0 || fsutil_mkdirs(fresh, e) != 0)
		return -1;
	return hold(fresh) ? 0 : busy(fresh, e);
}

int
freshdir_begin(const char *dir, char out[FSUTIL_PATH], struct err *e)
{
	char fresh[FSUTIL_PATH], path[FSUTIL_PATH], shown[300];

	out[0] = '\0';
	if (suffixed(dir, fresh, e) != 0)
		return -1;
	if (!fsutil_is_free(fresh) && !is_ours(fresh)) {
		err_set(e, ERR_UNKNOWN,
			"%s: is in the way, and is no unfinished vault",
			err_escape(shown, sizeof shown, fresh, strlen(fresh)));
		return err_hint(e, "move it away, or name another folder");
	}
	if (take_place(fresh, e) != 0)
		return -1;
	strcpy(out, fresh);
	if (gitstore_init(fresh, e) == 0 &&
	    fsutil_join(path, fresh, MARK, e) == 0 &&
	    fsutil_write(path, MARK_TEXT, strlen(MARK_TEXT), e) == 0)
		return 0;
	freshdir_abort(out);
	out[0] = '\0';
	return -1;
}

bool
freshdir_can(const char *dir)
{
	char above[FSUTIL_PATH];
	struct stat a, b;

	if (strcmp(dir, ".") == 0 || strcmp(dir, "..") == 0)
		return false;
	if (stat(dir, &a) != 0)
		return true;
	return fsutil_join(above, dir, "..", NULL) == 0 &&
	       stat(above, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino != b.st_ino;
}

int
freshdir_note(const char *fresh, const uint8_t sha256[HASH_LEN], struct err *e)
{
	char path[FSUTIL_PATH], hex[HASH_HEX_LEN + 1];

	hex_encode(sha256, HASH_LEN, hex);
	return fsutil_join(path, fresh, NOTE, e) != 0
		   ? -1
		   : fsutil_write(path, hex, HASH_HEX_LEN, e);
}

/* Does the note in the unfinished folder speak of these bytes? */
static bool
is_noted(const char *fresh, const char *bytes, size_t len)
{
	char path[FSUTIL_PATH], hex[HASH_HEX_LEN + 1], *text = NULL;
	uint8_t sha256[HASH_LEN];
	size_t n = 0;
	bool noted;

	hash_sha256(bytes, len, sha256);
	hex_encode(sha256, HASH_LEN, hex);
	noted = fsutil_join(path, fresh, NOTE, NULL) == 0 &&
		fsutil_read(path, HASH_HEX_LEN, &text, &n, NULL) == 0 &&
		strcmp(text, hex) == 0;
	free(text);
	return noted;
}

void
freshdir_forget(const char *dir, const char *path)
{
	char fresh[FSUTIL_PATH], *bytes = NULL;
	size_t len = 0;

	if (suffixed(dir, fresh, NULL) == 0 && is_ours(fresh) && hold(fresh) &&
	    fsutil_read(path, NOTED_MAX, &bytes, &len, NULL) == 0 &&
	    is_noted(fresh, bytes, len))
		(void)unlink(path);
	free(bytes);
}

/* What only an unfinished vault has; without them it is one as any other. */
static void
unmark(const char *dir)
{
	char path[FSUTIL_PATH];

	if (fsutil_join(path, dir, NOTE, NULL) == 0)
		(void)unlink(path);
	if (fsutil_join(path, dir, MARK, NULL) == 0)
		(void)unlink(path);
}

void
freshdir_settle(const char *dir)
{
	char path[FSUTIL_PATH];
	size_t n = strlen(dir), suffix = sizeof FRESHDIR_SUFFIX - 1;

	if (n >= suffix && strcmp(dir + n - suffix, FRESHDIR_SUFFIX) == 0)
		return; /* that is what the mark is for */
	if (fsutil_join(path, dir, MARK, NULL) == 0 && fsutil_exists(path))
		unmark(dir);
}

int
freshdir_commit(const char *from, const char *dir, struct err *e)
{
	char shown[300];

	err_escape(shown, sizeof shown, dir, strlen(dir));
	if (fsutil_exists(dir) && rmdir(dir) != 0)
		return err_sys(e, "%s", shown);
	/* marked until it has its name; under that name the mark says nothing
	 */
	if (rename(from, dir) != 0)
		return err_sys(e, "%s", shown);
	unmark(dir);
	let_go();
	return fsutil_sync_parent(dir, e);
}

void
freshdir_abort(const char *from)
{
	if (from[0] != '\0')
		(void)fsutil_remove_all(from, NULL);
	let_go();
}
