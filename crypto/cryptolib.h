/* The versions of the libraries that are at work under crypto/. */
#ifndef MUNIMENT_CRYPTOLIB_H
#define MUNIMENT_CRYPTOLIB_H

/* As the loaded library says, not the one that was there at build time. */
const char *cryptolib_sodium(void);
const char *cryptolib_openssl(void);

#endif
