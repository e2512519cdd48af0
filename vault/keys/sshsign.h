/* SSHSIG signatures over bytes: joins format/sshsig.h and crypto/. */
#ifndef MUNIMENT_SSHSIGN_H
#define MUNIMENT_SSHSIGN_H

#include <stddef.h>
#include <stdint.h>

/* Sign `len` bytes in namespace `ns`; seed is guarded memory. */
void sshsign(const uint8_t seed[32], const char *ns, const void *msg,
	     size_t len, uint8_t sig[64]);
/* 0 if `sig` is the signature of `pub` over the bytes, else -1. */
int sshsign_verify(const uint8_t pub[32], const char *ns, const void *msg,
		   size_t len, const uint8_t sig[64]);

#endif
