#include "heads.h"

#include "hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADS_MAX 4096

int
heads_add(struct heads *h, const char *branch,
	  const uint8_t commit[GITFORM_OID_LEN], struct err *e)
{
	struct head *one;

	if (h->n >= HEADS_MAX)
		return err_set(e, ERR_EVIDENCE, "too many branches");
	if (h->n == h->cap) {
		size_t cap = h->cap > 0 ? 2 * h->cap : 16;
		void *p = realloc(h->list, cap * sizeof *h->list);

		if (p == NULL)
			return err_memory(e);
		h->list = p;
		h->cap = cap;
	}
	one = &h->list[h->n++];
	snprintf(one->branch, sizeof one->branch, "%s", branch);
	memcpy(one->commit, commit, GITFORM_OID_LEN);
	return 0;
}

void
heads_free(struct heads *h)
{
	free(h->list);
	memset(h, 0, sizeof *h);
}

/* <device>, or <device>.<32 hex> */
static bool
is_branch(const char *s)
{
	uint8_t key[32];
	size_t n = strlen(s);

	return (n == BATCH_DEVICE_LEN ||
		(n == BATCH_DEVICE_LEN + 33 && s[BATCH_DEVICE_LEN] == '.' &&
		 hex_is(s + BATCH_DEVICE_LEN + 1, 32))) &&
	       batch_device_key(s, BATCH_DEVICE_LEN, key) == 0;
}

int
heads_take(void *heads, const char *name, const uint8_t commit[GITFORM_OID_LEN],
	   struct err *e)
{
	struct heads *h = heads;

	if (strncmp(name, "refs/heads/", 11) == 0 && is_branch(name + 11))
		return heads_add(h, name + 11, commit, e);
	h->others++;
	return 0;
}

int
heads_refs(void *heads, gitstore_ref *ref, void *ctx, struct err *e)
{
	const struct heads *h = heads;
	char name[VAULT_BRANCH_MAX + 16];
	int rc = 0;

	for (size_t i = 0; i < h->n && rc == 0; i++) {
		snprintf(name, sizeof name, "refs/heads/%s", h->list[i].branch);
		rc = ref(ctx, name, h->list[i].commit, e);
	}
	return rc;
}

const struct log *
heads_find(const struct vault *v, const struct head *h, uint64_t *n)
{
	for (size_t i = 0; i < v->n_logs; i++) {
		const struct log *l = &v->logs[i];

		if (strncmp(l->device, h->branch, BATCH_DEVICE_LEN) != 0)
			continue;
		for (*n = l->size; *n > 0; (*n)--)
			if (memcmp(l->steps[*n - 1].commit, h->commit,
				   GITFORM_OID_LEN) == 0)
				return l;
	}
	return NULL;
}

bool
heads_hold(const struct heads *h, const uint8_t commit[GITFORM_OID_LEN])
{
	for (size_t i = 0; i < h->n; i++)
		if (memcmp(h->list[i].commit, commit, GITFORM_OID_LEN) == 0)
			return true;
	return false;
}

int
heads_news(const struct vault *v, const struct heads *all, struct heads *news,
	   struct err *e)
{
	uint64_t n;

	for (size_t i = 0; i < all->n; i++)
		if (heads_find(v, &all->list[i], &n) == NULL &&
		    heads_add(news, all->list[i].branch, all->list[i].commit,
			      e) != 0)
			return -1;
	return 0;
}

void
heads_cover(const struct vault *v, const struct heads *h, uint64_t *sizes)
{
	memset(sizes, 0, v->n_logs * sizeof *sizes);
	for (size_t i = 0; i < h->n; i++) {
		uint64_t n;
		const struct log *l = heads_find(v, &h->list[i], &n);

		/* sides of a fork begin alike */
		for (size_t k = 0; l != NULL && k < v->n_logs; k++) {
			uint64_t same = vault_alike(&v->logs[k], l);

			same = same < n ? same : n;
			if (same > sizes[k])
				sizes[k] = same;
		}
	}
}
