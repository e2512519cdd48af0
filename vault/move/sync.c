#include "sync.h"

#include "absent.h"
#include "trust.h"

#include <stdlib.h>
#include <string.h>

int
sync_open(struct sync *s, struct err *e)
{
	if (s->v == NULL)
		s->v = vault_open_known(s->dir, VAULT_WRITE, s->id,
					s->o->progress, e);
	if (s->v == NULL)
		return -1;
	s->v->progress_ctx = s->o->progress_ctx;
	if (s->v->report.count[REPORT_DAMAGE] > 0) {
		err_set(e, ERR_EVIDENCE, "%s",
			report_first(&s->v->report, REPORT_DAMAGE));
		return err_hint(e, "muniment verify says more");
	}
	if (s->v->id[0] == '\0')
		return err_set(e, ERR_UNKNOWN,
			       "not a vault: there is no history");
	return 0;
}

void
sync_close(struct sync *s)
{
	index_free(s->x);
	vault_close(s->v);
	s->x = NULL;
	s->v = NULL;
}

struct index *
sync_index(struct sync *s, struct err *e)
{
	if (s->x == NULL) {
		s->x = index_open_lean(s->v, s->id, e);
	} else if (s->changed && index_refresh(s->x, e) != 0) {
		index_free(s->x);
		s->x = NULL;
	}
	s->changed = false;
	return s->x;
}

void
sync_add_up(struct sync_result *out, const struct merge_result *one)
{
	struct merge_result *sum = &out->in;

	sum->batches += one->batches;
	sum->devices += one->devices;
	sum->objects += one->objects;
	sum->forks += one->forks;
	sum->strangers += one->strangers;
	sum->crowded += one->crowded;
	if (one->forks > 0)
		report_add(&out->found, REPORT_HISTORY,
			   "%s: %zu devices have signed two histories that"
			   " contradict each other; both are kept: muniment"
			   " verify names them",
			   out->name, one->forks);
}

void
sync_result_free(struct sync_result *r)
{
	report_free(&r->found);
	heads_free(&r->left);
}

/* What is damaged there is no damage of ours. */
static void
tell_damage(struct sync_result *out, const struct report *damage)
{
	for (size_t i = 0; i < damage->n; i++)
		report_add(&out->found, REPORT_HISTORY, "%s: %s", out->name,
			   damage->lines[i].text);
}

int
sync_merge(struct sync *s, const char *objects, struct heads *news,
	   struct sync_result *out, struct err *e)
{
	struct merge *m;
	struct report damage = {0};
	struct merge_result one;
	struct caps caps;
	int rc = -1;

	/* it is wanted afterwards anyway, and only the first reads the cache */
	if (s->x == NULL && s->v->n_logs > 0 && sync_index(s, e) == NULL)
		return -1;
	caps_of(s->v, s->o->large, &caps);
	m = merge_new(s->v, s->id, false, e);
	if (m != NULL) {
		merge_cap(m, &caps);
		merge_spare(m, &damage);
	}
	if (m != NULL && !s->changed)
		merge_know(m, s->x);
	if (m != NULL && merge_incoming(m, objects, heads_refs, news, e) == 0)
		rc = merge_commit(m, &one, e);
	merge_free(m);
	tell_damage(out, &damage);
	report_free(&damage);
	s->changed = true;
	if (rc != 0)
		return -1;
	sync_add_up(out, &one);
	return heads_news(s->v, news, &out->left, e);
}

/* What the remote holds now of a device. */
static uint64_t
held_there(const struct vault *v, const struct heads *heads, const char *device)
{
	uint64_t most = 0, n;

	for (size_t i = 0; i < heads->n; i++) {
		const struct log *l = heads_find(v, &heads->list[i], &n);

		if (l != NULL && strcmp(l->device, device) == 0 && n > most)
			most = n;
	}
	return most;
}

/* Is batch n of this log among what the heads hold? */
static bool
is_there(const struct vault *v, const struct heads *heads, const struct log *l,
	 uint64_t n)
{
	uint64_t m;

	for (size_t i = 0; i < heads->n; i++) {
		const struct log *o = heads_find(v, &heads->list[i], &m);

		if (o != NULL && m >= n && vault_alike(o, l) >= n)
			return true;
	}
	return false;
}

/*
 * Does a branch of this device there end with what is not known here? It is
 * newer, and was not pulled; or it is damaged, which was told.
 */
static bool
is_unknown(const struct vault *v, const struct heads *heads, const char *device)
{
	uint64_t n;

	for (size_t i = 0; i < heads->n; i++)
		if (strncmp(heads->list[i].branch, device, strlen(device)) ==
			0 &&
		    heads_find(v, &heads->list[i], &n) == NULL)
			return true;
	return false;
}

int
sync_compare(struct sync *s, struct remote *r, const struct heads *heads,
	     struct sync_result *out, struct err *e)
{
	struct heads now = {0};
	uint64_t n;

