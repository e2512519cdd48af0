#include "packsweep.h"

#include "fsutil.h"
#include "hex.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD ".muniment-"
#define TAIL ".part"
#define HEX 16 /* digits between the two */

int
packsweep_hold(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool
is_ours(const char *name)
{
	size_t head = strlen(HEAD);

	return strncmp(name, HEAD, head) == 0 && hex_is(name + head, HEX) &&
	       strcmp(name + head + HEX, TAIL) == 0;
}

static void
sweep_one(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)fsutil_remove_all(path, NULL);
	close(fd);
}

void
packsweep(const char *dir)
{
	DIR *list = opendir(dir);
	char path[FSUTIL_PATH];
	struct dirent *d;

	while (list != NULL && (d = readdir(list)) != NULL)
		if (is_ours(d->d_name) &&
		    fsutil_join(path, dir, d->d_name, NULL) == 0)
			sweep_one(path);
	if (list != NULL)
		closedir(list);
}
