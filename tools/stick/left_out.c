/*
 * The program for a stick (README.txt) lacks what a traveller does
 * not need and what needs many libraries: making packages for a court, and the
 * network. These stand in for it; the linker then takes none of the rest.
 */
#include "cli.h"
#include "commands.h"

static int
left_out(const char *verb)
{
	struct err e = {0};

	err_set(&e, ERR_UNKNOWN,
		"%s: not in the program for sticks, which makes no packages"
		" for courts and uses no network",
		verb);
	err_hint(&e, "use an installed muniment");
	return cli_fail(&e);
}

int
cmd_exhibit(int argc, char **argv)
{
	(void)argc;
	return left_out(argv[0]);
}

int
cmd_redact(int argc, char **argv)
{
	(void)argc;
	return left_out(argv[0]);
}

int
cmd_witness(int argc, char **argv)
{
	(void)argc;
	return left_out(argv[0]);
}
