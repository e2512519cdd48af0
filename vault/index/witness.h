/*
 * Cosignatures: which partners have seen which batches of a log, and since
 * when by their own clocks (FORMAT.md 4, 5, 7).
 *
 * A cosignature says that its key saw this log with this root, and all that
 * stands below it, at a time that the key's holder stated. It says nothing
 * about what the batches hold, nor that the clock was right.
 */
#ifndef MUNIMENT_WITNESS_H
#define MUNIMENT_WITNESS_H

#include "checkpoint.h"
#include "cosign.h"
#include "index.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct writer;

/* Who has cosigned: a seat, or a key from outside the vault. */
struct witness_by {
	char seat[INDEX_SEAT_MAX]; /* empty if from outside */
	struct cosign_vkey vkey;   /* from outside: as a member recorded it */
};

/* What one cosignature says: this log had `size` batches, at `time`. */
struct witness_mark {
	size_t log;    /* index into v->logs */
	uint64_t size; /* batches */
	uint64_t time; /* POSIX seconds, by the clock of `by` */
	size_t by;     /* index into the list of witnesses */
	size_t entry;  /* index into x->entries: where it stands */
	uint8_t key[32];
	uint8_t sig[64];
	int8_t verdict; /* 1 or -1 once the signature is checked */
};

/*
 * All that the accepted `witness` entries say. Marks are sorted by log and
 * size. Signatures are checked when their word is needed.
 */
struct witness {
	struct index *x; /* borrowed */
	struct witness_by *by;
	size_t n_by;
	struct witness_mark *marks;
	size_t n_marks, cap_marks;
	bool *
	    contradicted; /* for each log: its device signed what is not here */
};

/*
 * Gather what the index holds. What is not as it must be is reported: a log
 * that was seen otherwise or longer than it is here as REPORT_HISTORY, other
 * faults as REPORT_REFUSED. With `thorough` every signature is checked now.
 * NULL with `e` filled.
 */
struct witness *witness_new(struct index *x, bool thorough, struct err *e);
void witness_free(struct witness *w);

/* One witness of a batch. */
struct witness_seen {
	size_t by;
	uint64_t since; /* the earliest of its cosignatures that cover it */
	uint64_t size;	/* of the log, in that one */
	size_t entry;	/* where that one stands */
};
/*
 * Who has seen a batch, by time: writes up to n_by elements and returns how
 * many. The author's own devices are no witnesses.
 */
size_t witness_of(struct witness *w, size_t log, uint64_t batch,
		  struct witness_seen *out);
/* The largest size of a log that this one has cosigned; 0 if none, or own. */
uint64_t witness_size(struct witness *w, size_t log, size_t by);
/* One organisation is one witness: how many there are among n. */
size_t witness_organisations(const struct witness *w,
			     const struct witness_seen *seen, size_t n);

/* The name of a seat's cosigning key: "muniment/<vault id>/seat/<seat>". */
void witness_name(const char *vault_id, const char *seat,
		  char out[COSIGN_NAME_MAX]);
void witness_key_id(const char *name, const uint8_t pub[32], uint8_t id[4]);
/* Read the verifier key of a witness from outside; -1 if it cannot be one. */
int witness_vkey(const char *text, struct cosign_vkey *out);

/* True if two seats are of one person. */
bool witness_same_person(struct index *x, const char *seat, const char *other);

/*
 * For each log the number of its last batch, beyond `from` of them, that holds
 * anything but `witness` entries with their ring; `from` if there is none.
 * `from` and `last` have x->v->n_logs elements; UINT64_MAX skips a log. If
 * `count` is not NULL it gets the number of all such batches that count.
 */
int witness_content(struct index *x, const uint64_t *from, uint64_t *last,
		    uint64_t *count, struct err *e);
/* The same, `stamp` entries being no content either. */
int witness_content_unstamped(struct index *x, const uint64_t *from,
			      uint64_t *last, uint64_t *count, struct err *e);

/*
 * Who has seen a batch: [{"name","org","member" or "key" and "recorded_by",
 * "since","size"}] by time. NULL without memory.
 */
json_t *witness_seen_json(struct witness *w, size_t log, uint64_t batch);
/*
 * Every signature checked: {"witnesses": [{"name",...,"batches","devices",
 * "newest"}], "unwitnessed": batches that no other member has cosigned}.
 */
json_t *witness_summary(struct index *x, struct err *e);

/*
 * A log's newest checkpoint, NUL-terminated, as its device has signed it; its
 * first *body_len bytes are what is cosigned. ERR_EVIDENCE if it is not so.
 */
int witness_checkpoint(struct vault *v, const struct log *l,
		       char note[CHECKPOINT_MAX], size_t *body_len,
		       struct err *e);

/*
 * What this person should cosign now: a list of notes, already cosigned, for
 * a `witness` entry. Newest checkpoints of other persons' devices that are
 * accepted, whole, not forked, agree with all that was seen of them before,
 * and say more than what this person has cosigned; one that has added
 * nothing but `witness` entries since then waits. Nothing for who is retired.
 * NULL with `e` filled.
 */
json_t *witness_due(struct index *x, struct err *e);
/* Put the notes (due's, which may be empty) into a batch of the vault's. */
int witness_put(struct writer *w, json_t *notes, struct err *e);
/*
 * Both, as one command: to be called after a merge, with an index that is up
 * to date and a vault open for writing. If *wrote, the index is out of date.
 */
int witness_exchange(struct index *x, bool *wrote, struct err *e);

#endif
