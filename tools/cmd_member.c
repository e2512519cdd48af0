#include "commands.h"
#include "session.h"

#include <string.h>

static int
member_add(const char *const *cards, size_t n, const char *case_text,
	   const char *role)
{
	struct desk *d;
	struct err e = {0};
	int rc;

	if (n == 0)
		return cli_usage("member", "whose card?");
	d = session_open(DESK_WRITE);
	if (d == NULL)
		return ERR_UNKNOWN;
	rc = desk_member_add(d, cards, n, case_text, role, &e);
	if (rc == 0)
		cli_note("compare the words of each card by voice"
			 " (muniment id words CARD) before anything is sent");
	return session_close(d, rc, &e);
}

static void
print_member(const json_t *m)
{
	json_t *rights = json_object_get(m, "rights");
	bool named = json_object_get(m, "name") != NULL;
	bool org = json_object_get(m, "org") != NULL;

	printf("%.12s  %s%s%s%s%s\n", session_str(m, "member"),
	       named ? session_str(m, "name") : "(card not readable here)",
	       org ? " (" : "", session_str(m, "org"), org ? ")" : "",
	       json_is_true(json_object_get(m, "you")) ? "  -- you" : "");
	for (void *it = json_object_iter(rights); it != NULL;
	     it = json_object_iter_next(rights, it))
		printf("              %-8s of %.8s\n",
		       json_string_value(json_object_iter_value(it)),
		       json_object_iter_key(it));
}

static int
member_list(const char *case_text)
{
	struct desk *d = session_open(DESK_READ);
	struct err e = {0};
	json_t *list, *m;
	size_t i;

	if (d == NULL)
		return ERR_UNKNOWN;
	list = desk_members(d, case_text, &e);
	if (list != NULL && cli.json) {
		session_json(list);
	} else if (list != NULL) {
		cli_progress_end();
		json_array_foreach (list, i, m)
			print_member(m);
		json_decref(list);
	}
	return session_close(d, list != NULL ? 0 : -1, &e);
}

int
cmd_member(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"case", required_argument, NULL, 'c'},
	    {"role", required_argument, NULL, 'r'},
	    {NULL, 0, NULL, 0}};
	const char *case_text = NULL, *role = NULL, *verb;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt == 'c')
			case_text = optarg;
		else if (opt == 'r')
			role = optarg;
		else
			return CLI_USAGE;
	}
	verb = optind < argc ? argv[optind++] : "";
	if (strcmp(verb, "add") == 0)
		return member_add((const char *const *)argv + optind,
				  (size_t)(argc - optind), case_text, role);
	if (strcmp(verb, "list") == 0 && optind == argc)
		return member_list(case_text);
	return cli_usage("member", "what? add CARD..., or list");
}
