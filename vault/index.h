/*
 * What an identity can read of a vault: its keys, the entries they open, and
 * what follows from them by the rules of FORMAT.md 7: seats, devices, cases,
 * items.
 */
#ifndef MUNIMENT_INDEX_H
#define MUNIMENT_INDEX_H

#include "agekey.h"
#include "card.h"
#include "entry.h"
#include "hex.h"
#include "identity.h"
#include "map.h"
#include "vault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INDEX_VAULT "vault" /* the vault itself as a case */
#define INDEX_CASE_MAX 33   /* bytes of a case id, with NUL */
#define INDEX_SEAT_MAX 65   /* bytes of a seat, with NUL */

enum index_kind {
	KIND_DEVICE,
	KIND_MEMBER,
	KIND_CASE,
	KIND_RECORD,
	KIND_CUSTODY,
	KIND_RETRACT,
	KIND_WITNESS,
	KIND_FILLER,
	KIND_UNKNOWN,
};

/* An entry that could be opened. */
struct index_entry {
	uint8_t sha256[HASH_LEN];
	size_t log; /* index into v->logs */
	uint64_t batch;
	enum index_kind kind;
	char case_id[INDEX_CASE_MAX];
	char item[HEX_ID_LEN + 1]; /* record, custody, retract; or empty */
	char seat[INDEX_SEAT_MAX]; /* the seat that it names */
	char *text;		   /* canonical JSON */
	size_t text_len;
	size_t key; /* its one-off identity, see index_key */
	bool accepted;
	bool replaced;	 /* record: an accepted record names it */
	const char *why; /* if not accepted */
};

enum index_role {
	ROLE_NONE,
	ROLE_WITNESS,
	ROLE_READER,
	ROLE_AUTHOR,
	ROLE_ADMIN
};

struct index_right {
	char case_id[INDEX_CASE_MAX];
	enum index_role role;
};

/* A member: an admission that is accepted. */
struct index_seat {
	char id[INDEX_SEAT_MAX];
	char above[INDEX_SEAT_MAX]; /* or "root" */
	uint8_t key[32];
	struct index_right *rights;
	size_t n_rights;
	char *card; /* text of a card, if one is readable; or NULL */
	char name[CARDTEXT_NAME_MAX]; /* from the card; or empty */
	char org[CARDTEXT_NAME_MAX];
};

struct index_epoch {
	char id[HEX_ID_LEN + 1];
	struct agekey_public recipient;
	size_t act; /* index of its entry */
};

struct index_case {
	char id[INDEX_CASE_MAX];
	char name[512]; /* empty if not readable */
	char opener[INDEX_SEAT_MAX];
	uint8_t act[HASH_LEN]; /* the entry that opened it */
	struct index_epoch *epochs;
	size_t n_epochs;
};

struct index_item {
	char id[HEX_ID_LEN + 1];
	char case_id[INDEX_CASE_MAX];
	size_t *versions; /* entries, in order of reading */
	size_t n;
	bool retracted;
};

/*
 * Where a key was found. Rings are not signed for what they open: a ring may
 * give a wrong key for anything, so all that were given are kept.
 */
struct index_key_info {
	size_t log;
	uint64_t batch;
	size_t next; /* an older key under the same id; SIZE_MAX if none */
};

/* A hybrid key held: [0] is the person's, the others are case keys. */
struct index_hybrid {
	char case_id[INDEX_CASE_MAX];
	char epoch[HEX_ID_LEN + 1];
	size_t key;
};

struct index {
	struct vault *v;
	const struct identity *id;
	struct secret *keys;	      /* 32 bytes each */
	struct index_key_info *infos; /* one for each */
	size_t cap_infos;
	struct index_hybrid *hybrids;
	size_t n_hybrids;
	struct map one_off; /* start of an entry's hash -> newest key */
	struct map bulk;    /* bulk id -> newest key */
	struct index_entry *entries;
	size_t n_entries, cap_entries;
	struct map by_hash; /* hash -> entries */
	struct index_seat *seats;
	size_t n_seats;
	struct index_case *cases;
	size_t n_cases;
	struct index_item *items;
	size_t n_items, cap_items;
	struct map by_item; /* case and item -> items */
	char **sorted_ids;  /* of the items; made when first wanted */
	uint8_t **cased;    /* for each log and batch: its case's ring opened */
	char **log_seat;    /* for each log the seat of its device; or NULL */
	size_t n_logs;
	char *me;		  /* a seat of this identity, or NULL */
	size_t unopened;	  /* rings that no key opens */
	struct vault_batch batch; /* the one read last: entries come in order */
};

/* Read all that `id` can. NULL with `e` filled; damage goes to v->report. */
struct index *index_open(struct vault *v, const struct identity *id,
			 struct err *e);
void index_free(struct index *x);

/* 32 bytes of a key; valid until a key is added. */
const uint8_t *index_key(const struct index *x, size_t key);
int index_add_key(struct index *x, const uint8_t secret[32], size_t *key);
/* The newest key for a bulk id, and the next older one; SIZE_MAX at the end. */
size_t index_bulk_key(const struct index *x, const char *bulk_id);
size_t index_older_key(const struct index *x, size_t key);

struct index_case *index_case(struct index *x, const char *id);
struct index_seat *index_seat(struct index *x, const char *id);
/* The seat of a signing key, or NULL. */
struct index_seat *index_seat_of(struct index *x, const uint8_t key[32]);
/* What a seat may do in a case. */
enum index_role index_role(const struct index *x, const char *seat,
			   const char *case_id);
const char *index_role_name(enum index_role role);
enum index_role index_role_parse(const char *name);
/* How a seat is shown: its name, or the start of its id. Static ring. */
const char *index_seat_name(struct index *x, const char *seat);

/* The epoch to write to; NULL if the case has none. */
const struct index_epoch *index_epoch(const struct index *x,
				      const char *case_id);
/* True if a key of that case is held. */
bool index_holds(const struct index *x, const char *case_id);

/*
 * Find by a prefix of the id (or of a case's whole name): 0, or -1 with `e`
 * filled when none or several fit.
 */
int index_find_case(struct index *x, const char *text, struct index_case **out,
		    struct err *e);
int index_find_item(struct index *x, const char *text, struct index_item **out,
		    struct err *e);
int index_find_seat(struct index *x, const char *text, struct index_seat **out,
		    struct err *e);
/* The shortest prefix, of at least 8 digits, that only this item has. */
size_t index_short(struct index *x, const struct index_item *item);

/*
 * The newest accepted version of an item (of several current ones the last in
 * order of reading); *current counts those that nothing replaces.
 */
struct index_entry *
index_current(struct index *x, const struct index_item *item, size_t *current);

/* Parse an entry's text: a new reference, or NULL without memory. */
json_t *index_doc(const struct index_entry *en);

/* Open an entry again, with its contents. */
int index_entry_open(struct index *x, const struct index_entry *en,
		     struct entry *out, struct err *e);

#endif
