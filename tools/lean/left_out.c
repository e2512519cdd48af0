/*
 * Commands that the lean program lacks (README.md): they go on in the full one,
 * or say that it is not there. The linker takes nothing of what they need.
 */
#include "cli.h"
#include "commands.h"
#include "full.h"

static int
left_out(const char *verb)
{
	struct err e = {0};

	full_go_on();
	err_set(&e, ERR_UNKNOWN,
		"%s: muniment-full does that, and it is not beside this"
		" program",
		verb);
	err_hint(&e, "use an installed muniment: on a stick there is only the"
		     " part that makes no packages for courts and uses no"
		     " network");
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
