#include "policytext.h"

#include "lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char signer[] =
    "custodian namespaces=\"" POLICYTEXT_NAMESPACE "\"";

/* By their lines: the name and a blank, then the key. */
static int
by_text(const void *a, const void *b)
{
	const struct cosign_vkey *x = a, *y = b;
	char s[COSIGN_VKEY_MAX], t[COSIGN_VKEY_MAX];
	int c = strcmp(x->name, y->name);

	if (c != 0)
		return c;
	cosign_vkey_encode(x, s);
	cosign_vkey_encode(y, t);
	return strcmp(s, t);
}

char *
policytext_encode(struct policytext *p, size_t *len)
{
	struct cosign_vkey *w = p->keys + p->logs;
	struct lines_text t = {0};
	char key[COSIGN_VKEY_MAX];

	if (p->logs > 1)
		qsort(p->keys, p->logs, sizeof *p->keys, by_text);
	if (p->witnesses > 1)
		qsort(w, p->witnesses, sizeof *w, by_text);
	for (size_t i = 0; i < p->logs; i++) {
		cosign_vkey_encode(&p->keys[i], key);
		lines_add(&t, "log %s\n", key);
	}
	for (size_t i = 0; i < p->witnesses; i++) {
		cosign_vkey_encode(&w[i], key);
		lines_add(&t, "witness %s %s\n", w[i].name, key);
	}
	lines_add(&t, "quorum none\n");
	return lines_text_done(&t, len);
}

void
policytext_free(struct policytext *p)
{
	free(p->keys);
	memset(p, 0, sizeof *p);
}

static int
by_key(const void *a, const void *b)
{
	return memcmp((*(const struct cosign_vkey *const *)a)->key,
		      (*(const struct cosign_vkey *const *)b)->key, 32);
}

/* A witness with the key of a log, or two with one, would count for two. */
static enum format_result
check_keys(const struct policytext *p)
{
	size_t n = p->logs + p->witnesses;
	const struct cosign_vkey **keys = calloc(n > 0 ? n : 1, sizeof *keys);
	enum format_result r = FORMAT_OK;

	if (keys == NULL)
		return FORMAT_NO_MEMORY;
	for (size_t i = 0; i < n; i++)
		keys[i] = &p->keys[i];
	if (n > 1)
		qsort(keys, n, sizeof *keys, by_key);
	for (size_t i = 1; i < n; i++)
		if (by_key(&keys[i - 1], &keys[i]) == 0)
			r = FORMAT_MALFORMED;
	free(keys);
	return r;
}

/* Read a vkey of this type, which must follow on the one before it. */
static bool
read_key(struct policytext *p, struct lines_view *v, enum cosign_type type,
	 bool is_first)
{
	struct cosign_vkey *k = &p->keys[p->logs + p->witnesses];
	struct lines_view w;

	return lines_word(v, &w) && v->len == 0 &&
	       cosign_vkey_decode(w.text, w.len, k) == FORMAT_OK &&
	       k->type == type && (is_first || by_text(k - 1, k) < 0);
}

enum format_result
policytext_decode(const char *text, size_t len, struct policytext *out)
{
	struct lines l = {text, text + len};
	struct lines_view v;
	struct lines_view name;
	size_t count = 0;

	memset(out, 0, sizeof *out);
	if (len > POLICYTEXT_FILE_MAX)
		return FORMAT_LIMIT;
	for (size_t k = 0; k < len; k++)
		count += text[k] == '\n';
	if (count > POLICYTEXT_KEYS_MAX + 1)
		return FORMAT_LIMIT;
	out->keys = calloc(count + 1, sizeof *out->keys);
	if (out->keys == NULL)
		return FORMAT_NO_MEMORY;
	for (; lines_take(&l, "log", &v); out->logs++)
		if (!read_key(out, &v, COSIGN_ED25519, out->logs == 0))
			return FORMAT_MALFORMED;
	for (; lines_take(&l, "witness", &v); out->witnesses++)
		if (!lines_word(&v, &name) ||
		    !read_key(out, &v, COSIGN_COSIGNATURE,
			      out->witnesses == 0) ||
		    !lines_is(&name,
			      out->keys[out->logs + out->witnesses].name))
			return FORMAT_MALFORMED;
	if (!lines_take(&l, "quorum", &v) || !lines_is(&v, "none") ||
	    !lines_done(&l))
		return FORMAT_MALFORMED;
	return check_keys(out);
}

size_t
policytext_signers_encode(const uint8_t pub[32],
			  char out[POLICYTEXT_SIGNERS_MAX])
{
	char key[SSHSIG_KEY_LINE_MAX];

	sshsig_key_line(pub, key);
	return (size_t)snprintf(out, POLICYTEXT_SIGNERS_MAX, "%s %s\n", signer,
				key);
}

enum format_result
policytext_signers_decode(const char *text, size_t len, uint8_t pub[32])
{
	struct lines l = {text, text + len};
	struct lines_view v;

	if (!lines_take(&l, signer, &v) || !lines_done(&l))
		return FORMAT_MALFORMED;
	return sshsig_key_line_decode(v.text, v.len, pub);
}
