/* The parts of `id` that have files of their own. */
#ifndef MUNIMENT_ID_H
#define MUNIMENT_ID_H

#include <stdbool.h>
#include <stddef.h>

/* What the command line says; all texts are in argv. */
struct id_shares {
	unsigned threshold, shares; /* 0: not given */
	const char *label, *out;
	const char *root_key; /* a root key instead of the identity */
	unsigned work_factor;
	bool check; /* only say what would be restored */
	const char *const *files;
	size_t n_files;
};

/* Both return the exit status, and overwrite argv. */
int id_split(const struct id_shares *o, int argc, char **argv);
int id_join(const struct id_shares *o, int argc, char **argv);

/* Move to new keys; in the vault too, if --vault is given. */
int id_rotate(const char *out, int new_passphrase_fd, unsigned work_factor);

/* Destroy the identity; `yes`: without asking. */
int id_destroy(bool yes);

#endif
