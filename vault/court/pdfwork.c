#include "pdfwork.h"

#include "helper.h"
#include "pdfdoc.h"
#include "sandbox.h"
#include "workshop.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEMORY_LEAST (512ull << 20) /* bytes, and as often the document */
#define MEMORY_TIMES 4
#define FEED_MS 30000 /* the longest that a worker leaves us waiting */
#define ANSWER_MS (2 * 1000 * PDFWORK_SECONDS) /* a loaded machine */

/*
 * Over a worker's socket: the document's length as uint64_t, its bytes, then
 * questions and answers.
 */
enum question { LOOK, TEXTS, PLAN, CUT };

struct message {
	uint32_t what; /* enum question */
	uint32_t from, to;
	uint32_t unused;
	uint64_t limit;
};

struct pdfwork {
	struct workshop *shop;
	int fd;	       /* of the worker, -1 if there is none */
	uint64_t left; /* bytes of the document that are still to come */
};

/*
 * The worker.
 */

static void
answer_look(int fd, struct pdfdoc *d)
{
	struct pdfwork_facts facts;

	pdfdoc_look(d, &facts);
	(void)helper_write(fd, &facts, sizeof facts);
}

static void
answer_texts(int fd, struct pdfdoc *d)
{
	struct pdfwork_facts facts;
	uint8_t digest[32];

	pdfdoc_look(d, &facts);
	if (helper_write(fd, &facts.pages, sizeof facts.pages) != 0)
		return;
	for (uint32_t i = 0; i < facts.pages; i++) {
		pdfdoc_text(d, i, digest);
		if (helper_write(fd, digest, sizeof digest) != 0)
			return;
	}
}

static void
answer_plan(int fd, struct pdfdoc *d, uint64_t limit)
{
	struct pdfwork_part *parts = NULL;
	size_t n = 0;
	uint32_t count;

	(void)pdfdoc_plan(d, limit, &parts, &n);
	count = (uint32_t)n;
	if (helper_write(fd, &count, sizeof count) == 0 && n > 0)
		(void)helper_write(fd, parts, n * sizeof *parts);
	free(parts);
}

static void
answer_cut(int fd, struct pdfdoc *d, uint32_t from, uint32_t to)
{
	uint8_t *bytes = NULL;
	size_t len = 0;
	uint64_t size;

	(void)pdfdoc_cut(d, from, to, &bytes, &len);
	size = len;
	if (helper_write(fd, &size, sizeof size) == 0)
		(void)helper_write(fd, bytes, len);
	free(bytes);
}

static void
answer(int fd, struct pdfdoc *d)
{
	struct message m;

	while (helper_read(fd, &m, sizeof m) == 0)
		switch ((enum question)m.what) {
		case LOOK:
			answer_look(fd, d);
			break;
		case TEXTS:
			answer_texts(fd, d);
			break;
		case PLAN:
			answer_plan(fd, d, m.limit);
			break;
		case CUT:
			answer_cut(fd, d, m.from, m.to);
			break;
		}
}

/* A worker's life; ends when the other side closes the socket. */
static void
work(int maps)
{
	struct sandbox_limits limits = {.memory = MEMORY_LEAST,
					.cpu = PDFWORK_SECONDS};
	uint64_t size = 0;
	uint8_t *bytes;
	struct pdfdoc *d;

	if (helper_read(SANDBOX_SOCKET, &size, sizeof size) != 0 ||
	    size > PDFWORK_MAX)
		return;
	limits.memory += MEMORY_TIMES * size;
	if (sandbox_shut_in(SANDBOX_SOCKET, maps, &limits) != 0)
		_exit(1);
	bytes = malloc(size + 1);
	if (bytes == NULL || helper_read(SANDBOX_SOCKET, bytes, size) != 0)
		return;
	/* whoever reads a text may look one byte too far */
	bytes[size] = '\0';
	d = pdfdoc_new(bytes, size);
	if (d != NULL)
		answer(SANDBOX_SOCKET, d);
}

/* Once through the library: what it makes at first use is then made. */
static bool
warm_up(void)
{
	const uint8_t *sample = (const uint8_t *)pdfdoc_sample;
	struct pdfdoc *d = pdfdoc_new(sample, strlen(pdfdoc_sample));
	struct pdfwork_part *parts = NULL;
	struct pdfwork_facts facts = {.pages = 0};
	uint8_t digest[32], *bytes = NULL;
	size_t n = 0, len = 0;
	bool works = false;

	if (d != NULL) {
		pdfdoc_look(d, &facts);
		pdfdoc_text(d, 0, digest);
		works = facts.pages == 1 && digest[0] != 0 &&
			pdfdoc_plan(d, 1 << 20, &parts, &n) == 0 &&
			pdfdoc_cut(d, 1, 1, &bytes, &len) == 0;
	}
	free(bytes);
	free(parts);
	pdfdoc_free(d);
	return works;
}

static const struct workshop_trade trade = {warm_up, work};

/*
 * Our side.
 */

