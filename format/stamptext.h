/*
 * The texts around stamps (EXHIBIT.md 1 and 2): what is stamped, paths of the
 * padded trees under it, and what a renewal stamps of one token.
 */
#ifndef MUNIMENT_STAMPTEXT_H
#define MUNIMENT_STAMPTEXT_H

#include "result.h"

#include <stddef.h>
#include <stdint.h>

#define STAMPTEXT_MIN_K 2
#define STAMPTEXT_MAX_K 8
#define STAMPTEXT_PATH (2 * STAMPTEXT_MAX_K) /* nodes */
#define STAMPTEXT_MAX 128 /* bytes of what is stamped, NUL included */
#define STAMPTEXT_PATH_FILE_MAX 2048 /* bytes, NUL included */
#define STAMPTEXT_SHA512_LEN 64	     /* bytes */
#define STAMPTEXT_RENEWALS_MAX 64    /* of one token */
#define STAMPTEXT_NAME_MAX 32	     /* bytes of a file's name, with NUL */

enum stamptext_kind {
	STAMPTEXT_ASK,	 /* muniment/stamp/v1: over checkpoints */
	STAMPTEXT_RENEW, /* muniment/renewal/v1: over tokens' lines */
};

/* "muniment/stamp/v1 <k> <root>" LF, or of renewal. Returns its length. */
size_t stamptext_encode(enum stamptext_kind kind, int k, const uint8_t root[32],
			char out[STAMPTEXT_MAX]);
enum format_result stamptext_decode(const char *text, size_t len,
				    enum stamptext_kind kind, int *k,
				    uint8_t root[32]);

/* A path: lines "place <p>" and 2 * k times "node <hex>". */
struct stamptext_path {
	uint32_t place; /* from 0 */
	int k;
	uint8_t path[STAMPTEXT_PATH][32]; /* 2 * k count */
};

size_t stamptext_path_encode(const struct stamptext_path *p,
			     char out[STAMPTEXT_PATH_FILE_MAX]);
enum format_result stamptext_path_decode(const char *text, size_t len,
					 struct stamptext_path *out);

/*
 * renewal-<n>.txt: one line for each file of the token, in this order:
 * stamp.txt, token.tsr, chain.pem, revocation.pem, and for each earlier
 * renewal n renewal-<n>.txt, .tsr, -chain.pem, -revocation.pem; what is absent
 * is left out.
 */
struct stamptext_line {
	char name[STAMPTEXT_NAME_MAX];
	uint8_t sha512[STAMPTEXT_SHA512_LEN];
};

/* malloc'ed, *len bytes; lines stand as given. NULL without memory. */
char *stamptext_lines_encode(const uint8_t entry[32],
			     const struct stamptext_line *lines, size_t n,
			     size_t *len);
/*
 * Read one, at most `cap` lines; the names must be those above, in their order.
 * FORMAT_LIMIT: there are more.
 */
enum format_result stamptext_lines_decode(const char *text, size_t len,
					  uint8_t entry[32],
					  struct stamptext_line *lines,
					  size_t cap, size_t *n);
#define STAMPTEXT_LINES_MAX (4 * (STAMPTEXT_RENEWALS_MAX + 1))
#define STAMPTEXT_LINES_FILE_MAX (STAMPTEXT_LINES_MAX * 256) /* bytes */

/* The i-th name of that order, from 0. */
void stamptext_name(size_t i, char out[STAMPTEXT_NAME_MAX]);

#endif
