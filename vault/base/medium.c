#include "medium.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define TOGETHER_MIN 16	   /* files that are worth a flush of all */
#define TOGETHER_SECONDS 2 /* that it may take */
#define XFS_MAGIC 0x58465342
#define ZFS_MAGIC 0x2fc12fc1

/*
 * File systems whose fsync of a folder can be relied on. The first ones have
 * pages of their own, so that they can be asked what became of each file's.
 */
static const unsigned long journaled[] = {
    EXT4_SUPER_MAGIC, XFS_MAGIC,   BTRFS_SUPER_MAGIC,
    F2FS_SUPER_MAGIC, TMPFS_MAGIC, OVERLAYFS_SUPER_MAGIC,
    ZFS_MAGIC};
#define OWN_PAGES 5
#define JOURNALED (sizeof journaled / sizeof *journaled)

/* Is it one of the first n? */
static bool
is_journaled(int fd, size_t n)
{
	struct statfs st;

	if (fstatfs(fd, &st) != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned long)st.f_type == journaled[i])
			return true;
	return false;
}

/* Not an answer about the data: the request is not known there. */
static bool
is_unknown(int why)
{
	return why == EINVAL || why == ENOTSUP || why == ENOSYS;
}

static int
sync_folder(int dir)
{
	if (fsync(dir) != 0 && !is_unknown(errno))
		return -1;
	/* not on the computer's own disk, where others may write at length */
	if (!is_journaled(dir, JOURNALED) && syncfs(dir) != 0 &&
	    !is_unknown(errno))
		return -1;
	return 0;
}

/* When others write at length, waiting for them is slower than file by file. */
static bool crowded;

static bool
is_worth_it(int dir, size_t n)
{
	return n >= TOGETHER_MIN && !crowded && is_journaled(dir, OWN_PAGES);
}

/* One flush of the whole file system. */
static int
sync_all(int dir)
{
	struct timespec begin, end;
	int rc;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	rc = syncfs(dir);
	clock_gettime(CLOCK_MONOTONIC, &end);
	crowded = end.tv_sec - begin.tv_sec > TOGETHER_SECONDS;
	return rc;
}

int
medium_sync_files(int dir, const int *files, size_t n, size_t *which)
{
	static const unsigned whole = SYNC_FILE_RANGE_WAIT_BEFORE |
				      SYNC_FILE_RANGE_WRITE |
				      SYNC_FILE_RANGE_WAIT_AFTER;
	bool together = is_worth_it(dir, n);

	/* what a file could not write is told to it alone */
	for (*which = 0; *which < n; ++*which)
		if ((together ? sync_file_range(files[*which], 0, 0, whole)
			      : fsync(files[*which])) != 0)
			return -1;
	return together ? sync_all(dir) : 0;
}

int
medium_sync_folders(const int *dirs, size_t n, size_t *which)
{
	*which = 0;
	if (n > 0 && is_worth_it(dirs[0], n))
		return sync_all(dirs[0]);
	for (; *which < n; ++*which)
		if (sync_folder(dirs[*which]) != 0)
			return -1;
	return 0;
}

uint64_t
medium_room(int dir)
{
	struct statvfs st;

	/* fusefat and some network folders answer with zeros */
	if (fstatvfs(dir, &st) != 0 || st.f_blocks == 0)
		return UINT64_MAX;
	return (uint64_t)st.f_bavail * st.f_frsize;
}

void
medium_forget(int fd)
{
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}
