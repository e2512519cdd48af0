/*
 * What one command adds to a vault: a chain of batches in this device's log,
 * each of one case, that arrives whole or not at all.
 */
#ifndef MUNIMENT_WRITER_H
#define MUNIMENT_WRITER_H

#include "entry.h"
#include "index.h"
#include "secret.h"

#include <jansson.h>

struct writer;

/*
 * Begin. The vault is locked (VAULT_WRITE). A device that writes here for the
 * first time gets its key and its `device` entry. NULL with `e` filled, when
 * this identity is no member, too.
 */
struct writer *writer_new(struct index *x, struct err *e);
/*
 * Begin the first batch of a new vault, whose id and root key are in x->v:
 * `root` is the root key's seed. Admits the identity and opens the vault.
 */
struct writer *writer_new_vault(struct index *x, const uint8_t root[32],
				struct err *e);
/* Without writer_commit, nothing was written. */
void writer_free(struct writer *w);

/*
 * What follows goes to this case, in a new batch. `to` may be NULL: then the
 * case's current epoch is looked up.
 */
int writer_case(struct writer *w, const char *case_id,
		const struct agekey_public *to, struct err *e);

/*
 * Add an entry of this kind. `doc` holds what is particular to the kind; the
 * common members are put into it here. With `sign`, the person signs it.
 * The entry's hash is written to `sha256` (may be NULL).
 */
int writer_entry(struct writer *w, const char *kind, json_t *doc,
		 const struct entry_content *contents, size_t n, bool sign,
		 uint8_t sha256[HASH_LEN], struct err *e);

/* Open a case (not the vault); its id and fresh key are handed out. */
int writer_open_case(struct writer *w, char id[INDEX_CASE_MAX],
		     struct agekey_public *to, struct err *e);

/*
 * Make a bulk identity for one file; then lock segments to it. It goes on the
 * ring of the batch in which the next entry stands.
 */
int writer_bulk(struct writer *w, char id[HEX_ID_LEN + 1], struct err *e);
int writer_segment(struct writer *w, const void *data, size_t len,
		   uint8_t sha256[HASH_LEN], struct err *e);

/*
 * Keys for a person, on one ring in the current batch: the given cases' (all
 * epochs held), or those of one entry and its bulk.
 */
int writer_grant_cases(struct writer *w, const struct agekey_public *to,
		       const char *const *case_ids, size_t n, struct err *e);
int writer_grant_item(struct writer *w, const struct agekey_public *to,
		      const struct index_item *item, struct err *e);

/* `n` member entries were added: fill up to 4, 16, 64 with fillers. */
int writer_fill(struct writer *w, size_t n, struct err *e);

/* Write it all. The index is out of date afterwards. */
int writer_commit(struct writer *w, struct err *e);

#endif
