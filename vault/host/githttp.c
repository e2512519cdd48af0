#include "githttp.h"

#include "credential.h"
#include "secret.h"

#include <curl/curl.h>
#include <jansson.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define ORIGINS 4 /* hosts whose settings are remembered */

struct githttp {
	CURL *curl;
	/* git's http.sslCAInfo for a host; or empty */
	struct {
		char url[256], ca[4096];
	} known[ORIGINS];
	unsigned next;
};

/* A request on its way. */
struct exchange {
	struct host *h;
	CURL *curl;
	const struct githttp_request *q;
	struct githttp_reply *r;
	struct err *e;
	curl_off_t moved; /* bytes, both ways */
	time_t since;	  /* when the last of them moved */
	char trouble[CURL_ERROR_SIZE];
};

/* What curl frees may have been a password. */
static void
wipe_free(void *p)
{
	if (p == NULL)
		return;
	secret_wipe(p, malloc_usable_size(p));
	free(p);
}

static void *
wipe_realloc(void *old, size_t n)
{
	size_t had = old != NULL ? malloc_usable_size(old) : 0;
	void *p = malloc(n > 0 ? n : 1);

	if (p == NULL)
		return NULL;
	if (old != NULL)
		memcpy(p, old, had < n ? had : n);
	wipe_free(old);
	return p;
}

static struct githttp *
get(struct host *h, struct err *e)
{
	static bool started;
	struct githttp *c;

	if (h->http != NULL)
		return h->http;
	if (!started &&
	    curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wipe_free,
				 wipe_realloc, strdup, calloc) != CURLE_OK) {
		err_set(e, ERR_UNKNOWN, "libcurl cannot be used");
		return NULL;
	}
	started = true;
	c = calloc(1, sizeof *c);
	if (c != NULL)
		c->curl = curl_easy_init();
	if (c == NULL || c->curl == NULL) {
		free(c);
		err_memory(e);
		return NULL;
	}
	return h->http = c;
}

/* The authority that vouches for this URL's host; empty: curl's own. */
static const char *
authority(struct githttp *c, const char *url)
{
	const char *ca = getenv("GIT_SSL_CAINFO");
	unsigned at = c->next % ORIGINS;

	if (ca != NULL)
		return ca;
	for (unsigned i = 0; i < ORIGINS; i++)
		if (hosturl_same_origin(c->known[i].url, url))
			return c->known[i].ca;
	snprintf(c->known[at].url, sizeof c->known[at].url, "%.*s",
		 (int)(8 + strcspn(url + 8, "/?#")), url);
	credential_setting("http.sslcainfo", url, c->known[at].ca,
			   sizeof c->known[at].ca);
	c->next++;
	return c->known[at].ca;
}

void
githttp_free(struct githttp *c)
{
	if (c == NULL)
		return;
	curl_easy_cleanup(c->curl);
	free(c);
}

static size_t
on_body(char *bytes, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;
	struct githttp_reply *r = x->r;
	size_t len = size * n, room = sizeof r->said - 1 - r->n_said;
	long status = 0;

	curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status > 299) {
		memcpy(r->said + r->n_said, bytes, len < room ? len : room);
		r->n_said += len < room ? len : room;
		/* a long complaint says no more than a short one */
		return r->n_said < sizeof r->said - 1 ? len : 0;
	}
	r->status = status; /* the sink may want to know */
	r->got += len;
	if (r->got > x->q->max) {
		host_fail(x->h, x->e, "sends more than was asked for");
		return 0;
	}
	return x->q->sink == NULL ||
		       x->q->sink(x->q->sink_ctx, bytes, len, x->e) >= 0
		   ? len
		   : 0;
}

