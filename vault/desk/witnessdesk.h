/* The desk's part for witnesses from outside: see desk.h. */
#ifndef MUNIMENT_WITNESSDESK_H
#define MUNIMENT_WITNESSDESK_H

#include "desk.h"

/*
 * What whoever runs a witness needs to know, without an identity:
 * [{"device","origin","key","size"}].
 */
json_t *witnessdesk_keys(const char *dir, struct err *e);

/*
 * Ask a witness about every log: [{"device","size"} and "since", "nothing" or
 * "error" and "hint"]. *worst is the code of the gravest error. NULL with `e`
 * filled if nothing could be asked or written.
 */
json_t *witnessdesk_ask(struct desk *d, const char *url, const char *vkey,
			bool insecure, enum err_code *worst, struct err *e);

#endif
