#include "mediatype.h"

#include "apart.h"
#include "helper.h"
#include "pool.h"
#include "sandbox.h"

#include <assert.h>
#include <jansson.h>
#include <magic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MEMORY_MAX (512UL << 20) /* bytes */
#define CPU_MAX 3600		 /* seconds, over all files of one command */
#define TEXT_LOOK 4096		 /* bytes that must be a text's */
#define TEXT_HEAD 1024		 /* bytes of a text that libmagic sees */
#define STOP_MS 1000 /* the longest that a helper takes to wipe itself */

struct helper {
	pid_t pid; /* 0: it does not work */
	int fd;	   /* ours of the socket pair, -1 without a helper */
	bool deaf; /* a question did not reach it: it gets no more */
};

/* A question: whom it was put to, or NULL once `type` answers it. */
struct question {
	struct helper *to;
	char type[MEDIATYPE_LEN];
};

struct mediatype {
	struct helper helpers[MEDIATYPE_HELPERS_MAX];
	size_t n;
	bool failed; /* one of them does not work, or no more */
	uint64_t put, got;
	struct question asked[MEDIATYPE_AHEAD]; /* those from put - AHEAD on */
};

/*
 * What goes over a socket. To the helper: the length as uint32_t, then the
 * bytes. Back: MEDIATYPE_LEN bytes, the type filled up with NULs. The answers
 * to all that can be asked ahead fit into the socket's buffer, so that no
 * helper waits for us while we wait for it.
 */

/*
 * The helper.
 */

int
mediatype_sandbox(int fd, int maps)
{
	static const struct sandbox_limits limits = {.memory = MEMORY_MAX,
						     .cpu = CPU_MAX};

	return sandbox_shut_in(fd, maps, &limits);
}

/* libmagic with its database, or NULL. Looks into no archive. */
static magic_t
load_magic(void)
{
	/* where nothing is installed, its database lies beside the program */
	const char *beside = getenv("MUNIMENT_MAGIC");
	magic_t magic;

	/* the system's database, not one that somebody's HOME holds */
	unsetenv("MAGIC");
	unsetenv("HOME");
	/* a time zone that needs no file later */
	setenv("TZ", "UTC0", 1);
	tzset();
	magic = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS |
			   MAGIC_NO_CHECK_ELF);
	if (magic == NULL || magic_load(magic, beside) == 0)
		return magic;
	magic_close(magic);
	return NULL;
}

/* Nothing in the first bytes that no text has? */
static bool
is_text(const uint8_t *p, size_t len)
{
	len = len < TEXT_LOOK ? len : TEXT_LOOK;
	for (size_t i = 0; i < len; i++)
		if ((p[i] < ' ' && (p[i] < '\t' || p[i] > '\r')) ||
		    p[i] == 0x7f)
			return false;
	return len > 0;
}

static bool
begins(const char *p, size_t len, const char *with)
{
	return len >= strlen(with) && strncasecmp(p, with, strlen(with)) == 0;
}

/*
 * JSON that is all there must be whole. Of a longer text its beginning decides,
 * as it does for other types: up to its last comma, so that the cut is not
 * within a token.
 */
static bool
is_json(const char *p, size_t len, bool more)
{
	json_error_t why;
	json_t *o;

	if (len == 0 || (p[0] != '{' && p[0] != '['))
		return false;
	while (more && len > 1 && p[len - 1] != ',')
		len--;
	o = json_loadb(p, len, 0, &why);
	json_decref(o);
	return o != NULL ||
	       (more && len > 1 &&
		json_error_code(&why) == json_error_premature_end_of_input);
}

/*
 * libmagic takes half a millisecond for a text, most of it for rules that look
 * everywhere. The commonest are told by how they begin, as libmagic tells them;
 * and of other texts it sees the beginning only. NULL: *len bytes for libmagic.
 */
