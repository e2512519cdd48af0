#include "contents.h"

#include "contentswork.h"
#include "helper.h"
#include "sandbox.h"
#include "workshop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define MEMORY_MAX (UINT64_C(640) << 20) /* bytes, libraries' own included */
#define CPU_MAX 3600			 /* seconds, for one container */
#define ANSWER_MS 45000 /* the longest that a worker leaves us waiting */
#define TIME_MAX INT64_C(253402300799)	/* the last second of the year 9999 */
#define RATIO_FROM (UINT64_C(64) << 20) /* bytes that any may unpack to */

struct contents_work {
	struct workshop *shop;
};

struct contents {
	int fd; /* of the worker, -1 when it is done */
	const struct contents_source *source;
	struct contents_limits limits;
	uint64_t members, total; /* so far */
	uint64_t size;		 /* of the member at hand, so far */
	bool in_member;		 /* its bytes are coming */
	size_t left;		 /* of the piece at hand */
	enum contents_state state;
	char why[CONTENTS_WHY_MAX];
};

/*
 * The worker.
 */

static bool
warm_up(void)
{
	return archivework_warm_up() && mailwork_warm_up();
}

static void
work(int maps)
{
	const struct sandbox_limits limits = {
	    .memory = MEMORY_MAX, .cpu = CPU_MAX, .denies = true};
	struct contentswork_job job;

	if (sandbox_shut_in(SANDBOX_SOCKET, maps, &limits) != 0 ||
	    helper_read(SANDBOX_SOCKET, &job, sizeof job) != 0)
		return;
	if (job.form == CONTENTS_ARCHIVE)
		archivework(job.size);
	else
		mailwork(job.size);
}

/*
 * Our side.
 */

struct contents_work *
contents_start(struct err *e)
{
	static const struct workshop_trade trade = {warm_up, work};
	struct contents_work *w = calloc(1, sizeof *w);

	if (w == NULL) {
		err_memory(e);
		return NULL;
	}
	w->shop = workshop_start(&trade, e);
	if (w->shop != NULL)
		return w;
	free(w);
	return NULL;
}

bool
contents_works(const struct contents_work *w)
{
	return w != NULL && workshop_works(w->shop);
}

void
contents_stop(struct contents_work *w)
{
	if (w == NULL)
		return;
	workshop_stop(w->shop);
	free(w);
}

bool
contents_form_of(const char *type, const char *name, enum contents_form *out)
{
	static const struct {
		const char *type, *ending;
		enum contents_form form;
	} forms[] = {
	    {"application/zip", ".zip", CONTENTS_ARCHIVE},
	    {"application/x-7z-compressed", ".7z", CONTENTS_ARCHIVE},
	    {"application/x-tar", ".tar", CONTENTS_ARCHIVE},
	    {"application/gzip", ".gz", CONTENTS_ARCHIVE},
	    {"application/x-gzip", ".tgz", CONTENTS_ARCHIVE},
	    {"application/x-bzip2", ".bz2", CONTENTS_ARCHIVE},
	    {"application/x-xz", ".xz", CONTENTS_ARCHIVE},
	    {"application/zstd", ".zst", CONTENTS_ARCHIVE},
	    {"application/x-zstd", ".tbz2", CONTENTS_ARCHIVE},
	    {"application/mbox", ".mbox", CONTENTS_MAIL},
	    {"message/rfc822", ".eml", CONTENTS_MAIL},
	};
	size_t len = strlen(name);

	/* a name says more exactly what a mail file is than its first lines */
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		size_t n = strlen(forms[i].ending);

		if (len > n &&
		    strcasecmp(name + len - n, forms[i].ending) == 0) {
			*out = forms[i].form;
			return true;
		}
	}
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (strcmp(type, forms[i].type) == 0) {
			*out = forms[i].form;
			return true;
		}
	return false;
}