static size_t
on_send(char *buf, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;
	ssize_t got = x->q->source(x->q->source_ctx, buf, size * n, x->e);

	return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

static int
on_seek(void *ctx, curl_off_t offset, int origin)
{
	struct exchange *x = ctx;

	if (offset != 0 || origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	x->q->rewind(x->q->source_ctx);
	return CURL_SEEKFUNC_OK;
}

/* A clock that nobody sets. */
static time_t
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static int
on_progress(void *ctx, curl_off_t dl_total, curl_off_t dl, curl_off_t ul_total,
	    curl_off_t ul)
{
	struct exchange *x = ctx;
	curl_off_t now = x->q->source != NULL && x->q->length > 0 ? ul : dl;
	curl_off_t up = 0;

	(void)dl_total;
	(void)ul_total;
	if (x->q->what != NULL && now > 0)
		host_tell(x->h, x->q->what, x->q->before + (uint64_t)now,
			  x->q->total);
	/* reaching the host has a limit of its own */
	curl_easy_getinfo(x->curl, CURLINFO_PRETRANSFER_TIME_T, &up);
	if (dl + ul != x->moved || up == 0) {
		x->moved = dl + ul;
		x->since = seconds();
	}
	return seconds() - x->since >= (time_t)x->h->o.stall;
}

/* What holds for every request. */
static void
set_up(struct host *h, struct githttp *c, struct exchange *x)
{
	bool tls = strncasecmp(x->q->url, "https:", 6) == 0;
	const char *ca = tls ? authority(c, x->q->url) : "";
	CURL *u = c->curl;

	curl_easy_reset(u);
	curl_easy_setopt(u, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(u, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(u, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(u, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(u, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (ca[0] != '\0')
		curl_easy_setopt(u, CURLOPT_CAINFO, ca);
	curl_easy_setopt(u, CURLOPT_CONNECTTIMEOUT, (long)h->o.connect);
	curl_easy_setopt(u, CURLOPT_USERAGENT, "git/2 (muniment)");
	curl_easy_setopt(u, CURLOPT_ERRORBUFFER, x->trouble);
	curl_easy_setopt(u, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(u, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(u, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(u, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(u, CURLOPT_XFERINFODATA, x);
	/* what never leaves this machine needs no proxy */
	if (!tls)
		curl_easy_setopt(u, CURLOPT_PROXY, "");
}

static void
set_body(CURL *u, struct exchange *x)
{
	const struct githttp_request *q = x->q;

	if (strcmp(q->method, "GET") == 0) {
		curl_easy_setopt(u, CURLOPT_HTTPGET, 1L);
		return;
	}
	if (strcmp(q->method, "PUT") == 0) {
		curl_easy_setopt(u, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(u, CURLOPT_INFILESIZE_LARGE,
				 (curl_off_t)q->length);
	} else {
		curl_easy_setopt(u, CURLOPT_POST, 1L);
		curl_easy_setopt(u, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)q->length);
	}
	curl_easy_setopt(u, CURLOPT_READFUNCTION, on_send);
	curl_easy_setopt(u, CURLOPT_READDATA, x);
	curl_easy_setopt(u, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(u, CURLOPT_SEEKDATA, x);
}

/* The headers; NULL without memory. Some servers choke on Expect. */
static struct curl_slist *
headers(const struct githttp_request *q)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:"), *more;

	for (size_t i = 0; i < q->n_headers && list != NULL; i++) {
		more = curl_slist_append(list, q->headers[i]);
		if (more == NULL)
			curl_slist_free_all(list);
		list = more;
	}
	return list;
}

static int
fail_tls(struct host *h, const char *name, const char *why, struct err *e)
{
	err_set(e, ERR_UNKNOWN, "%s: its certificate is not trusted: %s", name,
		why);
	(void)h;
	return err_hint(e, "of a private host, give git its authority:"
			   " git config --global http.sslCAInfo FILE");
}

/* curl's failure as a clear line. */
static int
fail(struct exchange *x, CURLcode rc)
{
	struct host *h = x->h;
	char why[300], name[128];
	const char *text =
	    x->trouble[0] != '\0' ? x->trouble : curl_easy_strerror(rc);

	hosturl_shown(x->q->url, name);
	err_escape(why, sizeof why, text, strlen(text));
	switch (rc) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return err_set(x->e, ERR_UNKNOWN,
			       "%s: there is no such host, or no network",
			       name);
	case CURLE_COULDNT_CONNECT:
		return err_set(x->e, ERR_UNKNOWN, "%s: cannot be reached: %s",
			       name, why);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return fail_tls(h, name, why, x->e);
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(x->e, ERR_UNKNOWN, "%s: does not answer: %s",
			       name, why);
	case CURLE_ABORTED_BY_CALLBACK:
		/* one that never said a word will not begin to */
		h->passing = x->moved > 0;
		return err_set(x->e, ERR_UNKNOWN,
			       "%s: stopped: nothing came for %u seconds", name,
			       h->o.stall);
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_SSL_CONNECT_ERROR:
		h->passing = true;
		return err_set(x->e, ERR_UNKNOWN,
			       "%s: the connection broke: %s", name, why);
	default:
		return err_set(x->e, ERR_UNKNOWN, "%s: %s", name, why);
	}
}

/* Once, with or without our password. */
static int
perform(struct exchange *x, bool login)
{
	struct githttp *c = x->h->http;
	struct curl_slist *list = headers(x->q);
	const char *text = NULL;
	CURLcode rc;

	if (list == NULL)
		return err_memory(x->e);
	memset(x->r, 0, sizeof *x->r);
	x->trouble[0] = '\0';
	x->moved = 0;
	x->since = seconds();
	set_up(x->h, c, x);
	curl_easy_setopt(c->curl, CURLOPT_URL, x->q->url);
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, list);
	if (login) {
		curl_easy_setopt(c->curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl_easy_setopt(c->curl, CURLOPT_USERNAME,
				 (char *)x->h->login->user->bytes);
		curl_easy_setopt(c->curl, CURLOPT_PASSWORD,
				 (char *)x->h->login->password->bytes);
	}
	set_body(c->curl, x);
	rc = curl_easy_perform(c->curl);
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &x->r->status);
	curl_easy_getinfo(c->curl, CURLINFO_CONTENT_TYPE, &text);
	if (text != NULL)
		snprintf(x->r->type, sizeof x->r->type, "%s", text);
	text = NULL;
	curl_easy_getinfo(c->curl, CURLINFO_REDIRECT_URL, &text);
	if (text != NULL && strlen(text) < sizeof x->r->location)
		strcpy(x->r->location, text);
	curl_slist_free_all(list);
	/* a refusal counts, also when the rest of its text was not taken */
	if (rc == CURLE_OK || (x->r->status >= 300 && x->e->code == ERR_NONE))
		return 0;
	return x->e->code != ERR_NONE ? -1 : fail(x, rc);
}

/* The host wants a password, or another one. */
static int
log_in(struct exchange *x, bool again)
{
	struct host *h = x->h;

	if (again) {
		credential_wrong(h, h->login);
		credential_free(h->login);
		h->login = NULL;
		if (!h->o.terminal) {
			host_fail(h, x->e,
				  "does not accept the user's name and"
				  " password that git's credential helper has");
			return err_hint(x->e, "git credential approve gives it"
					      " another one");
		}
	}
	h->login = credential_get(h, x->e);
	if (h->login == NULL)
		return -1;
	if (x->q->rewind != NULL)
		x->q->rewind(x->q->source_ctx);
	return 0;
}

int
githttp_do(struct host *h, const struct githttp_request *q,
	   struct githttp_reply *r, struct err *e)
{
	struct githttp *c = get(h, e);
	struct exchange x = {.h = h, .q = q, .r = r, .e = e};
	bool ours = q->login && hosturl_same_origin(q->url, h->url.base);
	curl_off_t wait = 0;

	h->passing = false;
	h->wait = 0;
	if (c == NULL)
		return -1;
	x.curl = c->curl;
	for (int attempt = 0;; attempt++) {
		bool login = ours && h->login != NULL;

		if (perform(&x, login) != 0)
			return -1;
		if (r->status != 401 || !ours || attempt == 3) {
			if (login && r->status != 401)
				credential_right(h, h->login);
			break;
		}
		if (log_in(&x, login) != 0)
			return -1;
	}
	curl_easy_getinfo(c->curl, CURLINFO_RETRY_AFTER, &wait);
	h->wait = wait > 0 ? (unsigned)(wait < 3600 ? wait : 3600) : 0;
	h->passing = r->status == 429 || r->status == 502 || r->status == 503 ||
		     r->status == 504;
	return 0;
}

/* The words of a status, for people. */
static const char *
words(long status)
{
	switch (status) {
	case 401:
		return "wants another user's name and password";
	case 403:
		return "does not allow it";
	case 404:
	case 410:
		return "has no such repository, or does not show it";
	case 407:
		return "the proxy wants a password";
	case 413:
		return "takes nothing that large";
	case 422:
		return "does not take what was sent";
	case 429:
		return "wants us to come back later";
	case 507:
		return "is full";
	default:
		return status >= 500 ? "is in trouble" : "refuses";
	}
}

/* What the host says about it: one line of plain text, or of Git LFS's JSON. */
static void
first_line(const struct githttp_reply *r, char out[200])
{
	size_t n = strcspn(r->said, "\r\n");
	const char *text = r->said;
	json_t *json = NULL;

	out[0] = '\0';
	if (strstr(r->type, "json") != NULL) {
		json = json_loadb(r->said, r->n_said, JSON_REJECT_DUPLICATES,
				  NULL);
		text = json_string_value(json_object_get(json, "message"));
		n = text != NULL ? strcspn(text, "\r\n") : 0;
	} else if (strncmp(r->type, "text/plain", 10) != 0) {
		n = 0;
	}
	if (n > 0)
		err_escape(out, 200, text, n < 160 ? n : 160);
	json_decref(json);
}

int
githttp_refused(struct host *h, const struct githttp_reply *r,
		const char *doing, struct err *e)
{
	char line[200], where[128];

	if (r->status >= 300 && r->status < 400 && r->location[0] != '\0') {
		host_fail(h, e, "%s: it sends us on to %s", doing,
			  hosturl_shown(r->location, where));
		return err_hint(e, "if that is right, give that address as the"
				   " remote");
	}
	first_line(r, line);
	return host_fail(h, e, "%s: the host %s (%ld%s%s)", doing,
			 words(r->status), r->status,
			 line[0] != '\0' ? ": " : "", line);
}
