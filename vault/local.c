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
	s->len = (size_t)snprintf(
	    (char *)s->bytes, s->cap,
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

/* What is remembered of one log. */
struct trusted {
	char device[BATCH_DEVICE_LEN + 1];
	uint64_t size;
	uint8_t root[HASH_LEN];
};

struct trust {
	struct trusted *list;
	size_t n;
	char own[BATCH_DEVICE_LEN + 1]; /* this machine's device, or empty */
	struct trusted
	    next;     /* what its log was about to become; size 0: none */
	bool damaged; /* `why` says how */
	char why[128];
};

/* "<device> <size> <root>" */
static int
parse_trusted(const char *text, struct trusted *t)
{
	unsigned long long size;
	char hex[65];

	if (sscanf(text, "%53s %llu %64s", t->device, &size, hex) != 3 ||
	    size == 0 || strlen(hex) != 64 ||
	    hex_decode(hex, HASH_LEN, t->root) != 0)
		return -1;
	t->size = size;
	return 0;
}

static int
parse_trust(struct trust *t, char *text)
{
	char *save = NULL;

	if (strncmp(text, trust_head, sizeof trust_head - 1) != 0)
		return -1;
	for (char *l = strtok_r(text + sizeof trust_head - 1, "\n", &save);
	     l != NULL; l = strtok_r(NULL, "\n", &save)) {
		struct trusted *p;

		if (strncmp(l, "own ", 4) == 0) {
			snprintf(t->own, sizeof t->own, "%s", l + 4);
			continue;
		}
		if (strncmp(l, "next ", 5) == 0) {
			if (parse_trusted(l + 5, &t->next) != 0)
				return -1;
			continue;
		}
		p = realloc(t->list, (t->n + 1) * sizeof *t->list);
		if (p == NULL)
			return -1;
		t->list = p;
		if (parse_trusted(l, p + t->n) != 0)
			return -1;
		t->n++;
	}
	return 0;
}

/* Read the trust memory. -1 with `e` filled only if it cannot be known. */
static int
load_trust(struct vault *v, const struct identity *id, struct trust *t,
	   struct err *e)
{
	struct err inner = {0};
	struct secret *s = local_read(v, id, "local/trust.age", &inner);
	char path[FSUTIL_PATH];

	memset(t, 0, sizeof *t);
	if (inner.code == ERR_UNKNOWN)
		return err_set(e, inner.code, "%s", inner.msg);
	if (inner.code != ERR_NONE) {
		t->damaged = true;
		snprintf(t->why, sizeof t->why, "%.120s", inner.msg);
	} else if (s == NULL) {
		/* a device that writes here has always left its memory too */
		t->damaged = vault_path(v, "local/device.age", path, e) == 0 &&
			     fsutil_exists(path);
		strcpy(t->why, "local/trust.age: missing");
	} else {
		s->bytes[s->len] = '\0';
		t->damaged = parse_trust(t, (char *)s->bytes) != 0;
		strcpy(t->why, "local/trust.age: not of the form");
	}
	secret_free(s);
	return 0;
}

/* True if the vault still holds what is remembered; *longer: enough of it. */
static bool
is_here(const struct vault *v, const struct trusted *t, bool *longer)
{
	*longer = false;
	for (size_t i = 0; i < v->n_logs; i++) {
		const struct log *l = &v->logs[i];

		if (strcmp(l->device, t->device) != 0 || l->size < t->size)
			continue;
		*longer = true;
		if (memcmp(l->steps[t->size - 1].root, t->root, HASH_LEN) == 0)
			return true;
	}
	return false;
}

/* Is the memory as new as what this machine itself has written? */
static void
check_own(struct vault *v, const struct identity *id, const struct trust *t)
{
	struct err inner = {0};
	char device[BATCH_DEVICE_LEN + 1] = "";
	struct secret *key;
	const struct log *l;

	if (t->own[0] == '\0')
		return;
	key = local_device(v, id, false, device, &inner);
	if (inner.code != ERR_NONE)
		report_add(&v->report, REPORT_DAMAGE, "%s", inner.msg);
	else if (key == NULL)
		report_add(&v->report, REPORT_DAMAGE,
			   "local/device.age: missing");
	else if (strcmp(device, t->own) != 0)
		report_add(&v->report, REPORT_DAMAGE,
			   "local/device.age: another device's key");
	secret_free(key);
	l = vault_log(v, t->own);
	for (size_t i = 0; l != NULL && i < t->n; i++) {
		uint64_t newest = t->list[i].size;

		if (strcmp(t->list[i].device, t->own) != 0)
			continue;
		if (t->next.size > newest)
			newest = t->next.size;
		if (l->size > newest)
			report_add(
			    &v->report, REPORT_DAMAGE,
			    "local/trust.age: older than what this machine has"
			    " written: an older copy was put in its place");
	}
}

int
local_trust_check(struct vault *v, const struct identity *id, struct err *e)
{
	struct trust t;
	bool longer;

	if (load_trust(v, id, &t, e) != 0)
		return -1;
	if (t.damaged)
		report_add(&v->report, REPORT_DAMAGE, "%s", t.why);
	for (size_t i = 0; i < t.n; i++)
		if (!is_here(v, &t.list[i], &longer))
			report_add(
			    &v->report, REPORT_HISTORY,
			    "device %.12s: this machine has seen it at batch"
			    " %llu; %s",
			    t.list[i].device,
			    (unsigned long long)t.list[i].size,
			    longer ? "another history is here now: a fork"
				   : "what is here now is shorter: a"
				     " rollback");
	check_own(v, id, &t);
	free(t.list);
	return 0;
}

int
local_trust_own(struct vault *v, const struct identity *id,
		char device[BATCH_DEVICE_LEN + 1], struct err *e)
{
	struct trust t;

	if (load_trust(v, id, &t, e) != 0)
		return -1;
	memcpy(device, t.own, sizeof t.own);
	free(t.list);
	return 0;
}

int
local_trust_size(struct vault *v, const struct identity *id, const char *device,
		 uint64_t *size, struct err *e)
{
	struct trust t;

	*size = 0;
	if (load_trust(v, id, &t, e) != 0)
		return -1;
	for (size_t i = 0; i < t.n; i++)
		if (strcmp(t.list[i].device, device) == 0)
			*size = t.list[i].size;
	free(t.list);
	return 0;
}

static char *
put_trust(char *p, const char *device, uint64_t size,
	  const uint8_t root[HASH_LEN])
{
	char hex[65];

	hex_encode(root, HASH_LEN, hex);
	return p + sprintf(p, "%s %llu %s\n", device, (unsigned long long)size,
			   hex);
}

/* The lines, malloc'ed, from what was remembered and what is here. */
static char *
trust_text(struct vault *v, const struct trust *t, const char *own,
	   const struct local_next *next)
{
	char *text = malloc(sizeof trust_head + (v->n_logs + t->n + 2) * 160);
	char *p = text;
	bool longer;

	if (text == NULL)
		return NULL;
	p = stpcpy(p, trust_head);
	if (own[0] != '\0')
		p += sprintf(p, "own %s\n", own);
	if (next != NULL) {
		p = stpcpy(p, "next ");
		p = put_trust(p, own, next->size, next->root);
	}
	for (size_t i = 0; i < t->n; i++)
		if (!is_here(v, &t->list[i], &longer))
			p = put_trust(p, t->list[i].device, t->list[i].size,
				      t->list[i].root);
	for (size_t i = 0; i < v->n_logs; i++) {
		const struct log *l = &v->logs[i];
		bool kept = l->size == 0 || l->is_fork;

		for (size_t k = 0; k < t->n && !kept; k++)
			kept = strcmp(t->list[k].device, l->device) == 0 &&
			       !is_here(v, &t->list[k], &longer);
		if (!kept)
			p = put_trust(p, l->device, l->size,
				      l->steps[l->size - 1].root);
	}
	return text;
}

int
local_trust_save(struct vault *v, const struct identity *id,
		 const struct local_next *next, struct err *e)
{
	struct trust t;
	struct secret *key;
	struct err inner = {0};
	char own[BATCH_DEVICE_LEN + 1] = "", *text;
	int rc = -1;

	if (load_trust(v, id, &t, e) != 0)
		return -1;
	key = local_device(v, id, false, own, &inner);
	secret_free(key);
	if (own[0] == '\0')
		memcpy(own, t.own, sizeof own); /* its key is missing */
	text = trust_text(v, &t, own, next);
	if (text == NULL)
		err_set(e, ERR_UNKNOWN, "no memory");
	else
		rc = local_write(v, id, "local/trust.age", text, strlen(text),
				 e);
	free(text);
	free(t.list);
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
list_absent(struct vault *v, const struct map *missing, struct absent *a,
	    struct err *e)
{
	size_t was;

	for (size_t i = 0; i < v->n_logs; i++) {
		struct log *l = &v->logs[i];

		for (uint64_t n = 1; n <= l->size; n++) {
			struct vault_batch b;

			if (vault_batch(v, l, n, &b, e) != 0)
				return -1;
			for (size_t k = 0; k < b.b.n; k++) {
				char path[FSUTIL_PATH];

				if (b.b.lines[k].kind != BATCH_OBJECT ||
				    map_get(missing, b.b.lines[k].sha256,
					    &was) ||
				    vault_object_path(v, b.b.lines[k].sha256,
						      path, e) != 0 ||
				    fsutil_exists(path))
					continue;
				if (a->len + 66 > a->cap) {
					size_t cap = (a->cap + 66) * 2;
					char *p = realloc(a->text, cap);

					if (p == NULL) {
						vault_batch_free(&b);
						return err_set(e, ERR_UNKNOWN,
							       "no memory");
					}
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

static int
write_clear(struct vault *v, const struct absent *a, struct err *e)
{
	char path[FSUTIL_PATH];

	return vault_path(v, "local/absent", path, e) != 0
		   ? -1
		   : fsutil_write(path, a->len > 0 ? a->text : "", a->len, e);
}

static int
write_locked(struct vault *v, const struct identity *id, const struct absent *a,
	     struct err *e)
{
	return local_write(v, id, "local/absent.age", a->text, a->len, e);
}

/*
 * The clear list never holds what the locked one does not: when it shrinks it
 * is written first, when it grows last. So an interruption is no alarm.
 */
int
local_absent_save(struct vault *v, const struct identity *id,
		  const struct map *missing, struct err *e)
{
	struct absent a = {0};
	int rc = list_absent(v, missing, &a, e);

	if (rc == 0)
		rc = write_clear(v, &a, e);
	if (rc == 0)
		rc = write_locked(v, id, &a, e);
	free(a.text);
	return rc;
}

int
local_absent_grow(struct vault *v, const struct identity *id,
		  struct vault *incoming, const struct map *came, struct err *e)
{
	struct absent a = {0};
	char path[FSUTIL_PATH], *old = NULL, *both = NULL;
	size_t len = 0;
	int rc = -1;

	if (list_absent(incoming, came, &a, e) != 0 ||
	    vault_path(v, "local/absent", path, e) != 0 ||
	    (fsutil_exists(path) &&
	     fsutil_read(path, LOCAL_FILE_MAX, &old, &len, e) != 0))
		goto out;
	both = malloc(a.len + len + 1);
	if (both == NULL) {
		err_set(e, ERR_UNKNOWN, "no memory");
		goto out;
	}
	if (a.len > 0)
		memcpy(both, a.text, a.len);
	if (len > 0)
		memcpy(both + a.len, old, len);
	free(a.text);
	a.text = both;
	a.len += len;
	rc = write_locked(v, id, &a, e);
	if (rc == 0)
		rc = write_clear(v, &a, e);
out:
	free(a.text);
	free(old);
	return rc;
}

int
local_absent_check(struct vault *v, const struct identity *id, struct err *e)
{
	struct err inner = {0};
	struct secret *s = local_read(v, id, "local/absent.age", &inner);
	char path[FSUTIL_PATH], *text = NULL;
	size_t len = 0;
	bool known = true;

	if (vault_path(v, "local/absent", path, e) != 0)
		return -1;
	if (fsutil_exists(path) &&
	    fsutil_read(path, LOCAL_FILE_MAX, &text, &len, e) != 0) {
		secret_free(s);
		return -1;
	}
	for (size_t i = 0; i < len && known; i += 65)
		known = s != NULL && len - i >= 65 &&
			memmem(s->bytes, s->len, text + i, 65) != NULL;
	if (inner.code != ERR_NONE)
		report_add(&v->report, REPORT_DAMAGE, "%s", inner.msg);
	else if (!known || (len == 0 && s != NULL && s->len > 0))
		report_add(&v->report, REPORT_DAMAGE,
			   "local/absent: changed by somebody else");
	else if (s != NULL && len < s->len)
		report_add(&v->report, REPORT_NOTE,
			   "local/absent: shorter than its owner left it");
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

int
local_absent_missing(struct vault *v, struct map *missing, struct err *e)
{
	struct map listed = {0};
	struct absent a = {0};
	int rc = local_absent_load(v, &listed, e);

	if (rc == 0)
		rc = list_absent(v, &listed, &a, e);
	for (size_t i = 0; i + 65 <= a.len && rc == 0; i += 65) {
		uint8_t sha256[HASH_LEN];

		if (hex_decode(a.text + i, HASH_LEN, sha256) == 0 &&
		    map_set(missing, sha256, 1) != 0)
			rc = err_set(e, ERR_UNKNOWN, "no memory");
	}
	map_free(&listed);
	free(a.text);
	return rc;
}
