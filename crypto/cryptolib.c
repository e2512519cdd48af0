#include "cryptolib.h"

#include <openssl/crypto.h>
#include <sodium.h>

const char *
cryptolib_sodium(void)
{
	return sodium_version_string();
}

const char *
cryptolib_openssl(void)
{
	return OpenSSL_version(OPENSSL_VERSION_STRING);
}
