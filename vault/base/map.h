/* A map from a fixed-length key (a hash, an id) to a number. */
#ifndef MUNIMENT_MAP_H
#define MUNIMENT_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAP_KEY_LEN 32 /* bytes; shorter keys are filled with zeros */

struct map {
	struct map_slot *slots;
	size_t cap, used;
};

/* Set; replaces. Returns 0, or -1 without memory. */
int map_set(struct map *m, const uint8_t key[MAP_KEY_LEN], size_t value);
/* True and *value if the key is there. */
bool map_get(const struct map *m, const uint8_t key[MAP_KEY_LEN],
	     size_t *value);
/* Fill an empty map with what another one holds. 0, or -1 without memory. */
int map_copy(struct map *to, const struct map *from);
void map_free(struct map *m);
/*
 * Go through a map, in no particular order: *at is 0 at first. False at the
 * end. Nothing may be set meanwhile.
 */
bool map_next(const struct map *m, size_t *at, uint8_t key[MAP_KEY_LEN],
	      size_t *value);

/* A key from text of up to 31 bytes, or from the hash of longer text. */
void map_key_text(const char *text, uint8_t key[MAP_KEY_LEN]);

#endif
