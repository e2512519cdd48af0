/* show, history, custody: what the vault says of one item. */
#include "commands.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

/* A value of a record, indented; objects and lists below each other. */
static void
print_value(const char *name, const json_t *v, int indent)
{
	json_t *o = (json_t *)(uintptr_t)v, *e;
	size_t i;

	if (json_is_object(v)) {
		printf("%*s%s:\n", indent, "", name);
		for (void *it = json_object_iter(o); it != NULL;
		     it = json_object_iter_next(o, it))
			print_value(json_object_iter_key(it),
				    json_object_iter_value(it), indent + 2);
	} else if (json_is_array(v)) {
		json_array_foreach (v, i, e)
			print_value(name, e, indent);
	} else if (json_is_string(v)) {
		/* one escaped line for each line of the text */
		char *text = strdup(json_string_value(v)), *save = NULL;
		char *l = text != NULL ? strtok_r(text, "\n", &save) : NULL;

		printf("%*s%s: %s\n", indent, "", name,
		       l != NULL ? cli_esc(l) : "");
		while (l != NULL && (l = strtok_r(NULL, "\n", &save)) != NULL)
			printf("%*s%s\n", indent + (int)strlen(name) + 2, "",
			       cli_esc(l));
		free(text);
	} else if (json_is_integer(v)) {
		printf("%*s%s: %lld\n", indent, "", name,
		       (long long)json_integer_value(v));
	} else if (json_is_boolean(v)) {
		printf("%*s%s: %s\n", indent, "", name,
		       json_is_true(v) ? "yes" : "no");
	}
}

/* Who has cosigned a state that holds this: what a key saw, by its clock. */
static void
print_seen(const json_t *o, int indent)
{
	json_t *list = json_object_get(o, "seen_by"), *w;
	size_t i;

	json_array_foreach (list, i, w) {
		printf("%*sseen by %s", indent, "", session_str(w, "name"));
		if (json_object_get(w, "org") != NULL)
			printf(" (%s)", session_str(w, "org"));
		printf(" since %s (their clock)", session_str(w, "since"));
		if (json_object_get(w, "key") != NULL)
			printf("; not a member: as %s recorded it",
			       session_str(w, "recorded_by"));
		printf("\n");
	}
}

/*
 * What authorities outside say: a state that holds this existed no later; and
 * what was here before it, so that it was written no earlier. Each by its own
 * clock, and none of them the device's.
 */
static void
print_stamps(const json_t *o, int indent)
{
	json_t *list = json_object_get(o, "stamped"), *s;
	const char *status;
	size_t i;

	json_array_foreach (list, i, s) {
		status = session_str(s, "status");
		printf("%*sno later than %s (time stamp by %s", indent, "",
		       session_str(s, "time"), session_str(s, "authority"));
		if (strcmp(status, "aged") == 0)
			printf("; aged: valid when it was made");
		else if (strcmp(status, "renewed") == 0)
			printf("; renewed");
		if (json_object_get(s, "unrevoked") == NULL)
			printf("; revocation could not be checked");
		printf(")\n");
	}
	s = json_object_get(o, "no_earlier");
	if (s != NULL)
		printf("%*sno earlier than %s (time stamp by %s, in this log"
		       " before it)\n",
		       indent, "", session_str(s, "time"),
		       session_str(s, "authority"));
}

/* A redacted copy: of what, and what was taken out. */
static void
print_original(const json_t *o)
{
	json_t *zones = json_object_get(o, "zones"), *z;
	size_t i;

	if (o == NULL)
		return;
	printf("  REDACTED COPY of file %lld of item %.8s (version %.16s)\n",
	       (long long)json_integer_value(json_object_get(o, "file")),
	       session_str(o, "item"), session_str(o, "entry"));
	json_array_foreach (zones, i, z)
		if (json_is_string(z))
			printf("    zone     %s\n",
			       cli_esc(json_string_value(z)));
	if (json_object_get(o, "decided_by") != NULL)
		printf("    decided by %s\n", session_str(o, "decided_by"));
	if (json_object_get(o, "basis") != NULL)
		printf("    basis    %s\n", session_str(o, "basis"));
	if (json_object_get(o, "problem") != NULL)
		printf("    BUT %s\n", session_str(o, "problem"));
}

/* It lay in an archive or a message. */
static void
print_within(const json_t *o)
{
	if (o == NULL)
		return;
	printf("  OUT OF file %lld of item %.8s (version %.16s), there number"
	       " %lld:\n    %s\n",
	       (long long)json_integer_value(json_object_get(o, "file")),
	       session_str(o, "item"), session_str(o, "entry"),
	       (long long)json_integer_value(json_object_get(o, "number")),
	       session_str(o, "path"));
	if (json_object_get(o, "problem") != NULL)
		printf("    BUT %s\n", session_str(o, "problem"));
}

/* The redacted copies of an item or a version. */
static void
print_copies(const json_t *list, int indent)
{
	const json_t *c;
	size_t i;

	json_array_foreach (list, i, c)
		printf(
		    "%*sredacted copy: item %.8s (of file %lld of version"
		    " %.16s)\n",
		    indent, "", session_str(c, "item"),
		    (long long)json_integer_value(json_object_get(c, "file")),
		    session_str(c, "version"));
}

