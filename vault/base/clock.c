#include "clock.h"

#include <string.h>

void
clock_format(time_t t, char out[CLOCK_LEN])
{
	struct tm tm;

	/* years that do not have four digits have no place in the form */
	if (t < -62135596800 || t > 253402300799 || gmtime_r(&t, &tm) == NULL ||
	    strftime(out, CLOCK_LEN, "%Y-%m-%dT%H:%M:%SZ", &tm) !=
		CLOCK_LEN - 1)
		strcpy(out, "1970-01-01T00:00:00Z");
}

void
clock_now(char out[CLOCK_LEN])
{
	clock_format(time(NULL), out);
}
