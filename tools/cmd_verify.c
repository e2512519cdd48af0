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

/* Whose cosignatures cover how much: their word, by their clocks. */
static void
print_witnesses(const json_t *o)
{
	json_int_t unseen =
	    json_integer_value(json_object_get(o, "unwitnessed"));
	json_t *list = json_object_get(o, "witnesses"), *w;
	size_t i;

	json_array_foreach (list, i, w) {
		bool org = json_object_get(w, "org") != NULL;

		printf("%14s  batches of %lld devices seen by %s",
		       session_count(
			   json_integer_value(json_object_get(w, "batches"))),
		       (long long)json_integer_value(
			   json_object_get(w, "devices")),
		       session_str(w, "name"));
		if (org)
			printf(" (%s)", session_str(w, "org"));
		if (json_object_get(w, "key") != NULL)
			printf(" (not a member; key %s)",
			       session_str(w, "key"));
		printf(", last %s (their clock)\n", session_str(w, "newest"));
	}
	printf("%14s  batches that no other member has cosigned yet\n",
	       session_count(unseen));
}

/* What authorities outside say: no later than. */
static void
print_stamps(const json_t *o)
{
	static const char *const bad[] = {"aged", "revoked", "refused"};
	json_t *s = json_object_get(o, "stamps");
	json_int_t n = json_integer_value(json_object_get(s, "stamps"));
	const char *sep = "; ";

	printf("%14s  time stamps", session_count(n));
	if (json_object_get(s, "newest") != NULL)
		printf(", from %s to %s (the authorities' clocks)",
		       session_str(s, "oldest"), session_str(s, "newest"));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		n = json_integer_value(json_object_get(s, bad[i]));
		if (n > 0) {
			printf("%s%s %s", sep, session_count(n), bad[i]);
			sep = ", ";
		}
	}
	printf(
	    "\n%14s  batches that are not stamped yet\n",
	    session_count(json_integer_value(json_object_get(s, "unstamped"))));
}

/* What was not read again is said first. */
static void
print_covered(const json_t *o)
{
	json_t *batches = json_object_get(o, "covered_batches");

	if (batches == NULL)
		return;
	printf("since the last full verify, which covered %s batches and %s"
	       " objects.\n"
	       "Those are there, with their sizes; they were not read again."
	       " What is new:\n",
	       session_count(json_integer_value(batches)),
	       session_count(
		   json_integer_value(json_object_get(o, "covered_objects"))));
}

/* What restores this copy by itself, if there is any of that. */
static void
print_parity(const json_t *p)
{
	json_int_t rest = json_integer_value(json_object_get(p, "unprotected"));

	if (p == NULL)
		return;
	printf("%14s  files protected by parity of this vault's own",
	       session_count(json_integer_value(json_object_get(p, "files"))));
	if (rest > 0)
		printf("; %s not yet: muniment parity", session_count(rest));
	printf("\n");
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
	print_covered(o);
	for (size_t i = 0; i < sizeof rows / sizeof *rows - (blind ? 2 : 0);
	     i++) {
		json_int_t n =
		    json_integer_value(json_object_get(o, rows[i].key));

		if ((n > 0 || i != 5) &&
		    json_object_get(o, rows[i].key) != NULL)
			printf("%14s  %s\n", session_count(n), rows[i].what);
	}
	print_parity(json_object_get(o, "parity"));
	if (!blind) {
		print_witnesses(o);
		print_stamps(o);
	}
}

static const char *
verdict(bool blind, bool since)
{
	if (since)
		return "what came since the last full verify is as it was"
		       " signed and recorded; what came before was not read"
		       " again";
	return blind ? "all that can be checked without a key is as it was"
		       " signed"
		     : "all that you can read is as it was signed and recorded";
}

static int
verify(bool blind, bool since, const char *invite)
{
	struct report r = {0};
	struct err e = {0};
	struct secret *pass = NULL;
	size_t bad;
	json_t *o;

	if (!blind && (pass = session_passphrase()) == NULL)
		return ERR_UNKNOWN;
	o = since ? desk_verify_since(cli.vault, cli.identity, pass,
				      cli_progress, &r, &e)
		  : desk_verify(cli.vault, blind ? NULL : cli.identity, pass,
				invite, cli_progress, &r, &e);
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
		cli_note("%s", verdict(blind, since));
	report_free(&r);
	if (o == NULL)
		return e.code == ERR_EVIDENCE ? ERR_EVIDENCE : ERR_UNKNOWN;
	return bad > 0 ? ERR_EVIDENCE : 0;
}

int
cmd_verify(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"blind", no_argument, NULL, 'b'},
	    {"invite", required_argument, NULL, 'i'},
	    {"since-last", no_argument, NULL, 's'},
	    {NULL, 0, NULL, 0}};
	const char *invite = NULL;
	bool blind = false, since = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt == 'b')
			blind = true;
		else if (opt == 'i')
			invite = optarg;
		else if (opt == 's')
			since = true;
		else
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_usage("verify", "too many words");
	if (blind && invite != NULL)
		return cli_usage("verify", "--blind or --invite, not both");
	if (since && (blind || invite != NULL))
		return cli_usage("verify", "--since-last stands alone");
	return verify(blind, since, invite);
}
