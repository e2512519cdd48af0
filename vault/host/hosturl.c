#include "hosturl.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int
refuse(struct err *e, const char *why)
{
	return err_set(e, ERR_UNKNOWN, "the address of the host %s", why);
}

bool
hosturl_is(const char *text)
{
	const char *colon = strchr(text, ':'), *slash = strchr(text, '/');

	if (strstr(text, "://") != NULL)
		return true;
	if (text[0] == '[' && strstr(text, "]:") != NULL)
		return true;
	return colon != NULL && colon > text &&
	       (slash == NULL || colon < slash);
}

/* A machine's name or number. */
static bool
is_name(const char *s)
{
	if (*s == '\0' || *s == '-' || *s == '.')
		return false;
	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && strchr(".-_", *s) == NULL)
			return false;
	return true;
}

static bool
is_number6(const char *s)
{
	struct in6_addr a;

	return inet_pton(AF_INET6, s, &a) == 1;
}

static bool
is_user(const char *s)
{
	if (*s == '\0' || *s == '-')
		return false;
	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) &&
		    strchr(".-_+=~@,", *s) == NULL)
			return false;
	return true;
}

static bool
is_port(const char *s)
{
	size_t n = strlen(s);

	return n >= 1 && n <= 5 && strspn(s, "0123456789") == n &&
	       atoi(s) >= 1 && atoi(s) <= 65535;
}

/* Copy `len` bytes to a field of `cap`. */
static int
copy(char *out, size_t cap, const char *from, size_t len, struct err *e)
{
	if (len >= cap)
		return refuse(e, "is too long");
	memcpy(out, from, len);
	out[len] = '\0';
	return 0;
}

/* %40 in a user's name; what else is escaped is refused by is_user. */
static void
unescape(char *s)
{
	char *out = s;

	for (; *s != '\0'; out++) {
		unsigned byte;

		if (*s == '%' && isxdigit((unsigned char)s[1]) &&
		    isxdigit((unsigned char)s[2])) {
			sscanf(s + 1, "%2x", &byte);
			*out = byte == 0 ? '%' : (char)byte;
			s += 3;
		} else {
			*out = *s++;
		}
	}
	*out = '\0';
}

/* "name", "name:port", "[::1]:port" */
static int
take_name(struct hosturl *u, const char *s, size_t len, struct err *e)
{
	const char *end = s + len, *colon;

	if (len > 0 && s[0] == '[') {
		const char *shut = memchr(s, ']', len);

		if (shut == NULL || copy(u->name, sizeof u->name, s + 1,
					 (size_t)(shut - s) - 1, e) != 0)
			return refuse(e, "is not of the form");
		if (!is_number6(u->name) || (shut + 1 < end && shut[1] != ':'))
			return refuse(e, "is not of the form");
		colon = shut + 1 < end ? shut + 1 : NULL;
	} else {
		colon = memchr(s, ':', len);
		if (copy(u->name, sizeof u->name, s,
			 colon != NULL ? (size_t)(colon - s) : len, e) != 0)
			return -1;
		if (!is_name(u->name))
			return refuse(e, "holds no name of a host");
	}
	if (colon == NULL || colon + 1 == end)
		return 0;
	if (copy(u->port, sizeof u->port, colon + 1, (size_t)(end - colon) - 1,
		 e) != 0 ||
	    !is_port(u->port))
		return refuse(e, "holds a port that is none");
	return 0;
}

/* "user@name:port" */
static int
take_authority(struct hosturl *u, const char *s, size_t len, struct err *e)
{
	const char *at = memrchr(s, '@', len);
	size_t n;

	if (at != NULL) {
		n = (size_t)(at - s);
		if (memchr(s, ':', n) != NULL) {
			refuse(e, "holds a password");
			return err_hint(e, "give the user's name only: git's"
					   " credential helpers keep passwords"
					   " (git help credentials)");
		}
		if (copy(u->user, sizeof u->user, s, n, e) != 0)
			return -1;
		unescape(u->user);
		if (!is_user(u->user))
			return refuse(e, "holds a user's name that is none");
		len -= n + 1;
		s = at + 1;
	}
	return take_name(u, s, len, e);
}

static bool
is_loopback(const char *name)
{
	struct in_addr a;

	if (strcasecmp(name, "localhost") == 0 || strcmp(name, "::1") == 0)
		return true;
	return inet_pton(AF_INET, name, &a) == 1 &&
	       (ntohl(a.s_addr) >> 24) == 127;
}

