#include "remotes.h"

#include "hex.h"
#include "host.h"
#include "local.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char file_path[] = "local/remotes.age";
static const char *const kinds[] = {"vault", "stick", "host"};
#define COUNT(a) (sizeof(a) / sizeof *(a))

const char *
remotes_kind_name(enum remote_kind kind)
{
	return kinds[kind];
}

static int
find_word(const char *const *words, size_t n, const char *text)
{
	for (size_t i = 0; text != NULL && i < n; i++)
		if (strcmp(words[i], text) == 0)
			return (int)i;
	return -1;
}

static void
free_remote(struct remote *r)
{
	for (size_t i = 0; i < r->n_to; i++)
		free(r->to[i]);
	free(r->to);
	free(r->where);
	heads_free(&r->seen);
	map_free(&r->owed);
}

void
remotes_free(struct remotes *r)
{
	for (size_t i = 0; i < r->n; i++)
		free_remote(&r->list[i]);
	free(r->list);
	memset(r, 0, sizeof *r);
}

/* -- as JSON -- */

static json_t *
heads_json(const struct heads *h)
{
	json_t *list = json_array();

	for (size_t i = 0; i < h->n; i++) {
		char hex[41];

		hex_encode(h->list[i].commit, GITFORM_OID_LEN, hex);
		json_array_append_new(
		    list, json_sprintf("%s %s", hex, h->list[i].branch));
	}
	return list;
}

static json_t *
hashes_json(const struct map *m)
{
	json_t *list = json_array();
	uint8_t sha256[MAP_KEY_LEN];
	size_t at = 0, value;

	while (map_next(m, &at, sha256, &value)) {
		char hex[65];

		hex_encode(sha256, HASH_LEN, hex);
		json_array_append_new(list, json_string(hex));
	}
	return list;
}

static json_t *
remote_json(const struct remote *r)
{
	json_t *to = json_array();

	for (size_t i = 0; i < r->n_to; i++)
		json_array_append_new(to, json_string(r->to[i]));
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "name", r->name,
			 "kind", kinds[r->kind], "where", r->where, "to", to,
			 "seen", heads_json(&r->seen), "owed",
			 hashes_json(&r->owed));
}

int
remotes_save(struct vault *v, const struct identity *id,
	     const struct remotes *r, struct err *e)
{
	json_t *list = json_array(), *doc;
	char *text;
	int rc;

	for (size_t i = 0; i < r->n; i++)
		json_array_append_new(list, remote_json(&r->list[i]));
	doc = json_pack("{s:i, s:o}", "version", 1, "remotes", list);
	text = doc != NULL && json_array_size(list) == r->n
		   ? json_dumps(doc, JSON_COMPACT | JSON_SORT_KEYS)
		   : NULL;
	rc = text == NULL
		 ? err_memory(e)
		 : local_write(v, id, file_path, text, strlen(text), e);
	json_decref(doc);
	free(text);
	return rc;
}

/* -- and back -- */

static const char *
text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static int
parse_heads(const json_t *list, struct heads *out)
{
	size_t i;
	json_t *s;

	json_array_foreach (list, i, s) {
		const char *t = json_string_value(s);
		uint8_t commit[GITFORM_OID_LEN];

		if (t == NULL || strlen(t) < 42 ||
		    strlen(t + 41) >= VAULT_BRANCH_MAX ||
		    hex_decode(t, GITFORM_OID_LEN, commit) != 0 ||
		    heads_add(out, t + 41, commit, NULL) != 0)
			return -1;
	}
	return 0;
}

static int
parse_hashes(const json_t *list, struct map *out)
{
	size_t i;
	json_t *s;

	json_array_foreach (list, i, s) {
		const char *t = json_string_value(s);
		uint8_t sha256[HASH_LEN];

		if (t == NULL || strlen(t) != 64 ||
		    hex_decode(t, HASH_LEN, sha256) != 0 ||
		    map_set(out, sha256, 1) != 0)
			return -1;
	}
	return 0;
}

static struct remote *
append(struct remotes *r)
{
	struct remote *p;

	if (r->n >= REMOTES_MAX)
		return NULL;
	p = realloc(r->list, (r->n + 1) * sizeof *p);
	if (p == NULL)
		return NULL;
	r->list = p;
	p += r->n++;
	memset(p, 0, sizeof *p);
	return p;
}

static int
parse_remote(const json_t *o, struct remotes *all)
{
	const char *name = text_of(o, "name"), *where = text_of(o, "where");
	int kind = find_word(kinds, COUNT(kinds), text_of(o, "kind"));
	struct remote *r = append(all);
	json_t *s;
	size_t i;

	if (r == NULL || name == NULL || strlen(name) >= REMOTES_NAME_MAX ||
	    where == NULL || kind < 0 || (r->where = strdup(where)) == NULL)
		return -1;
	strcpy(r->name, name);
	r->kind = (enum remote_kind)kind;
	json_array_foreach (json_object_get(o, "to"), i, s)
		if (!json_is_string(s) ||
		    remotes_add_to(r, json_string_value(s), NULL) != 0)
			return -1;
	if (parse_hashes(json_object_get(o, "owed"), &r->owed) != 0)
		return -1;
	return parse_heads(json_object_get(o, "seen"), &r->seen);
}

int
remotes_load(struct vault *v, const struct identity *id, struct remotes *out,
	     struct err *e)
{
	struct err inner = {0};
	struct secret *s = local_read(v, id, file_path, &inner);
	json_t *doc, *o;
	size_t i;
	int rc = 0;

