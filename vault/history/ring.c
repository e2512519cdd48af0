#include "ring.h"

#include "ageheader.h"
#include "agetext.h"
#include "hex.h"
#include "padded.h"
#include "padme.h"

#include <stdio.h>
#include <string.h>

#define LINE_MAX_LEN 256 /* bytes of a comment line */

static int
head_line(char out[LINE_MAX_LEN], const char *vault_id, const char *device,
	  uint64_t batch)
{
	return snprintf(out, LINE_MAX_LEN, "# muniment ring 1 %s %s %llu\n",
			vault_id, device, (unsigned long long)batch);
}

struct secret *
ring_new(const char *vault_id, const char *device, uint64_t batch)
{
	char line[LINE_MAX_LEN];
	int n = head_line(line, vault_id, device, batch);
	struct secret *s = secret_new(4096);

	if (s != NULL && secret_append(s, line, (size_t)n) != 0) {
		secret_free(s);
		return NULL;
	}
	return s;
}

static int
add(struct secret *ring, const char *comment, enum agekey_kind kind,
    const uint8_t secret[32])
{
	char key[AGETEXT_IDENTITY_MAX];
	size_t n = agetext_identity(kind, secret, key);
	int rc = secret_append(ring, comment, strlen(comment)) |
		 secret_append(ring, key, n) | secret_append(ring, "\n", 1);

	secret_wipe(key, sizeof key);
	return rc;
}

int
ring_add_entry(struct secret *ring, const uint8_t sha256[32],
	       const uint8_t secret[32])
{
	char line[LINE_MAX_LEN], hex[33];

	hex_encode(sha256, 16, hex);
	snprintf(line, sizeof line, "# entry %s\n", hex);
	return add(ring, line, AGEKEY_X25519, secret);
}

int
ring_add_bulk(struct secret *ring, const char *bulk_id,
	      const uint8_t secret[32])
{
	char line[LINE_MAX_LEN];

	snprintf(line, sizeof line, "# bulk %s\n", bulk_id);
	return add(ring, line, AGEKEY_X25519, secret);
}

int
ring_add_case(struct secret *ring, const char *case_id, const char *epoch,
	      const uint8_t secret[32])
{
	char line[LINE_MAX_LEN];

	snprintf(line, sizeof line, "# case %s %s\n", case_id, epoch);
	return add(ring, line, AGEKEY_HYBRID, secret);
}

int
ring_seal(const struct secret *ring, const struct agekey_public *pub,
	  size_t least, struct entry_file *out, struct err *e)
{
	struct agefile_to to = {.keys = pub, .n = 1};
	size_t len = ring->len > least ? ring->len : least, pad;
	struct secret *s = NULL;
	int rc = -1;

	memset(out, 0, sizeof *out);
	pad = len - ring->len +
	      (size_t)padded_missing(PADDED_ENTRY, AGEKEY_HYBRID, len, 0);
	s = secret_new(ring->len + pad);
	if (s == NULL)
		return err_memory(e);
	memcpy(s->bytes, ring->bytes, ring->len);
	memset(s->bytes + ring->len, '\n', pad);
	s->len = ring->len + pad;
	if (agefile_seal(&to, s->bytes, s->len, &out->bytes, &out->len, e) ==
	    0) {
		hash_sha256(out->bytes, out->len, out->sha256);
		secret_random(out->fields, sizeof out->fields);
		rc = 0;
	}
	secret_free(s);
	return rc;
}

bool
ring_is(const uint8_t *file, size_t len)
{
	return padded_form(file, len) == PADDED_RING;
}

struct taking {
	ring_take *take;
	void *ctx;
	size_t n;
	bool failed; /* what takes the keys, not the ring */
};

/* "entry <32 hex>", "bulk <32 hex>", "case <32 hex|vault> <32 hex>" */
static int
parse_comment(const char *c, size_t len, enum agekey_kind kind,
	      struct ring_key *key)
{
	if (kind == AGEKEY_X25519 && len == 6 + 32 &&
	    memcmp(c, "entry ", 6) == 0) {
		key->kind = RING_ENTRY;
		return hex_decode(c + 6, 16, key->id);
	}
	if (kind == AGEKEY_X25519 && len == 5 + 32 &&
	    memcmp(c, "bulk ", 5) == 0) {
		key->kind = RING_BULK;
		return hex_decode(c + 5, 16, key->id);
	}
	if (kind == AGEKEY_HYBRID && len > 5 + 33 &&
	    memcmp(c, "case ", 5) == 0 && c[len - 33] == ' ') {
		size_t n = len - 5 - 33;

		key->kind = RING_CASE;
		if (!hex_is(c + len - 32, 32) ||
		    !((n == 32 && hex_is(c + 5, 32)) ||
		      (n == 5 && memcmp(c + 5, "vault", 5) == 0)))
			return -1;
		memcpy(key->case_id, c + 5, n);
		memcpy(key->epoch, c + len - 32, 32);
		return 0;
	}
	return -1;
}

static int
take_one(void *ctx, enum agekey_kind kind,
	 const uint8_t secret[AGEKEY_SECRET_LEN], const char *comment,
	 size_t comment_len, struct err *e)
{
	struct taking *t = ctx;
	struct ring_key key = {.secret = secret};

	if (++t->n > RING_KEYS_MAX)
		return err_set(e, ERR_EVIDENCE, "a ring with too many keys");
	if (parse_comment(comment, comment_len, kind, &key) != 0)
		return 0; /* a later version's kind of key */
	if (t->take(t->ctx, &key, e) == 0)
		return 0;
	t->failed = true;
	return -1;
}

enum ring_result
ring_open(const uint8_t *file, size_t len, const struct agefile_from *from,
	  const char *vault_id, const char *device, uint64_t batch,
	  ring_take *take, void *ctx, struct err *e)
{
	struct taking t = {.take = take, .ctx = ctx};
	enum agefile_failure why = AGEFILE_FINE;
	char head[LINE_MAX_LEN];
	struct secret *s;
	struct err inner = {0};
	size_t n = (size_t)head_line(head, vault_id, device, batch);
	enum ring_result r = RING_BAD;

	if (len > ENTRY_FILE_MAX || !padme_is_entry(len)) {
		err_set(e, ERR_EVIDENCE,
			"its length is not one that a ring has");
		return RING_BAD;
	}
	s = secret_new(len);
	if (s == NULL) {
		err_memory(e);
		return RING_BAD;
	}
	if (agefile_open(from, file, len, s->bytes, s->cap, &s->len, &why,
			 &inner) != 0) {
		r = why == AGEFILE_NO_MATCH ? RING_NOT_OURS : RING_BAD;
		err_set(e, ERR_EVIDENCE, "%s", inner.msg);
	} else if (s->len < n || memcmp(s->bytes, head, n) != 0) {
		err_set(e, ERR_EVIDENCE,
			"it does not say that it stands in this batch");
	} else if (agetext_identities(s->bytes, s->len, take_one, &t, &inner) ==
		   0) {
		r = RING_OPENED;
	} else {
		/* whoever has the recipient can lock anything to it */
		err_set(e, t.failed ? (enum err_code)inner.code : ERR_EVIDENCE,
			"%s", inner.msg);
	}
	secret_free(s);
	return r;
}
