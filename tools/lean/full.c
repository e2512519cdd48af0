#include "full.h"

#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "muniment"

/* The file that runs, and its folder. */
struct self {
	char folder[PATH_MAX]; /* without a slash at its end */
	struct stat file, in;
};

/* False if this is not a file that a full one may be looked for beside. */
static bool
find_self(struct self *s)
{
	ssize_t n = readlink("/proc/self/exe", s->folder, sizeof s->folder - 1);
	char *slash;

	if (n <= 0)
		return false;
	s->folder[n] = '\0';
	slash = strrchr(s->folder, '/');
	if (slash == NULL || strcmp(slash + 1, NAME) != 0 ||
	    stat("/proc/self/exe", &s->file) != 0)
		return false;
	*slash = '\0';
	return stat(slash == s->folder ? "/" : s->folder, &s->in) == 0;
}

/* Can nobody have put it there who could not have put this one? */
static bool
is_trusted(const struct stat *st, const struct stat *own)
{
	if (st->st_uid != 0 && st->st_uid != own->st_uid)
		return false;
	if ((st->st_mode & S_IWGRP) != 0 && st->st_gid != own->st_gid)
		return false;
	return (st->st_mode & ~own->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static _Noreturn void
refuse(const char *folder, const char *why)
{
	struct err e = {0};

	err_set(&e, ERR_UNKNOWN, "%s/muniment-full: %s", folder, why);
	err_hint(&e, "install muniment anew");
	exit(cli_fail(&e));
}

/*
 * This folder, and `up` of those it lies in, which it does not share with the
 * file that runs: what is checked below them is what is run then.
 */
static void
check_folders(const struct self *s, const char *folder, int up)
{
	char path[PATH_MAX + 32];
	struct stat st;

	snprintf(path, sizeof path, "%s", folder);
	for (;; *strrchr(path, '/') = '\0') {
		if (stat(path[0] != '\0' ? path : "/", &st) != 0)
			refuse(folder, strerror(errno));
		if (!is_trusted(&st, &s->in))
			refuse(folder, "others could have changed it");
		if (up-- == 0)
			return;
	}
}

/* Run the one in this folder; returns if there is none. */
static void
run_in(const struct self *s, const char *folder, int up)
{
	char path[PATH_MAX + 64];
	struct stat st;

	snprintf(path, sizeof path, "%s/muniment-full", folder);
	if (lstat(path, &st) != 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			refuse(folder, strerror(errno));
		return;
	}
	check_folders(s, folder, up);
	/* once more, now that nobody else can put another one there */
	if (lstat(path, &st) != 0)
		refuse(folder, strerror(errno));
	if (!S_ISREG(st.st_mode))
		refuse(folder, "not a file");
	if (!is_trusted(&st, &s->file))
		refuse(folder, "others could have changed it");
	if (setenv("MUNIMENT_LEAN", MUNIMENT_VERSION, 1) == 0)
		execv(path, cli.argv);
	refuse(folder, strerror(errno));
}

void
full_go_on(void)
{
	struct self s;
	char path[PATH_MAX + 32];
	const char *last;

	if (!find_self(&s))
		return;
	run_in(&s, s.folder, 0);
	last = strrchr(s.folder, '/');
	if (last == NULL || strcmp(last, "/bin") != 0)
		return;
	snprintf(path, sizeof path, "%.*s/libexec/muniment",
		 (int)(last - s.folder), s.folder);
	run_in(&s, path, 2);
}

int
full_must(const char *what)
{
	struct err e = {0};

	full_go_on();
	err_set(&e, ERR_UNKNOWN,
		"%s: muniment-full does that, and it is not here", what);
	err_hint(&e, "use an installed muniment: on a stick there is only the"
		     " part that makes no packages for courts, looks into no"
		     " archives, and uses no network");
	return cli_fail(&e);
}

bool
full_came(void)
{
	return false;
}
