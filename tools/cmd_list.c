/* list and search: one line an item. */
#include "commands.h"
#include "session.h"

static void
print_item(const json_t *o)
{
	json_t *file = json_object_get(o, "file");
	bool titled = json_object_get(o, "title") != NULL;
	json_int_t current = json_integer_value(json_object_get(o, "current"));

	printf("%s  %.10s  %14s  %s%s%s%s", session_str(o, "short"),
	       session_str(o, "taken_in"),
	       session_count(json_integer_value(json_object_get(file, "size"))),
	       session_str(file, "name"), titled ? "  -- " : "",
	       session_str(o, "title"),
	       json_is_true(json_object_get(o, "retracted")) ? "  (retracted)"
							     : "");
	if (current > 1)
		printf("  (%lld versions side by side)", (long long)current);
	putchar('\n');
}

static int
list(const char *case_text, const char *query)
{
	struct desk *d = session_open(DESK_READ);
	struct err e = {0};
	json_t *items, *o;
	size_t i;

	if (d == NULL)
		return ERR_UNKNOWN;
	items = desk_items(d, case_text, query, &e);
	if (items != NULL && cli.json) {
		session_json(items);
	} else if (items != NULL) {
		cli_progress_end();
		json_array_foreach (items, i, o)
			print_item(o);
		json_decref(items);
	}
	return session_close(d, items != NULL ? 0 : -1, &e);
}

/* Options of both; the number of words that follow. */
static int
options(int argc, char **argv, const char **case_text)
{
	static const struct option longs[] = {
	    CLI_OPTIONS,
	    {"case", required_argument, NULL, 'c'},
	    {NULL, 0, NULL, 0}};
	int opt;

	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt != 'c')
			return -1;
		*case_text = optarg;
	}
	return argc - optind;
}

int
cmd_list(int argc, char **argv)
{
	const char *case_text = NULL;
	int n = options(argc, argv, &case_text);

	if (n < 0)
		return CLI_USAGE;
	if (n > 0)
		return cli_usage("list", "too many words");
	return list(case_text, NULL);
}

int
cmd_search(int argc, char **argv)
{
	const char *case_text = NULL;
	int n = options(argc, argv, &case_text);

	if (n < 0)
		return CLI_USAGE;
	if (n != 1)
		return cli_usage("search", "which text?");
	return list(case_text, argv[optind]);
}
