#include "ageops.h"

#include "agefile.h"
#include "agetext.h"
#include "card.h"
#include "fsutil.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_LEN (256u << 10)	       /* bytes read or written at a time */
#define RECIPIENTS_FILE_MAX (4u << 20) /* bytes */
#define SHOWN_MAX 300		       /* bytes of a name in a message */

static const char card_start[] = "muniment card ";

/* `e` from `why`, with the name of the file it is about in front, once. */
static int
about(struct err *e, const char *name, const struct err *why)
{
	char shown[SHOWN_MAX];

	err_escape(shown, sizeof shown, name, strlen(name));
	if (strncmp(why->msg, shown, strlen(shown)) == 0)
		err_set(e, why->code, "%s", why->msg);
	else
		err_set(e, why->code, "%s: %s", shown, why->msg);
	return why->hint[0] != '\0' ? err_hint(e, "%s", why->hint) : -1;
}

static int
about_errno(struct err *e, const char *name)
{
	char shown[SHOWN_MAX];

	return err_sys(e, "%s",
		       err_escape(shown, sizeof shown, name, strlen(name)));
}

static ssize_t
read_some(const struct ageops_file *f, void *buf, size_t cap, struct err *e)
{
	ssize_t n;

	do
		n = read(f->fd, buf, cap);
	while (n < 0 && errno == EINTR);
	return n < 0 ? about_errno(e, f->name) : n;
}

static int
write_all(const struct ageops_file *f, const void *bytes, size_t len,
	  struct err *e)
{
	const uint8_t *p = bytes;
	ssize_t n;

