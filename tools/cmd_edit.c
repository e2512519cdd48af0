#include "commands.h"
#include "session.h"

#include <stdlib.h>

struct edit {
	struct desk_fields fields;
	struct session_list pairs;
	const char *content;
	bool join;
};

static int
edit(struct edit *a, const char *item)
{
	struct err e = {0};
	/* before any key is in memory: it forks */
	struct mediatype *m = mediatype_start(1, &e);
	struct desk *d;
	int rc;

	if (m == NULL)
		return cli_fail(&e);
	d = session_open(DESK_WRITE | DESK_LEAN);
	if (d == NULL) {
		mediatype_stop(m);
		return ERR_UNKNOWN;
	}
	a->fields.pairs = a->pairs.items;
	a->fields.n = a->pairs.n;
	rc = desk_edit(d, m, item, &a->fields, a->content, a->join, &e);
	mediatype_stop(m);
	return session_close(d, rc, &e);
}

int
cmd_edit(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"title", required_argument, NULL, 't'},
	    {"kind", required_argument, NULL, 'k'},
	    {"field", required_argument, NULL, 'f'},
	    {"record", required_argument, NULL, 'r'},
	    {"content", required_argument, NULL, 'C'},
	    {"join", no_argument, NULL, 'j'},
	    {NULL, 0, NULL, 0}};
	static struct edit a;
	bool any = false;
	int opt, rc;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		any = true;
		switch (opt) {
		case 't':
			a.fields.title = optarg;
			break;
		case 'k':
			a.fields.kind = optarg;
			break;
		case 'f':
			session_list_add(&a.pairs, optarg);
			break;
		case 'r':
			a.fields.record = optarg;
			break;
		case 'C':
			a.content = optarg;
			break;
		case 'j':
			a.join = true;
			break;
		default:
			return CLI_USAGE;
		}
	}
	if (argc - optind != 1)
		return cli_usage("edit", "which item?");
	if (!any)
		return cli_usage("edit", "what shall change?");
	rc = edit(&a, argv[optind]);
	free(a.pairs.items);
	return rc;
}
