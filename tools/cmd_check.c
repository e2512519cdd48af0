#include "check.h"
#include "commands.h"
#include "session.h"

#include <stdlib.h>

#include <string.h>

static const char *
member(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

/* "holds", in words that stand in a column. */
static const char *
verdict(const char *result)
{
	return strcmp(result, "holds") == 0   ? "holds"
	       : strcmp(result, "fails") == 0 ? "DOES NOT HOLD"
					      : "not checked";
}

static void
print_checks(const json_t *checks)
{
	const json_t *o, *l;
	size_t i, k;

	json_array_foreach (checks, i, o) {
		printf("%-13s  %-12s  %s\n", verdict(member(o, "result")),
		       member(o, "name"), cli_esc(member(o, "text")));
		json_array_foreach (json_object_get(o, "lines"), k, l) {
			const char *text = member(l, "text");

			if (strcmp(text, member(o, "text")) == 0)
				continue;
			printf("%28s  %s%s\n", "",
			       strcmp(member(l, "result"), "fails") == 0
				   ? "DOES NOT HOLD: "
			       : strcmp(member(l, "result"), "unknown") == 0
				   ? "not checked: "
				   : "",
			       cli_esc(text));
		}
	}
}

/* One value of a field: a text without quotes, or JSON. */
static void
print_value(const json_t *v)
{
	char *text = json_is_string(v)
			 ? strdup(json_string_value(v))
			 : json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

	printf("%s\n", text != NULL ? cli_esc(text) : "?");
	free(text);
}

static void
print_time(const json_t *t)
{
	bool stamp = strcmp(member(t, "kind"), "stamp") == 0;
	const json_t *f;
	size_t i;

	printf("    no later than   %s  %s", member(t, "time"),
	       stamp ? "stamped by " : "seen by ");
	printf("%s", cli_esc(stamp ? member(t, "authority")
				   : member(t, "fingerprint")));
	if (!stamp && member(t, "name")[0] != '\0')
		printf(" (their clock; as the custodian says: %s)",
		       cli_esc(member(t, "name")));
	printf(" (%s%s%s", member(t, "entry"), stamp ? ", " : "",
	       stamp ? member(t, "status") : "");
	json_array_foreach (json_object_get(t, "files"), i, f)
		printf("%s%s", i == 0 ? ": " : ", ", json_string_value(f));
	printf(")\n");
}

static void
print_item(const json_t *o)
{
	const json_t *x;
	size_t i;

	printf("\nitem %lld%s\n",
	       (long long)json_integer_value(json_object_get(o, "number")),
	       json_is_true(json_object_get(o, "redacted"))
		   ? ", a redacted copy"
		   : "");
	json_array_foreach (json_object_get(o, "files"), i, x)
		printf("  %s  %s\n", member(x, "path"), member(x, "sha256"));
	json_array_foreach (json_object_get(o, "claimed"), i, x) {
		printf("    claimed         %s: ", cli_esc(member(x, "what")));
		print_value(json_object_get(x, "value"));
	}
	json_array_foreach (json_object_get(o, "device_times"), i, x)
		printf("    device's clock  %s  (%s)\n",
		       cli_esc(member(x, "time")), member(x, "entry"));
	if (json_array_size(json_object_get(o, "device_times")) == 0)
		printf("    device's clock  not shown\n");
	json_array_foreach (json_object_get(o, "no_later"), i, x)
		print_time(x);
	if (json_array_size(json_object_get(o, "no_later")) == 0)
		printf("    no later than   not established\n");
	json_array_foreach (json_object_get(o, "no_earlier"), i, x)
		printf("    no earlier than %s  taken in after a stamp by %s "
		       "(%s)\n",
		       member(x, "time"), cli_esc(member(x, "authority")),
		       member(x, "entry"));
	if (json_array_size(json_object_get(o, "no_earlier")) == 0)
		printf("    no earlier than not established\n");
	json_array_foreach (json_object_get(o, "custody"), i, x)
		printf("    custody         %s  %s (%s, device's clock)\n",
		       cli_esc(member(x, "time")), cli_esc(member(x, "action")),
		       member(x, "entry"));
}

static void
print(const json_t *o)
{
	const json_t *x;
	size_t i;

	printf("exhibit package %s; it says that it was made %s by %s\n\n",
	       cli_esc(member(o, "id")), cli_esc(member(o, "made")),
	       cli_esc(member(o, "tool")));
	print_checks(json_object_get(o, "checks"));
	json_array_foreach (json_object_get(o, "items"), i, x)
		print_item(x);
	if (json_array_size(json_object_get(o, "compare")) > 0)
		printf("\nto be compared by other means, as on paper or by "
		       "telephone:\n");
	json_array_foreach (json_object_get(o, "compare"), i, x)
		printf("  %s\n    %s\n    (%s)\n", cli_esc(member(x, "what")),
		       cli_esc(member(x, "value")), cli_esc(member(x, "of")));
	printf("\nwhat this does not show:\n");
	json_array_foreach (json_object_get(o, "limits"), i, x)
		printf("  %s\n", json_string_value(x));
}

static int
check(const char *path, const struct check_options *o)
{
	struct err e = {0};
	json_t *report = check_package(path, o, &e);
	int status;

	cli_progress_end();
	if (report == NULL)
		return cli_fail(&e);
	status = (int)json_integer_value(json_object_get(report, "status"));
	if (cli.json) {
		session_json(report);
	} else {
		print(report);
		json_decref(report);
	}
	fflush(stdout);
	cli_note("%s", status == 0
			   ? "all of it holds, if what is to be compared is "
			     "the same"
		       : status == ERR_EVIDENCE
			   ? "FAILED: this package does not hold"
			   : "nothing is wrong, but not all could be checked");
	return status;
}

int
cmd_check(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"key", required_argument, NULL, 'k'},
	    {"root", required_argument, NULL, 'r'},
	    {NULL, 0, NULL, 0}};
	struct check_options o = {.progress = cli_progress};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt == 'k')
			o.key = optarg;
		else if (opt == 'r')
			o.roots = optarg;
		else
			return CLI_USAGE;
	}
	if (argc - optind != 1)
		return cli_usage("check", "one package is needed");
	return check(argv[optind], &o);
}
