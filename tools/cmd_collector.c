/*
 * Collectors: what the office does (kit, list, confirm), and what is done in
 * the field (new, add, status, carry, sync), in a process of its own that ends
 * with the command: apart.h.
 */
#include "apart.h"
#include "collector.h"
#include "commands.h"
#include "field.h"
#include "full.h"
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options {
	const char *case_text, *label, *out, *kit, *dir;
	bool no_passphrase;
	unsigned work_factor, stall;
	uint64_t part;
	unsigned parity;
	struct desk_fields fields;
	struct session_list pairs;
	const char *const *paths;
	size_t n_paths;
};

/* -- the office -- */

static int
office_kit(const struct options *a)
{
	struct desk *d = session_open(DESK_WRITE);
	struct err e = {0};
	json_t *o;

	if (d == NULL)
		return ERR_UNKNOWN;
	o = collector_kit(d, a->case_text, a->label, a->out, &e);
	if (o != NULL && cli.json) {
		session_json(o);
	} else if (o != NULL) {
		printf("%s\n", session_str(o, "words"));
		cli_note("%s: the kit. Compare its words with the collector's,"
			 " by voice, before anything is taken in",
			 session_str(o, "kit"));
		cli_note("a kit goes on writing to the keys that are in it:"
			 " after a retirement or muniment case renew, make new"
			 " ones");
		json_decref(o);
	}
	return session_close(d, o != NULL ? 0 : -1, &e);
}

static void
print_collector(const json_t *o)
{
	json_t *list = json_object_get(o, "devices"), *d;
	size_t i;

	printf("%.12s  %s%s\n", session_str(o, "seat"),
	       json_object_get(o, "label") != NULL ? session_str(o, "label")
						   : "(no label)",
	       json_is_true(json_object_get(o, "retired")) ? "  (retired)"
							   : "");
	json_array_foreach (list, i, d)
		printf(
		    "    %-9s  %.12s  %s\n",
		    json_is_true(json_object_get(d, "confirmed")) ? "confirmed"
								  : "waits",
		    session_str(d, "device"), session_str(d, "device_words"));
}

static int
office_list(void)
{
	struct desk *d = session_open(DESK_READ);
	struct err e = {0};
	json_t *list, *o;
	size_t i;

	if (d == NULL)
		return ERR_UNKNOWN;
	list = collector_list(d, &e);
	if (list != NULL && cli.json) {
		session_json(list);
	} else if (list != NULL) {
		cli_progress_end();
		json_array_foreach (list, i, o)
			print_collector(o);
		json_decref(list);
	}
	return session_close(d, list != NULL ? 0 : -1, &e);
}

static int
office_confirm(const char *device)
{
	struct desk *d = session_open(DESK_WRITE);
	struct err e = {0};
	json_t *o;

	if (d == NULL)
		return ERR_UNKNOWN;
	o = collector_confirm(d, device, &e);
	if (o != NULL && cli.json) {
		session_json(o);
	} else if (o != NULL) {
		printf("%s\n", session_str(o, "device_words"));
		cli_note("from now on what the device with these words has"
			 " taken in counts as the collector's");
		json_decref(o);
	}
	return session_close(d, o != NULL ? 0 : -1, &e);
}

/* -- the field: all below runs in the child -- */

static int
print_new(json_t *o)
{
	if (cli.json) {
		session_json(o);
		return 0;
	}
	printf("kit     %s\ndevice  %s\n", session_str(o, "words"),
	       session_str(o, "device_words"));
	cli_note("compare the kit's words with the office's, by voice, before"
		 " anything is taken in; the device's words are what the"
		 " office confirms");
	json_decref(o);
	return 0;
}

static int
field_do_new(void *ctx)
{
	const struct options *a = ctx;
	struct secret *pass = NULL;
	struct err e = {0};
	json_t *o;

	if (a->no_passphrase)
		cli_warn("without a passphrase whoever has this folder can"
			 " write on as this collector; what was taken in they"
			 " cannot read");
	else if ((pass = cli.passphrase_fd >= 0
			     ? cli_passphrase_fd(cli.passphrase_fd, &e)
			     : cli_passphrase_twice(
				   "Passphrase for this machine.", &e)) == NULL)
		return cli_fail(&e);
	o = field_new(a->dir, a->kit, pass, a->work_factor, &e);
	secret_free(pass);
	return o != NULL ? print_new(o) : cli_fail(&e);
}

/* Open the folder; NULL after the error is printed, *status says which. */
static struct field *
field_session(const char *dir, int *status)
{
	struct secret *pass = NULL;
	struct err e = {0};
	struct field *f = NULL;

	if (!field_is_locked(dir) ||
	    (pass = cli_passphrase_any("Passphrase of this machine: ", &e)) !=
		NULL)
		f = field_open(dir, pass, cli_progress, &e);
	secret_free(pass);
	if (f == NULL)
		*status = cli_fail(&e);
	else
		session_report(field_report(f), REPORT_HISTORY);
	return f;
}

