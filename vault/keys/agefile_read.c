/*
 * The reader of agefile.h: the header, the file key, the content.
 *
 * A file of a known stanza type that breaks that type's rules is refused even
 * if another stanza would open it, so that a file means the same to everyone.
 */
#include "agefile.h"

#include "agearmor.h"
#include "ageheader.h"
#include "agespread.h"
#include "agestream.h"
#include "base64.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define READY_LEN 65536 /* bytes of a buffer at the start */

/* A stanza of a type that we know, taken apart. */
struct known {
	enum { KNOWN_NONE, KNOWN_KEY, KNOWN_SCRYPT } type;
	enum agekey_kind kind;	     /* of KNOWN_KEY */
	uint8_t enc[AGEKEY_ENC_MAX]; /* share, encapsulation or salt */
	uint8_t body[AGEKEY_BODY_LEN];
	unsigned work_factor; /* of KNOWN_SCRYPT; above 31 means too much */
};

/* Fill `why` and `e`; always -1. */
static int
refuse(enum agefile_failure *why, enum agefile_failure what, struct err *e,
       const char *msg)
{
	bool unknown = what == AGEFILE_NO_MATCH || what == AGEFILE_IO;

	*why = what;
	return err_set(e, unknown ? ERR_UNKNOWN : ERR_EVIDENCE, "%s", msg);
}

static int
refuse_header(enum agefile_failure *why, enum ageheader_result r, bool empty,
	      struct err *e)
{
	switch (r) {
	case AGEHEADER_MORE:
		return refuse(why, AGEFILE_HEADER, e,
			      empty ? "empty, so not an age file"
				    : "the age header is cut off");
	case AGEHEADER_FOREIGN:
		return refuse(why, AGEFILE_HEADER, e, "not an age file");
	case AGEHEADER_VERSION:
		return refuse(why, AGEFILE_HEADER, e,
			      "an age file, but not of version 1");
	case AGEHEADER_TOO_LARGE:
		return refuse(why, AGEFILE_HEADER, e,
			      "the age header exceeds the limits");
	default:
		return refuse(why, AGEFILE_HEADER, e,
			      "the age header is malformed");
	}
}

/* A canonical Base64 argument of exactly `len` bytes. */
static bool
arg_bytes(const struct ageheader_text *arg, uint8_t *out, size_t len)
{
	size_t n;

	return base64_decode(arg->text, arg->len, false, out, len, &n) == 0 &&
	       n == len;
}

/* Digits without a leading zero; anything above 31 becomes 32. */
static bool
arg_work_factor(const struct ageheader_text *arg, unsigned *out)
{
	*out = 0;
	for (size_t i = 0; i < arg->len; i++) {
		char c = arg->text[i];

		if (c < '0' || c > '9' || (i == 0 && c == '0'))
			return false;
		*out = *out * 10 + (unsigned)(c - '0');
		if (*out > 31)
			*out = 32;
	}
	return true;
}

/* Take a stanza apart; false if it is of a known type and breaks its rules. */
static bool
known_parse(const struct ageheader_stanza *s, struct known *k)
{
	size_t enc_len;

	k->type = KNOWN_KEY;
	if (ageheader_arg_is(s, 0, "X25519")) {
		k->kind = AGEKEY_X25519;
	} else if (ageheader_arg_is(s, 0, "mlkem768x25519")) {
		k->kind = AGEKEY_HYBRID;
	} else if (ageheader_arg_is(s, 0, "scrypt")) {
		k->type = KNOWN_SCRYPT;
	} else {
		k->type = KNOWN_NONE;
		return true;
	}
	enc_len =
	    k->type == KNOWN_SCRYPT ? AGEKEY_SALT_LEN : agekey_enc_len(k->kind);
	if (s->args != (k->type == KNOWN_SCRYPT ? 3 : 2) ||
	    s->body_len != AGEKEY_BODY_LEN ||
	    !arg_bytes(&s->arg[1], k->enc, enc_len) ||
	    (k->type == KNOWN_SCRYPT &&
	     !arg_work_factor(&s->arg[2], &k->work_factor)))
		return false;
	ageheader_body(s, k->body);
	return true;
}

