#include "stampdesk.h"

#include "clock.h"
#include "desk_inside.h"
#include "fsutil.h"
#include "newfile.h"
#include "stamp_make.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static json_t *
request_json(const char *path, const struct stamp_request *r, struct err *e)
{
	json_t *o = desk_made(json_object(), e);
	char hex[65], shown[300];

	if (o == NULL)
		return NULL;
	json_object_set_new(o, "of", json_integer((json_int_t)r->of));
	if (r->len == 0) {
		json_object_set_new(o, "nothing", json_true());
		return o;
	}
	hex_encode(r->entry, HASH_LEN, hex);
	json_object_set_new(
	    o, "request",
	    json_string(err_escape(shown, sizeof shown, path, strlen(path))));
	json_object_set_new(o, "hash",
			    json_string(timestamp_hash_name(r->hash)));
	json_object_set_new(o, "left", json_integer((json_int_t)r->left));
	json_object_set_new(o, "again", json_boolean(r->again));
	json_object_set_new(o, "entry", json_string(hex));
	return o;
}

/* The request is known to the vault by now; its file can be made anew. */
static int
write_request(struct newfile **f, const struct stamp_request *r, struct err *e)
{
	struct newfile *file = *f;

	if (r->len == 0)
		return 0;
	if (fsutil_write_all(newfile_fd(file), r->der, r->len, e) != 0)
		return -1;
	*f = NULL;
	return newfile_commit(file, e);
}

json_t *
stampdesk_ask(struct desk *d, const char *path, bool all, struct err *e)
{
	struct newfile *f = newfile_open(path, e);
	struct stamp_request r;
	json_t *o = NULL;

	if (f != NULL && stamp_ask(d->x, all, &r, e) == 0 &&
	    write_request(&f, &r, e) == 0)
		o = request_json(path, &r, e);
	newfile_abort(f);
	return o;
}

json_t *
stampdesk_renew(struct desk *d, const char *path, unsigned months,
		struct err *e)
{
	struct newfile *f = newfile_open(path, e);
	struct stamp_request r;
	json_t *o = NULL;
	size_t late;

	if (f != NULL && stamp_renew(d->x, months, &r, &late, e) == 0 &&
	    write_request(&f, &r, e) == 0)
		o = request_json(path, &r, e);
	if (o != NULL)
		json_object_set_new(o, "late", json_integer((json_int_t)late));
	newfile_abort(f);
	return o;
}

static int
read_list(const char *const *paths, size_t n, enum timestamp_kind kind,
	  struct timestamp_list *out, struct err *e)
{
	char shown[300], *bytes;
	size_t len;

	for (size_t i = 0; i < n; i++) {
		int rc;

		if (fsutil_read(paths[i], TIMESTAMP_PEM_MAX, &bytes, &len, e) !=
		    0)
			return -1;
		rc = timestamp_list_read(out, kind, bytes, len);
		free(bytes);
		if (rc == 0)
			continue;
		err_escape(shown, sizeof shown, paths[i], strlen(paths[i]));
		return err_set(e, ERR_UNKNOWN, "%s: not %s that can be read",
			       shown,
			       kind == TIMESTAMP_CRL ? "a revocation list (CRL)"
						     : "a certificate");
	}
	return 0;
}

static json_t *
error_json(const struct err *e)
{
	json_t *o = json_object();

	json_object_set_new(o, "error", json_string(e->msg));
	if (e->hint[0] != '\0')
		json_object_set_new(o, "hint", json_string(e->hint));
	return o;
}

static json_t *
imported_json(const struct stamp_imported *m)
{
	json_t *o = stamp_verdict_json(&m->verdict);
	char hex[65];

	hex_encode(m->entry, HASH_LEN, hex);
	json_object_set_new(o, "entry", json_string(hex));
	json_object_set_new(o, "of", json_integer((json_int_t)m->covers));
	json_object_set_new(o, "renewal", json_boolean(m->renews));
	json_object_set_new(o, "known", json_boolean(m->known));
	return o;
}

