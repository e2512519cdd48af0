#include "stickheld.h"

#include "entry.h"
#include "epochs.h"
#include "hex.h"

#include <stdlib.h>
#include <string.h>

struct look {
	struct index *x;
	const struct agekey_public *to;
	size_t n_to;
	struct map commits; /* of all batches -> VAULT_PLACE */
	/* where stands what made the recipients what they are */
	size_t *needed; /* VAULT_PLACE */
	size_t n_needed;
	bool unknown; /* one of them is nobody's seat */
	struct stickheld *held;
};

int
stickheld_none(const struct index *x, struct stickheld *out)
{
	memset(out, 0, sizeof *out);
	out->sizes = calloc(x->v->n_logs + 1, sizeof *out->sizes);
	return out->sizes != NULL ? 0 : -1;
}

void
stickheld_free(struct stickheld *h)
{
	free(h->sizes);
	map_free(&h->objects);
	memset(h, 0, sizeof *h);
}

/* Where in the vault each commit is. */
static int
map_commits(const struct vault *v, struct map *commits)
{
	for (size_t i = 0; i < v->n_logs; i++)
		for (uint64_t k = 0; k < v->logs[i].size; k++) {
			uint8_t key[MAP_KEY_LEN] = {0};

			memcpy(key, v->logs[i].steps[k].commit,
			       GITFORM_OID_LEN);
			if (map_set(commits, key, VAULT_PLACE(i, k + 1)) != 0)
				return -1;
		}
	return 0;
}

/* Does this log hold the commit, as its batch n? */
static bool
is_at(const struct log *l, uint64_t n, const uint8_t oid[GITFORM_OID_LEN])
{
	return l->size >= n &&
	       memcmp(l->steps[n - 1].commit, oid, GITFORM_OID_LEN) == 0;
}

/* The number of this commit's batch; 0 if it is not here. */
static uint64_t
number_of(const struct look *k, const uint8_t oid[GITFORM_OID_LEN])
{
	uint8_t key[MAP_KEY_LEN] = {0};
	size_t at;

	memcpy(key, oid, GITFORM_OID_LEN);
	return map_get(&k->commits, key, &at) ? VAULT_PLACE_BATCH(at) : 0;
}

/* Raise `sizes` to what ends with these tips, of a fork on every side. */
static void
raise_sizes(const struct look *k, const struct carry_content *c,
	    uint64_t *sizes)
{
	const struct vault *v = k->x->v;

	for (size_t i = 0; i < c->n_tips; i++) {
		uint64_t n = number_of(k, c->tips[i]);

		for (size_t j = 0; n > 0 && j < v->n_logs; j++)
			if (n > sizes[j] && is_at(&v->logs[j], n, c->tips[i]))
				sizes[j] = n;
	}
}

static bool
is_held(const struct look *k, const uint8_t oid[GITFORM_OID_LEN])
{
	const struct vault *v = k->x->v;
	uint64_t n = number_of(k, oid);

	for (size_t i = 0; n > 0 && i < v->n_logs; i++)
		if (k->held->sizes[i] >= n && is_at(&v->logs[i], n, oid))
			return true;
	return false;
}

/* Is this entry the seat's admission, or a hand-over of its key? */
static bool
makes_seat(const struct index_entry *en, const struct index_seat *s)
{
	char hex[65];
	json_t *doc;
	bool yes;

	hex_encode(en->sha256, HASH_LEN, hex);
	if (strcmp(hex, s->id) == 0)
		return true;
	doc = strcmp(en->seat, s->id) == 0 ? index_doc(en) : NULL;
	yes = doc != NULL && entry_str(doc, "act") != NULL &&
	      strcmp(entry_str(doc, "act"), "handover") == 0;
	json_decref(doc);
	return yes;
}

/* Which seats are among the recipients? */
static bool *
find_seats(struct look *k)
{
	bool *seats = calloc(k->x->n_seats + 1, sizeof *seats);
	uint8_t key[HASH_LEN], other[HASH_LEN];

	for (size_t i = 0; seats != NULL && i < k->n_to; i++) {
		bool known = false;

		stickmemory_key(&k->to[i], key);
		for (size_t j = 0; j < k->x->n_seats; j++) {
			struct agekey_public to;

			if (epochs_recipient(k->x, &k->x->seats[j], &to) != 0)
				continue;
			stickmemory_key(&to, other);
			if (memcmp(key, other, HASH_LEN) == 0)
				known = seats[j] = true;
		}
		k->unknown |= !known;
	}
	return seats;
}

