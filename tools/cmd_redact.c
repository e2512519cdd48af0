#include "commands.h"
#include "redact.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

struct options {
	struct redact r;
	struct desk_fields fields;
	struct session_list pairs, zones;
};

static void
print(json_t *o)
{
	const json_t *text;
	size_t i;

	json_array_foreach (json_object_get(o, "warnings"), i, text)
		cli_warn("%s", json_string_value(text));
	if (cli.json)
		session_json(json_incref(o));
	else
		printf("%.8s  redacted copy of %.8s\n", session_str(o, "item"),
		       session_str(o, "original"));
}

static int
redact(struct options *a)
{
	struct err e = {0};
	/* before any key is in memory: they fork */
	struct mediatype *m = mediatype_start(1, &e);
	struct pdfwork *pdf = m != NULL ? pdfwork_start(&e) : NULL;
	struct desk *d = NULL;
	json_t *made = NULL;
	int status = ERR_UNKNOWN;

	if (pdf == NULL) {
		mediatype_stop(m);
		return cli_fail(&e);
	}
	if (!mediatype_works(m) || !pdfwork_works(pdf))
		cli_warn("files cannot be looked into here");
	d = session_open(DESK_WRITE);
	if (d != NULL) {
		made = desk_redact(d, m, pdf, &a->r, &e);
		cli_progress_end();
		if (made != NULL)
			print(made);
		status = session_close(d, made != NULL ? 0 : -1, &e);
	}
	json_decref(made);
	pdfwork_stop(pdf);
	mediatype_stop(m);
	return status;
}

/* True if it was one of the options of a record's fields. */
static bool
field_option(struct options *a, int opt)
{
	switch (opt) {
	case 't':
		a->fields.title = optarg;
		return true;
	case 'k':
		a->fields.kind = optarg;
		return true;
	case 'f':
		session_list_add(&a->pairs, optarg);
		return true;
	case 'r':
		a->fields.record = optarg;
		return true;
	}
	return false;
}

/* -1 after the usage error is printed. */
static int
read_options(struct options *a, int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"with", required_argument, NULL, 'w'},
	    {"file", required_argument, NULL, 'n'},
	    {"zones", required_argument, NULL, 'z'},
	    {"decided-by", required_argument, NULL, 'd'},
	    {"basis", required_argument, NULL, 'b'},
	    {"title", required_argument, NULL, 't'},
	    {"kind", required_argument, NULL, 'k'},
	    {"field", required_argument, NULL, 'f'},
	    {"record", required_argument, NULL, 'r'},
	    {NULL, 0, NULL, 0}};
	char *end;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_option(opt) || field_option(a, opt))
			continue;
		switch (opt) {
		case 'w':
			a->r.path = optarg;
			break;
		case 'n':
			a->r.file = strtoul(optarg, &end, 10);
			if (a->r.file == 0 || a->r.file > 999 || *end != '\0')
				return cli_usage("redact", "--file: not the"
							   " number of a file");
			break;
		case 'z':
			session_list_add(&a->zones, optarg);
			break;
		case 'd':
			a->r.decided_by = optarg;
			break;
		case 'b':
			a->r.basis = optarg;
			break;
		default:
			return -1;
		}
	}
	if (argc - optind != 1)
		return cli_usage("redact", "which item?");
	if (a->r.path == NULL)
		return cli_usage("redact", "the redacted file? --with FILE");
	if (a->zones.n == 0)
		return cli_usage("redact", "what was taken out? --zones");
	a->r.item = argv[optind];
	return 0;
}

int
cmd_redact(int argc, char **argv)
{
	static struct options a;
	int rc = read_options(&a, argc, argv) == 0 ? 0 : CLI_USAGE;

	a.fields.pairs = a.pairs.items;
	a.fields.n = a.pairs.n;
	a.r.fields = &a.fields;
	a.r.zones = a.zones.items;
	a.r.n_zones = a.zones.n;
	if (rc == 0)
		rc = redact(&a);
	free(a.pairs.items);
	free(a.zones.items);
	return rc;
}
