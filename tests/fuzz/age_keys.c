/* vault/keys/agetext.h: identity files, recipients. */
#include "agetext.h"

#include "fuzz.h"
#include "secret.h"

static int
take(void *ctx, enum agekey_kind kind, const uint8_t secret[AGEKEY_SECRET_LEN],
     const char *comment, size_t comment_len, struct err *e)
{
	(void)e;
	for (size_t i = 0; i < comment_len; i++)
		MUST(comment[i] != '\n');
	MUST(kind == AGEKEY_X25519 || kind == AGEKEY_HYBRID);
	MUST(secret != NULL);
	++*(size_t *)ctx;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len);
	char again[AGETEXT_RECIPIENT_MAX];
	struct agekey_public pub;
	struct err e = {0};
	size_t n = 0;

	if (agetext_identities(text, len, take, &n, &e) != 0)
		MUST(e.code != ERR_NONE);
	err_clear(&e);
	if (agetext_recipient_parse(text, &pub, &e) == 0) {
		n = agetext_recipient(&pub, again);
		fuzz_same(again, n, text, strlen(text));
	}
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	struct agekey_public pub;
	struct secret *s = secret_new(32);
	char text[AGETEXT_RECIPIENT_MAX], file[512];
	size_t n = 0;

	MUST(s != NULL);
	fuzz_fill(s->bytes, 32);
	for (int k = 0; k < 2; k++) {
		enum agekey_kind kind = k == 0 ? AGEKEY_X25519 : AGEKEY_HYBRID;

		agekey_derive(kind, s->bytes, &pub);
		put(text, agetext_recipient(&pub, text));
		agetext_identity(kind, s->bytes, text);
		n += (size_t)snprintf(file + n, sizeof file - n,
				      "# comment %d\n%s\r\n\n", k, text);
	}
	put(file, n);
	secret_free(s);
}
