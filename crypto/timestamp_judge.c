/* What a time stamp is worth: see timestamp.h. */
#include "hash.h"
#include "ossl.h"
#include "timestamp_inside.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define AUTH_LEVEL 2 /* of libcrypto: 112 bits */

/* What is at hand while one token is judged. */
struct judging {
	const struct timestamp_case *c;
	struct timestamp *out;
	PKCS7 *token;
	STACK_OF(X509) * certs; /* handed in, not trusted */
	STACK_OF(X509) * all;	/* those and the token's */
	X509_STORE *store;	/* the roots */
	X509 *signer;		/* borrowed from `all` */
	STACK_OF(X509) * chain; /* from the signer to a root */
};

static bool
no_memory(struct judging *j)
{
	return timestamp_fail(j->out, TIMESTAMP_MEMORY, "no memory");
}

static STACK_OF(X509) * read_certs(const struct timestamp_list *l)
{
	STACK_OF(X509) *s = sk_X509_new_null();

	for (size_t i = 0; s != NULL && l != NULL && i < l->n; i++) {
		X509 *x = timestamp_x509(&l->list[i]);

		if (x != NULL && sk_X509_push(s, x) == 0)
			X509_free(x);
	}
	return s;
}

/*
 * The pinned roots. Only what signs itself is one: libcrypto would not end a
 * chain elsewhere, and nor do stock tools.
 */
static X509_STORE *
read_roots(const struct timestamp_list *l)
{
	X509_STORE *store = X509_STORE_new();
	X509_VERIFY_PARAM *p;

	if (store == NULL)
		return NULL;
	for (size_t i = 0; l != NULL && i < l->n; i++) {
		X509 *x = timestamp_x509(&l->list[i]);

		if (x != NULL)
			X509_STORE_add_cert(store, x);
		X509_free(x);
	}
	p = X509_STORE_get0_param(store);
	if (X509_VERIFY_PARAM_set_purpose(p, X509_PURPOSE_TIMESTAMP_SIGN) !=
	    1) {
		X509_STORE_free(store);
		return NULL;
	}
	X509_VERIFY_PARAM_set_auth_level(p, AUTH_LEVEL);
	return store;
}

static bool
gather(struct judging *j)
{
	STACK_OF(X509) *own = NULL;

	if (PKCS7_type_is_signed(j->token))
		own = j->token->d.sign->cert;
	j->certs = read_certs(j->c->chain);
	j->store = read_roots(j->c->roots);
	j->all = sk_X509_new_null();
	if (j->certs == NULL || j->store == NULL || j->all == NULL)
		return no_memory(j);
	for (int i = 0; i < sk_X509_num(own); i++)
		if (!X509_add_cert(j->all, sk_X509_value(own, i),
				   X509_ADD_FLAG_UP_REF | X509_ADD_FLAG_NO_DUP))
			return no_memory(j);
	for (int i = 0; i < sk_X509_num(j->certs); i++)
		if (!X509_add_cert(j->all, sk_X509_value(j->certs, i),
				   X509_ADD_FLAG_UP_REF | X509_ADD_FLAG_NO_DUP))
			return no_memory(j);
	return true;
}

/*
 * The hash that is named, and the one that the signature's name says if it
 * says one: many have only the key's there.
 */
static bool
are_good_algorithms(PKCS7_SIGNER_INFO *si)
{
	X509_ALGOR *digest = NULL, *sig = NULL;
	const ASN1_OBJECT *oid = NULL;
	int md, pk;

	PKCS7_SIGNER_INFO_get0_algs(si, NULL, &digest, &sig);
	X509_ALGOR_get0(&oid, NULL, NULL, digest);
	if (!timestamp_is_good_hash(OBJ_obj2nid(oid)))
		return false;
	X509_ALGOR_get0(&oid, NULL, NULL, sig);
	if (OBJ_find_sigid_algs(OBJ_obj2nid(oid), &md, &pk) == 1)
		return md == NID_undef || timestamp_is_good_hash(md);
	return OBJ_obj2nid(oid) == NID_rsaEncryption ||
	       OBJ_obj2nid(oid) == NID_X9_62_id_ecPublicKey;
}

