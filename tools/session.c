#include "session.h"

#include "unlock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct secret *
session_passphrase(void)
{
	struct err e = {0};
	struct secret *s;

	if (cli.passphrase_fd < 0 && !cli.ask && unlock_left(cli.identity) > 0)
		s = secret_new(1);
	else
		s = cli_passphrase_any("Passphrase of your identity: ", &e);
	if (s == NULL)
		cli_fail(&e);
	return s;
}

struct desk *
session_open(int mode)
{
	struct secret *pass = session_passphrase();
	struct err e = {0};
	struct desk *d;

	if (pass == NULL)
		return NULL;
	d = desk_open(cli.vault, cli.identity, pass, mode, cli_progress, &e);
	secret_free(pass);
	if (d == NULL) {
		cli_fail(&e);
		/* "tampered" must not look like "locked" */
		if (e.code == ERR_EVIDENCE)
			exit(ERR_EVIDENCE);
		return NULL;
	}
	/* the commands report again after they have written */
	session_report(desk_report(d), REPORT_HISTORY);
	return d;
}

void
session_report(const struct report *r, enum report_level least)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->lines[i].level >= least)
			fprintf(stderr, "muniment: %s%s\n",
				r->lines[i].level == REPORT_NOTE ? "note: "
								 : "",
				r->lines[i].text);
	for (size_t l = least; l <= REPORT_DAMAGE; l++)
		if (r->count[l] > REPORT_MAX)
			fprintf(stderr, "muniment: and %zu more like it\n",
				r->count[l] - REPORT_MAX);
}

int
session_close(struct desk *d, int rc, const struct err *e)
{
	int status = rc == 0 ? 0 : cli_fail(e);

	if (status == 0 && desk_is_damaged(d)) {
		cli_warn("something is wrong with this vault: muniment verify"
			 " says more");
		status = ERR_EVIDENCE;
	}
	desk_close(d);
	return status;
}

size_t
session_findings(const json_t *o)
{
	json_t *list = json_object_get(o, "findings"), *f;
	size_t i;

	cli_progress_end();
	json_array_foreach (list, i, f)
		fprintf(stderr, "muniment: %s\n", json_string_value(f));
	return json_array_size(list);
}

static size_t
json_flags(void)
{
	/* a terminal must not obey what a record holds */
	return JSON_INDENT(2) | JSON_SORT_KEYS |
	       (isatty(STDOUT_FILENO) ? JSON_ENSURE_ASCII : 0);
}

void
session_json(json_t *o)
{
	cli_progress_end();
	json_dumpf(o, stdout, json_flags());
	putchar('\n');
	json_decref(o);
}

int
session_json_next(json_t *o, bool first)
{
	json_t *list = json_array();
	char *text = NULL;
	int rc = -1;

	/* as one of a list of one, without the brackets around it */
	if (list != NULL && json_array_append_new(list, o) == 0)
		text = json_dumps(list, json_flags());
	if (text != NULL && strlen(text) > 4)
		rc = printf("%s%.*s", first ? "[" : ",", (int)strlen(text) - 3,
			    text + 1);
	free(text);
	json_decref(list);
	return rc < 0 ? -1 : 0;
}

void
session_json_end(bool empty)
{
	cli_progress_end();
	puts(empty ? "[]" : "\n]");
}

const char *
session_str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? cli_esc(s) : "";
}

json_t *
session_path(const char *path)
{
	json_t *o = json_string(path);

	return o != NULL ? o : json_string(cli_esc(path));
}

const char *
session_count(json_int_t n)
{
	static char ring[4][32];
	static size_t next;
	char plain[24], *out = ring[next++ % 4], *p = out;
	size_t len =
	    (size_t)snprintf(plain, sizeof plain, "%lld", (long long)n);

	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			*p++ = ',';
		*p++ = plain[i];
	}
	*p = '\0';
	return out;
}

void
session_list_add(struct session_list *l, const char *item)
{
	void *p = realloc(l->items, (l->n + 2) * sizeof *l->items);

	if (p == NULL)
		exit(cli_fail(&(struct err){ERR_UNKNOWN, "no memory", ""}));
	l->items = p;
	l->items[l->n++] = item;
	l->items[l->n] = NULL;
}

size_t
session_helpers(const char *const *paths, size_t n)
{
	struct stat st;

	return n == 1 && stat(paths[0], &st) == 0 && S_ISREG(st.st_mode)
		   ? 1
		   : MEDIATYPE_HELPERS_MAX;
}
