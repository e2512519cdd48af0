#include "commands.h"
#include "invitedesk.h"
#include "session.h"

static int
invite(const char *card, const char *path)
{
	struct desk *d = session_open(DESK_WRITE);
	struct err e = {0};
	json_t *o;

	if (d == NULL)
		return ERR_UNKNOWN;
	o = desk_invite(d, card, path, &e);
	if (o != NULL && cli.json) {
		session_json(o);
	} else if (o != NULL) {
		cli_progress_end();
		printf("invitation  %s\n", session_str(o, "words"));
		printf("vault       %s\n", session_str(o, "vault_words"));
		printf("their card  %s\n", session_str(o, "to_words"));
		cli_note("%s: written, for %s; read these words to each other"
			 " by voice",
			 session_str(o, "file"), session_str(o, "to"));
		json_decref(o);
	}
	return session_close(d, o != NULL ? 0 : -1, &e);
}

int
cmd_invite(int argc, char **argv)
{
	static const struct option options[] = {CLI_OPTIONS,
						{NULL, 0, NULL, 0}};
	const char *path = NULL;
	int opt;

	while ((opt = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt != 'o')
			return CLI_USAGE;
		path = optarg;
	}
	if (optind + 1 != argc)
		return cli_usage("invite", "whose card?");
	if (path == NULL)
		return cli_usage("invite", "into which file? -o FILE");
	return invite(argv[optind], path);
}
