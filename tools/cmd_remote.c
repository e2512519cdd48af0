#include "commands.h"
#include "session.h"
#include "syncdesk.h"

#include <stdlib.h>
#include <string.h>

static void
print_one(const json_t *o)
{
	size_t n = json_array_size(json_object_get(o, "to"));

	printf("%-12s %-6s %s", session_str(o, "name"), session_str(o, "kind"),
	       session_str(o, "where"));
	if (n > 0)
		printf("  (for %zu recipients)", n);
	putchar('\n');
}

static int
add(const char *name, const char *where, const char *kind,
    const struct session_list *to)
{
	struct secret *pass = session_passphrase();
	struct err e = {0};
	json_t *o;

	if (pass == NULL)
		return ERR_UNKNOWN;
	o = syncdesk_add(cli.vault, cli.identity, pass, name, where, kind,
			 to->items, to->n, &e);
	secret_free(pass);
	if (o == NULL)
		return cli_fail(&e);
	if (cli.json) {
		session_json(o);
		return 0;
	}
	print_one(o);
	json_decref(o);
	return 0;
}

static int
list(void)
{
	struct secret *pass = session_passphrase();
	struct err e = {0};
	json_t *all, *o;
	size_t i;

	if (pass == NULL)
		return ERR_UNKNOWN;
	all = syncdesk_list(cli.vault, cli.identity, pass, &e);
	secret_free(pass);
	if (all == NULL)
		return cli_fail(&e);
	if (cli.json) {
		session_json(all);
		return 0;
	}
	json_array_foreach (all, i, o)
		print_one(o);
	json_decref(all);
	return 0;
}

static int
remove_one(const char *name)
{
	struct secret *pass = session_passphrase();
	struct err e = {0};
	int rc;

	if (pass == NULL)
		return ERR_UNKNOWN;
	rc = syncdesk_remove(cli.vault, cli.identity, pass, name, &e);
	secret_free(pass);
	return rc == 0 ? 0 : cli_fail(&e);
}

int
cmd_remote(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"to", required_argument, NULL, 't'},
	    {"kind", required_argument, NULL, 'k'},
	    {NULL, 0, NULL, 0}};
	struct session_list to = {0};
	const char *kind = NULL, *verb;
	int opt, rc, left;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt == 't')
			session_list_add(&to, optarg);
		else if (opt == 'k')
			kind = optarg;
		else
			return CLI_USAGE;
	}
	left = argc - optind;
	verb = left > 0 ? argv[optind] : "";
	argv += optind;
	if (strcmp(verb, "add") == 0 && left == 3)
		rc = add(argv[1], argv[2], kind, &to);
	else if (to.n > 0 || kind != NULL)
		rc = cli_usage("remote", "--to and --kind belong to add");
	else if (strcmp(verb, "list") == 0 && left == 1)
		rc = list();
	else if (strcmp(verb, "remove") == 0 && left == 2)
		rc = remove_one(argv[1]);
	else
		rc = cli_usage("remote", "add NAME WHERE, list or remove NAME");
	free(to.items);
	return rc;
}
