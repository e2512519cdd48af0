/*
 * VERIFY.html: the page that goes into every exhibit package and checks it in
 * a browser, without a network. It is built from tools/verifier/ and is part
 * of the program, so that all packages of one version hold the same bytes.
 */
#ifndef MUNIMENT_VERIFIER_H
#define MUNIMENT_VERIFIER_H

#include <stddef.h>
#include <stdint.h>

/* The page, which lives as long as the program; *len: its bytes. */
const uint8_t *verifier_page(size_t *len);

/* Its SHA-256 as 64 lower-case hex digits and a NUL. */
void verifier_hash(char hex[65]);

#endif
