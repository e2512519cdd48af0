/*
 * Time stamps of a vault's logs (EXHIBIT.md 1): which checkpoints have been
 * stamped, by which authority, when, and what that is worth now.
 *
 * A stamp says that all batches up to a checkpoint existed no later than its
 * time, by the word of an authority outside the vault. It says nothing about
 * what they hold.
 */
#ifndef MUNIMENT_STAMP_H
#define MUNIMENT_STAMP_H

#include "checkpoint.h"
#include "index.h"
#include "merkle.h"
#include "stamptext.h"
#include "timestamp.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A state of a log that an ask names. */
struct stamp_mark {
	size_t log;    /* index into v->logs */
	uint64_t size; /* batches: covers all up to this one */
	size_t place;  /* in the list `checkpoints` of the ask */
};

/* What was asked for: an `ask` or `renew` entry. */
struct stamp_question {
	size_t entry; /* index into x->entries */
	bool renews;
	json_t *doc;
	char text[STAMPTEXT_MAX]; /* what is stamped; empty if not known */
	size_t text_len;
	struct merkle_padded *tree; /* under it; NULL if not known */
	struct stamp_mark *marks;   /* of an ask: those of logs here */
	size_t n_marks;
	size_t answers; /* tokens that came for it and are right */
};

/* One token: that of an ask, or of a renewal. */
struct stamp_token {
	size_t entry;	 /* the `token` entry: index into x->entries */
	size_t question; /* index into the list of questions */
	struct timestamp_der reply;	   /* DER of the TimeStampResp */
	struct timestamp_list chain, crls; /* of this entry */
	struct timestamp verdict; /* now, by all CRLs that the vault holds */
};

enum stamp_status {
	STAMP_VALID,   /* its own token is, now */
	STAMP_RENEWED, /* a later token speaks for it, and is valid now */
	STAMP_AGED,    /* it was valid when it was made */
	STAMP_REVOKED,
	STAMP_REFUSED
};

/* One token of an `ask`, with the renewals that speak for it. */
struct stamp {
	struct stamp_token *first;
	struct stamp_token **renewals; /* 1, 2, ...: in the order of time */
	size_t n_renewals;
	enum stamp_status status;
	const char *why; /* if revoked or refused; in `first` or a renewal */
	int64_t until;	 /* the word of the last one ends then */
	const struct stamp_mark *marks; /* of its ask */
	size_t n_marks;
};

struct stamps {
	struct index *x; /* borrowed */
	int64_t now;
	struct timestamp_list roots; /* accepted ones */
	size_t *root_entries;	     /* where each stands */
	bool *withdrawn; /* for each entry: a root that was taken back */
	struct timestamp_list crls; /* all that the vault holds */
	size_t crl_bytes;
	struct stamp *list; /* by time, then entry hash */
	size_t n;
	struct stamp_question *questions;
	size_t n_questions;
	struct stamp_token *tokens; /* all, those of `list` too */
	size_t n_tokens;
};

/*
 * All that the accepted `stamp` entries say, judged at `now` (POSIX seconds).
 * What is wrong with them is reported to x->v->report: as with cosignatures.
 * NULL with `e` filled.
 */
struct stamps *stamps_new(struct index *x, int64_t now, struct err *e);
void stamps_free(struct stamps *s);

/* "valid", "renewed", "aged", "revoked", "refused". */
const char *stamp_status_name(enum stamp_status s);
/* Does its word count: valid, renewed, or (shown so) aged? */
bool stamp_counts(const struct stamp *s);

/* A stamp that covers a batch, by this mark. */
struct stamp_cover {
	size_t stamp; /* index into s->list */
	size_t mark;  /* index into its marks */
};
/*
 * The stamps whose word counts and that cover a batch of a log, by time: up to
 * s->n elements are written; how many is returned. Of an authority the first
 * in the list is its earliest.
 */
size_t stamps_covering(const struct stamps *s, size_t log, uint64_t batch,
		       struct stamp_cover *out);

/*
 * For a batch of a log the latest stamp whose token stood in that log below
 * this batch: it existed no earlier than that. SIZE_MAX if there is none.
 */
size_t stamps_earlier(const struct stamps *s, size_t log, uint64_t batch);

/* A file of proof/tN/ (EXHIBIT.md 2), without the folder. */
struct stamp_file {
	char name[STAMPTEXT_NAME_MAX];
	uint8_t *bytes;
	size_t len;
};
/*
 * What a package holds of a stamp. Of its marks those with a number are
 * shown: numbers[i] (n_marks elements) is the N of cN.path, 0 to leave it out.
 * *out is a list of *n files, sorted by name; free it with stamp_files_free.
 */
int stamp_files(const struct stamps *s, const struct stamp *st,
		const unsigned *numbers, struct stamp_file **out, size_t *n,
		struct err *e);
void stamp_files_free(struct stamp_file *list, size_t n);
/* proof/roots.pem; NULL without memory. */
char *stamp_roots_pem(const struct stamps *s, size_t *len);

/*
 * For each log how far it is stamped by what is valid or renewed (UINT64_MAX:
 * it is not for stamping, being forked, not whole or not accepted), and its
 * last batch beyond that with anything but `stamp` and `witness` entries; that
 * number itself if there is none. Both have x->v->n_logs elements; *count
 * (may be NULL) gets the number of such batches.
 */
int stamps_due(const struct stamps *s, uint64_t *from, uint64_t *last,
	       uint64_t *count, struct err *e);
/* The time that many months after `now`. */
int64_t stamp_limit(int64_t now, unsigned months);

/*
 * For people and --json. Of one stamp: {"status","time","accuracy"
 * (microseconds),"policy","serial","authority","imprint","root","root_sha256",
 * "until","unrevoked","entry","why","renewals":[...]}; absent where not known.
 */
json_t *stamp_json(const struct stamps *s, const struct stamp *st);
/* The same of a verdict alone. */
json_t *stamp_verdict_json(const struct timestamp *t);
/* "no later than" of a batch: a list of those, and "size". */
json_t *stamps_covering_json(const struct stamps *s, size_t log,
			     uint64_t batch);
/* "no earlier than": one of those, or NULL. */
json_t *stamps_earlier_json(const struct stamps *s, size_t log, uint64_t batch);
/* [{"subject","sha256","not_before","not_after","added_by","entry"}] */
json_t *stamps_roots_json(const struct stamps *s);
/*
 * Of the vault: {"stamps":[...],"ageing": how many end within that many
 * months,"months","pending":[{"request","asked","by","entry","of"}],
 * "unstamped": batches,"unstamped_logs":[{"device","stamped","content"}],
 * "roots":[...]}.
 */
json_t *stamps_json(const struct stamps *s, unsigned months, struct err *e);

/*
 * For `verify`: {"stamps","valid","renewed","aged","revoked","refused" (how
 * many),"oldest","newest" (of those that count),"unstamped","pending",
 * "authorities": names}.
 */
json_t *stamps_summary(const struct stamps *s, struct err *e);

#endif
