/*
 * vault/history/journal.h: a journal that somebody else has put into a vault,
 * read by the command that comes next. What it would remove, read or rename
 * must lie in the vault; nothing of it is done here.
 */
#define unlink fuzz_unlink
#define rename fuzz_rename
#define fsutil_exists fuzz_exists
#define fsutil_read fuzz_read
#define gitstore_refresh fuzz_refresh
#include "journal.c"

#include "fuzz.h"

static const char *given; /* the journal's bytes */
static size_t given_len;
static unsigned asked; /* changes what is there */

/* Within the vault, and no way out of it. */
static bool
is_inside(const char *path)
{
	return strncmp(path, "/vault/", 7) == 0 && strstr(path, "/..") == NULL;
}

int
unlink(const char *path)
{
	const char *name = strrchr(path, '/') + 1;

	MUST(is_inside(path));
	MUST(strcmp(path, "/vault/local/journal") == 0 ||
	     strncmp(path, "/vault/objects/pack/pack-", 25) == 0 ||
	     (strncmp(path, "/vault/lfs/objects/", 19) == 0 &&
	      strlen(name) == 64 && hex_is(name, 64)));
	return 0;
}

int
rename(const char *from, const char *to)
{
	/* taking back renames nothing */
	MUST(from == NULL && to == NULL);
	return -1;
}

bool
fsutil_exists(const char *path)
{
	return strcmp(path, "/vault/local/journal") == 0 || asked++ % 3 == 0;
}

int
fsutil_read(const char *path, size_t max, char **out, size_t *len,
	    struct err *e)
{
	(void)e;
	if (strcmp(path, "/vault/local/journal") == 0) {
		MUST(given_len <= max);
		*out = fuzz_text((const uint8_t *)given, given_len);
		*len = given_len;
		return 0;
	}
	MUST(max <= 4096);
	*out = fuzz_text((const uint8_t *)"0123456789012345678901234567890123"
					  "456789\n",
			 41);
	*len = 41;
	return 0;
}

int
gitstore_refresh(struct gitstore *s, struct err *e)
{
	(void)s;
	(void)e;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct vault v = {.dir = "/vault", .lock = -1};
	struct map objects = {0};
	uint8_t listed[HASH_LEN];
	struct err e = {0};
	char *text;
	size_t at = 0, n;

	given = (const char *)data;
	given_len = len;
	fuzz_fill(listed, sizeof listed);
	MUST(map_set(&v.objects, listed, 5) == 0);
	if (journal_objects(&v, &objects, &e) == 0) {
		uint8_t sha256[MAP_KEY_LEN];

		while (map_next(&objects, &at, sha256, &n))
			MUST(n == 1);
	}
	text = fuzz_text(data, len);
	clear(&v, text, &e);
	free(text);
	map_free(&objects);
	map_free(&v.objects);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	struct journal *j = journal_new();
	uint8_t sha256[HASH_LEN];
	static const char name[] =
	    "pack-0123456789abcdef0123456789abcdef01234567";

	fuzz_fill(sha256, sizeof sha256);
	MUST(j != NULL && journal_object(j, sha256) == 0);
	sha256[0] = 0;
	MUST(journal_object(j, sha256) == 0 && journal_pack(j, name) == 0 &&
	     journal_joined(j, name) == 0 &&
	     journal_branch(j, "dabc", sha256) == 0);
	put(j->text, j->len);
	put(j->text, j->len - 9);
	journal_free(j);
}