static void
print_version(const json_t *v)
{
	json_t *files = json_object_get(v, "files"), *f;
	json_t *fields = json_object_get(v, "fields");
	size_t i;

	printf("version %.16s\n", session_str(v, "entry"));
	printf("  taken in %s by %s (this device's clock; a claim)\n",
	       session_str(v, "taken_in"), session_str(v, "by"));
	printf("  batch %lld of device %.12s\n",
	       (long long)json_integer_value(json_object_get(v, "batch")),
	       session_str(v, "device"));
	if (json_object_get(v, "device_follows") != NULL)
		printf("  a device that goes on for %.12s\n",
		       session_str(v, "device_follows"));
	print_seen(v, 2);
	print_stamps(v, 2);
	print_original(json_object_get(v, "original"));
	print_within(json_object_get(v, "within"));
	json_array_foreach (files, i, f) {
		printf("  file %s\n", session_str(f, "name"));
		if (json_object_get(f, "path") != NULL)
			printf("    folder   %s\n", session_str(f, "path"));
		printf("    size     %s bytes\n",
		       session_count(
			   json_integer_value(json_object_get(f, "size"))));
		printf("    type     %s\n", session_str(f, "media_type"));
		if (json_object_get(f, "modified") != NULL)
			printf("    modified %s (the source file's own time)\n",
			       session_str(f, "modified"));
		printf("    SHA-256  %s\n", session_str(f, "sha256"));
	}
	if (json_object_size(fields) > 0)
		print_value("record", fields, 2);
	print_copies(json_object_get(v, "redacted_copies"), 2);
}

static void
print_item(const json_t *o)
{
	json_t *versions = json_object_get(o, "current_versions"), *v;
	size_t i;

	printf("item %s\n", session_str(o, "item"));
	printf("case %s %s\n", session_str(o, "case"),
	       session_str(o, "case_name"));
	if (json_is_true(json_object_get(o, "retracted")))
		printf("RETRACTED: %s\n", session_str(o, "retracted_why"));
	if (json_array_size(versions) > 1)
		printf("%zu versions stand side by side; edit --join makes one"
		       " of them\n",
		       json_array_size(versions));
	print_copies(json_object_get(o, "redacted_copies"), 0);
	json_array_foreach (versions, i, v)
		print_version(v);
}

static void
print_history(const json_t *list)
{
	json_t *v;
	size_t i;

	json_array_foreach (list, i, v) {
		print_version(v);
		if (!json_is_true(json_object_get(v, "current")))
			printf("  (replaced by a later version)\n");
	}
}

/* What is evidence itself, and not word of its ways. */
static bool
is_evidence(const char *action)
{
	static const char *const actions[] = {"taken in", "edited", "retracted",
					      "note"};

	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (strcmp(action, actions[i]) == 0)
			return true;
	return false;
}

static void
print_custody(const json_t *list)
{
	static const struct {
		const char *key, *label;
	} more[] = {{"to", "to"},
		    {"note", "note"},
		    {"why", "reason"},
		    {"not_accepted", "NOT ACCEPTED"}};
	json_t *v;
	size_t i;

	json_array_foreach (list, i, v) {
		printf("%s  %-9s  %s", session_str(v, "time"),
		       session_str(v, "action"), session_str(v, "by"));
		for (size_t k = 0; k < sizeof more / sizeof *more; k++)
			if (json_object_get(v, more[k].key) != NULL)
				printf("; %s: %s", more[k].label,
				       session_str(v, more[k].key));
		printf(
		    "  [batch %lld of %.12s]\n",
		    (long long)json_integer_value(json_object_get(v, "batch")),
		    session_str(v, "device"));
		if (!is_evidence(session_str(v, "action")))
			continue;
		print_seen(v, 4);
		print_stamps(v, 4);
	}
}

typedef json_t *document(struct desk *d, const char *item, struct err *e);

static int
print(const char *item, document *get, void (*as_text)(const json_t *o))
{
	struct desk *d = session_open(DESK_READ | DESK_LEAN);
	struct err e = {0};
	json_t *o;

	if (d == NULL)
		return ERR_UNKNOWN;
	o = get(d, item, &e);
	if (o != NULL && cli.json) {
		session_json(o);
	} else if (o != NULL) {
		cli_progress_end();
		as_text(o);
		json_decref(o);
	}
	return session_close(d, o != NULL ? 0 : -1, &e);
}

/* The one item that is named; NULL after the usage error is printed. */
static const char *
one_item(int argc, char **argv, const char **note)
{
	static const struct option plain[] = {CLI_OPTIONS, {NULL, 0, NULL, 0}};
	static const struct option noted[] = {
	    CLI_OPTIONS,
	    {"note", required_argument, NULL, 'n'},
	    {NULL, 0, NULL, 0}};
	int opt;

	while ((opt = getopt_long(argc, argv, "", note != NULL ? noted : plain,
				  NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt != 'n' || note == NULL)
			return NULL;
		*note = optarg;
	}
	if (argc - optind == 1)
		return argv[optind];
	cli_usage(argv[0], "which item?");
	return NULL;
}

int
cmd_show(int argc, char **argv)
{
	const char *item = one_item(argc, argv, NULL);

	return item == NULL ? CLI_USAGE : print(item, desk_show, print_item);
}

int
cmd_history(int argc, char **argv)
{
	const char *item = one_item(argc, argv, NULL);

	return item == NULL ? CLI_USAGE
			    : print(item, desk_history, print_history);
}

int
cmd_custody(int argc, char **argv)
{
	const char *note = NULL, *item = one_item(argc, argv, &note);
	struct err e = {0};
	struct desk *d;

	if (item == NULL)
		return CLI_USAGE;
	if (note == NULL)
		return print(item, desk_custody, print_custody);
	d = session_open(DESK_WRITE);
	if (d == NULL)
		return ERR_UNKNOWN;
	return session_close(d, desk_note(d, item, note, &e), &e);
}
