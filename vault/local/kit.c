#include "kit.h"

#include "agetext.h"
#include "ed25519.h"
#include "fsutil.h"
#include "hash.h"
#include "sshsig.h"
#include "sshsign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char ns[] = "muniment-kit";

/* A hybrid recipient in the one spelling that it has. */
static int
read_recipient(const char *text, struct agekey_public *out)
{
	char again[AGETEXT_RECIPIENT_MAX];

	if (agetext_recipient_parse(text, out, NULL) != 0 ||
	    out->kind != AGEKEY_HYBRID)
		return -1;
	agetext_recipient(out, again);
	return strcmp(again, text) == 0 ? 0 : -1;
}

int
kit_parse(const char *bytes, size_t len, struct kit *out, struct err *e)
{
	uint8_t key[32], sig[64], digest[HASH_LEN];
	size_t signed_len = 0;

	memset(out, 0, sizeof *out);
	if (kittext_decode(bytes, len, &out->text, key, &signed_len, sig) !=
	    FORMAT_OK)
		return err_set(e, ERR_EVIDENCE, "this is not a kit");
	if (!ed25519_is_valid(key) ||
	    sshsign_verify(key, ns, bytes, signed_len, sig) != 0)
		return err_set(e, ERR_EVIDENCE,
			       "the kit's signature fails: it was changed");
	if (read_recipient(out->text.vault_epoch.recipient, &out->vault_to) !=
		0 ||
	    read_recipient(out->text.case_epoch.recipient, &out->case_to) != 0)
		return err_set(
		    e, ERR_EVIDENCE,
		    "the kit's keys are not post-quantum recipients");
	memcpy(out->bytes, bytes, len);
	out->len = len;
	hash_sha256(out->text.vault, strlen(out->text.vault), digest);
	hex_encode(digest, HASH_LEN, out->vault_id);
	hash_sha256(bytes, len, digest);
	words_fingerprint(digest, out->words);
	return 0;
}

int
kit_load(const char *path, struct kit *out, struct err *e)
{
	struct err why = {0};
	char *bytes = NULL, name[256];
	size_t len = 0;
	int rc;

	if (fsutil_read(path, KITTEXT_MAX - 1, &bytes, &len, e) != 0)
		return -1;
	rc = kit_parse(bytes, len, out, &why);
	if (rc != 0)
		err_set(e, why.code, "%s: %s",
			err_escape(name, sizeof name, path, strlen(path)),
			why.msg);
	free(bytes);
	return rc;
}

int
kit_make(const struct kittext *text, const uint8_t seed[32], struct kit *out,
	 struct err *e)
{
	struct kittext t = *text;
	char bytes[KITTEXT_MAX], armor[SSHSIG_ARMOR_MAX];
	uint8_t pub[32], sig[64];
	size_t n;

	ed25519_public(seed, pub);
	batch_device_name(pub, t.device);
	n = kittext_encode(&t, bytes);
	sshsign(seed, ns, bytes, n, sig);
	sshsig_armor(pub, ns, sig, armor);
	n += (size_t)snprintf(bytes + n, sizeof bytes - n, "%s", armor);
	return kit_parse(bytes, n, out, e);
}
