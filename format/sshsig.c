#include "sshsig.h"

#include "base64.h"

#include <assert.h>
#include <string.h>

static const char begin[] = "-----BEGIN SSH SIGNATURE-----\n";
static const char end[] = "-----END SSH SIGNATURE-----\n";
static const char keytype[] = "ssh-ed25519";
static const char hashname[] = "sha512";
#define ARMOR_COLUMNS 70

/* Append an SSH "string": 4 bytes of length, then the bytes. */
static uint8_t *
put(uint8_t *p, const void *bytes, size_t len)
{
	p[0] = (uint8_t)(len >> 24);
	p[1] = (uint8_t)(len >> 16);
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
	if (len > 0)
		memcpy(p + 4, bytes, len);
	return p + 4 + len;
}

static uint8_t *
put_key(uint8_t *p, const uint8_t pub[32])
{
	p = put(p, keytype, strlen(keytype));
	return put(p, pub, 32);
}

size_t
sshsig_signed(const char *ns, const uint8_t sha512[SSHSIG_HASH_LEN],
	      uint8_t out[SSHSIG_SIGNED_MAX])
{
	uint8_t *p = out;

	assert(strlen(ns) <= SSHSIG_NAMESPACE_MAX);
	memcpy(p, "SSHSIG", 6);
	p = put(p + 6, ns, strlen(ns));
	p = put(p, NULL, 0);
	p = put(p, hashname, strlen(hashname));
	p = put(p, sha512, SSHSIG_HASH_LEN);
	return (size_t)(p - out);
}

size_t
sshsig_blob(const uint8_t pub[32], const char *ns, const uint8_t sig[64],
	    uint8_t out[SSHSIG_BLOB_MAX])
{
	uint8_t inner[96], *p = out, *q;

	assert(strlen(ns) <= SSHSIG_NAMESPACE_MAX);
	memcpy(p, "SSHSIG\0\0\0\1", 10);
	q = put_key(inner, pub);
	p = put(p + 10, inner, (size_t)(q - inner));
	p = put(p, ns, strlen(ns));
	p = put(p, NULL, 0);
	p = put(p, hashname, strlen(hashname));
	q = put(inner, keytype, strlen(keytype));
	q = put(q, sig, 64);
	p = put(p, inner, (size_t)(q - inner));
	return (size_t)(p - out);
}

size_t
sshsig_text(const uint8_t pub[32], const char *ns, const uint8_t sig[64],
	    char out[SSHSIG_TEXT_MAX])
{
	uint8_t blob[SSHSIG_BLOB_MAX];
	size_t n = sshsig_blob(pub, ns, sig, blob);

	n = base64_encode(blob, n, true, out);
	out[n] = '\0';
	return n;
}

size_t
sshsig_armor(const uint8_t pub[32], const char *ns, const uint8_t sig[64],
	     char out[SSHSIG_ARMOR_MAX])
{
	char text[SSHSIG_TEXT_MAX], *p = out;
	size_t n = sshsig_text(pub, ns, sig, text);

	p = stpcpy(p, begin);
	for (size_t i = 0; i < n; i += ARMOR_COLUMNS) {
		size_t take = n - i < ARMOR_COLUMNS ? n - i : ARMOR_COLUMNS;

		memcpy(p, text + i, take);
		p += take;
		*p++ = '\n';
	}
	p = stpcpy(p, end);
	return (size_t)(p - out);
}

enum format_result
sshsig_text_decode(const char *text, size_t len, const char *ns,
		   uint8_t pub[32], uint8_t sig[64])
{
	/* magic 6, version 4, then string(string(type) string(key)) */
	const size_t at_key = 10 + 4 + 4 + 11 + 4;
	uint8_t blob[SSHSIG_BLOB_MAX], want[SSHSIG_BLOB_MAX];
	size_t n = 0;

	if (base64_decode(text, len, true, blob, sizeof blob, &n) != 0 ||
	    n < at_key + 32 + 64)
		return FORMAT_MALFORMED;
	memcpy(pub, blob + at_key, 32);
	memcpy(sig, blob + n - 64, 64);
	if (sshsig_blob(pub, ns, sig, want) != n || memcmp(want, blob, n) != 0)
		return FORMAT_MALFORMED;
	return FORMAT_OK;
}

enum format_result
sshsig_armor_decode(const char *text, size_t len, const char *ns,
		    uint8_t pub[32], uint8_t sig[64])
{
	const size_t head = sizeof begin - 1, tail = sizeof end - 1;
	char joined[SSHSIG_TEXT_MAX], want[SSHSIG_ARMOR_MAX];
	size_t n = 0;

	if (len < head + tail || len >= SSHSIG_ARMOR_MAX ||
	    memcmp(text, begin, head) != 0)
		return FORMAT_MALFORMED;
	for (size_t i = head; i < len - tail; i++) {
		if (text[i] == '\n')
			continue;
		if (n + 1 >= sizeof joined)
			return FORMAT_MALFORMED;
		joined[n++] = text[i];
	}
	if (sshsig_text_decode(joined, n, ns, pub, sig) != FORMAT_OK)
		return FORMAT_MALFORMED;
	if (sshsig_armor(pub, ns, sig, want) != len ||
	    memcmp(want, text, len) != 0)
		return FORMAT_MALFORMED;
	return FORMAT_OK;
}

void
sshsig_key_line(const uint8_t pub[32], char out[SSHSIG_KEY_LINE_MAX])
{
	uint8_t blob[64], *p = put_key(blob, pub);

	memcpy(out, "ssh-ed25519 ", 12);
	out[12 + base64_encode(blob, (size_t)(p - blob), true, out + 12)] =
	    '\0';
}

enum format_result
sshsig_key_line_decode(const char *text, size_t len, uint8_t pub[32])
{
	char want[SSHSIG_KEY_LINE_MAX];
	uint8_t blob[64];
	size_t n = 0;

	if (len != SSHSIG_KEY_LINE_LEN ||
	    base64_decode(text + 12, len - 12, true, blob, sizeof blob, &n) !=
		0 ||
	    n != 51)
		return FORMAT_MALFORMED;
	memcpy(pub, blob + n - 32, 32);
	sshsig_key_line(pub, want);
	return memcmp(want, text, len) == 0 ? FORMAT_OK : FORMAT_MALFORMED;
}
