#include "commands.h"
#include "doctor.h"
#include "full.h"
#include "session.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
print(const json_t *o)
{
	const char *state = session_str(o, "state");

	printf("%-8s %s: %s\n",
	       strcmp(state, "holds") == 0   ? "ok"
	       : strcmp(state, "lacks") == 0 ? "LACKS"
					     : "unknown",
	       session_str(o, "check"), session_str(o, "says"));
	if (json_object_get(o, "hint") != NULL)
		printf("%-8s hint: %s\n", "", session_str(o, "hint"));
}

/* Nothing is said of a vault that nobody named and that is not here. */
static const char *
vault(void)
{
	struct stat st;

	if (strcmp(cli.vault, ".") != 0)
		return cli.vault;
	return stat("refs/heads", &st) == 0 && stat("local", &st) == 0 ? "."
								       : NULL;
}

int
cmd_doctor(int argc, char **argv)
{
	static const struct option options[] = {CLI_OPTIONS,
						{NULL, 0, NULL, 0}};
	json_t *list, *o;
	int opt, status;
	size_t i;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!cli_option(opt))
			return CLI_USAGE;
	if (optind != argc)
		return cli_usage("doctor", "it takes no arguments");
	full_go_on();
	list = doctor_look(vault(), cli.identity);
	if (list == NULL)
		return cli_fail(&(struct err){ERR_UNKNOWN, "no memory", ""});
	status = doctor_status(list);
	if (cli.json) {
		session_json(list);
		return status;
	}
	json_array_foreach (list, i, o)
		print(o);
	json_decref(list);
	/* one of the values of enum err_code: lacks 1, unknown 2 */
	if (status != 0)
		cli_note("%s", status == 1 ? "something has to be mended"
					   : "not all of it could be told");
	return status;
}
