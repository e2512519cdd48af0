#define _XOPEN_SOURCE 700
#include "lfsbatch.h"

#include "githttp.h"
#include "hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define REPLY_MAX (4u << 20)
#define TYPE "application/vnd.git-lfs+json"

static int
malformed(struct host *h, struct err *e)
{
	return h != NULL
		   ? host_fail(h, e, "its Git LFS answers in no known form")
		   : err_set(e, ERR_UNKNOWN,
			     "Git LFS answers in no known form");
}

/* Keep a string as long as the batch. */
static const char *
keep(struct lfsbatch *b, char *text)
{
	char **p;

	if (text == NULL)
		return NULL;
	p = realloc(b->strings, (b->n_strings + 1) * sizeof *p);
	if (p == NULL) {
		free(text);
		return NULL;
	}
	b->strings = p;
	return b->strings[b->n_strings++] = text;
}

/* A name and a value that cannot smuggle in another header. */
static bool
is_header(const char *name, const char *value)
{
	if (name[0] == '\0' || strlen(name) > 100 || strlen(value) > 16384)
		return false;
	for (const char *p = name; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || *p == ':')
			return false;
	for (const char *p = value; *p != '\0'; p++)
		if ((*p < ' ' && *p != '\t') || *p == 0x7f)
			return false;
	return true;
}

/* What would break the request rather than allow it. */
static bool
is_ours(const char *name)
{
	static const char *const ours[] = {
	    "Host",  "Connection", "Content-Length", "Transfer-Encoding",
	    "Range", "Expect",	   "Accept-Encoding"};

	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (strcasecmp(name, ours[i]) == 0)
			return true;
	return false;
}

static int
take_headers(struct lfsbatch *b, const json_t *headers,
	     struct lfsbatch_action *a, struct err *e)
{
	const char *name;
	json_t *value;

	if (headers == NULL || json_is_null(headers))
		return 0;
	if (!json_is_object(headers))
		return malformed(NULL, e);
	json_object_foreach ((json_t *)(uintptr_t)headers, name, value) {
		const char *text = json_string_value(value);
		char *line = NULL;

		if (text == NULL || !is_header(name, text) ||
		    a->n_headers == LFSBATCH_HEADERS)
			return malformed(NULL, e);
		if (is_ours(name))
			continue;
		if (asprintf(&line, "%s: %s", name, text) < 0)
			line = NULL;
		a->headers[a->n_headers] = keep(b, line);
		if (a->headers[a->n_headers] == NULL)
			return err_memory(e);
		a->n_headers++;
		a->authorised |= strcasecmp(name, "Authorization") == 0;
	}
	return 0;
}

/* "2026-01-31T12:34:56Z": when it ends, by the host's clock. */
static time_t
parse_time(const char *text)
{
	struct tm tm = {0};

	if (text == NULL || strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) == NULL)
		return 0;
	return timegm(&tm);
}

int
lfsbatch_action_decode(struct lfsbatch *b, const json_t *json,
		       struct lfsbatch_action *a, struct err *e)
{
	const char *href = json_string_value(json_object_get(json, "href"));
	json_t *in = json_object_get(json, "expires_in");
	char where[128];

	memset(a, 0, sizeof *a);
	if (href == NULL || strlen(href) > 8192)
		return malformed(NULL, e);
	if (!hosturl_is_safe(href))
		return err_set(e, ERR_UNKNOWN,
			       "Git LFS leads to %s, which is not https",
			       hosturl_shown(href, where));
	a->href = keep(b, strdup(href));
	if (a->href == NULL)
		return err_memory(e);
	/* a span needs no clock that is right */
	if (json_is_integer(in) && json_integer_value(in) > 0)
		a->until = time(NULL) + (time_t)json_integer_value(in);
	else
		a->until = parse_time(
		    json_string_value(json_object_get(json, "expires_at")));
	return take_headers(b, json_object_get(json, "header"), a, e);
}

/* The request's JSON, malloc'ed; NULL without memory. */
static char *
question(const struct lfsbatch *b)
{
	json_t *list = json_array(), *all;
	char *text;

	for (size_t i = 0; i < b->n; i++) {
		char hex[HASH_HEX_LEN + 1];

		hex_encode(b->list[i].o.sha256, HASH_LEN, hex);
		json_array_append_new(
		    list, json_pack("{s:s, s:I}", "oid", hex, "size",
				    (json_int_t)b->list[i].o.size));
	}
	all = json_pack("{s:s, s:[s], s:o, s:s}", "operation",
			b->upload ? "upload" : "download", "transfers", "basic",
			"objects", list, "hash_algo", "sha256");
	text = all != NULL ? json_dumps(all, JSON_COMPACT) : NULL;
	json_decref(all);
	return text;
}

