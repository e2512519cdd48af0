#include "card.h"

#include "agetext.h"
#include "ed25519.h"
#include "fsutil.h"
#include "hash.h"
#include "sshsig.h"
#include "sshsign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char ns[] = "muniment-card";

int
card_parse(const char *bytes, size_t len, struct card *out, struct err *e)
{
	uint8_t sig[64], digest[HASH_LEN];
	size_t signed_len = 0;

	memset(out, 0, sizeof *out);
	if (cardtext_decode(bytes, len, &out->text, &signed_len, sig) !=
	    FORMAT_OK)
		return err_set(e, ERR_EVIDENCE, "this is not a card");
	if (!ed25519_is_valid(out->text.key))
		return err_set(
		    e, ERR_EVIDENCE,
		    "the card's signing key is not one that all verifiers"
		    " read alike");
	if (sshsign_verify(out->text.key, ns, bytes, signed_len, sig) != 0)
		return err_set(e, ERR_EVIDENCE,
			       "the card's signature fails: it was changed");
	if (agetext_recipient_parse(out->text.recipient, &out->recipient, e) !=
	    0)
		return -1;
	if (out->recipient.kind != AGEKEY_HYBRID)
		return err_set(e, ERR_EVIDENCE,
			       "the card's recipient is not post-quantum");
	memcpy(out->bytes, bytes, len);
	out->len = len;
	hash_sha256(bytes, len, digest);
	words_fingerprint(digest, out->words);
	return 0;
}

int
card_load(const char *path, struct card *out, struct err *e)
{
	struct err why = {0};
	char *bytes = NULL, name[256];
	size_t len = 0;
	int rc = -1;

	if (fsutil_read(path, CARDTEXT_MAX - 1, &bytes, &len, e) != 0)
		return -1;
	if (card_parse(bytes, len, out, &why) == 0)
		rc = 0;
	else
		err_set(e, why.code, "%s: %s",
			err_escape(name, sizeof name, path, strlen(path)),
			why.msg);
	free(bytes);
	return rc;
}

int
card_make(const char *name, const char *org,
	  const struct agekey_public *recipient, const uint8_t seed[32],
	  struct card *out, struct err *e)
{
	struct cardtext text = {0};
	char bytes[CARDTEXT_MAX], armor[SSHSIG_ARMOR_MAX];
	uint8_t sig[64];
	size_t n;

	if (!cardtext_is_name(name) ||
	    (org != NULL && org[0] != '\0' && !cardtext_is_name(org)))
		return err_set(
		    e, ERR_UNKNOWN,
		    "a name has 1 to 200 bytes and nothing unprintable");
	snprintf(text.name, sizeof text.name, "%s", name);
	snprintf(text.org, sizeof text.org, "%s", org != NULL ? org : "");
	agetext_recipient(recipient, text.recipient);
	ed25519_public(seed, text.key);
	n = cardtext_encode(&text, bytes);
	sshsign(seed, ns, bytes, n, sig);
	sshsig_armor(text.key, ns, sig, armor);
	n += (size_t)snprintf(bytes + n, sizeof bytes - n, "%s", armor);
	return card_parse(bytes, n, out, e);
}
