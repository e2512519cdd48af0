#include "agetext.h"

#include "bech32.h"

#include <stdbool.h>
#include <string.h>

static const char *const recipient_prefix[] = {
    [AGEKEY_X25519] = "age",
    [AGEKEY_HYBRID] = "age1pq",
};
static const char *const identity_prefix[] = {
    [AGEKEY_X25519] = "AGE-SECRET-KEY-",
    [AGEKEY_HYBRID] = "AGE-SECRET-KEY-PQ-",
};
static const enum agekey_kind kinds[] = {AGEKEY_X25519, AGEKEY_HYBRID};
#define KINDS (sizeof kinds / sizeof kinds[0])

size_t
agetext_recipient(const struct agekey_public *pub,
		  char out[AGETEXT_RECIPIENT_MAX])
{
	size_t n = bech32_encode(recipient_prefix[pub->kind], pub->bytes,
				 agekey_pub_len(pub->kind), out);

	out[n] = '\0';
	return n;
}

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Say what is wrong without repeating it: it may be a secret. */
static int
not_a_recipient(const char *text, struct err *e)
{
	if (begins(text, "AGE-SECRET-KEY-") || begins(text, "AGE-PLUGIN-")) {
		err_set(e, ERR_UNKNOWN,
			"this is a secret key, not a recipient");
		return err_hint(e, "keep it secret; age-keygen -y tells its"
				   " recipient");
	}
	if (begins(text, "ssh-") || begins(text, "age1tag") ||
	    begins(text, "age1yubikey")) {
		err_set(e, ERR_UNKNOWN,
			"this type of recipient is not supported");
		return err_hint(e, "use age1pq1... or age1...");
	}
	err_set(e, ERR_UNKNOWN, "not an age recipient");
	return err_hint(e, "a recipient begins with age1pq1 or age1;"
			   " compare it letter by letter");
}

int
agetext_recipient_parse(const char *text, struct agekey_public *pub,
			struct err *e)
{
	for (size_t i = 0; i < KINDS; i++) {
		memset(pub, 0, sizeof *pub);
		pub->kind = kinds[i];
		if (bech32_decode(recipient_prefix[kinds[i]], text,
				  strlen(text), pub->bytes,
				  agekey_pub_len(kinds[i])) == 0)
			return 0;
	}
	return not_a_recipient(text, e);
}

size_t
agetext_identity(enum agekey_kind kind, const uint8_t secret[AGEKEY_SECRET_LEN],
		 char out[AGETEXT_IDENTITY_MAX])
{
	size_t n = bech32_encode(identity_prefix[kind], secret,
				 AGEKEY_SECRET_LEN, out);

	out[n] = '\0';
	return n;
}

int
agetext_identity_parse(const char *text, size_t len, enum agekey_kind *kind,
		       uint8_t secret[AGEKEY_SECRET_LEN])
{
	for (size_t i = 0; i < KINDS; i++) {
		*kind = kinds[i];
		if (bech32_decode(identity_prefix[kinds[i]], text, len, secret,
				  AGEKEY_SECRET_LEN) == 0)
			return 0;
	}
	return -1;
}

/* A comment without "#" and the spaces after it. */
static void
take_comment(const char *line, size_t len, const char **comment,
	     size_t *comment_len)
{
	line++;
	len--;
	while (len > 0 && *line == ' ') {
		line++;
		len--;
	}
	*comment = line;
	*comment_len = len;
}

int
agetext_identities(const void *text, size_t len, agetext_key *key, void *ctx,
		   struct err *e)
{
	const char *p = text, *comment = "", *lf;
	size_t comment_len = 0, n, number = 1;
	uint8_t secret[AGEKEY_SECRET_LEN];
	enum agekey_kind kind;
	int rc;

	for (; len > 0; number++) {
		lf = memchr(p, '\n', len);
		n = lf != NULL ? (size_t)(lf - p) : len;
		rc = 0;
		if (n > 0 && p[0] == '#') {
			take_comment(p, n - (p[n - 1] == '\r'), &comment,
				     &comment_len);
		} else if (n > 1 || (n == 1 && p[0] != '\r')) {
			rc = agetext_identity_parse(p, n - (p[n - 1] == '\r'),
						    &kind, secret);
			if (rc != 0)
				err_set(e, ERR_UNKNOWN,
					"line %zu is no age identity", number);
			else
				rc = key(ctx, kind, secret, comment,
					 comment_len, e);
			secret_wipe(secret, sizeof secret);
			comment_len = 0;
		}
		if (rc != 0)
			return -1;
		n += lf != NULL;
		p += n;
		len -= n;
	}
	return 0;
}
