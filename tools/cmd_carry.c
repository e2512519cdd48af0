#include "commands.h"
#include "session.h"

#include <errno.h>
#include <stdlib.h>

struct carry {
	struct desk_carry c;
	struct session_list to;
	bool with_passphrase;
	int pass_fd; /* of the file's passphrase; -1: the terminal */
};

static int
carry(struct carry *a)
{
	struct err e = {0};
	struct secret *pass = NULL;
	struct desk *d;
	json_t *o;

	d = session_open(DESK_WRITE);
	if (d == NULL)
		return ERR_UNKNOWN;
	if (a->with_passphrase) {
		pass = a->pass_fd >= 0
			   ? cli_passphrase_fd(a->pass_fd, &e)
			   : cli_passphrase_twice(
				 "Passphrase for the carry file.", &e);
		if (pass == NULL)
			return session_close(d, -1, &e);
	}
	a->c.to = a->to.items;
	a->c.n_to = a->to.n;
	a->c.passphrase = pass;
	o = desk_carry(d, &a->c, &e);
	secret_free(pass);
	if (o != NULL && cli.json) {
		session_json(o);
	} else if (o != NULL) {
		json_int_t n = json_integer_value(json_object_get(o, "parts"));

		if (n > 1)
			cli_note("%s.001 to .%03lld: written, in %lld parts",
				 session_str(o, "file"), (long long)n,
				 (long long)n);
		else
			cli_note("%s: written", session_str(o, "file"));
		if (a->c.parity > 0)
			cli_note("%s-parity: written: carry it along, it"
				 " restores what gets damaged (muniment"
				 " repair)",
				 session_str(o, "file"));
		json_decref(o);
	}
	return session_close(d, o != NULL ? 0 : -1, &e);
}

/* Bytes of a part: a plain number, of 64 KiB at least. */
static int
part_size(const char *text, uint64_t *out)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || text[0] == '-' ||
	    n < 65536)
		return -1;
	*out = n;
	return 0;
}

int
cmd_carry(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"to", required_argument, NULL, 't'},
	    {"case", required_argument, NULL, 'c'},
	    {"carry-passphrase-fd", required_argument, NULL, 'F'},
	    {"parity", required_argument, NULL, 'y'},
	    {"part-size", required_argument, NULL, 's'},
	    {"work-factor", required_argument, NULL, 'w'},
	    {NULL, 0, NULL, 0}};
	static struct carry a = {.pass_fd = -1, .c.parity = CLI_PARITY};
	int opt, rc;

	while ((opt = getopt_long(argc, argv, "o:p", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt == 'o')
			a.c.path = optarg;
		else if (opt == 'p')
			a.with_passphrase = true;
		else if (opt == 't')
			session_list_add(&a.to, optarg);
		else if (opt == 'c')
			a.c.case_text = optarg;
		else if (opt == 'F' && (a.pass_fd = cli_fd(optarg)) >= 0)
			a.with_passphrase = true;
		else if (opt == 'w' && cli_fd(optarg) >= 10 &&
			 cli_fd(optarg) <= 22)
			a.c.work_factor = (unsigned)cli_fd(optarg);
		else if (opt == 'y' && cli_percent(optarg, &a.c.parity) == 0)
			continue;
		else if (opt == 's' && part_size(optarg, &a.c.part) == 0)
			continue;
		else
			return opt == '?' ? CLI_USAGE
					  : cli_usage("carry", "a bad number");
	}
	if (a.c.path == NULL)
		return cli_usage("carry", "into which file? -o FILE");
	if ((a.to.n > 0) == a.with_passphrase)
		return cli_usage(
		    "carry",
		    "for whom? --to CARD or MEMBER, or -p for a passphrase");
	if (a.c.case_text != NULL && optind < argc)
		return cli_usage("carry", "--case or items, not both");
	a.c.items = (const char *const *)argv + optind;
	a.c.n_items = (size_t)(argc - optind);
	rc = carry(&a);
	free(a.to.items);
	return rc;
}
