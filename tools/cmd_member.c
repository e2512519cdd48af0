#include "commands.h"
#include "peopledesk.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

/* What the options say. */
struct member_options {
	const char *case_text, *role;
	bool keyless;
	const char *root_path;
	int root_fd;
	uint64_t up_to; /* batches; 0: all that are here */
};

/* The root key's passphrase, when it shall sign. */
static int
open_root(const struct member_options *o, struct desk_root *root,
	  struct secret **pass)
{
	struct err e = {0};

	*pass = NULL;
	*root = (struct desk_root){.path = o->root_path};
	if (o->root_path == NULL)
		return 0;
	*pass = o->root_fd >= 0
		    ? cli_passphrase_fd(o->root_fd, &e)
		    : cli_passphrase_any("Passphrase of the root key: ", &e);
	root->pass = *pass;
	return *pass != NULL ? 0 : cli_fail(&e);
}

static int
member_add(const char *const *cards, size_t n, const struct member_options *o)
{
	struct desk_root root;
	struct secret *pass;
	struct desk *d;
	struct err e = {0};
	int rc;

	if (n == 0)
		return cli_usage("member", "whose card?");
	d = session_open(DESK_WRITE | DESK_LEAN);
	if (d == NULL)
		return ERR_UNKNOWN;
	if (open_root(o, &root, &pass) != 0) {
		desk_close(d);
		return ERR_UNKNOWN;
	}
	rc = desk_member_admit(d, cards, n, o->case_text, o->role, o->keyless,
			       &root, &e);
	secret_free(pass);
	if (rc == 0)
		cli_note("compare the words of each card by voice"
			 " (muniment id words CARD) before anything is sent");
	return session_close(d, rc, &e);
}

/* A device that is forked or cut, or goes on for another. */
static void
print_break(const json_t *d)
{
	const char *state = session_str(d, "state");

	if (strcmp(state, "fine") != 0)
		printf("              device %.12s: %s\n",
		       session_str(d, "device"), state);
	if (json_object_get(d, "follows") != NULL)
		printf("              device %.12s goes on for %.12s: %s\n",
		       session_str(d, "device"), session_str(d, "follows"),
		       session_str(d, "why"));
}

static void
print_member(const json_t *m)
{
	json_t *rights = json_object_get(m, "rights"), *d;
	size_t i;
	bool named = json_object_get(m, "name") != NULL;
	bool org = json_object_get(m, "org") != NULL;
	bool collector = json_is_true(json_object_get(m, "collector"));

	printf("%.12s  %s%s%s%s%s%s%s\n", session_str(m, "member"),
	       named	   ? session_str(m, "name")
	       : collector ? "(no label)"
			   : "(card not readable here)",
	       org ? " (" : "", session_str(m, "org"), org ? ")" : "",
	       collector ? "  -- collector" : "",
	       json_is_true(json_object_get(m, "retired")) ? "  -- retired"
							   : "",
	       json_is_true(json_object_get(m, "you")) ? "  -- you" : "");
	for (void *it = json_object_iter(rights); it != NULL;
	     it = json_object_iter_next(rights, it))
		printf("              %-8s of %.8s\n",
		       json_string_value(json_object_iter_value(it)),
		       json_object_iter_key(it));
	json_array_foreach (json_object_get(m, "devices"), i, d)
		print_break(d);
}

static int
member_list(const char *case_text)
{
	struct desk *d = session_open(DESK_READ | DESK_LEAN);
	struct err e = {0};
	json_t *list, *m;
	size_t i;

	if (d == NULL)
		return ERR_UNKNOWN;
	list = desk_members(d, case_text, &e);
	if (list != NULL && cli.json) {
		session_json(list);
	} else if (list != NULL) {
		cli_progress_end();
		json_array_foreach (list, i, m)
			print_member(m);
		json_decref(list);
	}
	return session_close(d, list != NULL ? 0 : -1, &e);
}

/* "12345678  name, 3 items" for each case of a list. */
static void
print_cases(const char *what, const json_t *list)
{
	json_t *c;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	printf("%s:\n", what);
	json_array_foreach (list, i, c) {
		bool named = json_object_get(c, "name") != NULL;

		printf("  %.8s  %s", session_str(c, "case"),
		       named ? session_str(c, "name") : "");
		if (strcmp(session_str(c, "case"), "vault") != 0)
			printf("  (%s items)",
			       session_count(json_integer_value(
				   json_object_get(c, "items"))));
		printf("\n");
	}
}

static void
print_names(const char *what, const json_t *list)
{
	json_t *s;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	printf("%s:\n", what);
	json_array_foreach (list, i, s)
		printf("  %s\n", cli_esc(json_string_value(s)));
}

