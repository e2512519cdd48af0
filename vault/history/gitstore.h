/*
 * The git repository under a vault: the one file that knows libgit2
 * (doctor_libs.c asks for its version).
 *
 * libgit2 reads objects and references. It is cut off from the user's and the
 * system's git configuration, writes no reflog and runs nothing.
 */
#ifndef MUNIMENT_GITSTORE_H
#define MUNIMENT_GITSTORE_H

#include "err.h"
#include "gitform.h"
#include "packform.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gitstore;

/* The exact content of `config` and `HEAD` (FORMAT.md 2 and 10). */
extern const char gitstore_config[];
extern const char gitstore_head[];

/* Make an empty repository in a folder that is free. */
int gitstore_init(const char *dir, struct err *e);
/* Open one. NULL with `e` filled. */
struct gitstore *gitstore_open(const char *dir, struct err *e);
void gitstore_close(struct gitstore *s);

/*
 * Objects alone, below an objects/ folder: it has no references. NULL with `e`
 * filled.
 */
struct gitstore *gitstore_open_objects(const char *objects, struct err *e);
/* Is this object here? */
bool gitstore_has(struct gitstore *s, const uint8_t oid[GITFORM_OID_LEN]);

/* Look for objects below this objects/ folder too (a quarantine). */
int gitstore_add_objects(struct gitstore *s, const char *objects,
			 struct err *e);
/* From now on refuse objects of more than this many bytes, unread. */
void gitstore_bound(struct gitstore *s, size_t max);
/* Notice packs that came since. */
int gitstore_refresh(struct gitstore *s, struct err *e);

/* An object that was read; the bytes live until gitstore_object_free. */
struct gitstore_object {
	const uint8_t *data;
	size_t len;
	void *handle;
};
/*
 * Read an object of this type; libgit2 checks its SHA-1. ERR_EVIDENCE when it
 * is missing, damaged or of another type. Free it also after a failure.
 */
int gitstore_read(struct gitstore *s, const uint8_t oid[GITFORM_OID_LEN],
		  enum packform_type type, struct gitstore_object *out,
		  struct err *e);
void gitstore_object_free(struct gitstore_object *o);
/* The same, whatever its type is; *type is set. */
int gitstore_read_any(struct gitstore *s, const uint8_t oid[GITFORM_OID_LEN],
		      enum packform_type *type, struct gitstore_object *out,
		      struct err *e);
/* Its length only. */
int gitstore_length(struct gitstore *s, const uint8_t oid[GITFORM_OID_LEN],
		    enum packform_type type, uint64_t *len, struct err *e);

/* Call `ref` for each reference, with its whole name, sorted by name. */
typedef int gitstore_ref(void *ctx, const char *name,
			 const uint8_t oid[GITFORM_OID_LEN], struct err *e);
int gitstore_refs(struct gitstore *s, gitstore_ref *ref, void *ctx,
		  struct err *e);

#endif
