/*
 * The library context through which crypto/ uses libcrypto. For crypto/ only.
 *
 * It is one of our own: no configuration file of the machine can put another
 * implementation in place, and without memory making it fails cleanly where
 * the default context crashes.
 */
#ifndef MUNIMENT_OSSL_H
#define MUNIMENT_OSSL_H

#include <openssl/types.h>

/* The context, made at the first call; NULL without memory. Thread-safe. */
OSSL_LIB_CTX *ossl_context(void);

#endif
