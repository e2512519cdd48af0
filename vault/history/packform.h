/*
 * A git pack, written by ourselves: every object whole and stored (ciphertext
 * neither compresses nor has deltas), and its index (git's
 * Documentation/gitformat-pack). What we write git's own tools check.
 */
#ifndef MUNIMENT_PACKFORM_H
#define MUNIMENT_PACKFORM_H

#include "agefile.h"
#include "err.h"
#include "gitform.h"

#include <stddef.h>
#include <stdint.h>

enum packform_type {
	PACKFORM_COMMIT = 1,
	PACKFORM_TREE = 2,
	PACKFORM_BLOB = 3,
};

/* The id that git gives an object. */
void packform_oid(enum packform_type type, const void *data, size_t len,
		  uint8_t oid[GITFORM_OID_LEN]);

/* Bytes of an object of `len` bytes in a pack. */
uint64_t packform_size(uint64_t len);

/* A pack that goes to a sink, where the number of objects is known. */
struct packform_stream;
struct packform_stream *packform_stream_new(uint32_t objects,
					    agefile_sink *sink, void *ctx,
					    struct err *e);
int packform_stream_add(struct packform_stream *s, enum packform_type type,
			const void *data, size_t len, struct err *e);
int packform_stream_finish(struct packform_stream *s, struct err *e);
void packform_stream_free(struct packform_stream *s);
#define PACKFORM_OVERHEAD 32 /* bytes of a pack's header and trailer */

/* A pack in a file, whose number of objects is found out on the way. */
struct packform_file;
struct packform_file *packform_file_new(const char *folder, struct err *e);
int packform_file_add(struct packform_file *f, enum packform_type type,
		      const void *data, size_t len,
		      uint8_t oid[GITFORM_OID_LEN], struct err *e);
/*
 * Read back the object that was added as number `number`, from 0, and has at
 * most `max` bytes, which `buf` has room for.
 */
int packform_file_read(struct packform_file *f, size_t number, size_t max,
		       enum packform_type *type, uint8_t *buf, size_t *len,
		       struct err *e);
/*
 * Finish pack and index under `folder`, durable; `name` is set to
 * "pack-<40 hex>" without ending.
 */
int packform_file_finish(struct packform_file *f, char name[48], struct err *e);
/* Frees, and removes what was not finished. */
void packform_file_free(struct packform_file *f);

/*
 * The ids of the objects that a pack index (version 2, `len` bytes) lists:
 * malloc'ed, *n of them; NULL if it is not one, or without memory.
 */
uint8_t (*packform_index_ids(const uint8_t *idx, size_t len,
			     size_t *n))[GITFORM_OID_LEN];

#endif
