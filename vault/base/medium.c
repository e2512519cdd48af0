#include "medium.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stddef.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define XFS_MAGIC 0x58465342
#define ZFS_MAGIC 0x2fc12fc1

/* File systems whose fsync of a folder can be relied on. */
static bool
is_journaled(int fd)
{
	static const unsigned long list[] = {
	    EXT4_SUPER_MAGIC, XFS_MAGIC,   BTRFS_SUPER_MAGIC,
	    F2FS_SUPER_MAGIC, TMPFS_MAGIC, OVERLAYFS_SUPER_MAGIC,
	    ZFS_MAGIC};
	struct statfs st;

	if (fstatfs(fd, &st) != 0)
		return false;
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		if ((unsigned long)st.f_type == list[i])
			return true;
	return false;
}

/* Not an answer about the data: the request is not known there. */
static bool
is_unknown(int why)
{
	return why == EINVAL || why == ENOTSUP || why == ENOSYS;
}

int
medium_sync_folder(int dir, const char *shown, struct err *e)
{
	if (fsync(dir) != 0 && !is_unknown(errno))
		return err_sys(e, "%s", shown);
	/* not on the computer's own disk, where others may write at length */
	if (!is_journaled(dir) && syncfs(dir) != 0 && !is_unknown(errno))
		return err_sys(e, "%s", shown);
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
