#include "packwork.h"

#include "caps.h"
#include "helper.h"
#include "map.h"
#include "packform.h"
#include "packscan.h"
#include "sandbox.h"
#include "workshop.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEMORY_MAX (UINT64_C(512) << 20) /* bytes of a worker */
#define CPU_MAX 7200			 /* seconds */
#define ANSWER_MS 60000 /* the longest that a worker leaves us waiting */
#define PIECE (256u << 10)

/*
 * The worker asks and tells; we answer. First it is sent a struct
 * packwork_limits.
 */
enum what {
	WANT,	 /* more of the pack: uint32_t, and so many bytes; 0: no more */
	OBJECT,	 /* `type`, `len`; its bytes follow */
	BASE,	 /* object `number`, or if `number` is BY_ID the one of `id`:
		    a struct message with its `type` and `len` (`type` 0: there
		    is none), then its bytes */
	DONE,	 /* `type` is 1 if the pack was whole */
	REFUSED, /* `type` is an enum err_code, `len` bytes of a struct err */
};
#define BY_ID UINT32_MAX

struct message {
	uint32_t what, type, number, len;
	uint8_t id[GITFORM_OID_LEN];
};

/*
 * The worker.
 */

static void
put(const void *bytes, size_t len)
{
	if (helper_write(SANDBOX_SOCKET, bytes, len) != 0)
		_exit(1);
}

static void
get(void *bytes, size_t len)
{
	if (helper_read(SANDBOX_SOCKET, bytes, len) != 0)
		_exit(1);
}

static int
hand_out(void *ctx, unsigned type, const uint8_t *data, size_t len,
	 struct err *e)
{
	struct message m = {.what = OBJECT, .type = type, .len = (uint32_t)len};

	(void)ctx;
	(void)e;
	put(&m, sizeof m);
	put(data, len);
	return 0;
}

static int
ask_base(void *ctx, uint32_t number, const uint8_t *id, unsigned *type,
	 const uint8_t **data, size_t *len, struct err *e)
{
	static uint8_t base[PACKSCAN_OBJECT_MAX];
	struct message m = {.what = BASE, .number = number};

	(void)ctx;
	(void)e;
	if (id != NULL) {
		m.number = BY_ID;
		memcpy(m.id, id, sizeof m.id);
	}
	put(&m, sizeof m);
	get(&m, sizeof m);
	if (m.type == 0 || m.len > sizeof base)
		return 1;
	get(base, m.len);
	*type = m.type;
	*data = base;
	*len = m.len;
	return 0;
}

/* Take the pack apart, to its end. */
static int
take_apart(struct packscan *s, struct err *e)
{
	static const struct message want = {.what = WANT};
	static uint8_t buf[PIECE];
	uint32_t len;

	for (;;) {
		put(&want, sizeof want);
		get(&len, sizeof len);
		if (len == 0)
			return 0;
		if (len > sizeof buf)
			_exit(1);
		get(buf, len);
		if (packscan_put(s, buf, len, e) != 0)
			return -1;
	}
}

static void
work(int maps)
{
	static const struct packscan_out out = {hand_out, ask_base, NULL};
	const struct sandbox_limits limits = {.memory = MEMORY_MAX,
					      .cpu = CPU_MAX};
	struct packwork_limits l;
	struct packscan *s;
	struct err e = {0};
	struct message m = {.what = DONE};

	if (sandbox_shut_in(SANDBOX_SOCKET, maps, &limits) != 0)
		_exit(1);
	get(&l, sizeof l);
	s = packscan_new();
	if (s == NULL || packscan_hand_out(s, &out) != 0)
		return;
	packscan_limit(s, l.bytes, l.objects);
	if (l.work > 0)
		packscan_take_deltas(s, l.work);
	if (take_apart(s, &e) != 0) {
		m.what = REFUSED;
		m.type = (uint32_t)e.code;
		m.len = sizeof e;
		put(&m, sizeof m);
		put(&e, sizeof e);
	} else {
		m.type = packscan_is_whole(s);
		put(&m, sizeof m);
	}
	packscan_free(s);
}

/* The hash is made ready by being used: it looks for what the machine has. */
static bool
warm_up(void)
{
	uint8_t oid[GITFORM_OID_LEN];

	packform_oid(PACKFORM_BLOB, "", 0, oid);
	return true;
}

/*
 * Our side.
 */

static struct workshop *shop;

struct packwork {
	int fd; /* of the worker; -1 when it is done */
	struct packwork_limits limits;
	struct packform_file *pack;
	struct map numbers; /* id -> number, where deltas are taken */
	uint32_t objects;
	uint64_t bytes;
	bool wanting; /* the worker waits for more of the pack */
	bool over, whole;
	uint8_t *buf; /* an object */
};

void
packwork_prepare(void)
{
	static const struct workshop_trade trade = {warm_up, work};

	if (shop == NULL)
		shop = workshop_start(&trade, NULL);
}

static int
gone(struct packwork *p, struct err *e)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	return err_set(
	    e, ERR_UNKNOWN,
	    "git pack: the process that read it came to its limits of"
	    " memory or time, or was stopped");
}

struct packwork *
packwork_new(const char *folder, const struct packwork_limits *limits,
	     struct err *e)
{
	struct packwork *p = calloc(1, sizeof *p);

