/* Time stamps and their renewals. */
#include "check_inside.h"

#include "fsutil.h"
#include "merkle.h"
#include "stamptext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME_MAX 96 /* bytes of a path here, NUL included */

/* One stamp while it is looked at. */
struct work {
	struct check *c;
	uint32_t n; /* tN */
	bool ok;
	struct timestamp_list crls; /* all that its folder holds */
	struct timestamp_list chain[STAMPTEXT_RENEWALS_MAX + 1];
	char *text[STAMPTEXT_RENEWALS_MAX + 1]; /* what was stamped */
	size_t text_len[STAMPTEXT_RENEWALS_MAX + 1];
	char *reply[STAMPTEXT_RENEWALS_MAX + 1]; /* token, renewals */
	size_t reply_len[STAMPTEXT_RENEWALS_MAX + 1];
	size_t renewals;
	uint8_t entry[HASH_LEN]; /* as the renewals name it */
	struct stamptext_line lines[STAMPTEXT_LINES_MAX];
};

static void
path_of(const struct work *w, const char *name, char out[FILE_NAME_MAX])
{
	snprintf(out, FILE_NAME_MAX, "proof/t%u/%s", (unsigned)w->n, name);
}

static char *
read_part(struct work *w, enum check_name name, const char *file, size_t max,
	  size_t *len)
{
	char path[FILE_NAME_MAX], *text;

	path_of(w, file, path);
	text = check_read(w->c, name, path, max, len);
	if (text == NULL)
		w->ok = false;
	return text;
}

static bool
is_here(const struct work *w, const char *file)
{
	char path[FILE_NAME_MAX];

	path_of(w, file, path);
	return package_find(w->c->p, path) != NULL;
}

static void
bad(struct work *w, enum check_name name, const char *file, const char *what)
{
	check_say(w->c, name, CHECK_FAILS, "proof/t%u/%s %s", (unsigned)w->n,
		  file, what);
	w->ok = false;
}

/* A list in PEM, in the one form that we write it in: nothing hides in it. */
static bool
read_pem(struct timestamp_list *l, enum timestamp_kind kind, const char *text,
	 size_t len)
{
	struct timestamp_list own = {0};
	size_t n = 0;
	char *again = NULL;
	bool ok = timestamp_list_read(&own, kind, text, len) == 0 &&
		  (again = timestamp_list_pem(&own, kind, &n)) != NULL &&
		  n == len && memcmp(again, text, len) == 0 &&
		  timestamp_list_read(l, kind, text, len) == 0;

	free(again);
	timestamp_list_free(&own);
	return ok;
}

static void
read_list(struct work *w, enum check_name name, const char *file,
	  enum timestamp_kind kind, struct timestamp_list *l)
{
	size_t len;
	char *text;

	if (!is_here(w, file))
		return;
	text = read_part(w, name, file, TIMESTAMP_PEM_MAX, &len);
	if (text != NULL && !read_pem(l, kind, text, len))
		bad(w, name, file, "is not in its form");
	free(text);
}

/* Does a path lead from these bytes to the root that was stamped? */
static bool
leads(struct work *w, enum check_name name, const char *file,
      const void *leaf_of, size_t len, int k, const uint8_t root[HASH_LEN])
{
	struct stamptext_path p;
	uint8_t leaf[HASH_LEN];
	size_t n;
	char *text = read_part(w, name, file, STAMPTEXT_PATH_FILE_MAX, &n);
	bool ok;

	if (text == NULL)
		return false;
	merkle_leaf(leaf_of, len, leaf);
	ok = stamptext_path_decode(text, n, &p) == FORMAT_OK && p.k == k &&
	     merkle_padded_check(leaf, p.place, p.path, k, root) == 0;
	free(text);
	if (!ok)
		bad(w, name, file, "does not lead to what was stamped");
	return ok;
}

/* stamp.txt, token.tsr and their paths: what was stamped first. */
static void
read_first(struct work *w)
{
	struct check *c = w->c;
	uint8_t root[HASH_LEN];
	int k = 0;

	w->text[0] = read_part(w, CHECK_STAMPS, "stamp.txt", STAMPTEXT_MAX,
			       &w->text_len[0]);
	w->reply[0] = read_part(w, CHECK_STAMPS, "token.tsr",
				TIMESTAMP_REPLY_MAX, &w->reply_len[0]);
	read_list(w, CHECK_STAMPS, "chain.pem", TIMESTAMP_CERT, &w->chain[0]);
	read_list(w, CHECK_STAMPS, "revocation.pem", TIMESTAMP_CRL, &w->crls);
	if (w->text[0] == NULL)
		return;
	if (stamptext_decode(w->text[0], w->text_len[0], STAMPTEXT_ASK, &k,
			     root) != FORMAT_OK) {
		bad(w, CHECK_STAMPS, "stamp.txt", "is not in its form");
		return;
	}
	for (size_t i = 0; i < c->x.n_stamps; i++) {
		uint32_t at = c->x.stamps[i].b;
		char file[32];

		if (c->x.stamps[i].a != w->n)
			continue;
		snprintf(file, sizeof file, "c%u.path", (unsigned)at);
		if (c->checkpoints[at - 1].text != NULL)
			(void)leads(w, CHECK_STAMPS, file,
				    c->checkpoints[at - 1].text,
				    c->checkpoints[at - 1].len, k, root);
		else
			w->ok = false;
	}
}

