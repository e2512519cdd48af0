#include "identity.h"

#include "agefile.h"
#include "agetext.h"
#include "base64.h"
#include "ed25519.h"
#include "fsutil.h"
#include "hex.h"
#include "newfile.h"
#include "unlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEED_TEXT_LEN 44 /* base64 of 32 bytes */

static const char head[] = "# muniment identity 1\n";
static const char root_head[] = "# muniment root key 1\n";

enum { PERSON = 0, LOCAL = 32, SEED = 64, KEYS_LEN = IDENTITY_KEYS_LEN };

const uint8_t *
identity_person(const struct identity *id)
{
	return id->keys->bytes + PERSON;
}

const uint8_t *
identity_local(const struct identity *id)
{
	return id->keys->bytes + LOCAL;
}

const uint8_t *
identity_seed(const struct identity *id)
{
	return id->keys->bytes + SEED;
}

static struct identity *
alloc(struct err *e)
{
	struct identity *id = calloc(1, sizeof *id);

	if (id != NULL)
		id->keys = secret_new(KEYS_LEN);
	if (id == NULL || id->keys == NULL) {
		err_memory(e);
		free(id);
		return NULL;
	}
	id->keys->len = KEYS_LEN;
	return id;
}

/* One with a name and without keys yet. */
static struct identity *
named(const char *name, const char *org, struct err *e)
{
	bool has_org = org != NULL && org[0] != '\0';
	struct identity *id;

	if (!cardtext_is_name(name) || (has_org && !cardtext_is_name(org))) {
		err_set(e, ERR_UNKNOWN,
			"a name has 1 to 200 bytes and nothing unprintable");
		return NULL;
	}
	id = alloc(e);
	if (id == NULL)
		return NULL;
	snprintf(id->name, sizeof id->name, "%s", name);
	snprintf(id->org, sizeof id->org, "%s", has_org ? org : "");
	return id;
}

struct identity *
identity_new(const char *name, const char *org, struct err *e)
{
	struct identity *id = named(name, org, e);

	if (id == NULL)
		return NULL;
	agekey_generate(AGEKEY_HYBRID, id->keys->bytes + PERSON,
			&id->person_pub);
	agekey_generate(AGEKEY_X25519, id->keys->bytes + LOCAL, &id->local_pub);
	ed25519_generate(id->keys->bytes + SEED, id->sign_pub);
	return id;
}

struct identity *
identity_of_keys(const char *name, const char *org,
		 const uint8_t keys[IDENTITY_KEYS_LEN], struct err *e)
{
	struct identity *id = named(name, org, e);

	if (id == NULL)
		return NULL;
	memcpy(id->keys->bytes, keys, KEYS_LEN);
	agekey_derive(AGEKEY_HYBRID, identity_person(id), &id->person_pub);
	agekey_derive(AGEKEY_X25519, identity_local(id), &id->local_pub);
	ed25519_public(identity_seed(id), id->sign_pub);
	return id;
}

struct identity *
identity_nobody(const uint8_t local[32], struct err *e)
{
	struct identity *id = alloc(e);

	if (id == NULL)
		return NULL;
	memcpy(id->keys->bytes + LOCAL, local, 32);
	agekey_derive(AGEKEY_X25519, local, &id->local_pub);
	return id;
}

void
identity_free(struct identity *id)
{
	if (id == NULL)
		return;
	secret_free(id->keys);
	free(id);
}

int
identity_card(const struct identity *id, struct card *out, struct err *e)
{
	return card_make(id->name, id->org, &id->person_pub, identity_seed(id),
			 out, e);
}

static int
add(struct secret *s, const char *text)
{
	return secret_append(s, text, strlen(text));
}

/* Append "# <label>: <base64 of a seed>". */
static int
add_seed(struct secret *s, const uint8_t seed[32])
{
	char text[SEED_TEXT_LEN + 1];
	int rc;

	text[base64_encode(seed, 32, true, text)] = '\0';
	rc = add(s, "# signing-key: ") || add(s, text) || add(s, "\n");
	secret_wipe(text, sizeof text);
	return rc;
}

