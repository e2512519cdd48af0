#include "caps.h"

#include "cold.h"
#include "medium.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTES (UINT64_C(256) << 20)
#define OBJECTS 500000u
#define BATCHES 50000u

/* Bytes of the packs that are here. */
static uint64_t
packed(const struct vault *v)
{
	char path[FSUTIL_PATH];
	struct dirent *d;
	struct stat st;
	uint64_t sum = 0;
	DIR *list;

	if (vault_path(v, "objects/pack", path, NULL) != 0 ||
	    (list = opendir(path)) == NULL)
		return 0;
	while ((d = readdir(list)) != NULL)
		if (fstatat(dirfd(list), d->d_name, &st, 0) == 0 &&
		    S_ISREG(st.st_mode) && st.st_size > 0)
			sum += (uint64_t)st.st_size;
	closedir(list);
	return sum;
}

void
caps_of(const struct vault *v, bool large, struct caps *out)
{
	uint64_t batches = 0, listed = v->entries.used + v->objects.used;

	*out = (struct caps){UINT64_MAX, UINT64_MAX, UINT64_MAX};
	if (large)
		return;
	for (size_t i = 0; i < v->n_logs; i++)
		batches += v->logs[i].size;
	for (size_t i = 0; v->cold != NULL && i < v->cold->n; i++)
		listed += v->cold->list[i].n[COLD_PLACES] +
			  v->cold->list[i].n[COLD_OBJECTS];
	out->bytes = BYTES + 2 * packed(v);
	/* commit, tree, batch and checkpoint, and what is listed */
	out->objects = OBJECTS + 2 * (4 * batches + listed);
	out->batches = BATCHES + 2 * batches;
}

static const char hint[] = "ask the sender whether it is so much; --large takes"
			   " it all the same";

int
caps_exceeded(const char *what, struct err *e)
{
	err_set(e, ERR_UNKNOWN, "%s than one exchange is taken to bring", what);
	return err_hint(e, "%s", hint);
}

bool
caps_are_exceeded(const struct err *e)
{
	return e->code == ERR_UNKNOWN && strcmp(e->hint, hint) == 0;
}

int
caps_room(const struct vault *v, uint64_t bytes, struct err *e)
{
	int fd = open(v->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t room = fd >= 0 ? medium_room(fd) : UINT64_MAX;

	if (fd >= 0)
		close(fd);
	if (room >= bytes)
		return 0;
	errno = ENOSPC;
	return err_sys(e, "%llu MiB are needed where the vault is",
		       (unsigned long long)((bytes >> 20) + 1));
}
