/*
 * Entries that this process has sealed itself, so that the index takes them in
 * from memory instead of opening their files again. Their hashes, fields roots
 * and places are compared with the batch all the same, and `verify` opens all.
 */
#ifndef MUNIMENT_HANDED_H
#define MUNIMENT_HANDED_H

#include "entry.h"

#include <stdbool.h>
#include <stddef.h>

#define HANDED_MAX (64u << 20) /* bytes of JSON; beyond, nothing is kept */

struct handed;

/* NULL without memory, which is no failure: entries are opened then. */
struct handed *handed_new(void);
void handed_free(struct handed *h); /* takes NULL */

/* An entry that went into the batch; its text moves over. Takes NULL. */
void handed_put(struct handed *h, struct entry_file *f);
/* How many are kept. Takes NULL. */
size_t handed_count(const struct handed *h);

/* Is this one kept, and not taken yet? Takes NULL. */
bool handed_has(const struct handed *h, const uint8_t sha256[HASH_LEN]);
/*
 * Give it away as entry_open would have opened it, but without its contents.
 * -1 without memory. Different ones may be taken by threads at a time.
 */
int handed_take(struct handed *h, const uint8_t sha256[HASH_LEN],
		struct entry *out);

#endif
