#include "commands.h"
#include "session.h"

static json_t *
report_json(const struct report *r)
{
	static const char *const names[] = {"note", "refused", "history",
					    "damage"};
	json_t *list = json_array();

	for (size_t i = 0; i < r->n; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s}", "level",
						names[r->lines[i].level],
						"text", r->lines[i].text));
	return list;
}

static void
print(const json_t *o, bool blind)
{
	static const struct {
		const char *key, *what;
	} rows[] = {{"files", "files"},
		    {"devices", "devices' logs"},
		    {"batches", "batches: form, signatures, Merkle roots"},
		    {"entries", "entries: SHA-256"},
		    {"objects", "objects: SHA-256, size"},
		    {"absent", "of these not here: left out when received"},
		    {"opened", "entries opened: form, place, fields, rights"},
		    {"originals", "originals: SHA-256 as recorded"}};

	printf("vault %s\n", session_str(o, "vault"));
	for (size_t i = 0; i < sizeof rows / sizeof *rows - (blind ? 2 : 0);
	     i++) {
		json_int_t n =
		    json_integer_value(json_object_get(o, rows[i].key));

		if (n > 0 || i != 5)
			printf("%14s  %s\n", session_count(n), rows[i].what);
	}
}

static int
verify(bool blind)
{
	struct report r = {0};
	struct err e = {0};
	struct secret *pass = NULL;
	size_t bad;
	json_t *o;

	if (!blind && (pass = session_passphrase()) == NULL)
		return ERR_UNKNOWN;
	o = desk_verify(cli.vault, blind ? NULL : cli.identity, pass,
			cli_progress, &r, &e);
	secret_free(pass);
	cli_progress_end();
	bad = r.count[REPORT_DAMAGE] + r.count[REPORT_HISTORY];
	if (o != NULL && cli.json) {
		json_object_set_new(o, "findings", report_json(&r));
		json_object_set_new(o, "verified", json_boolean(bad == 0));
		session_json(o);
	} else {
		session_report(&r, REPORT_NOTE);
		if (o != NULL)
			print(o, blind);
		json_decref(o);
	}
	if (o == NULL)
		cli_fail(&e);
	else if (bad > 0)
		cli_note("FAILED: %zu findings", bad);
	else
		cli_note(
		    "%s",
		    blind ? "all that can be checked without a key is as it was"
			    " signed"
			  : "all that you can read is as it was signed and"
			    " recorded");
	report_free(&r);
	if (o == NULL)
		return e.code == ERR_EVIDENCE ? ERR_EVIDENCE : ERR_UNKNOWN;
	return bad > 0 ? ERR_EVIDENCE : 0;
}

int
cmd_verify(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS, {"blind", no_argument, NULL, 'b'}, {NULL, 0, NULL, 0}};
	bool blind = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt != 'b')
			return CLI_USAGE;
		blind = true;
	}
	if (optind < argc)
		return cli_usage("verify", "too many words");
	return verify(blind);
}
