#include "commands.h"
#include "repairdesk.h"
#include "session.h"

static int
of_files(char **files, int n, unsigned percent)
{
	for (int i = 0; i < n; i++) {
		struct err e = {0};
		json_t *o =
		    desk_parity_file(files[i], percent, cli_progress, &e);

		cli_progress_end();
		if (o == NULL)
			return cli_fail(&e);
		if (cli.json) {
			session_json(o);
			continue;
		}
		cli_note("%s: written: it restores what gets damaged of %s"
			 " (muniment repair)",
			 session_str(o, "parity"), session_str(o, "file"));
		json_decref(o);
	}
	return 0;
}

static int
of_vault(unsigned percent, bool anew)
{
	struct err e = {0};
	json_t *o =
	    desk_parity_vault(cli.vault, percent, anew, cli_progress, &e);

	cli_progress_end();
	if (o == NULL)
		return cli_fail(&e);
	if (cli.json) {
		session_json(o);
		return 0;
	}
	cli_note(
	    "%s files of this vault are protected now, %s of them newly;"
	    " its parity is %s bytes, in local/parity (muniment repair)",
	    session_count(json_integer_value(json_object_get(o, "files"))),
	    session_count(json_integer_value(json_object_get(o, "added"))),
	    session_count(json_integer_value(json_object_get(o, "bytes"))));
	json_decref(o);
	return 0;
}

int
cmd_parity(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"percent", required_argument, NULL, 'n'},
	    {"anew", no_argument, NULL, 'a'},
	    {NULL, 0, NULL, 0}};
	unsigned percent = CLI_PARITY;
	bool anew = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt == 'a')
			anew = true;
		else if (opt != 'n')
			return CLI_USAGE;
		else if (cli_percent(optarg, &percent) != 0 || percent == 0)
			return cli_usage("parity", "--percent 1 to 100");
	}
	if (optind == argc)
		return of_vault(percent, anew);
	if (anew)
		return cli_usage("parity", "--anew is for the vault's own");
	return of_files(argv + optind, argc - optind, percent);
}
