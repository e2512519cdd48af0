/* Machines: made, opened, copied. */
#include "sim.h"

#include "absent.h"
#include "acts.h"
#include "fsutil.h"
#include "mediatype.h"
#include "rotate.h"
#include "trust.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *name, *org;
} people[PERSONS] = {
    {"Ada", "North"}, {"Bob", "North"},	 {"Cleo", "South"}, {"Dora", "South"},
    {"Emil", "East"}, {"Fay", "North"},	 {"Gus", "South"},  {"Hana", "East"},
    {"Ivo", "East"},  {"Jana", "North"}, {"Kim", "South"},  {"Lea", "East"},
};

static void
must(struct world *w, int rc, const struct err *e)
{
	if (rc != 0)
		sim_fail(w, "%s", e->msg);
}

static void
folder(struct world *w, const char *what, char out[FSUTIL_PATH])
{
	snprintf(out, FSUTIL_PATH, "%s/%s-%zu", w->dir, what, w->n_folders++);
}

void
sim_open(struct world *w, struct machine *m)
{
	struct err e = {0};

	/* a cache takes chance, too: then a seed is another history */
	m->v = vault_open_known(
	    m->dir, VAULT_WRITE,
	    getenv("MUNIMENT_SIM_CACHE") != NULL ? m->id : NULL, NULL, &e);
	must(w, m->v == NULL ? -1 : 0, &e);
	/* one process does one thing at a time: locks would only bar itself */
	close(m->v->lock);
	close(m->v->turn);
	m->v->lock = m->v->turn = -1;
	if (m->host)
		return;
	m->x = index_open(m->v, m->id, &e);
	must(w, m->x == NULL ? -1 : 0, &e);
	m->stale = true;
}

void
sim_close(struct machine *m)
{
	index_free(m->x);
	vault_close(m->v);
	m->x = NULL;
	m->v = NULL;
}

struct index *
sim_look(struct world *w, struct machine *m)
{
	struct err e = {0};

	if (!m->stale)
		return m->x;
	must(w, index_refresh(m->x, &e), &e);
	must(w, trust_check(m->v, m->id, &e), &e);
	must(w, absent_check(m->v, m->id, &e), &e);
	m->stale = false;
	return m->x;
}

static struct machine *
add_machine(struct world *w, size_t who, const char *what)
{
	struct machine *m = &w->machines[w->n_machines++];

	m->who = who;
	m->id = w->persons[who].id;
	snprintf(m->name, sizeof m->name, "%s's%s%s", people[who].name,
		 what[0] != '\0' ? " " : "", what);
	folder(w, "vault", m->dir);
	return m;
}

static void
make_people(struct world *w)
{
	for (size_t i = 0; i < PERSONS; i++) {
		struct person *p = &w->persons[i];
		struct err e = {0};

		p->id = identity_new(people[i].name, people[i].org, &e);
		p->card = calloc(1, sizeof *p->card);
		must(w,
		     p->id == NULL || p->card == NULL
			 ? -1
			 : identity_card(p->id, p->card, &e),
		     &e);
	}
}

/* Ada makes the vault; its root key stays at hand. */
static void
make_vault(struct world *w)
{
	struct secret *pass = secret_copy("root", 4);
	struct machine *m = add_machine(w, 0, "");
	char path[FSUTIL_PATH], id[VAULT_ID_LEN + 1];
	struct err e = {0};

	snprintf(path, sizeof path, "%s/root.age", w->dir);
	must(w, acts_init(m->dir, w->persons[0].id, path, pass, 1, id, &e), &e);
	w->root = identity_load_root(path, id, pass, &e);
	must(w, w->root == NULL ? -1 : 0, &e);
	secret_free(pass);
	sim_open(w, m);
}

/* A machine begins with what another one has. */
static void
join(struct world *w, struct machine *m)
{
	struct err e = {0};

	must(w, gitstore_init(m->dir, &e), &e);
	sim_open(w, m);
	sim_meet(w, &w->machines[0], m);
}

