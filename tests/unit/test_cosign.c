/* format/cosign.h: C2SP signed notes with cosignatures. */
#include "cosign.h"

#include "base64.h"
#include "ed25519.h"
#include "hash.h"
#include "mutants.h"

#define DASH "\xe2\x80\x94 "

/* The example of C2SP's tlog-cosignature.md and signed-note.md. */
static const char note[] =
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n" DASH "example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
    "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n" DASH "witness.example.com/w1 "
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin"
    "1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

static const char vkey[] =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
static const char vkey_text[] = "This is an example message.\n";
static const char vkey_line[] =
    DASH "example.com/foo "
	 "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3"
	 "mFXmRKuwHjG1Yu72IneyaQM=\n";

static void
key_id(const char *name, enum cosign_type type, const uint8_t pub[32],
       uint8_t id[4])
{
	uint8_t in[COSIGN_KEY_ID_INPUT_MAX], digest[32];

	hash_sha256(in, cosign_key_id_input(name, type, pub, in), digest);
	memcpy(id, digest, 4);
}

static void
example(void **state)
{
	static const uint8_t id[4] = {0x8d, 0x66, 0xcf, 0x3f};
	struct cosign_note n;
	const char *origin;
	size_t len;
	uint64_t size, time;
	uint8_t root[32], sig[64];
	char message[COSIGN_MESSAGE_MAX], line[COSIGN_LINE_MAX];

	(void)state;
	assert_int_equal(cosign_note_decode(note, sizeof note - 1, &n),
			 FORMAT_OK);
	assert_int_equal(n.n, 2);
	assert_true(cosign_line_is(&n.lines[1], "witness.example.com/w1", id));
	assert_false(cosign_line_is(&n.lines[0], "witness.example.com/w1", id));
	assert_int_equal(
	    cosign_checkpoint(note, n.body_len, &origin, &len, &size, root),
	    FORMAT_OK);
	assert_int_equal(size, 20852163);
	assert_int_equal(len, strlen("example.com/behind-the-sofa"));
	assert_int_equal(cosign_decode(&n.lines[1], &time, sig), FORMAT_OK);
	assert_int_equal(time, 1679315147);
	assert_int_equal(cosign_decode(&n.lines[0], &time, sig),
			 FORMAT_MALFORMED);
	assert_int_equal(cosign_decode(&n.lines[1], &time, sig), FORMAT_OK);
	assert_int_equal(cosign_ed25519_decode(&n.lines[1], sig),
			 FORMAT_MALFORMED);
	assert_int_equal(cosign_decode(&n.lines[1], &time, sig), FORMAT_OK);
	/* written again, it is the line of the example */
	len = cosign_encode("witness.example.com/w1", id, time, sig, line);
	assert_memory_equal(strstr(note, DASH "witness"), line, len);
	/* the message of the specification */
	len = cosign_message(time, note, n.body_len, message);
	message[len] = '\0';
	assert_string_equal(message,
			    "cosignature/v1\n"
			    "time 1679315147\n"
			    "example.com/behind-the-sofa\n"
			    "20852163\n"
			    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n");
}

static void
verifier_keys(void **state)
{
	static const char *const bad[] = {
	    "",
	    "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	    "a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	    "a+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	    "a+530d903a+CekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	    "a+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2kAA==",
	};
	struct cosign_vkey k;
	struct cosign_note n;
	char text[COSIGN_VKEY_MAX];
	uint8_t id[4], sig[64];

	(void)state;
	assert_int_equal(cosign_vkey_decode(vkey, sizeof vkey - 1, &k),
			 FORMAT_OK);
	assert_string_equal(k.name, "example.com/foo");
	assert_int_equal(k.type, COSIGN_ED25519);
	key_id(k.name, k.type, k.key, id);
	assert_memory_equal(id, k.id, 4);
	cosign_vkey_encode(&k, text);
	assert_string_equal(text, vkey);
	/* it verifies the specification's message */
	assert_int_equal(
	    cosign_lines_decode(vkey_line, sizeof vkey_line - 1, &n),
	    FORMAT_OK);
	assert_true(cosign_line_is(&n.lines[0], k.name, k.id));
	assert_int_equal(cosign_ed25519_decode(&n.lines[0], sig), FORMAT_OK);
	assert_int_equal(
	    ed25519_verify(k.key, vkey_text, sizeof vkey_text - 1, sig), 0);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (cosign_vkey_decode(bad[i], strlen(bad[i]), &k) == FORMAT_OK)
			fail_msg("taken: %s", bad[i]);
}

/* A line with `len` bytes of signature, of any type. */
static size_t
add_line(char *out, const char *name, size_t len)
{
	uint8_t raw[8192];
	size_t n = (size_t)sprintf(out, DASH "%s ", name);

	memset(raw, 0x5a, sizeof raw);
	n += base64_encode(raw, len + 4, true, out + n);
	out[n++] = '\n';
	return n;
}

/* What is unknown is passed over; what is too much is refused. */
static void
many_lines(void **state)
{
	char *big = malloc(COSIGN_NOTE_MAX + 20000);
	struct cosign_note n;
	size_t at = (size_t)sprintf(big, "a\n\nb\n\n"), lines;

	(void)state;
	for (lines = 0; lines < 16; lines++)
		at += add_line(big + at, "quantum.example", 5000);
	assert_int_equal(cosign_note_decode(big, at, &n), FORMAT_OK);
	assert_int_equal(n.n, 16);
	assert_int_equal(n.body_len, 5); /* up to the last empty line */
	assert_int_equal(n.lines[15].len, 5000);
	for (; lines <= COSIGN_LINES_MAX; lines++)
		at += add_line(big + at, "x", 64);
	assert_int_equal(cosign_note_decode(big, at, &n), FORMAT_LIMIT);
	at = (size_t)sprintf(big, "a\n\n");
	at += add_line(big + at, "x", COSIGN_SIG_MAX + 1);
	assert_int_equal(cosign_note_decode(big, at, &n), FORMAT_LIMIT);
	memset(big, 'a', COSIGN_NOTE_MAX + 1);
	assert_int_equal(cosign_note_decode(big, COSIGN_NOTE_MAX + 1, &n),
			 FORMAT_LIMIT);
	free(big);
}

static void
malformed(void **state)
{
	static const char *const bad[] = {
	    "",
	    "\n",
	    "a\n",
	    "a\n\n",
	    "\n\n" DASH "x AAAAAAA=\n",
	    "a\n" DASH "x AAAAAAA=\n",
	    "a\n\n" DASH "x AAAAAAA=",
	    "a\n\n" DASH "x AAAAAA==\n", /* a key id and no signature */
	    "a\n\n" DASH "x  AAAAAAA=\n",
	    "a\n\n" DASH " AAAAAAA=\n",
	    "a\n\n" DASH "x+y AAAAAAA=\n",
	    "a\n\n" DASH "x\xc2\xa0y AAAAAAA=\n",
	    "a\n\n" DASH "x\xe3\x80\x80 AAAAAAA=\n",
	    "a\n\n" DASH "x AAAAAAB=\n", /* left-over bits */
	    "a\n\n- x AAAAAAA=\n",
	    "a\tb\n\n" DASH "x AAAAAAA=\n",
	    "a\r\n\n" DASH "x AAAAAAA=\n",
	    "\xff\n\n" DASH "x AAAAAAA=\n",
	    "\xed\xa0\x80\n\n" DASH "x AAAAAAA=\n",
	    "\xc0\x80\n\n" DASH "x AAAAAAA=\n",
	};
	struct cosign_note n;

	(void)state;
	assert_int_equal(
	    cosign_note_decode("a\n\n" DASH "x AAAAAAA=\n", 18, &n), FORMAT_OK);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (cosign_note_decode(bad[i], strlen(bad[i]), &n) == FORMAT_OK)
			fail_msg("taken: %zu", i);
	assert_int_equal(
	    cosign_note_decode("a\0\n\n" DASH "x AAAAAAA=\n", 20, &n),
	    FORMAT_MALFORMED);
}

/* Any change of the note is noticed by its form or by one of its parts. */
static bool
accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	static const uint8_t id[4] = {0x8d, 0x66, 0xcf, 0x3f};
	struct cosign_note n;
	const char *text = (const char *)bytes, *origin;
	char again[COSIGN_LINE_MAX];
	uint8_t root[32], sig[64];
	uint64_t size, time;
	size_t k;

	(void)ctx;
	if (cosign_note_decode(text, len, &n) != FORMAT_OK || n.n != 2 ||
	    cosign_checkpoint(text, n.body_len, &origin, &k, &size, root) !=
		FORMAT_OK ||
	    !cosign_line_is(&n.lines[1], "witness.example.com/w1", id) ||
	    cosign_decode(&n.lines[1], &time, sig) != FORMAT_OK)
		return false;
	k = cosign_encode("witness.example.com/w1", id, time, sig, again);
	assert_true(k <= len);
	assert_memory_equal(again, text + len - k, k);
	return true;
}

static void
one_form_each(void **state)
{
	(void)state;
	assert_true(mutants_all(accepts, NULL, note, sizeof note - 1) > 100);
}

/* Times that cannot be. */
static void
times(void **state)
{
	static const struct {
		uint64_t time;
		bool ok;
	} cases[] = {{0, false},
		     {1, true},
		     {INT64_MAX, true},
		     {(uint64_t)INT64_MAX + 1, false},
		     {UINT64_MAX, false}};
	uint8_t sig[64] = {1}, id[4] = {2};
	struct cosign_note n;
	char line[COSIGN_LINE_MAX];
	uint64_t time;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = cosign_encode("x", id, cases[i].time, sig, line);

		assert_int_equal(cosign_lines_decode(line, len, &n), FORMAT_OK);
		assert_int_equal(cosign_decode(&n.lines[0], &time, sig) ==
				     FORMAT_OK,
				 cases[i].ok);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(example),	     cmocka_unit_test(verifier_keys),
	    cmocka_unit_test(many_lines),    cmocka_unit_test(malformed),
	    cmocka_unit_test(one_form_each), cmocka_unit_test(times),
	};

	return cmocka_run_group_tests_name("cosign", tests, NULL, NULL);
}
