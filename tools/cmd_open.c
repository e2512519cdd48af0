/*
 * muniment open [-i IDENTITY-FILE]... [--passphrase-fd N] [-o FILE] [FILE]
 *
 * Opens an age file, whoever made it. With -o the file gets its name only when
 * all of it is verified; what goes to standard output may be trusted only if
 * the exit status is 0.
 */
#include "ageops.h"
#include "cli.h"
#include "commands.h"
#include "streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char verb[] = "open";

static const struct option longs[] = {
    {"identity-file", required_argument, NULL, 'i'},
    {"output", required_argument, NULL, 'o'},
    CLI_OPTIONS,
    {NULL, 0, NULL, 0}};

/* Of --passphrase-fd, each file that wants a passphrase takes a line. */
static struct secret *
ask(void *ctx, const char *what, struct err *e)
{
	char prompt[512];

	(void)ctx;
	snprintf(prompt, sizeof prompt,
		 "Passphrase of %.400s: ", cli_esc(what));
	return cli_passphrase_any(prompt, e);
}

static int
run(struct ageops_from *from, const char *in_path, const char *out_path,
    struct err *e)
{
	struct ageops_opening *o = NULL;
	struct streams_out out = {0};
	struct ageops_file in = {.fd = -1};
	int rc = -1;

	if (streams_out_check(out_path, e) != 0 ||
	    streams_in(in_path, &in, e) != 0)
		return -1;
	o = ageops_open(from, &in, e);
	if (o != NULL && streams_out(out_path, &out, e) == 0 &&
	    ageops_open_to(o, &out.file, streams_to_terminal(out_path),
			   cli_progress, e) == 0)
		rc = streams_out_commit(&out, e);
	streams_out_abort(&out);
	ageops_opening_free(o);
	streams_in_close(&in);
	return rc;
}

struct options {
	const char **identities; /* n of the -i */
	size_t n;
	const char *in, *out;
};

/* 0, or the exit status. */
static int
parse(int argc, char **argv, struct options *o)
{
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "i:o:", longs, NULL)) != -1) {
		if (c == 'i')
			o->identities[o->n++] = optarg;
		else if (c == 'o')
			o->out = optarg;
		else if (!cli_option(c))
			return cli_usage(verb, "unknown option, or one that"
					       " lacks its value");
	}
	if (argc - optind > 1)
		return cli_usage(verb, "one file at a time");
	o->in = optind < argc ? argv[optind] : NULL;
	if (cli.passphrase_fd == STDIN_FILENO && streams_is_standard(o->in))
		return cli_usage(verb, "standard input cannot be both the"
				       " passphrase and the file");
	return 0;
}

int
cmd_open(int argc, char **argv)
{
	struct err e = {0};
	struct ageops_from *from = ageops_from_new(ask, NULL, &e);
	struct options o = {0};
	int status, rc = 0;

	/* there are fewer options than arguments */
	o.identities = calloc((size_t)argc, sizeof *o.identities);
	if (from == NULL || o.identities == NULL) {
		err_memory(&e);
		status = cli_fail(&e);
		goto out;
	}
	status = parse(argc, argv, &o);
	if (status != 0)
		goto out;
	for (size_t i = 0; i < o.n && rc == 0; i++)
		rc = ageops_from_add(from, o.identities[i], &e);
	if (rc != 0 || run(from, o.in, o.out, &e) != 0)
		status = cli_fail(&e);
out:
	cli_progress_end();
	free(o.identities);
	ageops_from_free(from);
	return status;
}
