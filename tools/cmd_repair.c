#include "commands.h"
#include "packwork.h"
#include "repairdesk.h"
#include "session.h"

static json_int_t
number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* Where the bytes lie that cannot be had back. */
static void
print_lost(const json_t *o)
{
	json_t *list = json_object_get(o, "lost"), *l;
	json_int_t left =
	    number(o, "lost_ranges") - (json_int_t)json_array_size(list);
	size_t i;

	json_array_foreach (list, i, l)
		cli_note("%s: lost: bytes %s to %s", session_str(o, "file"),
			 session_count(number(l, "from")),
			 session_count(number(l, "to")));
	if (left > 0)
		cli_note("%s: and %s more such places", session_str(o, "file"),
			 session_count(left));
}

static void
print_state(const json_t *o)
{
	const char *file = session_str(o, "file");

	if (json_is_true(json_object_get(o, "whole")))
		cli_note("%s: whole: it is, byte for byte, what it was", file);
	else
		cli_note("%s: damaged: %s of its %s blocks", file,
			 session_count(number(o, "damaged")),
			 session_count(number(o, "blocks")));
	if (number(o, "parity_damaged") > 0)
		cli_note("%s-parity: damaged: %s of its %s blocks", file,
			 session_count(number(o, "parity_damaged")),
			 session_count(number(o, "parity_blocks")));
}

/* What it comes to, as an exit status. */
static int
judge(const json_t *o, bool only_look)
{
	bool whole = json_is_true(json_object_get(o, "whole"));

	if (!json_is_true(json_object_get(o, "restorable")))
		return ERR_EVIDENCE;
	return only_look && (!whole || number(o, "parity_damaged") > 0)
		   ? ERR_EVIDENCE
		   : 0;
}

static void
print_outcome(const json_t *o, bool only_look)
{
	const char *out = session_str(o, "written"),
		   *parity = session_str(o, "parity_written");

	if (!json_is_true(json_object_get(o, "restorable"))) {
		print_lost(o);
		cli_warn("%s: more is damaged than its parity can restore;"
			 " nothing was written\nhint: ask for another copy",
			 session_str(o, "file"));
	} else if (out[0] != '\0') {
		cli_note("%s: written: byte for byte what the file was, and"
			 " %s with new parity",
			 out, parity);
	} else if (parity[0] != '\0') {
		cli_note("%s: written: it takes the place of the damaged"
			 " parity",
			 parity);
	} else if (only_look && judge(o, true) != 0) {
		cli_note("all of it can be restored: muniment repair %s",
			 session_str(o, "file"));
	}
}

static int
repair_file(const char *path, const char *out, bool only_look)
{
	struct err e = {0};
	json_t *o = desk_repair_file(path, out, only_look, cli_progress, &e);
	int status;

	cli_progress_end();
	if (o == NULL)
		return cli_fail(&e);
	status = judge(o, only_look);
	if (!cli.json)
		print_state(o);
	if (!cli.json || status != 0)
		print_outcome(o, only_look);
	if (cli.json) {
		session_json(o);
		return status;
	}
	json_decref(o);
	return status;
}

/* The vault, by its own parity. */
static int
repair_vault(void)
{
	struct report found = {0};
	struct err e = {0};
	json_t *o = desk_repair_vault(cli.vault, cli_progress, &found, &e);
	bool sound;
	int status;

	cli_progress_end();
	session_report(&found, REPORT_NOTE);
	report_free(&found);
	if (o == NULL)
		return cli_fail(&e);
	sound = json_is_true(json_object_get(o, "history"));
	status = sound && number(o, "lost") == 0 ? 0 : ERR_EVIDENCE;
	if (number(o, "sets") == 0)
		cli_note("this vault has no parity of its own (muniment"
			 " parity)");
	if (!sound)
		cli_warn("its history is damaged, or more than can be seen"
			 " here\nhint: muniment repair --from another copy");
	else if (status != 0)
		cli_warn("some large files cannot be restored\n"
			 "hint: muniment repair --from another copy");
	if (cli.json) {
		session_json(o);
		return status;
	}
	cli_note("restored: %s large files, %s files of the history, %s small"
		 " files; muniment verify says what is left",
		 session_count(number(o, "objects")),
		 session_count(number(o, "packs")),
		 session_count(number(o, "files")));
	json_decref(o);
	return status;
}

