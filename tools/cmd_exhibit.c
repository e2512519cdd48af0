/* exhibit: what a court is given of some items, and nothing of the rest. */
#include "commands.h"
#include "exhibit.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

#define SET_FILE_MAX (256u << 10) /* bytes of --set-file */

struct exhibit_args {
	struct exhibit_options o;
	struct session_list disclose, copies; /* names in the copies */
	size_t *files;
	json_t *values;
};

/* Cut a list at its commas. */
static void
add_names(struct exhibit_args *a, const char *text)
{
	char *copy = strdup(text), *rest = copy, *name;

	if (copy == NULL)
		exit(cli_fail(&(struct err){ERR_UNKNOWN, "no memory", ""}));
	session_list_add(&a->copies, copy);
	while ((name = strsep(&rest, ",")) != NULL)
		if (name[0] != '\0')
			session_list_add(&a->disclose, name);
}

/* Numbers from 1, with commas between. */
static int
add_numbers(struct exhibit_args *a, const char *text)
{
	for (const char *p = text;; p++) {
		char *end;
		unsigned long n = strtoul(p, &end, 10);
		void *q =
		    realloc(a->files, (a->o.n_files + 1) * sizeof(size_t));

		if (q == NULL)
			return -1;
		a->files = q;
		if (end == p || n == 0 || n > 9999 || *p < '0' || *p > '9')
			return -1;
		a->files[a->o.n_files++] = n;
		p = end;
		if (*p == '\0')
			return 0;
		if (*p != ',')
			return -1;
	}
}

/* "key=value" */
static int
set_value(json_t *values, const char *text, size_t len)
{
	const char *eq = memchr(text, '=', len);
	json_t *v;

	if (eq == NULL || eq == text)
		return -1;
	v = json_stringn(eq + 1, len - (size_t)(eq + 1 - text));
	if (v == NULL)
		return -1;
	return json_object_setn_new(values, text, (size_t)(eq - text), v);
}

/* Lines "key=value"; empty ones and those with # before them are passed over.
 */
static int
set_file(json_t *values, const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0, total = 0;
	ssize_t n;
	int rc = 0;

	if (f == NULL)
		return -1;
	while (rc == 0 && (n = getline(&line, &cap, f)) >= 0) {
		total += (size_t)n;
		while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
			n--;
		if (total > SET_FILE_MAX)
			rc = -1;
		else if (n > 0 && line[0] != '#')
			rc = set_value(values, line, (size_t)n);
	}
	if (ferror(f) != 0)
		rc = -1;
	free(line);
	(void)fclose(f);
	return rc;
}

static int
witnesses(const char *text, enum exhibit_witnesses *out)
{
	static const char *const names[] = {"keys", "none", "named"};

	for (int i = 0; i < 3; i++)
		if (strcmp(text, names[i]) == 0) {
			*out = (enum exhibit_witnesses)i;
			return 0;
		}
	return -1;
}

static void
print(const json_t *o)
{
	cli_progress_end();
	cli_note(
	    "%s: written: %s items, %s originals", session_str(o, "file"),
	    session_count(json_integer_value(json_object_get(o, "items"))),
	    session_count(json_integer_value(json_object_get(o, "files"))));
	cli_note("check it with: muniment check %s", session_str(o, "file"));
}

static void
told(void *ctx, const char *level, const char *path, const char *text)
{
	(void)ctx;
	cli_progress_end();
	fprintf(stderr, "muniment: %s%s%s%s\n",
		strcmp(level, "stop") == 0    ? ""
		: strcmp(level, "doubt") == 0 ? "warning: "
					      : "note: ",
		path != NULL ? path : "", path != NULL ? ": " : "",
		cli_esc(text));
}

/* Needs no key: it comes before the passphrase. */
static struct pdfwork *
start_pdfwork(void)
{
	struct err e = {0};
	struct pdfwork *p = pdfwork_start(&e);

	if (!pdfwork_works(p))
		cli_warn("PDF files cannot be looked at here: their pages are"
			 " not counted");
	return p;
}

