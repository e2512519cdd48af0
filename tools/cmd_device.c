#include "commands.h"
#include "devices.h"
#include "session.h"

#include <string.h>

static json_int_t
number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* Where the histories of a forked device part, and how long they are. */
static void
print_sides(const json_t *d)
{
	json_t *sides = json_object_get(d, "sides"), *s;
	size_t i;

	json_array_foreach (sides, i, s)
		printf("    %s batches, with root %.16s at batch %lld: branch"
		       " %s\n",
		       session_count(number(s, "batches")),
		       session_str(s, "root"), (long long)number(d, "fork"),
		       session_str(s, "branch"));
}

static void
print_device(const json_t *d)
{
	const char *state = session_str(d, "state");

	printf("  %.12s  %s batches, %s", session_str(d, "device"),
	       session_count(number(d, "batches")), state);
	if (strcmp(state, "forked") == 0)
		printf(" at batch %lld", (long long)number(d, "fork"));
	if (json_object_get(d, "counts") != NULL)
		printf(": %s count", session_count(number(d, "counts")));
	printf("%s\n", json_is_true(json_object_get(d, "this_machine"))
			   ? "  -- this machine"
			   : "");
	print_sides(d);
	if (json_object_get(d, "follows") != NULL)
		printf("    goes on for %.12s: %s\n", session_str(d, "follows"),
		       session_str(d, "why"));
	if (json_object_get(d, "followed_by") != NULL)
		printf("    %.12s goes on for it\n",
		       session_str(d, "followed_by"));
	if (number(d, "since_followed") > 0)
		printf("    the last %s batches were not known to that one\n",
		       session_count(number(d, "since_followed")));
}

static int
device_list(void)
{
	struct desk *desk = session_open(DESK_READ);
	struct err e = {0};
	const char *member = "";
	json_t *list, *d;
	size_t i;

	if (desk == NULL)
		return ERR_UNKNOWN;
	list = devices_list(desk, &e);
	if (list != NULL && cli.json) {
		session_json(list);
	} else if (list != NULL) {
		cli_progress_end();
		json_array_foreach (list, i, d) {
			const char *of =
			    json_string_value(json_object_get(d, "member"));

			if (i == 0 || strcmp(of != NULL ? of : "", member) != 0)
				printf("%s\n", of == NULL
						   ? "(no member that is"
						     " readable here)"
						   : session_str(d, "name"));
			member = of != NULL ? of : "";
			print_device(d);
		}
		json_decref(list);
	}
	return session_close(desk, list != NULL ? 0 : -1, &e);
}

static int
device_new(const char *follows, const char *why)
{
	struct secret *pass = session_passphrase();
	struct err e = {0};
	json_t *o;

	if (pass == NULL)
		return ERR_UNKNOWN;
	o = devices_new(cli.vault, cli.identity, pass, follows, why,
			cli_progress, &e);
	secret_free(pass);
	if (o == NULL)
		return cli_fail(&e);
	if (cli.json) {
		session_json(o);
		return 0;
	}
	cli_progress_end();
	printf("device %s\n", session_str(o, "device"));
	cli_note("it goes on for device %.12s, which stays as it is; carry this"
		 " to the others",
		 session_str(o, "follows"));
	json_decref(o);
	return 0;
}

int
cmd_device(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"restored", no_argument, NULL, 'r'},
	    {"why", required_argument, NULL, 'w'},
	    {"follows", required_argument, NULL, 'f'},
	    {NULL, 0, NULL, 0}};
	const char *why = NULL, *follows = NULL, *verb;
	bool restored = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt == 'r')
			restored = true;
		else if (opt == 'w')
			why = optarg;
		else if (opt == 'f')
			follows = optarg;
		else
			return CLI_USAGE;
	}
	verb = optind + 1 == argc ? argv[optind] : "";
	if (strcmp(verb, "list") == 0)
		return device_list();
	if (strcmp(verb, "new") != 0)
		return cli_usage("device", "what? list, or new");
	if (!restored && why == NULL)
		return cli_usage("device",
				 "why? --restored (a backup was), or --why");
	if (why == NULL)
		why = "restored from a backup";
	return device_new(follows, why);
}
