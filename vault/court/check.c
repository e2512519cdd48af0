#include "check_inside.h"

#include "base64.h"
#include "clock.h"
#include "sshsig.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const names[CHECK_NAMES] = {
    "package", "files",	   "seal",	"originals",  "fields",
    "entries", "batch",	   "log",	"checkpoint", "cosignatures",
    "stamps",  "renewals", "redaction", "count",
};
static const char *const results[] = {"holds", "fails", "unknown"};

void
check_say(struct check *c, enum check_name name, enum check_result r,
	  const char *fmt, ...)
{
	struct check_verdict *v = &c->v[name];
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	v->applies = true;
	if (v->count[r]++ == 0 && r != CHECK_HOLDS)
		memcpy(v->first[r - 1], text, sizeof text);
	/* those that hold must not crowd out the others */
	if (v->count[r] > CHECK_LINES_MAX)
		return;
	json_array_append_new(v->lines, json_pack("{s:s, s:s}", "result",
						  results[r], "text", text));
}

void
check_sum(struct check *c, enum check_name name, const char *fmt, ...)
{
	struct check_verdict *v = &c->v[name];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->summary, sizeof v->summary, fmt, ap);
	va_end(ap);
	v->applies = true;
}

void
check_compare(struct check *c, const char *what, const char *value,
	      const char *of)
{
	json_t *o;
	size_t i;

	json_array_foreach (c->compare, i, o)
		if (strcmp(check_text(json_object_get(o, "what")), what) == 0 &&
		    strcmp(check_text(json_object_get(o, "value")), value) == 0)
			return;
	json_array_append_new(c->compare,
			      json_pack("{s:s, s:s, s:s}", "what", what,
					"value", value, "of", of));
}

struct package_file *
check_take(struct check *c, const char *path)
{
	struct package_file *f = package_find(c->p, path);

	if (f != NULL)
		c->taken[f - c->files] = true;
	return f;
}

bool
check_is_broken(struct check *c, const struct err *e, enum check_name name)
{
	if (e->code == ERR_EVIDENCE) {
		check_say(c, name, CHECK_FAILS, "%s", e->msg);
		return false;
	}
	if (c->broken.code == ERR_NONE)
		c->broken = *e;
	return true;
}

char *
check_read(struct check *c, enum check_name name, const char *path, size_t max,
	   size_t *len)
{
	struct package_file *f = check_take(c, path);
	struct err e = {0};
	char *text = NULL;

	*len = 0;
	if (f == NULL)
		check_say(c, name, CHECK_FAILS, "%s is missing", path);
	else if (package_read(c->p, f, max, &text, len, &e) != 0)
		check_is_broken(c, &e, name);
	return text;
}

void
check_fingerprint(const uint8_t pub[32], char out[CHECK_FINGERPRINT_MAX])
{
	static const uint8_t head[] = "\0\0\0\x0bssh-ed25519\0\0\0\x20";
	uint8_t blob[sizeof head - 1 + 32], digest[HASH_LEN];
	size_t n = 7;

	memcpy(blob, head, sizeof head - 1);
	memcpy(blob + sizeof head - 1, pub, 32);
	hash_sha256(blob, sizeof blob, digest);
	memcpy(out, "SHA256:", n);
	n += base64_encode(digest, sizeof digest, false, out + n);
	out[n] = '\0';
}

json_t *
check_field(const struct check_entry *n, const char *name)
{
	const struct exproof_field *f = exproof_find(&n->proof, name);

	return f != NULL ? json_loads(f->value, JSON_DECODE_ANY, NULL) : NULL;
}

const char *
check_text(const json_t *v)
{
	const char *s = json_string_value(v);

	return s != NULL ? s : "";
}

void
check_time(int64_t t, char out[CHECK_TIME_MAX])
{
	char form[CLOCK_LEN];

	/* years of four digits */
	if (t < 0 || t > INT64_C(253402300799)) {
		snprintf(out, CHECK_TIME_MAX, "%lld", (long long)t);
		return;
	}
	clock_format((time_t)t, form);
	snprintf(out, CHECK_TIME_MAX, "%s", form);
}

static enum check_result
result_of(const struct check_verdict *v)
{
	return v->count[CHECK_FAILS] > 0     ? CHECK_FAILS
	       : v->count[CHECK_UNKNOWN] > 0 ? CHECK_UNKNOWN
					     : CHECK_HOLDS;
}

static json_t *
verdict_json(const struct check_verdict *v, const char *name)
{
	enum check_result r = result_of(v);
	const char *text = r == CHECK_HOLDS ? v->summary : v->first[r - 1];

	return json_pack("{s:s, s:s, s:s, s:O}", "name", name, "result",
			 results[r], "text", text, "lines", v->lines);
}

/* Fails if any does, else unknown if any is. */
static json_t *
verdicts_json(const struct check *c, enum check_result *all)
{
	json_t *list = json_array();

	*all = CHECK_HOLDS;
	for (size_t i = 0; i < CHECK_NAMES; i++) {
		enum check_result r = result_of(&c->v[i]);

		if (!c->v[i].applies || (c->o->parts && r == CHECK_HOLDS &&
					 i <= (size_t)CHECK_SEAL))
			continue;
		if (r == CHECK_FAILS ||
		    (r == CHECK_UNKNOWN && *all == CHECK_HOLDS))
			*all = r;
		json_array_append_new(list, verdict_json(&c->v[i], names[i]));
	}
	return list;
}