/* The rules that hold whatever key we have; tells if it is for a passphrase. */
static int
check_stanzas(const struct ageheader *h, bool *scrypt,
	      enum agefile_failure *why, struct err *e)
{
	struct ageheader_stanza s;
	struct known k;
	size_t pos = 0;

	*scrypt = false;
	while (ageheader_next(h, &pos, &s)) {
		if (!known_parse(&s, &k))
			return refuse(
			    why, AGEFILE_HEADER, e,
			    "a stanza of the age header is malformed");
		if (k.type != KNOWN_SCRYPT)
			continue;
		*scrypt = true;
		if (h->stanzas > 1)
			return refuse(
			    why, AGEFILE_HEADER, e,
			    "a passphrase stanza stands beside others");
	}
	return 0;
}

/* Try one key on one stanza. */
static enum agekey_result
try_key(const struct agefile_from *from, size_t i, const struct known *k,
	uint8_t *file_key)
{
	if (from->keys[i].kind != k->kind)
		return AGEKEY_NO_MATCH;
	if (from->ready != NULL && from->ready[i] != NULL)
		return agekey_unwrap_ready(from->ready[i], k->enc, k->body,
					   file_key);
	return agekey_unwrap(k->kind, from->keys[i].secret, k->enc, k->body,
			     file_key);
}

/* Try every key on every stanza. */
static int
unlock_keys(const struct agefile_from *from, const struct ageheader *h,
	    uint8_t *file_key, enum agefile_failure *why, struct err *e)
{
	struct ageheader_stanza s;
	enum agekey_result r;
	struct known k;
	size_t pos = 0;

	while (ageheader_next(h, &pos, &s)) {
		known_parse(&s, &k);
		for (size_t i = 0; k.type == KNOWN_KEY && i < from->n; i++) {
			r = try_key(from, i, &k, file_key);
			if (r == AGEKEY_OK && from->which != NULL)
				*from->which = i;
			if (r == AGEKEY_OK)
				return 0;
			if (r == AGEKEY_MALFORMED)
				return refuse(
				    why, AGEFILE_HEADER, e,
				    "a stanza of the age header holds a"
				    " forbidden key share");
		}
	}
	if (from->n > 0) {
		refuse(why, AGEFILE_NO_MATCH, e,
		       "no identity given here opens this file");
		return err_hint(e, "it was locked to other recipients");
	}
	refuse(why, AGEFILE_NO_MATCH, e,
	       "locked to recipients, and no identity is given");
	return err_hint(e, "give the identity file of one of them");
}

static int
unlock_passphrase(const struct agefile_from *from, const struct ageheader *h,
		  uint8_t *file_key, enum agefile_failure *why, struct err *e)
{
	const struct secret *pass = from->passphrase;
	struct secret *asked = NULL;
	struct ageheader_stanza s;
	enum agekey_result r;
	struct known k;
	size_t pos = 0;

	if (!ageheader_next(h, &pos, &s) || !known_parse(&s, &k))
		return refuse(why, AGEFILE_HEADER, e, "no stanza");
	if (k.work_factor > AGEFILE_WORK_FACTOR_MAX) {
		*why = AGEFILE_HEADER;
		return err_set(
		    e, ERR_UNKNOWN,
		    "its passphrase wants more work than is accepted (2^%d)",
		    AGEFILE_WORK_FACTOR_MAX);
	}
	if (pass == NULL && from->ask != NULL) {
		pass = asked = from->ask(from->ask_ctx, e);
		if (pass == NULL)
			return refuse(why, AGEFILE_IO, e, "no passphrase");
	}
	if (pass == NULL) {
		refuse(why, AGEFILE_NO_MATCH, e,
		       "locked with a passphrase, and none is given");
		return -1;
	}
	r = agekey_unwrap_passphrase(pass->bytes, pass->len, k.work_factor,
				     k.enc, k.body, file_key);
	secret_free(asked);
	if (r == AGEKEY_OK)
		return 0;
	if (r == AGEKEY_NO_MATCH)
		return refuse(why, AGEFILE_NO_MATCH, e, "wrong passphrase");
	*why = AGEFILE_IO;
	return err_set(e, ERR_UNKNOWN,
		       "not enough memory to try the passphrase (%llu MiB)",
		       1ull << k.work_factor >> 10);
}

