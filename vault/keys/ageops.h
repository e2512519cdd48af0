/*
 * What the commands `seal` and `open` do: lists of recipients and of
 * identities, and a stream from one descriptor to another. For tools/, which
 * see no key.
 *
 * Messages name the file they are about. Constant memory, whatever the size.
 */
#ifndef MUNIMENT_AGEOPS_H
#define MUNIMENT_AGEOPS_H

#include "err.h"
#include "secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A descriptor, and what to call it in messages (may be foreign text). */
struct ageops_file {
	int fd;
	const char *name;
};

/* Told of progress now and then; total is 0 if it is not known. */
typedef void ageops_progress(void *ctx, const char *what, uint64_t done,
			     uint64_t total);

/* Those who shall be able to open a file. */
struct ageops_to;

struct ageops_to *ageops_to_new(struct err *e);
void ageops_to_free(struct ageops_to *to);

/*
 * Add a recipient (age1... or age1pq1...), all those of a recipients file (one
 * a line, # comments), or the one of a card file. Returns 0, or -1 with `e`
 * filled.
 */
int ageops_to_add(struct ageops_to *to, const char *arg, struct err *e);

/* Lock with a passphrase instead; takes `passphrase` over. */
void ageops_to_set_passphrase(struct ageops_to *to, struct secret *passphrase);

/* Encrypt all of `in` to `out`. `progress` may be NULL. */
int ageops_seal(const struct ageops_to *to, bool armor,
		const struct ageops_file *in, const struct ageops_file *out,
		ageops_progress *progress, struct err *e);

/*
 * Asks for the passphrase of `what` (a file's name); returns one that ageops
 * frees, or NULL with `e` filled.
 */
typedef struct secret *ageops_ask(void *ctx, const char *what, struct err *e);

/* What files may be opened with. */
struct ageops_from;

struct ageops_from *ageops_from_new(ageops_ask *ask, void *ctx, struct err *e);
void ageops_from_free(struct ageops_from *from);

/*
 * Add the keys of an identity file. It may be an age file itself, armored or
 * not, locked with a passphrase or to an identity that was added before.
 */
int ageops_from_add(struct ageops_from *from, const char *path, struct err *e);

/* A file that is being opened. */
struct ageops_opening;

/*
 * Read the header and find the key. `from` and `in` must live on. NULL with
 * `e` filled.
 */
struct ageops_opening *ageops_open(const struct ageops_from *from,
				   const struct ageops_file *in, struct err *e);
void ageops_opening_free(struct ageops_opening *o);

/*
 * Decrypt all of it to `out`. Only after 0 is what was written whole and
 * verified. With text_only it stops before bytes that a terminal would obey.
 */
int ageops_open_to(struct ageops_opening *o, const struct ageops_file *out,
		   bool text_only, ageops_progress *progress, struct err *e);

#endif