	if (p == NULL) {
		err_memory(e);
		return NULL;
	}
	p->limits = *limits;
	p->fd = workshop_hire(shop, e);
	if (p->fd < 0)
		goto bad;
	p->buf = malloc(PACKSCAN_OBJECT_MAX);
	if (p->buf == NULL) {
		err_memory(e);
		goto bad;
	}
	p->pack = packform_file_new(folder, e);
	if (p->pack == NULL)
		goto bad;
	if (helper_send(p->fd, limits, sizeof *limits,
			helper_until(ANSWER_MS)) == 0)
		return p;
	gone(p, e);
bad:
	packwork_free(p);
	return NULL;
}

void
packwork_free(struct packwork *p)
{
	if (p == NULL)
		return;
	if (p->fd >= 0)
		close(p->fd);
	packform_file_free(p->pack);
	map_free(&p->numbers);
	free(p->buf);
	free(p);
}

/* An object comes: into our pack, under the name that its bytes have. */
static int
take_object(struct packwork *p, const struct message *m, struct err *e)
{
	uint8_t key[MAP_KEY_LEN] = {0};

	if (m->type < PACKFORM_COMMIT || m->type > PACKFORM_BLOB ||
	    m->len > PACKSCAN_OBJECT_MAX ||
	    helper_recv(p->fd, p->buf, m->len, helper_until(ANSWER_MS)) != 0)
		return gone(p, e);
	p->bytes += m->len;
	if (p->bytes > p->limits.bytes)
		return caps_exceeded("more history", e);
	if (p->objects >= p->limits.objects)
		return caps_exceeded("more git objects", e);
	if (packform_file_add(p->pack, (enum packform_type)m->type, p->buf,
			      m->len, key, e) != 0)
		return -1;
	if (p->limits.work > 0 && map_set(&p->numbers, key, p->objects) != 0)
		return err_memory(e);
	p->objects++;
	return 0;
}

/* A base is asked for: out of our pack. */
static int
give_base(struct packwork *p, const struct message *m, struct err *e)
{
	struct message answer = {.what = BASE};
	uint8_t key[MAP_KEY_LEN] = {0};
	enum packform_type type;
	size_t number = m->number, len = 0;
	bool there = number < p->objects;
	int64_t until = helper_until(ANSWER_MS);

	memcpy(key, m->id, sizeof m->id);
	if (m->number == BY_ID)
		there = map_get(&p->numbers, key, &number);
	if (there) {
		if (packform_file_read(p->pack, number, PACKSCAN_OBJECT_MAX,
				       &type, p->buf, &len, e) != 0)
			return -1;
		answer.type = (uint32_t)type;
		answer.len = (uint32_t)len;
	}
	if (helper_send(p->fd, &answer, sizeof answer, until) != 0 ||
	    helper_send(p->fd, p->buf, len, until) != 0)
		return gone(p, e);
	return 0;
}

/* Why it was refused, in the worker's words. */
static int
take_reason(struct packwork *p, const struct message *m, struct err *e)
{
	struct err why;
	char shown[sizeof why.msg];

	if (m->len != sizeof why ||
	    helper_recv(p->fd, &why, sizeof why, helper_until(ANSWER_MS)) != 0)
		return gone(p, e);
	why.msg[sizeof why.msg - 1] = why.hint[sizeof why.hint - 1] = '\0';
	/* our own limit has a hint that callers look for */
	if (caps_are_exceeded(&why))
		return caps_exceeded(strncmp(why.msg, "more git", 8) == 0
					 ? "more git objects"
					 : "more history",
				     e);
	err_escape(shown, sizeof shown, why.msg, strlen(why.msg));
	return err_set(e, m->type == ERR_EVIDENCE ? ERR_EVIDENCE : ERR_UNKNOWN,
		       "%s", shown);
}

/* Answer until the worker wants more of the pack, or has ended. */
static int
serve(struct packwork *p, struct err *e)
{
	while (!p->wanting && !p->over) {
		struct message m;
		int rc = 0;

		if (p->fd < 0 || helper_recv(p->fd, &m, sizeof m,
					     helper_until(ANSWER_MS)) != 0)
			return gone(p, e);
		switch ((enum what)m.what) {
		case WANT:
			p->wanting = true;
			break;
		case OBJECT:
			rc = take_object(p, &m, e);
			break;
		case BASE:
			rc = give_base(p, &m, e);
			break;
		case DONE:
			p->over = true;
			p->whole = m.type == 1;
			break;
		case REFUSED:
			rc = take_reason(p, &m, e);
			break;
		default:
			rc = gone(p, e);
		}
		if (rc != 0)
			return -1;
	}
	return 0;
}

/* One piece; `len` 0 says that there is no more. */
static int
send_piece(struct packwork *p, const void *bytes, uint32_t len, struct err *e)
{
	int64_t until;

	if (serve(p, e) != 0)
		return -1;
	if (p->over)
		return gone(p, e);
	until = helper_until(ANSWER_MS);
	p->wanting = false;
	if (helper_send(p->fd, &len, sizeof len, until) != 0 ||
	    helper_send(p->fd, bytes, len, until) != 0)
		return gone(p, e);
	return 0;
}

int
packwork_put(struct packwork *p, const void *bytes, size_t len, struct err *e)
{
	const uint8_t *at = bytes;

	while (len > 0) {
		uint32_t n = len < PIECE ? (uint32_t)len : PIECE;

		if (send_piece(p, at, n, e) != 0)
			return -1;
		at += n;
		len -= n;
	}
	return 0;
}

int
packwork_finish(struct packwork *p, bool *whole, uint32_t *objects,
		struct err *e)
{
	char name[48];

	if (send_piece(p, "", 0, e) != 0 || serve(p, e) != 0)
		return -1;
	*whole = p->whole;
	*objects = p->objects;
	if (!p->whole || p->objects == 0)
		return 0;
	return packform_file_finish(p->pack, name, e);
}
