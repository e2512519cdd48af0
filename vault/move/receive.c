/*
 * Taking in a carry file: see carry.h. Its bundle and its objects are decoded
 * into local/tmp; merge.h does the rest.
 */
#include "carry.h"

#include "agefile.h"
#include "bundle.h"
#include "freshdir.h"
#include "hex.h"
#include "tarball.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZEROS_MAX (4u << 20) /* bytes behind a carry file's content */
#define IO_SIZE (256u << 10) /* bytes */

struct receive {
	struct vault *v; /* ours, or a new one */
	const struct identity *id;
	const char *const *files;
	size_t n_files, at_file;
	int fd;
	struct agefile_reader *age;
	struct bundle_reader *bundle;
	struct merge *merge;
	struct index *known; /* of the vault, before it is merged; or NULL */
	struct caps caps;
	uint64_t passed;	       /* bytes of content */
	struct carry_content *content; /* filled on the way; or NULL */
	enum carry_why why;
};

/* The parts, one after the other. */
static ssize_t
source(void *ctx, void *buf, size_t cap, struct err *e)
{
	struct receive *r = ctx;

	for (;;) {
		const char *name =
		    r->at_file < r->n_files ? r->files[r->at_file] : "";
		char shown[300];
		ssize_t n;

		err_escape(shown, sizeof shown, name, strlen(name));
		if (r->fd < 0) {
			if (r->at_file == r->n_files)
				return 0;
			r->fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
			if (r->fd < 0) {
				r->why = CARRY_UNREAD;
				return err_sys(e, "%s", shown);
			}
		}
		do
			n = read(r->fd, buf, cap);
		while (n < 0 && errno == EINTR);
		if (n < 0) {
			r->why = CARRY_UNREAD;
			return err_sys(e, "%s", shown);
		}
		if (n > 0)
			return n;
		close(r->fd);
		r->fd = -1;
		r->at_file++;
	}
}

/* Exactly `len` bytes of content. */
static int
take(struct receive *r, void *buf, size_t len, struct err *e)
{
	uint8_t *p = buf;

	while (len > 0) {
		enum agefile_failure why = AGEFILE_FINE;
		ssize_t n = agefile_read(r->age, p, len, &why, e);

		if (n <= 0 && why != AGEFILE_IO)
			r->why = CARRY_CUT_OFF;
		if (n < 0)
			return -1;
		if (n == 0)
			return err_set(e, ERR_EVIDENCE,
				       "the carry file ends too early");
		p += n;
		len -= (size_t)n;
		r->passed += (uint64_t)n;
	}
	return 0;
}

static int
take_zeros(struct receive *r, size_t len, struct err *e)
{
	uint8_t buf[TARBALL_BLOCK];

	if (take(r, buf, len, e) != 0)
		return -1;
	for (size_t i = 0; i < len; i++)
		if (buf[i] != 0)
			return err_set(e, ERR_EVIDENCE,
				       "the carry file is not of the form");
	return 0;
}

/* Pass a member's content on in pieces. */
static int
each_piece(struct receive *r, uint64_t size, agefile_sink *sink, void *ctx,
	   struct err *e)
{
	uint8_t *buf = malloc(IO_SIZE);
	uint64_t left = size;
	int rc = buf == NULL ? err_memory(e) : 0;

	while (rc == 0 && left > 0) {
		size_t n = left < IO_SIZE ? (size_t)left : IO_SIZE;

		rc = take(r, buf, n, e);
		if (rc == 0)
			rc = sink(ctx, buf, n, e);
		left -= n;
		if (r->v->progress != NULL)
			r->v->progress(r->v->progress_ctx, "receiving",
				       size - left, size);
	}
	free(buf);
	return rc == 0 ? take_zeros(r, tarball_fill(size), e) : -1;
}

static int
to_bundle(void *ctx, const void *bytes, size_t len, struct err *e)
{
	return bundle_reader_put(ctx, bytes, len, e);
}

struct out {
	int fd;
	struct hash *h;
};

static int
to_file(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct out *o = ctx;

	hash_update(o->h, bytes, len);
	return fsutil_write_all(o->fd, bytes, len, e);
}

