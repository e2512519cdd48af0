#include "contentswork.h"

#include "helper.h"
#include "sandbox.h"

#include <string.h>
#include <unistd.h>

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

void
contentswork_read(uint64_t at, void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len > 0) {
		size_t n = len < CONTENTSWORK_PIECE ? len : CONTENTSWORK_PIECE;
		struct contentswork_message m = {
		    .what = WORK_READ, .a = at, .len = (uint32_t)n};

		put(&m, sizeof m);
		get(p, n);
		at += n;
		p += n;
		len -= n;
	}
}

bool
contentswork_member(enum contents_kind kind, const char *name, uint64_t size,
		    int64_t time)
{
	struct contentswork_message m = {
	    .what = WORK_MEMBER, .kind = (uint32_t)kind, .a = size, .b = time};
	uint8_t wanted;

	m.len = (uint32_t)strnlen(name, CONTENTS_NAME_MAX - 1);
	put(&m, sizeof m);
	put(name, m.len);
	get(&wanted, 1);
	return wanted != 0;
}

void
contentswork_bytes(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	while (len > 0) {
		size_t n = len < CONTENTSWORK_PIECE ? len : CONTENTSWORK_PIECE;
		struct contentswork_message m = {.what = WORK_BYTES,
						 .len = (uint32_t)n};

		put(&m, sizeof m);
		put(p, n);
		p += n;
		len -= n;
	}
}

/* A message with a reason behind it. */
static void
say(enum contentswork_what what, uint32_t kind, const char *why)
{
	struct contentswork_message m = {.what = what, .kind = kind};

	if (why != NULL)
		m.len = (uint32_t)strnlen(why, CONTENTS_WHY_MAX - 1);
	put(&m, sizeof m);
	put(why, m.len);
}

void
contentswork_end(const char *why)
{
	say(WORK_END, why != NULL, why);
}

void
contentswork_done(enum contents_state state, const char *why)
{
	say(WORK_DONE, (uint32_t)state, why);
}
