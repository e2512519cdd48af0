#include "commands.h"
#include "contentsdesk.h"
#include "full.h"
#include "session.h"
#include "telling.h"

#include <string.h>

struct options {
	bool file, take, large;
};

static void
print_member(const json_t *m)
{
	const char *why = session_str(m, "why");

	if (json_object_get(m, "sha256") != NULL)
		printf("  %15s  %.16s  %-8.8s  %s%s\n",
		       session_count(
			   json_integer_value(json_object_get(m, "size"))),
		       session_str(m, "sha256"), session_str(m, "item"),
		       session_str(m, "path"),
		       strcmp(session_str(m, "kind"), "text") == 0
			   ? "  (text of the message)"
			   : "");
	else
		printf("  %15s  %-16s  %-8s  %s%s%s\n", "-",
		       session_str(m, "kind"), "", session_str(m, "path"),
		       why[0] != '\0' ? ": " : "", why);
}

/* Was all of it read? */
static bool
print_one(const json_t *o)
{
	const char *form = session_str(o, "form");
	const char *state = session_str(o, "state");
	const char *why = session_str(o, "why");
	json_t *list = json_object_get(o, "members"), *m;
	bool whole = strcmp(state, "read") == 0;
	size_t i;

	if (!cli.json) {
		if (form[0] != '\0')
			printf(
			    "%s: %s, %s in it\n", session_str(o, "name"), form,
			    session_count((json_int_t)json_array_size(list)));
		json_array_foreach (list, i, m)
			print_member(m);
	}
	if (form[0] == '\0')
		cli_warn("%s: neither an archive nor mail, by its type and"
			 " name",
			 session_str(o, "name"));
	else if (!whole)
		cli_warn("%s: not read to its end: %s%s%s",
			 session_str(o, "name"), state,
			 why[0] != '\0' ? ": " : "", why);
	return whole;
}

/* 0 if all was read to its end; 2: what else there is, is not known. */
static int
print_list(json_t *list)
{
	bool whole = true;
	json_t *o;
	size_t i;

	cli_progress_end();
	json_array_foreach (list, i, o)
		whole &= print_one(o);
	if (cli.json)
		session_json(list);
	else
		json_decref(list);
	return whole ? 0 : ERR_UNKNOWN;
}

static int
take(struct desk *d, struct contents_work *w, struct mediatype *m,
     const char *item, bool large, struct err *e, size_t *failed)
{
	struct telling t = {.list = json_array()};
	struct desk_sum sum = {0, 0};
	int rc = desk_contents_take(d, w, m, &item, 1, large, true,
				    telling_told, &t, &sum, e);

	*failed = sum.failed;
	telling_print(&t, &sum, rc == 0);
	return rc;
}

static int
with_vault(const struct options *o, struct contents_work *w,
	   struct mediatype *m, const char *item)
{
	struct desk *d = session_open(o->take ? DESK_WRITE : DESK_READ);
	struct err e = {0};
	json_t *list = NULL;
	size_t failed = 0;
	int rc, status;

	if (d == NULL)
		return ERR_UNKNOWN;
	if (o->take) {
		rc = take(d, w, m, item, o->large, &e, &failed);
		status = session_close(d, rc, &e);
		return status == 0 && failed > 0 ? ERR_UNKNOWN : status;
	}
	list = desk_contents(d, w, item, o->large, &e);
	rc = list != NULL ? print_list(list) : 0;
	status = session_close(d, list != NULL ? 0 : -1, &e);
	return status == 0 ? rc : status;
}

static int
without(const struct options *o, struct contents_work *w, struct mediatype *m,
	const char *path)
{
	struct err e = {0};
	json_t *list =
	    desk_contents_file(w, m, path, o->large, cli_progress, &e);

	return list != NULL ? print_list(list) : cli_fail(&e);
}

static int
contents(const struct options *o, const char *what)
{
	struct err e = {0};
	/* before any key is in memory: they fork */
	struct mediatype *m = mediatype_start(1, &e);
	struct contents_work *w = m != NULL ? contents_start(&e) : NULL;
	int status;

	if (w == NULL) {
		mediatype_stop(m);
		return cli_fail(&e);
	}
	status = o->file ? without(o, w, m, what) : with_vault(o, w, m, what);
	contents_stop(w);
	mediatype_stop(m);
	return status;
}

int
cmd_contents(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"file", no_argument, NULL, 'f'},
	    {"take", no_argument, NULL, 't'},
	    {"large", no_argument, NULL, 'l'},
	    {NULL, 0, NULL, 0}};
	struct options o = {0};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		switch (opt) {
		case 'f':
			o.file = true;
			break;
		case 't':
			o.take = true;
			break;
		case 'l':
			o.large = true;
			break;
		default:
			return CLI_USAGE;
		}
	}
	if (o.file && o.take)
		return cli_usage("contents",
				 "--take is for an item: add the file first");
	if (argc - optind != 1)
		return cli_usage("contents", "which item, or --file FILE?");
	if (full_must("contents") != 0)
		return ERR_UNKNOWN;
	return contents(&o, argv[optind]);
}
