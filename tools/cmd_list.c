/* list and search: one line an item. */
#include "commands.h"
#include "session.h"

static const char *
or_nothing(const char *text)
{
	return text != NULL ? cli_esc(text) : "";
}

static int
print_item(const struct desk_item *o)
{
	printf("%s  %.10s  %14s  %s%s%s%s", o->shown, or_nothing(o->taken_in),
	       session_count(o->size), or_nothing(o->name),
	       o->title != NULL ? "  -- " : "", or_nothing(o->title),
	       o->retracted ? "  (retracted)" : "");
	if (o->redacted_from != NULL)
		printf("  (redacted copy of %.8s)", cli_esc(o->redacted_from));
	if (o->copies > 0)
		printf("  (%zu redacted %s)", o->copies,
		       o->copies > 1 ? "copies" : "copy");
	if (o->current > 1)
		printf("  (%zu versions side by side)", o->current);
	return putchar('\n') != EOF ? 0 : -1;
}

/* However many there are, only one is held. */
static int
take(void *ctx, const struct desk_item *item)
{
	size_t *n = ctx;

	if ((*n)++ == 0)
		cli_progress_end();
	if (!cli.json)
		return print_item(item);
	return session_json_next(desk_item_json(item), *n == 1);
}

static int
list(const char *case_text, const char *query)
{
	struct desk *d = session_open(DESK_READ | DESK_LEAN);
	struct err e = {0};
	size_t n = 0;
	int rc;

	if (d == NULL)
		return ERR_UNKNOWN;
	rc = desk_items(d, case_text, query, take, &n, &e);
	if (rc == 0 && cli.json)
		session_json_end(n == 0);
	if (rc != 0 && e.code == ERR_NONE)
		err_sys(&e, "standard output");
	return session_close(d, rc, &e);
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
