/*
 * Guarded memory for keys and passphrases.
 *
 * A struct secret is the only place where a key or a passphrase may live. Its
 * bytes sit between guard pages, are locked against swapping where the system
 * allows it, are left out of cores, and are wiped when freed.
 */
#ifndef MUNIMENT_SECRET_H
#define MUNIMENT_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct secret {
	uint8_t *bytes; /* guarded; the struct owns them */
	size_t len;	/* bytes in use */
	size_t cap;	/* bytes there are */
};

/*
 * Start the library; call once, first. Returns 0, or -1 when it cannot be
 * used (then nothing else here may be called).
 */
int secret_init(void);

/*
 * True if memory can be locked here, and all that was asked for so far was.
 * secret_init has probed it.
 */
bool secret_is_locked(void);

/* A secret of `cap` (> 0) zero bytes with len 0, or NULL without memory. */
struct secret *secret_new(size_t cap);

/* A secret holding a copy of `len` bytes, or NULL without memory. */
struct secret *secret_copy(const void *bytes, size_t len);

/*
 * Append bytes, growing (and wiping the old place) as needed. Any pointer
 * into s->bytes is invalid afterwards. Returns 0, or -1 without memory.
 */
int secret_append(struct secret *s, const void *bytes, size_t len);

/* Wipe and free; takes NULL. */
void secret_free(struct secret *s);

/* Wipe `len` bytes that were a key for a moment. */
void secret_wipe(void *bytes, size_t len);

/* `len` bytes of randomness from the system. */
void secret_random(void *bytes, size_t len);

/* A uniform number in 0 .. bound-1. */
uint32_t secret_uniform(uint32_t bound);

/* True if both runs of `len` bytes are equal; in constant time. */
bool secret_equal(const void *a, const void *b, size_t len);

#endif
