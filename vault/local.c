#include "local.h"

#include "agefile.h"
#include "base64.h"
#include "ed25519.h"
#include "hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCAL_FILE_MAX (64u << 20) /* bytes */

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

	if (vault_path(v, rel, path, e) != 0 || !fsutil_exists(path) ||
	    fsutil_read(path, LOCAL_FILE_MAX, &file, &len, e) != 0)
		return NULL;
	s = secret_new(len + 1);
	if (s == NULL) {
		err_set(e, ERR_UNKNOWN, "no memory");
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

static int
write_device(struct vault *v, const struct identity *id,
    const struct secret *seed, struct err *e)
{
	struct secret *s = secret_new(256);
	char b64[48];
	int rc = -1;

	if (s == NULL)
		return err_set(e, ERR_UNKNOWN, "no memory");
	b64[base64_encode(seed->bytes, 32, true, b64)] = '\0';
	s->len = (size_t)snprintf((char *)s->bytes, s->cap,
	    "muniment device 1\nvault %s\nsigning-key %s\n", v->id, b64);
	secret_wipe(b64, sizeof b64);
	rc = local_write(v, id, "local/device.age", s->bytes, s->len, e);
	secret_free(s);
	return rc;
}

struct secret *
local_device(struct vault *v, const struct identity *id, bool make,
    char device[BATCH_DEVICE_LEN + 1], struct err *e)
{
	struct err inner = {0};
	struct secret *s = local_read(v, id, "local/device.age", &inner);
	struct secret *seed = NULL;
	uint8_t pub[32];

	if (inner.code != ERR_NONE) {
		err_set(e, inner.code, "%s", inner.msg);
		return NULL;
	}
	if (s == NULL && !make)
		return NULL;
	seed = secret_new(32);
	if (seed == NULL) {
		err_set(e, ERR_UNKNOWN, "no memory");
		goto bad;
	}
	seed->len = 32;
	if (s == NULL) {
		ed25519_generate(seed->bytes, pub);
		if (write_device(v, id, seed, e) != 0)
			goto bad;
	} else if (parse_device(s, v->id, seed->bytes) != 0) {
		err_set(e, ERR_EVIDENCE,
		    "local/device.age: of another vault, or damaged");
		goto bad;
	}
	ed25519_public(seed->bytes, pub);
	batch_device_name(pub, device);
	secret_free(s);
	return seed;
bad:
	secret_free(s);
	secret_free(seed);
	return NULL;
}

static const char trust_head[] = "muniment trust 1\n";

/* Compare one remembered line with the logs that are here. */
static void
check_line(struct vault *v, const char *device, uint64_t size,
    const uint8_t root[HASH_LEN])
{
	bool longer = false;

	for (size_t i = 0; i < v->n_logs; i++) {
		const struct log *l = &v->logs[i];

		if (strcmp(l->device, device) != 0 || l->size < size)
			continue;
		longer = true;
		if (memcmp(l->steps[size - 1].root, root, HASH_LEN) == 0)
			return;
	}
	report_add(&v->report, REPORT_HISTORY,
	    "device %.12s: this machine has seen it at batch %llu; %s", device,
	    (unsigned long long)size,
	    longer ? "another history is here now: a fork"
		   : "what is here now is shorter: a rollback");
}

int
local_trust_check(struct vault *v, const struct identity *id, struct err *e)
{
	struct err inner = {0};
	struct secret *s = local_read(v, id, "local/trust.age", &inner);
	char *save = NULL;

	if (inner.code == ERR_UNKNOWN)
		return err_set(e, inner.code, "%s", inner.msg);
	if (inner.code != ERR_NONE) {
		report_add(&v->report, REPORT_DAMAGE, "%s", inner.msg);
		return 0;
	}
	if (s == NULL) {
		char path[FSUTIL_PATH];

		/* a device that writes here has always left its memory too */
		if (vault_path(v, "local/device.age", path, e) == 0 &&
		    fsutil_exists(path))
			report_add(&v->report, REPORT_DAMAGE,
			    "local/trust.age: missing");
		return 0;
	}
	s->bytes[s->len] = '\0';
	if (strncmp((char *)s->bytes, trust_head, sizeof trust_head - 1) != 0) {
		report_add(&v->report, REPORT_DAMAGE,
		    "local/trust.age: not of the form");
		goto out;
	}
	for (char *l = strtok_r((char *)s->bytes + sizeof trust_head - 1, "\n",
		 &save);
	     l != NULL; l = strtok_r(NULL, "\n", &save)) {
		char device[BATCH_DEVICE_LEN + 1], hex[65];
		unsigned long long size;
		uint8_t root[HASH_LEN];

		if (sscanf(l, "%53s %llu %64s", device, &size, hex) == 3 &&
		    size > 0 && strlen(hex) == 64 &&
		    hex_decode(hex, HASH_LEN, root) == 0)
			check_line(v, device, size, root);
		else
			report_add(&v->report, REPORT_DAMAGE,
			    "local/trust.age: not of the form");
	}
out:
	secret_free(s);
	return 0;
}

int
local_trust_save(struct vault *v, const struct identity *id, struct err *e)
{
	char *text = malloc(sizeof trust_head + v->n_logs * 160), *p, hex[65];
	int rc;

	if (text == NULL)
		return err_set(e, ERR_UNKNOWN, "no memory");
	p = stpcpy(text, trust_head);
	/* logs are in order of their names */
	for (size_t i = 0; i < v->n_logs; i++) {
		const struct log *l = &v->logs[i];

		if (l->size == 0 || l->is_fork)
			continue;
		hex_encode(l->steps[l->size - 1].root, HASH_LEN, hex);
		p += sprintf(p, "%s %llu %s\n", l->device,
		    (unsigned long long)l->size, hex);
	}
	rc = local_write(v, id, "local/trust.age", text, (size_t)(p - text),
	    e);
	free(text);
	return rc;
}

/* Hashes of the listed objects that are not here, one a line, sorted. */
struct absent {
	char *text;
	size_t len, cap;
};

static int
by_line(const void *a, const void *b)
{
	return memcmp(a, b, 65);
}

static int
list_absent(struct vault *v, struct absent *a, struct err *e)
{
	for (size_t i = 0; i < v->n_logs; i++) {
		struct log *l = &v->logs[i];

		for (uint64_t n = 1; n <= l->size; n++) {
			struct vault_batch b;

			if (vault_batch(v, l, n, &b, e) != 0)
				return -1;
			for (size_t k = 0; k < b.b.n; k++) {
				char path[FSUTIL_PATH];

				if (b.b.lines[k].kind != BATCH_OBJECT ||
				    vault_object_path(v, b.b.lines[k].sha256,
					path, e) != 0 ||
				    fsutil_exists(path))
					continue;
				if (a->len + 66 > a->cap) {
					size_t cap = (a->cap + 66) * 2;
					char *p = realloc(a->text, cap);

					if (p == NULL)
						break;
					a->text = p;
					a->cap = cap;
				}
				hex_encode(b.b.lines[k].sha256, HASH_LEN,
				    a->text + a->len);
				a->text[a->len + 64] = '\n';
				a->len += 65;
			}
			vault_batch_free(&b);
		}
	}
	if (a->len > 0)
		qsort(a->text, a->len / 65, 65, by_line);
	return 0;
}

int
local_absent_save(struct vault *v, const struct identity *id, struct err *e)
{
	struct absent a = {0};
	char path[FSUTIL_PATH];
	int rc = -1;

	if (list_absent(v, &a, e) == 0 &&
	    vault_path(v, "local/absent", path, e) == 0 &&
	    fsutil_write(path, a.len > 0 ? a.text : "", a.len, e) == 0 &&
	    local_write(v, id, "local/absent.age", a.text, a.len, e) == 0)
		rc = 0;
	free(a.text);
	return rc;
}

int
local_absent_check(struct vault *v, const struct identity *id, struct err *e)
{
	struct err inner = {0};
	struct secret *s = local_read(v, id, "local/absent.age", &inner);
	char path[FSUTIL_PATH], *text = NULL;
	size_t len = 0;

	if (vault_path(v, "local/absent", path, e) != 0)
		return -1;
	if (fsutil_exists(path) &&
	    fsutil_read(path, LOCAL_FILE_MAX, &text, &len, e) != 0) {
		secret_free(s);
		return -1;
	}
	if (inner.code != ERR_NONE)
		report_add(&v->report, REPORT_DAMAGE, "%s", inner.msg);
	else if (len != (s != NULL ? s->len : 0) ||
	    (len > 0 && memcmp(text, s->bytes, len) != 0))
		report_add(&v->report, REPORT_DAMAGE,
		    "local/absent: changed by somebody else");
	free(text);
	secret_free(s);
	return 0;
}

int
local_absent_load(struct vault *v, struct map *absent, struct err *e)
{
	char path[FSUTIL_PATH], *text = NULL;
	size_t len = 0;
	int rc = 0;

	if (vault_path(v, "local/absent", path, e) != 0)
		return -1;
	if (!fsutil_exists(path))
		return 0;
	if (fsutil_read(path, LOCAL_FILE_MAX, &text, &len, e) != 0)
		return -1;
	for (size_t i = 0; i + 65 <= len && rc == 0; i += 65) {
		uint8_t sha256[HASH_LEN];

		if (hex_decode(text + i, HASH_LEN, sha256) == 0)
			rc = map_set(absent, sha256, 1);
	}
	free(text);
	return rc == 0 ? 0 : err_set(e, ERR_UNKNOWN, "no memory");
}
