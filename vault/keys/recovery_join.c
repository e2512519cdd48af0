#include "recovery.h"

#include "fsutil.h"
#include "hash.h"
#include "hex.h"
#include "shamir.h"
#include "share.h"
#include "sharekey.h"
#include "sharepage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (1u << 20) /* bytes of a file with shares */
#define FROM_MAX 300	    /* bytes of a file's name in a message */

struct part {
	struct secret *bytes; /* the whole share */
	struct share share;   /* a view of it */
	char from[FROM_MAX];  /* file, escaped; "" for a terminal */
};

struct recovery {
	struct part parts[RECOVERY_SHARES_MAX];
	unsigned n;
	struct secret *begun; /* lines of a share that is not whole yet */
	struct sharekey key;  /* once joined */
};

struct recovery *
recovery_new(struct err *e)
{
	struct recovery *r = calloc(1, sizeof *r);

	if (r != NULL)
		r->begun = secret_new(SHARE_MAX);
	if (r != NULL && r->begun != NULL)
		return r;
	free(r);
	err_memory(e);
	return NULL;
}

void
recovery_free(struct recovery *r)
{
	if (r == NULL)
		return;
	for (unsigned i = 0; i < r->n; i++)
		secret_free(r->parts[i].bytes);
	secret_free(r->begun);
	sharekey_free(&r->key);
	free(r);
}

/* Forget the share that has been begun. */
static void
drop(struct recovery *r)
{
	r->begun->len = 0;
	secret_wipe(r->begun->bytes, r->begun->cap);
}

/* Lines of the share that has been begun; 0 if its first is not there yet. */
static unsigned
lines_of(const struct recovery *r)
{
	return r->begun->len > 0 ? r->begun->bytes[1] : 0;
}

struct recovery_place
recovery_place(const struct recovery *r)
{
	struct recovery_place at = {
	    .share = r->n + 1,
	    .line = (unsigned)(r->begun->len / SHARE_LINE_BYTES) + 1,
	    .of = lines_of(r),
	};

	if (r->n > 0) {
		unsigned k = r->parts[0].share.threshold;

		at.enough = r->n >= k;
		at.missing = at.enough ? 0 : k - r->n;
	}
	return at;
}

/* "FILE: " before a message, or nothing. */
static const char *
before(const char *from, char out[FROM_MAX + 2])
{
	snprintf(out, FROM_MAX + 2, "%s%s", from, from[0] != '\0' ? ": " : "");
	return out;
}

/* Does a whole share belong to those that are there? */
static int
belongs(const struct recovery *r, const struct part *p, struct err *e)
{
	char f[FROM_MAX + 2], set[SHAREPAGE_SET_MAX], other[SHAREPAGE_SET_MAX];
	const struct share *s = &p->share, *first = &r->parts[0].share;

	before(p->from, f);
	if (r->n > 0 && memcmp(s->set, first->set, SHARE_SET_LEN) != 0) {
		sharepage_set(s->set, set);
		sharepage_set(first->set, other);
		err_set(e, ERR_UNKNOWN,
			"%sa share of another set (%s; the others are of %s)",
			f, set, other);
		return err_hint(e, "shares of one set only go together");
	}
	if (r->n > 0 &&
	    (s->threshold != first->threshold || s->len != first->len))
		return err_set(e, ERR_UNKNOWN,
			       "%sshare %u says other things of its set than"
			       " share %u: one of them is not what was printed",
			       f, s->index, first->index);
	for (unsigned i = 0; i < r->n; i++) {
		const struct share *o = &r->parts[i].share;

		if (o->index != s->index)
			continue;
		if (!secret_equal(o->data, s->data, s->len))
			return err_set(e, ERR_UNKNOWN,
				       "%sshare %u is there already, and with"
				       " other words: one of the two is not"
				       " what was printed",
				       f, s->index);
		err_set(e, ERR_UNKNOWN, "%sshare %u is there already", f,
			s->index);
		return err_hint(e, "it takes %u different shares",
				s->threshold);
	}
	if (r->n == RECOVERY_SHARES_MAX)
		return err_set(e, ERR_UNKNOWN, "%stoo many shares", f);
	return 0;
}

