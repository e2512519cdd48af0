/* `id rotate`: to new keys under the same name. */
#include "id.h"
#include "newfile.h"
#include "rotate.h"
#include "session.h"

#include <string.h>

/* Of the new identity: a new one is chosen, one that is there is asked for. */
static struct secret *
new_passphrase(const char *out, int fd, struct err *e)
{
	struct err taken = {0};

	if (fd >= 0)
		return cli_passphrase_fd(fd, e);
	if (cli.passphrase_fd >= 0)
		return cli_passphrase_fd(cli.passphrase_fd, e);
	return newfile_check(out, &taken) == 0
		   ? cli_passphrase_twice("Passphrase for the new identity.", e)
		   : cli_passphrase("Passphrase of the new identity: ", e);
}

static void
tell(const json_t *o, const char *out)
{
	const json_t *list = json_object_get(o, "also_admitted_by"), *n;
	size_t i;

	if (json_is_true(json_object_get(o, "made")))
		cli_note("%s: written; keep a copy in a safe place",
			 cli_esc(out));
	json_array_foreach (list, i, n)
		cli_warn("%s has admitted you a second time; for that seat only"
			 " they can say that the new keys are yours: muniment"
			 " member rotate",
			 cli_esc(json_string_value(n)));
	if (json_object_get(o, "vault") == NULL)
		cli_note("no vault was named: in each of yours, run this again"
			 " with --vault, or have an admin run muniment member"
			 " rotate with the new card");
	else
		cli_note("this vault is now opened with --identity %s. Keep the"
			 " old identity until all your vaults and computers"
			 " have been handed over and others have heard of it",
			 cli_esc(out));
}

static int
run(struct rotate *r)
{
	struct err e = {0};
	struct report report;
	json_t *o;
	int status = 0;

	o = rotate_identity(r, &report, &e);
	session_report(&report, REPORT_HISTORY);
	if (report.count[REPORT_DAMAGE] + report.count[REPORT_HISTORY] > 0)
		status = ERR_EVIDENCE;
	report_free(&report);
	if (o == NULL)
		return cli_fail(&e);
	tell(o, r->new_path);
	if (cli.json) {
		json_object_set_new(o, "file", session_path(r->new_path));
		session_json(o);
		return status;
	}
	printf("%s%s%s%s\n%s\n", session_str(o, "name"),
	       json_object_get(o, "org") != NULL ? " (" : "",
	       session_str(o, "org"),
	       json_object_get(o, "org") != NULL ? ")" : "",
	       session_str(o, "words"));
	json_decref(o);
	return status;
}

int
id_rotate(const char *out, int new_passphrase_fd, unsigned work_factor)
{
	struct rotate r = {.old_path = cli.identity,
			   .new_path = out,
			   .work_factor = work_factor,
			   .vault = cli.vault_named ? cli.vault : NULL,
			   .progress = cli_progress};
	struct secret *old, *next = NULL;
	struct err e = {0};
	int rc;

	if (out == NULL)
		return cli_usage("id", "rotate into which file? --out FILE");
	if (r.vault == NULL && newfile_check(out, &e) != 0)
		return cli_fail(&e);
	/* an unlocked session is not enough for this */
	old = cli_passphrase_any("Passphrase of your identity: ", &e);
	if (old == NULL)
		return cli_fail(&e);
	next = new_passphrase(out, new_passphrase_fd, &e);
	r.old_pass = old;
	r.new_pass = next;
	rc = next != NULL ? run(&r) : cli_fail(&e);
	secret_free(old);
	secret_free(next);
	return rc;
}
