#include "batch.h"

#include "base32.h"
#include "hex.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Take one field off a line: up to the next space or the end. */
static const char *
field(const char **p, const char *end, size_t *len)
{
	const char *start = *p, *sp = start;

	while (sp < end && *sp != ' ')
		sp++;
	*len = (size_t)(sp - start);
	*p = sp < end ? sp + 1 : end;
	/* a space must be followed by a field */
	if (sp < end && sp + 1 == end)
		*len = 0;
	return start;
}

static int
hash_field(const char **p, const char *end, uint8_t out[32])
{
	size_t n;
	const char *f = field(p, end, &n);

	return n == 64 ? hex_decode(f, 32, out) : -1;
}

static int
size_field(const char **p, const char *end, uint64_t *out)
{
	size_t n;
	const char *f = field(p, end, &n);

	return hex_decimal(f, n, out);
}

/* Read one line that is not `pads`. */
static enum format_result
line_decode(const char *text, size_t len, struct batch_line *l)
{
	const char *p = text, *end = text + len, *word;
	size_t n;
	int bad = 0;

	l->text = text;
	l->len = len;
	word = field(&p, end, &n);
	if (n == 0 || p == end)
		return FORMAT_MALFORMED;
	for (size_t i = 0; i < n; i++)
		if (word[i] < 'a' || word[i] > 'z')
			return FORMAT_MALFORMED;
	if (n == 5 && memcmp(word, "entry", 5) == 0) {
		l->kind = BATCH_ENTRY;
		bad = hash_field(&p, end, l->sha256) != 0 ||
		      hash_field(&p, end, l->root) != 0;
	} else if (n == 6 && memcmp(word, "object", 6) == 0) {
		l->kind = BATCH_OBJECT;
		bad = hash_field(&p, end, l->sha256) != 0 ||
		      size_field(&p, end, &l->size) != 0;
	} else if (n == 4 && memcmp(word, "seen", 4) == 0) {
		uint8_t key[32];
		const char *dev;

		l->kind = BATCH_SEEN;
		dev = field(&p, end, &n);
		bad = batch_device_key(dev, n, key) != 0 ||
		      size_field(&p, end, &l->size) != 0 || l->size == 0 ||
		      hash_field(&p, end, l->root) != 0;
		if (!bad)
			memcpy(l->device, dev, BATCH_DEVICE_LEN);
	} else {
		l->kind = BATCH_UNKNOWN;
		p = end;
	}
	return bad || p != end ? FORMAT_MALFORMED : FORMAT_OK;
}

static bool
printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	return true;
}

/* Sorted by bytes, and none twice. */
static bool
in_order(const char *a, size_t alen, const char *b, size_t blen)
{
	int c = memcmp(a, b, alen < blen ? alen : blen);

	return c < 0 || (c == 0 && alen < blen);
}

enum format_result
batch_decode(const char *file, size_t len, struct batch *out)
{
	const char *end = file + len, *prev = NULL;
	size_t prevlen = 0, count = 0;
	bool pads = false;
	enum format_result r = FORMAT_MALFORMED;

	memset(out, 0, sizeof *out);
	if (len > BATCH_FILE_MAX)
		return FORMAT_LIMIT;
	if (len == 0 || end[-1] != '\n')
		return FORMAT_MALFORMED;
	for (const char *p = file; p < end; p++)
		count += *p == '\n';
	if (count > BATCH_LEAVES_MAX + 1)
		return FORMAT_LIMIT;
	out->lines = calloc(count, sizeof *out->lines);
	if (out->lines == NULL)
		return FORMAT_NO_MEMORY;
	for (const char *p = file; p < end;) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)(lf - p);

		if (!printable(p, n) ||
		    (prev != NULL && !in_order(prev, prevlen, p, n)))
			goto out;
		if (n >= 5 && memcmp(p, "pads ", 5) == 0) {
			if (pads || n != 5 + 64 ||
			    hex_decode(p + 5, 32, out->pads) != 0)
				goto out;
			pads = true;
		} else {
			r = line_decode(p, n, &out->lines[out->n++]);
			if (r != FORMAT_OK)
				goto out;
			r = FORMAT_MALFORMED;
		}
		prev = p;
		prevlen = n;
		p = lf + 1;
	}
	if (pads && out->n > 0 && out->n <= BATCH_LEAVES_MAX)
		r = FORMAT_OK;
out:
	if (r != FORMAT_OK)
		batch_free(out);
	return r;
}

void
batch_free(struct batch *b)
{
	free(b->lines);
	memset(b, 0, sizeof *b);
}

void
batch_entry_line(const uint8_t sha256[32], const uint8_t fields[32],
		 char out[BATCH_LINE_MAX])
{
	memcpy(out, "entry ", 6);
	hex_encode(sha256, 32, out + 6);
	out[70] = ' ';
	hex_encode(fields, 32, out + 71);
}

void
batch_object_line(const uint8_t sha256[32], uint64_t size,
		  char out[BATCH_LINE_MAX])
{
	char hex[65];

	hex_encode(sha256, 32, hex);
	snprintf(out, BATCH_LINE_MAX, "object %s %llu", hex,
		 (unsigned long long)size);
}

void
batch_seen_line(const char *device, uint64_t size, const uint8_t root[32],
		char out[BATCH_LINE_MAX])
{
	char hex[65];

	hex_encode(root, 32, hex);
	snprintf(out, BATCH_LINE_MAX, "seen %s %llu %s", device,
		 (unsigned long long)size, hex);
}

void
batch_pads_line(const uint8_t pads[32], char out[BATCH_LINE_MAX])
{
	memcpy(out, "pads ", 5);
	hex_encode(pads, 32, out + 5);
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(a, b);
}

char *
batch_encode(char (*lines)[BATCH_LINE_MAX], size_t n, size_t *len)
{
	size_t total = 0;
	char *file, *p;

	qsort(lines, n, BATCH_LINE_MAX, by_bytes);
	for (size_t i = 0; i < n; i++)
		total += strlen(lines[i]) + 1;
	file = malloc(total + 1);
	if (file == NULL)
		return NULL;
	p = file;
	for (size_t i = 0; i < n; i++) {
		size_t l = strlen(lines[i]);

		memcpy(p, lines[i], l);
		p[l] = '\n';
		p += l + 1;
	}
	*len = total;
	return file;
}

size_t
batch_leaf_data(int k, const uint8_t inner[32], char out[BATCH_LEAF_DATA_MAX])
{
	char hex[65];

	hex_encode(inner, 32, hex);
	return (size_t)snprintf(out, BATCH_LEAF_DATA_MAX,
				"muniment/batch/v1 %d %s\n", k, hex);
}

void
batch_device_name(const uint8_t pub[32], char out[BATCH_DEVICE_LEN + 1])
{
	out[0] = 'd';
	out[1 + base32_encode(pub, 32, out + 1)] = '\0';
}

int
batch_device_key(const char *name, size_t len, uint8_t pub[32])
{
	size_t n = 0;

	if (len != BATCH_DEVICE_LEN || name[0] != 'd')
		return -1;
	return base32_decode(name + 1, len - 1, pub, 32, &n) == 0 && n == 32
		   ? 0
		   : -1;
}
