/*
 * An exhibit package (EXHIBIT.md 2) as it came from a stranger: a folder, or a
 * zip file with one folder in it. Nothing is unpacked or written, no link is
 * followed, and memory does not grow with the size of a file.
 */
#ifndef MUNIMENT_PACKAGE_H
#define MUNIMENT_PACKAGE_H

#include "bagit.h"
#include "hash.h"
#include "report.h"

#include "err.h"

#include <stdbool.h>
#include <stdint.h>

#define PACKAGE_FILES_MAX (2 * BAGIT_FILES_MAX)
#define PACKAGE_FILE_MAX (UINT64_C(1) << 37)  /* bytes of a file: 128 GiB */
#define PACKAGE_TOTAL_MAX (UINT64_C(1) << 43) /* bytes of all: 8 TiB */

struct package;

struct package_file {
	char path[BAGIT_PATH_MAX]; /* from the package's folder */
	uint64_t size;		   /* bytes */
	bool is_hashed;		   /* package_stream has been through it */
	uint8_t sha256[HASH_LEN];
	/* in a zip file */
	uint64_t at, packed;
	uint32_t crc;
	bool deflated;
};

/*
 * Open it and list its files. What does not belong in any package (links,
 * names that are not allowed, ...) is in package_odd, not in the list. NULL
 * with `e` filled: it cannot be read, is no package, or is a zip file that
 * different programs could read differently (ERR_EVIDENCE).
 */
struct package *package_open(const char *path, struct err *e);
void package_close(struct package *p);

/* All files, *n of them, sorted by path. */
struct package_file *package_files(struct package *p, size_t *n);
struct package_file *package_find(struct package *p, const char *path);
/* What is here that cannot be: lines at REPORT_DAMAGE. */
const struct report *package_odd(const struct package *p);
/* True if it is a zip file. */
bool package_is_zip(const struct package *p);

/*
 * Hand all bytes of a file to `sink`, in order, and hash them; `sink` may be
 * NULL. If a file is read again and is not the same, that is ERR_EVIDENCE, as
 * is damage in a zip file.
 */
typedef int package_sink(void *ctx, const void *bytes, size_t len,
			 struct err *e);
int package_stream(struct package *p, struct package_file *f,
		   package_sink *sink, void *ctx, struct err *e);

/*
 * A file of at most `max` bytes, whole: *out is malloc'ed with a NUL behind.
 */
int package_read(struct package *p, struct package_file *f, size_t max,
		 char **out, size_t *len, struct err *e);

#endif