static int
finish_http(struct hosturl *u, struct err *e)
{
	bool six = strchr(u->name, ':') != NULL;
	size_t n = strlen(u->path);

	if (u->kind == HOSTURL_HTTP && !is_loopback(u->name)) {
		refuse(e, "is http, which anyone on the way can read");
		return err_hint(e, "use https or ssh");
	}
	for (size_t i = 0; i < n; i++)
		if (u->path[i] <= ' ' || u->path[i] > '~' ||
		    strchr("?#\\\"<>^`{|}", u->path[i]) != NULL)
			return refuse(e, "holds a character that it cannot");
	while (n > 0 && u->path[n - 1] == '/')
		u->path[--n] = '\0';
	if (snprintf(u->base, sizeof u->base, "%s://%s%s%s%s%s%s",
		     u->kind == HOSTURL_HTTPS ? "https" : "http",
		     six ? "[" : "", u->name, six ? "]" : "",
		     u->port[0] != '\0' ? ":" : "", u->port,
		     u->path) >= (int)sizeof u->base)
		return refuse(e, "is too long");
	return 0;
}

static int
finish_ssh(struct hosturl *u, struct err *e)
{
	if (u->path[0] == '\0' || u->path[0] == '-' || u->path[0] == ':')
		return refuse(e, "holds no path of a repository");
	for (const char *p = u->path; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return refuse(e, "holds a character that it cannot");
	return 0;
}

/* user@host:path */
static int
parse_scp(const char *text, struct hosturl *u, struct err *e)
{
	const char *shut = strstr(text, "]:");
	const char *colon = shut != NULL ? shut + 1 : strchr(text, ':');

	u->kind = HOSTURL_SSH;
	if (colon == NULL || colon == text)
		return refuse(e, "is not of the form");
	if (take_authority(u, text, (size_t)(colon - text), e) != 0 ||
	    copy(u->path, sizeof u->path, colon + 1, strlen(colon + 1), e) != 0)
		return -1;
	return finish_ssh(u, e);
}

int
hosturl_parse(const char *text, struct hosturl *u, struct err *e)
{
	static const struct {
		const char *scheme;
		enum hosturl_kind kind;
	} known[] = {{"https://", HOSTURL_HTTPS},
		     {"http://", HOSTURL_HTTP},
		     {"ssh://", HOSTURL_SSH}};
	const char *rest = NULL, *slash;
	size_t n;

	memset(u, 0, sizeof *u);
	if (strlen(text) >= HOSTURL_MAX)
		return refuse(e, "is too long");
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		n = strlen(known[i].scheme);
		if (strncasecmp(text, known[i].scheme, n) == 0) {
			rest = text + n;
			u->kind = known[i].kind;
		}
	}
	if (rest == NULL && strstr(text, "://") != NULL)
		return refuse(e, "is neither https nor ssh");
	if (rest == NULL)
		return parse_scp(text, u, e);
	slash = strchr(rest, '/');
	n = slash != NULL ? (size_t)(slash - rest) : strlen(rest);
	if (take_authority(u, rest, n, e) != 0)
		return -1;
	if (slash == NULL)
		slash = "";
	/* ssh://host/~user/path is below that user's home */
	if (u->kind == HOSTURL_SSH && strncmp(slash, "/~", 2) == 0)
		slash++;
	if (copy(u->path, sizeof u->path, slash, strlen(slash), e) != 0)
		return -1;
	return u->kind == HOSTURL_SSH ? finish_ssh(u, e) : finish_http(u, e);
}

/*
 * Where a foreign URL leads, which need not have the form above. With `user`
 * or an odd character before the path it leads nowhere.
 */
static int
origin(const char *url, struct hosturl *u)
{
	const char *name = strstr(url, "://"), *end;
	struct err e = {0};

	memset(u, 0, sizeof *u);
	if (strncasecmp(url, "https://", 8) == 0)
		u->kind = HOSTURL_HTTPS;
	else if (strncasecmp(url, "http://", 7) == 0)
		u->kind = HOSTURL_HTTP;
	else
		return -1;
	name += 3;
	end = name + strcspn(name, "/?#");
	for (const char *p = url; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || *p == '\\')
			return -1;
	if (take_name(u, name, (size_t)(end - name), &e) != 0)
		return -1;
	if (u->port[0] == '\0')
		strcpy(u->port, u->kind == HOSTURL_HTTPS ? "443" : "80");
	return 0;
}

bool
hosturl_is_safe(const char *url)
{
	struct hosturl u;

	return origin(url, &u) == 0 &&
	       (u.kind == HOSTURL_HTTPS || is_loopback(u.name));
}

bool
hosturl_same_origin(const char *a, const char *b)
{
	struct hosturl x, y;

	return origin(a, &x) == 0 && origin(b, &y) == 0 && x.kind == y.kind &&
	       strcasecmp(x.name, y.name) == 0 && atoi(x.port) == atoi(y.port);
}

const char *
hosturl_shown(const char *url, char out[128])
{
	const char *name = strstr(url, "://");

	name = name != NULL ? name + 3 : url;
	return err_escape(out, 128, name, strcspn(name, "/?#"));
}