	while (len > 0) {
		n = write(f->fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return about_errno(e, f->name);
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Bytes of a regular file; 0 if it is none. */
static uint64_t
size_of(const struct ageops_file *f)
{
	struct stat st;

	if (fstat(f->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return 0;
	return (uint64_t)st.st_size;
}

struct ageops_to {
	struct agekey_public *keys;
	size_t n, cap;
	struct secret *passphrase;
};

struct ageops_to *
ageops_to_new(struct err *e)
{
	struct ageops_to *to = calloc(1, sizeof *to);

	if (to == NULL)
		err_memory(e);
	return to;
}

void
ageops_to_free(struct ageops_to *to)
{
	if (to == NULL)
		return;
	secret_free(to->passphrase);
	free(to->keys);
	free(to);
}

static int
add_key(struct ageops_to *to, const struct agekey_public *pub, struct err *e)
{
	if (to->n == to->cap) {
		size_t cap = to->cap > 0 ? 2 * to->cap : 4;
		struct agekey_public *p =
		    reallocarray(to->keys, cap, sizeof *p);

		if (p == NULL)
			return err_memory(e);
		to->keys = p;
		to->cap = cap;
	}
	to->keys[to->n++] = *pub;
	return 0;
}

static int
add_text(struct ageops_to *to, const char *text, struct err *e)
{
	struct agekey_public pub;

	if (agetext_recipient_parse(text, &pub, e) != 0)
		return -1;
	return add_key(to, &pub, e);
}

static int
add_card(struct ageops_to *to, const char *path, struct err *e)
{
	struct card *card = malloc(sizeof *card);
	int rc = -1;

	if (card == NULL)
		err_memory(e);
	else if (card_load(path, card, e) == 0)
		rc = add_key(to, &card->recipient, e);
	free(card);
	return rc;
}

/* The lines of a recipients file, which are cut apart in place. */
static int
add_lines(struct ageops_to *to, const char *path, char *text, size_t len,
	  struct err *e)
{
	char shown[SHOWN_MAX];
	size_t number = 1, before = to->n;
	struct err why = {0};

	err_escape(shown, sizeof shown, path, strlen(path));
	if (memchr(text, '\0', len) != NULL)
		return err_set(e, ERR_UNKNOWN,
			       "%s: neither recipients nor a card", shown);
	for (char *line = text, *next; line != NULL; line = next, number++) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		line[strcspn(line, "\r")] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (add_text(to, line, &why) != 0) {
			err_set(e, why.code, "%s: line %zu: %s", shown, number,
				why.msg);
			return err_hint(e, "%s", why.hint);
		}
	}
	if (to->n == before)
		return err_set(e, ERR_UNKNOWN, "%s: holds no recipient", shown);
	return 0;
}

static int
add_file(struct ageops_to *to, const char *path, struct err *e)
{
	char *text = NULL;
	size_t len = 0;
	int rc;

	if (fsutil_read(path, RECIPIENTS_FILE_MAX, &text, &len, e) != 0) {
		return err_hint(e, "--to takes age1..., age1pq1..., a card or"
				   " a file of recipients");
	}
	if (strncmp(text, card_start, sizeof card_start - 1) == 0)
		rc = add_card(to, path, e);
	else
		rc = add_lines(to, path, text, len, e);
	/* somebody may have named a file of secret keys */
	secret_wipe(text, len);
	free(text);
	return rc;
}

int
ageops_to_add(struct ageops_to *to, const char *arg, struct err *e)
{
	static const char *const never_files[] = {"age1", "AGE-SECRET-KEY-",
						  "AGE-PLUGIN-", "ssh-"};

	for (size_t i = 0; i < sizeof never_files / sizeof *never_files; i++)
		if (strncmp(arg, never_files[i], strlen(never_files[i])) == 0)
			return add_text(to, arg, e);
	return add_file(to, arg, e);
}

void
ageops_to_set_passphrase(struct ageops_to *to, struct secret *passphrase)
{
	secret_free(to->passphrase);
	to->passphrase = passphrase;
}

static int
sink(void *ctx, const void *bytes, size_t len, struct err *e)
{
	return write_all(ctx, bytes, len, e);
}

int
ageops_seal(const struct ageops_to *to, bool armor,
	    const struct ageops_file *in, const struct ageops_file *out,
	    ageops_progress *progress, struct err *e)
{
	struct agefile_to how = {.keys = to->keys,
				 .n = to->n,
				 .passphrase = to->passphrase,
				 .armor = armor,
				 .spread = true};
	struct ageops_file where = *out;
	struct agefile_writer *w = NULL;
	uint8_t *buf = malloc(BUFFER_LEN);
	uint64_t done = 0, total = size_of(in);
	ssize_t n = -1;
	int rc = -1;

	if (buf == NULL) {
		err_memory(e);
		goto out;
	}
	w = agefile_writer_new(&how, sink, &where, e);
	if (w == NULL)
		goto out;
	while ((n = read_some(in, buf, BUFFER_LEN, e)) > 0) {
		if (agefile_write(w, buf, (size_t)n, e) != 0)
			goto out;
		done += (uint64_t)n;
		if (progress != NULL)
			progress(NULL, "seal", done, total);
	}
	if (n == 0)
		rc = agefile_finish(w, e);
out:
	agefile_writer_free(w);
	if (buf != NULL)
		secret_wipe(buf, BUFFER_LEN);
	free(buf);
	return rc;
}

struct ageops_from {
	struct secret *keys; /* n of AGEKEY_SECRET_LEN bytes */
	enum agekey_kind *kinds;
	size_t n, cap;
	ageops_ask *ask;
	void *ctx;
};

struct ageops_from *
ageops_from_new(ageops_ask *ask, void *ctx, struct err *e)
{
	struct ageops_from *from = calloc(1, sizeof *from);

	if (from != NULL)
		from->keys = secret_new(AGEKEY_SECRET_LEN);
	if (from == NULL || from->keys == NULL) {
		err_memory(e);
		free(from);
		return NULL;
	}
	from->ask = ask;
	from->ctx = ctx;
	return from;
}

void
ageops_from_free(struct ageops_from *from)
{
	if (from == NULL)
		return;
	secret_free(from->keys);
	free(from->kinds);
	free(from);
}

/* An agetext_key: one key more. */
static int
add_identity(void *ctx, enum agekey_kind kind,
	     const uint8_t secret[AGEKEY_SECRET_LEN], const char *comment,
	     size_t comment_len, struct err *e)
{
	struct ageops_from *from = ctx;

	(void)comment;
	(void)comment_len;
	if (from->n == from->cap) {
		size_t cap = from->cap > 0 ? 2 * from->cap : 4;
		enum agekey_kind *p = reallocarray(from->kinds, cap, sizeof *p);

		if (p == NULL)
			return err_memory(e);
		from->kinds = p;
		from->cap = cap;
	}
	if (secret_append(from->keys, secret, AGEKEY_SECRET_LEN) != 0)
		return err_memory(e);
	from->kinds[from->n++] = kind;
	return 0;
}

/* Where a passphrase is asked for. */
struct asking {
	const struct ageops_from *from;
	const char *what;
};

static struct secret *
ask(void *ctx, struct err *e)
{
	const struct asking *a = ctx;

	return a->from->ask(a->from->ctx, a->what, e);
}

/* The reader's form of `from`; keys is malloc'ed, the caller frees it. */
static int
fill_from(const struct ageops_from *from, struct asking *a,
	  struct agefile_from *out, struct agefile_identity **keys,
	  struct err *e)
{
	*keys = calloc(from->n > 0 ? from->n : 1, sizeof **keys);
	if (*keys == NULL)
		return err_memory(e);
	for (size_t i = 0; i < from->n; i++) {
		(*keys)[i].kind = from->kinds[i];
		(*keys)[i].secret = from->keys->bytes + i * AGEKEY_SECRET_LEN;
	}
	memset(out, 0, sizeof *out);
	out->keys = *keys;
	out->n = from->n;
	out->ask = from->ask != NULL ? ask : NULL;
	out->ask_ctx = a;
	return 0;
}

static ssize_t
source(void *ctx, void *buf, size_t cap, struct err *e)
{
	return read_some(ctx, buf, cap, e);
}

struct ageops_opening {
	struct agefile_reader *reader;
	struct ageops_file in;
	uint64_t total;
};

struct ageops_opening *
ageops_open(const struct ageops_from *from, const struct ageops_file *in,
	    struct err *e)
{
	struct ageops_opening *o = calloc(1, sizeof *o);
	struct asking asking = {.from = from, .what = in->name};
	enum agefile_failure failure = AGEFILE_IO;
	struct agefile_identity *keys = NULL;
	struct agefile_from how;
	struct err why = {0};

	if (o == NULL) {
		err_memory(e);
		return NULL;
	}
	o->in = *in;
	o->total = size_of(in);
	if (fill_from(from, &asking, &how, &keys, &why) == 0) {
		how.spread = true;
		o->reader =
		    agefile_reader_new(&how, source, &o->in, &failure, &why);
	}
	free(keys);
	if (o->reader != NULL)
		return o;
	/* what the source or the person's answer failed with has its name */
	if (failure == AGEFILE_IO)
		*e = why;
	else
		about(e, in->name, &why);
	free(o);
	return NULL;
}

void
ageops_opening_free(struct ageops_opening *o)
{
	if (o == NULL)
		return;
	agefile_reader_free(o->reader);
	free(o);
}

/* True if a terminal shows these bytes and obeys none. */
static bool
is_text(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool control = p[i] < ' ' || p[i] == 0x7f;

		if (control && p[i] != '\n' && p[i] != '\t' && p[i] != '\r')
			return false;
		/* U+0080 to U+009F, in UTF-8 or as such */
		if (p[i] == 0xc2 && i + 1 < len && p[i + 1] < 0xa0)
			return false;
		if (p[i] >= 0x80 && p[i] < 0xa0 && (i == 0 || p[i - 1] < 0x80))
			return false;
	}
	return true;
}

int
ageops_open_to(struct ageops_opening *o, const struct ageops_file *out,
	       bool text_only, ageops_progress *progress, struct err *e)
{
	enum agefile_failure failure = AGEFILE_FINE;
	uint8_t *buf = malloc(BUFFER_LEN);
	struct err why = {0};
	uint64_t done = 0;
	ssize_t n = -1;

	if (buf == NULL)
		return err_memory(e);
	while ((n = agefile_read(o->reader, buf, BUFFER_LEN, &failure, &why)) >
	       0) {
		if (text_only && !is_text(buf, (size_t)n)) {
			err_set(e, ERR_UNKNOWN,
				"the content is no plain text: not shown on a"
				" terminal");
			err_hint(e, "-o FILE writes it to a file; -o - forces"
				    " it out here");
			break;
		}
		if (write_all(out, buf, (size_t)n, e) != 0)
			break;
		done += (uint64_t)n;
		if (progress != NULL)
			progress(NULL, "open", done, o->total);
	}
	if (n < 0 && failure == AGEFILE_IO)
		*e = why;
	else if (n < 0)
		about(e, o->in.name, &why);
	secret_wipe(buf, BUFFER_LEN);
	free(buf);
	return n == 0 ? 0 : -1;
}

/* An agefile_source: the content of a file that is being read. */
static ssize_t
content_source(void *ctx, void *buf, size_t cap, struct err *e)
{
	return agefile_read(ctx, buf, cap, NULL, e);
}

/* All that a source gives, perhaps secret keys, into guarded memory. */
static struct secret *
gather(agefile_source *from, void *ctx, struct err *e)
{
	struct secret *s = secret_new(4096), *buf = secret_new(65536);
	ssize_t n = -1;

	if (s == NULL || buf == NULL) {
		err_memory(e);
		goto out;
	}
	while ((n = from(ctx, buf->bytes, buf->cap, e)) > 0) {
		if (s->len + (size_t)n > AGETEXT_FILE_MAX ||
		    secret_append(s, buf->bytes, (size_t)n) != 0) {
			err_set(e, ERR_UNKNOWN,
				"too large for an identity file");
			break;
		}
	}
out:
	secret_free(buf);
	if (n == 0)
		return s;
	secret_free(s);
	return NULL;
}

static bool
begins(const struct secret *s, size_t at, const char *with)
{
	size_t n = strlen(with);

	return s->len - at >= n && memcmp(s->bytes + at, with, n) == 0;
}

/* An age file, and not a text of keys? */
static bool
is_locked(const struct secret *s)
{
	size_t i = 0;

	while (i < s->len && strchr(" \t\r\n", s->bytes[i]) != NULL &&
	       s->bytes[i] != '\0')
		i++;
	return begins(s, 0, "age-encryption.org/") ||
	       begins(s, i, "-----BEGIN AGE");
}

/* A file in memory as a source. */
struct memory {
	const uint8_t *at;
	size_t left;
};

static ssize_t
memory_source(void *ctx, void *buf, size_t cap, struct err *e)
{
	struct memory *m = ctx;
	size_t n = m->left < cap ? m->left : cap;

	(void)e;
	memcpy(buf, m->at, n);
	m->at += n;
	m->left -= n;
	return (ssize_t)n;
}

/* Unlock an identity file; the secret returned holds its text. */
static struct secret *
unlock(const struct ageops_from *from, const char *path,
       const struct secret *file, struct err *e)
{
	struct memory memory = {.at = file->bytes, .left = file->len};
	struct asking asking = {.from = from, .what = path};
	struct agefile_identity *keys = NULL;
	struct agefile_reader *r = NULL;
	struct secret *s = NULL;
	struct agefile_from how;

	if (fill_from(from, &asking, &how, &keys, e) != 0)
		return NULL;
	r = agefile_reader_new(&how, memory_source, &memory, NULL, e);
	free(keys);
	if (r != NULL)
		s = gather(content_source, r, e);
	agefile_reader_free(r);
	return s;
}

/* The text of an identity file, unlocked if need be. */
static struct secret *
identity_text(const struct ageops_from *from, const char *path, int fd,
	      struct err *e)
{
	struct ageops_file f = {.fd = fd, .name = path};
	struct secret *s = gather(source, &f, e), *text;

	if (s == NULL || !is_locked(s))
		return s;
	text = unlock(from, path, s, e);
	secret_free(s);
	return text;
}

int
ageops_from_add(struct ageops_from *from, const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), rc = -1;
	size_t before = from->n;
	struct secret *s = NULL;
	struct err why = {0};

	if (fd < 0) {
		about_errno(e, path);
		return err_hint(e, "-i takes a file that holds an identity");
	}
	s = identity_text(from, path, fd, &why);
	close(fd);
	if (s != NULL)
		rc = agetext_identities(s->bytes, s->len, add_identity, from,
					&why);
	if (rc == 0 && from->n == before)
		rc = err_set(&why, ERR_UNKNOWN, "holds no identity");
	secret_free(s);
	if (rc == 0)
		return 0;
	/* a damaged key is no statement about the evidence */
	why.code = ERR_UNKNOWN;
	return about(e, path, &why);
}
