#include "sharekey.h"

#include "hash.h"
#include "hex.h"
#include "share.h"

#include <string.h>

#define DIGEST_LEN 16 /* bytes of SHA-256 */

int
sharekey_load(struct sharekey *k, enum sharekey_kind kind, const char *path,
	      const struct secret *pass, struct err *e)
{
	*k = (struct sharekey){.kind = kind};
	if (kind == SHAREKEY_IDENTITY)
		k->id = identity_load(path, pass, e);
	else
		k->seed = identity_load_any_root(path, k->vault_id, pass, e);
	return k->id != NULL || k->seed != NULL ? 0 : -1;
}

int
sharekey_save(const struct sharekey *k, const char *path,
	      const struct secret *pass, unsigned work_factor, struct err *e)
{
	if (k->kind == SHAREKEY_IDENTITY)
		return identity_save(k->id, path, pass, work_factor, e);
	return identity_save_root(k->seed->bytes, k->vault_id, path, pass,
				  work_factor, e);
}

void
sharekey_free(struct sharekey *k)
{
	identity_free(k->id);
	secret_free(k->seed);
	*k = (struct sharekey){0};
}

/* Append a name and before it a byte with its length. */
static int
add_name(struct secret *s, const char *name)
{
	uint8_t n = (uint8_t)strlen(name);

	return secret_append(s, &n, 1) != 0 || secret_append(s, name, n) != 0;
}

static int
add_key(struct secret *s, const struct sharekey *k)
{
	uint8_t kind = (uint8_t)k->kind, vault[HASH_LEN];

	if (secret_append(s, &kind, 1) != 0)
		return -1;
	if (k->kind == SHAREKEY_IDENTITY)
		return secret_append(s, k->id->keys->bytes,
				     IDENTITY_KEYS_LEN) != 0 ||
		       add_name(s, k->id->name) != 0 ||
		       add_name(s, k->id->org) != 0;
	return hex_decode(k->vault_id, HASH_LEN, vault) != 0 ||
	       secret_append(s, vault, HASH_LEN) != 0 ||
	       secret_append(s, k->seed->bytes, 32) != 0;
}

struct secret *
sharekey_encode(const struct sharekey *k, struct err *e)
{
	struct secret *s = secret_new(SHARE_DATA_MAX);
	uint8_t digest[HASH_LEN];

	if (s == NULL || add_key(s, k) != 0) {
		err_memory(e);
		secret_free(s);
		return NULL;
	}
	/* the rest is zeros; the names' lengths are bounded (cardtext.h) */
	s->len = share_data_len(s->len + DIGEST_LEN);
	hash_sha256(s->bytes, s->len - DIGEST_LEN, digest);
	memcpy(s->bytes + s->len - DIGEST_LEN, digest, DIGEST_LEN);
	secret_wipe(digest, sizeof digest);
	return s;
}

bool
sharekey_is_whole(const uint8_t *bytes, size_t len)
{
	uint8_t digest[HASH_LEN];
	bool same;

	if (len < DIGEST_LEN)
		return false;
	hash_sha256(bytes, len - DIGEST_LEN, digest);
	same = secret_equal(digest, bytes + len - DIGEST_LEN, DIGEST_LEN);
	secret_wipe(digest, sizeof digest);
	return same;
}

/* Take a name; its place after it, or NULL. */
static const uint8_t *
take_name(const uint8_t *p, const uint8_t *end, char out[CARDTEXT_NAME_MAX])
{
	if (p == NULL || p >= end || *p >= CARDTEXT_NAME_MAX ||
	    *p > end - p - 1)
		return NULL;
	memcpy(out, p + 1, *p);
	out[*p] = '\0';
	return p + 1 + *p;
}

static struct identity *
take_identity(const uint8_t *p, const uint8_t *end, struct err *e)
{
	char name[CARDTEXT_NAME_MAX], org[CARDTEXT_NAME_MAX];
	const uint8_t *keys = p;

	if (end - p < IDENTITY_KEYS_LEN)
		return NULL;
	p = take_name(p + IDENTITY_KEYS_LEN, end, name);
	if (take_name(p, end, org) == NULL)
		return NULL;
	return identity_of_keys(name, org, keys, e);
}

int
sharekey_decode(const uint8_t *bytes, size_t len, struct sharekey *k,
		struct err *e)
{
	const uint8_t *p = bytes + 1, *end = bytes + len - DIGEST_LEN;

	*k = (struct sharekey){.kind = bytes[0]};
	if (k->kind == SHAREKEY_IDENTITY) {
		k->id = take_identity(p, end, e);
	} else if (k->kind == SHAREKEY_ROOT && end - p >= HASH_LEN + 32) {
		hex_encode(p, HASH_LEN, k->vault_id);
		k->seed = secret_copy(p + HASH_LEN, 32);
	}
	if (k->id != NULL || k->seed != NULL)
		return 0;
	return err_set(e, ERR_UNKNOWN,
		       "what these shares restore is of a form that this"
		       " version does not know");
}