static void
print_retired(const json_t *o)
{
	json_t *list = json_object_get(o, "retired"), *m, *v;
	const char *device;
	size_t i;

	json_array_foreach (list, i, m) {
		printf("retired: %.12s\n", session_str(m, "member"));
		json_object_foreach (json_object_get(m, "cuts"), device, v)
			printf("  device %.12s counts up to batch %.*s\n",
			       device, (int)strcspn(json_string_value(v), " "),
			       json_string_value(v));
	}
	print_names("also admitted by, who must retire them too",
		    json_object_get(o, "also_admitted_by"));
	print_cases("what they could already have read, and may keep",
		    json_object_get(o, "could_read"));
	print_names("items that were shared with them alone",
		    json_object_get(o, "items_shared"));
	print_cases("new keys, which they do not get",
		    json_object_get(o, "renewed"));
	print_cases("NOT renewed: an admin of the case must do it"
		    " (muniment case renew)",
		    json_object_get(o, "not_renewed"));
	print_names("members who get the new keys only when somebody with their"
		    " card receives this",
		    json_object_get(o, "without_card"));
	if (json_object_get(o, "successor") != NULL)
		printf("successor: %.12s\n", session_str(o, "successor"));
}

static int
member_retire(const char *who, const char *card, const struct member_options *o)
{
	struct desk *d = session_open(DESK_WRITE);
	struct desk_root root;
	struct secret *pass;
	struct err e = {0};
	json_t *said;

	if (d == NULL)
		return ERR_UNKNOWN;
	if (open_root(o, &root, &pass) != 0) {
		desk_close(d);
		return ERR_UNKNOWN;
	}
	said = desk_retire(d, who, o->case_text, card, &root, &e);
	secret_free(pass);
	if (said != NULL && cli.json) {
		session_json(said);
	} else if (said != NULL) {
		cli_progress_end();
		print_retired(said);
		json_decref(said);
	}
	if (said != NULL && o->case_text == NULL)
		cli_note("collectors' kits that were made before write with"
			 " the old keys: make new ones");
	return session_close(d, said != NULL ? 0 : -1, &e);
}

typedef json_t *line_verb(struct desk *d, const char *device, uint64_t up_to,
			  const struct desk_root *root, struct err *e);

static int
member_line(line_verb *verb, const char *device, const struct member_options *o)
{
	struct desk *d = session_open(DESK_WRITE);
	struct desk_root root;
	struct secret *pass;
	struct err e = {0};
	json_t *said;

	if (d == NULL)
		return ERR_UNKNOWN;
	if (open_root(o, &root, &pass) != 0) {
		desk_close(d);
		return ERR_UNKNOWN;
	}
	said = verb(d, device, o->up_to, &root, &e);
	secret_free(pass);
	if (said != NULL && cli.json) {
		session_json(said);
	} else if (said != NULL) {
		cli_progress_end();
		printf("device %.12s counts up to batch %s\n",
		       session_str(said, "device"),
		       session_count(
			   json_integer_value(json_object_get(said, "up_to"))));
		json_decref(said);
	}
	return session_close(d, said != NULL ? 0 : -1, &e);
}

static int
run(const char *verb, char **args, int n, const struct member_options *o)
{
	if (strcmp(verb, "add") == 0)
		return member_add((const char *const *)args, (size_t)n, o);
	if (strcmp(verb, "list") == 0 && n == 0)
		return member_list(o->case_text);
	if (strcmp(verb, "retire") == 0 && n == 1)
		return member_retire(args[0], NULL, o);
	if (strcmp(verb, "rotate") == 0 && n == 2 && o->case_text == NULL)
		return member_retire(args[0], args[1], o);
	if (strcmp(verb, "accept") == 0 && n == 1)
		return member_line(desk_accept, args[0], o);
	if (strcmp(verb, "cut") == 0 && n == 1)
		return member_line(desk_cut, args[0], o);
	return cli_usage("member",
			 "what? add CARD..., list, retire MEMBER, rotate"
			 " MEMBER CARD, accept DEVICE, cut DEVICE");
}

int
cmd_member(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"case", required_argument, NULL, 'c'},
	    {"role", required_argument, NULL, 'r'},
	    {"no-keys", no_argument, NULL, 'n'},
	    {"root-key", required_argument, NULL, 'k'},
	    {"root-passphrase-fd", required_argument, NULL, 'R'},
	    {"up-to", required_argument, NULL, 'u'},
	    {NULL, 0, NULL, 0}};
	struct member_options o = {.root_fd = -1};
	const char *verb;
	char *end;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		switch (opt) {
		case 'c':
			o.case_text = optarg;
			break;
		case 'r':
			o.role = optarg;
			break;
		case 'n':
			o.keyless = true;
			break;
		case 'k':
			o.root_path = optarg;
			break;
		case 'R':
			o.root_fd = cli_fd(optarg);
			if (o.root_fd < 0)
				return cli_usage("member", "a bad number");
			break;
		case 'u':
			o.up_to = strtoull(optarg, &end, 10);
			if (optarg[0] < '1' || optarg[0] > '9' || *end != '\0')
				return cli_usage("member", "a bad number");
			break;
		default:
			return CLI_USAGE;
		}
	}
	verb = optind < argc ? argv[optind++] : "";
	return run(verb, argv + optind, argc - optind, &o);
}
