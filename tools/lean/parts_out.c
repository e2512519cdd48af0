/*
 * Stand-ins for parts of vault/ and vault/court/ that need many libraries:
 * git hosts (libcurl), PDF (cairo, pango, libqpdf), archives and mail
 * (libarchive, GMime), and what says all their versions. They are reached where
 * there is no full program to go on in (full.h), as on a stick.
 */
#include "contentswork.h"
#include "doc.h"
#include "doctor_inside.h"
#include "githttp.h"
#include "sync.h"

static int
no_network(struct err *e)
{
	err_set(e, ERR_UNKNOWN,
		"a git host: muniment-full speaks to one, and it is not"
		" here");
	return err_hint(e,
			"use an installed muniment: a stick uses no network");
}

int
synchost_pull(struct sync *s, struct remote *r, struct sync_result *out,
	      struct err *e)
{
	(void)s;
	(void)r;
	(void)out;
	return no_network(e);
}

int
synchost_push(struct sync *s, struct remote *r, struct sync_result *out,
	      struct err *e)
{
	(void)s;
	(void)r;
	(void)out;
	return no_network(e);
}

/* There is never one. */
void
githttp_free(struct githttp *h)
{
	(void)h;
}

int
doc_pdf(const struct doc *d, char **out, size_t *len, struct err *e)
{
	(void)d;
	*out = NULL;
	*len = 0;
	return err_set(e, ERR_UNKNOWN, "PDF: not in this program");
}

/* Whoever calls these has asked full_must before. */
bool
archivework_warm_up(void)
{
	return true;
}

bool
mailwork_warm_up(void)
{
	return true;
}

void
archivework(uint64_t size)
{
	(void)size;
	contentswork_done(CONTENTS_NOT, "this program does not look into"
					" archives");
}

void
mailwork(uint64_t size)
{
	(void)size;
	contentswork_done(CONTENTS_NOT, "this program does not look into"
					" mail");
}

/* What the computer has installed plays no part. */
void
doctor_libraries(json_t *list)
{
	doctor_say(list, "libraries", DOCTOR_UNKNOWN,
		   "make the stick anew on an updated system",
		   "those that came with this stick");
}
