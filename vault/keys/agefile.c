/*
 * The writer, and the sizes of what it writes. The reader is in
 * agefile_read.c.
 */
#include "agefile.h"

#include "agearmor.h"
#include "ageheader.h"
#include "agespread.h"
#include "agestream.h"
#include "base64.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(AGESTREAM_FILE_KEY_LEN == AGEKEY_FILE_KEY_LEN, "file key");
_Static_assert(AGESTREAM_MAC_LEN == AGEHEADER_MAC_LEN, "MAC");

#define ENC_TEXT_MAX 1494 /* characters: AGEKEY_ENC_MAX bytes in Base64 */

struct agefile_writer {
	agefile_sink *sink;
	void *ctx;
	struct agestream *stream;
	struct agespread *spread; /* instead; or NULL */
	bool broken; /* something failed: nothing more may be written */
	bool armored;
	struct agearmor_writer armor;
	char *text;  /* armored only: a sealed chunk as lines */
	size_t have; /* bytes of content that wait in chunk */
	uint8_t chunk[AGESTREAM_SEALED];
};

static const char *
stanza_type(enum agekey_kind kind)
{
	return kind == AGEKEY_X25519 ? "X25519" : "mlkem768x25519";
}

static struct ageheader_text
text_of(const char *s)
{
	return (struct ageheader_text){.text = s, .len = strlen(s)};
}

static int
check_to(const struct agefile_to *to, struct err *e)
{
	if ((to->n > 0) == (to->passphrase != NULL))
		return err_set(
		    e, ERR_UNKNOWN,
		    "a file is for recipients or for a passphrase, one of"
		    " the two");
	if (to->n > AGEHEADER_STANZAS_MAX)
		return err_set(e, ERR_UNKNOWN, "more than %d recipients",
			       AGEHEADER_STANZAS_MAX);
	if (to->passphrase != NULL && to->passphrase->len == 0)
		return err_set(e, ERR_UNKNOWN, "the passphrase is empty");
	if (to->work_factor > AGEFILE_WORK_FACTOR_MAX)
		return err_set(e, ERR_UNKNOWN,
			       "a work factor above %d is not accepted",
			       AGEFILE_WORK_FACTOR_MAX);
	for (size_t i = 1; i < to->n; i++) {
		if (to->keys[i].kind == to->keys[0].kind)
			continue;
		err_set(e, ERR_UNKNOWN,
			"post-quantum recipients (age1pq1...) and classic ones"
			" (age1...) cannot be mixed in one file");
		return err_hint(e, "one classic recipient would undo the"
				   " protection of the others: ask for"
				   " age1pq1... or write two files");
	}
	return 0;
}

static size_t
key_stanza(char *out, enum agekey_kind kind, const char *enc,
	   const uint8_t *body)
{
	struct ageheader_text args[2] = {text_of(stanza_type(kind))};

	args[1].text = enc;
	args[1].len = base64_len(agekey_enc_len(kind), false);
	return ageheader_put_stanza(out, args, 2, body, AGEKEY_BODY_LEN);
}

static size_t
passphrase_stanza(char *out, unsigned work_factor, const uint8_t *salt,
		  const uint8_t *body)
{
	char text[32], factor[16];
	struct ageheader_text args[3] = {text_of("scrypt")};

	args[1].text = text;
	args[1].len = base64_encode(salt, AGEKEY_SALT_LEN, false, text);
	snprintf(factor, sizeof factor, "%u", work_factor);
	args[2] = text_of(factor);
	return ageheader_put_stanza(out, args, 3, body, AGEKEY_BODY_LEN);
}

static unsigned
work_factor(const struct agefile_to *to)
{
	return to->work_factor > 0 ? to->work_factor : AGEFILE_WORK_FACTOR;
}

/* Bytes of the header that file_start writes. */
static size_t
header_size(const struct agefile_to *to)
{
	static const uint8_t zero[AGEKEY_SALT_LEN];
	size_t n = ageheader_put_version(NULL) + ageheader_put_dashes(NULL) +
		   ageheader_put_mac(NULL, NULL);

	if (to->passphrase != NULL)
		return n + passphrase_stanza(NULL, work_factor(to), zero, NULL);
	return n + to->n * key_stanza(NULL, to->keys[0].kind, NULL, NULL);
}

static int
stanzas_write(const struct agefile_to *to, const uint8_t *file_key, char *out,
	      size_t *n, struct err *e)
{
	uint8_t enc[AGEKEY_ENC_MAX], body[AGEKEY_BODY_LEN];
	uint8_t salt[AGEKEY_SALT_LEN];
	char text[ENC_TEXT_MAX];

	for (size_t i = 0; i < to->n; i++) {
		if (agekey_wrap(&to->keys[i], file_key, enc, body) != 0)
			return err_set(e, ERR_UNKNOWN,
				       "recipient %zu is not a valid key",
				       i + 1);
		base64_encode(enc, agekey_enc_len(to->keys[i].kind), false,
			      text);
		*n += key_stanza(out + *n, to->keys[i].kind, text, body);
	}
	if (to->passphrase == NULL)
		return 0;
	secret_random(salt, sizeof salt);
	if (agekey_wrap_passphrase(to->passphrase->bytes, to->passphrase->len,
				   work_factor(to), salt, file_key, body) != 0)
		return err_set(e, ERR_UNKNOWN,
			       "no memory to protect with a passphrase");
	*n += passphrase_stanza(out + *n, work_factor(to), salt, body);
	return 0;
}

