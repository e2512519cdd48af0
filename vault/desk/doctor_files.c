/* Where the vault and the identity lie, and who can get at them. */
#include "doctor_inside.h"

#include "err.h"
#include "fsutil.h"

#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#define EXFAT_MAGIC 0x2011bab0
#define NTFS_MAGIC 0x5346544e
#define NTFS3_MAGIC 0x7366746e
#define FUSE_MAGIC 0x65735546
#define CIFS_MAGIC 0xff534d42
#define SMB2_MAGIC 0xfe534d42

enum sort { POSIX, FAT, NETWORK, MEMORY, OTHER };

static const struct {
	unsigned long magic;
	const char *name;
	enum sort sort;
} systems[] = {
    {EXT4_SUPER_MAGIC, "ext4", POSIX},
    {BTRFS_SUPER_MAGIC, "btrfs", POSIX},
    {XFS_SUPER_MAGIC, "xfs", POSIX},
    {F2FS_SUPER_MAGIC, "f2fs", POSIX},
    {OVERLAYFS_SUPER_MAGIC, "overlay", POSIX},
    {TMPFS_MAGIC, "tmpfs", MEMORY},
    {RAMFS_MAGIC, "ramfs", MEMORY},
    {MSDOS_SUPER_MAGIC, "FAT", FAT},
    {EXFAT_MAGIC, "exFAT", FAT},
    {NTFS_MAGIC, "NTFS", FAT},
    {NTFS3_MAGIC, "NTFS", FAT},
    {NFS_SUPER_MAGIC, "NFS", NETWORK},
    {CIFS_MAGIC, "CIFS", NETWORK},
    {SMB2_MAGIC, "SMB", NETWORK},
    {FUSE_MAGIC, "FUSE", OTHER},
};

static void
file_system(json_t *list, const char *dir)
{
	struct statfs s;
	size_t i = 0, n = sizeof systems / sizeof *systems;
	enum sort sort;
	const char *name;

	if (statfs(dir, &s) != 0) {
		doctor_say(list, "file system", DOCTOR_UNKNOWN, NULL,
			   "the file system under the vault cannot be asked");
		return;
	}
	while (i < n && systems[i].magic != (unsigned long)(uint32_t)s.f_type)
		i++;
	sort = i < n ? systems[i].sort : OTHER;
	name = i < n ? systems[i].name : "one not known here";
	switch (sort) {
	case POSIX:
		doctor_say(list, "file system", DOCTOR_HOLDS, NULL,
			   "the vault lies on %s", name);
		break;
	case FAT:
		doctor_say(list, "file system", DOCTOR_LACKS,
			   "a vault belongs on the computer's own disk; take"
			   " a carry file on the stick",
			   "the vault lies on %s, which has no permissions and"
			   " breaks when it is pulled out",
			   name);
		break;
	case NETWORK:
		doctor_say(list, "file system", DOCTOR_LACKS,
			   "keep the vault on this computer, and sync",
			   "the vault lies on another machine (%s): locks and"
			   " writes may not hold there",
			   name);
		break;
	case MEMORY:
		doctor_say(list, "file system", DOCTOR_LACKS,
			   "move it to a disk, or sync before the machine is"
			   " switched off",
			   "the vault lies in memory (%s) and is gone when the"
			   " machine is switched off",
			   name);
		break;
	case OTHER:
		doctor_say(list, "file system", DOCTOR_UNKNOWN, NULL,
			   "the vault's file system is %s: whether it keeps"
			   " what is written cannot be told",
			   name);
		break;
	}
}

/* Can it be pulled out? 1, 0; -1: not known. */
static int
is_removable(dev_t device)
{
	char path[128], text[8];

	for (int up = 0; up < 2; up++) {
		/* a partition's disk is the folder above */
		snprintf(path, sizeof path, "/sys/dev/block/%u:%u/%sremovable",
			 major(device), minor(device), up ? "../" : "");
		if (doctor_read(path, text, sizeof text) > 0)
			return text[0] == '1';
	}
	return -1;
}

static void
medium(json_t *list, const char *dir)
{
	struct statvfs v;
	struct stat st;

	if (statvfs(dir, &v) == 0 && (v.f_flag & ST_RDONLY) != 0)
		doctor_say(list, "medium", DOCTOR_LACKS,
			   "mount it so that it can be written",
			   "the vault lies on a medium that cannot be written:"
			   " it can be read and checked only");
	else if (stat(dir, &st) == 0 && is_removable(st.st_dev) == 1)
		doctor_say(list, "medium", DOCTOR_LACKS,
			   "take a carry file on the stick, not the vault",
			   "the vault lies on a medium that can be pulled out"
			   " while it is written");
	else
		doctor_say(list, "medium", DOCTOR_HOLDS, NULL,
			   "the vault's medium can be written, and does not say"
			   " that it can be pulled out");
}

/* Who else can get at it? `forbidden` are the mode's bits that must be 0. */
static void
permissions(json_t *list, const char *check, const char *what, const char *path,
	    mode_t forbidden)
{
	struct stat st;

	if (stat(path, &st) != 0)
		doctor_say(list, check, DOCTOR_UNKNOWN, NULL,
			   "%s is not there, or cannot be looked at", what);
	else if (st.st_uid != geteuid())
		doctor_say(list, check, DOCTOR_LACKS, "chown",
			   "%s belongs to another user", what);
	else if ((st.st_mode & forbidden) != 0)
		doctor_say(list, check, DOCTOR_LACKS, "chmod go-rwx",
			   "%s can be %s by other users of this machine", what,
			   (st.st_mode & forbidden & 022) != 0 ? "changed"
							       : "read");
	else
		doctor_say(list, check, DOCTOR_HOLDS, NULL, "%s is yours alone",
			   what);
}

void
doctor_vault(json_t *list, const char *dir)
{
	char local[FSUTIL_PATH];

	file_system(list, dir);
	medium(list, dir);
	permissions(list, "vault", "the vault's folder", dir, 022);
	if (fsutil_join(local, dir, "local", NULL) == 0)
		permissions(list, "local",
			    "what this machine remembers (local/)", local, 077);
}

void
doctor_identity(json_t *list, const char *path)
{
	permissions(list, "identity", "the identity file", path, 077);
}