/* From a parsed header to the file key, its MAC checked. */
static int
unlock(const struct agefile_from *from, const struct ageheader *h,
       uint8_t file_key[AGEKEY_FILE_KEY_LEN], enum agefile_failure *why,
       struct err *e)
{
	uint8_t mac[AGEHEADER_MAC_LEN];
	bool scrypt;
	int rc;

	if (check_stanzas(h, &scrypt, why, e) != 0)
		return -1;
	if (from->file_key != NULL) {
		memcpy(file_key, from->file_key, AGEKEY_FILE_KEY_LEN);
		rc = 0;
	} else {
		rc = scrypt ? unlock_passphrase(from, h, file_key, why, e)
			    : unlock_keys(from, h, file_key, why, e);
	}
	if (rc != 0)
		return -1;
	agestream_header_mac(file_key, h->bytes, h->mac_over, mac);
	if (secret_equal(mac, h->mac, sizeof mac)) {
		if (from->found != NULL)
			memcpy(from->found, file_key, AGEKEY_FILE_KEY_LEN);
		return 0;
	}
	secret_wipe(file_key, AGEKEY_FILE_KEY_LEN);
	return refuse(why, AGEFILE_HMAC, e,
		      "the age header was changed: its MAC does not fit");
}

struct agefile_reader {
	agefile_source *source;
	void *ctx;
	struct agestream *stream;
	struct agespread *spread;    /* instead; or NULL */
	enum agefile_failure broken; /* once failed, for good */
	bool ended;		     /* the source has no more */
	bool armored, armor_bad;
	struct agearmor_reader armor;
	uint8_t *raw; /* armored only: READY_LEN bytes of lines */
	size_t raw_at, raw_len;
	uint8_t *ready; /* bytes of the binary file, not used yet */
	size_t ready_at, ready_len, ready_cap;
	uint8_t *plain;	      /* room for a chunk */
	const uint8_t *given; /* content not given out yet */
	size_t plain_at, plain_len;
	/* spread: what follows it, why no more could be read, bytes opened */
	enum agespread_end end;
	enum agefile_failure later;
	struct err cause;
	uint64_t opened;
	uint64_t chunks; /* opened so far */
	bool last;	 /* the last chunk is among them */
	bool whole;	 /* and nothing follows it */
	uint8_t sealed[AGESTREAM_SEALED];
};

/* Up to cap bytes of the source; 0 at its end, for good. */
static ssize_t
from_source(struct agefile_reader *r, void *buf, size_t cap,
	    enum agefile_failure *why, struct err *e)
{
	ssize_t n = r->ended ? 0 : r->source(r->ctx, buf, cap, e);

	if (n == 0)
		r->ended = true;
	if (n < 0)
		return refuse(why, AGEFILE_IO, e, "reading failed");
	assert((size_t)n <= cap);
	return n;
}

static int
refuse_armor(enum agefile_failure *why, enum agearmor_result a, struct err *e)
{
	return refuse(why, AGEFILE_ARMOR, e,
		      a == AGEARMOR_CUT ? "the armor is cut off"
					: "the armor is malformed");
}

/*
 * Up to cap (at least a line's) bytes out of the armor; 0 at its end. An error
 * in it waits until the bytes before it have been used.
 */
static ssize_t
from_armor(struct agefile_reader *r, uint8_t *buf, size_t cap,
	   enum agefile_failure *why, struct err *e)
{
	enum agearmor_result a;
	size_t used, got = 0;
	ssize_t n;

