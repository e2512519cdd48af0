/*
 * Carry files (FORMAT.md 9): a vault's history and bulk in one encrypted file
 * for named people, and taking such a file in.
 */
#ifndef MUNIMENT_CARRY_H
#define MUNIMENT_CARRY_H

#include "index.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CARRY_PART_MAX UINT64_C(4227858432) /* bytes: fits FAT, and Padmé */

/* Which bulk goes along. The history always goes whole. */
struct carry_what {
	const struct index_case *only_case; /* or NULL */
	struct index_item *const *items;    /* n_items of them; or NULL */
	size_t n_items;
};

struct carry_to {
	const struct agekey_public *keys; /* n of them */
	size_t n;
	const struct secret *passphrase; /* instead of keys */
	unsigned work_factor;		 /* 0: the usual */
	uint64_t part; /* bytes of a part; 0: CARRY_PART_MAX */
};

/*
 * Write the file, or its parts `path`.001, .002, ...; *parts says how many (1
 * means one file called `path`).
 */
int carry_write(struct index *x, const struct carry_to *to,
		const struct carry_what *what, const char *path, size_t *parts,
		struct err *e);

struct carry_result {
	bool created;	/* the vault was not here before */
	size_t batches; /* new batches */
	size_t devices; /* of so many devices */
	size_t objects; /* new objects */
	size_t absent;	/* listed objects that are not here now */
	size_t forks;	/* histories that contradict ours, kept beside them */
	size_t older;	/* devices of which less came than is here */
	size_t
	    strangers; /* devices of no member, whose histories were left out */
};

/*
 * Take in a carry file (or its parts, in order) into the vault at `dir`, which
 * is made if nothing is there. Either all of it is checked and taken in, or
 * nothing changes.
 */
int carry_receive(const char *dir, const struct identity *id,
		  const struct secret *passphrase, const char *const *files,
		  size_t n, vault_progress *progress,
		  struct carry_result *result, struct err *e);

#endif
