#include "paritylist.h"

#include "hex.h"
#include "parityfile.h"
#include "spread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIST_MAX (256u << 20) /* bytes */

static const char head[] = "muniment parity set 1\n";
static const char *const endings[] = {".list", ".list2"};

int
paritylist_add(struct paritylist *l, const struct parityitem *item)
{
	if (l->n == l->cap) {
		size_t cap = l->cap > 0 ? 2 * l->cap : 64;
		void *p = realloc(l->items, cap * sizeof *l->items);

		if (p == NULL)
			return -1;
		l->items = p;
		l->cap = cap;
	}
	l->items[l->n++] = *item;
	l->bytes += item->size;
	return 0;
}

void
paritylist_free(struct paritylist *l)
{
	free(l->items);
	l->items = NULL;
	l->n = l->cap = 0;
	l->bytes = 0;
}

bool
paritylist_is_pack(const char *rel)
{
	static const char start[] = "objects/pack/pack-";
	size_t n = sizeof start - 1;

	return strncmp(rel, start, n) == 0 && strlen(rel) > n + 40 &&
	       hex_is(rel + n, 40) &&
	       (strcmp(rel + n + 40, ".pack") == 0 ||
		strcmp(rel + n + 40, ".idx") == 0);
}

bool
paritylist_is_object(const char *rel, uint8_t sha256[HASH_LEN])
{
	const char *name = strrchr(rel, '/');
	char want[96];

	if (name == NULL || strlen(name + 1) != 64 ||
	    hex_decode(name + 1, HASH_LEN, sha256) != 0)
		return false;
	snprintf(want, sizeof want, "lfs/objects/%.2s/%.2s/%s", name + 1,
		 name + 3, name + 1);
	return strcmp(want, rel) == 0;
}

static int
list_path(const struct paritylist *l, size_t copy, char out[FSUTIL_PATH],
	  struct err *e)
{
	if (snprintf(out, FSUTIL_PATH, "%s%s", l->base, endings[copy]) >=
	    FSUTIL_PATH)
		return err_set(e, ERR_UNKNOWN, "a path is too long");
	return 0;
}

int
paritylist_write(const struct paritylist *l, struct err *e)
{
	char path[FSUTIL_PATH], hex[65], *text = NULL;
	uint8_t digest[HASH_LEN];
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int rc = 0;

	if (f == NULL)
		return err_memory(e);
	fprintf(f, "%skind %s\n", head, l->packs ? "packs" : "objects");
	for (size_t i = 0; i < l->n; i++) {
		hex_encode(l->items[i].sha256, HASH_LEN, hex);
		fprintf(f, "file %llu %s %s\n",
			(unsigned long long)l->items[i].size, hex,
			l->items[i].rel);
	}
	fflush(f);
	hash_sha256(text, len, digest);
	hex_encode(digest, HASH_LEN, hex);
	fprintf(f, "end %s\n", hex);
	if (fclose(f) != 0)
		rc = err_memory(e);
	for (size_t i = 0; i < 2 && rc == 0; i++)
		rc = list_path(l, i, path, e) == 0
			 ? fsutil_write(path, text, len, e)
			 : -1;
	free(text);
	return rc;
}

/* "file <size> <hex> <path>" */
static int
parse_item(struct paritylist *l, char *line)
{
	struct parityitem item = {0};
	uint8_t sha256[HASH_LEN];
	unsigned long long size;
	char hex[65];

	if (sscanf(line, "file %llu %64s %95s", &size, hex, item.rel) != 3 ||
	    hex_decode(hex, HASH_LEN, item.sha256) != 0)
		return -1;
	item.size = size;
	if (l->packs ? !paritylist_is_pack(item.rel)
		     : !paritylist_is_object(item.rel, sha256) ||
			   memcmp(sha256, item.sha256, HASH_LEN) != 0)
		return -1;
	return paritylist_add(l, &item);
}

/* The text of a list, which has its checksum. */
static int
parse(struct paritylist *l, char *text)
{
	char *line, *save = NULL;

	line = strtok_r(text + sizeof head - 1, "\n", &save);
	if (line == NULL || strncmp(line, "kind ", 5) != 0)
		return -1;
	l->packs = strcmp(line + 5, "packs") == 0;
	while ((line = strtok_r(NULL, "\n", &save)) != NULL &&
	       strncmp(line, "end ", 4) != 0)
		if (parse_item(l, line) != 0)
			return -1;
	return l->n > 0 && line != NULL ? 0 : -1;
}

/* Does it begin and end as a list does? */
static bool
is_whole(const char *text, size_t len)
{
	uint8_t digest[HASH_LEN], want[HASH_LEN];
	const char *end = text + len - 69; /* "end <64 hex>\n" */

	if (len < sizeof head + 69 ||
	    memcmp(text, head, sizeof head - 1) != 0 ||
	    memcmp(end, "end ", 4) != 0 || text[len - 1] != '\n' ||
	    hex_decode(end + 4, HASH_LEN, want) != 0)
		return false;
	hash_sha256(text, len - 69, digest);
	return memcmp(digest, want, HASH_LEN) == 0;
}

int
paritylist_read(struct paritylist *l, struct err *e)
{
	char path[FSUTIL_PATH], *text = NULL;
	size_t len = 0;
	int rc = -1;

	for (size_t i = 0; i < 2 && rc != 0; i++) {
		if (list_path(l, i, path, e) != 0)
			return -1;
		if (fsutil_read(path, LIST_MAX, &text, &len, NULL) == 0 &&
		    is_whole(text, len)) {
			rc = parse(l, text);
			if (rc != 0)
				paritylist_free(l);
		}
		free(text);
		text = NULL;
	}
	return rc == 0 ? 0
		       : err_set(e, ERR_EVIDENCE,
				 "a list in local/parity is damaged");
}

void
paritylist_remove(const struct paritylist *l)
{
	char path[FSUTIL_PATH], parity[FSUTIL_PATH];

	for (size_t i = 0; i < 2; i++)
		if (list_path(l, i, path, NULL) == 0)
			(void)unlink(path);
	if (parityfile_name(l->base, parity, NULL) == 0)
		(void)unlink(parity);
}
