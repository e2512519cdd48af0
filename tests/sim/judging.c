/*
 * When all have met, all agree: on the branches and roots; who reads all of
 * the vault's own case, on people, rights and what counts; who reads a case,
 * on what is in it. And each agrees with one who opens the vault afresh.
 */
#include "sim.h"

#include "picture.h"

/* Does this one hold every key of a case that anybody holds? */
static bool
holds_all(const struct world *w, const struct index *x, const char *case_id)
{
	for (size_t i = 0; i < w->n_machines; i++) {
		const struct index *o = w->machines[i].x;

		for (size_t k = 1; o != NULL && k < o->n_hybrids; k++) {
			bool held = strcmp(o->hybrids[k].case_id, case_id) != 0;

			for (size_t h = 1; h < x->n_hybrids && !held; h++)
				held = strcmp(x->hybrids[h].case_id, case_id) ==
					   0 &&
				       secret_equal(
					   index_key(x, x->hybrids[h].key),
					   index_key(o, o->hybrids[k].key), 32);
			if (!held)
				return false;
		}
	}
	return true;
}

/* Where two sorted pictures part: what each has there. */
static void
show_difference(const struct picture *p, const struct picture *q)
{
	size_t i = 0, k = 0, shown = 0;

	while ((i < p->n || k < q->n) && shown < 12) {
		int order = i == p->n	? 1
			    : k == q->n ? -1
					: strcmp(p->lines[i], q->lines[k]);

		if (order != 0) {
			fprintf(stderr, "%c %s\n", order < 0 ? '-' : '+',
				order < 0 ? p->lines[i] : q->lines[k]);
			shown++;
		}
		i += order <= 0;
		k += order >= 0;
	}
}

static void
must_agree(struct world *w, const struct machine *a, const struct machine *b,
	   const char *what, struct picture *p, struct picture *q)
{
	picture_sort(p);
	picture_sort(q);
	if (picture_difference(p, q) != NULL) {
		show_difference(p, q);
		sim_fail(w, "%s (-) and %s (+) differ in %s", a->name, b->name,
			 what);
	}
	picture_free(p);
	picture_free(q);
}

/* Branches and roots; whose they are is another matter. */
static void
roots(struct picture *p, const struct vault *v)
{
	char hex[65];

	for (size_t i = 0; i < v->n_logs; i++) {
		const struct log *l = &v->logs[i];

		hex_encode(l->steps[l->size - 1].root, 32, hex);
		picture_add(p, "%s %llu %s frozen %llu", l->device,
			    (unsigned long long)l->size, hex,
			    (unsigned long long)l->frozen);
	}
}

/* Entries of one case, and what became of them. */
static void
standing(struct picture *p, const struct index *x, const char *case_id)
{
	char hex[65];

	for (size_t i = 0; i < x->n_entries; i++) {
		const struct index_entry *en = &x->entries[i];

		if (strcmp(en->case_id, case_id) != 0)
			continue;
		hex_encode(en->sha256, 32, hex);
		picture_add(p, "entry %s %.12s %llu: %s%s", hex,
			    x->v->logs[en->log].device,
			    (unsigned long long)en->batch,
			    en->accepted ? "accepted" : en->why,
			    en->replaced ? ", replaced" : "");
	}
}

static void
items(struct picture *p, const struct index *x, const char *case_id)
{
	char hex[65];

	for (size_t i = 0; i < x->n_items; i++) {
		const struct index_item *it = &x->items[i];

		if (strcmp(it->case_id, case_id) != 0)
			continue;
		picture_add(p, "item %s%s", it->id,
			    it->retracted ? " retracted" : "");
		for (size_t k = 0; k < it->n; k++) {
			hex_encode(x->entries[it->versions[k]].sha256, 32, hex);
			picture_add(p, "version %s %s", it->id, hex);
		}
	}
}

/* Two who read the whole vault's case. */
static size_t
compare(struct world *w, const struct machine *a, const struct machine *b)
{
	struct picture p = {0}, q = {0};
	size_t cases = 0;

	picture_people(&p, a->x);
	picture_people(&q, b->x);
	must_agree(w, a, b, "people", &p, &q);
	picture_logs(&p, a->x);
	picture_logs(&q, b->x);
	must_agree(w, a, b, "what counts of the logs", &p, &q);
	for (size_t i = 0; i < a->x->n_cases; i++) {
		const char *id = a->x->cases[i].id;

		if (!holds_all(w, a->x, id) || !holds_all(w, b->x, id))
			continue;
		cases++;
		standing(&p, a->x, id);
		standing(&q, b->x, id);
		must_agree(w, a, b, "entries", &p, &q);
		items(&p, a->x, id);
		items(&q, b->x, id);
		must_agree(w, a, b, "items", &p, &q);
	}
	return cases;
}

