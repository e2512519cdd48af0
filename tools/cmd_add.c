#include "commands.h"
#include "session.h"

#include <stdlib.h>

/* What is said of each path: on stdout one line an item. */
struct telling {
	json_t *list; /* with --json; else NULL */
	size_t known, skipped;
};

static const char *const words[] = {"added", "known", "skipped", "failed"};

static void
told(void *ctx, enum desk_what what, const char *path, const char *item,
    const char *why)
{
	struct telling *t = ctx;

	t->known += what == DESK_KNOWN;
	t->skipped += what == DESK_SKIPPED;
	if (t->list != NULL) {
		json_t *o = json_object();

		json_object_set_new(o, "what", json_string(words[what]));
		json_object_set_new(o, "path", json_string(cli_esc(path)));
		if (item != NULL)
			json_object_set_new(o, "item", json_string(item));
		if (why != NULL)
			json_object_set_new(o, "why", json_string(why));
		json_array_append_new(t->list, o);
		return;
	}
	cli_progress_end();
	if (what == DESK_ADDED)
		printf("%.8s  %s\n", item, cli_esc(path));
	else if (what == DESK_KNOWN)
		cli_note("%s: the case holds this content already, as item"
			 " %.8s (--again takes it in once more)",
		    cli_esc(path), item);
	else
		fprintf(stderr, "muniment: %s: %s: %s\n", cli_esc(path),
		    what == DESK_SKIPPED ? "skipped" : "not taken in", why);
}

struct add {
	const char *case_text;
	struct desk_fields fields;
	struct session_list pairs;
	bool again;
};

static int
add(struct add *a, const char *const *paths, size_t n)
{
	struct telling t = {.list = cli.json ? json_array() : NULL};
	struct desk_sum sum = {0, 0};
	struct err e = {0};
	/* before any key is in memory: it forks */
	struct mediatype *m = mediatype_start(&e);
	struct desk *d;
	int rc, status;

	if (m == NULL)
		return cli_fail(&e);
	if (!mediatype_works(m))
		cli_warn("media types cannot be recognised here");
	d = session_open(DESK_WRITE);
	if (d == NULL) {
		mediatype_stop(m);
		return ERR_UNKNOWN;
	}
	a->fields.pairs = a->pairs.items;
	a->fields.n = a->pairs.n;
	rc = desk_add(d, m, a->case_text, paths, n, &a->fields, a->again, told,
	    &t, &sum, &e);
	mediatype_stop(m);
	if (rc == 0 && t.list != NULL)
		session_json(t.list);
	else
		json_decref(t.list);
	if (rc == 0)
		cli_note("%s added, %s known already, %s skipped, %s not taken"
			 " in",
		    session_count((json_int_t)sum.done),
		    session_count((json_int_t)t.known),
		    session_count((json_int_t)t.skipped),
		    session_count((json_int_t)sum.failed));
	else
		cli_note("nothing was added");
	status = session_close(d, rc, &e);
	/* what could not be read is not in the vault: no success */
	return status == 0 && sum.failed > 0 ? ERR_UNKNOWN : status;
}

int
cmd_add(int argc, char **argv)
{
	static const struct option options[] = {CLI_OPTIONS,
	    {"case", required_argument, NULL, 'c'},
	    {"title", required_argument, NULL, 't'},
	    {"kind", required_argument, NULL, 'k'},
	    {"field", required_argument, NULL, 'f'},
	    {"record", required_argument, NULL, 'r'},
	    {"again", no_argument, NULL, 'a'}, {NULL, 0, NULL, 0}};
	struct add a = {0};
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
			a.again = true;
			break;
		default:
			return CLI_USAGE;
		}
	}
	if (a.case_text == NULL)
		return cli_usage("add", "which case? --case C");
	if (optind == argc)
		return cli_usage("add", "which files or folders?");
	rc = add(&a, (const char *const *)argv + optind,
	    (size_t)(argc - optind));
	free(a.pairs.items);
	return rc;
}
