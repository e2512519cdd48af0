#include "unlock.h"

#include "agefile.h"
#include "fsutil.h"
#include "hash.h"
#include "hex.h"
#include "identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char prefix[] = "muniment:";

/* What the kernel keeps: the end in seconds since 1970, then the key. */
enum { END_LEN = 8, KEPT_LEN = END_LEN + AGEKEY_FILE_KEY_LEN };
_Static_assert((int)KEPT_LEN <= KEYRING_BYTES_MAX, "a session fits a key");

static void
name_of(const void *file, size_t len, char out[KEYRING_NAME_MAX])
{
	uint8_t sum[HASH_LEN];
	char hex[2 * HASH_LEN + 1];

	hash_sha256(file, len, sum);
	hex_encode(sum, sizeof sum, hex);
	snprintf(out, KEYRING_NAME_MAX, "%s%.32s", prefix, hex);
}

/* The session of an identity file, or NULL. */
static struct secret *
session(const void *file, size_t len)
{
	char name[KEYRING_NAME_MAX];
	struct secret *s;

	name_of(file, len, name);
	s = keyring_get(name);
	if (s != NULL && s->len == KEPT_LEN)
		return s;
	secret_free(s);
	return NULL;
}

struct secret *
unlock_key(const void *file, size_t len)
{
	struct secret *s = session(file, len), *key = NULL;

	if (s != NULL)
		key = secret_copy(s->bytes + END_LEN, AGEKEY_FILE_KEY_LEN);
	secret_free(s);
	return key;
}

static int
keep(const void *file, size_t len, const uint8_t *key, unsigned seconds,
     struct err *e)
{
	struct secret *kept = secret_new(KEPT_LEN);
	char name[KEYRING_NAME_MAX];
	uint64_t end = (uint64_t)time(NULL) + seconds;
	int rc;

	if (kept == NULL)
		return err_memory(e);
	for (int i = 0; i < END_LEN; i++)
		kept->bytes[i] = (uint8_t)(end >> (8 * (END_LEN - 1 - i)));
	memcpy(kept->bytes + END_LEN, key, AGEKEY_FILE_KEY_LEN);
	name_of(file, len, name);
	rc = keyring_put(name, kept->bytes, KEPT_LEN, seconds, e);
	secret_free(kept);
	return rc;
}

int
unlock_begin(const char *identity, const struct secret *pass, unsigned seconds,
	     struct err *e)
{
	struct secret *key = secret_new(AGEKEY_FILE_KEY_LEN);
	struct identity *id = NULL;
	char *file = NULL;
	size_t len = 0;
	int rc = -1;

	if (key == NULL)
		return err_memory(e);
	id = identity_load_keeping(identity, pass, key->bytes, &file, &len, e);
	if (id != NULL)
		rc = keep(file, len, key->bytes, seconds, e);
	identity_free(id);
	secret_free(key);
	free(file);
	return rc;
}

int
unlock_end(struct err *e)
{
	return keyring_wipe(prefix, e);
}

unsigned
unlock_left(const char *identity)
{
	struct err unused = {0};
	struct secret *s;
	char *file = NULL;
	uint64_t end = 0, now = (uint64_t)time(NULL);
	size_t len = 0;

	if (fsutil_read(identity, IDENTITY_FILE_MAX, &file, &len, &unused) != 0)
		return 0;
	s = session(file, len);
	free(file);
	if (s == NULL)
		return 0;
	for (int i = 0; i < END_LEN; i++)
		end = end << 8 | s->bytes[i];
	secret_free(s);
	/* the kernel has the last word: what is there can be used */
	return end <= now			? 1
	       : end - now > UNLOCK_SECONDS_MAX ? UNLOCK_SECONDS_MAX
						: (unsigned)(end - now);
}
