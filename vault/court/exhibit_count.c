/*
 * count/ of a package: the batch files of every log, which prove how much the
 * vault holds. Only when asked for: see exhibit_inside.h.
 */
#include "exhibit_inside.h"

#include <stdio.h>
#include <string.h>

/* A batch's line and file. */
typedef int each_batch(void *ctx, const char *line, size_t line_len,
		       const struct gitstore_object *file, struct err *e);

static int
for_batches(struct vault *v, const struct log *l, each_batch *each, void *ctx,
	    struct err *e)
{
	for (uint64_t n = 1; n <= l->size; n++) {
		struct gitstore_object o = {0};
		struct vault_batch b;
		char line[64];
		int rc;

		if (vault_batch(v, l, n, &b, e) != 0)
			return -1;
		rc = vault_batch_named(v, &b, "batch", &o, e);
		if (rc == 0) {
			int len =
			    snprintf(line, sizeof line, "batch %llu %zu\n",
				     (unsigned long long)n, o.len);

			rc = each(ctx, line, (size_t)len, &o, e);
		}
		gitstore_object_free(&o);
		vault_batch_free(&b);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int
add_size(void *ctx, const char *line, size_t line_len,
	 const struct gitstore_object *file, struct err *e)
{
	uint64_t *sum = ctx;

	(void)line;
	(void)e;
	*sum += line_len + file->len;
	return 0;
}

static int
write_batch(void *ctx, const char *line, size_t line_len,
	    const struct gitstore_object *file, struct err *e)
{
	struct packout *out = ctx;

	return packout_write(out, line, line_len, e) == 0
		   ? packout_write(out, file->data, file->len, e)
		   : -1;
}

static int
put_log(struct exhibit *ex, const struct log *l, struct err *e)
{
	struct vault *v = ex->x->v;
	struct gitstore_object o = {0};
	char path[PACKOUT_PATH_MAX];
	struct vault_batch b;
	uint64_t size = 0;
	int rc;

	if (vault_batch(v, l, l->size, &b, e) != 0)
		return -1;
	snprintf(path, sizeof path, "count/%s.checkpoint", l->branch);
	rc = vault_batch_named(v, &b, "checkpoint", &o, e);
	if (rc == 0)
		rc = packout_put(ex->out, path, o.data, o.len, e);
	gitstore_object_free(&o);
	vault_batch_free(&b);
	snprintf(path, sizeof path, "count/%s.batches", l->branch);
	return rc == 0 && for_batches(v, l, add_size, &size, e) == 0 &&
		       packout_begin(ex->out, path, size, e) == 0 &&
		       for_batches(v, l, write_batch, ex->out, e) == 0 &&
		       packout_end(ex->out, e) == 0
		   ? 0
		   : -1;
}

int
exhibit_count_write(struct exhibit *ex, struct err *e)
{
	const struct vault *v = ex->x->v;

	for (size_t i = 0; i < v->n_logs; i++) {
		if (v->logs[i].size == 0)
			continue;
		if (put_log(ex, &v->logs[i], e) != 0)
			return -1;
	}
	return 0;
}
