#include "commands.h"
#include "full.h"
#include "packwork.h"
#include "session.h"
#include "syncdesk.h"

#include <stdlib.h>
#include <unistd.h>

static json_int_t
number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* What came from one remote, and what went there. */
static void
print_moved(const char *name, const json_t *in, const json_t *out)
{
	if (number(in, "batches") + number(in, "objects") > 0)
		cli_note("%s: %s new batches, %s objects came", name,
			 session_count(number(in, "batches")),
			 session_count(number(in, "objects")));
	if (number(out, "batches") + number(out, "objects") > 0)
		cli_note("%s: %s batches, %s objects went there", name,
			 session_count(number(out, "batches")),
			 session_count(number(out, "objects")));
	if (json_object_get(out, "file") != NULL)
		cli_note("%s: written: %s", name, session_str(out, "file"));
	if (number(in, "crowded") > 0)
		cli_note("%s: %s histories were left out: too many of one"
			 " device",
			 name, session_count(number(in, "crowded")));
	if (number(in, "strangers") > 0)
		cli_note("%s: the histories of %s devices that belong to no"
			 " member, or to one with too many, were left out",
			 name, session_count(number(in, "strangers")));
}

static void
print_remote(const json_t *o)
{
	const json_t *in = json_object_get(o, "in");
	const json_t *out = json_object_get(o, "out");
	const json_t *found = json_object_get(o, "found"), *f;
	const char *name = session_str(o, "name");
	bool moved = number(in, "batches") + number(in, "objects") +
			 number(out, "batches") + number(out, "objects") >
		     0;
	size_t i;

	print_moved(name, in, out);
	json_array_foreach (found, i, f) {
		if (json_is_true(json_object_get(f, "wrong")))
			fprintf(stderr, "muniment: %s\n",
				session_str(f, "text"));
		else
			cli_note("%s", session_str(f, "text"));
	}
	if (json_object_get(o, "error") != NULL) {
		fprintf(stderr, "muniment: %s: %s\n", name,
			session_str(o, "error"));
		if (json_object_get(o, "hint") != NULL)
			fprintf(stderr, "hint: %s\n", session_str(o, "hint"));
	} else if (!moved && json_array_size(found) == 0) {
		cli_note("%s: nothing new on either side", name);
	}
}

static int
sync_all(const char *const *names, size_t n, const struct syncdesk_options *o)
{
	struct secret *pass;
	struct err e = {0};
	int status = ERR_UNKNOWN;
	json_t *result, *r;
	size_t i;

	packwork_prepare();
	pass = session_passphrase();
	if (pass == NULL)
		return ERR_UNKNOWN;
	result = syncdesk_sync(cli.vault, cli.identity, pass, names, n, o,
			       cli_progress, &status, &e);
	secret_free(pass);
	if (result == NULL)
		return cli_fail(&e);
	session_findings(result);
	json_array_foreach (json_object_get(result, "remotes"), i, r)
		if (!cli.json)
			print_remote(r);
	if (!cli.json && number(result, "absent") > 0)
		cli_note("%s objects are not here: they were left out",
			 session_count(number(result, "absent")));
	if (!cli.json && json_object_get(result, "refused") != NULL)
		cli_warn("nothing was written here: %s\nhint: %s",
			 session_str(result, "refused"),
			 session_str(result, "hint"));
	if (cli.json)
		session_json(result);
	else
		json_decref(result);
	return status;
}

int
cmd_sync(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"pull", no_argument, NULL, 'l'},
	    {"push", no_argument, NULL, 's'},
	    {"no-bulk", no_argument, NULL, 'b'},
	    {"case", required_argument, NULL, 'c'},
	    {"no-witness", no_argument, NULL, 'w'},
	    {"large", no_argument, NULL, 'L'},
	    {"timeout", required_argument, NULL, 't'},
	    {NULL, 0, NULL, 0}};
	struct syncdesk_options o = {.bulk = true, .cosign = true};
	int opt, seconds;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt == 'l')
			o.pull = true;
		else if (opt == 's')
			o.push = true;
		else if (opt == 'b')
			o.bulk = false;
		else if (opt == 'c')
			o.case_text = optarg;
		else if (opt == 'w')
			o.cosign = false;
		else if (opt == 'L')
			o.large = true;
		else if (opt == 't' && (seconds = cli_fd(optarg)) > 0)
			o.stall = (unsigned)seconds;
		else
			return opt == '?' ? CLI_USAGE
					  : cli_usage("sync", "a bad number");
	}
	if (o.case_text != NULL && !o.bulk)
		return cli_usage("sync", "--case or --no-bulk, not both");
	if (!o.pull && !o.push)
		o.pull = o.push = true;
	full_go_on();
	o.terminal = cli.passphrase_fd < 0 && isatty(STDIN_FILENO);
	return sync_all((const char *const *)argv + optind,
			(size_t)(argc - optind), &o);
}