struct healing {
	struct desk_heal what;
	bool with_passphrase;
	int pass_fd; /* of the file's passphrase; -1: the terminal */
};

static void
print_healed(const json_t *o)
{
	json_int_t files = number(o, "files"), objects = number(o, "objects");
	bool history = json_is_true(json_object_get(o, "history"));

	if (files > 0)
		cli_note("%s small files put right", session_count(files));
	if (json_is_true(json_object_get(o, "history_damaged")))
		cli_warn("the history is damaged here, and that copy has not"
			 " all that is lacking\nhint: try another copy; nothing"
			 " was thrown away");
	if (history)
		cli_note("the history was damaged: %s batches of it are here"
			 " that could not be read before",
			 session_count(number(o, "batches")));
	if (objects > 0)
		cli_note("%s large files restored", session_count(objects));
	if (number(o, "objects_lacking") > 0)
		cli_warn("%s large files are damaged here, and that copy has"
			 " them not either\nhint: try another copy: muniment"
			 " repair --from",
			 session_count(number(o, "objects_lacking")));
	else if (files == 0 && !history && objects == 0)
		cli_note("nothing that can be restored from it was damaged");
	cli_note("what is damaged lies in local/damaged, if it was replaced;"
		 " muniment verify says what is left");
}

static int
heal(struct healing *a)
{
	struct secret *pass, *file_pass = NULL;
	struct report found = {0};
	struct err e = {0};
	int status = 0;
	json_t *o;

	/* before any secret is in memory */
	packwork_prepare();
	pass = session_passphrase();
	if (pass == NULL)
		return ERR_UNKNOWN;
	if (a->with_passphrase) {
		file_pass =
		    a->pass_fd >= 0
			? cli_passphrase_fd(a->pass_fd, &e)
			: cli_passphrase("Passphrase of the carry file: ", &e);
		if (file_pass == NULL) {
			secret_free(pass);
			return cli_fail(&e);
		}
	}
	a->what.file_pass = file_pass;
	o = desk_heal(cli.vault, cli.identity, pass, &a->what, cli_progress,
		      &found, &e);
	secret_free(pass);
	secret_free(file_pass);
	cli_progress_end();
	for (size_t i = 0; i < found.n; i++)
		cli_note("%s: %s", cli_esc(a->what.other), found.lines[i].text);
	report_free(&found);
	if (o == NULL)
		return cli_fail(&e);
	if (number(o, "objects_lacking") > 0 ||
	    json_is_true(json_object_get(o, "history_damaged")))
		status = ERR_EVIDENCE;
	if (!cli.json || status != 0)
		print_healed(o);
	if (cli.json)
		session_json(o);
	else
		json_decref(o);
	return status;
}

int
cmd_repair(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"check", no_argument, NULL, 'c'},
	    {"from", required_argument, NULL, 'f'},
	    {"carry-passphrase-fd", required_argument, NULL, 'F'},
	    {"large", no_argument, NULL, 'L'},
	    {NULL, 0, NULL, 0}};
	static struct healing h = {.pass_fd = -1};
	const char *out = NULL;
	bool only_look = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "o:p", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt == 'o')
			out = optarg;
		else if (opt == 'c')
			only_look = true;
		else if (opt == 'f')
			h.what.other = optarg;
		else if (opt == 'L')
			h.what.large = true;
		else if (opt == 'p')
			h.with_passphrase = true;
		else if (opt == 'F' && (h.pass_fd = cli_fd(optarg)) >= 0)
			h.with_passphrase = true;
		else
			return opt == '?'
				   ? CLI_USAGE
				   : cli_usage("repair", "not a descriptor");
	}
	if (h.what.other != NULL) {
		if (optind < argc || out != NULL || only_look)
			return cli_usage("repair",
					 "a file, or --from, not both");
		return heal(&h);
	}
	if (optind == argc && out == NULL && !only_look)
		return repair_vault();
	if (argc - optind != 1)
		return cli_usage("repair", "which file?");
	if (only_look && out != NULL)
		return cli_usage("repair", "-o or --check, not both");
	return repair_file(argv[optind], out, only_look);
}
