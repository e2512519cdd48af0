/*
 * vault/keys/identity.h: what an identity's file, or a root key's, holds once
 * it is opened: the parts of identity.c that read it.
 */
#include "identity.c"

#include "fuzz.h"

static void
identity(const struct secret *s)
{
	struct err e = {0};
	struct identity *id = parse("f", s, &e), *again;

	if (id == NULL) {
		MUST(e.code == ERR_UNKNOWN && e.msg[0] != '\0');
		return;
	}
	again = identity_of_keys(id->name, id->org, id->keys->bytes, &e);
	MUST(again != NULL && strcmp(again->name, id->name) == 0);
	MUST(memcmp(&again->person_pub, &id->person_pub,
		    sizeof id->person_pub) == 0);
	MUST(memcmp(&again->local_pub, &id->local_pub, sizeof id->local_pub) ==
	     0);
	MUST(memcmp(again->sign_pub, id->sign_pub, 32) == 0);
	identity_free(again);
	identity_free(id);
}

static void
root(const struct secret *s)
{
	char vault_id[65] = "";
	struct err e = {0};
	struct secret *seed = parse_root("f", s, vault_id, &e);

	if (seed == NULL) {
		MUST(e.code == ERR_UNKNOWN && vault_id[0] == '\0');
		return;
	}
	MUST(seed->len == 32 && strlen(vault_id) == 64 && hex_is(vault_id, 64));
	secret_free(seed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	/* as open_file gives it; a guard page lies right behind */
	struct secret *s;

	if (len > IDENTITY_FILE_MAX)
		return 0;
	s = secret_new(len + 1);
	MUST(s != NULL);
	if (len > 0)
		memcpy(s->bytes, data, len);
	s->len = len;
	identity(s);
	root(s);
	secret_free(s);
	return 0;
}

/* As identity_save puts it together. */
static void
put_identity(fuzz_put *put, const char *org)
{
	struct secret *s = secret_new(4096);
	uint8_t key[32];

	fuzz_fill(key, sizeof key);
	MUST(s != NULL && add(s, head) == 0 && add(s, "# name: Ada\n") == 0 &&
	     add(s, org) == 0 && add_seed(s, key) == 0 &&
	     add_key(s, "the person", AGEKEY_HYBRID, key) == 0 &&
	     add_key(s, "local", AGEKEY_X25519, key) == 0);
	put(s->bytes, s->len);
	secret_free(s);
}

void
fuzz_seeds(fuzz_put *put)
{
	struct secret *s = secret_new(512);
	char id[65];
	uint8_t key[32];

	put_identity(put, "");
	put_identity(put, "# org: \xd0\x96\n");
	fuzz_fill(key, sizeof key);
	hex_encode(key, 32, id);
	MUST(s != NULL && add(s, root_head) == 0 && add(s, "# vault: ") == 0 &&
	     add(s, id) == 0 && add(s, "\n") == 0 && add_seed(s, key) == 0);
	put(s->bytes, s->len);
	secret_free(s);
}
