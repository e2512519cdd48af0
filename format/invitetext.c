#include "invitetext.h"

#include "hex.h"
#include "sshsig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_LEN 160 /* bytes of a `log` line */

static const char head[] = "muniment invite 1\n";

void
invitetext_free(struct invitetext *t)
{
	free(t->logs);
	t->logs = NULL;
	t->n = 0;
}

/* By device, then by state. */
static int
by_log(const void *a, const void *b)
{
	const struct invitetext_log *x = a, *y = b;
	int c = strcmp(x->device, y->device);

	if (c == 0)
		c = (x->size > y->size) - (x->size < y->size);
	return c != 0 ? c : memcmp(x->root, y->root, sizeof x->root);
}

char *
invitetext_encode(struct invitetext *t, size_t *len)
{
	char key[SSHSIG_KEY_LINE_MAX], root[65], *text, *p;
	const char *org = t->org[0] != '\0' ? "\norg " : "";

	if (t->n > INVITETEXT_LOGS_MAX)
		return NULL;
	text = malloc(2048 + t->n * LINE_MAX_LEN);
	if (text == NULL)
		return NULL;
	if (t->n > 1)
		qsort(t->logs, t->n, sizeof *t->logs, by_log);
	sshsig_key_line(t->key, key);
	p = text + sprintf(text, "%svault %s\nname %s%s%s\ncard %s\nkey %s\n",
			   head, t->vault, t->name, org, t->org, t->card, key);
	for (size_t i = 0; i < t->n; i++) {
		hex_encode(t->logs[i].root, sizeof t->logs[i].root, root);
		p += sprintf(p, "log %s %llu %s\n", t->logs[i].device,
			     (unsigned long long)t->logs[i].size, root);
	}
	*len = (size_t)(p - text);
	return text;
}

/* The rest of the line that begins with `word` and a space; 0, or -1. */
static int
take(const char **p, const char *word, char *out, size_t cap)
{
	const char *lf = strchr(*p, '\n');
	size_t w = strlen(word), n;

	if (lf == NULL || strncmp(*p, word, w) != 0 || (*p)[w] != ' ')
		return -1;
	n = (size_t)(lf - *p) - w - 1;
	if (n == 0 || n >= cap)
		return -1;
	memcpy(out, *p + w + 1, n);
	out[n] = '\0';
	*p = lf + 1;
	return 0;
}

/* "<device> <size> <root>" */
static int
read_log(const char *text, struct invitetext_log *l)
{
	const char *size = text + BATCH_DEVICE_LEN + 1, *root;
	uint8_t key[32];

	if (strlen(text) < BATCH_DEVICE_LEN + 2 ||
	    text[BATCH_DEVICE_LEN] != ' ' ||
	    batch_device_key(text, BATCH_DEVICE_LEN, key) != 0 ||
	    (root = strchr(size, ' ')) == NULL ||
	    hex_decimal(size, (size_t)(root - size), &l->size) != 0 ||
	    l->size == 0 || strlen(root + 1) != 64 ||
	    hex_decode(root + 1, sizeof l->root, l->root) != 0)
		return -1;
	memcpy(l->device, text, BATCH_DEVICE_LEN);
	l->device[BATCH_DEVICE_LEN] = '\0';
	return 0;
}

static int
read_logs(const char **p, struct invitetext *t)
{
	char line[LINE_MAX_LEN];

	t->logs = calloc(INVITETEXT_LOGS_MAX, sizeof *t->logs);
	if (t->logs == NULL)
		return -1;
	while (take(p, "log", line, sizeof line) == 0)
		if (t->n == INVITETEXT_LOGS_MAX ||
		    read_log(line, &t->logs[t->n++]) != 0)
			return -1;
	return 0;
}

static int
read_head(const char **p, struct invitetext *t)
{
	char key[SSHSIG_KEY_LINE_MAX];

	if (strncmp(*p, head, sizeof head - 1) != 0)
		return -1;
	*p += sizeof head - 1;
	if (take(p, "vault", t->vault, sizeof t->vault) != 0 ||
	    strlen(t->vault) != 64 || !hex_is(t->vault, 64) ||
	    take(p, "name", t->name, sizeof t->name) != 0 ||
	    !cardtext_is_name(t->name))
		return -1;
	if (strncmp(*p, "org ", 4) == 0 &&
	    (take(p, "org", t->org, sizeof t->org) != 0 ||
	     !cardtext_is_name(t->org)))
		return -1;
	if (take(p, "card", t->card, sizeof t->card) != 0 ||
	    strspn(t->card, "abcdefghijklmnopqrstuvwxyz -") !=
		strlen(t->card) ||
	    take(p, "key", key, sizeof key) != 0)
		return -1;
	return sshsig_key_line_decode(key, strlen(key), t->key) == FORMAT_OK
		   ? 0
		   : -1;
}

/* What was read must be what would be written. */
static int
is_canonical(struct invitetext *t, const char *text, size_t len)
{
	size_t n = 0;
	char *want = invitetext_encode(t, &n);
	int same = want != NULL && n == len && memcmp(want, text, len) == 0;

	free(want);
	return same;
}

enum format_result
invitetext_decode(const char *text, size_t len, struct invitetext *t,
		  size_t *signed_len, uint8_t sig[64])
{
	char *copy = NULL;
	const char *p;
	uint8_t signer[32];
	enum format_result rc = FORMAT_MALFORMED;

	memset(t, 0, sizeof *t);
	if (len > INVITETEXT_MAX)
		return FORMAT_LIMIT;
	while (len > 1 && text[len - 1] == '\n' && text[len - 2] == '\n')
		len--;
	copy = malloc(len + 1);
	if (copy == NULL)
		return FORMAT_LIMIT;
	memcpy(copy, text, len);
	copy[len] = '\0';
	p = copy;
	if (strlen(copy) != len || read_head(&p, t) != 0 ||
	    read_logs(&p, t) != 0)
		goto out;
	*signed_len = (size_t)(p - copy);
	if (!is_canonical(t, copy, *signed_len) ||
	    sshsig_armor_decode(p, len - *signed_len, "muniment-invite", signer,
				sig) != FORMAT_OK ||
	    memcmp(signer, t->key, sizeof signer) != 0)
		goto out;
	rc = FORMAT_OK;
out:
	free(copy);
	return rc;
}
