/* Times as entries state them: YYYY-MM-DDTHH:MM:SSZ. */
#ifndef MUNIMENT_CLOCK_H
#define MUNIMENT_CLOCK_H

#include <time.h>

#define CLOCK_LEN 21 /* bytes, NUL included */

void clock_format(time_t t, char out[CLOCK_LEN]);
void clock_now(char out[CLOCK_LEN]);

#endif