static int
exhibit(struct exhibit_args *a, const char *const *items, size_t n)
{
	struct pdfwork *pdf = a->o.profile != NULL ? start_pdfwork() : NULL;
	struct desk *d = session_open(DESK_WRITE);
	struct err e = {0};
	json_t *o;
	int rc = -1;

	if (d == NULL) {
		pdfwork_stop(pdf);
		return ERR_UNKNOWN;
	}
	a->o.pdf = pdfwork_works(pdf) ? pdf : NULL;
	a->o.told = told;
	a->o.disclose = a->disclose.items;
	a->o.n_disclose = a->disclose.n;
	a->o.files = a->files;
	a->o.values = a->values;
	o = desk_exhibit(d, items, n, &a->o, &e);
	if (o != NULL) {
		rc = 0;
		if (cli.json) {
			session_json(o);
		} else {
			print(o);
			json_decref(o);
		}
	}
	pdfwork_stop(pdf);
	return session_close(d, rc, &e);
}

static const char short_options[] = "o:";
static const struct option options[] = {
    CLI_OPTIONS,
    {"disclose", required_argument, NULL, 'd'},
    {"files", required_argument, NULL, 'f'},
    {"no-files", no_argument, NULL, 'n'},
    {"count", no_argument, NULL, 'c'},
    {"lang", required_argument, NULL, 'l'},
    {"declaration", required_argument, NULL, 'D'},
    {"set", required_argument, NULL, 's'},
    {"set-file", required_argument, NULL, 'S'},
    {"profile", required_argument, NULL, 'p'},
    {"file-anyway", no_argument, NULL, 'A'},
    {"witnesses", required_argument, NULL, 'w'},
    {"to", required_argument, NULL, 't'},
    {"note", required_argument, NULL, 'N'},
    {NULL, 0, NULL, 0}};

/* One option; -1 if it cannot be so. */
static int
take(struct exhibit_args *a, int opt, const char *arg)
{
	switch (opt) {
	case 'o':
		a->o.path = arg;
		return 0;
	case 'd':
		add_names(a, arg);
		return 0;
	case 'f':
		a->o.part = true;
		return add_numbers(a, arg);
	case 'n':
		a->o.part = true;
		return 0;
	case 'c':
		a->o.count = true;
		return 0;
	case 'l':
		a->o.lang = arg;
		return 0;
	case 'D':
		a->o.declaration = arg;
		return 0;
	case 's':
		return set_value(a->values, arg, strlen(arg));
	case 'S':
		return set_file(a->values, arg);
	case 'p':
		a->o.profile = arg;
		return 0;
	case 'A':
		a->o.file_anyway = true;
		return 0;
	case 'w':
		return witnesses(arg, &a->o.witnesses);
	case 't':
		a->o.to = arg;
		return 0;
	case 'N':
		a->o.note = arg;
		return 0;
	default:
		return -1;
	}
}

int
cmd_exhibit(int argc, char **argv)
{
	struct exhibit_args a = {.o = {.tool = "muniment " MUNIMENT_VERSION,
				       .lang = "en",
				       .declaration = "none"}};
	int opt, rc;

	a.values = json_object();
	while ((opt = getopt_long(argc, argv, short_options, options, NULL)) !=
	       -1) {
		if (cli_option(opt))
			continue;
		if (opt == '?')
			return CLI_USAGE;
		if (take(&a, opt, optarg) != 0)
			return cli_usage("exhibit", "not to be understood: %s",
					 cli_esc(optarg));
	}
	if (a.o.path == NULL)
		return cli_usage("exhibit", "into which folder or zip file?"
					    " -o DIR or -o FILE.zip");
	if (optind == argc)
		return cli_usage("exhibit", "which items?");
	rc = exhibit(&a, (const char *const *)argv + optind,
		     (size_t)(argc - optind));
	for (size_t i = 0; i < a.copies.n; i++)
		free((char *)(uintptr_t)a.copies.items[i]);
	free(a.copies.items);
	free(a.disclose.items);
	free(a.files);
	json_decref(a.values);
	return rc;
}