	while (got == 0) {
		if (r->armor_bad)
			return refuse_armor(why, AGEARMOR_MALFORMED, e);
		if (r->raw_at == r->raw_len) {
			r->raw_at = r->raw_len = 0;
			n = from_source(r, r->raw, READY_LEN, why, e);
			if (n < 0)
				return -1;
			if (n == 0) {
				a = agearmor_read_end(&r->armor);
				if (a == AGEARMOR_OK)
					return 0;
				return refuse_armor(why, a, e);
			}
			r->raw_len = (size_t)n;
		}
		a = agearmor_read(&r->armor, r->raw + r->raw_at,
				  r->raw_len - r->raw_at, &used, buf, cap,
				  &got);
		r->raw_at += used;
		r->armor_bad = a != AGEARMOR_OK;
	}
	return (ssize_t)got;
}

/* Read more into `ready`, which grows if it must; 0 at the end. */
static ssize_t
more(struct agefile_reader *r, enum agefile_failure *why, struct err *e)
{
	size_t room = r->ready_cap - r->ready_len;
	ssize_t n;

	if (room < AGEARMOR_LINE_BYTES) {
		uint8_t *p = realloc(r->ready, r->ready_cap * 2);

		if (p == NULL)
			return refuse(why, AGEFILE_IO, e, "no memory");
		r->ready = p;
		r->ready_cap *= 2;
		room = r->ready_cap - r->ready_len;
	}
	n = r->armored ? from_armor(r, r->ready + r->ready_len, room, why, e)
		       : from_source(r, r->ready + r->ready_len, room, why, e);
	if (n > 0)
		r->ready_len += (size_t)n;
	return n;
}

/* `len` bytes of the binary file, fewer only at its end; -1 on failure. */
static ssize_t
read_full(struct agefile_reader *r, uint8_t *buf, size_t len,
	  enum agefile_failure *why, struct err *e)
{
	size_t got = 0, have;
	ssize_t n;

	while (got < len) {
		have = r->ready_len - r->ready_at;
		if (have > 0) {
			have = have < len - got ? have : len - got;
			memcpy(buf + got, r->ready + r->ready_at, have);
			r->ready_at += have;
			got += have;
			continue;
		}
		r->ready_at = r->ready_len = 0;
		if (r->armored) {
			n = more(r, why, e);
		} else {
			n = from_source(r, buf + got, len - got, why, e);
			got += n > 0 ? (size_t)n : 0;
		}
		if (n < 0)
			return -1;
		if (n == 0)
			break;
	}
	return (ssize_t)got;
}

/* The first bytes tell whether there is armor: then they move to `raw`. */
static int
detect_armor(struct agefile_reader *r, enum agefile_failure *why, struct err *e)
{
	uint8_t *fresh;

	if (more(r, why, e) < 0)
		return -1;
	if (r->ready_len == 0 || !agearmor_is_likely(r->ready[0]))
		return 0;
	fresh = malloc(r->ready_cap);
	if (fresh == NULL)
		return refuse(why, AGEFILE_IO, e, "no memory");
	r->raw = r->ready;
	r->raw_len = r->ready_len;
	r->ready = fresh;
	r->ready_len = 0;
	r->armored = true;
	agearmor_reader_init(&r->armor);
	return 0;
}

/*
 * Read until the header is whole. It is parsed anew whenever twice as much is
 * there, so that the work stays linear in its size.
 */
static int
read_header(struct agefile_reader *r, struct ageheader *h,
	    enum agefile_failure *why, struct err *e)
{
	enum ageheader_result a = AGEHEADER_MORE;
	enum agefile_failure later = AGEFILE_FINE;
	struct err cause = {0};
	size_t next = 0;
	ssize_t n = 1;

	for (;;) {
		if (r->ready_len >= next || n <= 0) {
			a = ageheader_parse(r->ready, r->ready_len, h);
			next = 2 * r->ready_len;
		}
		if (a != AGEHEADER_MORE || n <= 0)
			break;
		n = more(r, &later, &cause);
	}
	if (a == AGEHEADER_OK) {
		r->ready_at = h->len;
		return 0;
	}
	if (a == AGEHEADER_MORE && n < 0) {
		*why = later;
		if (e != NULL)
			*e = cause;
		return -1;
	}
	return refuse_header(why, a, r->ready_len == 0, e);
}

