/* format/kittext.h: the order of lines, the one form. */
#include "kittext.h"

#include "mutants.h"
#include "sshsig.h"

static void
fill(struct kittext *k)
{
	static const char key[] =
	    "AAAAC3NzaC1lZDI1NTE5AAAAIL4DupjGyih1DbQCKnb3iOoDIIuoHx2651FIRmThr3"
	    "tI";
	uint8_t pub[32];

	memset(k, 0, sizeof *k);
	memset(pub, 9, sizeof pub);
	snprintf(k->vault, sizeof k->vault,
		 "muniment vault 1\nroot ssh-ed25519 %s\nnonce %064d\n", key,
		 7);
	batch_device_name(pub, k->device);
	memset(k->seat, 'a', 64);
	memset(k->case_id, 'b', 32);
	memset(k->vault_epoch.id, 'c', 32);
	memset(k->case_epoch.id, 'd', 32);
	strcpy(k->vault_epoch.recipient, "age1pq1vault");
	strcpy(k->case_epoch.recipient, "age1pq1case");
}

static size_t
make(const struct kittext *k, char out[KITTEXT_MAX])
{
	uint8_t pub[32], sig[64];
	size_t n = kittext_encode(k, out);

	memset(sig, 3, sizeof sig);
	memset(pub, 9, sizeof pub);
	return n + sshsig_armor(pub, "muniment-kit", sig, out + n);
}

static bool
accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	char again[KITTEXT_MAX];
	struct kittext k;
	uint8_t key[32], sig[64];
	size_t n = 0;

	(void)ctx;
	if (kittext_decode((const char *)bytes, len, &k, key, &n, sig) !=
	    FORMAT_OK)
		return false;
	assert_int_equal(kittext_encode(&k, again), n);
	n += sshsig_armor(key, "muniment-kit", sig, again + n);
	assert_int_equal(n, len);
	assert_memory_equal(again, bytes, len);
	return true;
}

static void
reads(void **state)
{
	struct kittext in, k;
	char text[KITTEXT_MAX];
	uint8_t key[32], sig[64];
	size_t len, n = 0;

	(void)state;
	fill(&in);
	len = make(&in, text);
	assert_memory_equal(
	    text, "muniment kit 1\nmuniment vault 1\nroot ssh-ed25519 AAAA",
	    52);
	assert_int_equal(kittext_decode(text, len, &k, key, &n, sig),
			 FORMAT_OK);
	assert_memory_equal(&in, &k, sizeof k);
	assert_int_equal(key[31], 9);
	assert_int_equal(sig[0], 3);
	assert_memory_equal(text + n, "-----BEGIN", 10);
}

static void
one_form_each(void **state)
{
	struct kittext k;
	char text[KITTEXT_MAX];
	size_t len;

	(void)state;
	fill(&k);
	len = make(&k, text);
	/* the lines, the form of the key and of the signature are looked at */
	assert_true(mutants_all(accepts, NULL, text, len) > 50);
}

static void
refuses(void **state)
{
	struct kittext k, good;
	char text[KITTEXT_MAX];

	(void)state;
	fill(&good);
	k = good;
	k.seat[63] = '\0';
	assert_false(accepts(NULL, (uint8_t *)text, make(&k, text)));
	k = good;
	strcpy(k.case_id, "vault");
	assert_false(accepts(NULL, (uint8_t *)text, make(&k, text)));
	k = good;
	k.case_epoch.id[0] = 'x';
	assert_false(accepts(NULL, (uint8_t *)text, make(&k, text)));
	k = good;
	k.vault_epoch.recipient[0] = '\0';
	assert_false(accepts(NULL, (uint8_t *)text, make(&k, text)));
	/* signed by another device than it names */
	k = good;
	k.device[5] = k.device[5] == 'a' ? 'b' : 'a';
	assert_false(accepts(NULL, (uint8_t *)text, make(&k, text)));
	memset(text, 'a', sizeof text);
	assert_false(accepts(NULL, (uint8_t *)text, sizeof text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads),
	    cmocka_unit_test(one_form_each),
	    cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests_name("kittext", tests, NULL, NULL);
}
