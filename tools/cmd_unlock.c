/*
 * muniment unlock [--for TIME] [--status]
 * muniment lock
 *
 * A session: the other commands open the identity without asking, until it is
 * over. What is kept where stands in unlock.h.
 */
#include "commands.h"
#include "session.h"
#include "unlock.h"

#include <string.h>

/* "90s", "15m", "2h"; 0 if it is none of these or out of bounds. */
static unsigned
parse_time(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	unsigned n = 0, unit;

	if (digits == 0 || digits > 5)
		return 0;
	for (size_t i = 0; i < digits; i++)
		n = n * 10 + (unsigned)(text[i] - '0');
	if (strcmp(text + digits, "s") == 0)
		unit = 1;
	else if (strcmp(text + digits, "m") == 0)
		unit = 60;
	else if (strcmp(text + digits, "h") == 0)
		unit = 3600;
	else
		return 0;
	return n <= UNLOCK_SECONDS_MAX / unit ? n * unit : 0;
}

static const char *
whose(enum keyring_where where)
{
	return where == KEYRING_LOGIN ? "login" : "user";
}

static int
status(void)
{
	enum keyring_where where = keyring_where();
	unsigned left = unlock_left(cli.identity);

	if (cli.json) {
		json_t *o = json_pack("{s:b, s:I}", "unlocked", left > 0,
				      "seconds_left", (json_int_t)left);

		if (where != KEYRING_NONE)
			json_object_set_new(o, "keyring",
					    json_string(whose(where)));
		session_json(o);
		return 0;
	}
	if (left > 0)
		printf("unlocked for %u more minute%s\n", (left + 59) / 60,
		       left > 60 ? "s" : "");
	else
		printf("locked%s\n", where == KEYRING_NONE
					 ? "; the kernel's keyring cannot be"
					   " used here"
					 : "");
	return 0;
}

static int
unlock(unsigned seconds)
{
	struct err e = {0};
	struct secret *pass;
	int rc;

	/* before somebody types in vain */
	if (keyring_where() == KEYRING_NONE) {
		err_set(&e, ERR_UNKNOWN,
			"the kernel's keyring cannot be used here");
		err_hint(&e, "containers often forbid it; each command asks"
			     " for the passphrase then");
		return cli_fail(&e);
	}
	pass = cli_passphrase_any("Passphrase of your identity: ", &e);
	if (pass == NULL)
		return cli_fail(&e);
	rc = unlock_begin(cli.identity, pass, seconds, &e);
	secret_free(pass);
	if (rc != 0)
		return cli_fail(&e);
	if (keyring_where() == KEYRING_USER)
		cli_warn("this system gives all logins of a user one keyring:"
			 " any program of yours can use the session, and it"
			 " ends after its time or by muniment lock, not at"
			 " logout");
	if (cli.json)
		return status();
	cli_note("unlocked for %u %s; muniment lock ends it",
		 seconds < 120 ? seconds : seconds / 60,
		 seconds < 120 ? "seconds" : "minutes");
	return 0;
}

int
cmd_unlock(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"for", required_argument, NULL, 'f'},
	    {"status", no_argument, NULL, 's'},
	    {NULL, 0, NULL, 0}};
	unsigned seconds = UNLOCK_SECONDS;
	bool ask = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt == 's')
			ask = true;
		else if (opt != 'f')
			return CLI_USAGE;
		else if ((seconds = parse_time(optarg)) == 0)
			return cli_usage("unlock", "--for takes a time such as"
						   " 90s, 15m or 2h, at most"
						   " 12h");
	}
	if (optind != argc)
		return cli_usage("unlock", "it takes no argument");
	return ask ? status() : unlock(seconds);
}

int
cmd_lock(int argc, char **argv)
{
	static const struct option options[] = {CLI_OPTIONS,
						{NULL, 0, NULL, 0}};
	struct err e = {0};
	int opt, n;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!cli_option(opt))
			return CLI_USAGE;
	if (optind != argc)
		return cli_usage("lock", "it takes no argument");
	/* where there is no keyring, nothing is unlocked */
	n = keyring_where() == KEYRING_NONE ? 0 : unlock_end(&e);
	if (n < 0)
		return cli_fail(&e);
	if (cli.json)
		session_json(json_pack("{s:i}", "ended", n));
	else
		cli_note(n > 0 ? "locked" : "nothing was unlocked");
	return 0;
}