/* From the start of the file to the first chunk. */
static int
read_start(struct agefile_reader *r, const struct agefile_from *from,
	   enum agefile_failure *why, struct err *e)
{
	uint8_t file_key[AGEKEY_FILE_KEY_LEN], nonce[AGESTREAM_NONCE_LEN];
	struct ageheader h;
	ssize_t n;
	int rc = -1;

	if (detect_armor(r, why, e) != 0 || read_header(r, &h, why, e) != 0 ||
	    unlock(from, &h, file_key, why, e) != 0)
		return -1;
	n = read_full(r, nonce, sizeof nonce, why, e);
	if (n >= 0 && n < (ssize_t)sizeof nonce)
		refuse(why, AGEFILE_HEADER, e, "the file ends in its header");
	if (n == (ssize_t)sizeof nonce) {
		if (from->spread && !r->armored)
			r->spread = agespread_new(false, file_key, nonce);
		else
			r->stream = agestream_new(false, file_key, nonce);
		rc = r->stream != NULL || r->spread != NULL
			 ? 0
			 : refuse(why, AGEFILE_IO, e, "no memory");
	}
	secret_wipe(file_key, sizeof file_key);
	return rc;
}

struct agefile_reader *
agefile_reader_new(const struct agefile_from *from, agefile_source *source,
		   void *ctx, enum agefile_failure *why, struct err *e)
{
	struct agefile_reader *r = malloc(sizeof *r);
	enum agefile_failure unused;

	why = why != NULL ? why : &unused;
	*why = AGEFILE_FINE;
	if (r != NULL) {
		memset(r, 0, offsetof(struct agefile_reader, sealed));
		r->source = source;
		r->ctx = ctx;
		r->ready_cap = READY_LEN;
		r->ready = malloc(r->ready_cap);
	}
	if (r == NULL || r->ready == NULL)
		refuse(why, AGEFILE_IO, e, "no memory");
	else if (read_start(r, from, why, e) == 0)
		return r;
	agefile_reader_free(r);
	return NULL;
}

/* An empty last chunk is right only in an empty file. */
static size_t
chunk_min(bool first)
{
	return first ? AGESTREAM_TAG_LEN : AGESTREAM_TAG_LEN + 1;
}

static ssize_t
refuse_changed(uint64_t at, enum agefile_failure *why, struct err *e)
{
	*why = AGEFILE_PAYLOAD;
	return err_set(
	    e, ERR_EVIDENCE,
	    "changed or cut off: the content from byte %llu on is not what"
	    " was locked",
	    (unsigned long long)at);
}

static ssize_t
refuse_cut_off(enum agefile_failure *why, struct err *e)
{
	return refuse(why, AGEFILE_PAYLOAD, e,
		      "cut off: the file ends before its last part");
}

static ssize_t
refuse_appended(enum agefile_failure *why, struct err *e)
{
	return refuse(why, AGEFILE_PAYLOAD, e,
		      "something was appended to the file");
}

/*
 * Open the next chunk into out. A chunk of full size may be the last one or
 * not: what authenticates decides. Whether anything follows the last chunk is
 * looked at only after it has been given out, as the reference does.
 */
static ssize_t
open_chunk(struct agefile_reader *r, uint8_t *out, enum agefile_failure *why,
	   struct err *e)
{
	ssize_t n = read_full(r, r->sealed, AGESTREAM_SEALED, why, e);
	size_t len = (size_t)n;

	if (n < 0)
		return -1;
	if (n == 0)
		return refuse_cut_off(why, e);
	if (len == AGESTREAM_SEALED &&
	    agestream_open(r->stream, false, r->sealed, len, out) == 0) {
		r->chunks++;
		return AGESTREAM_CHUNK;
	}
	if (len >= chunk_min(r->chunks == 0) &&
	    agestream_open(r->stream, true, r->sealed, len, out) == 0) {
		r->chunks++;
		r->last = true;
		return (ssize_t)(len - AGESTREAM_TAG_LEN);
	}
	return refuse_changed(r->chunks * AGESTREAM_CHUNK, why, e);
}

