#include "commands.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

/* The root key's passphrase: of its own, since it is put away elsewhere. */
static struct secret *
root_passphrase(int fd, struct err *e)
{
	if (fd >= 0)
		return cli_passphrase_fd(fd, e);
	if (cli.passphrase_fd >= 0)
		return cli_passphrase_fd(cli.passphrase_fd, e);
	return cli_passphrase_twice(
	    "Passphrase for the root key, which is put away (not that of your"
	    " identity).",
	    e);
}

static int
init(const char *dir, const char *root_path, int root_fd, unsigned factor)
{
	struct err e = {0};
	struct secret *pass = session_passphrase(), *root_pass;
	json_t *o;

	if (pass == NULL)
		return ERR_UNKNOWN;
	root_pass = root_passphrase(root_fd, &e);
	if (root_pass == NULL) {
		secret_free(pass);
		return cli_fail(&e);
	}
	o = desk_init(dir, cli.identity, pass, root_path, root_pass, factor,
		      &e);
	secret_free(pass);
	secret_free(root_pass);
	if (o == NULL)
		return cli_fail(&e);
	if (cli.json) {
		session_json(o);
	} else {
		printf("vault %s\n%s\n", session_str(o, "vault"),
		       session_str(o, "words"));
		json_decref(o);
	}
	cli_note("%s: the root key of this vault. Put it away, apart from this"
		 " machine: it is what can replace an administrator, and is"
		 " needed for nothing else",
		 cli_esc(root_path));
	return 0;
}

int
cmd_init(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"root-key", required_argument, NULL, 'r'},
	    {"root-passphrase-fd", required_argument, NULL, 'R'},
	    {"work-factor", required_argument, NULL, 'w'},
	    {NULL, 0, NULL, 0}};
	char path[4096];
	const char *root = NULL, *dir;
	size_t n;
	unsigned factor = 0;
	int opt, fd = -1;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt == 'r')
			root = optarg;
		else if (opt == 'R' && (fd = cli_fd(optarg)) >= 0)
			continue;
		else if (opt == 'w' && cli_fd(optarg) >= 10 &&
			 cli_fd(optarg) <= 22)
			factor = (unsigned)cli_fd(optarg);
		else
			return opt == '?' ? CLI_USAGE
					  : cli_usage("init", "a bad number");
	}
	if (argc - optind != 1)
		return cli_usage("init", "which folder?");
	dir = argv[optind];
	n = strlen(dir);
	while (n > 1 && dir[n - 1] == '/')
		n--;
	if (root == NULL) {
		if (snprintf(path, sizeof path, "%.*s.root-key.age", (int)n,
			     dir) >= (int)sizeof path)
			return cli_usage("init", "the path is too long");
		root = path;
	}
	return init(dir, root, fd, factor);
}