/* The object that an answer is about, if it was asked for. */
static struct lfsbatch_object *
find(struct lfsbatch *b, const json_t *json)
{
	const char *oid = json_string_value(json_object_get(json, "oid"));
	json_t *size = json_object_get(json, "size");
	uint8_t sha256[HASH_LEN];

	if (oid == NULL || strlen(oid) != HASH_HEX_LEN ||
	    hex_decode(oid, HASH_LEN, sha256) != 0)
		return NULL;
	for (size_t i = 0; i < b->n; i++) {
		struct lfsbatch_object *o = &b->list[i];

		if (memcmp(o->o.sha256, sha256, HASH_LEN) != 0)
			continue;
		if (json_is_integer(size) &&
		    (uint64_t)json_integer_value(size) != o->o.size) {
			o->answered = true;
			o->code = 422;
			strcpy(o->why, "it has another size there");
			return NULL;
		}
		return o->answered ? NULL : o;
	}
	return NULL;
}

static int
take_object(struct lfsbatch *b, const json_t *json, struct err *e)
{
	struct lfsbatch_object *o = find(b, json);
	json_t *actions = json_object_get(json, "actions"), *a;
	json_t *error = json_object_get(json, "error");
	const char *text;

	if (o == NULL)
		return 0;
	o->answered = true;
	if (json_is_object(error)) {
		text = json_string_value(json_object_get(error, "message"));
		o->code =
		    (long)json_integer_value(json_object_get(error, "code"));
		if (o->code <= 0)
			o->code = 500;
		if (text != NULL)
			err_escape(o->why, sizeof o->why, text, strlen(text));
		return 0;
	}
	a = json_object_get(actions, b->upload ? "upload" : "download");
	if (a != NULL && lfsbatch_action_decode(b, a, &o->move, e) != 0)
		return -1;
	a = json_object_get(actions, "verify");
	return a == NULL || !b->upload
		   ? 0
		   : lfsbatch_action_decode(b, a, &o->verify, e);
}

static int
take_reply(struct host *h, struct lfsbatch *b, const char *text, size_t len,
	   struct err *e)
{
	json_t *list, *one, *transfer;
	struct err inner = {0};
	size_t i;

	b->json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	list = json_object_get(b->json, "objects");
	transfer = json_object_get(b->json, "transfer");
	if (!json_is_array(list) || json_array_size(list) > 4 * LFSBATCH_MAX)
		return malformed(h, e);
	if (transfer != NULL && !json_is_null(transfer) &&
	    (json_string_value(transfer) == NULL ||
	     strcmp(json_string_value(transfer), "basic") != 0))
		return host_fail(h, e,
				 "its Git LFS wants a way to transfer"
				 " that is not known here");
	json_array_foreach (list, i, one) {
		if (take_object(b, one, &inner) != 0)
			return host_fail(h, e, "%s", inner.msg);
	}
	return 0;
}

/* A reply of known size, in memory. */
struct buffer {
	char *bytes;
	size_t len;
};

static int
to_buffer(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct buffer *b = ctx;
	char *p = realloc(b->bytes, b->len + len);

	if (p == NULL)
		return err_memory(e);
	b->bytes = p;
	memcpy(p + b->len, bytes, len);
	b->len += len;
	return 0;
}

int
lfsbatch_ask(struct host *h, const struct lfsbatch_api *api, struct lfsbatch *b,
	     struct err *e)
{
	const char *headers[LFSBATCH_HEADERS + 2] = {"Accept: " TYPE,
						     "Content-Type: " TYPE};
	char url[8300], *body = question(b);
	struct child_text t = {.bytes = body,
			       .len = body != NULL ? strlen(body) : 0};
	struct buffer out = {0};
	struct githttp_request q = {.method = "POST",
				    .url = url,
				    .headers = headers,
				    .n_headers = 2 + api->with.n_headers,
				    .login = !api->with.authorised,
				    .source = child_give,
				    .rewind = child_rewind,
				    .source_ctx = &t,
				    .length = t.len,
				    .sink = to_buffer,
				    .sink_ctx = &out,
				    .max = REPLY_MAX};
	struct githttp_reply r;
	int rc = -1;

	if (body == NULL)
		return err_memory(e);
	for (size_t i = 0; i < api->with.n_headers; i++)
		headers[2 + i] = api->with.headers[i];
	snprintf(url, sizeof url, "%s/objects/batch", api->href);
	if (githttp_do(h, &q, &r, e) != 0)
		goto out;
	if (r.status == 200) {
		rc = take_reply(h, b, out.bytes, out.len, e);
	} else if (r.status == 404 || r.status == 501) {
		host_fail(h, e, "has no Git LFS for this repository (%ld)",
			  r.status);
		err_hint(e, "bulk needs a host with Git LFS");
	} else {
		githttp_refused(h, &r, "Git LFS", e);
	}
out:
	free(out.bytes);
	free(body);
	return rc;
}

void
lfsbatch_clear(struct lfsbatch *b)
{
	json_decref(b->json);
	b->json = NULL;
	for (size_t i = 0; i < b->n_strings; i++)
		free(b->strings[i]);
	free(b->strings);
	b->strings = NULL;
	b->n_strings = 0;
	for (size_t i = 0; i < b->n; i++) {
		struct lfshost_object o = b->list[i].o;

		memset(&b->list[i], 0, sizeof b->list[i]);
		b->list[i].o = o;
	}
}
