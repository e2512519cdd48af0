/* format/sshsig.h: blobs, armor, key lines; and what ssh-keygen says. */
#include "sshsig.h"

#include "ed25519.h"
#include "mutants.h"
#include "secret.h"
#include "sshsign.h"

#include <unistd.h>

static const char ns[] = "muniment-card";

static bool
takes_text(void *ctx, const uint8_t *bytes, size_t len)
{
	char again[SSHSIG_TEXT_MAX];
	uint8_t pub[32], sig[64];

	(void)ctx;
	if (sshsig_text_decode((const char *)bytes, len, ns, pub, sig) !=
	    FORMAT_OK)
		return false;
	assert_int_equal(sshsig_text(pub, ns, sig, again), len);
	assert_memory_equal(again, bytes, len);
	return true;
}

static bool
takes_armor(void *ctx, const uint8_t *bytes, size_t len)
{
	char again[SSHSIG_ARMOR_MAX];
	uint8_t pub[32], sig[64];

	(void)ctx;
	if (sshsig_armor_decode((const char *)bytes, len, ns, pub, sig) !=
	    FORMAT_OK)
		return false;
	assert_int_equal(sshsig_armor(pub, ns, sig, again), len);
	assert_memory_equal(again, bytes, len);
	return true;
}

static bool
takes_key(void *ctx, const uint8_t *bytes, size_t len)
{
	char again[SSHSIG_KEY_LINE_MAX];
	uint8_t pub[32];

	(void)ctx;
	if (sshsig_key_line_decode((const char *)bytes, len, pub) != FORMAT_OK)
		return false;
	sshsig_key_line(pub, again);
	assert_int_equal(strlen(again), len);
	assert_memory_equal(again, bytes, len);
	return true;
}

static void
sample(uint8_t pub[32], uint8_t sig[64])
{
	for (size_t i = 0; i < 32; i++)
		pub[i] = (uint8_t)(i + 1);
	for (size_t i = 0; i < 64; i++)
		sig[i] = (uint8_t)(255 - i);
}

static void
blob(void **state)
{
	uint8_t pub[32], sig[64], out[SSHSIG_BLOB_MAX];
	static const char head[] = "SSHSIG\0\0\0\1\0\0\0\x33\0\0\0\x0b"
				   "ssh-ed25519\0\0\0\x20\1\2\3";
	static const char middle[] = "\x20\0\0\0\3git\0\0\0\0\0\0\0\6sha512"
				     "\0\0\0\x53\0\0\0\x0bssh-ed25519"
				     "\0\0\0\x40\xff\xfe";
	size_t n;

	(void)state;
	sample(pub, sig);
	n = sshsig_blob(pub, "git", sig, out);
	assert_int_equal(n, 10 + 4 + 51 + 4 + 3 + 4 + 4 + 6 + 4 + 83);
	assert_memory_equal(out, head, sizeof head - 1);
	assert_memory_equal(out + 10 + 4 + 50, middle, sizeof middle - 1);
}

static void
signed_bytes(void **state)
{
	uint8_t out[SSHSIG_SIGNED_MAX], digest[64];
	static const char head[] = "SSHSIG\0\0\0\3git\0\0\0\0\0\0\0\6sha512"
				   "\0\0\0\x40\x55";

	(void)state;
	memset(digest, 0x55, sizeof digest);
	assert_int_equal(sshsig_signed("git", digest, out),
			 6 + 7 + 4 + 10 + 4 + 64);
	assert_memory_equal(out, head, sizeof head - 1);
}

static void
one_form_each(void **state)
{
	char text[SSHSIG_ARMOR_MAX];
	uint8_t pub[32], sig[64];
	size_t n;

	(void)state;
	sample(pub, sig);
	n = sshsig_text(pub, ns, sig, text);
	assert_true(mutants_all(takes_text, NULL, text, n) > 100);
	n = sshsig_armor(pub, ns, sig, text);
	assert_true(mutants_all(takes_armor, NULL, text, n) > 100);
	sshsig_key_line(pub, text);
	assert_int_equal(strlen(text), SSHSIG_KEY_LINE_LEN);
	assert_true(mutants_all(takes_key, NULL, text, strlen(text)) > 40);
}

