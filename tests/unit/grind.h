/*
 * Under valgrind a process cannot shut itself in: valgrind makes system calls
 * of its own, which kill it. Tests of such workers pass by there.
 */
#ifndef MUNIMENT_TEST_GRIND_H
#define MUNIMENT_TEST_GRIND_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline bool
under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

#endif