/* Keep the share that is whole now. */
static int
take_share(struct recovery *r, const char *from, struct err *e)
{
	struct part *p = &r->parts[r->n], now = {0};
	const struct secret *b = r->begun;
	uint8_t sum[HASH_LEN];
	char f[FROM_MAX + 2];

	snprintf(now.from, sizeof now.from, "%s", from);
	before(from, f);
	if (share_decode(b->bytes, b->len, &now.share) != FORMAT_OK)
		return err_set(e, ERR_UNKNOWN,
			       "%snot a share that this version can read", f);
	hash_sha256(b->bytes, b->len - SHARE_SUM_LEN, sum);
	if (!secret_equal(sum, now.share.sum, SHARE_SUM_LEN))
		return err_set(e, ERR_UNKNOWN,
			       "%sshare %u: its checksum is wrong: lines of"
			       " two shares are mixed, or it was changed",
			       f, now.share.index);
	if (belongs(r, &now, e) != 0)
		return -1;
	now.bytes = secret_copy(b->bytes, b->len);
	if (now.bytes == NULL)
		return err_memory(e);
	(void)share_decode(now.bytes->bytes, now.bytes->len, &now.share);
	*p = now;
	r->n++;
	return 0;
}

/* Why the words of a line are not taken. */
static int
bad_line(enum share_line_result why, const char *f, unsigned number,
	 unsigned word, struct err *e)
{
	if (why == SHARE_LINE_COUNT)
		return err_set(e, ERR_UNKNOWN, "%sline %u: not %d words", f,
			       number, SHARE_LINE_WORDS);
	if (why == SHARE_LINE_UNKNOWN)
		return err_set(e, ERR_UNKNOWN,
			       "%sline %u, word %u: not in the list", f, number,
			       word);
	return err_set(e, ERR_UNKNOWN,
		       "%sline %u: a word is wrong, or words have changed"
		       " places",
		       f, number);
}

/* Put the eight bytes of a line behind those before it. */
static int
add_bytes(struct recovery *r, const char *f, unsigned number,
	  const uint8_t bytes[SHARE_LINE_BYTES], struct err *e)
{
	struct secret *b = r->begun;
	unsigned next = (unsigned)(b->len / SHARE_LINE_BYTES) + 1;

	if (number == 1 && b->len > 0)
		return err_set(e, ERR_UNKNOWN,
			       "%sa share ends after line %u of %u", f,
			       next - 1, lines_of(r));
	if (number > next)
		return err_set(e, ERR_UNKNOWN, "%sline %u is missing", f, next);
	if (number < next)
		return err_set(e, ERR_UNKNOWN, "%sline %u comes twice", f,
			       number);
	if (number == 1 && (bytes[0] != SHARE_VERSION || bytes[1] < 2 ||
			    bytes[1] > SHARE_LINES_MAX))
		return err_set(e, ERR_UNKNOWN,
			       "%snot a share that this version can read", f);
	return secret_append(b, bytes, SHARE_LINE_BYTES) == 0 ? 0
							      : err_memory(e);
}

static enum recovery_line
take_words(struct recovery *r, const char *from, const char *text, size_t len,
	   struct err *e)
{
	uint8_t bytes[SHARE_LINE_BYTES];
	enum share_line_result why;
	unsigned number, word;
	char f[FROM_MAX + 2];
	int rc;

	before(from, f);
	why = share_line_decode(text, len, &number, &word, bytes);
	if (why == SHARE_LINE_OTHER)
		return RECOVERY_OTHER;
	rc = why == SHARE_LINE_OK ? add_bytes(r, f, number, bytes, e)
				  : bad_line(why, f, number, word, e);
	secret_wipe(bytes, sizeof bytes);
	if (rc != 0)
		return RECOVERY_FAILED;
	if (r->begun->len < (size_t)lines_of(r) * SHARE_LINE_BYTES)
		return RECOVERY_TAKEN;
	rc = take_share(r, from, e);
	drop(r);
	return rc == 0 ? RECOVERY_SHARE : RECOVERY_FAILED;
}

