/*
 * What an identity can read of a vault: its keys, the entries they open, and
 * what follows from them by the rules of FORMAT.md 7: seats, devices, cases,
 * items.
 */
#ifndef MUNIMENT_INDEX_H
#define MUNIMENT_INDEX_H

#include "agekey.h"
#include "card.h"
#include "cold.h"
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
	KIND_STAMP,
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
	json_t *doc; /* the same, of acts and of later versions; or NULL */
	size_t key;  /* its one-off identity, see index_key */
	bool accepted;
	bool replaced; /* record: an accepted record names it */
	/* of an act, or of the card in it: 1 right, -1 wrong, 0 not checked */
	int8_t signature;
	uint8_t signer[32]; /* the key that made it */
	const char *why;    /* if not accepted */
	size_t cold;	    /* where it rests in the cache; SIZE_MAX */
	/* record: all its files were found right when it was opened, and this
	 * is one more than they are (index_open_checking); 0: not known */
	size_t found;
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
	bool sent; /* it was given the case's key with it */
};

/* A member: an admission that is accepted. */
struct index_seat {
	char id[INDEX_SEAT_MAX];
	char above[INDEX_SEAT_MAX]; /* or "root" */
	bool collector;		    /* it has no key, and never reads */
	uint8_t (*keys)[32];	    /* its first, and those it handed over to */
	size_t n_keys;		    /* 0 for a collector's */
	char follows[INDEX_SEAT_MAX]; /* the seat that it replaces; or empty */
	bool has_recipient;	      /* its acts name one */
	struct agekey_public recipient;
	char recipient_order[128]; /* of several the greatest counts */
	bool retired;
	struct index_right *rights;
	size_t n_rights;
	char *card;	      /* text of a card, if one is readable; or NULL */
	char card_order[128]; /* of several cards the greatest is shown */
	char name[CARDTEXT_NAME_MAX]; /* from the card; or empty */
	char org[CARDTEXT_NAME_MAX];
};

/* One line of a cut: the state of a log that still counts. */
struct index_cut_line {
	char device[BATCH_DEVICE_LEN + 1];
	uint64_t size;
	uint8_t root[HASH_LEN];
};

/* A `retire` or `cut` act. */
struct index_cut {
	size_t act; /* index of its entry */
	char member[INDEX_SEAT_MAX];
	char by[INDEX_SEAT_MAX];
	char in[INDEX_CASE_MAX]; /* a case; empty: everywhere */
	bool retires;		 /* devices not listed are cut at 0 */
	bool in_force;
	bool settles; /* a fork stands on the side that it names */
	struct index_cut_line *lines;
	size_t n;
};

struct index_epoch {
	char id[HEX_ID_LEN + 1];
	struct agekey_public recipient;
	size_t act; /* index of its entry */
};

struct index_case {
	char id[INDEX_CASE_MAX];
	char name[512];	      /* empty if not readable */
	char name_order[128]; /* of several names the greatest is shown */
	char opener[INDEX_SEAT_MAX];
	uint8_t act[HASH_LEN]; /* the entry that opened it */
	struct index_epoch *epochs;
	size_t n_epochs;
};

struct index_item {
	char id[HEX_ID_LEN + 1];
	char case_id[INDEX_CASE_MAX];
	size_t *versions; /* entries, by branch and batch */
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
	bool cold;   /* it came out of the cache's segments */
};

/* A hybrid key held: [0] is the person's, the others are case keys. */
struct index_hybrid {
	char case_id[INDEX_CASE_MAX];
	char epoch[HEX_ID_LEN + 1];
	size_t key;
};

/* A ring or an entry that is not open: no key that is held fits. */
struct index_file {
	size_t log;
	uint64_t batch;
	uint8_t sha256[HASH_LEN];
	uint8_t fields[HASH_LEN]; /* the root on its line */
	uint8_t oid[GITFORM_OID_LEN];
	bool whole;   /* it was read, and has its SHA-256 */
	size_t tried; /* ring: of the hybrids; entry: of the keys */
	char *why;    /* why those do not open an entry; or NULL */
	enum report_level level;
};
struct index_files {
	struct index_file *list;
	size_t n, cap;
};

struct index {
	struct vault *v;
	const struct identity *id;
	struct secret *keys;	      /* 32 bytes each */
	struct index_key_info *infos; /* one for each */
	size_t cap_infos;
	struct index_hybrid *hybrids;
	size_t n_hybrids;
	struct secret *ready; /* the first of them, see agekey_ready */
	struct map one_off;   /* start of an entry's hash -> newest key */
	struct map bulk;      /* bulk id -> newest key */
	struct index_entry *entries;
	size_t n_entries, cap_entries;
	struct map by_hash; /* hash -> entries */
	/*
	 * Records that are not in the lists: they rest in the index cache
	 * (cold.h). NULL: all are in the lists.
	 */
	struct cold *cold;
	struct map pulled;	/* bulk ids whose cold keys are here */
	struct secret *scratch; /* a key on its way out of the cache */
	struct index_seat *seats;
	size_t n_seats;
	struct index_case *cases;
	size_t n_cases;
	struct index_item *items;
	size_t n_items, cap_items;
	struct map by_item; /* case and item -> items */
	char **sorted_ids;  /* of the items; made when first wanted */
	struct index_files rings, unread;
	size_t last_hybrid;	/* the one that opened the last ring */
	struct report findings; /* about rings and entries, for good */
	bool checks;		/* index_open_checking */
	bool cached;		/* it began with what the cache had */
	struct handed *handed;	/* what the writer sealed (handed.h); or NULL */
	uint64_t rewritten;	/* v->rewritten when it was read */
	uint64_t *done;		/* for each log the batches that were read */
	uint8_t **cased; /* for each log and batch: its case's ring opened */
	char **log_seat; /* for each log the seat of its device; or NULL */
	uint64_t *log_limit; /* for each log the batches that count */
	bool *log_member;    /* a member's, were there no cuts and forks */
	struct index_cut *cuts;
	size_t n_cuts;
	size_t own; /* this machine's log; SIZE_MAX if it has none */
	size_t n_logs;
	char *me;		  /* a seat of this identity, or NULL */
	size_t unopened;	  /* rings that no key opens */
	struct vault_batch batch; /* the one read last: entries come in order */
};

