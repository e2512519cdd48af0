#include "kittext.h"

#include "sshsig.h"

#include <stdio.h>
#include <string.h>

static const char head[] = "muniment kit 1\n";

size_t
kittext_encode(const struct kittext *k, char out[KITTEXT_MAX])
{
	return (size_t)snprintf(
	    out, KITTEXT_MAX,
	    "%s%sdevice %s\nseat %s\ncase %s\nvault-epoch %s %s\n"
	    "case-epoch %s %s\n",
	    head, k->vault, k->device, k->seat, k->case_id, k->vault_epoch.id,
	    k->vault_epoch.recipient, k->case_epoch.id,
	    k->case_epoch.recipient);
}

/*
 * Copy what stands between `word` and `stop`, fewer than `cap` bytes; *p goes
 * behind it. Whether all is of the one form shows when it is encoded again.
 */
static int
take(const char **p, const char *end, const char *word, char stop, char *out,
     size_t cap)
{
	size_t w = strlen(word), n;
	const char *at;

	if ((size_t)(end - *p) < w || memcmp(*p, word, w) != 0)
		return -1;
	at = memchr(*p + w, stop, (size_t)(end - *p) - w);
	if (at == NULL)
		return -1;
	n = (size_t)(at - *p) - w;
	if (n == 0 || n >= cap || memchr(*p + w, 0, n) != NULL)
		return -1;
	memcpy(out, *p + w, n);
	out[n] = '\0';
	*p = at + 1;
	return 0;
}

static int
take_epoch(const char **p, const char *end, const char *word,
	   struct kittext_epoch *out)
{
	return take(p, end, word, ' ', out->id, sizeof out->id) != 0 ||
		       strlen(out->id) != HEX_ID_LEN ||
		       !hex_is(out->id, HEX_ID_LEN) ||
		       take(p, end, "", '\n', out->recipient,
			    sizeof out->recipient) != 0
		   ? -1
		   : 0;
}

/* The three lines of the vault file. */
static int
take_vault(const char **p, const char *end, char out[GITFORM_VAULT_MAX])
{
	uint8_t root[32], nonce[32];
	const char *at = *p;
	size_t n;

	for (int i = 0; i < 3 && at != NULL; i++) {
		at = memchr(at, '\n', (size_t)(end - at));
		at = at != NULL ? at + 1 : NULL;
	}
	n = at != NULL ? (size_t)(at - *p) : 0;
	if (n == 0 || n >= GITFORM_VAULT_MAX ||
	    gitform_vault_decode(*p, n, root, nonce) != FORMAT_OK)
		return -1;
	memcpy(out, *p, n);
	out[n] = '\0';
	*p = at;
	return 0;
}

enum format_result
kittext_decode(const char *text, size_t len, struct kittext *k, uint8_t key[32],
	       size_t *signed_len, uint8_t sig[64])
{
	const char *p = text, *end = text + len;
	char want[KITTEXT_MAX];
	uint8_t signer[32];

	memset(k, 0, sizeof *k);
	if (len >= KITTEXT_MAX)
		return FORMAT_LIMIT;
	if (len < sizeof head - 1 || memcmp(p, head, sizeof head - 1) != 0)
		return FORMAT_MALFORMED;
	p += sizeof head - 1;
	if (take_vault(&p, end, k->vault) != 0 ||
	    take(&p, end, "device ", '\n', k->device, sizeof k->device) != 0 ||
	    batch_device_key(k->device, strlen(k->device), key) != 0 ||
	    take(&p, end, "seat ", '\n', k->seat, sizeof k->seat) != 0 ||
	    strlen(k->seat) != 64 || !hex_is(k->seat, 64) ||
	    take(&p, end, "case ", '\n', k->case_id, sizeof k->case_id) != 0 ||
	    strlen(k->case_id) != HEX_ID_LEN ||
	    !hex_is(k->case_id, HEX_ID_LEN) ||
	    take_epoch(&p, end, "vault-epoch ", &k->vault_epoch) != 0 ||
	    take_epoch(&p, end, "case-epoch ", &k->case_epoch) != 0)
		return FORMAT_MALFORMED;
	*signed_len = (size_t)(p - text);
	if (kittext_encode(k, want) != *signed_len ||
	    memcmp(want, text, *signed_len) != 0 ||
	    sshsig_armor_decode(p, (size_t)(end - p), "muniment-kit", signer,
				sig) != FORMAT_OK ||
	    memcmp(signer, key, 32) != 0)
		return FORMAT_MALFORMED;
	return FORMAT_OK;
}