enum recovery_line
recovery_line(struct recovery *r, const char *from, const char *text,
	      size_t len, struct err *e)
{
	char shown[FROM_MAX] = "", f[FROM_MAX + 2];
	struct secret *b = r->begun;
	int code, rc;

	if (from != NULL)
		err_escape(shown, sizeof shown, from, strlen(from));
	before(shown, f);
	if (b->len > 0)
		return take_words(r, shown, text, len, e);
	code = share_code_decode(text, len, b->bytes, &b->len);
	if (code == -1)
		return take_words(r, shown, text, len, e);
	rc = code == 0 ? take_share(r, shown, e)
		       : err_set(e, ERR_UNKNOWN,
				 "%sthe text of the code is damaged", f);
	drop(r);
	return rc == 0 ? RECOVERY_SHARE : RECOVERY_FAILED;
}

enum recovery_line
recovery_typed(struct recovery *r, const char *text, size_t len, struct err *e)
{
	enum recovery_line what = recovery_line(r, NULL, text, len, e);
	struct secret *s;
	char number[16];
	int n;

	if (what != RECOVERY_OTHER || len == 0)
		return what;
	s = secret_new(len + sizeof number);
	if (s == NULL) {
		err_memory(e);
		return RECOVERY_FAILED;
	}
	n = snprintf(number, sizeof number, "%u ", recovery_place(r).line);
	(void)secret_append(s, number, (size_t)n);
	(void)secret_append(s, text, len);
	what = recovery_line(r, NULL, (const char *)s->bytes, s->len, e);
	secret_free(s);
	return what;
}

int
recovery_text_lines(struct recovery *r, const char *from, const void *text,
		    size_t len, struct err *e)
{
	const char *p = text, *end = p + len;
	unsigned before_it = r->n;
	char shown[FROM_MAX] = "", f[FROM_MAX + 2];

	if (from != NULL)
		err_escape(shown, sizeof shown, from, strlen(from));
	before(shown, f);
	drop(r);
	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((lf != NULL ? lf : end) - p);

		if (recovery_line(r, from, p, n, e) == RECOVERY_FAILED)
			return -1;
		p += n + (lf != NULL);
	}
	if (r->begun->len > 0)
		return err_set(e, ERR_UNKNOWN,
			       "%sa share ends after line %zu of %u", f,
			       r->begun->len / SHARE_LINE_BYTES, lines_of(r));
	if (r->n == before_it)
		return err_set(e, ERR_UNKNOWN, "%sthere is no share in it", f);
	return 0;
}

/* All that an open file holds. */
static struct secret *
read_all(int fd, const char *name, struct err *e)
{
	struct secret *s = secret_new(64u << 10);
	uint8_t block[4096];
	ssize_t n = 0;

	if (s == NULL) {
		err_memory(e);
		return NULL;
	}
	while (s->len <= FILE_MAX && ((n = read(fd, block, sizeof block)) > 0 ||
				      (n < 0 && errno == EINTR)))
		if (n > 0 && secret_append(s, block, (size_t)n) != 0)
			break;
	if (n < 0)
		err_sys(e, "%s", name);
	else if (n > 0)
		err_set(e, ERR_UNKNOWN, "%s: too large to be a share", name);
	secret_wipe(block, sizeof block);
	if (n == 0)
		return s;
	secret_free(s);
	return NULL;
}

int
recovery_read(struct recovery *r, const char *path, int fd, struct err *e)
{
	const char *from = path != NULL ? path : "standard input";
	char name[FROM_MAX];
	struct secret *s;
	int rc = -1;

	err_escape(name, sizeof name, from, strlen(from));
	if (path != NULL)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_sys(e, "%s", name);
	s = read_all(fd, name, e);
	if (s != NULL)
		rc = recovery_text_lines(r, from, s->bytes, s->len, e);
	secret_free(s);
	if (path != NULL)
		close(fd);
	return rc;
}

/* Join the parts in `mask`, `threshold` of them, at x = `at`. */
static void
join(const struct recovery *r, unsigned mask, uint8_t at, struct secret *out)
{
	const uint8_t *data[RECOVERY_SHARES_MAX];
	uint8_t index[RECOVERY_SHARES_MAX];
	unsigned k = 0;

	for (unsigned i = 0; i < r->n; i++)
		if (mask >> i & 1) {
			data[k] = r->parts[i].share.data;
			index[k++] = (uint8_t)r->parts[i].share.index;
		}
	shamir_join(data, index, k, out->len, at, out->bytes);
}

