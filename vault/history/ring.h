/*
 * Rings: keys for a case or a person, in a padded age file with exactly one
 * hybrid stanza (FORMAT.md 6).
 */
#ifndef MUNIMENT_RING_H
#define MUNIMENT_RING_H

#include "agefile.h"
#include "agekey.h"
#include "entry.h"
#include "err.h"
#include "secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RING_KEYS_MAX 4096

/* A ring's text while keys are put on it; NULL without memory. */
struct secret *ring_new(const char *vault_id, const char *device,
			uint64_t batch);
int ring_add_entry(struct secret *ring, const uint8_t sha256[32],
		   const uint8_t secret[32]);
int ring_add_bulk(struct secret *ring, const char *bulk_id,
		  const uint8_t secret[32]);
int ring_add_case(struct secret *ring, const char *case_id, const char *epoch,
		  const uint8_t secret[32]);

/*
 * Lock a ring to `pub`. The file is filled up to the length that at least
 * `least` bytes of text would have. Its fields root is random.
 */
int ring_seal(const struct secret *ring, const struct agekey_public *pub,
	      size_t least, struct entry_file *out, struct err *e);

/* True if a file in a batch is a ring and not an entry: one hybrid stanza. */
bool ring_is(const uint8_t *file, size_t len);

/* What a ring holds. */
enum ring_kind { RING_ENTRY, RING_BULK, RING_CASE };
struct ring_key {
	enum ring_kind kind;
	uint8_t id[16];	       /* entry: start of its hash; bulk: its id */
	char case_id[33];      /* case: 32 digits, or "vault" */
	char epoch[33];	       /* case */
	const uint8_t *secret; /* 32 bytes, while the callback runs */
};
typedef int ring_take(void *ctx, const struct ring_key *key, struct err *e);

enum ring_result {
	RING_OPENED = 0,
	RING_NOT_OURS, /* locked to another key */
	RING_BAD,      /* `e` says why */
};
/*
 * Try hybrid keys on a ring; `take` is called for each key it holds. The first
 * line must say that it stands in this batch.
 */
enum ring_result ring_open(const uint8_t *file, size_t len,
			   const struct agefile_from *from,
			   const char *vault_id, const char *device,
			   uint64_t batch, ring_take *take, void *ctx,
			   struct err *e);

#endif
