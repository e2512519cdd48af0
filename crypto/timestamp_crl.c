/* Revocation lists, and what they say of a token's chain: see timestamp.h. */
#include "timestamp_inside.h"

#include <openssl/x509v3.h>
#include <stdlib.h>

bool
timestamp_is_good_hash(int nid)
{
	return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512 ||
	       nid == NID_sha3_256 || nid == NID_sha3_384 ||
	       nid == NID_sha3_512;
}

/* Are the names of the CRL's part of the certificates among the cert's? */
static bool
is_point(X509 *cert, const DIST_POINT_NAME *point)
{
	CRL_DIST_POINTS *own =
	    X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_DIST_POINT_num(own) && point->type == 0; i++) {
		DIST_POINT_NAME *n = sk_DIST_POINT_value(own, i)->distpoint;

		if (n == NULL || n->type != 0)
			continue;
		for (int a = 0; a < sk_GENERAL_NAME_num(n->name.fullname); a++)
			for (int b = 0;
			     b < sk_GENERAL_NAME_num(point->name.fullname); b++)
				found |= GENERAL_NAME_cmp(
					     sk_GENERAL_NAME_value(
						 n->name.fullname, a),
					     sk_GENERAL_NAME_value(
						 point->name.fullname, b)) == 0;
	}
	CRL_DIST_POINTS_free(own);
	return found;
}

/*
 * Would the CRL list this certificate if it were revoked? Not one that is a
 * difference to another, is of other certificates, or is not understood.
 */
static bool
covers(X509_CRL *crl, X509 *cert)
{
	ISSUING_DIST_POINT *idp = NULL;
	bool ok = true, ca = X509_check_ca(cert) != 0;
	int mdnid = NID_undef, bits = 0;

	for (int i = 0; i < X509_CRL_get_ext_count(crl); i++) {
		X509_EXTENSION *e = X509_CRL_get_ext(crl, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));

		ok = ok &&
		     (X509_EXTENSION_get_critical(e) == 0 ||
		      nid == NID_issuing_distribution_point) &&
		     nid != NID_delta_crl;
	}
	if (X509_CRL_get_signature_nid(crl) == NID_undef ||
	    (OBJ_find_sigid_algs(X509_CRL_get_signature_nid(crl), &mdnid,
				 &bits) == 1 &&
	     mdnid != NID_undef && !timestamp_is_good_hash(mdnid)))
		ok = false;
	idp = X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, NULL,
				   NULL);
	if (idp != NULL)
		ok = ok && idp->onlyattr <= 0 && idp->onlysomereasons == NULL &&
		     !(idp->onlyuser > 0 && ca) && !(idp->onlyCA > 0 && !ca) &&
		     (idp->distpoint == NULL || is_point(cert, idp->distpoint));
	ISSUING_DIST_POINT_free(idp);
	return ok;
}

/*
 * Does the entry take the token's word away? Not a revocation after its time
 * for one of the four reasons of RFC 3161, 4; without a reason it does.
 */
static bool
revokes(const X509_REVOKED *r, int64_t token_time)
{
	ASN1_ENUMERATED *e =
	    X509_REVOKED_get_ext_d2i(r, NID_crl_reason, NULL, NULL);
	int64_t why = -1;

	if (e != NULL && ASN1_ENUMERATED_get_int64(&why, e) != 1)
		why = -1;
	ASN1_ENUMERATED_free(e);
	if (why != CRL_REASON_UNSPECIFIED &&
	    why != CRL_REASON_AFFILIATION_CHANGED &&
	    why != CRL_REASON_SUPERSEDED &&
	    why != CRL_REASON_CESSATION_OF_OPERATION)
		return true;
	return timestamp_time(X509_REVOKED_get0_revocationDate(r)) <=
	       token_time;
}

/* The lists, and the certificate that is looked for in them. */
struct search {
	X509_CRL *const *crls;
	size_t n;
	X509 *cert, *issuer;
};

/* Has the certificate's issuer signed this list? */
static bool
is_genuine(const struct search *s, X509_CRL *crl)
{
	EVP_PKEY *key = X509_get0_pubkey(s->issuer);

	return key != NULL &&
	       (X509_get_key_usage(s->issuer) & KU_CRL_SIGN) != 0 &&
	       X509_CRL_verify(crl, key) == 1;
}

static bool
is_of_issuer(const struct search *s, X509_CRL *crl)
{
	return crl != NULL && X509_NAME_cmp(X509_CRL_get_issuer(crl),
					    X509_get_issuer_name(s->cert)) == 0;
}

/* Looking is cheap, a signature is not: only what names it is checked. */
static bool
is_revoked(const struct search *s, struct timestamp *out)
{
	char name[TIMESTAMP_NAME_MAX];

	for (size_t i = 0; i < s->n; i++) {
		X509_REVOKED *r = NULL;

		if (!is_of_issuer(s, s->crls[i]) ||
		    X509_CRL_get0_by_cert(s->crls[i], &r, s->cert) != 1 ||
		    !revokes(r, out->time) || !is_genuine(s, s->crls[i]))
			continue;
		timestamp_name(X509_get_subject_name(s->cert), name);
		timestamp_fail(out, TIMESTAMP_LISTED,
			       "a certificate of its chain was revoked: %.100s",
			       name);
		return true;
	}
	return false;
}

/* The newest genuine list that would name it: its time, or 0. */
static int64_t
newest(const struct search *s, struct timestamp *out)
{
	int64_t before = INT64_MAX;

	for (;;) {
		int64_t best = 0;

		for (size_t i = 0; i < s->n; i++) {
			int64_t t =
			    is_of_issuer(s, s->crls[i])
				? timestamp_time(
				      X509_CRL_get0_lastUpdate(s->crls[i]))
				: 0;

			best = t < before && t > best ? t : best;
		}
		if (best == 0)
			return 0;
		for (size_t i = 0; i < s->n; i++) {
			if (!is_of_issuer(s, s->crls[i]) ||
			    timestamp_time(
				X509_CRL_get0_lastUpdate(s->crls[i])) != best ||
			    !is_genuine(s, s->crls[i]))
				continue;
			out->crls++;
			if (!covers(s->crls[i], s->cert))
				continue;
			if (out->n_newest < TIMESTAMP_NEWEST_MAX)
				out->newest[out->n_newest++] = i;
			return best;
		}
		before = best;
	}
}

bool
timestamp_check_crls(const struct timestamp_list *list,
		     const STACK_OF(X509) * chain, struct timestamp *out)
{
	size_t n = list != NULL ? list->n : 0;
	X509_CRL **crls = calloc(n + 1, sizeof *crls);
	int64_t least = INT64_MAX, t;
	bool ok = true;

	if (crls == NULL)
		return timestamp_fail(out, TIMESTAMP_MEMORY, "no memory");
	for (size_t i = 0; i < n; i++)
		crls[i] = list->list[i].parsed;
	for (int i = 0; ok && i + 1 < sk_X509_num(chain); i++) {
		struct search s = {.crls = crls,
				   .n = n,
				   .cert = sk_X509_value(chain, i),
				   .issuer = sk_X509_value(chain, i + 1)};

		ok = !is_revoked(&s, out);
		t = ok ? newest(&s, out) : 0;
		least = t < least ? t : least;
	}
	free(crls);
	out->unrevoked = ok && least != INT64_MAX ? least : 0;
	return ok;
}
