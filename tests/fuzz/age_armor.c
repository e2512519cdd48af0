/* format/agearmor.h: an age file as text, in pieces of any length. */
#include "agearmor.h"

#include "fuzz.h"

struct sum {
	uint8_t bytes[8192];
	size_t n;
	enum agearmor_result r;
};

/* Read it all, `piece` characters at a time. */
static void
read_all(const char *text, size_t len, size_t piece, struct sum *s)
{
	struct agearmor_reader r;

	agearmor_reader_init(&r);
	s->n = 0;
	for (size_t at = 0; at < len;) {
		uint8_t out[3 * AGEARMOR_LINE_BYTES];
		size_t used = 0, n = 0;

		s->r = agearmor_read(&r, text + at,
				     len - at < piece ? len - at : piece, &used,
				     out, sizeof out, &n);
		MUST(n <= sizeof out && s->n + n <= sizeof s->bytes);
		memcpy(s->bytes + s->n, out, n);
		s->n += n;
		if (s->r != AGEARMOR_OK)
			return;
		MUST(used > 0 && used <= piece);
		at += used;
	}
	s->r = agearmor_read_end(&r);
}

/* What was read, written and read again, is the same. */
static void
again(const struct sum *s)
{
	static struct sum t;
	struct agearmor_writer w;
	char *out = malloc(agearmor_write_max(s->n) + AGEARMOR_END_MAX);
	size_t n = agearmor_write_start(&w, out);

	n += agearmor_write(&w, s->bytes, s->n, out + n);
	n += agearmor_write_end(&w, out + n);
	read_all(out, n, n, &t);
	MUST(t.r == AGEARMOR_OK);
	fuzz_same(t.bytes, t.n, s->bytes, s->n);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct sum a, b;
	char *text;

	if (len < 1 || len > sizeof a.bytes)
		return 0;
	text = fuzz_text(data + 1, len - 1);
	read_all(text, len - 1, len, &a);
	read_all(text, len - 1, 1 + data[0] % 80u, &b);
	MUST(a.r == b.r);
	if (a.r == AGEARMOR_OK) {
		fuzz_same(a.bytes, a.n, b.bytes, b.n);
		again(&a);
	}
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static const size_t lens[] = {0, 1, 48, 49, 200};
	uint8_t bytes[200];

	fuzz_fill(bytes, sizeof bytes);
	for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
		struct agearmor_writer w;
		char out[1024] = "\x07";
		size_t n = 1 + agearmor_write_start(&w, out + 1);

		n += agearmor_write(&w, bytes, lens[i], out + n);
		n += agearmor_write_end(&w, out + n);
		put(out, n);
	}
}
