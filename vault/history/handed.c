#include "handed.h"

#include "canon.h"
#include "map.h"

#include <stdlib.h>
#include <string.h>

struct handed_one {
	char *text; /* canonical JSON; NULL when it was taken */
	size_t len;
	uint8_t fields[HASH_LEN];
};

struct handed {
	struct handed_one *list;
	size_t n, cap;
	uint64_t bytes;
	struct map by_hash; /* -> list */
	bool full;	    /* it was too much: nothing is kept any more */
};

struct handed *
handed_new(void)
{
	return calloc(1, sizeof(struct handed));
}

/* Forget all of them. */
static void
drop(struct handed *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->list[i].text);
	free(h->list);
	map_free(&h->by_hash);
	memset(h, 0, sizeof *h);
}

void
handed_free(struct handed *h)
{
	if (h == NULL)
		return;
	drop(h);
	free(h);
}

/* Room for one more that has this hash. -1 without memory. */
static int
make_room(struct handed *h, const uint8_t sha256[HASH_LEN])
{
	if (h->n == h->cap) {
		size_t cap = h->cap > 0 ? 2 * h->cap : 64;
		void *p = realloc(h->list, cap * sizeof *h->list);

		if (p == NULL)
			return -1;
		h->list = p;
		h->cap = cap;
	}
	return map_set(&h->by_hash, sha256, h->n);
}

void
handed_put(struct handed *h, struct entry_file *f)
{
	struct handed_one *one;

	if (h == NULL || h->full)
		return;
	if (h->bytes + f->text_len > HANDED_MAX ||
	    make_room(h, f->sha256) != 0) {
		drop(h);
		h->full = true;
		return;
	}
	one = &h->list[h->n++];
	one->text = f->text;
	one->len = f->text_len;
	memcpy(one->fields, f->fields, HASH_LEN);
	h->bytes += f->text_len;
	f->text = NULL;
	f->text_len = 0;
}

size_t
handed_count(const struct handed *h)
{
	return h != NULL ? h->n : 0;
}

bool
handed_has(const struct handed *h, const uint8_t sha256[HASH_LEN])
{
	size_t at;

	return h != NULL && map_get(&h->by_hash, sha256, &at) &&
	       h->list[at].text != NULL;
}

int
handed_take(struct handed *h, const uint8_t sha256[HASH_LEN], struct entry *out)
{
	struct handed_one *one;
	size_t at;

	memset(out, 0, sizeof *out);
	if (!map_get(&h->by_hash, sha256, &at))
		return -1;
	one = &h->list[at];
	if (one->text == NULL ||
	    canon_decode(one->text, one->len, &out->doc) != FORMAT_OK)
		return -1;
	out->text = one->text;
	out->text_len = one->len;
	one->text = NULL;
	memcpy(out->fields, one->fields, HASH_LEN);
	return 0;
}
