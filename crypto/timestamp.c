#include "timestamp.h"

#include "ossl.h"
#include "timestamp_inside.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TIME_MAX INT64_C(253402300799) /* the last second of the year 9999 */

static const struct {
	const char *name;
	int nid;
	size_t len; /* bytes */
} hashes[] = {[TIMESTAMP_NO_HASH] = {"none", NID_undef, 0},
	      [TIMESTAMP_SHA256] = {"SHA-256", NID_sha256, 32},
	      [TIMESTAMP_SHA384] = {"SHA-384", NID_sha384, 48},
	      [TIMESTAMP_SHA512] = {"SHA-512", NID_sha512, 64}};
#define N_HASHES (sizeof hashes / sizeof *hashes)

const char *
timestamp_hash_name(enum timestamp_hash h)
{
	return hashes[h].name;
}

size_t
timestamp_imprint(enum timestamp_hash h, const void *text, size_t len,
		  uint8_t out[64])
{
	OSSL_LIB_CTX *context = ossl_context();
	EVP_MD *md = EVP_MD_fetch(context, hashes[h].name, NULL);

	if (md == NULL || EVP_Digest(text, len, out, NULL, md, NULL) != 1)
		abort();
	EVP_MD_free(md);
	return hashes[h].len;
}

/* Fill a request; libcrypto copies what it is given. */
static int
fill_request(TS_REQ *req, TS_MSG_IMPRINT *mi, X509_ALGOR *algor,
	     enum timestamp_hash h, uint8_t *imprint, size_t len)
{
	return X509_ALGOR_set0(algor, OBJ_nid2obj(hashes[h].nid), V_ASN1_NULL,
			       NULL) == 1 &&
		       TS_MSG_IMPRINT_set_algo(mi, algor) == 1 &&
		       TS_MSG_IMPRINT_set_msg(mi, imprint, (int)len) == 1 &&
		       TS_REQ_set_version(req, 1) == 1 &&
		       TS_REQ_set_msg_imprint(req, mi) == 1 &&
		       TS_REQ_set_cert_req(req, 1) == 1
		   ? 0
		   : -1;
}

size_t
timestamp_request(enum timestamp_hash h, const void *text, size_t len,
		  uint8_t out[TIMESTAMP_REQUEST_MAX])
{
	TS_REQ *req = TS_REQ_new();
	TS_MSG_IMPRINT *mi = TS_MSG_IMPRINT_new();
	X509_ALGOR *algor = X509_ALGOR_new();
	uint8_t imprint[64], *der = NULL;
	size_t n = timestamp_imprint(h, text, len, imprint);
	int der_len = -1;

	if (req != NULL && mi != NULL && algor != NULL &&
	    fill_request(req, mi, algor, h, imprint, n) == 0)
		der_len = i2d_TS_REQ(req, &der);
	if (der_len > 0 && der_len <= TIMESTAMP_REQUEST_MAX)
		memcpy(out, der, (size_t)der_len);
	else
		der_len = 0;
	OPENSSL_free(der);
	X509_ALGOR_free(algor);
	TS_MSG_IMPRINT_free(mi);
	TS_REQ_free(req);
	ERR_clear_error();
	return (size_t)der_len;
}

bool
timestamp_fail(struct timestamp *out, enum timestamp_reason reason,
	       const char *fmt, ...)
{
	va_list ap;

	out->status =
	    reason == TIMESTAMP_LISTED ? TIMESTAMP_REVOKED : TIMESTAMP_REFUSED;
	out->reason = reason;
	va_start(ap, fmt);
	vsnprintf(out->why, sizeof out->why, fmt, ap);
	va_end(ap);
	return false;
}

void
timestamp_name(const X509_NAME *name, char out[TIMESTAMP_NAME_MAX])
{
	BIO *bio = BIO_new(BIO_s_mem());
	int n = 0;

	if (bio != NULL &&
	    X509_NAME_print_ex(bio, name, 0,
			       XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0)
		n = BIO_read(bio, out, TIMESTAMP_NAME_MAX - 1);
	n = n < 0 ? 0 : n;
	/* cut off between characters */
	if (n == TIMESTAMP_NAME_MAX - 1) {
		while (n > 0 && ((uint8_t)out[n - 1] & 0xc0) == 0x80)
			n--;
		if (n > 0 && ((uint8_t)out[n - 1] & 0x80) != 0)
			n--;
	}
	out[n] = '\0';
	BIO_free(bio);
}

int64_t
timestamp_time(const ASN1_TIME *t)
{
	struct tm tm;

	return t != NULL && ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm)
							 : 0;
}

static bool
read_imprint(TS_TST_INFO *info, struct timestamp *out)
{
	TS_MSG_IMPRINT *mi = TS_TST_INFO_get_msg_imprint(info);
	const ASN1_OBJECT *oid = NULL;
	ASN1_OCTET_STRING *msg;
	char name[80];

	if (mi == NULL)
		return timestamp_fail(out, TIMESTAMP_FORM, "no imprint");
	X509_ALGOR_get0(&oid, NULL, NULL, TS_MSG_IMPRINT_get_algo(mi));
	msg = TS_MSG_IMPRINT_get_msg(mi);
	for (size_t i = 1; i < N_HASHES; i++)
		if (OBJ_obj2nid(oid) == hashes[i].nid)
			out->hash = (enum timestamp_hash)i;
	if (out->hash == TIMESTAMP_NO_HASH) {
		OBJ_obj2txt(name, sizeof name, oid, 0);
		return timestamp_fail(out, TIMESTAMP_WEAK_HASH,
				      "its imprint is by %s; only SHA-256,"
				      " SHA-384 and SHA-512 count",
				      name);
	}
	if (msg == NULL ||
	    ASN1_STRING_length(msg) != (int)hashes[out->hash].len) {
		out->hash = TIMESTAMP_NO_HASH;
		return timestamp_fail(out, TIMESTAMP_FORM,
				      "its imprint has a wrong length");
	}
	memcpy(out->imprint, ASN1_STRING_get0_data(msg), hashes[out->hash].len);
	return true;
}