static json_t *
report(struct check *c)
{
	enum check_result all;
	json_t *o = json_object(), *list = verdicts_json(c, &all);
	char tool[EXINDEX_BY_MAX + 16], hex[65];

	json_object_set_new(o, "result", json_string(results[all]));
	json_object_set_new(o, "status", json_integer(all));
	if (c->id[0] != '\0')
		json_object_set_new(o, "id", json_string(c->id));
	if (c->has_index) {
		snprintf(tool, sizeof tool, "muniment %s", c->x.by);
		hex_encode(c->x.verifier, 32, hex);
		json_object_set_new(o, "made", json_string(c->x.made));
		json_object_set_new(o, "tool", json_string(tool));
		json_object_set_new(o, "vault", json_string(c->x.vault));
		json_object_set_new(o, "verifier", json_string(hex));
		json_object_set_new(o, "items", check_items(c));
	}
	json_object_set_new(o, "checks", list);
	json_object_set(o, "compare", c->compare);
	json_object_set_new(o, "limits", check_limits(c));
	return o;
}

/* What comes behind a part that cannot be read. */
static void
not_reached(struct check *c)
{
	for (size_t i = CHECK_ORIGINALS; i <= CHECK_STAMPS; i++)
		check_say(c, (enum check_name)i, CHECK_UNKNOWN,
			  "proof/exhibit.txt cannot be read");
}

static bool
is_broken(const struct check *c)
{
	return c->broken.code != ERR_NONE;
}

static void
run(struct check *c)
{
	check_bag(c);
	if (!is_broken(c))
		check_index(c);
	if (is_broken(c))
		return;
	if (!c->has_index) {
		not_reached(c);
		return;
	}
	check_entries(c);
	if (!is_broken(c))
		check_logs(c);
	if (!is_broken(c))
		check_stamps(c);
	if (!is_broken(c))
		check_coverage(c);
	if (!is_broken(c))
		check_count(c);
	if (!is_broken(c))
		check_leftovers(c);
}

/* The form of --key: a fingerprint or an SSH key line. */
static bool
is_key(const char *text)
{
	uint8_t bytes[64];
	size_t n = strlen(text), got = 0;

	if (strncmp(text, "SHA256:", 7) == 0)
		return base64_decode(text + 7, n - 7, false, bytes,
				     sizeof bytes, &got) == 0 &&
		       got == HASH_LEN;
	if (n > SSHSIG_KEY_LINE_LEN && text[SSHSIG_KEY_LINE_LEN] == ' ')
		n = SSHSIG_KEY_LINE_LEN; /* a comment goes on */
	return sshsig_key_line_decode(text, n, bytes) == FORMAT_OK;
}

static int
set_up(struct check *c, const char *path, struct err *e)
{
	if (c->o->key != NULL && !is_key(c->o->key)) {
		err_set(e, ERR_UNKNOWN,
			"the key is neither a fingerprint nor an SSH key line");
		return err_hint(e, "ssh-keygen -l -f FILE prints SHA256:...");
	}
	c->p = package_open(path, e);
	if (c->p == NULL)
		return -1;
	c->files = package_files(c->p, &c->n_files);
	c->taken = calloc(c->n_files + 1, sizeof *c->taken);
	c->compare = json_array();
	c->room = CHECK_ROOM;
	c->now = c->o->now != 0 ? c->o->now : (int64_t)time(NULL);
	for (size_t i = 0; i < CHECK_NAMES; i++) {
		c->v[i].lines = json_array();
		if (c->v[i].lines == NULL)
			return err_memory(e);
	}
	return c->taken != NULL && c->compare != NULL ? 0 : err_memory(e);
}

static void
tear_down(struct check *c)
{
	for (size_t i = 0; c->entries != NULL && i < c->x.n_entries; i++) {
		exproof_free(&c->entries[i].proof);
		free(c->entries[i].under);
	}
	for (size_t i = 0; c->checkpoints != NULL && i < c->x.n_checkpoints;
	     i++) {
		free(c->checkpoints[i].text);
		free(c->checkpoints[i].note);
	}
	free(c->entries);
	free(c->checkpoints);
	free(c->cosigned);
	free(c->used);
	free(c->stamps);
	free(c->earlier);
	timestamp_list_free(&c->roots);
	policytext_free(&c->policy);
	exindex_free(&c->x);
	for (size_t i = 0; i < CHECK_NAMES; i++)
		json_decref(c->v[i].lines);
	json_decref(c->compare);
	free(c->taken);
	package_close(c->p);
}

json_t *
check_package(const char *path, const struct check_options *o, struct err *e)
{
	struct check *c = calloc(1, sizeof *c);
	json_t *out = NULL;

	if (c == NULL) {
		err_memory(e);
		return NULL;
	}
	c->o = o;
	if (set_up(c, path, e) == 0) {
		run(c);
		if (is_broken(c))
			*e = c->broken;
		else
			out = report(c);
	}
	tear_down(c);
	free(c);
	return out;
}
