#include "credential.h"

#include "child.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX 16384 /* bytes of a helper's answer */
#define PERSON 600	 /* seconds that a person has to type */

static int
take(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct secret *s = ctx;

	if (s->len + len > ANSWER_MAX)
		return err_set(e, ERR_UNKNOWN,
			       "a credential helper says too much");
	return secret_append(s, bytes, len) == 0 ? 0 : err_memory(e);
}

/* "key=value\n" */
static int
add(struct secret *s, const char *key, const void *value, size_t len)
{
	return secret_append(s, key, strlen(key)) == 0 &&
		       secret_append(s, "=", 1) == 0 &&
		       secret_append(s, value, len) == 0 &&
		       secret_append(s, "\n", 1) == 0
		   ? 0
		   : -1;
}

/* What git is told of the host (git help git-credential). */
static struct secret *
question(struct host *h, const struct credential *c)
{
	const struct hosturl *u = &h->url;
	const char *name = strstr(u->base, "://") + 3;
	struct secret *s = secret_new(4096);
	const char *path = u->path[0] == '/' ? u->path + 1 : u->path;
	int rc;

	if (s == NULL)
		return NULL;
	rc = add(s, "protocol", u->base, (size_t)(name - 3 - u->base)) |
	     add(s, "host", name, strcspn(name, "/"));
	if (path[0] != '\0')
		rc |= add(s, "path", path, strlen(path));
	if (c != NULL)
		rc |= add(s, "username", c->user->bytes, c->user->len) |
		      add(s, "password", c->password->bytes, c->password->len);
	else if (u->user[0] != '\0')
		rc |= add(s, "username", u->user, strlen(u->user));
	if (rc == 0 && secret_append(s, "\n", 1) == 0)
		return s;
	secret_free(s);
	return NULL;
}

/* Run `git credential VERB` with this input. Its exit status, or -1. */
static int
run(struct host *h, const char *verb, const struct secret *input,
    struct secret *output, struct err *e)
{
	const char *argv[] = {"git", "credential", verb, NULL};
	struct child_text t = {input->bytes, input->len, 0};
	struct child *c;
	bool stalled;
	int rc;

	c = child_start(
	    argv, h->o.terminal ? CHILD_KEEP_MESSAGES : CHILD_NO_PROMPT, e);
	if (c == NULL)
		return -1;
	rc = child_talk(c, child_give, &t, true, take, output, PERSON, &stalled,
			e);
	if (rc == 0)
		rc = child_wait(c);
	child_free(c);
	return rc;
}

/* The value of a line "key=value", NUL-terminated, as a secret of its own. */
static struct secret *
value(const struct secret *s, const char *key)
{
	size_t n = strlen(key);
	struct secret *out;

	for (size_t at = 0; at < s->len;) {
		const uint8_t *p = s->bytes + at;
		const uint8_t *end = memchr(p, '\n', s->len - at);
		size_t len = end != NULL ? (size_t)(end - p) : s->len - at;

		if (len > n && memcmp(p, key, n) == 0 && p[n] == '=' &&
		    memchr(p, '\0', len) == NULL) {
			out = secret_new(len - n);
			if (out == NULL)
				return NULL;
			memcpy(out->bytes, p + n + 1, len - n - 1);
			out->bytes[len - n - 1] = '\0';
			out->len = len - n - 1;
			return out;
		}
		at += len + 1;
	}
	return NULL;
}

static void
hint(struct host *h, struct err *e)
{
	if (h->o.terminal)
		err_hint(e, "git keeps passwords with a credential helper:"
			    " git help credentials");
	else
		err_hint(e, "let a credential helper of git's keep the"
			    " password (git help credentials), or run this at"
			    " a terminal");
}

struct credential *
credential_get(struct host *h, struct err *e)
{
	struct secret *ask = question(h, NULL);
	struct secret *answer = secret_new(ANSWER_MAX);
	struct credential *c = calloc(1, sizeof *c);
	int rc = -1;

	if (ask == NULL || answer == NULL || c == NULL) {
		err_memory(e);
		goto bad;
	}
	rc = run(h, "fill", ask, answer, e);
	if (rc == 0) {
		c->user = value(answer, "username");
		c->password = value(answer, "password");
	}
	if (rc == 127) {
		host_fail(h, e, "asks for a password, and git is not here");
		err_hint(e, "install git: its credential helpers keep the"
			    " password");
	} else if (rc >= 0 && (c->user == NULL || c->password == NULL)) {
		host_fail(h, e, "asks for a password, and none is known");
		hint(h, e);
	} else if (rc == 0) {
		goto out;
	}
bad:
	credential_free(c);
	c = NULL;
out:
	secret_free(ask);
	secret_free(answer);
	return c;
}

static void
tell(struct host *h, struct credential *c, const char *verb)
{
	struct secret *s, *nothing;

	if (c == NULL || c->told)
		return;
	c->told = true;
	s = question(h, c);
	nothing = secret_new(ANSWER_MAX);
	/* a helper that fails loses its owner nothing but a convenience */
	if (s != NULL && nothing != NULL)
		(void)run(h, verb, s, nothing, NULL);
	secret_free(s);
	secret_free(nothing);
}

void
credential_right(struct host *h, struct credential *c)
{
	tell(h, c, "approve");
}

void
credential_wrong(struct host *h, struct credential *c)
{
	tell(h, c, "reject");
}

void
credential_free(struct credential *c)
{
	if (c == NULL)
		return;
	secret_free(c->user);
	secret_free(c->password);
	free(c);
}

struct setting {
	char *out;
	size_t len, cap;
};

static int
take_setting(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct setting *s = ctx;

	(void)e;
	if (s->len + len >= s->cap)
		return 1;
	memcpy(s->out + s->len, bytes, len);
	s->len += len;
	s->out[s->len] = '\0';
	return 0;
}

void
credential_setting(const char *key, const char *url, char *out, size_t cap)
{
	const char *argv[] = {"git", "config", "--type=path", "--get-urlmatch",
			      key,   url,      NULL};
	struct setting s = {out, 0, cap};
	struct child *c;
	bool stalled;

	out[0] = '\0';
	c = child_start(argv, CHILD_NO_PROMPT, NULL);
	if (c == NULL)
		return;
	if (child_talk(c, NULL, NULL, true, take_setting, &s, 10, &stalled,
		       NULL) != 0 ||
	    child_wait(c) != 0)
		s.len = 0;
	out[s.len] = '\0';
	out[strcspn(out, "\n")] = '\0';
	child_free(c);
}
