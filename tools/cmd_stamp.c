/* stamp: time stamps (RFC 3161) of the vault's logs. */
#include "commands.h"
#include "session.h"
#include "stampdesk.h"

#include <stdlib.h>
#include <string.h>

#define MONTHS 12 /* before its end a token is shown as ageing */

/* What a person may type on a machine that has a network. */
static void
print_curl(const char *request)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-";
	const char *slash = strrchr(request, '/');
	const char *name = slash != NULL ? slash + 1 : request;

	/* a name that a shell might take for something else is not printed */
	if (strspn(name, plain) != strlen(name))
		name = "FILE.tsq";
	printf("carry it to a machine with a network; there, with the address"
	       " of a\ntime-stamping authority in place of ADDRESS:\n\n"
	       "  curl -sS -H 'Content-Type: application/timestamp-query'"
	       " --data-binary @%s -o reply.tsr ADDRESS\n\n"
	       "bring reply.tsr back: muniment stamp --import reply.tsr\n"
	       "(two authorities are better than one: the same request serves"
	       " both)\n",
	       name);
}

static void
print_request(const json_t *o, bool renew)
{
	json_int_t of = json_integer_value(json_object_get(o, "of"));
	json_int_t left = json_integer_value(json_object_get(o, "left"));
	json_int_t late = json_integer_value(json_object_get(o, "late"));

	if (late > 0)
		printf("%s stamps have expired without a renewal: it is too"
		       " late for them\n",
		       session_count(late));
	if (json_object_get(o, "nothing") != NULL) {
		printf(renew ? "no stamp is about to age: nothing to ask for\n"
			     : "all is stamped: nothing to ask for\n");
		return;
	}
	printf("%s: a request for %s %s (imprint %s)%s\n",
	       session_str(o, "request"), session_count(of),
	       renew ? "stamps that age" : "devices' logs",
	       session_str(o, "hash"),
	       json_is_true(json_object_get(o, "again"))
		   ? ", the same as before: nobody has answered it"
		   : "");
	if (left > 0)
		printf("%s more logs: ask again after this one\n",
		       session_count(left));
	print_curl(session_str(o, "request"));
}

static int
ask(const char *path, bool all, bool renew, unsigned months)
{
	struct desk *d = session_open(DESK_WRITE);
	struct err e = {0};
	json_t *o;

	if (d == NULL)
		return ERR_UNKNOWN;
	o = renew ? stampdesk_renew(d, path, months, &e)
		  : stampdesk_ask(d, path, all, &e);
	if (o != NULL && cli.json) {
		session_json(o);
	} else if (o != NULL) {
		cli_progress_end();
		print_request(o, renew);
		json_decref(o);
	}
	return session_close(d, o != NULL ? 0 : -1, &e);
}

/* By whom, on what grounds, and till when. */
static void
print_token(const json_t *t, int indent)
{
	json_int_t us = json_integer_value(json_object_get(t, "accuracy"));

	printf("%*sby %s", indent, "", session_str(t, "authority"));
	if (us > 0 && us % 1000000 == 0)
		printf(", to within %lld s", (long long)us / 1000000);
	else if (us > 0)
		printf(", to within %lld.%06lld s", (long long)us / 1000000,
		       (long long)us % 1000000);
	printf("\n%*sroot %s\n", indent, "", session_str(t, "root"));
	if (json_object_get(t, "until") != NULL)
		printf("%*sits certificates end %s\n", indent, "",
		       session_str(t, "until"));
	if (json_object_get(t, "unrevoked") != NULL)
		printf("%*snot revoked as of %s\n", indent, "",
		       session_str(t, "unrevoked"));
	else if (json_object_get(t, "root") != NULL)
		printf("%*srevocation could not be checked: no list (CRL) of"
		       " its authorities is here\n",
		       indent, "");
}

static void
print_imported(const json_t *list)
{
	json_t *t;
	size_t i;

	json_array_foreach (list, i, t) {
		json_int_t of = json_integer_value(json_object_get(t, "of"));
		bool renewal = json_is_true(json_object_get(t, "renewal"));

		if (json_object_get(t, "revocation") != NULL) {
			printf("revocation lists taken in: they speak of %s"
			       " tokens\n",
			       session_count(json_integer_value(
				   json_object_get(t, "revocation"))));
			continue;
		}
		if (json_object_get(t, "error") != NULL) {
			printf("%s: refused: %s\n", session_str(t, "file"),
			       session_str(t, "error"));
			if (json_object_get(t, "hint") != NULL)
				printf("  hint: %s\n", session_str(t, "hint"));
			continue;
		}
		printf("%s: %s of %s: %s %s\n", session_str(t, "file"),
		       renewal ? "a renewal" : "a stamp",
		       session_str(t, "time"), session_count(of),
		       renewal ? "stamps" : "devices' logs");
		print_token(t, 2);
		if (json_is_true(json_object_get(t, "known")))
			printf("  it was here already\n");
	}
}