/* What was taken in is only counted; what was not is named, once. */
static void
told(void *ctx, enum desk_what what, const char *path, const char *item,
     const char *why)
{
	size_t *counts = ctx;

	(void)item;
	counts[what]++;
	if (what == DESK_SKIPPED || what == DESK_FAILED) {
		cli_progress_end();
		fprintf(stderr, "muniment: %s: %s: %s\n", cli_esc(path),
			what == DESK_SKIPPED ? "skipped" : "not taken in", why);
	}
}

static void
print_counts(const size_t counts[])
{
	static const char *const words[] = {"added", "known", "skipped",
					    "failed"};
	json_t *o = cli.json ? json_object() : NULL;

	cli_progress_end();
	for (size_t i = 0; o != NULL && i < 4; i++)
		json_object_set_new(o, words[i],
				    json_integer((json_int_t)counts[i]));
	if (o != NULL)
		session_json(o);
	else
		cli_note("%zu added, %zu known already, %zu skipped, %zu not"
			 " taken in",
			 counts[DESK_ADDED], counts[DESK_KNOWN],
			 counts[DESK_SKIPPED], counts[DESK_FAILED]);
}

static int
field_do_add(void *ctx)
{
	struct options *a = ctx;
	size_t counts[DESK_UNREAD + 1] = {0};
	struct desk_sum sum = {0, 0};
	struct err e = {0};
	/* before any key is in memory: they fork */
	struct mediatype *m =
	    mediatype_start(session_helpers(a->paths, a->n_paths), &e);
	struct field *f;
	int status = 0;

	if (m == NULL)
		return cli_fail(&e);
	if (!mediatype_works(m))
		cli_warn("media types cannot be recognised here");
	f = field_session(a->dir, &status);
	if (f != NULL) {
		a->fields.pairs = a->pairs.items;
		a->fields.n = a->pairs.n;
		if (field_add(f, m, a->paths, a->n_paths, &a->fields, told,
			      counts, &sum, &e) == 0) {
			print_counts(counts);
			status = sum.failed > 0 ? ERR_UNKNOWN : 0;
		} else {
			cli_note("nothing was added");
			status = cli_fail(&e);
		}
	}
	mediatype_stop(m);
	field_close(f);
	return status;
}

static int
field_do_status(void *ctx)
{
	const struct options *a = ctx;
	struct err e = {0};
	json_t *o = field_status(a->dir, &e);

	if (o == NULL)
		return cli_fail(&e);
	if (cli.json) {
		session_json(o);
		return 0;
	}
	printf("%s items, %s bytes of ciphertext\ndevice  %s\n",
	       session_count(json_integer_value(json_object_get(o, "items"))),
	       session_count(json_integer_value(json_object_get(o, "bytes"))),
	       session_str(o, "device_words"));
	json_decref(o);
	return 0;
}

static int
field_do_carry(void *ctx)
{
	const struct options *a = ctx;
	struct err e = {0};
	int status = 0;
	struct field *f = field_session(a->dir, &status);
	json_t *o;

	if (f == NULL)
		return status;
	o = field_carry(f, a->out, a->part, a->parity, &e);
	if (o == NULL) {
		status = cli_fail(&e);
	} else if (cli.json) {
		session_json(o);
	} else {
		json_int_t n = json_integer_value(json_object_get(o, "parts"));

		cli_note("%s: written%s", session_str(o, "file"),
			 n > 1 ? ", in several parts" : "");
		json_decref(o);
	}
	field_close(f);
	return status;
}

static int
field_do_sync(void *ctx)
{
	const struct options *a = ctx;
	struct field_sync to = {.where = a->paths[0],
				.stall = a->stall,
				.terminal = cli.passphrase_fd < 0 &&
					    isatty(STDIN_FILENO)};
	struct err e = {0};
	int status = 0;
	struct field *f = field_session(a->dir, &status);
	json_t *o;

	if (f == NULL)
		return status;
	o = field_sync(f, &to, &e);
	cli_progress_end();
	if (o == NULL) {
		status = cli_fail(&e);
	} else if (cli.json) {
		session_json(o);
	} else {
		cli_note("%s batches, %s objects went there%s%s",
			 session_count(
			     json_integer_value(json_object_get(o, "batches"))),
			 session_count(
			     json_integer_value(json_object_get(o, "objects"))),
			 json_object_get(o, "file") != NULL ? ": " : "",
			 session_str(o, "file"));
		json_decref(o);
	}
	field_close(f);
	return status;
}

/* What is in the child's buffers goes out before the child ends. */
struct field_verb {
	const char *name;
	apart_work *run;
	struct options *a;
};

static int
field_child(void *ctx)
{
	const struct field_verb *v = ctx;
	int status = v->run(v->a);

	cli_progress_end();
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "muniment: standard output: %s\n",
			strerror(errno));
		status = ERR_UNKNOWN;
	}
	return status;
}

/* -- the command line -- */