/* After the last chunk the file must end. */
static ssize_t
check_end(struct agefile_reader *r, enum agefile_failure *why, struct err *e)
{
	uint8_t one;
	ssize_t n = read_full(r, &one, 1, why, e);

	if (n > 0)
		return refuse_appended(why, e);
	if (n < 0)
		return -1;
	r->whole = true;
	return 0;
}

/* An agespread_source. */
static ssize_t
ahead(void *ctx, uint8_t *buf, size_t len)
{
	struct agefile_reader *r = ctx;

	return read_full(r, buf, len, &r->later, &r->cause);
}

/* Some chunks, opened on all cores; 0 at the end of the file. */
static ssize_t
next_block(struct agefile_reader *r, enum agefile_failure *why, struct err *e)
{
	enum agespread_end before = r->end;

	if (before == AGESPREAD_BAD)
		return refuse_changed(r->opened, why, e);
	if (before == AGESPREAD_FOLLOWED)
		return refuse_appended(why, e);
	if (agespread_open(r->spread, ahead, r, &r->given, &r->plain_len,
			   &r->end) != 0) {
		if (r->later == AGEFILE_FINE)
			return refuse(why, AGEFILE_IO, e, "no memory");
		*why = r->later;
		if (e != NULL)
			*e = r->cause;
		return -1;
	}
	if (r->end != AGESPREAD_NOTHING && before == AGESPREAD_LAST)
		return refuse_appended(why, e);
	if (r->end == AGESPREAD_NOTHING && before != AGESPREAD_LAST)
		return refuse_cut_off(why, e);
	r->whole = r->end == AGESPREAD_NOTHING;
	r->opened += r->plain_len;
	return (ssize_t)r->plain_len;
}

/* A chunk goes straight to a caller with room for it. */
static ssize_t
next_bytes(struct agefile_reader *r, void *buf, size_t cap,
	   enum agefile_failure *why, struct err *e)
{
	ssize_t n;

	r->plain_at = r->plain_len = 0;
	if (r->whole)
		return 0;
	if (r->spread != NULL)
		return next_block(r, why, e);
	if (r->last)
		return check_end(r, why, e);
	if (cap >= AGESTREAM_CHUNK)
		return open_chunk(r, buf, why, e);
	if (r->plain == NULL)
		r->plain = malloc(AGESTREAM_CHUNK);
	if (r->plain == NULL)
		return refuse(why, AGEFILE_IO, e, "no memory");
	n = open_chunk(r, r->plain, why, e);
	r->given = r->plain;
	r->plain_len = n > 0 ? (size_t)n : 0;
	return n;
}

ssize_t
agefile_read(struct agefile_reader *r, void *buf, size_t cap,
	     enum agefile_failure *why, struct err *e)
{
	enum agefile_failure unused;
	size_t have;
	ssize_t n;

	assert(cap > 0);
	why = why != NULL ? why : &unused;
	*why = r->broken;
	if (r->broken != AGEFILE_FINE)
		return err_set(e, ERR_UNKNOWN, "reading has failed before");
	for (;;) {
		have = r->plain_len - r->plain_at;
		if (have > 0) {
			have = have < cap ? have : cap;
			memcpy(buf, r->given + r->plain_at, have);
			r->plain_at += have;
			return (ssize_t)have;
		}
		n = next_bytes(r, buf, cap, why, e);
		if (n < 0)
			r->broken = *why;
		/* an empty file's only chunk is no end yet */
		if (n < 0 || r->whole)
			return n;
		if (n > 0 && r->plain_len == 0)
			return n;
	}
}

void
agefile_reader_free(struct agefile_reader *r)
{
	if (r == NULL)
		return;
	agestream_free(r->stream);
	agespread_free(r->spread);
	if (r->plain != NULL)
		secret_wipe(r->plain, AGESTREAM_CHUNK);
	free(r->plain);
	free(r->ready);
	free(r->raw);
	free(r);
}

