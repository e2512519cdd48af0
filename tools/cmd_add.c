#include "commands.h"
#include "contentsdesk.h"
#include "full.h"
#include "session.h"
#include "telling.h"

#include <stdlib.h>

struct add {
	const char *case_text;
	struct desk_fields fields;
	struct session_list pairs;
	bool contents, large;
	int flags; /* of enum desk_add_flag */
};

/* What is in those that were taken in, or are here already. */
static int
take_contents(const struct add *a, struct desk *d, struct contents_work *w,
	      struct mediatype *m, struct telling *t, struct desk_sum *sum,
	      struct err *e)
{
	struct session_list items = {0};
	size_t n = json_array_size(t->list);
	int rc;

	for (size_t i = 0; i < n; i++) {
		const json_t *o = json_array_get(t->list, i);

		if (telling_is(o, DESK_ADDED) || telling_is(o, DESK_KNOWN))
			session_list_add(
			    &items,
			    json_string_value(json_object_get(o, "item")));
	}
	rc = desk_contents_take(d, w, m, items.items, items.n, a->large, false,
				telling_told, t, sum, e);
	free(items.items);
	return rc;
}

/* Take it in; the originals are written, whole, before what is in them. */
static int
add_to(struct add *a, struct desk *d, struct contents_work *w,
       struct mediatype *m, const char *const *paths, size_t n)
{
	struct telling t = {.list = json_array()};
	struct desk_sum sum = {0, 0};
	struct err e = {0};
	bool written;
	int rc, status;

	a->fields.pairs = a->pairs.items;
	a->fields.n = a->pairs.n;
	rc = desk_add(d, m, a->case_text, paths, n, &a->fields, a->flags,
		      telling_told, &t, &sum, &e);
	written = rc == 0;
	if (rc == 0 && a->contents)
		rc = take_contents(a, d, w, m, &t, &sum, &e);
	telling_print(&t, &sum, written);
	status = session_close(d, rc, &e);
	/* what could not be read is not in the vault: no success */
	return status == 0 && sum.failed > 0 ? ERR_UNKNOWN : status;
}

static int
add(struct add *a, const char *const *paths, size_t n)
{
	struct err e = {0};
	/* before any key is in memory: they fork */
	struct mediatype *m = mediatype_start(session_helpers(paths, n), &e);
	struct contents_work *w = NULL;
	struct desk *d;
	int status = ERR_UNKNOWN;

	if (m != NULL && a->contents)
		w = contents_start(&e);
	if (m == NULL || (a->contents && w == NULL)) {
		mediatype_stop(m);
		return cli_fail(&e);
	}
	if (!mediatype_works(m))
		cli_warn("media types cannot be recognised here");
	d = session_open(DESK_WRITE | DESK_LEAN);
	if (d != NULL)
		status = add_to(a, d, w, m, paths, n);
	contents_stop(w);
	mediatype_stop(m);
	return status;
}

int
cmd_add(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"case", required_argument, NULL, 'c'},
	    {"title", required_argument, NULL, 't'},
	    {"kind", required_argument, NULL, 'k'},
	    {"field", required_argument, NULL, 'f'},
	    {"record", required_argument, NULL, 'r'},
	    {"again", no_argument, NULL, 'a'},
	    {"reread", no_argument, NULL, 'R'},
	    {"contents", no_argument, NULL, 'C'},
	    {"large", no_argument, NULL, 'L'},
	    {NULL, 0, NULL, 0}};
	static struct add a;
	int opt, rc;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		switch (opt) {
		case 'c':
			a.case_text = optarg;
			break;
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
		case 'a':
			a.flags |= DESK_AGAIN;
			break;
		case 'R':
			a.flags |= DESK_REREAD;
			break;
		case 'C':
			a.contents = true;
			break;
		case 'L':
			a.large = true;
			break;
		default:
			return CLI_USAGE;
		}
	}
	if (a.case_text == NULL)
		return cli_usage("add", "which case? --case C");
	if (optind == argc)
		return cli_usage("add", "which files or folders?");
	if (a.contents && full_must("add --contents") != 0)
		return ERR_UNKNOWN;
	rc = add(&a, (const char *const *)argv + optind,
		 (size_t)(argc - optind));
	free(a.pairs.items);
	return rc;
}
