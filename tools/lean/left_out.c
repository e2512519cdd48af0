/*
 * Commands that the lean program lacks (README.md): they go on in the full one,
 * or say that it is not there. The linker takes nothing of what they need.
 */
#include "commands.h"
#include "full.h"

int
cmd_exhibit(int argc, char **argv)
{
	(void)argc;
	return full_must(argv[0]);
}

int
cmd_redact(int argc, char **argv)
{
	(void)argc;
	return full_must(argv[0]);
}

int
cmd_witness(int argc, char **argv)
{
	(void)argc;
	return full_must(argv[0]);
}