static int
import(const struct stampdesk_files *f)
{
	struct desk *d = session_open(DESK_WRITE);
	enum err_code worst = ERR_NONE;
	struct err e = {0};
	json_t *list;

	if (d == NULL)
		return ERR_UNKNOWN;
	list = stampdesk_import(d, f, &worst, &e);
	if (list != NULL && cli.json) {
		session_json(list);
	} else if (list != NULL) {
		cli_progress_end();
		print_imported(list);
		json_decref(list);
	}
	if (list != NULL && worst != ERR_NONE)
		err_set(&e, worst, "not every reply was taken in");
	return session_close(d, list != NULL && worst == ERR_NONE ? 0 : -1, &e);
}

static void
print_root(const json_t *r)
{
	printf("%s\n  SHA-256 %s\n  valid %s to %s\n",
	       session_str(r, "subject"), session_str(r, "sha256"),
	       session_str(r, "not_before"), session_str(r, "not_after"));
	if (json_object_get(r, "added_by") != NULL)
		printf("  added by %s\n", session_str(r, "added_by"));
}

/* What is to be done with a root: `word` is its file, or its SHA-256. */
enum root_verb { ROOT_LIST, ROOT_ADD, ROOT_REMOVE };

static void
print_root_done(const json_t *o, enum root_verb verb)
{
	print_root(o);
	if (verb == ROOT_REMOVE)
		printf("stamps under it do not count any more\n");
	else if (json_is_true(json_object_get(o, "known")))
		printf("it was trusted already\n");
	else
		printf("compare the SHA-256 with what the authority publishes:"
		       " all members trust it for time stamps from now on\n");
}

static int
root(enum root_verb verb, const char *word)
{
	struct desk *d =
	    session_open(verb == ROOT_LIST ? DESK_READ : DESK_WRITE);
	struct err e = {0};
	json_t *o, *r;
	size_t i;

	if (d == NULL)
		return ERR_UNKNOWN;
	o = verb == ROOT_ADD	  ? stampdesk_root_add(d, word, &e)
	    : verb == ROOT_REMOVE ? stampdesk_root_remove(d, word, &e)
				  : stampdesk_roots(d, &e);
	if (o != NULL && cli.json) {
		session_json(o);
		return session_close(d, 0, &e);
	}
	cli_progress_end();
	if (o != NULL && verb != ROOT_LIST)
		print_root_done(o, verb);
	json_array_foreach (o, i, r)
		print_root(r);
	json_decref(o);
	return session_close(d, o != NULL ? 0 : -1, &e);
}

static void
print_stamp(const json_t *t)
{
	json_t *covers = json_object_get(t, "covers"), *c;
	json_t *renewals = json_object_get(t, "renewals");
	size_t i;

	printf("%s  %s%s\n", session_str(t, "time"), session_str(t, "status"),
	       json_is_true(json_object_get(t, "ages")) ? ", ageing: renew it"
							: "");
	if (json_object_get(t, "why") != NULL)
		printf("  %s\n", session_str(t, "why"));
	print_token(t, 2);
	json_array_foreach (renewals, i, c)
		printf("  renewed %s by %s, whose certificates end %s\n",
		       session_str(c, "time"), session_str(c, "authority"),
		       session_str(c, "until"));
	json_array_foreach (covers, i, c)
		printf("  device %.12s: batches up to %s\n",
		       session_str(c, "device"),
		       session_count(
			   json_integer_value(json_object_get(c, "size"))));
}

