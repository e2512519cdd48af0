#include "commands.h"
#include "peopledesk.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

static int
case_new(const char *name)
{
	struct desk *d = session_open(DESK_WRITE | DESK_LEAN);
	struct err e = {0};
	json_t *o;

	if (d == NULL)
		return ERR_UNKNOWN;
	o = desk_case_new(d, name, &e);
	if (o != NULL && cli.json) {
		session_json(o);
	} else if (o != NULL) {
		printf("%s\n", session_str(o, "case"));
		json_decref(o);
	}
	return session_close(d, o != NULL ? 0 : -1, &e);
}

static void
print_case(const json_t *c)
{
	bool named = json_object_get(c, "name") != NULL;

	printf("%.8s  %-8s %8s items  %s\n", session_str(c, "case"),
	       session_str(c, "role"),
	       session_count(json_integer_value(json_object_get(c, "items"))),
	       named ? session_str(c, "name") : "(not readable)");
}

static int
case_list(void)
{
	struct desk *d = session_open(DESK_READ | DESK_LEAN);
	struct err e = {0};
	json_t *list, *c;
	size_t i;

	if (d == NULL)
		return ERR_UNKNOWN;
	list = desk_cases(d, &e);
	if (list != NULL && cli.json) {
		session_json(list);
	} else if (list != NULL) {
		cli_progress_end();
		json_array_foreach (list, i, c)
			print_case(c);
		json_decref(list);
	}
	return session_close(d, list != NULL ? 0 : -1, &e);
}

static int
case_renew(const char *case_text, const struct session_list *without)
{
	struct desk *d = session_open(DESK_WRITE | DESK_LEAN);
	struct err e = {0};
	json_t *o, *s;
	size_t i;

	if (d == NULL)
		return ERR_UNKNOWN;
	o = desk_renew(d, case_text, without->items, without->n, &e);
	if (o != NULL && cli.json) {
		session_json(o);
	} else if (o != NULL) {
		cli_progress_end();
		json_array_foreach (json_object_get(o, "without_card"), i, s)
			printf("no card readable, so no key yet: %s\n",
			       cli_esc(json_string_value(s)));
		json_decref(o);
	}
	if (o != NULL)
		cli_note("what was written before can still be read by who had"
			 " the old key; collectors' kits made before go on"
			 " writing with it: make new ones");
	return session_close(d, o != NULL ? 0 : -1, &e);
}

int
cmd_case(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"without", required_argument, NULL, 'w'},
	    {NULL, 0, NULL, 0}};
	struct session_list without = {0};
	const char *verb;
	int opt, rc;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt != 'w')
			return CLI_USAGE;
		session_list_add(&without, optarg);
	}
	verb = optind < argc ? argv[optind++] : "";
	if (strcmp(verb, "new") == 0 && argc - optind == 1)
		return case_new(argv[optind]);
	if (strcmp(verb, "list") == 0 && optind == argc)
		return case_list();
	if (strcmp(verb, "renew") == 0 && argc - optind == 1) {
		rc = case_renew(argv[optind], &without);
		free(without.items);
		return rc;
	}
	return cli_usage("case", "what? new NAME, list, or renew CASE");
}
