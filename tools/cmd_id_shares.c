/* `id split` and `id join`: an identity or a root key in trustees' hands. */
#include "apart.h"
#include "id.h"
#include "newfile.h"
#include "recovery.h"
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TYPED_MAX 1024	   /* bytes of a typed line */
#define PASSPHRASE_TRIES 3 /* on a terminal: the words were long to type */
#define ROOT_KEY_FILE "root-key.age"

/* Nothing of the C library flushes at the end of a process apart. */
static int
flushed(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "muniment: standard output: %s\n", strerror(errno));
	return ERR_UNKNOWN;
}

/* main.c tells of its own process only. */
static int
told_of_swap(int status, bool locked)
{
	if (locked && !secret_is_locked())
		cli_warn("more keys than can be locked in memory: some may"
			 " have reached swap");
	return status;
}

static int
run_apart(apart_work *work, const struct id_shares *o, int argc, char **argv)
{
	struct id_shares mine = *o;
	struct err e = {0};
	int status = ERR_UNKNOWN;

	if (apart_run(work, &mine, argc, argv, &status, &e) != 0)
		return cli_fail(&e);
	return status;
}

/* -- split -- */

static int
print_sheets(const struct recovery_sheets *s)
{
	const struct secret *t;
	size_t at;

	for (unsigned i = 0; (t = recovery_text(s, i)) != NULL; i++) {
		/* a printer begins a new page */
		if (i > 0 && write(STDOUT_FILENO, "\f", 1) != 1)
			return -1;
		for (at = 0; at < t->len;) {
			ssize_t n =
			    write(STDOUT_FILENO, t->bytes + at, t->len - at);

			if (n < 0 && errno != EINTR)
				return -1;
			at += n > 0 ? (size_t)n : 0;
		}
	}
	return 0;
}

static int
hand_out(const struct recovery_sheets *s, const struct id_shares *o)
{
	bool in_memory = true;
	struct err e = {0};

	if (strcmp(o->out, "-") == 0) {
		if (print_sheets(s) == 0)
			return 0;
		err_sys(&e, "standard output");
		return cli_fail(&e);
	}
	if (recovery_write(s, o->out, &in_memory, &e) != 0)
		return cli_fail(&e);
	if (cli.json)
		session_json(recovery_sheets_json(s));
	cli_note("%s: %u sheets, any %u of which restore the key. Print them,"
		 " remove the files, and give each sheet to another person",
		 cli_esc(o->out), o->shares, o->threshold);
	if (!in_memory)
		cli_warn("these files lie on a disk, where what is removed can"
			 " often be found again: a folder in memory, such as"
			 " one below /dev/shm, is safer");
	return flushed(0);
}

static int
split(void *ctx)
{
	const struct id_shares *o = ctx;
	bool root = o->root_key != NULL, locked = secret_is_locked();
	struct recovery_sheets *s;
	struct secret *pass;
	struct err e = {0};
	int rc;

	pass = cli_passphrase_any(root ? "Passphrase of the root key: "
				       : "Passphrase of your identity: ",
				  &e);
	if (pass == NULL)
		return cli_fail(&e);
	s = recovery_cut(root ? RECOVERY_ROOT : RECOVERY_IDENTITY,
			 root ? o->root_key : cli.identity, pass, o->threshold,
			 o->shares, o->label, &e);
	secret_free(pass);
	if (s == NULL)
		return cli_fail(&e);
	rc = hand_out(s, o);
	recovery_sheets_free(s);
	return told_of_swap(rc, locked);
}

int
id_split(const struct id_shares *o, int argc, char **argv)
{
	if (o->threshold == 0 || o->shares == 0)
		return cli_usage("id",
				 "split wants --threshold K and --shares N");
	if (o->threshold < 2 || o->threshold > o->shares ||
	    o->shares > RECOVERY_SHARES_MAX)
		return cli_usage("id",
				 "--threshold takes 2 to --shares, and"
				 " --shares at most %d",
				 RECOVERY_SHARES_MAX);
	if (o->out == NULL)
		return cli_usage("id", "split into which folder? -o FOLDER");
	if (cli.json && strcmp(o->out, "-") == 0)
		return cli_usage("id", "--json with -o - would print twice");
	return run_apart(split, o, argc, argv);
}

/* -- join -- */

/* One line that a person types; NULL at the end of input. */
static struct secret *
typed_line(void)
{
	struct secret *s = secret_new(TYPED_MAX);
	ssize_t n = 1;

	while (s != NULL && s->len < s->cap) {
		n = read(STDIN_FILENO, s->bytes + s->len, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || s->bytes[s->len] == '\n')
			break;
		s->len++;
	}
	if (s != NULL && n <= 0) {
		secret_free(s);
		s = NULL;
	}
	return s;
}

/* Take what was typed off the screen: who looks over later sees no words. */
static void
erase_typed(size_t columns)
{
	struct winsize w = {0};
	size_t rows = 1;

	if (!isatty(STDERR_FILENO))
		return;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
		rows = columns / w.ws_col + 1;
	for (size_t i = 0; i < rows; i++)
		fprintf(stderr, "\033[A\033[2K");
	fprintf(stderr, "\r");
}