static const struct option long_options[] = {
    CLI_OPTIONS,
    {"case", required_argument, NULL, 'c'},
    {"label", required_argument, NULL, 'l'},
    {"kit", required_argument, NULL, 'K'},
    {"no-passphrase", no_argument, NULL, 'n'},
    {"work-factor", required_argument, NULL, 'w'},
    {"title", required_argument, NULL, 't'},
    {"kind", required_argument, NULL, 'k'},
    {"field", required_argument, NULL, 'f'},
    {"record", required_argument, NULL, 'r'},
    {"parity", required_argument, NULL, 'y'},
    {"part-size", required_argument, NULL, 's'},
    {"timeout", required_argument, NULL, 'T'},
    {NULL, 0, NULL, 0}};

/* Bytes of a part: a plain number, of 64 KiB at least. */
static int
part_size(const char *text, uint64_t *out)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || text[0] == '-' ||
	    n < 65536)
		return -1;
	*out = n;
	return 0;
}

/* 0, or the exit status. */
static int
take_option(struct options *a, int opt)
{
	switch (opt) {
	case 'c':
		a->case_text = optarg;
		return 0;
	case 'l':
		a->label = optarg;
		return 0;
	case 'o':
		a->out = optarg;
		return 0;
	case 'K':
		a->kit = optarg;
		return 0;
	case 'n':
		a->no_passphrase = true;
		return 0;
	case 't':
		a->fields.title = optarg;
		return 0;
	case 'k':
		a->fields.kind = optarg;
		return 0;
	case 'f':
		session_list_add(&a->pairs, optarg);
		return 0;
	case 'r':
		a->fields.record = optarg;
		return 0;
	case 's':
		if (part_size(optarg, &a->part) == 0)
			return 0;
		return cli_usage("collector", "a bad number");
	case 'y':
		if (cli_percent(optarg, &a->parity) == 0)
			return 0;
		return cli_usage("collector", "a bad number");
	case 'T':
		a->stall = (unsigned)cli_fd(optarg);
		if (cli_fd(optarg) > 0)
			return 0;
		return cli_usage("collector", "a bad number");
	case 'w':
		a->work_factor = (unsigned)cli_fd(optarg);
		if (a->work_factor >= 10 && a->work_factor <= 22)
			return 0;
		return cli_usage("collector", "a bad number");
	}
	return CLI_USAGE;
}

/* What is missing for this verb; NULL if nothing is. */
static const char *
missing(const struct options *a, const char *verb, int words)
{
	if (strcmp(verb, "kit") == 0)
		return a->case_text == NULL ? "which case? --case C"
		       : a->out == NULL	    ? "into which file? -o FILE"
		       : words > 0	    ? "too many words"
					    : NULL;
	if (strcmp(verb, "list") == 0)
		return words > 0 ? "too many words" : NULL;
	if (strcmp(verb, "confirm") == 0)
		return words != 1 ? "which device?" : NULL;
	if (words < 1)
		return "which folder?";
	if (strcmp(verb, "add") == 0)
		return words < 2 ? "which files or folders?" : NULL;
	if (strcmp(verb, "sync") == 0)
		return words != 2 ? "where to? A folder or a URL" : NULL;
	if (words > 1)
		return "too many words";
	if (strcmp(verb, "new") == 0 && a->kit == NULL)
		return "which kit? --kit FILE";
	if (strcmp(verb, "carry") == 0 && a->out == NULL)
		return "into which file? -o FILE";
	return NULL;
}

static int
run(struct options *a, const char *verb, const char *word, int argc,
    char **argv)
{
	struct field_verb verbs[] = {
	    {"new", field_do_new, a},	    {"add", field_do_add, a},
	    {"status", field_do_status, a}, {"carry", field_do_carry, a},
	    {"sync", field_do_sync, a},
	};
	struct err e = {0};
	int status = 0;

	if (strcmp(verb, "kit") == 0)
		return office_kit(a);
	if (strcmp(verb, "list") == 0)
		return office_list();
	if (strcmp(verb, "confirm") == 0)
		return office_confirm(word);
	a->dir = word;
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(verb, verbs[i].name) == 0)
			return apart_run(field_child, &verbs[i], argc, argv,
					 &status, &e) == 0
				   ? status
				   : cli_fail(&e);
	return cli_usage("collector", "there is no such verb");
}

int
cmd_collector(int argc, char **argv)
{
	static struct options a = {.parity = CLI_PARITY};
	const char *verb, *why;
	int opt, rc;

	while ((opt = getopt_long(argc, argv, "o:", long_options, NULL)) !=
	       -1) {
		if (cli_option(opt))
			continue;
		rc = take_option(&a, opt);
		if (rc != 0)
			return rc;
	}
	if (optind == argc)
		return cli_usage("collector", "what? kit, list, confirm, new,"
					      " add, status, carry or sync");
	verb = argv[optind++];
	why = missing(&a, verb, argc - optind);
	if (why != NULL)
		return cli_usage("collector", "%s", why);
	a.paths = (const char *const *)argv + optind + 1;
	a.n_paths = (size_t)(argc - optind) - (optind < argc);
	if (strcmp(verb, "sync") == 0)
		full_go_on();
	rc = run(&a, verb, argv[optind], argc, argv);
	free(a.pairs.items);
	return rc;
}
