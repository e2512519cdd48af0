#include "full.h"

#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
full_go_on(void)
{
	static const char *const places[] = {"muniment-full",
					     "../libexec/muniment/muniment-full"};
	char self[PATH_MAX], path[PATH_MAX + 32];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *name;

	if (n <= 0)
		return;
	self[n] = '\0';
	name = strrchr(self, '/');
	if (name == NULL)
		return;
	name[1] = '\0';
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		snprintf(path, sizeof path, "%s%s", self, places[i]);
		execv(path, cli.argv);
		if (errno != ENOENT && errno != ENOTDIR)
			cli_warn("%s: %s", path, strerror(errno));
	}
}
