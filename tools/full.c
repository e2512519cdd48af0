#include "full.h"

void
full_go_on(void)
{
	/* tools/lean/ has the one that does something */
}
