#include "commands.h"
#include "session.h"

static json_int_t
number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void
print(const json_t *o)
{
	if (json_is_true(json_object_get(o, "created"))) {
		printf("vault %s\n%s\n", session_str(o, "vault"),
		       session_str(o, "words"));
		cli_note("compare these words with the sender's, by voice");
	}
	cli_note("%s new batches of %s devices, %s new objects",
		 session_count(number(o, "batches")),
		 session_count(number(o, "devices")),
		 session_count(number(o, "objects")));
	if (number(o, "absent") > 0)
		cli_note("%s objects are not here: they were left out",
			 session_count(number(o, "absent")));
	if (number(o, "older") > 0)
		cli_note("of %s devices it brought an older state than is"
			 " here; nothing was taken back",
			 session_count(number(o, "older")));
	if (number(o, "strangers") > 0)
		cli_note("the histories of %s devices that belong to no member"
			 " were left out",
			 session_count(number(o, "strangers")));
	if (!json_is_true(json_object_get(o, "member")))
		cli_note("you are not a member of this vault: you can check it"
			 " and carry it, not read it");
}

static int
receive(const char *const *files, size_t n, bool with_passphrase, int fd)
{
	struct secret *pass = session_passphrase(), *file_pass = NULL;
	struct err e = {0};
	json_int_t forks;
	json_t *o;

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
	o = desk_receive(cli.vault, cli.identity, pass, file_pass, files, n,
			 cli_progress, &e);
	secret_free(pass);
	secret_free(file_pass);
	if (o == NULL)
		return cli_fail(&e);
	forks = number(o, "forks");
	if (cli.json) {
		session_json(o);
	} else {
		cli_progress_end();
		print(o);
		json_decref(o);
	}
	if (forks == 0)
		return 0;
	cli_warn("%s devices have signed two histories that contradict each"
		 " other; both are kept: muniment verify names them",
		 session_count(forks));
	return ERR_EVIDENCE;
}

int
cmd_receive(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"carry-passphrase-fd", required_argument, NULL, 'F'},
	    {NULL, 0, NULL, 0}};
	bool with_passphrase = false;
	int opt, fd = -1;

	while ((opt = getopt_long(argc, argv, "p", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt == 'p')
			with_passphrase = true;
		else if (opt == 'F' && (fd = cli_fd(optarg)) >= 0)
			with_passphrase = true;
		else
			return opt == '?'
				   ? CLI_USAGE
				   : cli_usage("receive", "not a descriptor");
	}
	if (optind == argc)
		return cli_usage("receive", "which file?");
	return receive((const char *const *)argv + optind,
		       (size_t)(argc - optind), with_passphrase, fd);
}
