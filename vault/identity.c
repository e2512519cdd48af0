#include "identity.h"

#include "agefile.h"
#include "agetext.h"
#include "base64.h"
#include "ed25519.h"
#include "fsutil.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IDENTITY_FILE_MAX (64u << 10) /* bytes */
#define SEED_TEXT_LEN 44	      /* base64 of 32 bytes */

static const char head[] = "# muniment identity 1\n";
static const char root_head[] = "# muniment root key 1\n";

enum { PERSON = 0, LOCAL = 32, SEED = 64, KEYS_LEN = 96 };

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
		err_set(e, ERR_UNKNOWN, "no memory");
		free(id);
		return NULL;
	}
	id->keys->len = KEYS_LEN;
	return id;
}

struct identity *
identity_new(const char *name, const char *org, struct err *e)
{
	struct identity *id;
	bool has_org = org != NULL && org[0] != '\0';

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
	agekey_generate(AGEKEY_HYBRID, id->keys->bytes + PERSON,
			&id->person_pub);
	agekey_generate(AGEKEY_X25519, id->keys->bytes + LOCAL, &id->local_pub);
	ed25519_generate(id->keys->bytes + SEED, id->sign_pub);
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
	rc = add(s, "# signing-key: ") | add(s, text) | add(s, "\n");
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
	rc = add(s, "# recipient of the next key: ") | add(s, whose) |
	     add(s, "\n") | add(s, text) | add(s, "\n");
	secret_wipe(text, sizeof text);
	return rc;
}

/* Lock `plain` with a passphrase and write it to a file that is new. */
static int
save(const struct secret *plain, const char *path, const struct secret *pass,
     unsigned work_factor, struct err *e)
{
	struct agefile_to to = {.passphrase = pass, .work_factor = work_factor};
	uint8_t *file = NULL;
	size_t len = 0;
	char name[300], dir[FSUTIL_PATH], *slash;
	int fd = -1, rc = -1;

	err_escape(name, sizeof name, path, strlen(path));
	if (strlen(path) >= sizeof dir)
		return err_set(e, ERR_UNKNOWN, "a path is too long");
	strcpy(dir, path);
	slash = strrchr(dir, '/');
	if (slash != NULL && slash != dir) {
		*slash = '\0';
		if (fsutil_mkdirs(dir, e) != 0)
			return -1;
	}
	if (agefile_seal(&to, plain->bytes, plain->len, &file, &len, e) != 0)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		err_sys(e, "%s", name);
		if (errno == EEXIST)
			err_hint(e, "a file with keys is never overwritten");
		goto out;
	}
	rc = fsutil_write_all(fd, file, len, e);
	if (rc == 0) {
		rc = fsutil_finish(fd, path, e);
		if (rc == 0)
			rc = fsutil_sync_dir(slash == NULL  ? "."
					     : slash == dir ? "/"
							    : dir,
					     e);
	} else {
		close(fd);
	}
	if (rc != 0)
		unlink(path);
out:
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

	if (s == NULL ||
	    (add(s, head) | add(s, "# name: ") | add(s, id->name) |
	     add(s, org ? "\n# org: " : "") | add(s, id->org) | add(s, "\n") |
	     add_seed(s, identity_seed(id)) |
	     add_key(s, "the person", AGEKEY_HYBRID, identity_person(id)) |
	     add_key(s, "local", AGEKEY_X25519, identity_local(id))) != 0)
		err_set(e, ERR_UNKNOWN, "no memory");
	else
		rc = save(s, path, pass, work_factor, e);
	secret_free(s);
	return rc;
}

/* Unlock a file of keys; the secret holds its content. */
static struct secret *
load(const char *path, const struct secret *pass, struct err *e)
{
	struct agefile_from from = {.passphrase = pass};
	enum agefile_failure why = AGEFILE_FINE;
	struct err inner = {0};
	struct secret *s = NULL;
	char *file = NULL, name[300];
	size_t len = 0;

	err_escape(name, sizeof name, path, strlen(path));
	if (fsutil_read(path, IDENTITY_FILE_MAX, &file, &len, e) != 0) {
		if (!fsutil_exists(path))
			err_hint(e, "muniment id new makes an identity;"
				    " --identity FILE names one");
		return NULL;
	}
	s = secret_new(len + 1);
	if (s == NULL) {
		err_set(e, ERR_UNKNOWN, "no memory");
	} else if (agefile_open(&from, file, len, s->bytes, s->cap, &s->len,
				&why, &inner) != 0) {
		if (why == AGEFILE_NO_MATCH)
			err_set(e, ERR_UNKNOWN, "%s: wrong passphrase", name);
		else
			err_set(e, ERR_UNKNOWN, "%s: %s", name, inner.msg);
		secret_free(s);
		s = NULL;
	}
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

struct identity *
identity_load(const char *path, const struct secret *pass, struct err *e)
{
	struct secret *s = load(path, pass, e);
	struct identity *id = NULL;
	struct taking t = {0};
	const char *p, *end;
	char name[300];
	size_t n = 0;

	if (s == NULL)
		return NULL;
	id = alloc(e);
	if (id == NULL)
		goto out;
	t.id = id;
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
		id = NULL;
		goto out;
	}
	ed25519_public(id->keys->bytes + SEED, id->sign_pub);
out:
	secret_free(s);
	return id;
}

int
identity_save_root(const uint8_t seed[32], const char *vault_id,
		   const char *path, const struct secret *pass,
		   unsigned work_factor, struct err *e)
{
	struct secret *s = secret_new(512);
	int rc = -1;

	if (s == NULL ||
	    (add(s, root_head) | add(s, "# vault: ") | add(s, vault_id) |
	     add(s, "\n") | add_seed(s, seed)) != 0)
		err_set(e, ERR_UNKNOWN, "no memory");
	else
		rc = save(s, path, pass, work_factor, e);
	secret_free(s);
	return rc;
}

struct secret *
identity_load_root(const char *path, const char *vault_id,
		   const struct secret *pass, struct err *e)
{
	struct secret *s = load(path, pass, e), *seed = NULL;
	const char *p, *end, *id;
	size_t n = 0;

	if (s == NULL)
		return NULL;
	p = (const char *)s->bytes;
	end = p + s->len;
	seed = secret_new(32);
	if (seed == NULL) {
		err_set(e, ERR_UNKNOWN, "no memory");
		goto out;
	}
	seed->len = 32;
	if (line(&p, end, "# muniment root key 1", &n) == NULL || n != 0 ||
	    (id = line(&p, end, "# vault: ", &n)) == NULL || n != 64 ||
	    memcmp(id, vault_id, 64) != 0 ||
	    seed_line(&p, end, seed->bytes) != 0) {
		err_set(e, ERR_UNKNOWN, "not the root key of this vault");
		secret_free(seed);
		seed = NULL;
	}
out:
	secret_free(s);
	return seed;
}
