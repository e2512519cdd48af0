/*
 * Time stamps (RFC 3161) by libcrypto: making a request, reading a reply, and
 * judging it against pinned roots. Whoever holds a valid one knows that the
 * stamped text existed no later than its time, by the word of its authority.
 *
 * Nothing but the roots that are handed in is ever trusted; nothing is
 * fetched. What is not right for any reason is refused with that reason.
 */
#ifndef MUNIMENT_TIMESTAMP_H
#define MUNIMENT_TIMESTAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMESTAMP_REPLY_MAX (256u << 10) /* bytes of a TimeStampResp */
#define TIMESTAMP_CERT_MAX (64u << 10)	 /* bytes of a certificate */
#define TIMESTAMP_CRL_MAX (512u << 10)	 /* bytes of a CRL */
#define TIMESTAMP_PEM_MAX (2u << 20)	 /* bytes of a PEM file that is read */
#define TIMESTAMP_CRLS_MAX 4096		 /* CRLs in a list */
#define TIMESTAMP_LIST_MAX 64		 /* certificates in a list */
#define TIMESTAMP_REQUEST_MAX 160	 /* bytes of a request that we make */
#define TIMESTAMP_NAME_MAX 512		 /* bytes of a subject, with NUL */
#define TIMESTAMP_NEWEST_MAX 8		 /* certificates below a root */
#define TIMESTAMP_WHY_MAX 192		 /* bytes of a reason, with NUL */

enum timestamp_hash {
	TIMESTAMP_NO_HASH,
	TIMESTAMP_SHA256,
	TIMESTAMP_SHA384,
	TIMESTAMP_SHA512
};

/* "SHA-256" and so on; "none". */
const char *timestamp_hash_name(enum timestamp_hash h);
/* The imprint of a text; its length (32, 48, 64). Aborts without memory. */
size_t timestamp_imprint(enum timestamp_hash h, const void *text, size_t len,
			 uint8_t out[64]);

/*
 * A TimeStampReq for the imprint of a text, which asks for the authority's
 * certificates and has no nonce: the texts that we stamp hold random bytes.
 * Returns its length, 0 without memory.
 */
size_t timestamp_request(enum timestamp_hash h, const void *text, size_t len,
			 uint8_t out[TIMESTAMP_REQUEST_MAX]);

/* Certificates or CRLs, each in DER; owned. Begin with all zero. */
struct timestamp_der {
	uint8_t *der;
	size_t len;
	void *parsed; /* of a CRL in a list, the list's own; or NULL */
};
struct timestamp_list {
	struct timestamp_der *list;
	size_t n;
};
enum timestamp_kind { TIMESTAMP_CERT, TIMESTAMP_CRL };

/*
 * Add what a file holds: PEM blocks of this kind (others, and text around
 * them, are passed over), or one in DER without a byte behind it. Those that
 * the list has already are not added again. 0, or -1 if it holds none, a
 * damaged one, too many or too long ones, or without memory; then nothing is
 * added.
 */
int timestamp_list_read(struct timestamp_list *l, enum timestamp_kind kind,
			const void *bytes, size_t len);
/* As PEM, blocks one behind the other; malloc'ed. NULL without memory. */
char *timestamp_list_pem(const struct timestamp_list *l,
			 enum timestamp_kind kind, size_t *len);
void timestamp_list_free(struct timestamp_list *l);

/* What a certificate says, for people to compare. */
struct timestamp_cert {
	char subject[TIMESTAMP_NAME_MAX]; /* UTF-8, as in RFC 2253, escaped */
	uint8_t sha256[32];		  /* of the DER */
	int64_t not_before, not_after;	  /* POSIX seconds */
};
/* 0, or -1 if it is no certificate. */
int timestamp_cert(const struct timestamp_der *cert,
		   struct timestamp_cert *out);
/*
 * Can it be a root: does it sign itself, is it an authority's, is its key
 * strong enough? NULL, or why not. (How it signs itself does not matter:
 * nobody relies on that.)
 */
const char *timestamp_root(const struct timestamp_der *cert);

enum timestamp_status {
	TIMESTAMP_VALID,   /* at the time that was asked for */
	TIMESTAMP_AGED,	   /* it was when it was made; then its chain expired */
	TIMESTAMP_REVOKED, /* a CRL lists a certificate of its chain */
	TIMESTAMP_REFUSED  /* see the reason */
};

enum timestamp_reason {
	TIMESTAMP_OK,
	TIMESTAMP_FORM,	     /* not DER, trailing bytes, too long, no token */
	TIMESTAMP_STATUS,    /* the authority has not granted it */
	TIMESTAMP_WEAK_HASH, /* the imprint is by another hash, as SHA-1, MD5 */
	TIMESTAMP_IMPRINT,   /* it stamps something else */
	TIMESTAMP_SIGNER,    /* its certificate is not here, or not one */
	TIMESTAMP_SIGNATURE, /* forged or damaged */
	TIMESTAMP_ROOT,	     /* its chain leads to no root that was given */
	TIMESTAMP_PURPOSE,   /* not a certificate for time stamps alone */
	TIMESTAMP_WEAK,	     /* SHA-1, MD5, or keys of less than 112 bits */
	TIMESTAMP_TIME,	     /* a certificate was not valid at its time */
	TIMESTAMP_CHAIN,     /* anything else that is wrong with the chain */
	TIMESTAMP_LISTED,    /* with TIMESTAMP_REVOKED */
	TIMESTAMP_MEMORY     /* nothing is known */
};

/* What a token says, and what it is worth. */
struct timestamp {
	enum timestamp_status status;
	enum timestamp_reason reason;
	char why[TIMESTAMP_WHY_MAX]; /* in words; empty if valid */

	/* as stated in the token; 0 if it could not be read */
	enum timestamp_hash hash;
	uint8_t imprint[64];
	int64_t time;	  /* POSIX seconds; a fraction is rounded up */
	int64_t accuracy; /* microseconds; -1 if it states none */
	char policy[128]; /* object id in digits */
	char serial[80];  /* hex digits, cut off if longer */

	/* of its certificate; empty if that is not here */
	char authority[TIMESTAMP_NAME_MAX]; /* subject */
	int64_t not_after;

	/* of its chain, if that leads to a root */
	char root[TIMESTAMP_NAME_MAX];
	uint8_t root_sha256[32];
	int64_t until; /* the first of its certificates to expire */
	/*
	 * Every certificate below the root stood in no CRL as late as this;
	 * 0 if for one of them there is none: not known.
	 */
	int64_t unrevoked;
	size_t crls; /* that are of an issuer in its chain */
	/* the newest of these for each certificate: their places in the list */
	size_t newest[TIMESTAMP_NEWEST_MAX];
	size_t n_newest;
};

/* What is to be judged. Lists may be NULL. */
struct timestamp_case {
	const void *reply; /* DER of a TimeStampResp */
	size_t reply_len;
	/* what must have been stamped; NULL if that is not here: not checked */
	const void *text;
	size_t text_len;
	const struct timestamp_list *chain; /* besides those in the token */
	const struct timestamp_list *crls;
	const struct timestamp_list *roots;
	int64_t at; /* POSIX seconds; its own time if that is later */
};

/*
 * Read a reply; nothing of it is checked but form, status and hash. True if
 * those are right, else out->reason says what is not.
 */
bool timestamp_read(const void *reply, size_t len, struct timestamp *out);

/* Judge it: fills all of `out`, and returns its status. */
enum timestamp_status timestamp_judge(const struct timestamp_case *c,
				      struct timestamp *out);

#endif