static const char *
text_type(const uint8_t *head, size_t *len)
{
	const char *p = (const char *)head;
	bool more = *len > TEXT_LOOK;
	size_t n = more ? TEXT_LOOK : *len;

	if (!is_text(head, n))
		return NULL;
	if (begins(p, n, "From:") || begins(p, n, "Received:") ||
	    begins(p, n, "Return-Path:"))
		return "message/rfc822";
	if (begins(p, n, "\xef\xbb\xbf"))
		p += 3, n -= 3;
	while (n > 0 && strchr(" \t\r\n", *p) != NULL)
		p++, n--;
	if (begins(p, n, "<!doctype html") || begins(p, n, "<html"))
		return "text/html";
	if (is_json(p, n, more))
		return "application/json";
	if (*len > TEXT_HEAD && !begins(p, n, "<"))
		*len = TEXT_HEAD;
	else if (*len > TEXT_LOOK)
		*len = TEXT_LOOK;
	return NULL;
}

/* The helper's life; ends when the other side closes the socket. */
static _Noreturn void
help(int fd, pid_t parent)
{
	static uint8_t head[MEDIATYPE_HEAD_LEN];
	magic_t magic;
	uint32_t len;
	int maps;

	if (sandbox_let_go(fd, parent) != 0)
		_exit(1);
	maps = apart_begin();
	magic = load_magic();
	json_object_seed(0); /* no file of random numbers is open later */
	if (magic == NULL || mediatype_sandbox(SANDBOX_SOCKET, maps) != 0)
		_exit(1);
	while (helper_read(SANDBOX_SOCKET, &len, sizeof len) == 0) {
		char answer[MEDIATYPE_LEN] = "";
		const char *type;
		size_t look;

		if (len > sizeof head ||
		    helper_read(SANDBOX_SOCKET, head, len) != 0)
			break;
		look = len;
		type = text_type(head, &look);
		if (type == NULL)
			type = magic_buffer(magic, head, look);
		if (type != NULL && strlen(type) < sizeof answer)
			memcpy(answer, type, strlen(type));
		explicit_bzero(head, len);
		if (helper_write(SANDBOX_SOCKET, answer, sizeof answer) != 0)
			break;
	}
	apart_end(maps, 0);
}

/*
 * Our side.
 */

static bool
is_name(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = s[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (!plain && (i == 0 || strchr("!#$&-^_.+", c) == NULL))
			return false;
	}
	return len > 0;
}

