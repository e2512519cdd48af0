/* Getting originals back, byte for byte, and checking their SHA-256. */
#ifndef MUNIMENT_EXTRACT_H
#define MUNIMENT_EXTRACT_H

#include "entry.h"
#include "index.h"

#include <jansson.h>

/*
 * Hand the bytes of one file of an opened entry to `sink`, in order. They are
 * checked as they pass: each segment before it is handed on, the whole when
 * all have been. ERR_EVIDENCE if anything is not what was recorded.
 */
typedef int extract_sink(void *ctx, const void *bytes, size_t len,
			 struct err *e);
int extract_file(struct index *x, const struct entry *en, const json_t *file,
		 extract_sink *sink, void *ctx, struct err *e);

/*
 * The same by the thread that calls it alone, without progress: for jobs of a
 * pool, while nothing is added to the index. `checked` are objects whose files
 * were found to have their SHA-256 a moment ago (or NULL).
 */
int extract_alone(struct index *x, const struct entry *en, const json_t *file,
		  const struct map *checked, extract_sink *sink, void *ctx,
		  struct err *e);

/*
 * Is every content of an opened entry named by exactly one file, and can every
 * recorded name be one? -1 with ERR_EVIDENCE.
 */
int extract_contents(const struct entry *en, struct err *e);

/*
 * How many files an opened entry has, if all lie in it and are what was
 * recorded; -1 if one does not, is not, or extract_contents fails. In any
 * thread.
 */
int extract_inside(const struct entry *en);

/*
 * Bytes from anywhere in one file that extract_file has found whole; entry and
 * description outlive it. The read has the form of contents_source (ctx: the
 * extract_at).
 */
struct extract_at;
struct extract_at *extract_at_new(struct index *x, const struct entry *en,
				  const json_t *file, struct err *e);
int extract_at_read(void *ctx, uint64_t at, void *buf, size_t len,
		    struct err *e);
void extract_at_free(struct extract_at *a); /* takes NULL */

/*
 * Where extract_to writes a file: the folders are made, `path` is set. -1 if no
 * file can be called so.
 */
int extract_place(const json_t *file, const char *folder,
		  char path[FSUTIL_PATH], struct err *e);

/*
 * Write one file into a folder, below the folders that it was taken in with,
 * under its recorded name, which must be free there. It gets its name only when
 * whole and verified; `path` is set to it.
 */
int extract_to(struct index *x, const struct entry *en, const json_t *file,
	       const char *folder, char path[FSUTIL_PATH], struct err *e);

/* The bytes of a recorded file name, safe to use as one. -1: it is not. */
int extract_name(const json_t *file, char out[256]);

#endif
