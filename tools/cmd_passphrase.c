/*
 * muniment passphrase [--words N] [--dice]
 * muniment passphrase --check
 *
 * Makes a passphrase by the machine's chance or the person's dice, or says of
 * one how strong it is. Nothing is kept.
 */
#include "commands.h"
#include "session.h"
#include "strength.h"
#include "words.h"

#include <string.h>
#include <unistd.h>

#define WORDS_DEFAULT 6
#define WORDS_MIN 4
#define WORDS_MAX 16

static const char verb[] = "passphrase";

/* By dice: a line of five rolls for each word, typed out of sight. */
static struct secret *
of_dice(size_t n, struct err *e)
{
	struct secret *s = secret_new(256), *rolls;
	char prompt[80];

	for (size_t i = 0; s != NULL && i < n;) {
		snprintf(prompt, sizeof prompt,
			 "Five dice for word %zu of %zu: ", i + 1, n);
		rolls = cli_passphrase_any(prompt, e);
		if (rolls == NULL) {
			secret_free(s);
			return NULL;
		}
		if (words_of_dice(rolls, s) == 0) {
			i++;
		} else if (cli.passphrase_fd >= 0) {
			err_set(e, ERR_UNKNOWN,
				"word %zu: not five numbers from 1 to 6",
				i + 1);
			secret_free(s);
			s = NULL;
		} else {
			cli_warn("not five numbers from 1 to 6: once more");
		}
		secret_free(rolls);
	}
	if (s == NULL && e->code == ERR_NONE)
		err_memory(e);
	return s;
}

static int
make(size_t n, bool dice)
{
	struct err e = {0};
	struct secret *s = dice ? of_dice(n, &e) : words_passphrase(n);
	int rc = 0;

	if (s == NULL) {
		if (!dice)
			err_memory(&e);
		return cli_fail(&e);
	}
	/* not through stdio, whose buffer nobody wipes */
	if (secret_append(s, "\n", 1) != 0 ||
	    write(STDOUT_FILENO, s->bytes, s->len) != (ssize_t)s->len) {
		err_sys(&e, "standard output");
		rc = cli_fail(&e);
	} else if (!cli.quiet) {
		cli_strength(STDERR_FILENO, strength_of_words(n), false);
	}
	secret_free(s);
	return rc;
}

static int
weigh(void)
{
	struct err e = {0};
	struct secret *s = cli_passphrase_any("Passphrase to weigh: ", &e);
	char time[STRENGTH_TEXT];
	double bits = 0;
	int rc;

	if (s == NULL)
		return cli_fail(&e);
	rc = strength_of_own(s, &bits, &e);
	secret_free(s);
	if (rc != 0)
		return cli_fail(&e);
	if (!cli.json) {
		fflush(stdout);
		cli_strength(STDOUT_FILENO, bits, true);
		return 0;
	}
	session_json(json_pack("{s:i, s:b, s:s}", "bits_at_most", (int)bits,
			       "weak", bits < STRENGTH_GOOD, "time_at_most",
			       strength_time(bits, time)));
	return 0;
}

int
cmd_passphrase(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"words", required_argument, NULL, 'w'},
	    {"dice", no_argument, NULL, 'd'},
	    {"check", no_argument, NULL, 'c'},
	    {NULL, 0, NULL, 0}};
	int words = WORDS_DEFAULT, opt;
	bool dice = false, check = false, make_options = false;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt == 'c')
			check = true;
		else if (opt == 'd')
			dice = make_options = true;
		else if (opt != 'w')
			return CLI_USAGE;
		else if ((words = cli_fd(optarg)) < WORDS_MIN ||
			 words > WORDS_MAX)
			return cli_usage(verb, "--words takes %d to %d",
					 WORDS_MIN, WORDS_MAX);
		else
			make_options = true;
	}
	if (optind != argc)
		return cli_usage(verb, "it takes no argument: what is typed"
				       " here, others could read");
	if (check && make_options)
		return cli_usage(verb, "--check makes none");
	return check ? weigh() : make((size_t)words, dice);
}
