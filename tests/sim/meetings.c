/* How vaults meet: whole, in part, late, again. */
#include "sim.h"

#include "exchange.h"
#include "fsutil.h"
#include "stick.h"
#include "sync.h"

#include <stdlib.h>
#include <string.h>

/* What one machine shows another of its branches. */
struct showing {
	struct world *w;
	struct vault *v;
	bool some;  /* not all branches */
	bool older; /* some as they were, as an old carry file has them */
};

/* Has the form of vault_refs. */
static int
show_refs(void *ctx, gitstore_ref *ref, void *ref_ctx, struct err *e)
{
	struct showing *s = ctx;
	size_t always = sim_roll(s->w, s->v->n_logs);
	char name[VAULT_BRANCH_MAX + 16];

	for (size_t i = 0; i < s->v->n_logs; i++) {
		const struct log *l = &s->v->logs[i];
		uint64_t n = l->size;

		if (s->some && i != always && sim_chance(s->w, 50))
			continue;
		if (s->older && sim_chance(s->w, 60))
			n = 1 + sim_roll(s->w, n);
		snprintf(name, sizeof name, "refs/heads/%s", l->branch);
		if (ref(ref_ctx, name, l->steps[n - 1].commit, e) != 0)
			return -1;
	}
	return 0;
}

/* Objects that the other has and that fit what he shows. */
static void
bring_objects(struct world *w, struct machine *from, struct machine *to,
	      struct merge *g)
{
	uint8_t sha256[MAP_KEY_LEN];
	size_t at = 0, size;
	struct err e = {0};

	while (map_next(&from->v->objects, &at, sha256, &size)) {
		char source[FSUTIL_PATH], path[FSUTIL_PATH], rel[96], hex[65];
		char *bytes = NULL;
		size_t len = 0;

		hex_encode(sha256, 32, hex);
		snprintf(rel, sizeof rel, "local/tmp/%s", hex);
		if (!merge_lists(g, sha256) ||
		    vault_object_path(to->v, sha256, path, &e) != 0 ||
		    fsutil_exists(path) ||
		    vault_object_path(from->v, sha256, source, &e) != 0 ||
		    !fsutil_exists(source))
			continue;
		if (fsutil_read(source, 64u << 20, &bytes, &len, &e) != 0 ||
		    vault_path(to->v, "local/tmp", path, &e) != 0 ||
		    fsutil_mkdirs(path, &e) != 0 ||
		    vault_path(to->v, rel, path, &e) != 0 ||
		    fsutil_write(path, bytes, len, &e) != 0 ||
		    merge_object(g, sha256, size, &e) != 0)
			sim_fail(w, "an object: %s", e.msg);
		free(bytes);
	}
}

/* What the exchange says of itself, as the command does. */
static void
note(struct world *w, struct machine *m)
{
	struct exchange_result r = {0};
	struct index *x = sim_look(w, m);
	struct err e = {0};

	if (exchange_note(x, sim_chance(w, 50), &r, &e) != 0)
		sim_tell(w, "  no note of it: %s", e.msg);
	m->stale = true;
}

static struct merge_result
merge(struct world *w, struct machine *from, struct machine *to,
      struct showing *s, bool bulk)
{
	const struct identity *id = to->host ? NULL : to->id;
	struct merge_result r = {0};
	char objects[FSUTIL_PATH];
	struct err e = {0};
	struct merge *g;

	if (!to->host && to->v->n_logs > 0)
		(void)sim_look(w, to);
	g = merge_new(to->v, id, to->v->id[0] == '\0', &e);
	if (g != NULL && !to->host && to->v->n_logs > 0)
		merge_know(g, to->x);
	if (g == NULL || vault_path(from->v, "objects", objects, &e) != 0 ||
	    merge_incoming(g, objects, show_refs, s, &e) != 0)
		sim_fail(w, "%s to %s: %s", from->name, to->name, e.msg);
	if (bulk)
		bring_objects(w, from, to, g);
	if (merge_commit(g, &r, &e) != 0)
		sim_fail(w, "%s to %s: %s", from->name, to->name, e.msg);
	merge_free(g);
	to->stale = true;
	return r;
}

/* Some of what it has, or some of it as it once was: by no command of ours. */
static void
meet_by_hand(struct world *w, struct machine *from, struct machine *to)
{
	struct showing s = {.w = w,
			    .v = from->v,
			    .some = sim_chance(w, 40),
			    .older = sim_chance(w, 40)};
	struct merge_result r;

	if (to->v->n_logs == 0)
		s.some = s.older = false;
	r = merge(w, from, to, &s, sim_chance(w, 60));
	sim_tell(w, "%s to %s%s%s: %zu batches, %zu forks, %zu strangers",
		 from->name, to->name, s.some ? ", some" : "",
		 s.older ? ", old" : "", r.batches, r.forks, r.strangers);
}