/* Must the lines of renewal n hold the i-th of a stamp's files? */
static bool
belongs(const struct work *w, size_t i, size_t n, char file[STAMPTEXT_NAME_MAX])
{
	stamptext_name(i, file);
	return i / 4 < n && is_here(w, file);
}

/* renewal-<n>.txt lists all files of before, by their SHA-512. */
static bool
is_list(struct work *w, const char *text, size_t len, size_t n)
{
	uint8_t entry[HASH_LEN], digest[STAMPTEXT_SHA512_LEN];
	size_t got = 0, at = 0;

	if (stamptext_lines_decode(text, len, entry, w->lines,
				   STAMPTEXT_LINES_MAX, &got) != FORMAT_OK)
		return false;
	if (n == 1)
		memcpy(w->entry, entry, HASH_LEN);
	if (memcmp(w->entry, entry, HASH_LEN) != 0)
		return false;
	for (size_t i = 0; i < STAMPTEXT_LINES_MAX; i++) {
		char file[STAMPTEXT_NAME_MAX];
		char *bytes;
		size_t size;
		bool same;

		if (!belongs(w, i, n, file))
			continue;
		if (at == got || strcmp(w->lines[at].name, file) != 0)
			return false;
		bytes = read_part(w, CHECK_RENEWALS, file, TIMESTAMP_PEM_MAX,
				  &size);
		if (bytes == NULL)
			return false;
		hash_sha512(bytes, size, digest);
		same = memcmp(digest, w->lines[at].sha512, sizeof digest) == 0;
		free(bytes);
		if (!same)
			return false;
		at++;
	}
	return at == got;
}

static void
read_renewal(struct work *w, size_t n)
{
	char file[64];
	uint8_t root[HASH_LEN];
	char *list;
	size_t len;
	int k = 0;

	snprintf(file, sizeof file, "renewal-%zu-chain.pem", n);
	read_list(w, CHECK_RENEWALS, file, TIMESTAMP_CERT, &w->chain[n]);
	snprintf(file, sizeof file, "renewal-%zu-revocation.pem", n);
	read_list(w, CHECK_RENEWALS, file, TIMESTAMP_CRL, &w->crls);
	snprintf(file, sizeof file, "renewal-%zu.tsr", n);
	w->reply[n] = read_part(w, CHECK_RENEWALS, file, TIMESTAMP_REPLY_MAX,
				&w->reply_len[n]);
	snprintf(file, sizeof file, "renewal-%zu.stamp", n);
	w->text[n] =
	    read_part(w, CHECK_RENEWALS, file, STAMPTEXT_MAX, &w->text_len[n]);
	if (w->text[n] == NULL)
		return;
	if (stamptext_decode(w->text[n], w->text_len[n], STAMPTEXT_RENEW, &k,
			     root) != FORMAT_OK) {
		bad(w, CHECK_RENEWALS, file, "is not in its form");
		return;
	}
	snprintf(file, sizeof file, "renewal-%zu.txt", n);
	list =
	    read_part(w, CHECK_RENEWALS, file, STAMPTEXT_LINES_FILE_MAX, &len);
	if (list == NULL)
		return;
	if (!is_list(w, list, len, n))
		bad(w, CHECK_RENEWALS, file,
		    "does not list the files of before as they are here");
	snprintf(file, sizeof file, "renewal-%zu.path", n);
	(void)leads(w, CHECK_RENEWALS, file, list, len, k, root);
	free(list);
}

/* Judge token n (0: the first; renewals) at a time. */
static enum timestamp_status
judge(struct work *w, size_t n, int64_t at, struct timestamp *out)
{
	struct timestamp_case t = {
	    .reply = w->reply[n],
	    .reply_len = w->reply_len[n],
	    .text = w->text[n],
	    .text_len = w->text_len[n],
	    .chain = &w->chain[n],
	    .crls = &w->crls,
	    .roots = &w->c->roots,
	    .at = at,
	};

	return timestamp_judge(&t, out);
}

