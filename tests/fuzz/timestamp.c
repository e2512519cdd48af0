/*
 * crypto/timestamp.h: a reply of an authority, judged with a root from
 * tests/vectors (if it is there: then the way to it is walked as well); and
 * files of certificates and of CRLs.
 */
#include "timestamp.h"

#include "fuzz.h"

static struct timestamp_list roots;

static void
begin(void)
{
	static bool done;
	static char pem[8192];
	FILE *f;

	if (done)
		return;
	done = true;
	f = fopen("tests/vectors/stamps/root.pem", "rb");
	if (f == NULL)
		return;
	timestamp_list_read(&roots, TIMESTAMP_CERT, pem,
			    fread(pem, 1, sizeof pem, f));
	fclose(f);
}

static void
lists(const uint8_t *data, size_t len, enum timestamp_kind kind)
{
	struct timestamp_list l = {0};
	struct timestamp_cert c;
	size_t n;

	if (timestamp_list_read(&l, kind, data, len) == 0) {
		MUST(l.n > 0);
		for (size_t i = 0; kind == TIMESTAMP_CERT && i < l.n; i++) {
			timestamp_cert(&l.list[i], &c);
			timestamp_root(&l.list[i]);
		}
		free(timestamp_list_pem(&l, kind, &n));
	}
	timestamp_list_free(&l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy = (uint8_t *)fuzz_text(data, len);
	struct timestamp t;
	struct timestamp_case c = {
	    .reply = copy, .reply_len = len, .roots = &roots, .at = 1800000000};

	begin();
	if (timestamp_read(copy, len, &t)) {
		timestamp_judge(&c, &t);
		MUST(t.status == TIMESTAMP_VALID || t.why[0] != '\0');
	}
	lists(copy, len, TIMESTAMP_CERT);
	lists(copy, len, TIMESTAMP_CRL);
	free(copy);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static const char pem[] = "-----BEGIN CERTIFICATE-----\nAAAA\n"
				  "-----END CERTIFICATE-----\n";

	put(pem, sizeof pem - 1);
}
