/* A command's way into the vault: passphrase, desk, report, exit status. */
#ifndef MUNIMENT_SESSION_H
#define MUNIMENT_SESSION_H

#include "cli.h"
#include "desk.h"

/* Ask for the passphrase and open; NULL after the error is printed. */
struct desk *session_open(int mode);
/*
 * The identity's passphrase; NULL after the error is printed. It is empty if
 * the identity is unlocked (unlock.h), no descriptor is named for it and --ask
 * is not given: identity_load takes that.
 */
struct secret *session_passphrase(void);
/* Print what was found wrong, close, and turn `rc` into an exit status. */
int session_close(struct desk *d, int rc, const struct err *e);
/* Print a report's lines of at least this level. */
void session_report(const struct report *r, enum report_level least);

/* Print the "findings" of a result; how many there are. */
size_t session_findings(const json_t *o);

/* How many helpers tell the media types of these: one file needs one. */
size_t session_helpers(const char *const *paths, size_t n);

/* Print JSON with a line feed, and let go of it. */
void session_json(json_t *o);
/*
 * The same of a list, object by object, so that only one is held; and its end.
 * -1 if it cannot be written.
 */
int session_json_next(json_t *o, bool first);
void session_json_end(bool empty);
/* A string member, escaped for the terminal; "" if it is not there. */
const char *session_str(const json_t *o, const char *key);
/* A path as JSON: as it is, or escaped if it is no UTF-8. */
json_t *session_path(const char *path);
/* A number as "1,234". Static ring. */
const char *session_count(json_int_t n);

/* Collects repeated options: a growing list of pointers. */
struct session_list {
	const char **items;
	size_t n;
};
/* Add; ends the program with status 2 without memory. */
void session_list_add(struct session_list *l, const char *item);

#endif