struct pdfwork *
pdfwork_start(struct err *e)
{
	struct pdfwork *p = calloc(1, sizeof *p);

	if (p == NULL) {
		err_sys(e, "PDF files");
		return NULL;
	}
	p->fd = -1;
	p->shop = workshop_start(&trade, e);
	if (p->shop != NULL)
		return p;
	free(p);
	return NULL;
}

bool
pdfwork_works(const struct pdfwork *p)
{
	return p != NULL && workshop_works(p->shop);
}

void
pdfwork_stop(struct pdfwork *p)
{
	if (p == NULL)
		return;
	pdfwork_close(p);
	workshop_stop(p->shop);
	free(p);
}

int
pdfwork_open(struct pdfwork *p, uint64_t size, struct err *e)
{
	(void)e;
	pdfwork_close(p);
	p->left = size;
	if (!workshop_works(p->shop) || size > PDFWORK_MAX)
		return 0;
	p->fd = workshop_hire(p->shop, NULL);
	if (p->fd >= 0 &&
	    helper_send(p->fd, &size, sizeof size, helper_until(FEED_MS)) != 0)
		pdfwork_close(p);
	return 0;
}

int
pdfwork_feed(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct pdfwork *p = ctx;

	(void)e;
	if (p->fd < 0)
		return 0;
	if (len > p->left ||
	    helper_send(p->fd, bytes, len, helper_until(FEED_MS)) != 0)
		pdfwork_close(p);
	else
		p->left -= len;
	return 0;
}

/* A question, and the first bytes of its answer. */
static int
ask(struct pdfwork *p, const struct message *m, void *out, size_t len)
{
	if (p->fd >= 0 && p->left == 0 &&
	    helper_send(p->fd, m, sizeof *m, helper_until(FEED_MS)) == 0 &&
	    helper_recv(p->fd, out, len, helper_until(ANSWER_MS)) == 0)
		return 0;
	pdfwork_close(p);
	return -1;
}

/* `len` more bytes of it, malloc'ed; NULL if they do not come. */
static void *
more(struct pdfwork *p, size_t len)
{
	void *out = malloc(len + 1);

	if (out != NULL &&
	    helper_recv(p->fd, out, len, helper_until(ANSWER_MS)) == 0)
		return out;
	free(out);
	pdfwork_close(p);
	return NULL;
}

/* A worker that was taken over may answer anything. */
static bool
is_sound(const struct pdfwork_facts *f)
{
	return f->state <= PDFWORK_GAVE_UP && f->pages <= PDFWORK_PAGES_MAX &&
	       f->textless <= f->pages && f->first_of <= f->pages &&
	       (f->state != PDFWORK_READ || f->pages > 0);
}

void
pdfwork_look(struct pdfwork *p, struct pdfwork_facts *out)
{
	const struct message m = {.what = LOOK};

	if (ask(p, &m, out, sizeof *out) == 0 && is_sound(out))
		return;
	*out = (struct pdfwork_facts){.state = PDFWORK_GAVE_UP};
}

int
pdfwork_texts(struct pdfwork *p, uint8_t (**out)[32], uint32_t *pages)
{
	const struct message m = {.what = TEXTS};

	*out = NULL;
	if (ask(p, &m, pages, sizeof *pages) != 0 || *pages == 0 ||
	    *pages > PDFWORK_PAGES_MAX)
		return -1;
	*out = more(p, *pages * sizeof **out);
	return *out != NULL ? 0 : -1;
}

/* Do the parts follow each other, from page 1 on? */
static bool
are_sound(const struct pdfwork_part *parts, size_t n)
{
	uint32_t next = 1;

	for (size_t i = 0; i < n; i++) {
		if (parts[i].from != next || parts[i].to < next ||
		    parts[i].to > PDFWORK_PAGES_MAX || parts[i].size == 0 ||
		    parts[i].size > 2ull * PDFWORK_MAX)
			return false;
		next = parts[i].to + 1;
	}
	return true;
}

int
pdfwork_plan(struct pdfwork *p, uint64_t limit, struct pdfwork_part **out,
	     size_t *n)
{
	const struct message m = {.what = PLAN, .limit = limit};
	uint32_t count = 0;

	*out = NULL;
	*n = 0;
	if (ask(p, &m, &count, sizeof count) != 0 || count == 0 ||
	    count > PDFWORK_PAGES_MAX)
		return -1;
	*out = more(p, count * sizeof **out);
	if (*out != NULL && are_sound(*out, count)) {
		*n = count;
		return 0;
	}
	free(*out);
	*out = NULL;
	return -1;
}

int
pdfwork_cut(struct pdfwork *p, uint32_t from, uint32_t to, uint8_t **out,
	    size_t *len)
{
	const struct message m = {.what = CUT, .from = from, .to = to};
	uint64_t size = 0;

	*out = NULL;
	*len = 0;
	if (ask(p, &m, &size, sizeof size) != 0 || size == 0 ||
	    size > 2ull * PDFWORK_MAX)
		return -1;
	*out = more(p, size);
	if (*out == NULL)
		return -1;
	*len = size;
	return 0;
}

void
pdfwork_close(struct pdfwork *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}
