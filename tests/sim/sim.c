/*
 *	sim SEED [STEPS [-v]]
 *
 * Five devices of three organisations work apart and meet in any order; in the
 * end all agree (see judging.c). The same seed does the same again.
 */
#include "sim.h"
#include "packwork.h"

#include "cache_inside.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define STEPS 2000

static struct world world;

/*
 * The power does not fail here: flushing to disk would only wear it. These
 * stand in front of the C library's for the whole program.
 */
int
fsync(int fd)
{
	(void)fd;
	return 0;
}

int
fdatasync(int fd)
{
	(void)fd;
	return 0;
}

int
syncfs(int fd)
{
	(void)fd;
	return 0;
}

/* What the machine's clock says. */
time_t
time(time_t *out)
{
	if (out != NULL)
		*out = (time_t)world.clock;
	return (time_t)world.clock;
}

static uint64_t
next(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t
sim_roll(struct world *w, uint64_t n)
{
	return (next(&w->state) >> 16) % n;
}

/* Keys, salts and ids come from the seed too, beside what is rolled. */
static uint64_t key_state;

static const char *
random_name(void)
{
	return "sim";
}

static uint32_t
random_word(void)
{
	return (uint32_t)(next(&key_state) >> 16);
}

static void
random_bytes(void *const buf, const size_t len)
{
	uint8_t *p = buf;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(next(&key_state) >> 24);
}

static struct randombytes_implementation chance = {
    .implementation_name = random_name,
    .random = random_word,
    .buf = random_bytes,
};

static void tell(struct world *w, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
tell(struct world *w, const char *fmt, va_list ap)
{
	char line[1024];
	int n = vsnprintf(line, sizeof line, fmt, ap);

	(void)n;
	fprintf(w->log, "%5zu %s\n", w->step, line);
	if (w->loud)
		fprintf(stderr, "%5zu %s\n", w->step, line);
}

void
sim_tell(struct world *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(w, fmt, ap);
	va_end(ap);
}

void
sim_fail(struct world *w, const char *fmt, ...)
{
	va_list ap;
	size_t from = 0, lines = 0;

	fflush(w->log);
	for (size_t i = w->told_len; i > 0 && lines < 60; i--)
		if (w->told[i - 1] == '\n' && ++lines == 60)
			from = i;
	if (!w->loud)
		fputs(w->told + from, stderr);
	fprintf(stderr,
		"seed %llu, step %zu of %zu, %s: ", (unsigned long long)w->seed,
		w->step, w->steps, w->dir);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nagain: sim %llu %zu -v\n",
		(unsigned long long)w->seed, w->steps);
	exit(1);
}

/* Machines that may meet change now and then. */
static void
part(struct world *w)
{
	size_t groups = 1 + sim_roll(w, 3);

	for (size_t i = 0; i < w->n_machines; i++) {
		w->machines[i].group = sim_roll(w, groups);
		/* most clocks are nearly right */
		w->machines[i].skew = (int64_t)sim_roll(w, 200) - 100;
		if (sim_chance(w, 10))
			w->machines[i].skew *= 1000000;
	}
	sim_tell(w, "-- %zu groups", groups);
}

/* Somebody whom this one can meet; NULL if there is nobody. */
static struct machine *
other(struct world *w, const struct machine *m)
{
	size_t from = sim_roll(w, w->n_machines);

	for (size_t i = 0; i < w->n_machines; i++) {
		struct machine *o = &w->machines[(from + i) % w->n_machines];

		if (o != m && o->group == m->group)
			return o;
	}
	return NULL;
}

static void
step(struct world *w)
{
	size_t a = sim_roll(w, w->n_machines);
	struct machine *m = &w->machines[a], *o = other(w, m);
	uint64_t what = sim_roll(w, 1000);

	w->clock += 30 + (int64_t)sim_roll(w, 600);
	if (what < 10)
		part(w);
	else if (what < 16)
		sim_backup(w, a);
	else if (what < 19)
		sim_restore(w);
	else if (what < 21)
		sim_rotate(w, m);
	else if (o != NULL && (m->host || m->ghost || what < 400))
		sim_meet(w, m, o);
	else if (!m->host && (!m->ghost || sim_chance(w, 30)))
		sim_do(w, m);
}

int
main(int argc, char **argv)
{
	struct world *w = &world;

	packwork_prepare();
	if (argc < 2) {
		fputs("sim SEED [STEPS [-v]]\n", stderr);
		return 2;
	}
	w->seed = strtoull(argv[1], NULL, 10);
	w->steps = argc > 2 ? strtoull(argv[2], NULL, 10) : STEPS;
	w->loud = argc > 3 && strcmp(argv[3], "-v") == 0;
	w->state = w->seed;
	key_state = w->seed ^ UINT64_C(0xa5a5a5a5a5a5a5a5);
	w->clock = 1700000000;
	cache_flush = 1 + w->seed % 40;
	w->log = open_memstream(&w->told, &w->told_len);
	if (w->log == NULL || randombytes_set_implementation(&chance) != 0 ||
	    secret_init() != 0)
		return 2;
	sim_begin(w);
	sim_found(w);
	for (w->step = 1; w->step <= w->steps; w->step++)
		step(w);
	sim_meet_all(w);
	sim_judge(w);
	sim_judge_removals(w);
	sim_end(w);
	fclose(w->log);
	free(w->told);
	return 0;
}
