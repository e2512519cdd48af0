#include "forks.h"

#include "hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* By the first batch in which they differ; a beginning before the whole. */
static int
by_history(const void *x, const void *y)
{
	const struct log *a = *(const struct log *const *)x;
	const struct log *b = *(const struct log *const *)y;
	uint64_t n = vault_alike(a, b);

	if (n == a->size || n == b->size)
		return (a->size > b->size) - (a->size < b->size);
	return memcmp(a->steps[n].root, b->steps[n].root, HASH_LEN);
}

static const char said[] = "; a member has said which side counts";

/* Two sides that part after batch n. */
static void
report_fork(struct vault *v, const struct log *a, const struct log *b,
	    uint64_t n)
{
	char one[65], other[65];
	uint8_t key[MAP_KEY_LEN];
	size_t at;
	bool is_settled;

	map_key_text(a->device, key);
	hex_encode(a->steps[n].root, HASH_LEN, one);
	hex_encode(b->steps[n].root, HASH_LEN, other);
	is_settled = map_get(&v->settled, key, &at);
	report_add(&v->report, is_settled ? REPORT_NOTE : REPORT_HISTORY,
		   "device %.12s: a fork: it has signed two histories that part"
		   " at batch %llu: one with root %.16s there, and one with"
		   " %.16s%s",
		   a->device, (unsigned long long)(n + 1), one, other,
		   is_settled ? said : "");
}

/* Sorted, logs that begin alike are neighbours, and each fork lies between. */
static void
check_sides(struct vault *v, struct log **sides, size_t k)
{
	uint64_t frozen = UINT64_MAX;

	qsort(sides, k, sizeof *sides, by_history);
	for (size_t i = 1; i < k; i++) {
		const struct log *a = sides[i - 1], *b = sides[i];
		uint64_t n = vault_alike(a, b);

		if (n == a->size || n == b->size)
			continue;
		report_fork(v, a, b, n);
		if (n < frozen)
			frozen = n;
	}
	for (size_t i = 0; i < k; i++)
		sides[i]->frozen = frozen;
}

int
forks_check(struct vault *v, struct err *e)
{
	struct log **sides = calloc(v->n_logs + 1, sizeof *sides);

	if (sides == NULL)
		return err_memory(e);
	for (size_t i = 0; i < v->n_logs; i++)
		v->logs[i].frozen = UINT64_MAX;
	for (size_t i = 0; i < v->n_logs; i++) {
		size_t k = 0;

		/* once a device, and only where it has several logs */
		if (vault_first_log(v, v->logs[i].device) != i ||
		    v->logs[i].other == SIZE_MAX)
			continue;
		for (size_t n = i; n != SIZE_MAX; n = v->logs[n].other)
			sides[k++] = &v->logs[n];
		check_sides(v, sides, k);
	}
	free(sides);
	return 0;
}

int
forks_settle(struct vault *v, const char *device)
{
	uint8_t key[MAP_KEY_LEN];
	char start[40];

	map_key_text(device, key);
	snprintf(start, sizeof start, "device %.12s: a fork:", device);
	report_calm(&v->report, start, said);
	return map_set(&v->settled, key, 1);
}
