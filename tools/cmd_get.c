#include "commands.h"
#include "session.h"

static void
told(void *ctx, enum desk_what what, const char *path, const char *item,
     const char *why)
{
	json_t *list = ctx;

	cli_progress_end();
	if (list != NULL) {
		json_t *o = json_object();

		json_object_set_new(o, "item", json_string(item));
		if (path != NULL)
			json_object_set_new(o, "path", session_path(path));
		if (what != DESK_ADDED)
			json_object_set_new(o, "why", json_string(why));
		json_array_append_new(list, o);
	} else if (what == DESK_ADDED) {
		printf("%.8s  %s\n", item, cli_esc(path));
	} else {
		fprintf(stderr, "muniment: item %.8s: %s\n", item, why);
	}
}

static int
get(const char *const *items, size_t n, const char *case_text,
    const char *folder, bool by_item)
{
	struct desk *d = session_open(DESK_WRITE | DESK_LEAN);
	json_t *list = cli.json ? json_array() : NULL;
	struct desk_sum sum = {0, 0};
	struct err e = {0};
	int rc;

	if (d == NULL)
		return ERR_UNKNOWN;
	rc = desk_get(d, items, n, case_text, folder, by_item, told, list, &sum,
		      &e);
	if (list != NULL)
		session_json(list);
	return session_close(d, rc, &e);
}

int
cmd_get(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"case", required_argument, NULL, 'c'},
	    {"by-item", no_argument, NULL, 'b'},
	    {NULL, 0, NULL, 0}};
	const char *case_text = NULL, *folder = NULL;
	bool by_item = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt == 'o')
			folder = optarg;
		else if (opt == 'c')
			case_text = optarg;
		else if (opt == 'b')
			by_item = true;
		else
			return CLI_USAGE;
	}
	if (folder == NULL)
		return cli_usage("get", "into which folder? -o DIR");
	if ((case_text == NULL) == (optind == argc))
		return cli_usage("get", "which items, or --case C?");
	return get((const char *const *)argv + optind, (size_t)(argc - optind),
		   case_text, folder, by_item);
}
