#include "gitform.h"

#include "hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char mode[] = "100644 ";
#define MODE_LEN 7

/* Everything above and below the signature. */
static size_t
commit_head(const struct gitform_commit *c, char *out)
{
	char hex[41];
	size_t n;
	unsigned long long t = GITFORM_TIME_START + c->n;

	hex_encode(c->tree, GITFORM_OID_LEN, hex);
	n = (size_t)sprintf(out, "tree %s\n", hex);
	if (c->n > 1) {
		hex_encode(c->parent, GITFORM_OID_LEN, hex);
		n += (size_t)sprintf(out + n, "parent %s\n", hex);
	}
	return n + (size_t)sprintf(
		       out + n,
		       "author muniment <muniment@invalid> %llu +0000\n"
		       "committer muniment <muniment@invalid> %llu +0000\n",
		       t, t);
}

static size_t
commit_message(uint64_t n, char *out)
{
	return (size_t)sprintf(out, "\nbatch %llu\n", (unsigned long long)n);
}

size_t
gitform_commit_unsigned(const struct gitform_commit *c,
			char out[GITFORM_COMMIT_MAX])
{
	size_t n = commit_head(c, out);

	return n + commit_message(c->n, out + n);
}

size_t
gitform_commit_encode(const struct gitform_commit *c, const uint8_t pub[32],
		      const uint8_t sig[64], char out[GITFORM_COMMIT_MAX])
{
	char armor[SSHSIG_ARMOR_MAX];
	size_t len = sshsig_armor(pub, "git", sig, armor);
	size_t n = commit_head(c, out);

	/* a header that goes on is indented by one space */
	memcpy(out + n, "gpgsig ", 7);
	n += 7;
	for (size_t i = 0; i < len; i++) {
		out[n++] = armor[i];
		if (armor[i] == '\n' && i + 1 < len)
			out[n++] = ' ';
	}
	return n + commit_message(c->n, out + n);
}

enum format_result
gitform_commit_decode(const char *text, size_t len, uint64_t n,
		      const uint8_t pub[32], struct gitform_commit *c,
		      uint8_t sig[64])
{
	char want[GITFORM_COMMIT_MAX], armor[SSHSIG_ARMOR_MAX];
	const char *p, *end = text + len;
	uint8_t key[32];
	size_t a = 0;

	memset(c, 0, sizeof *c);
	c->n = n;
	if (len < 64 || len >= sizeof want || memcmp(text, "tree ", 5) != 0 ||
	    hex_decode(text + 5, GITFORM_OID_LEN, c->tree) != 0)
		return FORMAT_MALFORMED;
	if (n > 1 && (len < 128 || memcmp(text + 46, "parent ", 7) != 0 ||
		      hex_decode(text + 53, GITFORM_OID_LEN, c->parent) != 0))
		return FORMAT_MALFORMED;
	p = memmem(text, len, "\ngpgsig ", 8);
	if (p == NULL)
		return FORMAT_MALFORMED;
	for (p += 8; p < end && a + 1 < sizeof armor; p++) {
		armor[a++] = *p;
		if (*p == '\n') {
			if (p + 1 == end || p[1] != ' ')
				break;
			p++;
		}
	}
	if (sshsig_armor_decode(armor, a, "git", key, sig) != FORMAT_OK ||
	    memcmp(key, pub, 32) != 0)
		return FORMAT_MALFORMED;
	if (gitform_commit_encode(c, pub, sig, want) != len ||
	    memcmp(want, text, len) != 0)
		return FORMAT_MALFORMED;
	return FORMAT_OK;
}

size_t
gitform_pointer_encode(const uint8_t sha256[32], uint64_t size,
		       char out[GITFORM_POINTER_MAX])
{
	char hex[65];

	hex_encode(sha256, 32, hex);
	return (size_t)snprintf(out, GITFORM_POINTER_MAX,
				"version https://git-lfs.github.com/spec/v1\n"
				"oid sha256:%s\nsize %llu\n",
				hex, (unsigned long long)size);
}