/* What a token that is not right means for its check. */
static void
refuse(struct work *w, enum check_name name, const char *what,
       const struct timestamp *t)
{
	char why[TIMESTAMP_WHY_MAX * 4];
	/* a root that was not given is not an error of the token */
	enum check_result r = t->reason == TIMESTAMP_ROOT && w->c->roots_given
				  ? CHECK_UNKNOWN
				  : CHECK_FAILS;

	check_say(w->c, name, r, "t%u: %s: %s", (unsigned)w->n, what,
		  r == CHECK_UNKNOWN
		      ? "it leads to no root that you gave"
		      : err_escape(why, sizeof why, t->why, strlen(t->why)));
}

/* The renewals, each in time for the one before. */
static void
judge_renewals(struct work *w, struct check_stamp *s)
{
	struct timestamp next, t;
	int64_t until = w->c->now;
	size_t good = 0;

	for (size_t n = w->renewals; n >= 1; n--) {
		enum timestamp_status st = judge(w, n, until, &next);

		if (st != TIMESTAMP_VALID && st != TIMESTAMP_AGED) {
			refuse(w, CHECK_RENEWALS, "a renewal is refused",
			       &next);
			w->ok = false;
			return;
		}
		if (next.hash != TIMESTAMP_SHA512) {
			check_say(w->c, CHECK_RENEWALS, CHECK_FAILS,
				  "t%u: a renewal is not by SHA-512",
				  (unsigned)w->n);
			w->ok = false;
			return;
		}
		s->is_aged = s->is_aged || st == TIMESTAMP_AGED;
		if (judge(w, n - 1, next.time, &t) != TIMESTAMP_REFUSED &&
		    next.time < t.time) {
			check_say(w->c, CHECK_RENEWALS, CHECK_FAILS,
				  "t%u: a renewal is older than what it renews",
				  (unsigned)w->n);
			w->ok = false;
			return;
		}
		until = next.time;
		good++;
	}
	s->is_renewed = good > 0;
	s->t.until = until; /* when the first token must have been valid */
}

void
check_tell_root(struct check *c, const struct timestamp *t)
{
	char hex[65], subject[600];

	if (c->roots_given)
		return;
	hex_encode(t->root_sha256, HASH_LEN, hex);
	check_compare(
	    c, "root of time stamps, SHA-256", hex,
	    err_escape(subject, sizeof subject, t->root, strlen(t->root)));
}

/* Which checkpoints a stamp covers, "c1, c3". */
static void
covered(const struct check *c, uint32_t n, char *out, size_t cap)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < c->x.n_stamps && at + 24 < cap; i++)
		if (c->x.stamps[i].a == n)
			at += (size_t)snprintf(out + at, cap - at, "%sc%u",
					       at > 0 ? ", " : "",
					       (unsigned)c->x.stamps[i].b);
}

static void
tell_stamp(struct work *w, struct check_stamp *s)
{
	char when[CHECK_TIME_MAX], by[300], of[128];
	const struct timestamp *t = &s->t;

	check_time(t->time, when);
	covered(w->c, w->n, of, sizeof of);
	err_escape(by, sizeof by, t->authority, strlen(t->authority));
	s->counts = t->time <= w->c->now + 86400;
	if (!s->counts)
		check_say(w->c, CHECK_STAMPS, CHECK_UNKNOWN,
			  "t%u: its time, %s, lies ahead of this machine's "
			  "clock",
			  (unsigned)w->n, when);
	else if (s->is_aged)
		check_say(w->c, CHECK_STAMPS, CHECK_HOLDS,
			  "t%u: %s existed no later than %s, by the word of "
			  "%s; its certificates have expired since, and "
			  "nothing renewed it in time",
			  (unsigned)w->n, of, when, by);
	else
		check_say(w->c, CHECK_STAMPS, CHECK_HOLDS,
			  "t%u: %s existed no later than %s, by the word of "
			  "%s (as its certificate says)%s%s",
			  (unsigned)w->n, of, when, by,
			  s->is_renewed ? "; renewed" : "",
			  t->unrevoked == 0 ? "; whether it was revoked is "
					      "not known"
					    : "");
	check_tell_root(w->c, t);
}

static void
judge_stamp(struct work *w, struct check_stamp *s)
{
	enum timestamp_status st;
	int64_t at;

	if (w->renewals > 0)
		judge_renewals(w, s);
	if (!w->ok)
		return;
	at = s->is_renewed ? s->t.until : w->c->now;
	st = judge(w, 0, at, &s->t);
	if (st == TIMESTAMP_VALID || st == TIMESTAMP_AGED) {
		s->is_aged = s->is_aged || st == TIMESTAMP_AGED;
		s->counts = true;
		tell_stamp(w, s);
	} else if (s->t.reason == TIMESTAMP_MEMORY) {
		err_memory(&w->c->broken);
	} else {
		refuse(w, CHECK_STAMPS,
		       st == TIMESTAMP_REVOKED ? "revoked" : "refused", &s->t);
	}
}