/* Are all commits here that it goes on from? */
static int
check_needs(struct receive *r, uint8_t (*needs)[GITFORM_OID_LEN], size_t n,
	    struct err *e)
{
	struct map open = {0};
	size_t found = 0, at;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		uint8_t key[MAP_KEY_LEN] = {0};

		memcpy(key, needs[i], GITFORM_OID_LEN);
		rc = map_set(&open, key, 1);
	}
	for (size_t i = 0; i < r->v->n_logs && rc == 0; i++)
		for (uint64_t k = 0; k < r->v->logs[i].size && rc == 0; k++) {
			uint8_t key[MAP_KEY_LEN] = {0};

			memcpy(key, r->v->logs[i].steps[k].commit,
			       GITFORM_OID_LEN);
			if (!map_get(&open, key, &at) || at == 0)
				continue;
			found++; /* a fork's sides share some: count once */
			rc = map_set(&open, key, 0);
		}
	at = open.used;
	map_free(&open);
	if (rc != 0)
		return err_memory(e);
	if (found == at)
		return 0;
	r->why = CARRY_NEEDS;
	err_set(e, ERR_UNKNOWN,
		"it goes on from another carry file that was not received yet");
	return err_hint(e, "receive the earlier ones first, or ask for a whole"
			   " carry file");
}

/* What the bundle needs, and what the file brings. */
static int
look_at_bundle(struct receive *r, struct err *e)
{
	uint8_t(*needs)[GITFORM_OID_LEN] = NULL;
	size_t n = 0;
	int rc = bundle_reader_commits(r->bundle, true, &needs, &n, e);

	if (rc == 0)
		rc = check_needs(r, needs, n, e);
	if (rc == 0 && r->content != NULL) {
		memset(r->content, 0, sizeof *r->content);
		r->content->needs = needs;
		r->content->n_needs = n;
		needs = NULL;
		rc = bundle_reader_commits(r->bundle, false, &r->content->tips,
					   &r->content->n_tips, e);
	}
	free(needs);
	return rc;
}

/* Read the bundle's branches with all checks; damage refuses the file. */
static int
check_incoming(struct receive *r, struct err *e)
{
	char folder[FSUTIL_PATH];

	if (vault_path(r->v, "local/tmp/objects", folder, e) != 0)
		return -1;
	return merge_incoming(r->merge, folder, bundle_reader_refs, r->bundle,
			      e);
}

/* "lfs/objects/ab/cd/<64 hex>" */
static int
object_name(const char *name, uint8_t sha256[HASH_LEN])
{
	char want[100];
	const char *hex = strrchr(name, '/');

	if (hex == NULL || strlen(hex + 1) != 64 ||
	    hex_decode(hex + 1, HASH_LEN, sha256) != 0)
		return -1;
	snprintf(want, sizeof want, "lfs/objects/%.2s/%.2s/%s", hex + 1,
		 hex + 3, hex + 1);
	return strcmp(want, name) == 0 ? 0 : -1;
}

static int
receive_object(struct receive *r, const char *name, uint64_t size,
	       struct err *e)
{
	struct timespec t[2] = {{FSUTIL_TIME, 0}, {FSUTIL_TIME, 0}};
	uint8_t sha256[HASH_LEN], digest[HASH_LEN];
	char path[FSUTIL_PATH], rel[96];
	struct out o = {.fd = -1};
	int rc = -1;

	if (object_name(name, sha256) != 0 || !merge_lists(r->merge, sha256))
		return err_set(
		    e, ERR_EVIDENCE,
		    "the carry file holds a member that does not belong");
	if (caps_room(r->v, size, e) != 0)
		return -1;
	snprintf(rel, sizeof rel, "local/tmp/%s", strrchr(name, '/') + 1);
	if (vault_path(r->v, rel, path, e) != 0)
		return -1;
	o.h = hash_new(HASH_SHA256);
	o.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (o.h == NULL || o.fd < 0) {
		err_sys(e, "an object in the vault's local/tmp");
		goto out;
	}
	if (each_piece(r, size, to_file, &o, e) != 0)
		goto out;
	hash_final(o.h, digest);
	if (memcmp(digest, sha256, HASH_LEN) != 0)
		err_set(e, ERR_EVIDENCE, "object %.16s: it has another SHA-256",
			strrchr(name, '/') + 1);
	else
		rc = merge_object(r->merge, sha256, size, e);
	if (rc == 0 && r->content != NULL &&
	    map_set(&r->content->objects, sha256, 1) != 0)
		rc = err_memory(e);
	(void)futimens(o.fd, t);
out:
	if (o.fd >= 0 && close(o.fd) != 0 && rc == 0)
		rc = err_sys(e, "an object in the vault's local/tmp");
	hash_free(o.h);
	return rc;
}