/*
 * A fresh file key: write header and nonce (header_size +
 * AGESTREAM_NONCE_LEN bytes) and start the payload: *spread if it is not
 * NULL, else *s.
 */
static int
file_start(const struct agefile_to *to, char *out, struct agestream **s,
	   struct agespread **spread, struct err *e)
{
	uint8_t file_key[AGEKEY_FILE_KEY_LEN], mac[AGEHEADER_MAC_LEN];
	uint8_t nonce[AGESTREAM_NONCE_LEN];
	size_t n;
	int rc = -1;

	secret_random(file_key, sizeof file_key);
	secret_random(nonce, sizeof nonce);
	n = ageheader_put_version(out);
	if (stanzas_write(to, file_key, out, &n, e) == 0) {
		n += ageheader_put_dashes(out + n);
		agestream_header_mac(file_key, out, n, mac);
		n += ageheader_put_mac(out + n, mac);
		assert(n == header_size(to));
		memcpy(out + n, nonce, sizeof nonce);
		if (spread != NULL)
			*spread = agespread_new(true, file_key, nonce);
		else
			*s = agestream_new(true, file_key, nonce);
		rc = (spread != NULL ? *spread != NULL : *s != NULL)
			 ? 0
			 : err_set(e, ERR_UNKNOWN, "no memory to encrypt");
	}
	secret_wipe(file_key, sizeof file_key);
	return rc;
}

/* Bytes of the binary file to the sink. */
static int
emit(struct agefile_writer *w, const void *bytes, size_t len, struct err *e)
{
	if (w->armored) {
		len = agearmor_write(&w->armor, bytes, len, w->text);
		bytes = w->text;
	}
	return len > 0 ? w->sink(w->ctx, bytes, len, e) : 0;
}

/* The header needs as much room as there are recipients. */
static int
emit_header(struct agefile_writer *w, const struct agefile_to *to,
	    struct err *e)
{
	size_t len = header_size(to) + AGESTREAM_NONCE_LEN;
	size_t room = to->armor ? agearmor_write_max(len) : 0;
	char *out = malloc(len), *lines = room > 0 ? malloc(room) : NULL;
	size_t n;
	int rc = -1;

	if (out == NULL || (room > 0 && lines == NULL)) {
		err_set(e, ERR_UNKNOWN, "no memory to encrypt");
		goto out;
	}
	if (file_start(to, out, &w->stream,
		       to->spread && !to->armor ? &w->spread : NULL, e) != 0)
		goto out;
	if (to->armor) {
		n = agearmor_write_start(&w->armor, lines);
		n += agearmor_write(&w->armor, out, len, lines + n);
		rc = w->sink(w->ctx, lines, n, e);
	} else {
		rc = w->sink(w->ctx, out, len, e);
	}
out:
	free(out);
	free(lines);
	return rc;
}

struct agefile_writer *
agefile_writer_new(const struct agefile_to *to, agefile_sink *sink, void *ctx,
		   struct err *e)
{
	struct agefile_writer *w;

	if (check_to(to, e) != 0)
		return NULL;
	w = malloc(sizeof *w);
	if (w == NULL) {
		err_set(e, ERR_UNKNOWN, "no memory to encrypt");
		return NULL;
	}
	memset(w, 0, offsetof(struct agefile_writer, chunk));
	w->sink = sink;
	w->ctx = ctx;
	w->armored = to->armor;
	if (to->armor)
		w->text = malloc(agearmor_write_max(AGESTREAM_SEALED));
	if (to->armor && w->text == NULL)
		err_set(e, ERR_UNKNOWN, "no memory to encrypt");
	else if (emit_header(w, to, e) == 0)
		return w;
	agefile_writer_free(w);
	return NULL;
}

/* Seal a chunk that lies in w->chunk or at the caller's. */
static int
emit_chunk(struct agefile_writer *w, bool last, const void *plain, size_t len,
	   struct err *e)
{
	w->have = 0;
	if (agestream_seal(w->stream, last, plain, len, w->chunk) == 0 &&
	    emit(w, w->chunk, len + AGESTREAM_TAG_LEN, e) == 0)
		return 0;
	w->broken = true;
	return err_set(e, ERR_UNKNOWN, "the cipher failed");
}

int
agefile_write(struct agefile_writer *w, const void *bytes, size_t len,
	      struct err *e)
{
	const uint8_t *p = bytes;
	int rc = 0;

