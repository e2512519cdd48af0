#include "telling.h"

#include "session.h"

#include <string.h>

/* What was not read is known, too: "by" says how. */
static const char *const words[] = {"added", "known", "skipped", "failed",
				    "known"};

void
telling_told(void *ctx, enum desk_what what, const char *path, const char *item,
	     const char *why)
{
	struct telling *t = ctx;
	json_t *o = json_object();

	t->compared += what == DESK_KNOWN;
	t->unread += what == DESK_UNREAD;
	t->skipped += what == DESK_SKIPPED;
	json_object_set_new(o, "what", json_string(words[what]));
	json_object_set_new(o, "path", session_path(path));
	if (item != NULL)
		json_object_set_new(o, "item", json_string(item));
	if (what == DESK_KNOWN || what == DESK_UNREAD)
		json_object_set_new(
		    o, "by",
		    json_string(what == DESK_KNOWN ? "content" : "stat"));
	if (why != NULL)
		json_object_set_new(o, "why", json_string(why));
	json_array_append_new(t->list, o);
}

bool
telling_is(const json_t *o, enum desk_what what)
{
	const char *is = json_string_value(json_object_get(o, "what"));

	return is != NULL && strcmp(is, words[what]) == 0;
}

/* One line: items on standard output, all else on standard error. */
static void
print_one(const json_t *o, bool written)
{
	const char *path = session_str(o, "path");
	const char *item = session_str(o, "item");

	if (telling_is(o, DESK_ADDED)) {
		if (written)
			printf("%.8s  %s\n", item, path);
	} else if (telling_is(o, DESK_KNOWN)) {
		if (strcmp(session_str(o, "by"), "stat") == 0)
			cli_note("%s: not read: unchanged since it was taken"
				 " in, as item %.8s (--reread reads it)",
				 path, item);
		else
			cli_note("%s: the case holds this content already, as"
				 " item %.8s (--again takes it in once more)",
				 path, item);
	} else {
		fprintf(stderr, "muniment: %s: %s: %s\n", path,
			telling_is(o, DESK_SKIPPED) ? "skipped"
						    : "not taken in",
			session_str(o, "why"));
	}
}

/* An opposing expert must not take what was believed for what was compared. */
static void
how_known(const struct telling *t, char *out, size_t cap)
{
	out[0] = '\0';
	if (t->compared + t->unread > 0)
		snprintf(out, cap,
			 " (%s read and compared; %s not read, as size and"
			 " times are the same)",
			 session_count((json_int_t)t->compared),
			 session_count((json_int_t)t->unread));
}

void
telling_print(struct telling *t, const struct desk_sum *sum, bool written)
{
	char how[160];
	json_t *o;
	size_t i;

	cli_progress_end();
	if (cli.json && written) {
		session_json(t->list);
	} else {
		json_array_foreach (t->list, i, o)
			print_one(o, written);
		json_decref(t->list);
	}
	t->list = NULL;
	how_known(t, how, sizeof how);
	if (written)
		cli_note("%s added, %s known already%s, %s skipped, %s not"
			 " taken in",
			 session_count((json_int_t)sum->done),
			 session_count((json_int_t)(t->compared + t->unread)),
			 how, session_count((json_int_t)t->skipped),
			 session_count((json_int_t)sum->failed));
	else
		cli_note("nothing was added");
}
