/* format/ageheader.h: the header of an age file. */
#include "ageheader.h"

#include "fuzz.h"

/* Write it anew: the same bytes must come out. */
static void
again(const struct ageheader *h)
{
	char *out = malloc(h->len + 8192);
	struct ageheader_stanza s;
	size_t n = ageheader_put_version(out), pos = 0, stanzas = 0;
	bool all = true;

	while (ageheader_next(h, &pos, &s)) {
		uint8_t *body = malloc(s.body_len + 1);

		stanzas++;
		MUST(s.args >= 1 && s.args <= AGEHEADER_ARGS_MAX);
		ageheader_body(&s, body);
		if (s.args > AGEHEADER_ARGS_SEEN)
			all = false;
		else if (all)
			n += ageheader_put_stanza(out + n, s.arg, s.args, body,
						  s.body_len);
		free(body);
	}
	MUST(stanzas == h->stanzas);
	n += ageheader_put_dashes(out + n);
	n += ageheader_put_mac(out + n, h->mac);
	if (all)
		fuzz_same(out, n, h->bytes, h->len);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ageheader h;
	char *text = fuzz_text(data, len);

	if (ageheader_parse(text, len, &h) == AGEHEADER_OK) {
		MUST(h.len <= len && h.mac_over < h.len);
		again(&h);
	}
	free(text);
	return 0;
}

static size_t
header(char *out, size_t stanzas, size_t bodylen)
{
	struct ageheader_text args[] = {{"X25519", 6}, {"abc-_/+", 7}};
	uint8_t body[200], mac[AGEHEADER_MAC_LEN];
	size_t n = ageheader_put_version(out);

	fuzz_fill(body, sizeof body);
	fuzz_fill(mac, sizeof mac);
	for (size_t i = 0; i < stanzas; i++)
		n += ageheader_put_stanza(out + n, args, 1 + i % 2, body,
					  bodylen);
	n += ageheader_put_dashes(out + n);
	return n + ageheader_put_mac(out + n, mac);
}

void
fuzz_seeds(fuzz_put *put)
{
	static char out[4096];

	put(out, header(out, 1, 32));
	put(out, header(out, 4, 48));
	put(out, header(out, 2, 0));
	put("age-encryption.org/v2\n", 22);
}