/* Read all that `id` can. NULL with `e` filled; damage goes to v->report. */
struct index *index_open(struct vault *v, const struct identity *id,
			 struct err *e);
void index_free(struct index *x);
/*
 * The same, and each record whose contents all lie in its entry is checked by
 * extract_inside while it is open: see index_entry.found.
 */
struct index *index_open_checking(struct vault *v, const struct identity *id,
				  struct err *e);
/*
 * The same, but records may stay in the cache. Then x->items and x->entries
 * hold what is no record, and what index_find_item and index_thaw put there.
 * Items stay where they are until something is thawed.
 */
struct index *index_open_lean(struct vault *v, const struct identity *id,
			      struct err *e);
/* Put all records into the lists. */
int index_thaw(struct index *x, struct err *e);
/* Items of a case that are readable, wherever they rest. */
size_t index_count(const struct index *x, const char *case_id);
/*
 * Read the vault again (vault_load) and what is new in it: afterwards the index
 * says what a fresh one would, and so does the report. Seats, cases and items
 * move; entries keep their numbers unless v->rewritten has changed. After a
 * failure the index can only be freed.
 */
int index_refresh(struct index *x, struct err *e);
/*
 * After a writer has committed much, what it left in x->handed is taken in and
 * the cache is written, so that the next command need not open it.
 */
void index_remember(struct index *x);
/*
 * A new index of `v`, whose logs are those of x's vault, in that order, each as
 * long or longer, and others after them: only what is new is read.
 */
struct index *index_extend(const struct index *x, struct vault *v,
			   struct err *e);
/* Forget seats and cases: what rights_evaluate derives. */
void index_forget_people(struct index *x);

/* 32 bytes of a key; valid until a key is added. */
const uint8_t *index_key(const struct index *x, size_t key);
int index_add_key(struct index *x, const uint8_t secret[32], size_t *key);
/* The newest key for a bulk id, and the next older one; SIZE_MAX at the end. */
size_t index_bulk_key(const struct index *x, const char *bulk_id);
size_t index_older_key(const struct index *x, size_t key);

/* An item that is in the list, by its whole id; or NULL. */
struct index_item *index_item(const struct index *x, const char *id,
			      const char *case_id);
struct index_case *index_case(struct index *x, const char *id);
struct index_seat *index_seat(struct index *x, const char *id);
/* The seat of a signing key, or NULL; rather one that is not retired. */
struct index_seat *index_seat_of(struct index *x, const uint8_t key[32]);
/*
 * The collector's seat that a log claims in its first batch, whether the
 * device is confirmed or not; NULL if it claims none.
 */
const struct index_seat *index_collector_of(const struct index *x, size_t log);
/* Two seats of one person: they share a key. */
bool index_same_person(const struct index_seat *a, const struct index_seat *b);
bool index_seat_has_key(const struct index_seat *s, const uint8_t key[32]);
/* Is `above` the seat that admitted `seat`, or above that one? */
bool index_is_above(const struct index *x, const char *above, const char *seat);
/* What a seat may do in a case. */
enum index_role index_role(const struct index *x, const char *seat,
			   const char *case_id);
/* The same for a person, who may hold several seats with one key. */
enum index_role index_person_role(const struct index *x, const char *seat,
				  const char *case_id);
const char *index_role_name(enum index_role role);
enum index_role index_role_parse(const char *name);
/* How a seat is shown: its name, or the start of its id. Static ring. */
const char *index_seat_name(struct index *x, const char *seat);

/*
 * May a seat be given a case's keys? Who reads there, unless an act that
 * admitted it gave no key, or an epoch was announced without it and not given
 * to it later.
 */
bool index_may_be_sent(const struct index *x, const char *seat,
		       const char *case_id);

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
/* The same for one that rests at `self`. */
size_t index_short_id(struct index *x, const char *id, size_t self);

/*
 * The newest accepted version of an item (of several current ones the last of
 * its versions); *current counts those that nothing replaces.
 */
struct index_entry *
index_current(struct index *x, const struct index_item *item, size_t *current);

/*
 * Parse an entry's text: a new reference, or NULL without memory. It may be
 * shared: it is not to be changed.
 */
json_t *index_doc(const struct index_entry *en);

/* An entry's file as git holds it; ERR_EVIDENCE if it is not whole. */
int index_entry_file(struct index *x, const struct index_entry *en,
		     struct gitstore_object *out, struct err *e);
/* Open an entry again, with its contents. */
int index_entry_open(struct index *x, const struct index_entry *en,
		     struct entry *out, struct err *e);

#endif
