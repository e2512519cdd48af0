/*
 * The index cache in local/cache/ (FORMAT.md 8): what a person's machine has
 * read of a vault, locked to the identity's local key, so that a command reads
 * only what is new. It is bound to the logs that it was made from: what it
 * says holds for the batches up to those heads, and a log that does not go on
 * from there makes it void. It says nothing that the vault does not: whoever
 * removes it loses time.
 *
 * Nothing here fails: without a cache all is read from the vault. `verify`
 * never uses it.
 */
#ifndef MUNIMENT_CACHE_H
#define MUNIMENT_CACHE_H

#include "identity.h"
#include "vault.h"

#include <stdbool.h>

struct index;

/*
 * In an opened vault that has read nothing yet: take the logs from the cache,
 * if there is a good one. The logs are to be loaded all the same.
 */
void cache_begin(struct vault *v, const struct identity *id);
void cache_end(struct vault *v);

/*
 * Fill an index in which nothing is: 1 if the cache had it, for the logs as
 * the vault began with them; 0 if it has none; -1 if it is damaged: then the
 * index is to be forgotten, and the vault read anew.
 */
int cache_index(struct index *x);

/*
 * Write down what is new in an index that has read all there is, if this vault
 * was opened for its identity and nothing in it is damaged.
 */
void cache_save(struct index *x);
/*
 * The same after the command has written something itself, so that the next
 * one finds it there.
 */
void cache_save_written(struct index *x);

#endif
