#include "gitadvert.h"

#include "ed25519.h"
#include "hex.h"

#include <stdlib.h>
#include <string.h>

#define OID_HEX 40

/* A device's name, or that of the other side of a fork (FORMAT.md 2). */
static bool
is_branch(const char *name)
{
	size_t n = strlen(name);
	uint8_t key[32];

	if (n != BATCH_DEVICE_LEN &&
	    (n != BATCH_DEVICE_LEN + 33 || name[BATCH_DEVICE_LEN] != '.' ||
	     !hex_is(name + BATCH_DEVICE_LEN + 1, 32)))
		return false;
	return batch_device_key(name, BATCH_DEVICE_LEN, key) == 0 &&
	       ed25519_is_valid(key);
}

static int
add(struct gitadvert *a, const char *name, const uint8_t *oid, struct err *e)
{
	if (a->n == GITREMOTE_BRANCHES_MAX)
		return err_set(e, ERR_EVIDENCE, "it has too many branches");
	if (a->n == a->cap) {
		size_t cap = a->cap > 0 ? 2 * a->cap : 32;
		void *p = realloc(a->list, cap * sizeof *a->list);

		if (p == NULL)
			return err_memory(e);
		a->list = p;
		a->cap = cap;
	}
	strcpy(a->list[a->n].name, name);
	memcpy(a->list[a->n++].commit, oid, GITFORM_OID_LEN);
	return 0;
}

static int
by_name(const void *x, const void *y)
{
	const struct gitremote_branch *a = x, *b = y;

	return strcmp(a->name, b->name);
}

/* The flush: all branches have come. */
static int
finish(struct gitadvert *a, struct err *e)
{
	if (a->n > 0)
		qsort(a->list, a->n, sizeof *a->list, by_name);
	for (size_t i = 1; i < a->n; i++)
		if (strcmp(a->list[i - 1].name, a->list[i].name) == 0)
			return err_set(e, ERR_EVIDENCE,
				       "it names a branch twice");
	if (strstr(a->caps, " object-format=sha256") != NULL)
		return err_set(e, ERR_UNKNOWN,
			       "its repository has SHA-256 names, which no"
			       " vault has");
	a->whole = true;
	return 1;
}

/* What stands behind the first reference. */
static int
take_caps(struct gitadvert *a, const char *text, size_t len, struct err *e)
{
	size_t ref = strlen(text), n;

	if (ref < len) {
		n = len - ref - 1;
		if (n + 3 > sizeof a->caps)
			return err_set(e, ERR_UNKNOWN,
				       "what it announces is too long");
		a->caps[0] = ' ';
		memcpy(a->caps + 1, text + ref + 1, n);
		if (memchr(a->caps, '\0', n + 1) != NULL)
			return err_set(e, ERR_UNKNOWN,
				       "what it announces is not git's");
		strcpy(a->caps + 1 + n, " ");
	}
	a->begun = true;
	return 0;
}

static int
take_line(struct gitadvert *a, struct err *e)
{
	static const uint8_t none[GITFORM_OID_LEN];
	uint8_t oid[GITFORM_OID_LEN];
	char shown[200];
	size_t len;
	const char *text = pktline_text(&a->packet, &len), *name;

	if (!a->begun && strcmp(text, "version 1") == 0)
		return 0;
	if (strncmp(text, "ERR ", 4) == 0)
		return err_set(
		    e, ERR_UNKNOWN, "%s",
		    err_escape(shown, sizeof shown, text + 4, len - 4));
	if (strncmp(text, "shallow ", 8) == 0)
		return err_set(e, ERR_UNKNOWN,
			       "its repository is a shallow clone");
	if (len < OID_HEX + 2 || text[OID_HEX] != ' ' ||
	    hex_decode(text, GITFORM_OID_LEN, oid) != 0)
		return err_set(e, ERR_UNKNOWN,
			       "what it announces is not git's");
	if (!a->begun && take_caps(a, text, len, e) != 0)
		return -1;
	name = text + OID_HEX + 1;
	if (strncmp(name, "refs/heads/", 11) == 0 && is_branch(name + 11) &&
	    memcmp(oid, none, sizeof oid) != 0)
		return add(a, name + 11, oid, e);
	if (strncmp(name, "refs/", 5) == 0)
		a->others++;
	return 0;
}

int
gitadvert_put(void *advert, const void *bytes, size_t len, struct err *e)
{
	struct gitadvert *a = advert;
	const uint8_t *p = bytes;

	while (len > 0) {
		size_t used;
		bool whole;

		if (a->whole)
			return err_set(e, ERR_UNKNOWN,
				       "what it announces is not git's");
		if (pktline_put(&a->packet, p, len, &used, &whole) != FORMAT_OK)
			return err_set(e, ERR_UNKNOWN,
				       "what it announces is not git's");
		p += used;
		len -= used;
		if (!whole)
			continue;
		if (pktline_is_flush(&a->packet)) {
			if (finish(a, e) < 0)
				return -1;
		} else if (take_line(a, e) != 0) {
			return -1;
		}
		pktline_next(&a->packet);
	}
	return a->whole;
}

bool
gitadvert_can(const struct gitadvert *a, const char *what)
{
	size_t n = strlen(what);

	for (const char *p = a->caps; (p = strstr(p, what)) != NULL; p += n)
		if (p > a->caps && p[-1] == ' ' && (p[n] == ' ' || p[n] == '='))
			return true;
	return false;
}

const struct gitremote_branch *
gitadvert_find(const struct gitadvert *a, const char *name)
{
	for (size_t low = 0, high = a->n; low < high;) {
		size_t mid = low + (high - low) / 2;
		int d = strcmp(a->list[mid].name, name);

		if (d == 0)
			return &a->list[mid];
		if (d < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

void
gitadvert_clear(struct gitadvert *a)
{
	free(a->list);
	memset(a, 0, sizeof *a);
}
