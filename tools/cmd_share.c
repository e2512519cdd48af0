#include "commands.h"
#include "session.h"

int
cmd_share(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"case", required_argument, NULL, 'c'},
	    {"with", required_argument, NULL, 'w'},
	    {NULL, 0, NULL, 0}};
	const char *case_text = NULL, *with = NULL;
	struct err e = {0};
	struct desk *d;
	int opt, rc;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt == 'c')
			case_text = optarg;
		else if (opt == 'w')
			with = optarg;
		else
			return CLI_USAGE;
	}
	if (with == NULL)
		return cli_usage("share", "with whom? --with MEMBER");
	if ((case_text == NULL) == (optind == argc))
		return cli_usage("share", "which items, or --case C?");
	d = session_open(DESK_WRITE | DESK_LEAN);
	if (d == NULL)
		return ERR_UNKNOWN;
	rc = desk_share(d, case_text, (const char *const *)argv + optind,
			(size_t)(argc - optind), with, &e);
	if (rc == 0)
		cli_note("they can read it once they have received a carry"
			 " file made after this");
	return session_close(d, rc, &e);
}