/* One reply; what is wrong with it is its own affair. */
static json_t *
import_one(struct desk *d, const char *path, const struct timestamp_list *chain,
	   const struct timestamp_list *crls, enum err_code *worst)
{
	struct stamp_imported m;
	struct err e = {0};
	char *bytes = NULL, shown[300];
	json_t *o;
	size_t len;

	if (fsutil_read(path, TIMESTAMP_REPLY_MAX, &bytes, &len, &e) == 0)
		(void)stamp_import(d->x, bytes, len, chain, crls, &m, &e);
	free(bytes);
	if (e.code == ERR_NONE && !m.known)
		(void)index_refresh(d->x, &e);
	o = e.code == ERR_NONE ? imported_json(&m) : error_json(&e);
	json_object_set_new(
	    o, "file",
	    json_string(err_escape(shown, sizeof shown, path, strlen(path))));
	/* evidence before what is merely not known */
	if (e.code == ERR_EVIDENCE ||
	    (e.code != ERR_NONE && *worst == ERR_NONE))
		*worst = (enum err_code)e.code;
	return o;
}

json_t *
stampdesk_import(struct desk *d, const struct stampdesk_files *f,
		 enum err_code *worst, struct err *e)
{
	struct timestamp_list chain = {0}, crls = {0};
	json_t *list = NULL;
	size_t n;

	*worst = ERR_NONE;
	if (read_list(f->chains, f->n_chains, TIMESTAMP_CERT, &chain, e) != 0 ||
	    read_list(f->crls, f->n_crls, TIMESTAMP_CRL, &crls, e) != 0)
		goto out;
	if (f->n_replies == 0 && stamp_crls(d->x, &crls, &n, e) != 0)
		goto out;
	list = desk_made(json_array(), e);
	if (list != NULL && f->n_replies == 0)
		json_array_append_new(
		    list, json_pack("{s:I}", "revocation", (json_int_t)n));
	for (size_t i = 0; list != NULL && i < f->n_replies; i++)
		json_array_append_new(
		    list, import_one(d, f->replies[i], &chain, &crls, worst));
out:
	timestamp_list_free(&chain);
	timestamp_list_free(&crls);
	return list;
}

static json_t *
cert_json(const struct timestamp_cert *c, struct err *e)
{
	char hex[65], from[CLOCK_LEN], to[CLOCK_LEN], shown[1100];

	hex_encode(c->sha256, HASH_LEN, hex);
	clock_format((time_t)c->not_before, from);
	clock_format((time_t)c->not_after, to);
	err_escape(shown, sizeof shown, c->subject, strlen(c->subject));
	return desk_made(json_pack("{s:s,s:s,s:s,s:s}", "subject", shown,
				   "sha256", hex, "not_before", from,
				   "not_after", to),
			 e);
}

json_t *
stampdesk_root_add(struct desk *d, const char *path, struct err *e)
{
	struct timestamp_list l = {0};
	struct timestamp_cert c;
	json_t *o = NULL;
	bool known;

	if (read_list(&path, 1, TIMESTAMP_CERT, &l, e) != 0)
		goto out;
	if (l.n != 1) {
		err_set(e, ERR_UNKNOWN,
			"it holds %zu certificates: roots are added one by"
			" one, each compared",
			l.n);
		goto out;
	}
	if (stamp_root_add(d->x, &l.list[0], &known, e) != 0 ||
	    timestamp_cert(&l.list[0], &c) != 0)
		goto out;
	o = cert_json(&c, e);
	if (o != NULL)
		json_object_set_new(o, "known", json_boolean(known));
out:
	timestamp_list_free(&l);
	return o;
}

json_t *
stampdesk_root_remove(struct desk *d, const char *sha256, struct err *e)
{
	struct timestamp_cert c;

	return stamp_root_remove(d->x, sha256, &c, e) == 0 ? cert_json(&c, e)
							   : NULL;
}

json_t *
stampdesk_roots(struct desk *d, struct err *e)
{
	struct stamps *s = stamps_new(d->x, (int64_t)time(NULL), e);
	json_t *o = s != NULL ? desk_made(stamps_roots_json(s), e) : NULL;

	stamps_free(s);
	return o;
}

json_t *
stampdesk_list(struct desk *d, unsigned months, struct err *e)
{
	struct stamps *s = stamps_new(d->x, (int64_t)time(NULL), e);
	json_t *o = s != NULL ? stamps_json(s, months, e) : NULL;

	stamps_free(s);
	return o;
}
