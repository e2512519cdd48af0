/* How decoding foreign bytes ended: what every decoder of format/ returns. */
#ifndef MUNIMENT_RESULT_H
#define MUNIMENT_RESULT_H

enum format_result {
	FORMAT_OK = 0,
	FORMAT_MALFORMED, /* not the form that FORMAT.md gives */
	FORMAT_LIMIT,	  /* larger than FORMAT.md allows */
	FORMAT_NO_MEMORY,
};

#endif