	memset(out, 0, sizeof *out);
	if (inner.code != ERR_NONE) {
		err_set(e, inner.code, "%s", inner.msg);
		return err_hint(e, "remove that file to begin with no remotes");
	}
	if (s == NULL)
		return 0;
	doc = json_loadb((const char *)s->bytes, s->len, JSON_REJECT_DUPLICATES,
			 NULL);
	secret_free(s);
	json_array_foreach (json_object_get(doc, "remotes"), i, o)
		if (rc == 0)
			rc = parse_remote(o, out);
	json_decref(doc);
	if (doc != NULL && rc == 0)
		return 0;
	remotes_free(out);
	return err_set(e, ERR_UNKNOWN, "%s: not of the form", file_path);
}

/* -- changes -- */

struct remote *
remotes_find(struct remotes *r, const char *name, struct err *e)
{
	char shown[300];

	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->list[i].name, name) == 0)
			return &r->list[i];
	err_set(e, ERR_UNKNOWN, "%s: there is no remote of that name",
		err_escape(shown, sizeof shown, name, strlen(name)));
	err_hint(e, "muniment remote list shows them");
	return NULL;
}

/* Names are typed and printed: no control characters, no option. */
static bool
is_name(const char *name)
{
	json_t *utf8 = json_string(name);
	bool good = utf8 != NULL && name[0] != '\0' && name[0] != '-' &&
		    strlen(name) < REMOTES_NAME_MAX;

	for (const char *p = name; *p != '\0'; p++)
		good &= (unsigned char)*p >= ' ' && *p != 0x7f && *p != '/';
	json_decref(utf8);
	return good;
}

/* A folder with neither of a repository's two files is no vault. */
static bool
looks_like_vault(const char *dir)
{
	char head[FSUTIL_PATH], config[FSUTIL_PATH];

	return fsutil_join(head, dir, "HEAD", NULL) == 0 &&
	       fsutil_join(config, dir, "config", NULL) == 0 &&
	       fsutil_exists(head) && fsutil_exists(config);
}

static int
tell_kind(const char *where, enum remote_kind *kind, struct err *e)
{
	char shown[300];

	if (host_is_url(where)) {
		*kind = REMOTE_HOST;
	} else if (looks_like_vault(where)) {
		*kind = REMOTE_VAULT;
	} else if (fsutil_exists(where)) {
		*kind = REMOTE_STICK;
	} else {
		err_set(e, ERR_UNKNOWN, "%s: there is nothing yet",
			err_escape(shown, sizeof shown, where, strlen(where)));
		return err_hint(e, "--kind says what it will be: vault, stick"
				   " or host");
	}
	return 0;
}

/* The path from the root, malloc'ed. */
static char *
absolute(const char *path, struct err *e)
{
	char cwd[FSUTIL_PATH], out[FSUTIL_PATH];
	json_t *utf8 = json_string(path);

	json_decref(utf8);
	if (utf8 == NULL) {
		err_set(e, ERR_UNKNOWN, "a path that is not UTF-8");
		return NULL;
	}
	if (path[0] == '/')
		return strdup(path);
	if (getcwd(cwd, sizeof cwd) == NULL) {
		err_sys(e, "the current folder");
		return NULL;
	}
	return fsutil_join(out, cwd, path, e) == 0 ? strdup(out) : NULL;
}

int
remotes_add(struct remotes *r, const char *name, const char *where,
	    const char *kind, struct err *e)
{
	int k = find_word(kinds, COUNT(kinds), kind);
	enum remote_kind is = REMOTE_VAULT;
	struct remote *one;
	char *place;

	if (!is_name(name))
		return err_set(e, ERR_UNKNOWN,
			       "a name has 1 to %d bytes of UTF-8, no / and"
			       " no - in front",
			       REMOTES_NAME_MAX - 1);
	if (remotes_find(r, name, NULL) != NULL)
		return err_set(e, ERR_UNKNOWN,
			       "%s: there is a remote of that name", name);
	if (kind != NULL && k < 0)
		return err_set(e, ERR_UNKNOWN,
			       "the kinds are vault, stick and host");
	if (kind != NULL)
		is = (enum remote_kind)k;
	else if (tell_kind(where, &is, e) != 0)
		return -1;
	if (is == REMOTE_HOST && host_check(where, e) != 0)
		return -1;
	place = is == REMOTE_HOST ? strdup(where) : absolute(where, e);
	if (place == NULL)
		return e != NULL && e->code != ERR_NONE ? -1 : err_memory(e);
	one = append(r);
	if (one == NULL) {
		free(place);
		return err_set(e, ERR_UNKNOWN, "too many remotes");
	}
	strcpy(one->name, name);
	one->kind = is;
	one->where = place;
	return 0;
}

int
remotes_add_to(struct remote *r, const char *recipient, struct err *e)
{
	char **p = realloc(r->to, (r->n_to + 1) * sizeof *p);

	if (p == NULL)
		return err_memory(e);
	r->to = p;
	p[r->n_to] = strdup(recipient);
	if (p[r->n_to] == NULL)
		return err_memory(e);
	r->n_to++;
	return 0;
}

int
remotes_remove(struct remotes *r, const char *name, struct err *e)
{
	struct remote *one = remotes_find(r, name, e);

	if (one == NULL)
		return -1;
	free_remote(one);
	memmove(one, one + 1,
		(size_t)(r->list + r->n - (one + 1)) * sizeof *one);
	r->n--;
	return 0;
}