bool
mediatype_clean(char *s)
{
	size_t type = strcspn(s, "/");

	for (char *p = s; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return s[type] == '/' && is_name(s, type) &&
	       is_name(s + type + 1, strlen(s + type + 1));
}

/* It does not answer: it is never asked again. */
static void
give_up(struct mediatype *m, struct helper *h)
{
	helper_end(&h->fd, &h->pid, 0);
	m->failed = true;
}

/* Take the answer to the oldest question that has none. */
static void
take_answer(struct mediatype *m, int ms)
{
	struct question *q = &m->asked[m->got++ % MEDIATYPE_AHEAD];
	struct helper *h = q->to;

	q->to = NULL;
	if (h == NULL)
		return;
	if (h->pid == 0 ||
	    helper_recv(h->fd, q->type, MEDIATYPE_LEN, helper_until(ms)) != 0) {
		give_up(m, h);
		strcpy(q->type, MEDIATYPE_UNKNOWN);
	}
	/* inode/ is libmagic's own word for what is no content */
	if (memchr(q->type, '\0', MEDIATYPE_LEN) == NULL ||
	    !mediatype_clean(q->type) || strncmp(q->type, "inode/", 6) == 0)
		strcpy(q->type, MEDIATYPE_UNKNOWN);
}

/* Put a question to a helper; a text's beginning says what it is. */
static int
put_to(struct helper *h, const void *head, size_t len, int ms)
{
	size_t most =
	    is_text(head, len) ? TEXT_LOOK + 1 : (size_t)MEDIATYPE_HEAD_LEN;
	uint32_t size = (uint32_t)(len < most ? len : most);
	int64_t until = helper_until(ms);

	return helper_send(h->fd, &size, sizeof size, until) == 0
		   ? helper_send(h->fd, head, size, until)
		   : -1;
}

static uint64_t
put(struct mediatype *m, struct helper *h, const void *head, size_t len, int ms)
{
	struct question *q = &m->asked[m->put % MEDIATYPE_AHEAD];

	while (m->put - m->got >= MEDIATYPE_AHEAD)
		take_answer(m, ms);
	strcpy(q->type, MEDIATYPE_UNKNOWN);
	q->to = NULL;
	if (h != NULL && len > 0) {
		q->to = h;
		/* what it answered before can still be read */
		h->deaf = put_to(h, head, len, ms) != 0;
	}
	return m->put++;
}

uint64_t
mediatype_put(struct mediatype *m, const void *head, size_t len)
{
	struct helper *h = NULL;

	/* in turn, so that the same goes to the same */
	for (size_t i = 0; h == NULL && i < m->n; i++) {
		h = &m->helpers[(m->put + i) % m->n];
		if (h->pid == 0 || h->deaf)
			h = NULL;
	}
	return put(m, h, head, len, MEDIATYPE_ASK_MS);
}

void
mediatype_get(struct mediatype *m, uint64_t question, char out[MEDIATYPE_LEN])
{
	assert(question < m->put && m->put - question <= MEDIATYPE_AHEAD);
	while (m->got <= question)
		take_answer(m, MEDIATYPE_ASK_MS);
	strcpy(out, m->asked[question % MEDIATYPE_AHEAD].type);
}

int
mediatype_ask(struct mediatype *m, const void *head, size_t len,
	      char out[MEDIATYPE_LEN])
{
	mediatype_get(m, mediatype_put(m, head, len), out);
	return m->failed ? -1 : 0;
}

/* Fork one. It stays without pid when it cannot be. */
static void
start_helper(struct helper *h)
{
	pid_t self = getpid();
	int pair[2];

	h->fd = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return;
	h->pid = fork();
	if (h->pid == 0)
		help(pair[1], self);
	close(pair[1]);
	h->fd = pair[0];
	if (h->pid < 0)
		h->pid = 0;
}

/* Does each recognise a PDF? They load their databases at the same time. */
static void
probe(struct mediatype *m)
{
	static const char pdf[] = "%PDF-1.7\n";

	for (size_t i = 0; i < m->n; i++)
		(void)put(m, &m->helpers[i], pdf, sizeof pdf - 1,
			  MEDIATYPE_START_MS);
	for (size_t i = 0; i < m->n; i++) {
		take_answer(m, MEDIATYPE_START_MS);
		if (strcmp(m->asked[i].type, "application/pdf") != 0)
			give_up(m, &m->helpers[i]);
	}
}

struct mediatype *
mediatype_start(size_t helpers, struct err *e)
{
	struct mediatype *m = calloc(1, sizeof *m);

	if (m == NULL) {
		err_sys(e, "media types");
		return NULL;
	}
	m->n = helpers < pool_jobs() ? helpers : pool_jobs();
	if (m->n > MEDIATYPE_HELPERS_MAX)
		m->n = MEDIATYPE_HELPERS_MAX;
	for (size_t i = 0; i < m->n; i++)
		start_helper(&m->helpers[i]);
	probe(m);
	return m;
}

bool
mediatype_works(const struct mediatype *m)
{
	return !m->failed;
}

pid_t
mediatype_pid(const struct mediatype *m)
{
	return m->helpers[0].pid;
}

void
mediatype_stop(struct mediatype *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n; i++)
		helper_end(&m->helpers[i].fd, &m->helpers[i].pid, STOP_MS);
	free(m);
}
