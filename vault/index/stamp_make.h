/*
 * Asking authorities for time stamps, and taking in what they answer. Nothing
 * here needs a network: requests and replies are files, which a person carries
 * to a machine that has one.
 */
#ifndef MUNIMENT_STAMP_MAKE_H
#define MUNIMENT_STAMP_MAKE_H

#include "stamp.h"

/* A request for a file FILE.tsq. */
struct stamp_request {
	uint8_t der[TIMESTAMP_REQUEST_MAX];
	size_t len; /* 0: there is nothing to ask for */
	enum timestamp_hash hash;
	uint8_t entry[HASH_LEN]; /* the `ask` or `renew` that it belongs to */
	size_t of;		 /* logs, or tokens */
	size_t left;		 /* logs that the next request must ask for */
	bool again; /* it was asked before, and nobody has answered */
};

/*
 * Ask for the newest checkpoints of all logs that hold what is not stamped yet
 * (with `all`: of all logs). Writes an `ask` entry, unless one that nobody has
 * answered will do. -1 with `e` filled.
 */
int stamp_ask(struct index *x, bool all, struct stamp_request *out,
	      struct err *e);
/*
 * The same for all tokens whose word ends within so many months; *late counts
 * those that are aged already, for which it is too late.
 */
int stamp_renew(struct index *x, unsigned months, struct stamp_request *out,
		size_t *late, struct err *e);

/* What became of a reply. */
struct stamp_imported {
	struct timestamp verdict;
	bool renews;
	bool known;    /* the vault has it already: nothing was written */
	size_t covers; /* logs, or tokens */
	uint8_t entry[HASH_LEN]; /* where it is kept */
};
/*
 * Take in a reply to one of the requests of this vault, whoever made it, with
 * certificates and CRLs that go with it. -1 with `e` filled, and nothing is
 * written, unless it is valid now; out->verdict says why.
 */
int stamp_import(struct index *x, const void *reply, size_t len,
		 const struct timestamp_list *chain,
		 const struct timestamp_list *crls, struct stamp_imported *out,
		 struct err *e);
/*
 * Take in CRLs alone. -1 with `e` filled if they are of no authority whose
 * tokens are here. *n is how many tokens they speak of.
 */
int stamp_crls(struct index *x, const struct timestamp_list *crls, size_t *n,
	       struct err *e);

/*
 * Trust a root for the time: the act of an admin of the vault. *known: it is
 * trusted already, nothing was written.
 */
int stamp_root_add(struct index *x, const struct timestamp_der *root,
		   bool *known, struct err *e);

/*
 * Trust a root no more, which is named by the start of its SHA-256 (8 digits at
 * least). *out is what it says. Stamps under it do not count from then on.
 */
int stamp_root_remove(struct index *x, const char *sha256,
		      struct timestamp_cert *out, struct err *e);

#endif
