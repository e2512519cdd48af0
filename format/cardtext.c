#include "cardtext.h"

#include "canon.h"
#include "sshsig.h"

#include <stdio.h>
#include <string.h>

int
cardtext_is_name(const char *s)
{
	size_t n = strlen(s);
	json_t *v;

	if (n == 0 || n >= CARDTEXT_NAME_MAX || !canon_is_text(s, n) ||
	    strpbrk(s, "\n\t") != NULL || s[0] == ' ' || s[n - 1] == ' ')
		return 0;
	v = json_string(s); /* NULL unless it is UTF-8 */
	json_decref(v);
	return v != NULL;
}

size_t
cardtext_encode(const struct cardtext *c, char out[CARDTEXT_MAX])
{
	char key[SSHSIG_KEY_LINE_MAX];
	int org = c->org[0] != '\0';

	sshsig_key_line(c->key, key);
	return (size_t)snprintf(
	    out, CARDTEXT_MAX,
	    "muniment card 1\nname %s\n%s%s%srecipient %s\nkey %s\n", c->name,
	    org ? "org " : "", c->org, org ? "\n" : "", c->recipient, key);
}

/*
 * Take the line that starts with `word` and a space. 0 with the rest copied,
 * 1 if the next line is another one, -1 if it does not fit.
 */
static int
take(const char **p, const char *end, const char *word, char *out, size_t cap)
{
	const char *lf = memchr(*p, '\n', (size_t)(end - *p));
	size_t w = strlen(word), n;

	if (lf == NULL)
		return -1;
	n = (size_t)(lf - *p);
	if (n < w + 1 || memcmp(*p, word, w) != 0 || (*p)[w] != ' ')
		return 1;
	n -= w + 1;
	if (n == 0 || n >= cap || memchr(*p, 0, n) != NULL)
		return -1;
	memcpy(out, *p + w + 1, n);
	out[n] = '\0';
	*p = lf + 1;
	return 0;
}

enum format_result
cardtext_decode(const char *text, size_t len, struct cardtext *c,
		size_t *signed_len, uint8_t sig[64])
{
	static const char head[] = "muniment card 1\n";
	const char *p = text, *end = text + len;
	char key[SSHSIG_KEY_LINE_MAX], want[CARDTEXT_MAX];
	uint8_t signer[32];
	int org;

	memset(c, 0, sizeof *c);
	if (len >= CARDTEXT_MAX)
		return FORMAT_LIMIT;
	if (len < sizeof head - 1 || memcmp(p, head, sizeof head - 1) != 0)
		return FORMAT_MALFORMED;
	p += sizeof head - 1;
	if (take(&p, end, "name", c->name, sizeof c->name) != 0 ||
	    (org = take(&p, end, "org", c->org, sizeof c->org)) < 0 ||
	    take(&p, end, "recipient", c->recipient, sizeof c->recipient) !=
		0 ||
	    take(&p, end, "key", key, sizeof key) != 0 ||
	    sshsig_key_line_decode(key, strlen(key), c->key) != FORMAT_OK ||
	    !cardtext_is_name(c->name) ||
	    (org == 0 && !cardtext_is_name(c->org)))
		return FORMAT_MALFORMED;
	*signed_len = (size_t)(p - text);
	if (cardtext_encode(c, want) != *signed_len ||
	    memcmp(want, text, *signed_len) != 0 ||
	    sshsig_armor_decode(p, (size_t)(end - p), "muniment-card", signer,
				sig) != FORMAT_OK ||
	    memcmp(signer, c->key, 32) != 0)
		return FORMAT_MALFORMED;
	return FORMAT_OK;
}