	for (size_t i = 0; i < r->seen.n; i++) {
		const struct log *l = heads_find(s->v, &r->seen.list[i], &n);
		uint64_t held;

		if (l == NULL || is_there(s->v, heads, l, n))
			continue;
		if (is_unknown(s->v, heads, l->device)) {
			if (heads_add(&now, r->seen.list[i].branch,
				      r->seen.list[i].commit, e) != 0)
				goto bad;
			continue;
		}
		held = held_there(s->v, heads, l->device);
		report_add(&out->found, REPORT_HISTORY,
			   "%s: device %.12s: batch %llu was there; now it"
			   " ends at %llu%s",
			   r->name, l->device, (unsigned long long)n,
			   (unsigned long long)held,
			   held >= n ? ", and what was there is gone: another"
				       " history was put in its place"
				     : ": what is there was rolled back");
	}
	for (size_t i = 0; i < heads->n; i++)
		if (heads_find(s->v, &heads->list[i], &n) != NULL &&
		    heads_add(&now, heads->list[i].branch,
			      heads->list[i].commit, e) != 0)
			goto bad;
	heads_free(&r->seen);
	r->seen = now;
	return 0;
bad:
	heads_free(&now);
	return -1;
}

int
sync_only_case(struct sync *s, struct bulk_list *l, struct err *e)
{
	struct map of_case = {0};
	struct index *x;
	int rc;

	if (s->o->only_case == NULL || l->n == 0)
		return 0;
	x = sync_index(s, e);
	rc = x == NULL ? -1 : bulk_of_case(x, s->o->only_case, &of_case, e);
	bulk_filter(l, &of_case, true);
	map_free(&of_case);
	return rc;
}

int
sync_wanted(struct sync *s, struct bulk_list *out, struct err *e)
{
	if (!s->o->bulk)
		return 0;
	return bulk_lacking(s->v, out, e) != 0 ? -1 : sync_only_case(s, out, e);
}

typedef int part(struct sync *s, struct remote *r, struct sync_result *out,
		 struct err *e);
static part *const pulls[] = {syncfolder_pull, syncstick_pull, synchost_pull};
static part *const pushes[] = {syncfolder_push, syncstick_push, synchost_push};

/* One direction of one remote, unless it has failed already. */
static void
do_part(struct sync *s, part *const *parts, struct remote *r,
	struct sync_result *out)
{
	struct err e = {0};

	if (out->failed.code == ERR_NONE && parts[r->kind](s, r, out, &e) != 0)
		out->failed = e;
}

/* What the vault is told of what came, now or by others' syncs before. */
static int
note(struct sync *s, struct err *e)
{
	struct index *x;

	if (exchange_is_settled(s->v, s->id))
		return 0;
	x = sync_index(s, e);
	if (x == NULL || exchange_note(x, s->o->cosign, &s->noted, e) != 0)
		return -1;
	s->changed = true;
	if (vault_load(s->v, false, e) != 0)
		return -1;
	return s->o->cosign ? exchange_settle(s->v, s->id, e) : 0;
}

/* One direction of all remotes. -1 only if our vault cannot be used. */
static int
do_all(struct sync *s, part *const *parts, struct remote *const *remotes,
       size_t n, struct sync_result *results, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		do_part(s, parts, remotes[i], &results[i]);
		if (s->v == NULL || s->v->id[0] == '\0') {
			*e = results[i].failed;
			return -1;
		}
	}
	return 0;
}

/* Objects that an interrupted run has brought. */
static int
take_left(struct sync *s, struct err *e)
{
	char path[FSUTIL_PATH];
	struct bulk_in *b;
	size_t placed, left;
	int rc = -1;

	if (vault_path(s->v, "local/incoming", path, e) != 0)
		return -1;
	if (!fsutil_exists(path))
		return 0;
	b = bulk_in_new(s->v, e);
	if (b != NULL && bulk_in_finish(b, &placed, e) == 0)
		rc = absent_shrink(s->v, s->id, &left, e);
	bulk_in_free(b);
	return rc;
}

int
sync_run(struct sync *s, struct remote *const *remotes, size_t n,
	 struct sync_result *results, struct err *e)
{
	struct err why = {0};
	bool came = false;

	for (size_t i = 0; i < n; i++)
		results[i].name = remotes[i]->name;
	if (s->o->pull && (take_left(s, e) != 0 ||
			   do_all(s, pulls, remotes, n, results, e) != 0))
		return -1;
	for (size_t i = 0; i < n; i++)
		came |= results[i].in.batches > 0;
	/* who cannot write can push all the same, if nothing came */
	if (s->o->pull && note(s, &why) != 0 && came) {
		*e = why;
		return -1;
	}
	if (s->o->push && do_all(s, pushes, remotes, n, results, e) != 0)
		return -1;
	if (vault_load(s->v, false, e) != 0)
		return -1;
	return trust_check(s->v, s->id, e);
}