static void
print_list(const json_t *o)
{
	json_t *list = json_object_get(o, "stamps"), *v;
	size_t i;

	json_array_foreach (list, i, v)
		print_stamp(v);
	list = json_object_get(o, "pending");
	json_array_foreach (list, i, v)
		printf(
		    "asked %s by %s, not answered yet: a %s for %s %s\n",
		    session_str(v, "asked"), session_str(v, "by"),
		    session_str(v, "request"),
		    session_count(json_integer_value(json_object_get(v, "of"))),
		    session_str(v, "request")[0] == 'r' ? "stamps" : "logs");
	list = json_object_get(o, "unstamped_logs");
	json_array_foreach (list, i, v)
		printf("device %.12s: not stamped beyond batch %s, holds"
		       " content up to %s\n",
		       session_str(v, "device"),
		       session_count(
			   json_integer_value(json_object_get(v, "stamped"))),
		       session_count(
			   json_integer_value(json_object_get(v, "content"))));
	printf(
	    "%s batches are not stamped yet; %s stamps age within %lld"
	    " months\n",
	    session_count(json_integer_value(json_object_get(o, "unstamped"))),
	    session_count(json_integer_value(json_object_get(o, "ageing"))),
	    (long long)json_integer_value(json_object_get(o, "months")));
	if (json_array_size(json_object_get(o, "roots")) == 0)
		printf("no root is trusted for time stamps: muniment stamp"
		       " root add PEM\n");
}

static int
list(unsigned months)
{
	struct desk *d = session_open(DESK_READ);
	struct err e = {0};
	json_t *o;

	if (d == NULL)
		return ERR_UNKNOWN;
	o = stampdesk_list(d, months, &e);
	if (o != NULL && cli.json) {
		session_json(o);
	} else if (o != NULL) {
		cli_progress_end();
		print_list(o);
		json_decref(o);
	}
	return session_close(d, o != NULL ? 0 : -1, &e);
}

/* What the command line says. */
struct asked {
	const char *out;
	bool import, renew, all;
	long months; /* -1: not given */
	struct session_list chains, crls;
};

static int
words(const struct asked *a, int n, char **word)
{
	unsigned months = a->months >= 0 ? (unsigned)a->months : MONTHS;
	bool plain = !a->import && !a->renew && !a->all && a->out == NULL &&
		     a->chains.n == 0 && a->crls.n == 0;

	if (n == 1 && strcmp(word[0], "list") == 0 && plain)
		return list(months);
	if (n >= 2 && strcmp(word[0], "root") == 0 && plain && a->months < 0) {
		if (n == 2 && strcmp(word[1], "list") == 0)
			return root(ROOT_LIST, NULL);
		if (n == 3 && strcmp(word[1], "add") == 0)
			return root(ROOT_ADD, word[2]);
		if (n == 3 && strcmp(word[1], "remove") == 0)
			return root(ROOT_REMOVE, word[2]);
		return cli_usage("stamp", "root add, remove or list?");
	}
	if (a->import) {
		struct stampdesk_files f = {(const char *const *)word,
					    (size_t)n,
					    a->chains.items,
					    a->chains.n,
					    a->crls.items,
					    a->crls.n};

		if (a->out != NULL || a->renew || a->all || a->months >= 0)
			return cli_usage("stamp", "--import stands alone");
		if (n == 0 && (a->crls.n == 0 || a->chains.n > 0))
			return cli_usage("stamp", "which replies?");
		return import(&f);
	}
	if (n > 0 || a->chains.n > 0 || a->crls.n > 0)
		return cli_usage("stamp", "list, root or --import?");
	if (a->out == NULL)
		return cli_usage("stamp", "where to? -o FILE.tsq");
	if (a->months >= 0 && !a->renew)
		return cli_usage("stamp", "--within goes with --renew or list");
	return ask(a->out, a->all, a->renew,
		   a->renew && a->all ? 100000 : months);
}

int
cmd_stamp(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"import", no_argument, NULL, 'i'},
	    {"renew", no_argument, NULL, 'r'},
	    {"all", no_argument, NULL, 'a'},
	    {"within", required_argument, NULL, 'w'},
	    {"chain", required_argument, NULL, 'c'},
	    {"crl", required_argument, NULL, 'l'},
	    {NULL, 0, NULL, 0}};
	struct asked a = {.months = -1};
	char *end;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt == 'o')
			a.out = optarg;
		else if (opt == 'i')
			a.import = true;
		else if (opt == 'r')
			a.renew = true;
		else if (opt == 'a')
			a.all = true;
		else if (opt == 'c')
			session_list_add(&a.chains, optarg);
		else if (opt == 'l')
			session_list_add(&a.crls, optarg);
		else if (opt != 'w')
			return CLI_USAGE;
		if (opt != 'w')
			continue;
		a.months = strtol(optarg, &end, 10);
		if (*optarg < '0' || *optarg > '9' || *end != '\0' ||
		    a.months > 1200)
			return cli_usage("stamp", "--within: how many months?");
	}
	status = words(&a, argc - optind, argv + optind);
	free(a.chains.items);
	free(a.crls.items);
	return status;
}