/* The one signer and his certificate; his algorithms. */
static bool
find_signer(struct judging *j)
{
	STACK_OF(PKCS7_SIGNER_INFO) *infos = PKCS7_get_signer_info(j->token);
	PKCS7_SIGNER_INFO *si;
	STACK_OF(X509) * found;
	EVP_PKEY *key;

	if (sk_PKCS7_SIGNER_INFO_num(infos) != 1)
		return timestamp_fail(j->out, TIMESTAMP_FORM,
				      "it must have exactly one signature");
	si = sk_PKCS7_SIGNER_INFO_value(infos, 0);
	found = PKCS7_get0_signers(j->token, j->certs, 0);
	if (found != NULL && sk_X509_num(found) == 1)
		j->signer = sk_X509_value(found, 0);
	sk_X509_free(found);
	if (j->signer == NULL)
		return timestamp_fail(j->out, TIMESTAMP_SIGNER,
				      "the certificate of the authority is not"
				      " here");
	timestamp_name(X509_get_subject_name(j->signer), j->out->authority);
	j->out->not_after = timestamp_time(X509_get0_notAfter(j->signer));
	if (!are_good_algorithms(si))
		return timestamp_fail(j->out, TIMESTAMP_WEAK,
				      "it is signed by way of a weak hash, or"
				      " one that is not known");
	key = X509_get0_pubkey(j->signer);
	if (key == NULL)
		return timestamp_fail(j->out, TIMESTAMP_SIGNER,
				      "the key of the authority cannot be"
				      " used");
	if (EVP_PKEY_get_security_bits(key) < 112)
		return timestamp_fail(j->out, TIMESTAMP_WEAK,
				      "the key of the authority is weaker than"
				      " 112 bits");
	return true;
}

/* Is the token what the signer signed? Whose he is comes later. */
static bool
check_signature(struct judging *j)
{
	BIO *sink = BIO_new(BIO_s_null());
	bool ok =
	    sink != NULL && PKCS7_verify(j->token, j->certs, NULL, NULL, sink,
					 PKCS7_NOVERIFY | PKCS7_BINARY) == 1;

	BIO_free(sink);
	return ok ? true
		  : timestamp_fail(j->out, TIMESTAMP_SIGNATURE,
				   "its signature is wrong: forged or damaged");
}

/* What libcrypto says of a chain, as a reason of ours. */
static enum timestamp_reason
reason_of(int error)
{
	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_CERT_UNTRUSTED:
		return TIMESTAMP_ROOT;
	case X509_V_ERR_INVALID_PURPOSE:
		return TIMESTAMP_PURPOSE;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK:
		return TIMESTAMP_WEAK;
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return TIMESTAMP_TIME;
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		return TIMESTAMP_SIGNATURE;
	case X509_V_ERR_OUT_OF_MEM:
		return TIMESTAMP_MEMORY;
	default:
		return TIMESTAMP_CHAIN;
	}
}

static const char *
words_of(enum timestamp_reason r)
{
	switch (r) {
	case TIMESTAMP_ROOT:
		return "its chain leads to no root that is trusted here";
	case TIMESTAMP_PURPOSE:
		return "its certificate is not one for time stamps alone";
	case TIMESTAMP_WEAK:
		return "its chain rests on SHA-1, MD5 or a key of less than"
		       " 112 bits";
	case TIMESTAMP_TIME:
		return "a certificate of its chain was not valid at its time";
	case TIMESTAMP_SIGNATURE:
		return "a certificate of its chain is forged";
	case TIMESTAMP_MEMORY:
		return "no memory";
	default:
		return "its chain is not right";
	}
}

/*
 * Does a chain lead to a root at this time? Its error, or X509_V_OK and the
 * chain.
 */
static int
build(struct judging *j, int64_t at, STACK_OF(X509) * *chain)
{
	X509_STORE_CTX *x = X509_STORE_CTX_new_ex(ossl_context(), NULL);
	int error = X509_V_ERR_OUT_OF_MEM;

	*chain = NULL;
	if (x != NULL &&
	    X509_STORE_CTX_init(x, j->store, j->signer, j->all) == 1) {
		X509_STORE_CTX_set_time(x, 0, (time_t)at);
		error = X509_verify_cert(x) == 1 ? X509_V_OK
						 : X509_STORE_CTX_get_error(x);
		if (error == X509_V_OK &&
		    (*chain = X509_STORE_CTX_get1_chain(x)) == NULL)
			error = X509_V_ERR_OUT_OF_MEM;
	}
	X509_STORE_CTX_free(x);
	return error;
}

