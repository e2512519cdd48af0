#include "httppost.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URL_MAX 1000	/* bytes of what the user gives */
#define CONNECT_TIME 30 /* seconds to reach the host */
#define ANSWER_TIME 90	/* seconds for one question altogether */

struct httppost {
	CURL *curl;
	char url[URL_MAX];
	bool local; /* http to this machine */
	char *body;
	size_t len;
	bool long_answer;
	char trouble[CURL_ERROR_SIZE];
};

static int
bad_url(struct err *e, const char *url, const char *why)
{
	char shown[200];

	return err_set(e, ERR_UNKNOWN, "%s: %s",
		       err_escape(shown, sizeof shown, url, strlen(url)), why);
}

/* 127.0.0.0/8 or ::1, in digits: names can be made to mean anything. */
static bool
is_loopback(const char *host)
{
	unsigned a, b, c, d;
	char more;

	return strcmp(host, "[::1]") == 0 ||
	       (sscanf(host, "%3u.%3u.%3u.%3u%c", &a, &b, &c, &d, &more) == 4 &&
		a == 127 && b < 256 && c < 256 && d < 256);
}

/* One part of a URL; "" if it has none. */
static void
part(CURLU *u, CURLUPart what, char *out, size_t cap)
{
	char *s = NULL;

	out[0] = '\0';
	if (curl_url_get(u, what, &s, 0) == CURLUE_OK && s != NULL)
		snprintf(out, cap, "%s", s);
	curl_free(s);
}

/* Why it cannot be asked; NULL if it can. */
static const char *
check_url(const char *url, bool insecure, bool *local)
{
	char scheme[16], host[256], rest[8];
	CURLU *u = curl_url();
	const char *why = NULL;

	if (u == NULL)
		return "no memory";
	if (strlen(url) >= URL_MAX ||
	    curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK)
		why = "not a URL";
	part(u, CURLUPART_SCHEME, scheme, sizeof scheme);
	part(u, CURLUPART_HOST, host, sizeof host);
	*local = strcmp(scheme, "http") == 0;
	if (why == NULL && *local && (!insecure || !is_loopback(host)))
		why = "plain http is for addresses like 127.0.0.1, with"
		      " --insecure-http";
	else if (why == NULL && !*local && strcmp(scheme, "https") != 0)
		why = "neither https nor http";
	for (CURLUPart k = CURLUPART_USER;
	     why == NULL && k <= CURLUPART_OPTIONS; k++) {
		part(u, k, rest, sizeof rest);
		if (rest[0] != '\0')
			why = "a URL cannot hold a user or a password";
	}
	part(u, CURLUPART_QUERY, rest, sizeof rest);
	if (why == NULL && rest[0] != '\0')
		why = "it holds a question mark";
	part(u, CURLUPART_FRAGMENT, rest, sizeof rest);
	if (why == NULL && rest[0] != '\0')
		why = "it holds a number sign";
	curl_url_cleanup(u);
	return why;
}

struct httppost *
httppost_new(const char *url, bool insecure, struct err *e)
{
	struct httppost *p = calloc(1, sizeof *p);
	const char *why;
	size_t n;

	if (p == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(p);
		err_set(e, ERR_UNKNOWN, "libcurl cannot be used");
		return NULL;
	}
	why = check_url(url, insecure, &p->local);
	if (why != NULL) {
		bad_url(e, url, why);
		free(p);
		return NULL;
	}
	snprintf(p->url, sizeof p->url, "%s", url);
	for (n = strlen(p->url); n > 0 && p->url[n - 1] == '/'; n--)
		p->url[n - 1] = '\0';
	p->curl = curl_easy_init();
	p->body = malloc(HTTPPOST_REPLY_MAX + 1);
	if (p->curl == NULL || p->body == NULL) {
		err_memory(e);
		httppost_free(p);
		return NULL;
	}
	return p;
}

void
httppost_free(struct httppost *p)
{
	if (p == NULL)
		return;
	if (p->curl != NULL)
		curl_easy_cleanup(p->curl);
	free(p->body);
	free(p);
}

static size_t
take(char *bytes, size_t size, size_t n, void *ctx)
{
	struct httppost *p = ctx;
	size_t len = size * n;

	if (len > HTTPPOST_REPLY_MAX - p->len) {
		p->long_answer = true;
		return 0;
	}
	memcpy(p->body + p->len, bytes, len);
	p->len += len;
	return len;
}

static void
set_up(struct httppost *p, const char *url, const void *body, size_t len)
{
	CURL *c = p->curl;

	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, p->local ? "http" : "https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIME);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)ANSWER_TIME);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, p->trouble);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, p);
	curl_easy_setopt(c, CURLOPT_POST, 1L);
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
	/* what does not leave this machine needs no proxy */
	if (p->local)
		curl_easy_setopt(c, CURLOPT_PROXY, "");
}

static int
failed(struct httppost *p, CURLcode rc, struct err *e)
{
	const char *text =
	    p->trouble[0] != '\0' ? p->trouble : curl_easy_strerror(rc);
	char host[200], why[200];

	err_escape(host, sizeof host, p->url, strlen(p->url));
	if (p->long_answer)
		return err_set(e, ERR_UNKNOWN, "%s: answers too much", host);
	return err_set(e, ERR_UNKNOWN, "%s: %s", host,
		       err_escape(why, sizeof why, text, strlen(text)));
}

int
httppost_ask(struct httppost *p, const char *path, const void *body, size_t len,
	     struct httppost_reply *reply, struct err *e)
{
	struct curl_slist *headers;
	char url[URL_MAX + 200];
	CURLcode rc;

	snprintf(url, sizeof url, "%s/%.100s", p->url, path);
	p->len = 0;
	p->long_answer = false;
	p->trouble[0] = '\0';
	/* no asking back before so short a body is sent */
	headers = curl_slist_append(NULL, "Expect:");
	if (headers == NULL)
		return err_memory(e);
	set_up(p, url, body, len);
	curl_easy_setopt(p->curl, CURLOPT_HTTPHEADER, headers);
	rc = curl_easy_perform(p->curl);
	curl_easy_setopt(p->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	if (rc != CURLE_OK)
		return failed(p, rc, e);
	p->body[p->len] = '\0';
	reply->body = p->body;
	reply->len = p->len;
	curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &reply->status);
	return 0;
}
