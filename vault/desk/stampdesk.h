/* The desk's part for time stamps: see desk.h. */
#ifndef MUNIMENT_STAMPDESK_H
#define MUNIMENT_STAMPDESK_H

#include "desk.h"

/*
 * Write a request for the newest checkpoints (`all`: of all logs, stamped or
 * not) to a new file: {"request","hash","of","left","again","entry"}, or
 * {"nothing": true} if nothing is to be stamped; then no file is made.
 */
json_t *stampdesk_ask(struct desk *d, const char *path, bool all,
		      struct err *e);
/* For tokens whose word ends within so many months; "late": aged already. */
json_t *stampdesk_renew(struct desk *d, const char *path, unsigned months,
			struct err *e);

/* Files that a command line names. */
struct stampdesk_files {
	const char *const *replies; /* TimeStampResp in DER */
	size_t n_replies;
	const char *const *chains; /* certificates, PEM or DER */
	size_t n_chains;
	const char *const *crls; /* PEM or DER */
	size_t n_crls;
};
/*
 * Take replies in, each by itself: [{"file", and what stamp_verdict_json has,
 * "of","renewal","known","entry"} or {"file","error","hint"}]; without
 * replies, CRLs alone: [{"revocation": tokens that they speak of}]. *worst is
 * the code of the gravest error. NULL with `e` filled if nothing could be
 * tried.
 */
json_t *stampdesk_import(struct desk *d, const struct stampdesk_files *f,
			 enum err_code *worst, struct err *e);

/* {"subject","sha256","not_before","not_after","known"} */
json_t *stampdesk_root_add(struct desk *d, const char *path, struct err *e);
/* By the start of its SHA-256: the same, without "known". */
json_t *stampdesk_root_remove(struct desk *d, const char *sha256,
			      struct err *e);
json_t *stampdesk_roots(struct desk *d, struct err *e);
/* See stamps_json. */
json_t *stampdesk_list(struct desk *d, unsigned months, struct err *e);

#endif
