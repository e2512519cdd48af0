/*
 * proof/eNNN.proof of an exhibit package (EXHIBIT.md 2): where the line of a
 * disclosed entry stands in its batch, and the fields that are shown of it,
 * each with its salt and its path under the entry's fields root.
 */
#ifndef MUNIMENT_EXPROOF_H
#define MUNIMENT_EXPROOF_H

#include "batch.h"
#include "canon.h"
#include "result.h"

#include <stdint.h>

#define EXPROOF_FILE_MAX (96u << 20)	     /* bytes */
#define EXPROOF_BATCH_PATH (2 * BATCH_MAX_K) /* nodes */
#define EXPROOF_FIELDS_MIN_K 3
#define EXPROOF_FIELDS_MAX_K 8
#define EXPROOF_FIELDS_PATH (2 * EXPROOF_FIELDS_MAX_K) /* nodes */

struct exproof_field {
	const char *name;  /* such as "files.1.sha256" */
	const char *value; /* canonical JSON, as canon_value gives it */
	uint8_t salt[32];  /* the field salt */
	uint32_t place;	   /* from 0, in the sorted tree */
	uint8_t path[EXPROOF_FIELDS_PATH][32]; /* 2 * fields_k count */
};

struct exproof {
	uint8_t sha256[32]; /* of the age file: the entry's name */
	uint8_t root[32];   /* its fields root */
	uint32_t place;	    /* of its line, from 0, in the batch's tree */
	int batch_k;
	uint8_t path[EXPROOF_BATCH_PATH][32]; /* 2 * batch_k count */
	uint8_t inner[32];		      /* the batch's inner root */
	int fields_k;
	struct exproof_field *fields; /* n of them, by name */
	size_t n;
	char *text; /* the decoder's: what names and values point into */
};

/*
 * The text, malloc'ed, *len bytes; `fields` are sorted in place. NULL without
 * memory. What the caller fills in stays the caller's.
 */
char *exproof_encode(struct exproof *p, size_t *len);

/*
 * Read one: only what exproof_encode writes, each field once, each value one
 * that a field can have. exproof_free in any case, but only of what was read.
 */
enum format_result exproof_decode(const char *text, size_t len,
				  struct exproof *out);
void exproof_free(struct exproof *p);

/* The field of this name, or NULL. */
const struct exproof_field *exproof_find(const struct exproof *p,
					 const char *name);

/*
 * What the hash of a field's leaf is over, behind 0x00: salt, name, 0x00,
 * value. malloc'ed, *len bytes; NULL without memory.
 */
uint8_t *exproof_leaf_input(const struct exproof_field *f, size_t *len);

#endif
