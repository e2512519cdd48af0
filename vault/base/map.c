#include "map.h"

#include "hash.h"

#include <stdlib.h>
#include <string.h>

struct map_slot {
	uint8_t key[MAP_KEY_LEN];
	size_t value;
	bool used;
};

/* Keys are hashes or random ids: mix against those made to collide. */
static size_t
place(const struct map *m, const uint8_t key[MAP_KEY_LEN])
{
	uint64_t h = 0x9e3779b97f4a7c15u;

	for (size_t i = 0; i < MAP_KEY_LEN; i += 8) {
		uint64_t w;

		memcpy(&w, key + i, 8);
		h = (h ^ w) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	return (size_t)h & (m->cap - 1);
}

static struct map_slot *
find(const struct map *m, const uint8_t key[MAP_KEY_LEN])
{
	size_t i = place(m, key);

	while (m->slots[i].used &&
	       memcmp(m->slots[i].key, key, MAP_KEY_LEN) != 0)
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

static int
grow(struct map *m)
{
	struct map bigger = {.cap = m->cap > 0 ? 2 * m->cap : 64};

	bigger.slots = calloc(bigger.cap, sizeof *bigger.slots);
	if (bigger.slots == NULL)
		return -1;
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].used)
			*find(&bigger, m->slots[i].key) = m->slots[i];
	bigger.used = m->used;
	free(m->slots);
	*m = bigger;
	return 0;
}

int
map_set(struct map *m, const uint8_t key[MAP_KEY_LEN], size_t value)
{
	struct map_slot *s;

	if (2 * (m->used + 1) > m->cap && grow(m) != 0)
		return -1;
	s = find(m, key);
	m->used += !s->used;
	s->used = true;
	memcpy(s->key, key, MAP_KEY_LEN);
	s->value = value;
	return 0;
}

bool
map_get(const struct map *m, const uint8_t key[MAP_KEY_LEN], size_t *value)
{
	const struct map_slot *s;

	if (m->cap == 0)
		return false;
	s = find(m, key);
	if (s->used)
		*value = s->value;
	return s->used;
}

int
map_copy(struct map *to, const struct map *from)
{
	if (from->cap == 0)
		return 0;
	to->slots = malloc(from->cap * sizeof *to->slots);
	if (to->slots == NULL)
		return -1;
	memcpy(to->slots, from->slots, from->cap * sizeof *to->slots);
	to->cap = from->cap;
	to->used = from->used;
	return 0;
}

void
map_free(struct map *m)
{
	free(m->slots);
	memset(m, 0, sizeof *m);
}

bool
map_next(const struct map *m, size_t *at, uint8_t key[MAP_KEY_LEN],
	 size_t *value)
{
	while (*at < m->cap) {
		const struct map_slot *s = &m->slots[(*at)++];

		if (!s->used)
			continue;
		memcpy(key, s->key, MAP_KEY_LEN);
		*value = s->value;
		return true;
	}
	return false;
}

void
map_key_text(const char *text, uint8_t key[MAP_KEY_LEN])
{
	size_t n = strlen(text);

	memset(key, 0, MAP_KEY_LEN);
	if (n < MAP_KEY_LEN)
		memcpy(key, text, n);
	else
		hash_sha256(text, n, key);
}
