/*
 * An entry: canonical JSON and small contents in one padded age file, locked
 * to a one-off identity (FORMAT.md 5).
 */
#ifndef MUNIMENT_ENTRY_H
#define MUNIMENT_ENTRY_H

#include "err.h"
#include "hash.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define ENTRY_FILE_MAX (2u << 20)    /* bytes of the age file */
#define ENTRY_TAR_MAX (4u << 20)     /* bytes of the tar inside */
#define ENTRY_CONTENT_MAX (1u << 20) /* bytes of one content */
#define ENTRY_CONTENTS_MAX 999

struct entry_content {
	const uint8_t *data;
	size_t len;
};

/* A file that was made; entry_file_free frees what it points to. */
struct entry_file {
	uint8_t *bytes;
	size_t len;
	uint8_t sha256[HASH_LEN];
	uint8_t fields[HASH_LEN]; /* fields root */
	char *text; /* of entry_seal: its canonical JSON, NUL-terminated */
	size_t text_len;
};
void entry_file_free(struct entry_file *f);

/*
 * Seal an entry. `doc` must have a canonical form and a salt. The one-off
 * identity's secret half is written to `secret` (32 bytes, guarded).
 */
int entry_seal(const json_t *doc, const struct entry_content *contents,
	       size_t n, uint8_t secret[32], struct entry_file *out,
	       struct err *e);

/* An entry that was opened. */
struct entry {
	json_t *doc;
	char *text; /* canonical JSON, NUL-terminated */
	size_t text_len;
	uint8_t fields[HASH_LEN]; /* recomputed fields root */
	uint8_t *tar;		  /* what the contents point into */
	struct entry_content *contents;
	size_t n;
};

/*
 * Open one. Anything that is not the canonical form is ERR_EVIDENCE. Free it
 * with entry_free, which takes a zeroed struct too.
 */
int entry_open(const uint8_t *file, size_t len, const uint8_t secret[32],
	       struct entry *out, struct err *e);
void entry_free(struct entry *en);

/* The fields root of a document with a salt. 0, or -1. */
int entry_fields_root(const json_t *doc, uint8_t out[HASH_LEN]);

/* A string member, or NULL if it is not there or not a string. */
const char *entry_str(const json_t *doc, const char *key);

#endif
