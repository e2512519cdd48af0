#include "keyring.h"

#include <errno.h>
#include <keyutils.h>
#include <string.h>
#include <unistd.h>

static const char type[] = "user";

/* What whoever has the keyring may do, and nobody else anything. */
#define PERM (KEY_POS_VIEW | KEY_POS_READ | KEY_POS_SEARCH | KEY_POS_SETATTR)

/*
 * The session keyring's number, or -1. By its number, since to name it as "the
 * session's" makes a new one for this process alone where a login has none.
 */
static key_serial_t
ring(void)
{
	return (key_serial_t)keyctl_get_keyring_ID(KEY_SPEC_SESSION_KEYRING, 0);
}

enum keyring_where
keyring_where(void)
{
	key_serial_t mine = ring();

	if (mine < 0)
		return KEYRING_NONE;
	return mine == (key_serial_t)keyctl_get_keyring_ID(
			   KEY_SPEC_USER_SESSION_KEYRING, 0)
		   ? KEYRING_USER
		   : KEYRING_LOGIN;
}

static int
refuse(struct err *e)
{
	if (errno == ENOSYS || errno == EPERM || errno == EACCES ||
	    errno == EOPNOTSUPP) {
		err_set(e, ERR_UNKNOWN,
			"the kernel's keyring cannot be used here (%s)",
			strerror(errno));
		return err_hint(e, "containers often forbid it; each command"
				   " asks for the passphrase then");
	}
	return err_sys(e, "the kernel's keyring");
}

int
keyring_put(const char *name, const void *bytes, size_t len, unsigned seconds,
	    struct err *e)
{
	key_serial_t to = ring(), key;
	int rc = -1;

	if (to < 0)
		return refuse(e);
	/* found by nobody else before it has its end and its rights */
	key = add_key(type, name, bytes, len, KEY_SPEC_PROCESS_KEYRING);
	if (key < 0)
		return refuse(e);
	if (keyctl_set_timeout(key, seconds) == 0 &&
	    keyctl_setperm(key, PERM | KEY_POS_LINK) == 0 &&
	    keyctl_link(key, to) == 0 && keyctl_setperm(key, PERM) == 0)
		rc = 0;
	else
		refuse(e);
	if (rc != 0)
		keyctl_revoke(key);
	keyctl_unlink(key, KEY_SPEC_PROCESS_KEYRING);
	return rc;
}

struct secret *
keyring_get(const char *name)
{
	struct secret *s = secret_new(KEYRING_BYTES_MAX);
	key_serial_t key;
	long n = -1;

	if (s == NULL)
		return NULL;
	key = (key_serial_t)keyctl_search(KEY_SPEC_SESSION_KEYRING, type, name,
					  0);
	if (key >= 0)
		n = keyctl_read(key, (char *)s->bytes, s->cap);
	if (n < 0 || (size_t)n > s->cap) {
		secret_free(s);
		return NULL;
	}
	s->len = (size_t)n;
	return s;
}

/* True if a key of the ring is one of ours, whose name begins so. */
static bool
is_named(key_serial_t key, const char *prefix)
{
	char about[256], *name;

	/* type;uid;gid;permissions;name */
	if (keyctl_describe(key, about, sizeof about) < 0)
		return false;
	about[sizeof about - 1] = '\0';
	name = strrchr(about, ';');
	return name != NULL && strncmp(about, "user;", 5) == 0 &&
	       strncmp(name + 1, prefix, strlen(prefix)) == 0;
}

int
keyring_wipe(const char *prefix, struct err *e)
{
	key_serial_t from = ring(), keys[1024];
	int wiped = 0;
	long n;

	if (from < 0)
		return refuse(e);
	n = keyctl_read(from, (char *)keys, sizeof keys);
	if (n < 0)
		return refuse(e);
	if ((size_t)n > sizeof keys)
		n = sizeof keys;
	for (size_t i = 0; i < (size_t)n / sizeof *keys; i++) {
		if (!is_named(keys[i], prefix))
			continue;
		/* wipes what it holds at once; the rest is tidiness */
		if (keyctl_revoke(keys[i]) != 0)
			return refuse(e);
		keyctl_unlink(keys[i], from);
		wiped++;
	}
	return wiped;
}

int
keyring_leave(void)
{
	if (keyctl_join_session_keyring(NULL) >= 0)
		return 0;
	/* who may not use keyrings was handed none */
	return errno == ENOSYS || errno == EPERM || errno == EACCES ? 0 : -1;
}
