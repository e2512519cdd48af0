#include "commands.h"
#include "session.h"

int
cmd_retract(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"why", required_argument, NULL, 'w'},
	    {NULL, 0, NULL, 0}};
	const char *why = NULL;
	struct err e = {0};
	struct desk *d;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt != 'w')
			return CLI_USAGE;
		why = optarg;
	}
	if (argc - optind != 1)
		return cli_usage("retract", "which item?");
	if (why == NULL || why[0] == '\0')
		return cli_usage("retract", "a reason is needed: --why TEXT");
	d = session_open(DESK_WRITE | DESK_LEAN);
	if (d == NULL)
		return ERR_UNKNOWN;
	return session_close(d, desk_retract(d, argv[optind], why, &e), &e);
}
