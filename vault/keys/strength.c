#include "strength.h"

#include "apart.h"
#include "wordlist.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zxcvbn.h>

#define PROSE_BITS 2.0 /* of a character of text */

double
strength_of_words(size_t n)
{
	return (double)n * log2(WORDLIST_LEN);
}

/* The number of words if all of it is words of our list, else 0. */
static size_t
listed(const struct secret *pass)
{
	const char *p = (const char *)pass->bytes, *end = p + pass->len;
	size_t words = 0;

	while (p < end) {
		size_t n = 0;

		while (p + n < end && p[n] != ' ')
			n++;
		if (n > 0 && wordlist_find(p, n) < 0)
			return 0;
		words += n > 0;
		p += n + (p + n < end);
	}
	return words;
}

/* Characters of what looks like text: letters with spaces, or no English. */
static size_t
prose(const struct secret *pass)
{
	bool spaces = false, foreign = false;
	size_t chars = 0;

	for (size_t i = 0; i < pass->len; i++) {
		unsigned char c = pass->bytes[i];

		spaces = spaces || c == ' ';
		foreign = foreign || c >= 0x80;
		if (c < 0x80 && !isalpha(c) && c != ' ')
			return 0;
		chars += (c & 0xc0) != 0x80;
	}
	return spaces || foreign ? chars : 0;
}

struct looking {
	const struct secret *pass;
	int out;
};

/* In a process of its own: the library leaves pieces of it in its memory. */
static int
look(void *ctx)
{
	struct looking *l = ctx;
	struct secret *text =
	    secret_copy(l->pass->bytes, l->pass->len); /* with a NUL */
	double bits;

	if (text == NULL || secret_append(text, "", 1) != 0)
		return ERR_UNKNOWN;
	bits = ZxcvbnMatch((const char *)text->bytes, NULL, NULL);
	return write(l->out, &bits, sizeof bits) == sizeof bits ? 0
								: ERR_UNKNOWN;
}

int
strength_of_own(const struct secret *pass, double *bits, struct err *e)
{
	struct looking l = {.pass = pass};
	size_t n;
	int pipes[2], status = ERR_UNKNOWN, rc;

	if (pipe(pipes) != 0)
		return err_sys(e, "the strength of the passphrase");
	l.out = pipes[1];
	rc = apart_run(look, &l, 0, NULL, &status, e);
	if (rc == 0 &&
	    (status != 0 || read(pipes[0], bits, sizeof *bits) != sizeof *bits))
		rc = err_set(e, ERR_UNKNOWN,
			     "the strength of the passphrase: no answer");
	close(pipes[0]);
	close(pipes[1]);
	if (rc != 0)
		return -1;
	n = listed(pass);
	if (n > 0)
		*bits = fmin(*bits, strength_of_words(n));
	n = prose(pass);
	if (n > 0)
		*bits = fmin(*bits, PROSE_BITS * (double)n);
	return 0;
}

const char *
strength_time(double bits, char out[STRENGTH_TEXT])
{
	static const struct {
		double seconds;
		const char *unit;
	} units[] = {{3.156e16, "billion years"},
		     {3.156e13, "million years"},
		     {3.156e10, "thousand years"},
		     {3.156e7, "years"},
		     {86400, "days"},
		     {3600, "hours"},
		     {60, "minutes"},
		     {1, "seconds"}};
	double t = exp2(bits - 1) / STRENGTH_TRIES;

	if (t < 2)
		return strcpy(out, "no time at all");
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		double n = t / units[i].seconds;

		if (n >= 1e6)
			return strcpy(out, "more than a million billion years");
		if (n < 2)
			continue;
		snprintf(out, STRENGTH_TEXT, "some %.0f %s", n, units[i].unit);
		break;
	}
	return out;
}