static void
check_stamp(struct check *c, uint32_t n)
{
	struct work *w = calloc(1, sizeof *w);
	char file[32];

	if (w == NULL) {
		err_memory(&c->broken);
		return;
	}
	w->c = c;
	w->n = n;
	w->ok = true;
	read_first(w);
	for (;;) {
		snprintf(file, sizeof file, "renewal-%zu.tsr", w->renewals + 1);
		if (!is_here(w, file) || w->renewals == STAMPTEXT_RENEWALS_MAX)
			break;
		w->renewals++;
		c->v[CHECK_RENEWALS].applies = true;
		read_renewal(w, w->renewals);
	}
	if (w->ok && c->broken.code == ERR_NONE)
		judge_stamp(w, &c->stamps[n - 1]);
	for (size_t i = 0; i <= STAMPTEXT_RENEWALS_MAX; i++) {
		timestamp_list_free(&w->chain[i]);
		free(w->text[i]);
		free(w->reply[i]);
	}
	timestamp_list_free(&w->crls);
	free(w);
}

/* The roots: given ones, or those of the package. */
static void
read_roots(struct check *c)
{
	size_t len;
	char *text;
	struct err e = {0};
	bool needed = c->n_stamps > 0 || c->x.n_earlier > 0;

	if (c->o->roots != NULL) {
		c->roots_given = true;
		if (fsutil_read(c->o->roots, TIMESTAMP_PEM_MAX, &text, &len,
				&e) != 0) {
			c->broken = e;
			return;
		}
		if (timestamp_list_read(&c->roots, TIMESTAMP_CERT, text, len) !=
		    0)
			err_set(&c->broken, ERR_UNKNOWN,
				"--root: no certificate in PEM or DER");
		free(text);
	}
	if (package_find(c->p, "proof/roots.pem") == NULL && !needed)
		return;
	text = check_read(c, CHECK_STAMPS, "proof/roots.pem", TIMESTAMP_PEM_MAX,
			  &len);
	if (text != NULL) {
		struct timestamp_list none = {0};

		if (!read_pem(c->roots_given ? &none : &c->roots,
			      TIMESTAMP_CERT, text, len))
			check_say(c, CHECK_STAMPS, CHECK_FAILS,
				  "proof/roots.pem is not in its form");
		timestamp_list_free(&none);
	}
	free(text);
}

static void
sum_up(struct check *c)
{
	size_t good = 0, aged = 0, renewed = 0;

	for (uint32_t i = 0; i < c->n_stamps; i++) {
		good += c->stamps[i].counts && !c->stamps[i].is_aged;
		aged += c->stamps[i].counts && c->stamps[i].is_aged;
		renewed += c->stamps[i].counts && c->stamps[i].is_renewed;
	}
	if (c->n_stamps == 0)
		check_say(c, CHECK_STAMPS, CHECK_UNKNOWN,
			  "no authority has stamped what is shown");
	else if (good == 0 && c->v[CHECK_STAMPS].count[CHECK_FAILS] == 0)
		check_say(c, CHECK_STAMPS, CHECK_UNKNOWN,
			  aged > 0 ? "the certificates of the stamps have "
				     "expired: they were valid when they were "
				     "made"
				   : "no stamp could be checked");
	check_sum(c, CHECK_STAMPS,
		  c->roots_given
		      ? "stamps that hold: %zu, by roots that you gave"
		      : "stamps that hold: %zu; compare the root's fingerprint",
		  good);
	if (c->v[CHECK_RENEWALS].applies)
		check_sum(c, CHECK_RENEWALS,
			  "stamps renewed before they aged: %zu", renewed);
}

void
check_stamps(struct check *c)
{
	c->n_stamps = exindex_stamps(&c->x);
	c->stamps = calloc(c->n_stamps + 1, sizeof *c->stamps);
	c->earlier = calloc(c->x.n_entries, sizeof *c->earlier);
	if (c->stamps == NULL || c->earlier == NULL)
		err_memory(&c->broken);
	else
		read_roots(c);
	for (uint32_t n = 1; n <= c->n_stamps && c->broken.code == ERR_NONE;
	     n++)
		check_stamp(c, n);
	if (c->broken.code != ERR_NONE)
		return;
	for (size_t i = 0; i < c->x.n_entries; i++)
		if (strcmp(c->x.entries[i].kind, "stamp") == 0 &&
		    c->entries[i].has_proof)
			check_earlier_token(c, i);
	sum_up(c);
}
