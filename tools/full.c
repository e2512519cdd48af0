#include "full.h"

#include "cli.h"

#include <stdlib.h>
#include <string.h>

void
full_go_on(void)
{
	/* this is it; tools/lean/full.c is the other one */
}

int
full_must(const char *what)
{
	(void)what;
	return 0;
}

bool
full_came(void)
{
	const char *version = getenv("MUNIMENT_LEAN");
	struct err e = {0};

	if (version == NULL)
		return false;
	if (strcmp(version, MUNIMENT_VERSION) != 0) {
		err_set(&e, ERR_UNKNOWN,
			"muniment is version %.40s and muniment-full %s",
			version, MUNIMENT_VERSION);
		err_hint(&e, "install both anew");
		exit(cli_fail(&e));
	}
	unsetenv("MUNIMENT_LEAN");
	return true;
}