static const char vault_head[] = "muniment vault 1\nroot ";

size_t
gitform_vault_encode(const uint8_t root[32], const uint8_t nonce[32],
		     char out[GITFORM_VAULT_MAX])
{
	char key[SSHSIG_KEY_LINE_MAX], hex[65];

	sshsig_key_line(root, key);
	hex_encode(nonce, 32, hex);
	return (size_t)snprintf(out, GITFORM_VAULT_MAX, "%s%s\nnonce %s\n",
				vault_head, key, hex);
}

enum format_result
gitform_vault_decode(const char *text, size_t len, uint8_t root[32],
		     uint8_t nonce[32])
{
	const size_t head = sizeof vault_head - 1;
	char want[GITFORM_VAULT_MAX];

	if (len != head + SSHSIG_KEY_LINE_LEN + 7 + 64 + 1 ||
	    sshsig_key_line_decode(text + head, SSHSIG_KEY_LINE_LEN, root) !=
		FORMAT_OK ||
	    hex_decode(text + head + SSHSIG_KEY_LINE_LEN + 7, 32, nonce) != 0)
		return FORMAT_MALFORMED;
	gitform_vault_encode(root, nonce, want);
	return memcmp(want, text, len) == 0 ? FORMAT_OK : FORMAT_MALFORMED;
}

static int
by_name(const void *a, const void *b)
{
	const struct gitform_name *x = a, *y = b;

	return strcmp(x->name, y->name);
}

uint8_t *
gitform_tree_encode(struct gitform_name *names, size_t n, size_t *len)
{
	size_t total = 0;
	uint8_t *tree, *p;

	qsort(names, n, sizeof *names, by_name);
	for (size_t i = 0; i < n; i++)
		total += MODE_LEN + strlen(names[i].name) + 1 + GITFORM_OID_LEN;
	tree = malloc(total + 1);
	if (tree == NULL)
		return NULL;
	p = tree;
	for (size_t i = 0; i < n; i++) {
		size_t l = strlen(names[i].name) + 1;

		memcpy(p, mode, MODE_LEN);
		memcpy(p + MODE_LEN, names[i].name, l);
		memcpy(p + MODE_LEN + l, names[i].oid, GITFORM_OID_LEN);
		p += MODE_LEN + l + GITFORM_OID_LEN;
	}
	*len = total;
	return tree;
}

enum format_result
gitform_tree_decode(const uint8_t *tree, size_t len,
		    struct gitform_name **names, size_t *n)
{
	const uint8_t *p = tree, *end = tree + len;
	/* the shortest entry has a name of 5 bytes */
	size_t most = len / (MODE_LEN + 6 + GITFORM_OID_LEN) + 1, count = 0;
	struct gitform_name *a = calloc(most, sizeof *a);

	*names = NULL;
	if (a == NULL)
		return FORMAT_NO_MEMORY;
	while (p < end && count < most) {
		const uint8_t *nul, *name;
		size_t l;

		if ((size_t)(end - p) <= MODE_LEN ||
		    memcmp(p, mode, MODE_LEN) != 0)
			break;
		name = p + MODE_LEN;
		nul = memchr(name, 0, (size_t)(end - name));
		l = nul != NULL ? (size_t)(nul - name) : 0;
		if (l < 5 || l > 64 ||
		    (size_t)(end - nul) < 1 + GITFORM_OID_LEN)
			break;
		memcpy(a[count].name, name, l);
		memcpy(a[count].oid, nul + 1, GITFORM_OID_LEN);
		if (count > 0 && strcmp(a[count - 1].name, a[count].name) >= 0)
			break;
		count++;
		p = nul + 1 + GITFORM_OID_LEN;
	}
	if (p != end || count == 0) {
		free(a);
		return FORMAT_MALFORMED;
	}
	*names = a;
	*n = count;
	return FORMAT_OK;
}