void
contents_limits_of(bool large, struct contents_limits *out)
{
	static const struct contents_limits usual = {100000, UINT64_C(16) << 30,
						     UINT64_C(8) << 30, 200};
	static const struct contents_limits more = {1000000, UINT64_C(4) << 40,
						    UINT64_C(128) << 30, 10000};

	*out = large ? more : usual;
}

struct contents *
contents_open(struct contents_work *w, enum contents_form form,
	      const struct contents_source *source,
	      const struct contents_limits *limits, struct err *e)
{
	struct contentswork_job job = {.form = (uint32_t)form,
				       .size = source->size};
	struct contents *c = calloc(1, sizeof *c);

	if (c == NULL) {
		err_memory(e);
		return NULL;
	}
	c->source = source;
	c->limits = *limits;
	c->fd = workshop_hire(w->shop, e);
	if (c->fd >= 0 &&
	    helper_send(c->fd, &job, sizeof job, helper_until(ANSWER_MS)) == 0)
		return c;
	if (c->fd >= 0)
		err_set(e, ERR_UNKNOWN, "a worker has ended");
	contents_close(c);
	return NULL;
}

void
contents_close(struct contents *c)
{
	if (c == NULL)
		return;
	if (c->fd >= 0)
		close(c->fd);
	free(c);
}

enum contents_state
contents_state(const struct contents *c)
{
	return c->state;
}

const char *
contents_why(const struct contents *c)
{
	return c->why;
}

/* It is over; 0. */
static int
over(struct contents *c, enum contents_state state, const char *why)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->in_member = false;
	c->state = state;
	snprintf(c->why, sizeof c->why, "%s", why);
	return 0;
}

static int
gone(struct contents *c)
{
	return over(c, CONTENTS_WENT_AWAY,
		    "the process that read it came to its limits of memory or"
		    " time, or was stopped");
}

/* The worker asks for bytes of the file. */
static int
serve(struct contents *c, const struct contentswork_message *m, struct err *e)
{
	static uint8_t buf[CONTENTSWORK_PIECE];

	if (m->len > sizeof buf || m->a > c->source->size ||
	    m->len > c->source->size - m->a)
		return gone(c);
	if (m->len > 0 &&
	    c->source->read(c->source->ctx, m->a, buf, m->len, e) != 0)
		return -1;
	if (helper_send(c->fd, buf, m->len, helper_until(ANSWER_MS)) != 0)
		return gone(c);
	return 1;
}

/* Text of at most `cap` - 1 bytes behind a message. */
static int
text(struct contents *c, char *out, size_t cap, uint32_t len)
{
	if (len >= cap ||
	    helper_recv(c->fd, out, len, helper_until(ANSWER_MS)) != 0)
		return gone(c);
	out[len] = '\0';
	return 1;
}

/*
 * The next thing that is told: 1; 0 when it is over; -1 with `e` filled. What
 * is asked on the way is answered.
 */
static int
hear(struct contents *c, struct contentswork_message *m, struct err *e)
{
	char why[CONTENTS_WHY_MAX];
	int rc;

	for (;;) {
		if (c->fd < 0)
			return 0;
		if (helper_recv(c->fd, m, sizeof *m, helper_until(ANSWER_MS)) !=
		    0)
			return gone(c);
		if (m->what == WORK_DONE) {
			if (text(c, why, sizeof why, m->len) == 0)
				return 0;
			return m->kind < CONTENTS_STATES
				   ? over(c, (enum contents_state)m->kind, why)
				   : gone(c);
		}
		if (m->what != WORK_READ)
			return 1;
		rc = serve(c, m, e);
		if (rc != 1)
			return rc;
	}
}

