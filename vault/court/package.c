#include "package_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
package_count(struct package *p, struct err *e)
{
	if (++p->seen > PACKAGE_FILES_MAX)
		return err_set(e, ERR_EVIDENCE,
			       "more files than a package can have (%u)",
			       PACKAGE_FILES_MAX);
	return 0;
}

struct package_file *
package_add(struct package *p, const char *path, size_t len, uint64_t size,
	    struct err *e)
{
	struct package_file *f;
	char shown[300];

	err_escape(shown, sizeof shown, path, len);
	if (!bagit_is_path(path, len)) {
		report_add(&p->odd, REPORT_DAMAGE,
			   "%s: no file of a package has such a name", shown);
		return NULL;
	}
	if (size > PACKAGE_FILE_MAX) {
		report_add(&p->odd, REPORT_DAMAGE,
			   "%s: larger than a file of a package can be", shown);
		return NULL;
	}
	if (size > PACKAGE_TOTAL_MAX - p->total) {
		err_set(e, ERR_EVIDENCE, "larger than a package can be");
		return NULL;
	}
	p->total += size;
	if (p->n == p->cap) {
		size_t cap = p->cap > 0 ? 2 * p->cap : 64;
		void *more = realloc(p->files, cap * sizeof *p->files);

		if (more == NULL) {
			err_memory(e);
			return NULL;
		}
		p->files = more;
		p->cap = cap;
	}
	f = &p->files[p->n++];
	memset(f, 0, sizeof *f);
	memcpy(f->path, path, len);
	f->size = size;
	return f;
}

static int
by_path(const void *a, const void *b)
{
	const struct package_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static int
by_folded(const void *a, const void *b)
{
	return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sort, and note names that are here twice, or for some file systems are. */
static int
sort(struct package *p, struct err *e)
{
	const char **names = calloc(p->n > 0 ? p->n : 1, sizeof *names);

	if (names == NULL)
		return err_memory(e);
	if (p->n > 1)
		qsort(p->files, p->n, sizeof *p->files, by_path);
	for (size_t i = 0; i < p->n; i++)
		names[i] = p->files[i].path;
	if (p->n > 1)
		qsort(names, p->n, sizeof *names, by_folded);
	for (size_t i = 1; i < p->n; i++)
		if (by_folded(&names[i - 1], &names[i]) == 0)
			report_add(&p->odd, REPORT_DAMAGE,
				   strcmp(names[i - 1], names[i]) == 0
				       ? "%s: is here twice"
				       : "%s: there is another file of this "
					 "name but for the case of letters",
				   names[i]);
	free(names);
	return 0;
}

/* What every package has; without one of them this is something else. */
static bool
is_package(struct package *p)
{
	return package_find(p, "proof/exhibit.txt") != NULL ||
	       package_find(p, "tagmanifest-sha256.txt") != NULL;
}

static int
list(struct package *p, struct err *e)
{
	struct stat st;

	if (fstat(p->fd, &st) != 0)
		return err_sys(e, "cannot be read");
	if (S_ISDIR(st.st_mode)) {
		if (package_list_dir(p, e) != 0)
			return -1;
	} else if (S_ISREG(st.st_mode)) {
		p->is_zip = true;
		if (package_list_zip(p, (uint64_t)st.st_size, e) != 0)
			return -1;
	} else {
		return err_set(e, ERR_UNKNOWN, "neither a folder nor a file");
	}
	if (sort(p, e) != 0)
		return -1;
	if (!is_package(p))
		return err_set(e, ERR_UNKNOWN, "not an exhibit package");
	return 0;
}

struct package *
package_open(const char *path, struct err *e)
{
	struct package *p = calloc(1, sizeof *p);
	struct err why = {0};
	char shown[300];

	err_escape(shown, sizeof shown, path, strlen(path));
	if (p == NULL) {
		err_memory(e);
		return NULL;
	}
	/* a FIFO must not keep us waiting */
	p->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (p->fd < 0)
		err_sys(e, "%s", shown);
	else if (list(p, &why) != 0)
		err_set(e, why.code, "%s: %s", shown, why.msg);
	else
		return p;
	package_close(p);
	return NULL;
}

void
package_close(struct package *p)
{
	if (p == NULL)
		return;
	if (p->fd >= 0)
		close(p->fd);
	report_free(&p->odd);
	free(p->files);
	free(p);
}

struct package_file *
package_files(struct package *p, size_t *n)
{
	*n = p->n;
	return p->files;
}

struct package_file *
package_find(struct package *p, const char *path)
{
	struct package_file key;
	size_t n = strlen(path);

	if (n >= sizeof key.path || p->n == 0)
		return NULL;
	memcpy(key.path, path, n + 1);
	return bsearch(&key, p->files, p->n, sizeof key, by_path);
}

const struct report *
package_odd(const struct package *p)
{
	return &p->odd;
}

bool
package_is_zip(const struct package *p)
{
	return p->is_zip;
}

struct hashing {
	struct hash *h;
	package_sink *sink;
	void *ctx;
};

static int
hash_sink(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct hashing *h = ctx;

	hash_update(h->h, bytes, len);
	return h->sink != NULL ? h->sink(h->ctx, bytes, len, e) : 0;
}

int
package_stream(struct package *p, struct package_file *f, package_sink *sink,
	       void *ctx, struct err *e)
{
	struct hashing h = {hash_new(HASH_SHA256), sink, ctx};
	uint8_t got[HASH_LEN];
	int rc;

	if (h.h == NULL)
		return err_memory(e);
	rc = p->is_zip ? package_read_zip(p, f, hash_sink, &h, e)
		       : package_read_dir(p, f, hash_sink, &h, e);
	hash_final(h.h, got);
	hash_free(h.h);
	if (rc != 0)
		return -1;
	if (f->is_hashed && memcmp(f->sha256, got, HASH_LEN) != 0)
		return err_set(e, ERR_EVIDENCE,
			       "%s: was changed while it was being checked",
			       f->path);
	memcpy(f->sha256, got, HASH_LEN);
	f->is_hashed = true;
	return 0;
}

struct filling {
	char *bytes;
	size_t len, cap;
};

static int
fill(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct filling *f = ctx;

	if (len > f->cap - f->len)
		return err_set(e, ERR_EVIDENCE, "it is longer than it was");
	memcpy(f->bytes + f->len, bytes, len);
	f->len += len;
	return 0;
}

int
package_read(struct package *p, struct package_file *f, size_t max, char **out,
	     size_t *len, struct err *e)
{
	struct filling into = {0};

	*out = NULL;
	*len = 0;
	if (f->size > max)
		return err_set(e, ERR_EVIDENCE,
			       "%s: larger than such a file can be (%zu bytes)",
			       f->path, max);
	into.cap = (size_t)f->size;
	into.bytes = malloc(into.cap + 1);
	if (into.bytes == NULL)
		return err_memory(e);
	if (package_stream(p, f, fill, &into, e) != 0) {
		free(into.bytes);
		return -1;
	}
	into.bytes[into.len] = '\0';
	*out = into.bytes;
	*len = into.len;
	return 0;
}