/* As `sync` does with another vault's folder: take from it, or bring to it. */
static void
meet_folder(struct world *w, struct machine *from, struct machine *to,
	    bool push)
{
	struct sync_options o = {.bulk = sim_chance(w, 50)};
	struct machine *m = push ? from : to;
	struct sync s = {.dir = m->dir,
			 .v = m->v,
			 .id = m->id,
			 .x = sim_look(w, m),
			 .o = &o};
	struct remote r = {.name = "other",
			   .where = push ? to->dir : from->dir};
	struct sync_result out = {.name = "other"};
	struct err e = {0};

	if ((push ? syncfolder_push(&s, &r, &out, &e)
		  : syncfolder_pull(&s, &r, &out, &e)) != 0)
		sim_fail(w, "%s to %s: %s", from->name, to->name, e.msg);
	sim_tell(w, "%s to %s, %s: %zu batches, %zu forks, %zu strangers",
		 from->name, to->name, push ? "pushed" : "pulled",
		 push ? out.out_batches : out.in.batches, out.in.forks,
		 out.in.strangers);
	heads_free(&r.seen);
	report_free(&out.found);
	to->stale = true;
	if (to->host && vault_load(to->v, false, &e) != 0)
		sim_fail(w, "%s", e.msg);
}

/* A carry file goes onto the one stick, or those that are there are read. */
static void
meet_stick(struct world *w, struct machine *m, bool push)
{
	struct stick_push p = {.no_bulk = sim_chance(w, 50),
			       .anew = sim_chance(w, 10)};
	struct stick_pushed went = {0};
	struct stick_pulled came = {0};
	char path[FSUTIL_PATH];
	struct err e = {0};
	int rc;

	snprintf(path, sizeof path, "%s/stick", w->dir);
	if (fsutil_mkdirs(path, &e) != 0)
		sim_fail(w, "%s", e.msg);
	p.folder = path;
	if (push) {
		rc = stick_push(sim_look(w, m), &p, &went, &e);
	} else {
		sim_close(m);
		rc = stick_pull(m->dir, m->id, path, NULL, NULL, NULL, &came,
				&e);
		sim_open(w, m);
	}
	if (rc != 0)
		sim_fail(w, "%s and the stick: %s", m->name, e.msg);
	sim_tell(w,
		 "%s %s the stick: %zu batches, %zu forks, %zu strangers;"
		 " %zu files for others, %zu wait, %zu refused",
		 m->name, push ? "onto" : "from",
		 push ? went.batches : came.merged.batches, came.merged.forks,
		 came.merged.strangers, came.count[STICK_OTHERS],
		 came.count[STICK_WAITS],
		 came.count[STICK_CUT_OFF] + came.count[STICK_REFUSED]);
	if (came.count[STICK_CUT_OFF] + came.count[STICK_REFUSED] > 0)
		sim_fail(w, "a carry file that we wrote was refused");
}

void
sim_meet(struct world *w, struct machine *from, struct machine *to)
{
	uint64_t how = sim_roll(w, 1000);

	w->clock += to->skew;
	if (to->v->n_logs == 0 || to->host || how < 400)
		meet_by_hand(w, from, to);
	else if (how < 430 && !from->host)
		meet_folder(w, from, to, true);
	else if (how < 440 && !from->host && sim_look(w, from)->me != NULL)
		meet_stick(w, from, true);
	else if (how >= 440 && how < 446)
		meet_stick(w, to, false);
	else
		meet_folder(w, from, to, false);
	if (!to->host && !to->ghost && sim_chance(w, 15))
		note(w, to);
	w->clock -= to->skew;
}

void
sim_meet_all(struct world *w)
{
	size_t news = 1, rounds = 0;

	while (news > 0) {
		news = 0;
		if (rounds++ > 20)
			sim_fail(w, "it does not come to rest");
		for (size_t i = 0; i < w->n_machines; i++)
			for (size_t k = 0; k < w->n_machines; k++) {
				struct showing s = {.w = w,
						    .v = w->machines[i].v};

				if (i != k)
					news += merge(w, &w->machines[i],
						      &w->machines[k], &s, true)
						    .batches;
			}
		sim_tell(w, "round %zu: %zu batches", rounds, news);
	}
}
