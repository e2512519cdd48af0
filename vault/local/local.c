#include "local.h"

#include "absent.h"
#include "agefile.h"
#include "base64.h"
#include "ed25519.h"
#include "hex.h"
#include "relock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCAL_FILE_MAX (64u << 20) /* bytes */
#define DEVICE "local/device.age"
#define NEW_DEVICE "local/device-new.age"

int
local_write(struct vault *v, const struct identity *id, const char *rel,
	    const void *bytes, size_t len, struct err *e)
{
	struct agefile_to to = {.keys = &id->local_pub, .n = 1};
	char path[FSUTIL_PATH];
	uint8_t *file = NULL;
	size_t n = 0;
	int rc = -1;

	if (vault_path(v, "local", path, e) != 0 ||
	    fsutil_mkdirs(path, e) != 0 || vault_path(v, rel, path, e) != 0 ||
	    agefile_seal(&to, bytes, len, &file, &n, e) != 0)
		return -1;
	rc = fsutil_write(path, file, n, e);
	free(file);
	return rc;
}

struct secret *
local_read(struct vault *v, const struct identity *id, const char *rel,
	   struct err *e)
{
	struct agefile_identity key = {AGEKEY_X25519, identity_local(id)};
	struct agefile_from from = {.keys = &key, .n = 1};
	char path[FSUTIL_PATH], *file = NULL;
	struct err inner = {0};
	struct secret *s = NULL;
	size_t len = 0;

	if (relock_path(v, rel, path, e) != 0 || !fsutil_exists(path) ||
	    fsutil_read(path, LOCAL_FILE_MAX, &file, &len, e) != 0)
		return NULL;
	s = secret_new(len + 1);
	if (s == NULL) {
		err_memory(e);
	} else if (agefile_open(&from, file, len, s->bytes, s->cap, &s->len,
				NULL, &inner) != 0) {
		err_set(e, ERR_EVIDENCE,
			"%s: damaged, or not written by this identity", rel);
		secret_free(s);
		s = NULL;
	}
	free(file);
	return s;
}

/* "muniment device 1", vault id, seed. */
static int
parse_device(const struct secret *s, const char *vault_id, uint8_t seed[32])
{
	static const char head[] = "muniment device 1\nvault ";
	static const char key[] = "\nsigning-key ";
	const size_t at = sizeof head - 1 + VAULT_ID_LEN + sizeof key - 1;
	const char *t = (const char *)s->bytes;
	size_t n = 0;

	if (s->len != at + 44 + 1 || memcmp(t, head, sizeof head - 1) != 0 ||
	    memcmp(t + sizeof head - 1, vault_id, VAULT_ID_LEN) != 0 ||
	    base64_decode(t + at, 44, true, seed, 32, &n) != 0 || n != 32)
		return -1;
	return 0;
}

int
local_vault_id(struct vault *v, const struct identity *id,
	       char out[VAULT_ID_LEN + 1])
{
	static const char head[] = "muniment device 1\nvault ";
	struct secret *s = local_read(v, id, DEVICE, NULL);
	const char *t = s != NULL ? (const char *)s->bytes : "";
	int rc = -1;

	if (s != NULL && s->len > sizeof head + VAULT_ID_LEN &&
	    memcmp(t, head, sizeof head - 1) == 0 &&
	    hex_is(t + sizeof head - 1, VAULT_ID_LEN)) {
		memcpy(out, t + sizeof head - 1, VAULT_ID_LEN);
		out[VAULT_ID_LEN] = '\0';
		rc = 0;
	}
	secret_free(s);
	return rc;
}

static int
write_device(struct vault *v, const struct identity *id, const char *rel,
	     const struct secret *seed, struct err *e)
{
	struct secret *s = secret_new(256);
	char b64[48];
	int rc = -1;

	if (s == NULL)
		return err_memory(e);
	b64[base64_encode(seed->bytes, 32, true, b64)] = '\0';
	s->len = (size_t)snprintf(
	    (char *)s->bytes, s->cap,
	    "muniment device 1\nvault %s\nsigning-key %s\n", v->id, b64);
	secret_wipe(b64, sizeof b64);
	rc = local_write(v, id, rel, s->bytes, s->len, e);
	secret_free(s);
	return rc;
}

/* The seed in one of the two files; NULL as local_read does. */
static struct secret *
read_device(struct vault *v, const struct identity *id, const char *rel,
	    char device[BATCH_DEVICE_LEN + 1], struct err *e)
{
	struct secret *s = local_read(v, id, rel, e), *seed = NULL;
	uint8_t pub[32];

	if (s == NULL)
		return NULL;
	seed = secret_new(32);
	if (seed == NULL) {
		err_memory(e);
	} else if (parse_device(s, v->id, seed->bytes) != 0) {
		err_set(e, ERR_EVIDENCE, "%s: of another vault, or damaged",
			rel);
		secret_free(seed);
		seed = NULL;
	} else {
		seed->len = 32;
		ed25519_public(seed->bytes, pub);
		batch_device_name(pub, device);
	}
	secret_free(s);
	return seed;
}

/*
 * The file that holds this machine's key: a new one's takes the old one's
 * place once something in the vault is signed with it.
 */
static const char *
device_file(struct vault *v, const struct identity *id)
{
	char from[FSUTIL_PATH], to[FSUTIL_PATH], device[BATCH_DEVICE_LEN + 1];
	struct secret *seed = read_device(v, id, NEW_DEVICE, device, NULL);
	bool made = seed != NULL;

	secret_free(seed);
	if (!made || vault_first_log(v, device) == SIZE_MAX ||
	    vault_path(v, NEW_DEVICE, from, NULL) != 0 ||
	    vault_path(v, DEVICE, to, NULL) != 0)
		return DEVICE;
	/* what cannot be renamed now can be read all the same */
	return rename(from, to) == 0 || !fsutil_exists(from) ? DEVICE
							     : NEW_DEVICE;
}

static struct secret *
make_device(struct vault *v, const struct identity *id, const char *rel,
	    char device[BATCH_DEVICE_LEN + 1], struct err *e)
{
	struct secret *seed = secret_new(32);
	uint8_t pub[32];

	if (seed == NULL) {
		err_memory(e);
		return NULL;
	}
	seed->len = 32;
	ed25519_generate(seed->bytes, pub);
	batch_device_name(pub, device);
	if (write_device(v, id, rel, seed, e) == 0)
		return seed;
	secret_free(seed);
	return NULL;
}

struct secret *
local_device_new(struct vault *v, const struct identity *id,
		 char device[BATCH_DEVICE_LEN + 1], struct err *e)
{
	return make_device(v, id, NEW_DEVICE, device, e);
}

struct secret *
local_device(struct vault *v, const struct identity *id, bool make,
	     char device[BATCH_DEVICE_LEN + 1], struct err *e)
{
	struct err inner = {0};
	struct secret *seed;

	seed = read_device(v, id, device_file(v, id), device, &inner);
	if (inner.code != ERR_NONE)
		err_set(e, inner.code, "%s", inner.msg);
	if (seed != NULL || inner.code != ERR_NONE || !make)
		return seed;
	return make_device(v, id, DEVICE, device, e);
}
