/* What the parts of timestamp.h share. */
#ifndef MUNIMENT_TIMESTAMP_INSIDE_H
#define MUNIMENT_TIMESTAMP_INSIDE_H

#include "timestamp.h"

#include <openssl/ts.h>
#include <openssl/x509.h>
#include <stdarg.h>

/* Refuse for a reason; always false. */
bool timestamp_fail(struct timestamp *out, enum timestamp_reason reason,
		    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* A reply whose form, status and hash are right, or NULL. TS_RESP_free it. */
TS_RESP *timestamp_decode(const void *reply, size_t len, struct timestamp *out);

/* One certificate in DER, with nothing behind it; NULL if it is none. */
X509 *timestamp_x509(const struct timestamp_der *cert);
X509_CRL *timestamp_x509_crl(const struct timestamp_der *crl);

/* A name, escaped, cut off between characters. */
void timestamp_name(const X509_NAME *name, char out[TIMESTAMP_NAME_MAX]);
/* POSIX seconds; 0 if it cannot be read. */
int64_t timestamp_time(const ASN1_TIME *t);

/* SHA-2 and SHA-3 of at least 256 bits, by their number in libcrypto. */
bool timestamp_is_good_hash(int nid);

/*
 * The certificates of a chain, its root apart, against the lists. False, and
 * the verdict revoked, if one is listed; else out->unrevoked is set.
 */
bool timestamp_check_crls(const struct timestamp_list *list,
			  const STACK_OF(X509) * chain, struct timestamp *out);

#endif