/* "no later than" must hold for a fraction of a second too: rounded up. */
static bool
read_time(const TS_TST_INFO *info, struct timestamp *out)
{
	const ASN1_GENERALIZEDTIME *t = TS_TST_INFO_get_time(info);
	TS_ACCURACY *a;
	struct tm tm;
	int64_t s = 0, ms = 0, us = 0;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return timestamp_fail(out, TIMESTAMP_FORM, "no time");
	out->time = (int64_t)timegm(&tm);
	if (out->time <= 0)
		return timestamp_fail(out, TIMESTAMP_FORM, "no time");
	if (memchr(ASN1_STRING_get0_data(t), '.',
		   (size_t)ASN1_STRING_length(t)) != NULL)
		out->time++;
	if (out->time > TIME_MAX)
		return timestamp_fail(out, TIMESTAMP_FORM, "no time");
	/* 3.0 does not take a const one */
	a = TS_TST_INFO_get_accuracy((TS_TST_INFO *)(uintptr_t)info);
	if (a == NULL)
		return true;
	if ((TS_ACCURACY_get_seconds(a) != NULL &&
	     ASN1_INTEGER_get_int64(&s, TS_ACCURACY_get_seconds(a)) != 1) ||
	    (TS_ACCURACY_get_millis(a) != NULL &&
	     ASN1_INTEGER_get_int64(&ms, TS_ACCURACY_get_millis(a)) != 1) ||
	    (TS_ACCURACY_get_micros(a) != NULL &&
	     ASN1_INTEGER_get_int64(&us, TS_ACCURACY_get_micros(a)) != 1) ||
	    s < 0 || s > INT32_MAX || ms < 0 || ms > 999 || us < 0 || us > 999)
		return timestamp_fail(out, TIMESTAMP_FORM,
				      "its accuracy cannot be read");
	out->accuracy = s * 1000000 + ms * 1000 + us;
	return true;
}

static void
read_serial(const TS_TST_INFO *info, struct timestamp *out)
{
	const ASN1_INTEGER *n = TS_TST_INFO_get_serial(info);
	const uint8_t *b = n != NULL ? ASN1_STRING_get0_data(n) : NULL;
	int len = n != NULL ? ASN1_STRING_length(n) : 0;

	for (int i = 0; i < len && 2 * (size_t)i + 2 < sizeof out->serial; i++)
		snprintf(out->serial + 2 * i, 3, "%02x", b[i]);
}

static bool
read_info(TS_TST_INFO *info, struct timestamp *out)
{
	if (TS_TST_INFO_get_version(info) != 1)
		return timestamp_fail(out, TIMESTAMP_FORM,
				      "a version that is not known");
	OBJ_obj2txt(out->policy, sizeof out->policy,
		    TS_TST_INFO_get_policy_id(info), 1);
	read_serial(info, out);
	if (!read_time(info, out) || !read_imprint(info, out))
		return false;
	for (int i = 0; i < TS_TST_INFO_get_ext_count(info); i++)
		if (X509_EXTENSION_get_critical(TS_TST_INFO_get_ext(info, i)))
			return timestamp_fail(out, TIMESTAMP_FORM,
					      "it has a critical extension"
					      " that is not known");
	return true;
}

TS_RESP *
timestamp_decode(const void *reply, size_t len, struct timestamp *out)
{
	const uint8_t *p = reply;
	TS_RESP *resp = NULL;
	TS_STATUS_INFO *si;
	int64_t status = -1;
	bool ok = false;

	memset(out, 0, sizeof *out);
	out->accuracy = -1;
	/* before anything else, so that no configuration file is read */
	if (ossl_context() == NULL)
		timestamp_fail(out, TIMESTAMP_MEMORY, "no memory");
	else if (len > TIMESTAMP_REPLY_MAX)
		timestamp_fail(out, TIMESTAMP_FORM, "it is too long");
	else if ((resp = d2i_TS_RESP(NULL, &p, (long)len)) == NULL)
		timestamp_fail(out, TIMESTAMP_FORM, "not a time stamp reply");
	else if (p != (const uint8_t *)reply + len)
		timestamp_fail(out, TIMESTAMP_FORM,
			       "there are bytes behind it");
	else if ((si = TS_RESP_get_status_info(resp)) == NULL ||
		 ASN1_INTEGER_get_int64(&status,
					TS_STATUS_INFO_get0_status(si)) != 1 ||
		 status < 0 || status > 1)
		timestamp_fail(out, TIMESTAMP_STATUS,
			       "the authority has not granted it");
	else if (TS_RESP_get_token(resp) == NULL ||
		 TS_RESP_get_tst_info(resp) == NULL)
		timestamp_fail(out, TIMESTAMP_FORM, "it holds no token");
	else
		ok = read_info(TS_RESP_get_tst_info(resp), out);
	if (!ok) {
		TS_RESP_free(resp);
		resp = NULL;
	}
	ERR_clear_error();
	return resp;
}

bool
timestamp_read(const void *reply, size_t len, struct timestamp *out)
{
	TS_RESP *resp = timestamp_decode(reply, len, out);

	TS_RESP_free(resp);
	return resp != NULL;
}