/* One prompt, one line. 1 at the end of input, else 0. */
static int
ask_line(struct recovery *r)
{
	struct recovery_place at = recovery_place(r);
	enum recovery_line what;
	struct err e = {0};
	struct secret *s;
	char prompt[80];
	int n;

	if (at.of > 0)
		n = snprintf(prompt, sizeof prompt,
			     "Share %u, line %u of %u: ", at.share, at.line,
			     at.of);
	else
		n = snprintf(prompt, sizeof prompt,
			     "Share %u, line 1: ", at.share);
	fputs(prompt, stderr);
	s = typed_line();
	if (s == NULL)
		return 1;
	erase_typed((size_t)n + s->len);
	what = recovery_typed(r, (const char *)s->bytes, s->len, &e);
	secret_free(s);
	if (what == RECOVERY_FAILED)
		cli_fail(&e);
	else if (what == RECOVERY_TAKEN)
		fprintf(stderr, "%sright\n", prompt);
	else if (what == RECOVERY_SHARE)
		fprintf(stderr, "Share %u is whole.\n", at.share);
	return 0;
}

/* Until there are enough. */
static int
type_shares(struct recovery *r)
{
	fprintf(stderr, "Type the lines of each share as they are printed, or"
			" give what a scanner reads\nfrom its code. Lines that"
			" are right are taken off the screen.\n");
	while (!recovery_place(r).enough)
		if (ask_line(r) != 0) {
			fputc('\n', stderr);
			return 1;
		}
	return 0;
}

static int
gather(struct recovery *r, const struct id_shares *o, struct err *e)
{
	for (size_t i = 0; i < o->n_files; i++) {
		bool here = strcmp(o->files[i], "-") == 0;

		if (here && isatty(STDIN_FILENO))
			(void)type_shares(r);
		else if (recovery_read(r, here ? NULL : o->files[i],
				       STDIN_FILENO, e) != 0)
			return -1;
	}
	return recovery_join(r, e);
}

static struct secret *
new_passphrase(bool root, struct err *e)
{
	const char *prompt = root ? "Passphrase for the restored root key."
				  : "Passphrase for the restored identity.";
	struct secret *pass;

	if (cli.passphrase_fd >= 0)
		return cli_passphrase_fd(cli.passphrase_fd, e);
	for (int i = 0;; i++) {
		pass = cli_passphrase_twice(prompt, e);
		if (pass != NULL || i + 1 == PASSPHRASE_TRIES)
			return pass;
		cli_fail(e);
		err_clear(e);
	}
}

/* Say what has been restored, or could be. */
static int
tell(const struct recovery *r, const char *path)
{
	struct err e = {0};
	json_t *j = recovery_json(r, &e);
	bool root = recovery_kind(r) == RECOVERY_ROOT;

	if (j == NULL)
		return cli_fail(&e);
	if (path != NULL)
		json_object_set_new(j, "file", session_path(path));
	if (cli.json) {
		session_json(j);
		return flushed(0);
	}
	if (root)
		printf("the root key of vault %s\n%s\n",
		       session_str(j, "vault"), session_str(j, "words"));
	else
		printf("%s%s%s%s\n%s\n", session_str(j, "name"),
		       json_object_get(j, "org") != NULL ? " (" : "",
		       session_str(j, "org"),
		       json_object_get(j, "org") != NULL ? ")" : "",
		       session_str(j, "words"));
	json_decref(j);
	if (path != NULL)
		cli_note("%s: written", cli_esc(path));
	return flushed(0);
}

static int
restore(const struct recovery *r, const struct id_shares *o)
{
	bool root = recovery_kind(r) == RECOVERY_ROOT;
	const char *path = cli.identity;
	struct secret *pass;
	struct err e = {0};
	int rc;

	if (o->check)
		return tell(r, NULL);
	if (root)
		path = o->root_key != NULL ? o->root_key : ROOT_KEY_FILE;
	pass = newfile_check(path, &e) == 0 ? new_passphrase(root, &e) : NULL;
	rc = pass != NULL ? recovery_save(r, path, pass, o->work_factor, &e)
			  : -1;
	secret_free(pass);
	return rc == 0 ? tell(r, path) : cli_fail(&e);
}

static int
join(void *ctx)
{
	const struct id_shares *o = ctx;
	bool locked = secret_is_locked();
	struct err e = {0};
	struct recovery *r;
	int rc;

	/* before hundreds of words are typed */
	if (!o->check &&
	    newfile_check(o->root_key != NULL ? o->root_key : cli.identity,
			  &e) != 0)
		return cli_fail(&e);
	r = recovery_new(&e);
	if (r == NULL)
		return cli_fail(&e);
	rc = gather(r, o, &e) == 0 ? restore(r, o) : cli_fail(&e);
	recovery_free(r);
	return told_of_swap(rc, locked);
}

int
id_join(const struct id_shares *o, int argc, char **argv)
{
	if (o->n_files == 0)
		return cli_usage("id",
				 "join which shares? Files, or - to type them");
	return run_apart(join, o, argc, argv);
}