void
sim_begin(struct world *w)
{
	const char *where = getenv("TMPDIR");
	struct stat st;
	struct err e = {0};

	if (where == NULL || strlen(where) > 30)
		where =
		    stat("/dev/shm", &st) == 0 && access("/dev/shm", W_OK) == 0
			? "/dev/shm"
			: "/tmp";
	snprintf(w->dir, sizeof w->dir, "%s/muniment-sim-XXXXXX", where);
	if (mkdtemp(w->dir) == NULL)
		sim_fail(w, "no folder to work in");
	w->types = mediatype_start(1, &e);
	must(w, w->types == NULL ? -1 : 0, &e);
	make_people(w);
	make_vault(w);
	for (size_t i = 1; i < DEVICES; i++) {
		/* the last device is Bob's second, or Emil's */
		size_t who = i == DEVICES - 1 && sim_chance(w, 50) ? 1 : i;

		join(w, add_machine(w, who, who == i ? "" : "second machine"));
	}
	add_machine(w, 0, "host")->host = true;
	strcpy(w->machines[DEVICES].name, "the host");
	join(w, &w->machines[DEVICES]);
}

void
sim_end(struct world *w)
{
	struct err e = {0};

	for (size_t i = 0; i < w->n_machines; i++)
		sim_close(&w->machines[i]);
	for (size_t i = 0; i < PERSONS; i++) {
		identity_free(w->persons[i].id);
		free(w->persons[i].card);
	}
	for (size_t i = 0; i < w->n_former; i++)
		identity_free(w->former[i]);
	mediatype_stop(w->types);
	secret_free(w->root);
	must(w, fsutil_remove_all(w->dir, &e), &e);
}

static void
copy_folder(struct world *w, const char *from, const char *to)
{
	char command[2 * FSUTIL_PATH + 32];
	int n = snprintf(command, sizeof command, "cp -r '%s' '%s'", from, to);

	if (n < 0 || (size_t)n >= sizeof command || system(command) != 0)
		sim_fail(w, "copying a folder");
}

void
sim_backup(struct world *w, size_t machine)
{
	struct machine *m = &w->machines[machine];
	struct backup *b = &w->backups[w->n_backups % BACKUPS];

	if (m->host || m->ghost)
		return;
	w->n_backups++;
	folder(w, "backup", b->dir);
	b->machine = machine;
	b->id = m->id;
	copy_folder(w, m->dir, b->dir);
	sim_tell(w, "%s is backed up", m->name);
}

/*
 * A backup is put in place of the machine's folder. Sometimes the old machine
 * was not lost, and goes on: then two write as one device.
 */
void
sim_restore(struct world *w)
{
	size_t n = w->n_backups < BACKUPS ? w->n_backups : BACKUPS;
	struct backup *b;
	struct machine *m;

	if (n == 0)
		return;
	b = &w->backups[sim_roll(w, n)];
	m = &w->machines[b->machine];
	sim_tell(w, "%s is restored from a backup", m->name);
	if (w->n_machines < MACHINES && sim_chance(w, 60)) {
		struct machine *g = &w->machines[w->n_machines++];

		*g = *m;
		g->ghost = true;
		strcpy(strpbrk(g->name, "'"), "'s ghost");
		m->v = NULL;
		m->x = NULL;
		sim_tell(w, "and %s goes on", g->name);
	}
	sim_close(m);
	folder(w, "vault", m->dir);
	copy_folder(w, b->dir, m->dir);
	m->id = b->id;
	sim_open(w, m);
}

void
sim_rotate(struct world *w, struct machine *m)
{
	char old[FSUTIL_PATH], new[FSUTIL_PATH];
	struct secret *pass = secret_copy("p", 1);
	struct rotate r = {.old_path = old,
			   .old_pass = pass,
			   .new_path = new,
			   .new_pass = pass,
			   .work_factor = 1,
			   .vault = m->dir};
	struct person *p = &w->persons[m->who];
	struct report report;
	struct identity *id;
	struct err e = {0};
	json_t *said;

	if (m->host || m->ghost || w->n_former == ROTATIONS)
		goto out;
	folder(w, "identity", old);
	folder(w, "identity", new);
	must(w, identity_save(m->id, old, pass, 1, &e), &e);
	sim_close(m);
	said = rotate_identity(&r, &report, &e);
	report_free(&report);
	sim_tell(w, "%s moves to new keys%s%s", m->name,
		 said != NULL ? "" : ", not done: ", e.msg);
	if (said != NULL) {
		id = identity_load(new, pass, &e);
		must(w, id == NULL ? -1 : identity_card(id, p->card, &e), &e);
		/* another machine of his may still go by the old ones */
		w->former[w->n_former++] = p->id;
		p->id = m->id = id;
	}
	json_decref(said);
	sim_open(w, m);
out:
	secret_free(pass);
}
