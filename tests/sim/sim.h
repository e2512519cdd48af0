/*
 * A world of devices in one process: five of three organisations (and ghosts:
 * machines whose backup was restored elsewhere), each with a copy of one vault
 * that stays open. All chance comes from one seed, the keys' too.
 */
#ifndef MUNIMENT_TESTS_SIM_H
#define MUNIMENT_TESTS_SIM_H

#include "card.h"
#include "identity.h"
#include "index.h"
#include "merge.h"
#include "secret.h"
#include "vault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define DEVICES 5  /* machines that people work at */
#define MACHINES 7 /* with a ghost and the host */
#define PERSONS 12 /* the first five sit at the devices */
#define CASES_MAX 9
#define BACKUPS 4
#define ROTATIONS 4

struct person {
	struct identity *id;
	struct card *card;
};

struct machine {
	char dir[FSUTIL_PATH];
	size_t who;	     /* a person */
	struct identity *id; /* as which he works there */
	char name[32];
	struct vault *v;
	struct index *x;
	bool stale;   /* the index is older than the vault */
	bool ghost;   /* it goes on beside the one that was restored */
	bool host;    /* a store that nobody works at: no index */
	int64_t skew; /* seconds that its clock is wrong */
	size_t group; /* it meets only those of its own group */
};

struct backup {
	char dir[FSUTIL_PATH];
	size_t machine;
	struct identity *id; /* who could open it then */
};

struct world {
	uint64_t seed, state; /* of the chance */
	size_t steps, step;
	char dir[64];
	struct person persons[PERSONS];
	struct machine machines[MACHINES];
	size_t n_machines;
	struct backup backups[BACKUPS];
	size_t n_backups, n_folders;
	struct identity *former[ROTATIONS]; /* that were moved on from */
	size_t n_former;
	struct secret *root; /* the root key's seed */
	struct mediatype *types;
	int64_t clock; /* seconds */
	bool loud;
	FILE *log; /* what was done; on failure it is shown */
	char *told;
	size_t told_len;
};

/* -- chance, clock, words: sim.c -- */

uint64_t sim_roll(struct world *w, uint64_t n); /* 0 .. n - 1 */
static inline bool
sim_chance(struct world *w, unsigned percent)
{
	return sim_roll(w, 100) < percent;
}
/* Say what is done, for who replays the seed. */
void sim_tell(struct world *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The end: what was told is shown, and the folders stay. */
_Noreturn void sim_fail(struct world *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* -- machines: machines.c -- */

void sim_begin(struct world *w);
void sim_end(struct world *w);
/* The index as new as the vault, and the report as a command would see it. */
struct index *sim_look(struct world *w, struct machine *m);
/* Copy a machine's folder; put a copy in place of its folder. */
void sim_backup(struct world *w, size_t machine);
void sim_restore(struct world *w);
/* The person at a machine moves to new keys there. */
void sim_rotate(struct world *w, struct machine *m);
/* Open and close what a machine holds. */
void sim_open(struct world *w, struct machine *m);
void sim_close(struct machine *m);

/* -- what people do: doings.c; how vaults meet: meetings.c -- */

/* At first: a case, and a person of each organisation who is admin. */
void sim_found(struct world *w);
void sim_do(struct world *w, struct machine *m);
void sim_meet(struct world *w, struct machine *from, struct machine *to);
/* Everything to everybody, until nothing is new. */
void sim_meet_all(struct world *w);

/* -- what must be true in the end: judging.c, removing.c -- */

void sim_judge(struct world *w);
void sim_judge_removals(struct world *w);

#endif
