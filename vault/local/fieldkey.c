#include "fieldkey.h"

#include "agefile.h"
#include "agetext.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MAX (64u << 10) /* bytes of local/collector.age */

static const char locked_file[] = "local/collector.age";
static const char open_file[] = "local/collector";
static const char head[] = "# muniment collector 1\n";
static const char key_head[] = "# recipient of the next key: local\n";

static int
add(struct secret *s, const void *text, size_t len)
{
	return secret_append(s, text, len);
}

/* The kit's lines as comments, and the key of local/. */
static struct secret *
encode(const struct kit *kit, const struct identity *nobody)
{
	struct secret *s = secret_new(FILE_MAX);
	char key[AGETEXT_IDENTITY_MAX];
	int rc = s == NULL;

	if (s == NULL)
		return NULL;
	rc |= add(s, head, sizeof head - 1);
	for (const char *p = kit->bytes; *p != '\0';) {
		size_t n = strcspn(p, "\n") + 1;

		rc |= add(s, "# ", 2) | add(s, p, n);
		p += n;
	}
	agetext_identity(AGEKEY_X25519, identity_local(nobody), key);
	rc |= add(s, key_head, sizeof key_head - 1) | add(s, key, strlen(key)) |
	      add(s, "\n", 1);
	secret_wipe(key, sizeof key);
	if (rc != 0) {
		secret_free(s);
		return NULL;
	}
	return s;
}

/* What encode has written; `e` says no more than that it is not. */
static int
decode(const struct secret *s, struct kit *kit, struct identity **nobody,
       struct err *e)
{
	const char *p = (const char *)s->bytes, *end = p + s->len;
	char bytes[KITTEXT_MAX];
	struct secret *key = secret_new(32);
	enum agekey_kind kind;
	size_t n = 0;
	int rc = -1;

	if (key == NULL)
		return err_memory(e);
	if (s->len < sizeof head - 1 || memcmp(p, head, sizeof head - 1) != 0)
		goto out;
	p += sizeof head - 1;
	while ((size_t)(end - p) >= sizeof key_head &&
	       memcmp(p, key_head, sizeof key_head - 1) != 0) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t len = lf != NULL ? (size_t)(lf - p) + 1 : 0;

		if (len < 3 || memcmp(p, "# ", 2) != 0 ||
		    n + len >= sizeof bytes)
			goto out;
		memcpy(bytes + n, p + 2, len - 2);
		n += len - 2;
		p += len;
	}
	if ((size_t)(end - p) <= sizeof key_head)
		goto out;
	p += sizeof key_head - 1;
	if (end[-1] != '\n' || kit_parse(bytes, n, kit, NULL) != 0 ||
	    agetext_identity_parse(p, (size_t)(end - p) - 1, &kind,
				   key->bytes) != 0 ||
	    kind != AGEKEY_X25519)
		goto out;
	*nobody = identity_nobody(key->bytes, e);
	rc = *nobody != NULL ? 0 : -1;
out:
	secret_free(key);
	return rc == 0 ? 0
		       : err_set(e, ERR_EVIDENCE,
				 "the collector's file is damaged");
}

int
fieldkey_save(const char *dir, const struct kit *kit,
	      const struct identity *nobody, const struct secret *pass,
	      unsigned work_factor, struct err *e)
{
	struct agefile_to to = {.passphrase = pass, .work_factor = work_factor};
	struct secret *s = encode(kit, nobody);
	char path[FSUTIL_PATH];
	uint8_t *file = NULL;
	size_t len = 0;
	int rc = -1;

	if (s == NULL)
		return err_memory(e);
	if (fsutil_join(path, dir, "local", e) != 0 ||
	    fsutil_mkdirs(path, e) != 0 ||
	    fsutil_join(path, dir, pass != NULL ? locked_file : open_file, e) !=
		0)
		goto out;
	if (pass == NULL)
		rc = fsutil_write(path, s->bytes, s->len, e);
	else if (agefile_seal(&to, s->bytes, s->len, &file, &len, e) == 0)
		rc = fsutil_write(path, file, len, e);
out:
	free(file);
	secret_free(s);
	return rc;
}

static int
unlock(const char *file, size_t len, const struct secret *pass, struct kit *kit,
       struct identity **nobody, struct err *e)
{
	struct agefile_from from = {.passphrase = pass};
	enum agefile_failure why = AGEFILE_FINE;
	struct secret *s = secret_new(len + 1);
	struct err inner = {0};
	int rc = -1;

	if (s == NULL)
		return err_memory(e);
	if (pass == NULL)
		rc = add(s, file, len) != 0 ? err_memory(e)
					    : decode(s, kit, nobody, e);
	else if (agefile_open(&from, file, len, s->bytes, s->cap, &s->len, &why,
			      &inner) == 0)
		rc = decode(s, kit, nobody, e);
	else if (why == AGEFILE_NO_MATCH)
		err_set(e, ERR_UNKNOWN, "wrong passphrase");
	else
		err_set(e, ERR_UNKNOWN, "%s: %s", locked_file, inner.msg);
	secret_free(s);
	return rc;
}

bool
fieldkey_is_locked(const char *dir)
{
	char path[FSUTIL_PATH];

	return fsutil_join(path, dir, open_file, NULL) != 0 ||
	       !fsutil_exists(path);
}

int
fieldkey_find(const char *dir, char path[FSUTIL_PATH], bool *is_locked,
	      struct err *e)
{
	char shown[300];

	*is_locked = fieldkey_is_locked(dir);
	if (fsutil_join(path, dir, locked_file, e) != 0)
		return -1;
	/* without a passphrase where there was one: not the owner's doing */
	if (!*is_locked && fsutil_exists(path))
		return err_set(e, ERR_EVIDENCE, "%s and %s: only one belongs",
			       open_file, locked_file);
	if (!*is_locked && fsutil_join(path, dir, open_file, e) != 0)
		return -1;
	if (fsutil_exists(path))
		return 0;
	err_set(e, ERR_UNKNOWN, "%s: not a collector's folder",
		err_escape(shown, sizeof shown, dir, strlen(dir)));
	return err_hint(e, "muniment collector new makes one");
}

int
fieldkey_load(const char *dir, const struct secret *pass, struct kit *kit,
	      struct identity **nobody, struct err *e)
{
	char path[FSUTIL_PATH], *file = NULL;
	bool is_locked;
	size_t len = 0;
	int rc;

	if (fieldkey_find(dir, path, &is_locked, e) != 0)
		return -1;
	if (is_locked && pass == NULL)
		return err_set(e, ERR_UNKNOWN, "it needs a passphrase");
	if (fsutil_read(path, FILE_MAX, &file, &len, e) != 0)
		return -1;
	rc = unlock(file, len, is_locked ? pass : NULL, kit, nobody, e);
	free(file);
	return rc;
}