/* The chunks of a file in memory, whose length tells which is the last. */
static int
open_all(struct agestream *s, const uint8_t *p, size_t len, uint8_t *out)
{
	size_t take;

	do {
		take = len < AGESTREAM_SEALED ? len : AGESTREAM_SEALED;
		if (agestream_open(s, take == len, p, take, out) != 0)
			return -1;
		p += take;
		out += take - AGESTREAM_TAG_LEN;
		len -= take;
	} while (len > 0);
	return 0;
}

/* Bytes of content in `len` bytes of chunks; -1 if that is no right length. */
static ssize_t
content_len(size_t len)
{
	size_t chunks = len / AGESTREAM_SEALED, rest = len % AGESTREAM_SEALED;

	if (rest > 0 ? rest < chunk_min(chunks == 0) : chunks == 0)
		return -1;
	return (ssize_t)(len - (chunks + (rest > 0)) * AGESTREAM_TAG_LEN);
}

/* `p`: the nonce and `len` bytes of chunks. */
static int
open_payload(const uint8_t *file_key, const uint8_t *p, size_t len,
	     uint8_t *out, size_t cap, size_t *outlen,
	     enum agefile_failure *why, struct err *e)
{
	struct agestream *s = NULL;
	ssize_t n = content_len(len);
	int rc;

	if (n < 0)
		return refuse(why, AGEFILE_PAYLOAD, e,
			      "cut off: the file ends before its last part");
	if ((size_t)n > cap)
		return refuse(why, AGEFILE_IO, e, "the content is too large");
	s = agestream_new(false, file_key, p);
	if (s == NULL)
		return refuse(why, AGEFILE_IO, e, "no memory");
	rc = open_all(s, p + AGESTREAM_NONCE_LEN, len, out);
	agestream_free(s);
	if (rc != 0)
		return refuse(
		    why, AGEFILE_PAYLOAD, e,
		    "changed or cut off: the content is not what was locked");
	*outlen = (size_t)n;
	return 0;
}

int
agefile_open(const struct agefile_from *from, const void *file, size_t len,
	     uint8_t *out, size_t cap, size_t *outlen,
	     enum agefile_failure *why, struct err *e)
{
	uint8_t file_key[AGEKEY_FILE_KEY_LEN];
	enum agefile_failure unused;
	enum ageheader_result a;
	struct ageheader h;
	int rc = -1;

	why = why != NULL ? why : &unused;
	*why = AGEFILE_FINE;
	*outlen = 0;
	a = ageheader_parse(file, len, &h);
	if (a != AGEHEADER_OK) {
		refuse_header(why, a, len == 0, e);
	} else if (unlock(from, &h, file_key, why, e) == 0) {
		if (len - h.len < AGESTREAM_NONCE_LEN)
			refuse(why, AGEFILE_HEADER, e,
			       "the file ends in its header");
		else
			rc = open_payload(file_key,
					  (const uint8_t *)file + h.len,
					  len - h.len - AGESTREAM_NONCE_LEN,
					  out, cap, outlen, why, e);
		secret_wipe(file_key, sizeof file_key);
	}
	if (rc != 0)
		memset(out, 0, cap);
	return rc;
}

struct agestream *
agefile_payload(const struct agefile_from *from, const void *file, size_t len,
		size_t *at, struct err *e)
{
	uint8_t file_key[AGEKEY_FILE_KEY_LEN];
	enum agefile_failure why = AGEFILE_FINE;
	enum ageheader_result a;
	struct agestream *s = NULL;
	struct ageheader h;

	a = ageheader_parse(file, len, &h);
	if (a != AGEHEADER_OK) {
		refuse_header(&why, a, len == 0, e);
	} else if (unlock(from, &h, file_key, &why, e) == 0) {
		*at = h.len + AGESTREAM_NONCE_LEN;
		if (len < *at)
			refuse(&why, AGEFILE_HEADER, e,
			       "the file ends in its header");
		else if ((s = agestream_new(false, file_key,
					    (const uint8_t *)file + h.len)) ==
			 NULL)
			refuse(&why, AGEFILE_IO, e, "no memory");
		secret_wipe(file_key, sizeof file_key);
	}
	return s;
}