	if (w->broken)
		return err_set(e, ERR_UNKNOWN, "an earlier write failed");
	if (w->spread != NULL) {
		rc = agespread_seal(w->spread, p, len, w->sink, w->ctx, e);
		w->broken = rc != 0;
		return rc;
	}
	while (len > 0 && rc == 0) {
		size_t take = AGESTREAM_CHUNK - w->have;

		/* a full chunk waits: it may be the last one */
		if (take == 0) {
			rc = emit_chunk(w, false, w->chunk, w->have, e);
			continue;
		}
		take = len < take ? len : take;
		if (w->have == 0 && len > AGESTREAM_CHUNK) {
			rc = emit_chunk(w, false, p, take, e);
		} else {
			memcpy(w->chunk + w->have, p, take);
			w->have += take;
		}
		p += take;
		len -= take;
	}
	return rc;
}

int
agefile_finish(struct agefile_writer *w, struct err *e)
{
	char end[AGEARMOR_END_MAX];

	if (w->broken)
		return err_set(e, ERR_UNKNOWN, "an earlier write failed");
	if (w->spread != NULL) {
		w->broken = true;
		return agespread_finish(w->spread, w->sink, w->ctx, e);
	}
	if (emit_chunk(w, true, w->chunk, w->have, e) != 0)
		return -1;
	w->broken = true; /* nothing may follow the last chunk */
	if (!w->armored)
		return 0;
	return w->sink(w->ctx, end, agearmor_write_end(&w->armor, end), e);
}

void
agefile_writer_free(struct agefile_writer *w)
{
	if (w == NULL)
		return;
	agestream_free(w->stream);
	agespread_free(w->spread);
	free(w->text);
	secret_wipe(w->chunk, sizeof w->chunk);
	free(w);
}

uint64_t
agefile_size(enum agekey_kind kind, size_t n, uint64_t plain)
{
	struct agekey_public pub = {.kind = kind};
	struct agefile_to to = {.keys = &pub, .n = n};

	return agefile_size_to(&to, plain);
}

uint64_t
agefile_size_to(const struct agefile_to *to, uint64_t plain)
{
	return header_size(to) + AGESTREAM_NONCE_LEN +
	       agestream_sealed_size(plain);
}

uint64_t
agefile_room(enum agekey_kind kind, uint64_t size)
{
	uint64_t around = agefile_size(kind, 1, 0), rest;

	if (size < around)
		return 0;
	size -= around - AGESTREAM_TAG_LEN;
	rest = size % AGESTREAM_SEALED;
	return size / AGESTREAM_SEALED * AGESTREAM_CHUNK +
	       (rest > AGESTREAM_TAG_LEN ? rest - AGESTREAM_TAG_LEN : 0);
}

/* Seal content chunk by chunk, memory to memory. */
static int
seal_all(struct agestream *s, const uint8_t *plain, size_t len, uint8_t *out)
{
	size_t take;

	for (;;) {
		take = len < AGESTREAM_CHUNK ? len : AGESTREAM_CHUNK;
		if (agestream_seal(s, take == len, plain, take, out) != 0)
			return -1;
		if (take == len)
			return 0;
		plain += take;
		out += take + AGESTREAM_TAG_LEN;
		len -= take;
	}
}

/* Turn a binary file into an armored one. */
static int
armor_all(uint8_t **file, size_t *len, struct err *e)
{
	struct agearmor_writer w;
	char *text = malloc(agearmor_write_max(*len) + AGEARMOR_END_MAX);
	size_t n;

	if (text == NULL)
		return err_set(e, ERR_UNKNOWN, "no memory to encrypt");
	n = agearmor_write_start(&w, text);
	n += agearmor_write(&w, *file, *len, text + n);
	n += agearmor_write_end(&w, text + n);
	free(*file);
	*file = (uint8_t *)text;
	*len = n;
	return 0;
}

int
agefile_seal(const struct agefile_to *to, const void *plain, size_t len,
	     uint8_t **out, size_t *outlen, struct err *e)
{
	struct agestream *s = NULL;
	uint8_t *file = NULL;
	size_t head, size;
	int rc = -1;

	*out = NULL;
	*outlen = 0;
	if (check_to(to, e) != 0)
		return -1;
	head = header_size(to) + AGESTREAM_NONCE_LEN;
	size = head + agestream_sealed_size(len);
	file = malloc(size);
	if (file == NULL)
		return err_set(e, ERR_UNKNOWN, "no memory to encrypt");
	if (file_start(to, (char *)file, &s, NULL, e) != 0)
		goto out;
	if (seal_all(s, plain, len, file + head) != 0) {
		err_set(e, ERR_UNKNOWN, "the cipher failed");
		goto out;
	}
	if (to->armor && armor_all(&file, &size, e) != 0)
		goto out;
	*out = file;
	*outlen = size;
	file = NULL;
	rc = 0;
out:
	agestream_free(s);
	free(file);
	return rc;
}
