/*
 * The sheet that a trustee keeps: a share as words and as a QR code, with
 * what to do with it in plain words. As text, and as a page to print that
 * needs nothing from elsewhere.
 */
#ifndef MUNIMENT_SHAREPAGE_H
#define MUNIMENT_SHAREPAGE_H

#include "err.h"
#include "secret.h"

#include <stddef.h>
#include <stdint.h>

#define SHAREPAGE_SET_MAX 16 /* bytes of a set's name, NUL included */

/* What people call a set: the first half of its id, "5F3A-91C2". */
void sharepage_set(const uint8_t *set, char out[SHAREPAGE_SET_MAX]);

/* `bytes`: the whole share. `label` may be NULL. NULL with `e` filled. */
struct secret *sharepage_text(const uint8_t *bytes, size_t len,
			      const char *label, struct err *e);
struct secret *sharepage_html(const uint8_t *bytes, size_t len,
			      const char *label, struct err *e);

#endif
