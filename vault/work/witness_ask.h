/*
 * Cosignatures from a witness outside the vault: C2SP tlog-witness, as a log
 * asks for them (add-checkpoint). The witness learns the vault's id, its
 * devices' names, and how often each has written; nothing of what.
 */
#ifndef MUNIMENT_WITNESS_ASK_H
#define MUNIMENT_WITNESS_ASK_H

#include "witness.h"

/* What became of one log. */
struct witness_answer {
	size_t log;
	uint64_t size; /* that was sent */
	uint64_t time; /* of the cosignature; 0 if there is none */
	bool nothing;  /* nothing new to be asked for: not sent */
	struct err e;  /* why there is none; ERR_EVIDENCE: it speaks of a fork
			* or of a rollback */
};

/*
 * Ask the witness whose verifier key is `vkey` at `url` (its submission
 * prefix) about every log that is whole and not forked, and write what it
 * gave as one `witness` entry. `out` has x->v->n_logs elements; *n are filled.
 * -1 with `e` filled if nothing could be asked, or not be written.
 */
int witness_ask(struct index *x, const char *url, const char *vkey,
		bool insecure, struct witness_answer *out, size_t *n,
		struct err *e);

/* A log's verifier key, for those who run a witness. */
void witness_log_vkey(const struct vault *v, const struct log *l,
		      char out[COSIGN_VKEY_MAX]);

#endif