/* Of what both can read, the same counts, though neither may read all. */
static size_t
compare_common(struct world *w, const struct machine *a,
	       const struct machine *b)
{
	size_t n = 0, at;

	for (size_t i = 0; i < a->x->n_entries; i++) {
		const struct index_entry *p = &a->x->entries[i], *q;
		char hex[65];

		if (!map_get(&b->x->by_hash, p->sha256, &at))
			continue;
		q = &b->x->entries[at];
		hex_encode(p->sha256, 32, hex);
		if (p->accepted != q->accepted ||
		    (!p->accepted && strcmp(p->why, q->why) != 0))
			sim_fail(w, "entry %s: %s says %s, %s says %s", hex,
				 a->name, p->accepted ? "accepted" : p->why,
				 b->name, q->accepted ? "accepted" : q->why);
		n++;
	}
	return n;
}

/* One that comes out of the index cache says the same. */
static void
compare_cached(struct world *w, struct machine *m, const struct picture *p)
{
	struct picture q = {0};
	struct err e = {0};
	const char *other;

	m->v = vault_open_known(m->dir, VAULT_WRITE, m->id, NULL, &e);
	m->x = m->v != NULL ? index_open(m->v, m->id, &e) : NULL;
	if (m->x == NULL)
		sim_fail(w, "%s: %s", m->name, e.msg);
	picture_take(&q, m->x);
	other = picture_difference(p, &q);
	if (other != NULL)
		sim_fail(w, "%s: the cache: only one of them: %s", m->name,
			 other);
	picture_free(&q);
	sim_close(m);
}

/*
 * An index that was kept up to date is as good as a fresh one, and all that was
 * taken in over time stands up to a thorough check.
 */
static void
compare_fresh(struct world *w, struct machine *m)
{
	struct picture p = {0}, q = {0};
	struct machine fresh = *m;
	struct err e = {0};

	if (index_refresh(m->x, &e) != 0)
		sim_fail(w, "%s: %s", m->name, e.msg);
	picture_take(&p, m->x);
	sim_close(m);
	for (int i = 0; i < 2; i++)
		compare_cached(w, m, &p);
	m->v = vault_open(m->dir, VAULT_WRITE | VAULT_THOROUGH, NULL, &e);
	if (m->v != NULL)
		m->x = index_open(m->v, m->id, &e);
	if (m->x == NULL)
		sim_fail(w, "%s: %s", m->name, e.msg);
	if (m->v->report.count[REPORT_DAMAGE] > 0)
		sim_fail(w, "%s: %s", m->name,
			 report_first(&m->v->report, REPORT_DAMAGE));
	m->stale = true;
	picture_take(&q, m->x);
	must_agree(w, m, &fresh, "a fresh look", &p, &q);
}

void
sim_judge(struct world *w)
{
	size_t cases = 0, entries = 0, whole = 0;

	for (size_t i = 0; i < w->n_machines; i++) {
		struct picture p = {0}, q = {0};

		if (!w->machines[i].host)
			(void)sim_look(w, &w->machines[i]);
		roots(&p, w->machines[0].v);
		roots(&q, w->machines[i].v);
		must_agree(w, &w->machines[0], &w->machines[i], "branches", &p,
			   &q);
	}
	for (size_t i = 0; i < w->n_machines; i++) {
		struct machine *a = &w->machines[i];

		if (a->host || a->x->me == NULL ||
		    !holds_all(w, a->x, INDEX_VAULT))
			continue;
		whole++;
		for (size_t k = 0; k < i; k++) {
			struct machine *b = &w->machines[k];

			if (b->host || b->x->me == NULL ||
			    !holds_all(w, b->x, INDEX_VAULT))
				continue;
			cases += compare(w, a, b);
			entries += compare_common(w, a, b);
		}
	}
	/* each in turn, from seed to seed */
	for (size_t i = 0; i < 2; i++)
		compare_fresh(w, &w->machines[(w->seed + 2 * i) % DEVICES]);
	sim_tell(w,
		 "%zu machines agree; %zu read the whole vault and agree in"
		 " %zu cases and %zu entries",
		 w->n_machines, whole, cases, entries);
}
