/*
 * What one command adds to a vault: a chain of batches in this device's log,
 * each of one case, that arrives whole or not at all.
 */
#ifndef MUNIMENT_WRITER_H
#define MUNIMENT_WRITER_H

#include "entry.h"
#include "index.h"
#include "pool.h"
#include "secret.h"

#include <jansson.h>

struct writer;

/*
 * Would what this identity writes here be accepted at all? -1 with `e` filled:
 * no member, retired, or its device is cut.
 */
int writer_may(struct index *x, struct err *e);

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
/*
 * Begin on a collector's machine, where x knows nothing but x->me, the seat:
 * its `device` entry, which nobody signs, goes to the vault's epoch `vault`.
 */
struct writer *writer_new_collector(struct index *x,
				    const struct agekey_public *vault,
				    struct err *e);
/*
 * Begin the log of a new device of this person's, which goes on for the device
 * `follows` (may be NULL); `why` is kept in its `device` entry. Works whatever
 * is the matter with the old device; see own.h.
 */
struct writer *writer_new_device(struct index *x, const char *follows,
				 const char *why, struct err *e);
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

/* The same, signed by the root key (`root` is its seed), whose act it is. */
int writer_root_entry(struct writer *w, json_t *doc, const uint8_t root[32],
		      uint8_t sha256[HASH_LEN], struct err *e);

/* A `handover` act, with the proof by the key (a seed) that it names. */
int writer_handover(struct writer *w, json_t *doc, const uint8_t next[32],
		    struct err *e);

/*
 * Announce a new epoch of a case, or of the vault; `doc` says what it comes
 * after. Its key goes on the rings that are granted from now on, its public
 * half to `to`.
 */
int writer_epoch(struct writer *w, const char *case_id, json_t *doc,
		 struct agekey_public *to, struct err *e);
/* Add "<case> <epoch>" for each key of a case that a ring would hold now. */
int writer_epochs(const struct writer *w, const char *case_id, json_t *list);

/* Open a case (not the vault); its id and fresh key are handed out. */
int writer_open_case(struct writer *w, char id[INDEX_CASE_MAX],
		     struct agekey_public *to, struct err *e);

/*
 * An entry of this kind, as writer_entry, that is sealed while the caller goes
 * on: what fails is told by a later call. Nothing in `doc` may be changed any
 * more; `contents` is copied.
 */
int writer_record(struct writer *w, const char *kind, json_t *doc,
		  const struct entry_content *contents, size_t n,
		  struct err *e);

/*
 * Where entries are sealed, and whoever makes objects for the batch may work.
 * It lives as long as the writer. NULL with `e` filled.
 */
struct pool *writer_pool(struct writer *w, struct err *e);
/*
 * Room in the batch for an object that will come: writer_object puts it there,
 * as soon as its file is in local/tmp, with the identity that opens it (32
 * bytes), whose id goes on the batch's ring; or writer_release gives it up.
 */
int writer_reserve(struct writer *w, struct err *e);
int writer_object(struct writer *w, const uint8_t sha256[HASH_LEN],
		  uint64_t size, const char *bulk_id, const uint8_t secret[32],
		  struct err *e);
void writer_release(struct writer *w);

/*
 * Keys for a person, on rings in the current batch: the given cases' (all
 * epochs held), or those of all versions of some items and their bulk.
 */
int writer_grant_cases(struct writer *w, const struct agekey_public *to,
		       const char *const *case_ids, size_t n, struct err *e);
int writer_grant_items(struct writer *w, const struct agekey_public *to,
		       struct index_item *const *items, size_t n,
		       struct err *e);

/* `n` member entries were added: fill up to 4, 16, 64 with fillers. */
int writer_fill(struct writer *w, size_t n, struct err *e);

/* The device that it writes as; lives as long as the writer. */
const char *writer_device(const struct writer *w);

/* Write it all. The index is out of date afterwards. */
int writer_commit(struct writer *w, struct err *e);

#endif
