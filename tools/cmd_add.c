#include "commands.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

/*
 * What became of each path. It is said only when all is written: an item that
 * never came to be must not have been announced.
 */
struct telling {
	json_t *list; /* of {"what","path","item","why"} */
	size_t known, skipped;
};

static const char *const words[] = {"added", "known", "skipped", "failed"};

static void
told(void *ctx, enum desk_what what, const char *path, const char *item,
     const char *why)
{
	struct telling *t = ctx;
	json_t *o = json_object();

	t->known += what == DESK_KNOWN;
	t->skipped += what == DESK_SKIPPED;
	json_object_set_new(o, "what", json_string(words[what]));
	json_object_set_new(o, "path", session_path(path));
	if (item != NULL)
		json_object_set_new(o, "item", json_string(item));
	if (why != NULL)
		json_object_set_new(o, "why", json_string(why));
	json_array_append_new(t->list, o);
}

/* One line: items on standard output, all else on standard error. */
static void
print_one(const json_t *o, bool written)
{
	const char *what = json_string_value(json_object_get(o, "what"));
	const char *path = session_str(o, "path");
	const char *item = session_str(o, "item");

	if (strcmp(what, words[DESK_ADDED]) == 0) {
		if (written)
			printf("%.8s  %s\n", item, path);
	} else if (strcmp(what, words[DESK_KNOWN]) == 0) {
		cli_note("%s: the case holds this content already, as item"
			 " %.8s (--again takes it in once more)",
			 path, item);
	} else {
		fprintf(stderr, "muniment: %s: %s: %s\n", path,
			strcmp(what, words[DESK_SKIPPED]) == 0 ? "skipped"
							       : "not taken in",
			session_str(o, "why"));
	}
}

static void
print_all(struct telling *t, bool written)
{
	json_t *o;
	size_t i;

	cli_progress_end();
	if (cli.json && written) {
		session_json(t->list);
		return;
	}
	json_array_foreach (t->list, i, o)
		print_one(o, written);
	json_decref(t->list);
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
	struct telling t = {.list = NULL};
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
	t.list = json_array();
	a->fields.pairs = a->pairs.items;
	a->fields.n = a->pairs.n;
	rc = desk_add(d, m, a->case_text, paths, n, &a->fields, a->again, told,
		      &t, &sum, &e);
	mediatype_stop(m);
	print_all(&t, rc == 0);
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
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"case", required_argument, NULL, 'c'},
	    {"title", required_argument, NULL, 't'},
	    {"kind", required_argument, NULL, 'k'},
	    {"field", required_argument, NULL, 'f'},
	    {"record", required_argument, NULL, 'r'},
	    {"again", no_argument, NULL, 'a'},
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