static void
refuses_other_namespaces(void **state)
{
	char text[SSHSIG_ARMOR_MAX];
	uint8_t pub[32], sig[64];
	size_t n;

	(void)state;
	sample(pub, sig);
	n = sshsig_text(pub, "muniment-act", sig, text);
	assert_false(takes_text(NULL, (uint8_t *)text, n));
	n = sshsig_armor(pub, "", sig, text);
	assert_false(takes_armor(NULL, (uint8_t *)text, n));
}

/* Other widths of line, other line ends. */
static void
refuses_other_armor(void **state)
{
	char text[SSHSIG_ARMOR_MAX], other[2 * SSHSIG_ARMOR_MAX], *p = other;
	uint8_t pub[32], sig[64];
	size_t n;

	(void)state;
	sample(pub, sig);
	n = sshsig_armor(pub, ns, sig, text);
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			*p++ = '\r';
		*p++ = text[i];
	}
	assert_false(takes_armor(NULL, (uint8_t *)other, (size_t)(p - other)));
	/* one long line */
	p = other;
	for (size_t i = 0; i < n; i++)
		if (text[i] != '\n' || text[i - 1] == '-' || i + 32 > n ||
		    text[i + 1] == '-')
			*p++ = text[i];
	assert_true((size_t)(p - other) < n);
	assert_false(takes_armor(NULL, (uint8_t *)other, (size_t)(p - other)));
}

static void
write_text(const char *dir, const char *name, const void *text, size_t len)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* The other implementation's judgement of what we sign. */
static void
ssh_keygen_agrees(void **state)
{
	static const char msg[] = "a message\nof two lines\n";
	char dir[] = "/tmp/muniment-sshsig-XXXXXX", armor[SSHSIG_ARMOR_MAX];
	char line[SSHSIG_KEY_LINE_MAX + 64], cmd[512];
	uint8_t seed[32], pub[32], sig[64];
	size_t n;

	(void)state;
	if (system("command -v ssh-keygen > /dev/null") != 0)
		skip();
	assert_non_null(mkdtemp(dir));
	ed25519_generate(seed, pub);
	sshsign(seed, ns, msg, sizeof msg - 1, sig);
	assert_int_equal(sshsign_verify(pub, ns, msg, sizeof msg - 1, sig), 0);
	n = sshsig_armor(pub, ns, sig, armor);
	write_text(dir, "sig", armor, n);
	write_text(dir, "msg", msg, sizeof msg - 1);
	memcpy(line, "me ", 3);
	sshsig_key_line(pub, line + 3);
	strcat(line, "\n");
	write_text(dir, "allowed", line, strlen(line));
	snprintf(cmd, sizeof cmd,
		 "cd %s && ssh-keygen -Y check-novalidate -n %s -s sig"
		 " < msg > /dev/null && ssh-keygen -Y verify -f allowed -I me"
		 " -n %s -s sig < msg > /dev/null",
		 dir, ns, ns);
	assert_int_equal(system(cmd), 0);
	snprintf(cmd, sizeof cmd,
		 "cd %s && ! ssh-keygen -Y check-novalidate -n git -s sig"
		 " < msg > /dev/null 2>&1",
		 dir);
	assert_int_equal(system(cmd), 0);
	snprintf(cmd, sizeof cmd, "rm -r %s", dir);
	assert_int_equal(system(cmd), 0);
}

static void
verifies(void **state)
{
	uint8_t seed[32], pub[32], sig[64];

	(void)state;
	ed25519_generate(seed, pub);
	sshsign(seed, ns, "abc", 3, sig);
	assert_int_equal(sshsign_verify(pub, ns, "abc", 3, sig), 0);
	assert_int_equal(sshsign_verify(pub, ns, "abd", 3, sig), -1);
	assert_int_equal(sshsign_verify(pub, ns, "ab", 2, sig), -1);
	assert_int_equal(sshsign_verify(pub, "git", "abc", 3, sig), -1);
	sig[5] ^= 1;
	assert_int_equal(sshsign_verify(pub, ns, "abc", 3, sig), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(blob),
	    cmocka_unit_test(signed_bytes),
	    cmocka_unit_test(one_form_each),
	    cmocka_unit_test(refuses_other_namespaces),
	    cmocka_unit_test(refuses_other_armor),
	    cmocka_unit_test(verifies),
	    cmocka_unit_test(ssh_keygen_agrees),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("sshsig", tests, NULL, NULL);
}
