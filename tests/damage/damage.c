/*
 * Damages a file and its parity in many ways and has them restored, in one
 * process:
 *
 *	damage FILE SEEDS BEYOND [KIND]
 *
 * FILE-parity lies beside FILE; KIND is one of the four alone, from 0. For each
 *of SEEDS seeds: random bits, a run, a tail, holes, all within what FORMAT.md
 *15 states; each must come back byte for byte. Then BEYOND times anything past
 *it: what comes is the file, or nothing. Work files lie beside FILE, which
 *should be in memory (tmpfs).
 */
#include "parityfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HOLE (64u << 10) /* bytes */
#define EVERY (1u << 20) /* bytes */

struct bytes {
	char *at;
	size_t len; /* that are left of it */
};

static struct bytes file, parity; /* as they were */
static char work[FSUTIL_PATH], out[FSUTIL_PATH];
static uint64_t state;

static uint64_t
chance(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static void
seed(uint64_t n)
{
	state = n * 0x9e3779b97f4a7c15u + 1;
	for (int i = 0; i < 16; i++)
		chance(2);
}

static void
die(const char *what)
{
	fprintf(stderr, "damage: %s: %s\n", what, strerror(errno));
	exit(2);
}

static struct bytes
load(const char *path)
{
	struct bytes b = {0};
	struct err e = {0};

	if (fsutil_read(path, SIZE_MAX / 2, &b.at, &b.len, &e) != 0)
		die(e.msg);
	return b;
}

static void
save(const char *path, struct bytes b)
{
	FILE *f = fopen(path, "wb");

	if (f == NULL || fwrite(b.at, 1, b.len, f) != b.len || fclose(f) != 0)
		die(path);
}

/* -- kinds of damage; `share` is in thousandths of the whole -- */

static void
flip(struct bytes *b, uint64_t n)
{
	for (; n > 0 && b->len > 0; n--)
		b->at[chance(b->len)] ^= (char)(1 << chance(8));
}

static void
run(struct bytes *b, uint64_t share)
{
	size_t n = (size_t)(b->len * share / 1000);

	memset(b->at + chance(b->len - n + 1), (int)chance(256), n);
}

static void
tail(struct bytes *b, uint64_t share)
{
	b->len -= (size_t)(b->len * share / 1000);
}

/* So many holes in each MiB, at the same places of each. */
static void
holes(struct bytes *b, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		size_t phase =
		    (size_t)(EVERY * i / n + chance(EVERY / n - HOLE));

		for (size_t at = phase; at < b->len; at += EVERY)
			memset(b->at + at, 0xff,
			       b->len - at < HOLE ? b->len - at : HOLE);
	}
}

/* Blocks that are whole, and in each other's places. */
static void
swap(struct bytes *b, uint64_t n)
{
	char keep[4096];

	for (; n > 0 && b->len > 8192; n--) {
		char *one = b->at + chance(b->len / 4096) * 4096,
		     *other = b->at + chance(b->len / 4096) * 4096;

		memcpy(keep, one, sizeof keep);
		memcpy(one, other, sizeof keep);
		memcpy(other, keep, sizeof keep);
	}
}

enum kind { FLIPS, RUN, TAIL, HOLES, KINDS };
static const char *const kinds[] = {
    "1,500 random bits in the file, 327 in its parity",
    "16 % of both in one run each", "the last 16 % of both",
    "64 KiB holes in every MiB: one or two in the file, one in its parity"};

static void
within(enum kind k, uint64_t n, struct bytes *f, struct bytes *p)
{
	if (k == FLIPS) {
		flip(f, 1500);
		flip(p, 327);
	} else if (k == RUN) {
		run(f, 160);
		run(p, 160);
	} else if (k == TAIL) {
		tail(f, 160);
		tail(p, 160);
	} else {
		holes(f, 1 + n % 2);
		holes(p, 1);
	}
}

static void
beyond(struct bytes *f, struct bytes *p)
{
	switch (chance(6)) {
	case 0:
		flip(f, 3000 + chance(9000));
		break;
	case 1:
		run(f, 200 + chance(500));
		break;
	case 2:
		tail(f, 200 + chance(500));
		break;
	case 3:
		holes(f, 3 + chance(8));
		break;
	case 4:
		swap(f, 2000 + chance(6000));
		break;
	default:
		run(f, 100 + chance(100));
		flip(f, 1000 + chance(3000));
	}
	if (chance(2) == 0)
		run(p, chance(900));
	if (chance(2) == 0)
		flip(p, chance(3000));
}

