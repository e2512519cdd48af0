/* format/cosign.h: signed notes, cosignatures, verifier keys. */
#include "cosign.h"

#include "fuzz.h"

static void
lines(const struct cosign_note *note)
{
	for (size_t i = 0; i < note->n; i++) {
		const struct cosign_line *l = &note->lines[i];
		char name[COSIGN_NAME_MAX], again[COSIGN_LINE_MAX];
		uint8_t sig[64];
		uint64_t time;

		MUST(l->name_len > 0 && l->name_len < sizeof name);
		memcpy(name, l->name, l->name_len);
		name[l->name_len] = '\0';
		MUST(cosign_line_is(l, name, l->id));
		cosign_ed25519_decode(l, sig);
		if (cosign_decode(l, &time, sig) != FORMAT_OK)
			continue;
		cosign_encode(name, l->id, time, sig, again);
		MUST(strstr(again, name) != NULL);
		MUST(memmem(again, strlen(again), l->base64, l->base64_len) !=
		     NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len), again[COSIGN_VKEY_MAX];
	static struct cosign_note note;
	struct cosign_vkey k;
	const char *origin;
	size_t n;
	uint64_t size;
	uint8_t root[32];

	if (cosign_note_decode(text, len, &note) == FORMAT_OK) {
		MUST(note.body_len > 0 && text[note.body_len - 1] == '\n');
		lines(&note);
		cosign_checkpoint(text, note.body_len, &origin, &n, &size,
				  root);
	}
	if (cosign_lines_decode(text, len, &note) == FORMAT_OK)
		lines(&note);
	if (cosign_vkey_decode(text, len, &k) == FORMAT_OK)
		fuzz_same(again, cosign_vkey_encode(&k, again), text, len);
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static const char body[] =
	    "example.org/log\n9\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
	struct cosign_vkey k = {.name = "w.example/1",
				.id = {1, 2, 3, 4},
				.type = COSIGN_COSIGNATURE};
	uint8_t sig[64];
	char out[2048];
	size_t n = sizeof body - 1;

	fuzz_fill(sig, sizeof sig);
	memcpy(out, body, n);
	out[n++] = '\n';
	for (uint64_t t = 1; t < 4; t++)
		n += cosign_encode(k.name, k.id, t << 30, sig, out + n);
	put(out, n);
	put(out + sizeof body, n - sizeof body);
	fuzz_fill(k.key, 32);
	put(out, cosign_vkey_encode(&k, out));
	k.type = COSIGN_ED25519;
	put(out, cosign_vkey_encode(&k, out));
}
