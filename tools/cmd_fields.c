#include "commands.h"
#include "session.h"

int
cmd_fields(int argc, char **argv)
{
	static const struct option options[] = {CLI_OPTIONS,
						{NULL, 0, NULL, 0}};
	json_t *list, *o;
	size_t i;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!cli_option(opt))
			return CLI_USAGE;
	list = desk_field_list();
	if (cli.json) {
		session_json(list);
		return 0;
	}
	json_array_foreach (list, i, o)
		printf("%-36s %-16s %s\n", session_str(o, "name"),
		       session_str(o, "type"), session_str(o, "meaning"));
	json_decref(list);
	return 0;
}