static int
add_key(struct secret *s, const char *whose, enum agekey_kind kind,
	const uint8_t *secret)
{
	char text[AGETEXT_IDENTITY_MAX];
	int rc;

	agetext_identity(kind, secret, text);
	rc = add(s, "# recipient of the next key: ") || add(s, whose) ||
	     add(s, "\n") || add(s, text) || add(s, "\n");
	secret_wipe(text, sizeof text);
	return rc;
}

/* Lock `plain` with a passphrase; *file is malloc'ed. */
static int
lock(const struct secret *plain, const struct secret *pass,
     unsigned work_factor, uint8_t **file, size_t *len, struct err *e)
{
	struct agefile_to to = {.passphrase = pass, .work_factor = work_factor};

	return agefile_seal(&to, plain->bytes, plain->len, file, len, e);
}

int
identity_put(const char *path, const uint8_t *file, size_t len, struct err *e)
{
	char dir[FSUTIL_PATH], *slash;
	struct newfile *f;

	if (strlen(path) >= sizeof dir)
		return err_set(e, ERR_UNKNOWN, "a path is too long");
	strcpy(dir, path);
	slash = strrchr(dir, '/');
	if (slash != NULL && slash != dir) {
		*slash = '\0';
		if (fsutil_mkdirs(dir, e) != 0)
			return -1;
	}
	f = newfile_open(path, e);
	if (f == NULL)
		return -1;
	if (fsutil_write_all(newfile_fd(f), file, len, e) != 0) {
		newfile_abort(f);
		return -1;
	}
	return newfile_commit(f, e);
}

/* Lock `plain` and write it to a file that is new. */
static int
save(const struct secret *plain, const char *path, const struct secret *pass,
     unsigned work_factor, struct err *e)
{
	uint8_t *file = NULL;
	size_t len = 0;
	int rc = -1;

	if (newfile_check(path, e) == 0 &&
	    lock(plain, pass, work_factor, &file, &len, e) == 0)
		rc = identity_put(path, file, len, e);
	free(file);
	return rc;
}

int
identity_save(const struct identity *id, const char *path,
	      const struct secret *pass, unsigned work_factor, struct err *e)
{
	struct secret *s = secret_new(4096);
	bool org = id->org[0] != '\0';
	int rc = -1;

	if (s == NULL || add(s, head) || add(s, "# name: ") ||
	    add(s, id->name) || add(s, org ? "\n# org: " : "") ||
	    add(s, id->org) || add(s, "\n") || add_seed(s, identity_seed(id)) ||
	    add_key(s, "the person", AGEKEY_HYBRID, identity_person(id)) ||
	    add_key(s, "local", AGEKEY_X25519, identity_local(id)))
		err_memory(e);
	else
		rc = save(s, path, pass, work_factor, e);
	secret_free(s);
	return rc;
}

static int
read_file(const char *path, char **file, size_t *len, struct err *e)
{
	if (fsutil_read(path, IDENTITY_FILE_MAX, file, len, e) == 0)
		return 0;
	if (!fsutil_exists(path))
		err_hint(e, "muniment id new makes an identity;"
			    " --identity FILE names one");
	return -1;
}

/* Unlock a file of keys; the secret holds its content. */
static struct secret *
open_file(const char *path, const struct agefile_from *from, const char *file,
	  size_t len, struct err *e)
{
	enum agefile_failure why = AGEFILE_FINE;
	struct err inner = {0};
	struct secret *s = secret_new(len + 1);
	char name[300];

	if (s == NULL) {
		err_memory(e);
		return NULL;
	}
	if (agefile_open(from, file, len, s->bytes, s->cap, &s->len, &why,
			 &inner) == 0)
		return s;
	err_set(e, ERR_UNKNOWN, "%s: %s",
		err_escape(name, sizeof name, path, strlen(path)),
		why == AGEFILE_NO_MATCH ? "wrong passphrase" : inner.msg);
	secret_free(s);
	return NULL;
}

