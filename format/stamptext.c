#include "stamptext.h"

#include "hex.h"
#include "lines.h"

#include <stdio.h>
#include <string.h>

static const char *const words[] = {
    [STAMPTEXT_ASK] = "muniment/stamp/v1",
    [STAMPTEXT_RENEW] = "muniment/renewal/v1",
};

size_t
stamptext_encode(enum stamptext_kind kind, int k, const uint8_t root[32],
		 char out[STAMPTEXT_MAX])
{
	char hex[65];

	hex_encode(root, 32, hex);
	return (size_t)snprintf(out, STAMPTEXT_MAX, "%s %d %s\n", words[kind],
				k, hex);
}

enum format_result
stamptext_decode(const char *text, size_t len, enum stamptext_kind kind, int *k,
		 uint8_t root[32])
{
	struct lines l = {text, text + len};
	struct lines_view v;
	uint64_t n;

	if (!lines_take(&l, words[kind], &v) || !lines_number(&v, &n) ||
	    n < STAMPTEXT_MIN_K || n > STAMPTEXT_MAX_K ||
	    !lines_hex(&v, 32, root) || v.len != 0 || !lines_done(&l))
		return FORMAT_MALFORMED;
	*k = (int)n;
	return FORMAT_OK;
}

size_t
stamptext_path_encode(const struct stamptext_path *p,
		      char out[STAMPTEXT_PATH_FILE_MAX])
{
	size_t at = (size_t)snprintf(out, STAMPTEXT_PATH_FILE_MAX, "place %u\n",
				     (unsigned)p->place);
	char hex[65];

	for (int i = 0; i < 2 * p->k; i++) {
		hex_encode(p->path[i], 32, hex);
		at += (size_t)snprintf(out + at, STAMPTEXT_PATH_FILE_MAX - at,
				       "node %s\n", hex);
	}
	return at;
}

enum format_result
stamptext_path_decode(const char *text, size_t len, struct stamptext_path *out)
{
	struct lines l = {text, text + len};
	struct lines_view v;
	uint64_t place;
	int n = 0;

	memset(out, 0, sizeof *out);
	if (!lines_take(&l, "place", &v) || !lines_number(&v, &place) ||
	    v.len != 0)
		return FORMAT_MALFORMED;
	while (lines_take(&l, "node", &v))
		if (n == STAMPTEXT_PATH || !lines_hex(&v, 32, out->path[n++]) ||
		    v.len != 0)
			return FORMAT_MALFORMED;
	if (!lines_done(&l) || n % 2 != 0 || n < 2 * STAMPTEXT_MIN_K ||
	    place >> n != 0)
		return FORMAT_MALFORMED;
	out->place = (uint32_t)place;
	out->k = n / 2;
	return FORMAT_OK;
}

void
stamptext_name(size_t i, char out[STAMPTEXT_NAME_MAX])
{
	static const char *const own[] = {"stamp.txt", "token.tsr", "chain.pem",
					  "revocation.pem"};
	static const char *const later[] = {".txt", ".tsr", "-chain.pem",
					    "-revocation.pem"};

	if (i < 4)
		snprintf(out, STAMPTEXT_NAME_MAX, "%s", own[i]);
	else
		snprintf(out, STAMPTEXT_NAME_MAX, "renewal-%zu%s", i / 4,
			 later[i % 4]);
}

char *
stamptext_lines_encode(const uint8_t entry[32],
		       const struct stamptext_line *lines, size_t n,
		       size_t *len)
{
	char hash[2 * STAMPTEXT_SHA512_LEN + 1], name[65];
	struct lines_text t = {0};

	hex_encode(entry, 32, name);
	for (size_t i = 0; i < n; i++) {
		hex_encode(lines[i].sha512, STAMPTEXT_SHA512_LEN, hash);
		lines_add(&t, "%s  %s/%s\n", hash, name, lines[i].name);
	}
	return lines_text_done(&t, len);
}

/* "<SHA-512>  <entry>/<name>" */
static bool
read_line(const struct lines_view *v, uint8_t entry[32],
	  struct stamptext_line *out)
{
	const size_t hash = 2 * STAMPTEXT_SHA512_LEN, at = hash + 2 + 64 + 1;
	struct lines_view name;

	if (v->len <= at ||
	    hex_decode(v->text, STAMPTEXT_SHA512_LEN, out->sha512) != 0 ||
	    memcmp(v->text + hash, "  ", 2) != 0 ||
	    hex_decode(v->text + hash + 2, 32, entry) != 0 ||
	    v->text[at - 1] != '/')
		return false;
	name.text = v->text + at;
	name.len = v->len - at;
	return lines_copy(&name, out->name, sizeof out->name);
}

enum format_result
stamptext_lines_decode(const char *text, size_t len, uint8_t entry[32],
		       struct stamptext_line *lines, size_t cap, size_t *n)
{
	struct lines l = {text, text + len};
	struct lines_view v;
	char want[STAMPTEXT_NAME_MAX];
	uint8_t same[32];
	size_t at = 0;

	*n = 0;
	while (lines_next(&l, &v)) {
		if (*n == cap)
			return FORMAT_LIMIT;
		if (!read_line(&v, same, &lines[*n]))
			return FORMAT_MALFORMED;
		if (*n == 0)
			memcpy(entry, same, 32);
		if (memcmp(entry, same, 32) != 0)
			return FORMAT_MALFORMED;
		/* only forwards through the order of names */
		do {
			if (at == STAMPTEXT_LINES_MAX)
				return FORMAT_MALFORMED;
			stamptext_name(at++, want);
		} while (strcmp(want, lines[*n].name) != 0);
		(*n)++;
	}
	return *n > 0 && lines_done(&l) ? FORMAT_OK : FORMAT_MALFORMED;
}
