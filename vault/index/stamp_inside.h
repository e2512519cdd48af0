/* What the parts of stamp.h share (stamp*.c). */
#ifndef MUNIMENT_STAMP_INSIDE_H
#define MUNIMENT_STAMP_INSIDE_H

#include "stamp.h"

/*
 * The lines of a renewal list for one token and its earlier renewals, `n` of
 * them; malloc'ed. NULL without memory, or with too many.
 */
char *stamp_lines(const struct stamps *s, const struct stamp_token *t,
		  struct stamp_token *const *renewals, size_t n, size_t *len);

/*
 * What an ask stamps, and its marks: fills `text`, `tree` and `marks`. A
 * checkpoint that contradicts the logs here is reported. -1 without memory.
 */
int stamp_ask_text(struct stamps *s, struct stamp_question *q);
/* What a renewal stamps; nothing if a token that it names is not here. */
int stamp_renew_text(struct stamps *s, struct stamp_question *q);

/* The leaves of a text with its pads, and what is stamped. */
int stamp_text_of(struct stamp_question *q, uint8_t (*leaves)[HASH_LEN],
		  size_t n, const uint8_t pads[HASH_LEN]);

#define STAMP_CHAIN_MAX 60 /* renewals of one token */
/*
 * A line "<token> <renewal>..." of a renewal: the token, and *n of its earlier
 * renewals. NULL if one of them is not here, or it is not of this form.
 */
struct stamp_token *stamp_renewed(const struct stamps *s, const char *line,
				  struct stamp_token **renewals, size_t *n);

/*
 * Read the entries that count: questions and roots, then (`tokens`) what
 * rests on them. What is not of the form is reported. -1 without memory.
 */
int stamp_read(struct stamps *s, bool tokens);
void stamp_token_free(struct stamp_token *t);

/* Judge a token at another time than now. */
enum timestamp_status stamp_judge(const struct stamps *s,
				  const struct stamp_token *t, int64_t at,
				  struct timestamp *out);

/* Say that an entry, or a part of it, does not count. */
void stamp_refuse(struct stamps *s, size_t entry, const char *why);

/*
 * Write one `stamp` entry as a command of its own; its hash is handed out. A
 * NULL `doc` is want of memory.
 */
int stamp_write(struct index *x, json_t *doc, bool sign, uint8_t hash[HASH_LEN],
		struct err *e);

#endif