/* -- restoring -- */

/* Is there a file with other bytes than these? */
static bool
is_wrong(const char *path, struct bytes want)
{
	struct bytes got;
	bool wrong;

	if (access(path, F_OK) != 0)
		return false;
	got = load(path);
	wrong = got.len != want.len || memcmp(got.at, want.at, got.len) != 0;
	free(got.at);
	return wrong;
}

struct outcome {
	uint64_t restored, refused, wrong;
};

static void
restore(struct outcome *o)
{
	char out_parity[FSUTIL_PATH];
	struct err e = {0};
	struct parityfile *p = parityfile_open(work, NULL, NULL, &e);
	bool done =
	    p != NULL && parityfile_restore(p, out, NULL, NULL, &e) == 0;

	if (p != NULL && done && parityfile_state(p)->whole)
		die("the damaged file is called whole");
	parityfile_close(p);
	if (parityfile_name(out, out_parity, &e) != 0)
		die(e.msg);
	if (is_wrong(out, file) || is_wrong(out_parity, parity) ||
	    done != (access(out, F_OK) == 0))
		o->wrong++;
	else if (done)
		o->restored++;
	else
		o->refused++;
	unlink(out);
	unlink(out_parity);
}

/* Damage copies in memory, put them there, restore. */
static void
trial(int kind, uint64_t n, struct bytes *f, struct bytes *p, struct outcome *o)
{
	char name[FSUTIL_PATH];
	struct err e = {0};

	memcpy(f->at, file.at, f->len = file.len);
	memcpy(p->at, parity.at, p->len = parity.len);
	if (kind == KINDS)
		beyond(f, p);
	else
		within((enum kind)kind, n, f, p);
	if (parityfile_name(work, name, &e) != 0)
		die(e.msg);
	save(work, *f);
	save(name, *p);
	restore(o);
}

static int
tell(const char *what, const struct outcome *o, bool all, clock_t since)
{
	bool good = o->wrong == 0 && (!all || o->refused == 0);

	printf("%s %s: %llu restored, %llu refused, %llu wrong (%.0f s of the"
	       " processor)\n",
	       good ? "ok" : "not ok", what, (unsigned long long)o->restored,
	       (unsigned long long)o->refused, (unsigned long long)o->wrong,
	       (double)(clock() - since) / CLOCKS_PER_SEC);
	fflush(stdout);
	return good ? 0 : 1;
}

int
main(int argc, char **argv)
{
	char name[FSUTIL_PATH];
	struct bytes f, p;
	struct err e = {0};
	uint64_t seeds, past;
	int bad = 0;

	if (argc < 4 || argc > 5 || parityfile_name(argv[1], name, &e) != 0)
		die("usage: damage FILE SEEDS BEYOND");
	seeds = strtoull(argv[2], NULL, 10);
	past = strtoull(argv[3], NULL, 10);
	file = load(argv[1]);
	parity = load(name);
	f.at = malloc(file.len);
	p.at = malloc(parity.len);
	if (f.at == NULL || p.at == NULL)
		die("no memory");
	snprintf(work, sizeof work, "%s.damaged", argv[1]);
	snprintf(out, sizeof out, "%s.restored", argv[1]);
	for (int k = 0; k < KINDS; k++) {
		struct outcome o = {0};
		clock_t since = clock();

		if (argc > 4 && atoi(argv[4]) != k)
			continue;
		for (uint64_t n = 1; n <= seeds; n++) {
			seed(n * KINDS + (uint64_t)k);
			trial(k, n, &f, &p, &o);
		}
		bad |= tell(kinds[k], &o, true, since);
	}
	for (uint64_t done = 0; done < past;) {
		static struct outcome o;
		static clock_t since;

		since = done == 0 ? clock() : since;
		seed(1000000 + done++);
		trial(KINDS, done, &f, &p, &o);
		if (done == past)
			bad |= tell("past the limit", &o, false, since);
	}
	return bad;
}
