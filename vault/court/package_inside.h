/* What package.c, package_dir.c and package_zip.c share. */
#ifndef MUNIMENT_PACKAGE_INSIDE_H
#define MUNIMENT_PACKAGE_INSIDE_H

#include "package.h"

struct package {
	int fd; /* the folder, or the zip file */
	bool is_zip;
	struct package_file *files; /* n of them; sorted once all are there */
	size_t n, cap, seen;
	uint64_t total; /* bytes of all */
	struct report odd;
};

/*
 * Add a file by its path, of `len` bytes. What may not be is noted instead,
 * and NULL is returned; also with `e` filled if there is no going on.
 */
struct package_file *package_add(struct package *p, const char *path,
				 size_t len, uint64_t size, struct err *e);
/* Count one more thing that is here; -1 with `e` filled beyond all limits. */
int package_count(struct package *p, struct err *e);

int package_list_dir(struct package *p, struct err *e);
int package_list_zip(struct package *p, uint64_t size, struct err *e);

/*
 * Hand the bytes of a file to `sink`: exactly f->size of them, or -1 with `e`
 * filled.
 */
int package_read_dir(struct package *p, const struct package_file *f,
		     package_sink *sink, void *ctx, struct err *e);
int package_read_zip(struct package *p, const struct package_file *f,
		     package_sink *sink, void *ctx, struct err *e);

#endif