/* The rest must be zeros, and the age file whole. */
static int
receive_end(struct receive *r, struct err *e)
{
	enum agefile_failure why = AGEFILE_FINE;
	uint8_t buf[4096];
	uint64_t zeros = 0;
	ssize_t n;

	while ((n = agefile_read(r->age, buf, sizeof buf, &why, e)) > 0) {
		zeros += (uint64_t)n;
		if (zeros > r->passed / 4 + ZEROS_MAX)
			return err_set(e, ERR_EVIDENCE,
				       "the carry file is not of the form");
		for (ssize_t i = 0; i < n; i++)
			if (buf[i] != 0)
				return err_set(
				    e, ERR_EVIDENCE,
				    "the carry file is not of the form");
	}
	if (n < 0 && why != AGEFILE_IO)
		r->why = CARRY_CUT_OFF;
	return n < 0 ? -1 : 0;
}

static int
receive_tar(struct receive *r, struct err *e)
{
	static const uint8_t zero[TARBALL_BLOCK];
	uint8_t head[TARBALL_BLOCK];
	char name[100], folder[FSUTIL_PATH];
	uint64_t size;

	if (take(r, head, sizeof head, e) != 0)
		return -1;
	if (tarball_decode(head, name, &size) != FORMAT_OK ||
	    strcmp(name, "vault.bundle") != 0)
		return err_set(e, ERR_EVIDENCE, "this is not a carry file");
	if (size > r->caps.bytes)
		return caps_exceeded("more history", e);
	/* once as it comes, once as it is taken over */
	if (caps_room(r->v, 2 * size, e) != 0 ||
	    vault_path(r->v, "local/tmp/objects/pack", folder, e) != 0 ||
	    fsutil_mkdirs(folder, e) != 0)
		return -1;
	r->bundle = bundle_reader_new(folder, &r->caps, e);
	if (r->bundle == NULL ||
	    each_piece(r, size, to_bundle, r->bundle, e) != 0 ||
	    bundle_reader_finish(r->bundle, e) != 0 ||
	    look_at_bundle(r, e) != 0 || check_incoming(r, e) != 0)
		return -1;
	for (;;) {
		if (take(r, head, sizeof head, e) != 0)
			return -1;
		if (memcmp(head, zero, sizeof head) == 0)
			return receive_end(r, e);
		if (tarball_decode(head, name, &size) != FORMAT_OK)
			return err_set(e, ERR_EVIDENCE,
				       "the carry file is not of the form");
		if (receive_object(r, name, size, e) != 0)
			return -1;
	}
}

/* Begin to read again, with these keys. */
static enum agefile_failure
open_with(struct receive *r, const struct agefile_from *from, struct err *e)
{
	enum agefile_failure why = AGEFILE_FINE;

	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	r->at_file = 0;
	r->age = agefile_reader_new(from, source, r, &why, e);
	return why;
}

/*
 * A collector's carry file is locked to the vault's key, which its members
 * hold: try all of them.
 */
static enum agefile_failure
open_as_member(struct receive *r, struct err *e)
{
	struct index *x = index_open_lean(r->v, r->id, e);
	struct agefile_from from = {.spread = true};
	struct agefile_identity *keys = NULL;
	enum agefile_failure why = AGEFILE_IO;

	if (x != NULL && (keys = calloc(x->n_hybrids, sizeof *keys)) == NULL)
		err_memory(e);
	if (keys == NULL)
		goto out;
	for (size_t i = 1; i < x->n_hybrids; i++)
		if (strcmp(x->hybrids[i].case_id, INDEX_VAULT) == 0)
			keys[from.n++] = (struct agefile_identity){
			    AGEKEY_HYBRID, index_key(x, x->hybrids[i].key)};
	from.keys = keys;
	why = open_with(r, &from, e);
	/* who is a member is asked again when it is merged */
	r->known = x;
	x = NULL;
	merge_know(r->merge, r->known);
out:
	free(keys);
	index_free(x);
	return why;
}

