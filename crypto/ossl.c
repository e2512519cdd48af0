#include "ossl.h"

#include <openssl/crypto.h>
#include <pthread.h>

static OSSL_LIB_CTX *context;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
make(void)
{
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1)
		context = OSSL_LIB_CTX_new();
}

OSSL_LIB_CTX *
ossl_context(void)
{
	pthread_once(&once, make);
	return context;
}