/* By the key of an open session, if `pass` is empty. */
static struct secret *
load(const char *path, const struct secret *pass, struct err *e)
{
	struct agefile_from from = {.passphrase = pass};
	struct secret *s = NULL, *key = NULL;
	char *file = NULL;
	size_t len = 0;

	if (read_file(path, &file, &len, e) != 0)
		return NULL;
	if (pass->len == 0) {
		key = unlock_key(file, len);
		if (key == NULL) {
			err_set(e, ERR_UNKNOWN, "the session is over");
			err_hint(e, "once more, with the passphrase");
			goto out;
		}
		from.file_key = key->bytes;
	}
	s = open_file(path, &from, file, len, e);
out:
	secret_free(key);
	free(file);
	return s;
}

/* The rest of the line that starts with `label`, from `*p`; NULL if not. */
static const char *
line(const char **p, const char *end, const char *label, size_t *len)
{
	size_t n = strlen(label);
	const char *lf = memchr(*p, '\n', (size_t)(end - *p)), *rest;

	if (lf == NULL || (size_t)(lf - *p) < n || memcmp(*p, label, n) != 0)
		return NULL;
	rest = *p + n;
	*len = (size_t)(lf - rest);
	*p = lf + 1;
	return rest;
}

static int
seed_line(const char **p, const char *end, uint8_t *seed)
{
	size_t n = 0, got = 0;
	const char *t = line(p, end, "# signing-key: ", &n);

	return t != NULL && base64_decode(t, n, true, seed, 32, &got) == 0 &&
		       got == 32
		   ? 0
		   : -1;
}

static int
name_line(const char **p, const char *end, const char *label,
	  char out[CARDTEXT_NAME_MAX])
{
	size_t n = 0;
	const char *t = line(p, end, label, &n);

	if (t == NULL || n >= CARDTEXT_NAME_MAX)
		return -1;
	memcpy(out, t, n);
	out[n] = '\0';
	return cardtext_is_name(out) ? 0 : -1;
}

struct taking {
	struct identity *id;
	unsigned n[2]; /* keys of each kind */
};

static int
take_key(void *ctx, enum agekey_kind kind,
	 const uint8_t secret[AGEKEY_SECRET_LEN], const char *comment,
	 size_t comment_len, struct err *e)
{
	struct taking *t = ctx;
	struct identity *id = t->id;

	(void)comment;
	(void)comment_len;
	(void)e;
	t->n[kind]++;
	if (kind == AGEKEY_HYBRID) {
		memcpy(id->keys->bytes + PERSON, secret, 32);
		agekey_derive(kind, secret, &id->person_pub);
	} else {
		memcpy(id->keys->bytes + LOCAL, secret, 32);
		agekey_derive(kind, secret, &id->local_pub);
	}
	return 0;
}

/* The identity that an opened file holds. */
static struct identity *
parse(const char *path, const struct secret *s, struct err *e)
{
	struct identity *id = alloc(e);
	struct taking t = {.id = id};
	const char *p, *end;
	char name[300];
	size_t n = 0;

	if (id == NULL)
		return NULL;
	p = (const char *)s->bytes;
	end = p + s->len;
	if (line(&p, end, "# muniment identity 1", &n) == NULL || n != 0 ||
	    name_line(&p, end, "# name: ", id->name) != 0 ||
	    (s->len > 8 && memmem(p, (size_t)(end - p), "# org: ", 7) == p &&
	     name_line(&p, end, "# org: ", id->org) != 0) ||
	    seed_line(&p, end, id->keys->bytes + SEED) != 0 ||
	    agetext_identities(s->bytes, s->len, take_key, &t, NULL) != 0 ||
	    t.n[AGEKEY_HYBRID] != 1 || t.n[AGEKEY_X25519] != 1) {
		err_set(e, ERR_UNKNOWN, "%s: not a muniment identity",
			err_escape(name, sizeof name, path, strlen(path)));
		identity_free(id);
		return NULL;
	}
	ed25519_public(id->keys->bytes + SEED, id->sign_pub);
	return id;
}

