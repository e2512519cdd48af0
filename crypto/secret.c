#include "secret.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static _Atomic bool locked;

int
secret_init(void)
{
	static uint8_t probe[4096];

	if (sodium_init() < 0)
		return -1;
	/* sodium_malloc succeeds even when locking fails, so ask */
	locked = mlock(probe, sizeof probe) == 0;
	if (locked)
		munlock(probe, sizeof probe);
	return 0;
}

bool
secret_is_locked(void)
{
	return locked;
}

/* sodium_malloc succeeds even where locking fails: try again, and remember. */
static void
note_lock(void *bytes, size_t cap)
{
	if (mlock(bytes, cap) != 0)
		locked = false;
}

struct secret *
secret_new(size_t cap)
{
	struct secret *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->bytes = sodium_malloc(cap);
	if (s->bytes == NULL) {
		free(s);
		return NULL;
	}
	note_lock(s->bytes, cap);
	memset(s->bytes, 0, cap);
	s->cap = cap;
	return s;
}

struct secret *
secret_copy(const void *bytes, size_t len)
{
	struct secret *s = secret_new(len > 0 ? len : 1);

	if (s == NULL)
		return NULL;
	memcpy(s->bytes, bytes, len);
	s->len = len;
	return s;
}

int
secret_append(struct secret *s, const void *bytes, size_t len)
{
	if (len > SIZE_MAX / 4 - s->len)
		return -1;
	if (s->len + len > s->cap) {
		size_t cap = (s->len + len) * 2;
		uint8_t *p = sodium_malloc(cap);

		if (p == NULL)
			return -1;
		note_lock(p, cap);
		memcpy(p, s->bytes, s->len);
		memset(p + s->len, 0, cap - s->len);
		sodium_free(s->bytes);
		s->bytes = p;
		s->cap = cap;
	}
	memcpy(s->bytes + s->len, bytes, len);
	s->len += len;
	return 0;
}

void
secret_free(struct secret *s)
{
	if (s == NULL)
		return;
	sodium_free(s->bytes);
	free(s);
}

void
secret_wipe(void *bytes, size_t len)
{
	sodium_memzero(bytes, len);
}

void
secret_random(void *bytes, size_t len)
{
	randombytes_buf(bytes, len);
}

uint32_t
secret_uniform(uint32_t bound)
{
	return randombytes_uniform(bound);
}

bool
secret_equal(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}