/* The entries that whoever locks a file to the recipients must know. */
static int
find_needed(struct look *k)
{
	const struct index *x = k->x;
	bool *seats = find_seats(k);

	for (size_t i = 0; seats != NULL && i < x->n_entries; i++) {
		const struct index_entry *en = &x->entries[i];
		bool made = false;
		size_t *p;

		for (size_t j = 0; en->kind == KIND_MEMBER && j < x->n_seats;
		     j++)
			made |= seats[j] && makes_seat(en, &x->seats[j]);
		if (!made)
			continue;
		p = realloc(k->needed, (k->n_needed + 1) * sizeof *p);
		if (p == NULL) {
			free(seats);
			return -1;
		}
		k->needed = p;
		p[k->n_needed++] = VAULT_PLACE(en->log, en->batch);
	}
	if (seats == NULL)
		return -1;
	free(seats);
	return 0;
}

/* Could whoever wrote this know all recipients, and lock it to them? */
static bool
is_for_all(const struct look *k, const struct stickrecord *r, uint64_t *sizes)
{
	const struct index *x = k->x;

	if (r->state == STICKFILE_WROTE)
		return stickmemory_is_for(r, k->to, k->n_to);
	if (k->unknown)
		return false;
	memset(sizes, 0, x->v->n_logs * sizeof *sizes);
	raise_sizes(k, &r->content, sizes);
	for (size_t i = 0; i < k->n_needed; i++) {
		size_t at = k->needed[i];

		if (sizes[VAULT_PLACE_LOG(at)] < VAULT_PLACE_BATCH(at))
			return false;
	}
	return true;
}

/* Count one file's content in, if all that it goes on from is held. */
static int
count_in(struct look *k, const struct carry_content *c, bool *done)
{
	uint8_t key[MAP_KEY_LEN];
	size_t at = 0, value;

	for (size_t i = 0; i < c->n_needs; i++)
		if (!is_held(k, c->needs[i]))
			return 0;
	raise_sizes(k, c, k->held->sizes);
	while (map_next(&c->objects, &at, key, &value))
		if (map_set(&k->held->objects, key, 1) != 0)
			return -1;
	*done = true;
	return 0;
}

/* Go round until no further file fits. */
static int
count_all(struct look *k, const struct stickfile *list, size_t n,
	  const struct stickmemory *m)
{
	bool *done = calloc(n + 1, sizeof *done), progress = done != NULL;
	uint64_t *sizes = calloc(k->x->v->n_logs + 1, sizeof *sizes);
	int rc = done == NULL || sizes == NULL ? -1 : 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		const struct stickrecord *r = stickmemory_find(m, &list[i]);

		done[i] = r == NULL || r->state == STICKFILE_OTHERS ||
			  !is_for_all(k, r, sizes);
	}
	while (progress && rc == 0) {
		progress = false;
		for (size_t i = 0; i < n && rc == 0; i++) {
			if (done[i])
				continue;
			rc =
			    count_in(k, &stickmemory_find(m, &list[i])->content,
				     &done[i]);
			progress |= done[i];
		}
	}
	free(sizes);
	free(done);
	return rc;
}

int
stickheld_look(struct index *x, const char *folder, const struct stickmemory *m,
	       const struct agekey_public *to, size_t n, struct stickheld *out,
	       struct err *e)
{
	struct look k = {.x = x, .to = to, .n_to = n, .held = out};
	struct stickfile *list = NULL;
	size_t files = 0;
	int rc = stickheld_none(x, out);

	if (rc != 0 || map_commits(x->v, &k.commits) != 0 ||
	    find_needed(&k) != 0)
		rc = err_memory(e);
	else if (stickfiles_list(folder, &list, &files, e) != 0)
		rc = -1;
	else if (count_all(&k, list, files, m) != 0)
		rc = err_memory(e);
	stickfiles_free(list, files);
	map_free(&k.commits);
	free(k.needed);
	if (rc != 0)
		stickheld_free(out);
	return rc;
}
