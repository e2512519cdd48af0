/* Certificates and CRLs as files hold them: see timestamp.h. */
#include "hash.h"
#include "ossl.h"
#include "timestamp_inside.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define BITS_MIN 112 /* of security */

X509 *
timestamp_x509(const struct timestamp_der *cert)
{
	const uint8_t *p = cert->der;
	X509 *x;

	if (ossl_context() == NULL || cert->len > TIMESTAMP_CERT_MAX)
		return NULL;
	x = d2i_X509(NULL, &p, (long)cert->len);
	if (x != NULL && p != cert->der + cert->len) {
		X509_free(x);
		x = NULL;
	}
	return x;
}

X509_CRL *
timestamp_x509_crl(const struct timestamp_der *crl)
{
	const uint8_t *p = crl->der;
	X509_CRL *x;

	if (ossl_context() == NULL || crl->len > TIMESTAMP_CRL_MAX)
		return NULL;
	x = d2i_X509_CRL(NULL, &p, (long)crl->len);
	if (x != NULL && p != crl->der + crl->len) {
		X509_CRL_free(x);
		x = NULL;
	}
	return x;
}

/* A CRL stays parsed: the same lists are asked about many tokens. */
static bool
is_kind(struct timestamp_der *d, enum timestamp_kind kind)
{
	X509 *x;

	if (kind == TIMESTAMP_CRL) {
		d->parsed = timestamp_x509_crl(d);
		return d->parsed != NULL;
	}
	x = timestamp_x509(d);
	X509_free(x);
	return x != NULL;
}

static void
der_free(struct timestamp_der *d)
{
	X509_CRL_free(d->parsed);
	free(d->der);
}

/* Add a copy of one, if it is of this kind; once. */
static int
add(struct timestamp_list *l, enum timestamp_kind kind, const uint8_t *der,
    size_t len)
{
	size_t max =
	    kind == TIMESTAMP_CRL ? TIMESTAMP_CRLS_MAX : TIMESTAMP_LIST_MAX;
	struct timestamp_der d = {.len = len};
	void *p;

	for (size_t i = 0; i < l->n; i++)
		if (l->list[i].len == len &&
		    memcmp(l->list[i].der, der, len) == 0)
			return 0;
	if (l->n >= max || (d.der = malloc(len)) == NULL)
		return -1;
	memcpy(d.der, der, len);
	p = is_kind(&d, kind) ? realloc(l->list, (l->n + 1) * sizeof *l->list)
			      : NULL;
	if (p == NULL) {
		der_free(&d);
		return -1;
	}
	l->list = p;
	l->list[l->n++] = d;
	return 0;
}

static bool
is_label(const char *label, enum timestamp_kind kind)
{
	if (kind == TIMESTAMP_CRL)
		return strcmp(label, PEM_STRING_X509_CRL) == 0;
	return strcmp(label, PEM_STRING_X509) == 0 ||
	       strcmp(label, PEM_STRING_X509_OLD) == 0;
}

/* All blocks of a PEM file; *found counts those of the kind. */
static int
read_pem(struct timestamp_list *l, enum timestamp_kind kind, const void *bytes,
	 size_t len, size_t *found)
{
	BIO *bio = BIO_new_mem_buf(bytes, (int)len);
	int rc = bio != NULL ? 0 : -1;

	while (rc == 0) {
		char *label = NULL, *header = NULL;
		uint8_t *der = NULL;
		long n = 0;

		ERR_clear_error();
		if (PEM_read_bio(bio, &label, &header, &der, &n) != 1) {
			/* the end, or a block that is damaged */
			if (ERR_GET_REASON(ERR_peek_last_error()) !=
			    PEM_R_NO_START_LINE)
				rc = -1;
			break;
		}
		if (is_label(label, kind)) {
			rc = add(l, kind, der, (size_t)n);
			++*found;
		}
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_free(der);
	}
	BIO_free(bio);
	return rc;
}

int
timestamp_list_read(struct timestamp_list *l, enum timestamp_kind kind,
		    const void *bytes, size_t len)
{
	size_t before = l->n, found = 0;
	int rc = -1;

	if (len < 2 || len > TIMESTAMP_PEM_MAX || ossl_context() == NULL)
		return -1;
	/* a long SEQUENCE, which is no text */
	if (*(const uint8_t *)bytes == 0x30 &&
	    ((const uint8_t *)bytes)[1] > 0x7f)
		rc = add(l, kind, bytes, len);
	else if (read_pem(l, kind, bytes, len, &found) == 0 && found > 0)
		rc = 0;
	while (rc != 0 && l->n > before)
		der_free(&l->list[--l->n]);
	ERR_clear_error();
	return rc;
}

char *
timestamp_list_pem(const struct timestamp_list *l, enum timestamp_kind kind,
		   size_t *len)
{
	BIO *bio = ossl_context() != NULL ? BIO_new(BIO_s_mem()) : NULL;
	const char *label =
	    kind == TIMESTAMP_CRL ? PEM_STRING_X509_CRL : PEM_STRING_X509;
	bool ok = bio != NULL;
	char *data, *out = NULL;
	long n;

	for (size_t i = 0; ok && i < l->n; i++)
		ok = PEM_write_bio(bio, label, "", l->list[i].der,
				   (long)l->list[i].len) > 0;
	if (ok) {
		n = BIO_get_mem_data(bio, &data);
		out = malloc((size_t)n + 1);
		if (out != NULL) {
			if (n > 0)
				memcpy(out, data, (size_t)n);
			out[n] = '\0';
			*len = (size_t)n;
		}
	}
	BIO_free(bio);
	return out;
}

void
timestamp_list_free(struct timestamp_list *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->n; i++)
		der_free(&l->list[i]);
	free(l->list);
	l->list = NULL;
	l->n = 0;
}

int
timestamp_cert(const struct timestamp_der *cert, struct timestamp_cert *out)
{
	X509 *x = timestamp_x509(cert);

	memset(out, 0, sizeof *out);
	ERR_clear_error();
	if (x == NULL)
		return -1;
	timestamp_name(X509_get_subject_name(x), out->subject);
	hash_sha256(cert->der, cert->len, out->sha256);
	out->not_before = timestamp_time(X509_get0_notBefore(x));
	out->not_after = timestamp_time(X509_get0_notAfter(x));
	X509_free(x);
	return 0;
}

const char *
timestamp_root(const struct timestamp_der *cert)
{
	X509 *x = timestamp_x509(cert);
	EVP_PKEY *key = x != NULL ? X509_get0_pubkey(x) : NULL;
	const char *why = NULL;

	if (x == NULL)
		why = "not a certificate";
	else if (X509_self_signed(x, 1) != 1)
		why = "it is not signed by itself: a root is the last of a"
		      " chain";
	else if (X509_check_ca(x) != 1)
		why = "it is not the certificate of an authority";
	else if (key == NULL || EVP_PKEY_get_security_bits(key) < BITS_MIN)
		why = "its key is weaker than 112 bits";
	X509_free(x);
	ERR_clear_error();
	return why;
}
