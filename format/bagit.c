#include "bagit.h"

#include "hex.h"
#include "lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char bagit_declaration[] = "BagIt-Version: 1.0\n"
				 "Tag-File-Character-Encoding: UTF-8\n";

bool
bagit_is_name(const char *name, size_t len)
{
	if (len == 0 || len >= BAGIT_NAME_MAX || name[0] == '.' ||
	    name[0] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!(name[i] >= 'a' && name[i] <= 'z') &&
		    !(name[i] >= 'A' && name[i] <= 'Z') &&
		    !(name[i] >= '0' && name[i] <= '9') && name[i] != '.' &&
		    name[i] != '_' && name[i] != '-')
			return false;
	return true;
}

bool
bagit_is_path(const char *path, size_t len)
{
	size_t depth = 0;

	if (len == 0 || len >= BAGIT_PATH_MAX)
		return false;
	for (size_t at = 0; at <= len; depth++) {
		const char *sl = memchr(path + at, '/', len - at);
		size_t n = sl != NULL ? (size_t)(sl - path) - at : len - at;

		if (!bagit_is_name(path + at, n))
			return false;
		at += n + 1;
	}
	return depth <= BAGIT_DEPTH_MAX;
}

static int
by_path(const void *a, const void *b)
{
	const struct bagit_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

char *
bagit_manifest_encode(struct bagit_file *files, size_t n, size_t *len)
{
	struct lines_text t = {0};
	char hex[65];

	if (n > 1)
		qsort(files, n, sizeof *files, by_path);
	for (size_t i = 0; i < n; i++) {
		hex_encode(files[i].sha256, 32, hex);
		lines_add(&t, "%s  %s\n", hex, files[i].path);
	}
	return lines_text_done(&t, len);
}

static bool
read_line(const struct lines_view *v, struct bagit_file *out)
{
	struct lines_view path;

	if (v->len < 67 || hex_decode(v->text, 32, out->sha256) != 0 ||
	    v->text[64] != ' ' || v->text[65] != ' ')
		return false;
	path.text = v->text + 66;
	path.len = v->len - 66;
	return bagit_is_path(path.text, path.len) &&
	       lines_copy(&path, out->path, sizeof out->path);
}

/* In no order of the manifest itself: as a file system sees it that folds. */
static int
by_folded(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;

	for (;; x++, y++) {
		int c = *x >= 'A' && *x <= 'Z' ? *x + 32 : *x;
		int d = *y >= 'A' && *y <= 'Z' ? *y + 32 : *y;

		if (c != d || c == '\0')
			return c - d;
	}
}

static enum format_result
check_case(const struct bagit_file *files, size_t n)
{
	const char **names = calloc(n > 0 ? n : 1, sizeof *names);
	enum format_result r = FORMAT_OK;

	if (names == NULL)
		return FORMAT_NO_MEMORY;
	for (size_t i = 0; i < n; i++)
		names[i] = files[i].path;
	if (n > 1)
		qsort(names, n, sizeof *names, by_folded);
	for (size_t i = 1; i < n; i++)
		if (by_folded(&names[i - 1], &names[i]) == 0)
			r = FORMAT_MALFORMED;
	free(names);
	return r;
}

enum format_result
bagit_manifest_decode(const char *text, size_t len, struct bagit_file **files,
		      size_t *n)
{
	struct lines l = {text, text + len};
	struct bagit_file *out = NULL;
	struct lines_view v;
	size_t got = 0, count = 0;
	enum format_result r = FORMAT_MALFORMED;

	*files = NULL;
	*n = 0;
	if (len > BAGIT_MANIFEST_MAX)
		return FORMAT_LIMIT;
	for (size_t i = 0; i < len; i++)
		count += text[i] == '\n';
	if (count > BAGIT_FILES_MAX)
		return FORMAT_LIMIT;
	out = calloc(count + 1, sizeof *out);
	if (out == NULL)
		return FORMAT_NO_MEMORY;
	for (; lines_next(&l, &v); got++)
		if (!read_line(&v, &out[got]) ||
		    (got > 0 && by_path(&out[got - 1], &out[got]) >= 0))
			goto out;
	if (!lines_done(&l))
		goto out;
	r = check_case(out, got);
out:
	if (r != FORMAT_OK) {
		free(out);
		return r;
	}
	*files = out;
	*n = got;
	return FORMAT_OK;
}

const struct bagit_file *
bagit_find(const struct bagit_file *files, size_t n, const char *path)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(path, files[mid].path);

		if (c == 0)
			return &files[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

size_t
bagit_info_encode(const struct bagit_info *i, char out[BAGIT_INFO_MAX])
{
	return (size_t)snprintf(out, BAGIT_INFO_MAX,
				"Bag-Software-Agent: %s\n"
				"Bagging-Date: %s\n"
				"External-Identifier: %s\n"
				"Payload-Oxum: %llu.%llu\n",
				i->agent, i->date, i->id,
				(unsigned long long)i->bytes,
				(unsigned long long)i->files);
}

static bool
read_oxum(const struct lines_view *v, struct bagit_info *out)
{
	const char *dot = memchr(v->text, '.', v->len);
	size_t n = dot != NULL ? (size_t)(dot - v->text) : 0;

	return n > 0 && hex_decimal(v->text, n, &out->bytes) == 0 &&
	       hex_decimal(dot + 1, v->len - n - 1, &out->files) == 0;
}

enum format_result
bagit_info_decode(const char *text, size_t len, struct bagit_info *out)
{
	struct lines l = {text, text + len};
	struct lines_view v;
	char time[LINES_TIME_LEN + 1];

	memset(out, 0, sizeof *out);
	if (!lines_take(&l, "Bag-Software-Agent:", &v) ||
	    !lines_is_printable(v.text, v.len) ||
	    !lines_copy(&v, out->agent, sizeof out->agent) ||
	    !lines_take(&l, "Bagging-Date:", &v) || v.len != 10 ||
	    !lines_copy(&v, out->date, sizeof out->date) ||
	    !lines_take(&l, "External-Identifier:", &v) || v.len != 32 ||
	    !hex_is(v.text, v.len) ||
	    !lines_copy(&v, out->id, sizeof out->id) ||
	    !lines_take(&l, "Payload-Oxum:", &v) || !read_oxum(&v, out) ||
	    !lines_done(&l))
		return FORMAT_MALFORMED;
	snprintf(time, sizeof time, "%sT00:00:00Z", out->date);
	return lines_is_time(time, LINES_TIME_LEN) ? FORMAT_OK
						   : FORMAT_MALFORMED;
}