struct identity *
identity_load(const char *path, const struct secret *pass, struct err *e)
{
	struct secret *s = load(path, pass, e);
	struct identity *id = s != NULL ? parse(path, s, e) : NULL;

	secret_free(s);
	return id;
}

struct identity *
identity_load_keeping(const char *path, const struct secret *pass, uint8_t *key,
		      char **file, size_t *len, struct err *e)
{
	struct agefile_from from = {.passphrase = pass, .found = key};
	struct secret *s = NULL;
	struct identity *id = NULL;

	*file = NULL;
	if (read_file(path, file, len, e) != 0)
		return NULL;
	s = open_file(path, &from, *file, *len, e);
	if (s != NULL)
		id = parse(path, s, e);
	secret_free(s);
	if (id == NULL) {
		free(*file);
		*file = NULL;
	}
	return id;
}

int
identity_lock_root(const uint8_t seed[32], const char *vault_id,
		   const struct secret *pass, unsigned work_factor,
		   uint8_t **file, size_t *len, struct err *e)
{
	struct secret *s = secret_new(512);
	int rc = -1;

	if (s == NULL || add(s, root_head) || add(s, "# vault: ") ||
	    add(s, vault_id) || add(s, "\n") || add_seed(s, seed))
		err_memory(e);
	else
		rc = lock(s, pass, work_factor, file, len, e);
	secret_free(s);
	return rc;
}

int
identity_save_root(const uint8_t seed[32], const char *vault_id,
		   const char *path, const struct secret *pass,
		   unsigned work_factor, struct err *e)
{
	uint8_t *file = NULL;
	size_t len = 0;
	int rc = -1;

	if (newfile_check(path, e) == 0 &&
	    identity_lock_root(seed, vault_id, pass, work_factor, &file, &len,
			       e) == 0)
		rc = identity_put(path, file, len, e);
	free(file);
	return rc;
}

/* The root key that an opened file holds, and the id of its vault. */
static struct secret *
parse_root(const char *path, const struct secret *s, char vault_id[65],
	   struct err *e)
{
	struct secret *seed = secret_new(32);
	const char *p = (const char *)s->bytes, *end = p + s->len, *id;
	char name[300];
	size_t n = 0;

	if (seed == NULL) {
		err_memory(e);
		return NULL;
	}
	seed->len = 32;
	if (line(&p, end, "# muniment root key 1", &n) == NULL || n != 0 ||
	    (id = line(&p, end, "# vault: ", &n)) == NULL || n != 64 ||
	    !hex_is(id, 64) || seed_line(&p, end, seed->bytes) != 0) {
		err_set(e, ERR_UNKNOWN, "%s: not a root key",
			err_escape(name, sizeof name, path, strlen(path)));
		secret_free(seed);
		return NULL;
	}
	memcpy(vault_id, id, 64);
	vault_id[64] = '\0';
	return seed;
}

struct secret *
identity_load_any_root(const char *path, char vault_id[65],
		       const struct secret *pass, struct err *e)
{
	struct secret *s = load(path, pass, e), *seed = NULL;

	if (s != NULL)
		seed = parse_root(path, s, vault_id, e);
	secret_free(s);
	return seed;
}

struct secret *
identity_load_root(const char *path, const char *vault_id,
		   const struct secret *pass, struct err *e)
{
	char of[65];
	struct secret *seed = identity_load_any_root(path, of, pass, e);

	if (seed == NULL || strcmp(of, vault_id) == 0)
		return seed;
	err_set(e, ERR_UNKNOWN, "not the root key of this vault");
	secret_free(seed);
	return NULL;
}