/*
 * A subset of as many parts as it takes that gives a whole key; 0 if there is
 * none. With no part to spare there is one to try, at most 12,870.
 */
static unsigned
find_whole(const struct recovery *r, struct secret *out)
{
	int k = (int)r->parts[0].share.threshold;

	for (unsigned mask = 1; mask < 1u << r->n; mask++) {
		if (__builtin_popcount(mask) != k)
			continue;
		join(r, mask, 0, out);
		if (sharekey_is_whole(out->bytes, out->len))
			return mask;
	}
	return 0;
}

/* With parts to spare: each of them must be what the others say it is. */
static int
check_rest(const struct recovery *r, unsigned mask, struct err *e)
{
	const struct share *s;
	struct secret *out = secret_new(r->parts[0].share.len);
	char f[FROM_MAX + 2];
	int rc = 0;

	if (out == NULL)
		return err_memory(e);
	out->len = out->cap;
	for (unsigned i = 0; rc == 0 && i < r->n; i++) {
		s = &r->parts[i].share;
		if (mask >> i & 1)
			continue;
		join(r, mask, (uint8_t)s->index, out);
		if (secret_equal(out->bytes, s->data, s->len))
			continue;
		rc = err_set(e, ERR_UNKNOWN,
			     "%sshare %u does not fit the others: it is not"
			     " what was printed, though its checksum is right",
			     before(r->parts[i].from, f), s->index);
		err_hint(e, "somebody changed it on purpose; the others"
			    " restore the key without it");
	}
	secret_free(out);
	return rc;
}

int
recovery_join(struct recovery *r, struct err *e)
{
	struct recovery_place at = recovery_place(r);
	struct secret *out;
	unsigned mask;
	int rc = -1;

	if (r->n == 0)
		return err_set(e, ERR_UNKNOWN, "no shares");
	if (!at.enough) {
		err_set(e, ERR_UNKNOWN,
			"%u share%s of the %u that it takes: %u %s missing",
			r->n, r->n == 1 ? "" : "s", r->n + at.missing,
			at.missing, at.missing == 1 ? "is" : "are");
		return -1;
	}
	out = secret_new(r->parts[0].share.len);
	if (out == NULL)
		return err_memory(e);
	out->len = out->cap;
	mask = find_whole(r, out);
	if (mask == 0) {
		err_set(e, ERR_UNKNOWN,
			"these shares do not fit together: one at least is not"
			" what was printed, though its checksum is right");
		err_hint(e, "add more shares of this set: that tells which one"
			    " is wrong");
	} else if (check_rest(r, mask, e) == 0) {
		sharekey_free(&r->key);
		rc = sharekey_decode(out->bytes, out->len, &r->key, e);
	}
	secret_free(out);
	return rc;
}

enum recovery_kind
recovery_kind(const struct recovery *r)
{
	return (enum recovery_kind)r->key.kind;
}

json_t *
recovery_json(const struct recovery *r, struct err *e)
{
	char words[WORDS_FINGERPRINT_MAX];
	uint8_t raw[HASH_LEN] = {0};
	struct card *c = NULL;
	json_t *o = NULL;

	if (r->key.kind == SHAREKEY_ROOT) {
		(void)hex_decode(r->key.vault_id, HASH_LEN, raw);
		words_fingerprint(raw, words);
		o = json_pack("{s:s, s:s, s:s}", "kind", "root key", "vault",
			      r->key.vault_id, "words", words);
	} else {
		c = calloc(1, sizeof *c);
		if (c != NULL && identity_card(r->key.id, c, e) == 0)
			o = json_pack(
			    "{s:s, s:s, s:s, s:s*}", "kind", "identity", "name",
			    c->text.name, "words", c->words, "org",
			    c->text.org[0] != '\0' ? c->text.org : NULL);
		free(c);
	}
	if (o == NULL)
		err_memory(e);
	return o;
}

int
recovery_save(const struct recovery *r, const char *path,
	      const struct secret *pass, unsigned work_factor, struct err *e)
{
	return sharekey_save(&r->key, path, pass, work_factor, e);
}