/* May so many more bytes come? */
static bool
within_limits(struct contents *c, size_t more)
{
	const struct contents_limits *l = &c->limits;
	uint64_t total = c->total + more;

	if (c->size + more > l->each)
		(void)over(c, CONTENTS_TOO_MUCH,
			   "a member is larger than is read");
	else if (total > l->total)
		(void)over(c, CONTENTS_TOO_MUCH,
			   "it unpacks to more than is read");
	else if (total > RATIO_FROM && total / l->ratio > c->source->size)
		(void)over(c, CONTENTS_TOO_MUCH,
			   "it unpacks to so many times its size that it looks"
			   " made to do harm");
	else
		return true;
	return false;
}

/* Begin with the member's bytes, or the end of it. */
static int
next_piece(struct contents *c, struct err *e)
{
	struct contentswork_message m;
	int rc = hear(c, &m, e);

	if (rc <= 0)
		return rc == 0 ? -2 : -1;
	if (m.what == WORK_BYTES && m.len > 0 && m.len <= CONTENTSWORK_PIECE) {
		if (!within_limits(c, m.len))
			return -2;
		c->left = m.len;
		c->size += m.len;
		c->total += m.len;
		return 1;
	}
	if (m.what != WORK_END) {
		(void)gone(c);
		return -2;
	}
	if (text(c, c->why, sizeof c->why, m.len) != 1)
		return -2;
	c->in_member = false;
	return m.kind == 0 ? 0 : -2;
}

ssize_t
contents_read(struct contents *c, void *buf, size_t len, struct err *e)
{
	if (!c->in_member)
		return c->fd < 0 || c->why[0] != '\0' ? -2 : 0;
	if (c->left == 0) {
		int rc = next_piece(c, e);

		if (rc != 1)
			return rc;
	}
	if (len > c->left)
		len = c->left;
	if (helper_recv(c->fd, buf, len, helper_until(ANSWER_MS)) != 0) {
		(void)gone(c);
		return -2;
	}
	c->left -= len;
	return (ssize_t)len;
}

/* Read to the end of the member at hand. */
static int
pass_over(struct contents *c, struct err *e)
{
	static uint8_t buf[CONTENTSWORK_PIECE];
	ssize_t n;

	while (c->in_member && (n = contents_read(c, buf, sizeof buf, e)) != 0)
		if (n == -1)
			return -1;
	return 0;
}

/* What a member's head says, and whether its bytes are wanted. */
static int
take_head(struct contents *c, const struct contentswork_message *m,
	  struct contents_member *out)
{
	bool large = m->a != CONTENTSWORK_NONE && m->a > c->limits.each;
	uint8_t wanted;

	if (m->what != WORK_MEMBER || m->kind >= CONTENTS_KINDS ||
	    text(c, out->name, sizeof out->name, m->len) != 1)
		return c->fd < 0 ? 0 : gone(c);
	out->kind = (enum contents_kind)m->kind;
	out->number = ++c->members;
	out->has_size = m->a != CONTENTSWORK_NONE;
	out->size = out->has_size ? m->a : 0;
	out->has_time = m->b >= 0 && m->b <= TIME_MAX;
	out->time = out->has_time ? m->b : 0;
	if (c->members > c->limits.members)
		return over(c, CONTENTS_TOO_MUCH,
			    "it has more members than are read");
	c->in_member = out->kind <= CONTENTS_TEXT && !large;
	c->left = 0;
	c->size = 0;
	c->why[0] = '\0';
	if (large && out->kind <= CONTENTS_TEXT)
		snprintf(c->why, sizeof c->why, "it is larger than is read");
	wanted = c->in_member;
	return helper_send(c->fd, &wanted, 1, helper_until(ANSWER_MS)) == 0
		   ? 1
		   : gone(c);
}

int
contents_next(struct contents *c, struct contents_member *out, struct err *e)
{
	struct contentswork_message m;
	int rc;

	memset(out, 0, sizeof *out);
	if (c->in_member && pass_over(c, e) != 0)
		return -1;
	rc = hear(c, &m, e);
	return rc == 1 ? take_head(c, &m, out) : rc;
}
