#include "commands.h"
#include "packwork.h"
#include "session.h"

static json_int_t
number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* What a first copy was checked against, and what people compare by voice. */
static void
print_first(const json_t *o)
{
	const json_t *i = json_object_get(o, "invite");
	bool created = json_is_true(json_object_get(o, "created"));

	if (created)
		printf("vault %s\n%s\n", session_str(o, "vault"),
		       session_str(o, "words"));
	if (i != NULL) {
		printf("invitation of %s\n%s\n", session_str(i, "name"),
		       session_str(i, "words"));
		cli_note("all that the invitation names is here; compare its"
			 " words with the sender's, by voice");
	} else if (created) {
		cli_note("first contact was not checked against an invitation"
			 " (muniment invite): compare these words with the"
			 " sender's, by voice; they say which vault it is, not"
			 " whether this is its newest state");
	}
}

static void
print(const json_t *o)
{
	print_first(o);
	cli_note("%s new batches of %s devices, %s new objects",
		 session_count(number(o, "batches")),
		 session_count(number(o, "devices")),
		 session_count(number(o, "objects")));
	if (number(o, "mended") > 0)
		cli_note("the carry file is damaged: %s blocks of it were"
			 " restored by its parity; nothing is lacking\n"
			 "hint: muniment repair writes it anew; do not trust"
			 " that medium any more",
			 session_count(number(o, "mended")));
	if (number(o, "absent") > 0)
		cli_note("%s objects are not here: they were left out",
			 session_count(number(o, "absent")));
	if (number(o, "older") > 0)
		cli_note("of %s devices it brought an older state than is"
			 " here (device %.12s: %s batches, here %s); nothing"
			 " was taken back",
			 session_count(number(o, "older")),
			 session_str(o, "older_device"),
			 session_count(number(o, "older_size")),
			 session_count(number(o, "older_here")));
	if (number(o, "strangers") > 0)
		cli_note("the histories of %s devices that belong to no member,"
			 " or to one with too many, were left out",
			 session_count(number(o, "strangers")));
	if (number(o, "crowded") > 0)
		cli_note("%s histories were left out: too many of one device",
			 session_count(number(o, "crowded")));
	if (number(o, "cosigned") > 0)
		cli_note("of %s devices you cosigned that you have seen this"
			 " state",
			 session_count(number(o, "cosigned")));
	if (number(o, "unconfirmed") > 0)
		cli_note("%s collectors' devices wait to be confirmed:"
			 " muniment collector list shows their words",
			 session_count(number(o, "unconfirmed")));
	if (json_object_get(o, "refused") != NULL)
		cli_warn("nothing was written here: %s\nhint: %s",
			 session_str(o, "refused"), session_str(o, "hint"));
	if (!json_is_true(json_object_get(o, "member")))
		cli_note("you are not a member of this vault: you can check it"
			 " and carry it, not read it");
}

static int
receive(struct desk_receive *what, bool with_passphrase, int fd)
{
	struct secret *pass, *file_pass = NULL;
	struct err e = {0};
	size_t findings;
	json_t *o;

	packwork_prepare();
	pass = session_passphrase();
	if (pass == NULL)
		return ERR_UNKNOWN;
	if (with_passphrase) {
		file_pass =
		    fd >= 0
			? cli_passphrase_fd(fd, &e)
			: cli_passphrase("Passphrase of the carry file: ", &e);
		if (file_pass == NULL) {
			secret_free(pass);
			return cli_fail(&e);
		}
	}
	what->file_pass = file_pass;
	o = desk_receive(cli.vault, cli.identity, pass, what, cli_progress, &e);
	secret_free(pass);
	secret_free(file_pass);
	if (o == NULL)
		return cli_fail(&e);
	findings = session_findings(o);
	if (cli.json) {
		session_json(o);
	} else {
		cli_progress_end();
		print(o);
		json_decref(o);
	}
	return findings > 0 ? ERR_EVIDENCE : 0;
}

int
cmd_receive(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"carry-passphrase-fd", required_argument, NULL, 'F'},
	    {"invite", required_argument, NULL, 'i'},
	    {"large", no_argument, NULL, 'L'},
	    {"no-witness", no_argument, NULL, 'W'},
	    {NULL, 0, NULL, 0}};
	struct desk_receive what = {.cosign = true};
	bool with_passphrase = false;
	int opt, fd = -1;

	while ((opt = getopt_long(argc, argv, "p", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt == 'p')
			with_passphrase = true;
		else if (opt == 'W')
			what.cosign = false;
		else if (opt == 'L')
			what.large = true;
		else if (opt == 'i')
			what.invite = optarg;
		else if (opt == 'F' && (fd = cli_fd(optarg)) >= 0)
			with_passphrase = true;
		else
			return opt == '?'
				   ? CLI_USAGE
				   : cli_usage("receive", "not a descriptor");
	}
	if (optind == argc)
		return cli_usage("receive", "which file?");
	what.files = (const char *const *)argv + optind;
	what.n = (size_t)(argc - optind);
	return receive(&what, with_passphrase, fd);
}
