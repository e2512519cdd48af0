/* witness: cosignatures of a C2SP witness outside the vault. */
#include "commands.h"
#include "session.h"
#include "witnessdesk.h"

#include <string.h>

static int
keys(void)
{
	struct err e = {0};
	json_t *list = witnessdesk_keys(cli.vault, &e), *k;
	size_t i;

	if (list == NULL)
		return cli_fail(&e);
	if (cli.json) {
		session_json(list);
		return 0;
	}
	json_array_foreach (list, i, k)
		printf("%s\n", session_str(k, "key"));
	json_decref(list);
	return 0;
}

static void
print(const json_t *list)
{
	json_t *a;
	size_t i;

	json_array_foreach (list, i, a) {
		printf(
		    "device %.12s, batch %lld: ", session_str(a, "device"),
		    (long long)json_integer_value(json_object_get(a, "size")));
		if (json_object_get(a, "error") != NULL)
			printf("not cosigned: %s\n", session_str(a, "error"));
		else if (json_object_get(a, "nothing") != NULL)
			printf("nothing new\n");
		else
			printf("cosigned %s (their clock)\n",
			       session_str(a, "since"));
		if (json_object_get(a, "hint") != NULL)
			printf("  hint: %s\n", session_str(a, "hint"));
	}
}

static int
ask(const char *url, const char *key, bool insecure)
{
	struct desk *d = session_open(DESK_WRITE);
	enum err_code worst;
	struct err e = {0};
	json_t *list;
	int status;

	if (d == NULL)
		return ERR_UNKNOWN;
	list = witnessdesk_ask(d, url, key, insecure, &worst, &e);
	if (list != NULL && cli.json) {
		session_json(list);
	} else if (list != NULL) {
		cli_progress_end();
		print(list);
		json_decref(list);
	}
	if (list != NULL && worst != ERR_NONE)
		err_set(&e, worst,
			worst == ERR_EVIDENCE
			    ? "the witness contradicts what is here"
			    : "not every log was cosigned");
	status =
	    session_close(d, list != NULL && worst == ERR_NONE ? 0 : -1, &e);
	return status;
}

int
cmd_witness(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"key", required_argument, NULL, 'k'},
	    {"insecure-http", no_argument, NULL, 'H'},
	    {NULL, 0, NULL, 0}};
	const char *key = NULL;
	bool insecure = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt == 'k')
			key = optarg;
		else if (opt == 'H')
			insecure = true;
		else
			return CLI_USAGE;
	}
	if (argc - optind == 1 && strcmp(argv[optind], "keys") == 0 &&
	    key == NULL && !insecure)
		return keys();
	if (argc - optind < 1 || strcmp(argv[optind], "ask") != 0)
		return cli_usage("witness", "ask or keys?");
	if (argc - optind != 2)
		return cli_usage("witness", "which witness? its URL");
	if (key == NULL)
		return cli_usage("witness", "with which key? --key VKEY");
	return ask(argv[optind + 1], key, insecure);
}
