/* Tokens that stood in a log before: "no earlier than". */
#include "check_inside.h"

#include "base64.h"

#include <stdlib.h>
#include <string.h>

/* Base64 texts of a shown field, a text or a list of them. */
static bool
read_ders(const struct check_entry *n, const char *name,
	  enum timestamp_kind kind, struct timestamp_list *l)
{
	json_t *v = check_field(n, name), *e;
	bool ok = json_is_array(v);
	size_t i;

	json_array_foreach (v, i, e) {
		size_t len = json_string_length(e), got = 0;
		uint8_t *der = malloc(len + 1);

		ok = ok && der != NULL && json_is_string(e) &&
		     base64_decode(json_string_value(e), len, true, der, len,
				   &got) == 0 &&
		     timestamp_list_read(l, kind, der, got) == 0;
		free(der);
	}
	json_decref(v);
	return ok;
}

/* The token in a stamp entry that is shown for "no earlier than". */
void
check_earlier_token(struct check *c, size_t i)
{
	struct check_entry *n = &c->entries[i];
	struct timestamp_list chain = {0}, crls = {0};
	struct timestamp *t = &c->earlier[i].t;
	json_t *act = check_field(n, "act"), *token = check_field(n, "token");
	size_t len = json_string_length(token), got = 0;
	uint8_t *der = malloc(len + 1);
	struct timestamp_case tc = {
	    .chain = &chain, .crls = &crls, .roots = &c->roots, .at = c->now};
	bool ok =
	    der != NULL && strcmp(check_text(act), "token") == 0 &&
	    base64_decode(check_text(token), len, true, der, len, &got) == 0 &&
	    read_ders(n, "chain", TIMESTAMP_CERT, &chain) &&
	    read_ders(n, "revocation", TIMESTAMP_CRL, &crls);

	tc.reply = der;
	tc.reply_len = got;
	if (!ok) {
		check_say(c, CHECK_STAMPS, CHECK_FAILS,
			  "e%03zu: it does not show the token of a stamp",
			  i + 1);
	} else {
		enum timestamp_status st = timestamp_judge(&tc, t);
		char why[TIMESTAMP_WHY_MAX * 4], when[CHECK_TIME_MAX];

		check_time(t->time, when);
		if (st == TIMESTAMP_VALID || st == TIMESTAMP_AGED) {
			c->earlier[i].counts = true;
			c->earlier[i].is_aged = st == TIMESTAMP_AGED;
			check_say(c, CHECK_STAMPS, CHECK_HOLDS,
				  "e%03zu: a stamp of %s stood in the log "
				  "before",
				  i + 1, when);
			check_tell_root(c, t);
		} else {
			check_say(c, CHECK_STAMPS,
				  t->reason == TIMESTAMP_ROOT && c->roots_given
				      ? CHECK_UNKNOWN
				      : CHECK_FAILS,
				  "e%03zu: its token is refused: %s", i + 1,
				  err_escape(why, sizeof why, t->why,
					     strlen(t->why)));
		}
	}
	free(der);
	json_decref(act);
	json_decref(token);
	timestamp_list_free(&chain);
	timestamp_list_free(&crls);
}
