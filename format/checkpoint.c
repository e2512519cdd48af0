#include "checkpoint.h"

#include "base64.h"
#include "hex.h"

#include <stdio.h>
#include <string.h>

/* U+2014 and a space open a signature line: C2SP signed-note */
static const char dash[] = "\xe2\x80\x94 ";

void
checkpoint_origin(const char *vault_id, const char *device,
		  char out[CHECKPOINT_ORIGIN_MAX])
{
	snprintf(out, CHECKPOINT_ORIGIN_MAX, "muniment/%s/%s", vault_id,
		 device);
}

size_t
checkpoint_key_id_input(const char *origin, const uint8_t pub[32],
			uint8_t out[CHECKPOINT_ORIGIN_MAX + 34])
{
	size_t n = strlen(origin);

	memcpy(out, origin, n);
	out[n] = '\n';
	out[n + 1] = 0x01; /* Ed25519 */
	memcpy(out + n + 2, pub, 32);
	return n + 34;
}

size_t
checkpoint_body(const char *origin, uint64_t size, const uint8_t root[32],
		char out[CHECKPOINT_MAX])
{
	char b64[48];

	b64[base64_encode(root, 32, true, b64)] = '\0';
	return (size_t)snprintf(out, CHECKPOINT_MAX, "%s\n%llu\n%s\n", origin,
				(unsigned long long)size, b64);
}

size_t
checkpoint_encode(const char *origin, uint64_t size, const uint8_t root[32],
		  const uint8_t key_id[4], const uint8_t sig[64],
		  char out[CHECKPOINT_MAX])
{
	size_t n = checkpoint_body(origin, size, root, out);
	uint8_t raw[68];
	char b64[96];

	memcpy(raw, key_id, 4);
	memcpy(raw + 4, sig, 64);
	b64[base64_encode(raw, sizeof raw, true, b64)] = '\0';
	return n + (size_t)snprintf(out + n, CHECKPOINT_MAX - n, "\n%s%s %s\n",
				    dash, origin, b64);
}

/* The next line, without LF; NULL if there is none. */
static const char *
line(const char **p, const char *end, size_t *len)
{
	const char *start = *p;
	const char *lf = memchr(start, '\n', (size_t)(end - start));

	if (lf == NULL)
		return NULL;
	*len = (size_t)(lf - start);
	*p = lf + 1;
	return start;
}

enum format_result
checkpoint_decode(const char *text, size_t len, const char *origin,
		  const uint8_t key_id[4], uint64_t *size, uint8_t root[32],
		  uint8_t sig[64])
{
	const char *p = text, *end = text + len, *l;
	char want[CHECKPOINT_MAX];
	uint8_t raw[68];
	size_t n, skip, got = 0;

	if (len > CHECKPOINT_FILE_MAX)
		return FORMAT_LIMIT;
	if ((l = line(&p, end, &n)) == NULL ||
	    (l = line(&p, end, &n)) == NULL || hex_decimal(l, n, size) != 0 ||
	    (l = line(&p, end, &n)) == NULL ||
	    base64_decode(l, n, true, root, 32, &got) != 0 || got != 32 ||
	    (l = line(&p, end, &n)) == NULL || n != 0 ||
	    (l = line(&p, end, &n)) == NULL)
		return FORMAT_MALFORMED;
	skip = sizeof dash - 1 + strlen(origin) + 1;
	if (n <= skip ||
	    base64_decode(l + skip, n - skip, true, raw, sizeof raw, &got) !=
		0 ||
	    got != sizeof raw)
		return FORMAT_MALFORMED;
	memcpy(sig, raw + 4, 64);
	/* everything else is as it must be if writing it again gives it */
	if (checkpoint_encode(origin, *size, root, key_id, sig, want) != len ||
	    memcmp(want, text, len) != 0)
		return FORMAT_MALFORMED;
	return FORMAT_OK;
}
