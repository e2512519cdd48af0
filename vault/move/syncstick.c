/* Sync with a folder of carry files: see sync.h and stick.h. */
#include "sync.h"

#include "agetext.h"
#include "paritymake.h"
#include "stick.h"

#include <stdlib.h>
#include <string.h>

/* What is told of a stick's files. */
struct talk {
	struct sync_result *out;
	struct err unread; /* the first file that cannot be read */
};

static void
told(void *ctx, enum stick_what what, const char *name, const char *why)
{
	struct talk *t = ctx;
	struct report *found = &t->out->found;
	char shown[300];

	err_escape(shown, sizeof shown, name, strlen(name));
	if (what == STICK_UNREAD) {
		err_set(&t->unread, ERR_UNKNOWN, "%s: %s", shown, why);
		err_hint(&t->unread, "what can be read there was taken in;"
				     " nothing is written there while that file"
				     " lies there");
	} else if (what == STICK_REFUSED) {
		report_add(found, REPORT_HISTORY, "%s: %s: %s", t->out->name,
			   shown, why);
	} else {
		report_add(found, REPORT_NOTE, "%s: %s: %s", t->out->name,
			   shown, why);
	}
}

int
syncstick_pull(struct sync *s, struct remote *r, struct sync_result *out,
	       struct err *e)
{
	struct talk t = {.out = out};
	struct stick_pulled got;
	int rc;

	sync_close(s); /* receiving opens it, for each file */
	rc = stick_pull(s->dir, s->id, r->where, s->o->progress, told, &t, &got,
			e);
	if (rc == 0) {
		out->files_in = got.count[STICK_TAKEN];
		sync_add_up(out, &got.merged);
	}
	if (sync_open(s, rc == 0 ? e : NULL) != 0)
		return -1;
	if (rc == 0 && t.unread.code != ERR_NONE) {
		*e = t.unread;
		rc = -1;
	}
	return rc;
}

/* The remote's recipients; malloc'ed, NULL with `e` filled. */
static struct agekey_public *
recipients(const struct remote *r, struct err *e)
{
	struct agekey_public *keys = calloc(r->n_to + 1, sizeof *keys);

	if (keys == NULL)
		err_memory(e);
	for (size_t i = 0; keys != NULL && i < r->n_to; i++)
		if (agetext_recipient_parse(r->to[i], &keys[i], e) != 0) {
			free(keys);
			return NULL;
		}
	return keys;
}

int
syncstick_push(struct sync *s, struct remote *r, struct sync_result *out,
	       struct err *e)
{
	struct agekey_public *keys = recipients(r, e);
	struct index *x = keys != NULL ? sync_index(s, e) : NULL;
	struct stick_push push = {.folder = r->where,
				  .to = keys,
				  .n = r->n_to,
				  .parity = PARITY_PERCENT,
				  .no_bulk = !s->o->bulk};
	struct stick_pushed went;
	int rc = -1;

	if (x == NULL)
		goto out;
	if (s->o->only_case != NULL)
		push.only_case = index_case(x, s->o->only_case);
	rc = stick_push(x, &push, &went, e);
	if (rc == 0 && went.name[0] != '\0') {
		out->out_batches = went.batches;
		out->out_objects = went.objects;
		strcpy(out->file, went.name);
	}
out:
	free(keys);
	return rc;
}