static int
open_age(struct receive *r, const struct secret *passphrase, bool fresh,
	 struct err *e)
{
	struct agefile_identity key = {AGEKEY_HYBRID, NULL};
	struct agefile_from from = {
	    .keys = &key, .n = 1, .passphrase = passphrase, .spread = true};
	struct err first = {0};
	enum agefile_failure why;

	key.secret = identity_person(r->id);
	why = open_with(r, &from, &first);
	if (why == AGEFILE_NO_MATCH && !fresh && passphrase == NULL) {
		err_clear(&first);
		why = open_as_member(r, &first);
	}
	if (r->age != NULL)
		return 0;
	if (why == AGEFILE_NO_MATCH)
		r->why = CARRY_NOT_OURS;
	else if (why != AGEFILE_IO)
		r->why = CARRY_CUT_OFF;
	err_set(e, first.code, "%s", first.msg);
	return why == AGEFILE_NO_MATCH
		   ? err_hint(e, "it was carried to somebody else, or is"
				 " locked with a passphrase (-p)")
		   : err_hint(e, "%s", first.hint);
}

static int
receive_into(struct receive *r, const struct secret *passphrase, bool fresh,
	     struct merge_result *result, struct err *e)
{
	char path[FSUTIL_PATH];

	if (vault_path(r->v, "local/tmp", path, e) != 0 ||
	    fsutil_mkdirs(path, e) != 0 ||
	    open_age(r, passphrase, fresh, e) != 0 || receive_tar(r, e) != 0)
		return -1;
	return merge_commit(r->merge, result, e);
}

/* Is the invitation by somebody whom the vault knows? */
static int
check_inviter(struct receive *r, const struct invite *expect, struct err *e)
{
	struct index *x = index_open_lean(r->v, r->id, e);
	bool known;
	int rc = -1;

	if (x != NULL)
		rc = invite_check_member(expect, x, &known, e);
	index_free(x);
	return rc;
}

int
carry_receive(const char *dir, const struct identity *id,
	      const struct carry_from *from, vault_progress *progress,
	      struct carry_result *result, struct err *e)
{
	struct receive r = {
	    .id = id, .files = from->files, .n_files = from->n, .fd = -1};
	char fresh[FSUTIL_PATH] = "", path[FSUTIL_PATH];
	int rc = -1;

	*result = (struct carry_result){.content = result->content};
	r.content = result->content;
	r.why = CARRY_REFUSED;
	result->created = fsutil_is_free(dir);
	if (result->created && freshdir_begin(dir, fresh, e) != 0)
		goto out;
	r.v = vault_open_known(result->created ? fresh : dir, VAULT_WRITE, id,
			       progress, e);
	if (r.v == NULL)
		goto out;
	r.merge = merge_new(r.v, id, result->created, e);
	if (r.merge == NULL)
		goto out;
	caps_of(r.v, from->large, &r.caps);
	merge_expect(r.merge, from->expect);
	merge_cap(r.merge, &r.caps);
	rc = receive_into(&r, from->passphrase, result->created,
			  &result->merged, e);
	if (rc != 0 && vault_path(r.v, "local/tmp", path, NULL) == 0)
		(void)fsutil_remove_all(path, NULL);
	if (rc == 0 && from->expect != NULL)
		rc = check_inviter(&r, from->expect, e);
	if (rc == 0 && result->created)
		rc = freshdir_commit(fresh, dir, e);
out:
	if (r.fd >= 0)
		close(r.fd);
	agefile_reader_free(r.age);
	bundle_reader_free(r.bundle);
	merge_free(r.merge);
	index_free(r.known);
	vault_close(r.v);
	result->why = rc == 0 ? CARRY_FINE : r.why;
	if (rc != 0)
		freshdir_abort(fresh);
	return rc;
}