static void
describe_chain(struct judging *j)
{
	int n = sk_X509_num(j->chain);
	X509 *root = sk_X509_value(j->chain, n - 1);
	unsigned len = 0;

	timestamp_name(X509_get_subject_name(root), j->out->root);
	if (X509_digest(root, EVP_sha256(), j->out->root_sha256, &len) != 1)
		abort();
	j->out->until = INT64_MAX;
	for (int i = 0; i < n; i++) {
		int64_t t = timestamp_time(
		    X509_get0_notAfter(sk_X509_value(j->chain, i)));

		if (t < j->out->until)
			j->out->until = t;
	}
}

/*
 * The chain must hold when the token was made; and the token's own signed
 * attributes must name this certificate (RFC 3161, 2.4.2 and RFC 5816).
 */
static bool
check_chain(struct judging *j)
{
	int error = build(j, j->out->time, &j->chain);
	enum timestamp_reason r = reason_of(error);
	X509_VERIFY_PARAM *p = X509_STORE_get0_param(j->store);
	X509 *signer = NULL;
	bool ok;

	if (error != X509_V_OK && (r == TIMESTAMP_CHAIN))
		return timestamp_fail(j->out, r, "%s: %s", words_of(r),
				      X509_verify_cert_error_string(error));
	if (error != X509_V_OK)
		return timestamp_fail(j->out, r, "%s", words_of(r));
	describe_chain(j);
	X509_VERIFY_PARAM_set_time(p, (time_t)j->out->time);
	ok = TS_RESP_verify_signature(j->token, j->certs, j->store, &signer) ==
	     1;
	X509_free(signer);
	return ok ? true
		  : timestamp_fail(j->out, TIMESTAMP_SIGNER,
				   "it does not name the certificate that it is"
				   " signed with");
}

/* It was valid when it was made; is it still? */
static void
check_now(struct judging *j)
{
	STACK_OF(X509) *chain = NULL;
	int64_t at = j->c->at > j->out->time ? j->c->at : j->out->time;
	int error = build(j, at, &chain);

	sk_X509_pop_free(chain, X509_free);
	if (error == X509_V_OK)
		return;
	if (reason_of(error) != TIMESTAMP_TIME) {
		timestamp_fail(j->out, reason_of(error), "%s",
			       words_of(reason_of(error)));
		return;
	}
	j->out->status = TIMESTAMP_AGED;
	snprintf(j->out->why, sizeof j->out->why,
		 "a certificate of its chain has expired since");
}

static bool
check_imprint(struct judging *j)
{
	uint8_t imprint[64];
	size_t n;

	if (j->c->text == NULL)
		return true;
	n = timestamp_imprint(j->out->hash, j->c->text, j->c->text_len,
			      imprint);
	if (memcmp(imprint, j->out->imprint, n) == 0)
		return true;
	return timestamp_fail(j->out, TIMESTAMP_IMPRINT,
			      "it stamps something else");
}

enum timestamp_status
timestamp_judge(const struct timestamp_case *c, struct timestamp *out)
{
	struct judging j = {.c = c, .out = out};
	TS_RESP *resp = timestamp_decode(c->reply, c->reply_len, out);

	if (resp != NULL) {
		out->status = TIMESTAMP_VALID;
		j.token = TS_RESP_get_token(resp);
		if (gather(&j) && check_imprint(&j) && find_signer(&j) &&
		    check_signature(&j) && check_chain(&j) &&
		    timestamp_check_crls(c->crls, j.chain, out))
			check_now(&j);
	}
	sk_X509_pop_free(j.chain, X509_free);
	sk_X509_pop_free(j.all, X509_free);
	sk_X509_pop_free(j.certs, X509_free);
	X509_STORE_free(j.store);
	TS_RESP_free(resp);
	ERR_clear_error();
	return out->status;
}
