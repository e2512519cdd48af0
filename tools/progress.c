/* The progress line: see cli.h. */
#include "cli.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#define EVERY 0.2 /* seconds */

static struct {
	bool shown;
	struct timespec start, last;
	const char *what;
	uint64_t first, done; /* when `what` began; at the last call */
} line;

static double
seconds_since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - t->tv_sec) +
	       (double)(now.tv_nsec - t->tv_nsec) / 1e9;
}

/* Work that is counted in pieces, not in bytes. */
static bool
is_counted(const char *what)
{
	static const char *const words[] = {"reading", "unlocking", "opening",
					    "checking batches",
					    "checking objects"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i], what) == 0)
			return true;
	return false;
}

/* "12.3 MiB", or "1234". */
static const char *
amount(double v, bool counted, char out[32])
{
	static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t u = 0;

	while (!counted && v >= 1024 && u < 4)
		v /= 1024, u++;
	snprintf(out, 32, u == 0 ? "%.0f%s%s" : "%.1f%s%s", v,
		 counted ? "" : " ", counted ? "" : unit[u]);
	return out;
}

/* "40 s", "3 min", "2 h 05 min" */
static const char *
duration(double seconds, char out[32])
{
	uint64_t s = seconds < 1e9 ? (uint64_t)(seconds + 0.5) : 1000000000;

	if (s < 100)
		snprintf(out, 32, "%u s", (unsigned)s);
	else if (s < 5400)
		snprintf(out, 32, "%u min", (unsigned)((s + 30) / 60));
	else
		snprintf(out, 32, "%u h %02u min", (unsigned)(s / 3600),
			 (unsigned)(s % 3600 / 60));
	return out;
}

static void
show(const char *what, uint64_t done, uint64_t total, double t)
{
	bool counted = is_counted(what);
	char a[32], b[32], r[32], d[32];
	double rate = (double)(done - line.first) / t;

	fprintf(stderr, "\r\033[K%s: %s", what,
		amount((double)done, counted, a));
	if (total > 0 && done <= total)
		fprintf(stderr, " of %s", amount((double)total, counted, b));
	fprintf(stderr, ", %s/s", amount(rate, counted, r));
	if (total > 0 && done <= total && rate > 0)
		fprintf(stderr, ", %s left",
			duration((double)(total - done) / rate, d));
	line.shown = true;
}

void
cli_progress(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	(void)ctx;
	if (cli.quiet || !isatty(STDERR_FILENO))
		return;
	if (done == 0 && total == 0) { /* a state, that has no end in sight */
		fprintf(stderr, "\r\033[K%s", what);
		line.shown = true;
		return;
	}
	if (line.what == NULL || strcmp(line.what, what) != 0 ||
	    done < line.done) {
		line.what = what;
		line.first = done;
		clock_gettime(CLOCK_MONOTONIC, &line.start);
		line.last = line.start;
	}
	line.done = done;
	if (seconds_since(&line.last) < EVERY)
		return;
	clock_gettime(CLOCK_MONOTONIC, &line.last);
	show(what, done, total, seconds_since(&line.start));
}

void
cli_progress_end(void)
{
	if (line.shown)
		fprintf(stderr, "\r\033[K");
	line.shown = false;
	line.what = NULL;
}
