/*
 * A git host by its URL: what git and Git LFS share. The address, the time
 * limits, the way to credentials, and progress.
 *
 * https://, http:// (to this machine only), ssh:// and user@host:path are
 * understood. Certificates are always checked; proxies come from the
 * environment as curl takes them (ALL_PROXY=socks5h://...); ssh is OpenSSH's
 * client with the user's own settings, keys, agent and known_hosts.
 */
#ifndef MUNIMENT_HOST_H
#define MUNIMENT_HOST_H

#include "err.h"

#include <stdbool.h>
#include <stdint.h>

struct host;

/*
 * Bytes of the work at hand: `what` is "fetching", "pushing", "uploading" or
 * "downloading"; total is 0 while it is not known.
 */
typedef void host_progress(void *ctx, const char *what, uint64_t done,
			   uint64_t total);

struct host_options {
	unsigned connect; /* seconds to reach the host; 0: 30 */
	unsigned stall;	  /* seconds without any byte; 0: 120 */
	unsigned tries;	  /* of what may pass (a reset, 503); 0: 5 */
	bool terminal;	  /* git may ask for a password at the terminal */
	host_progress *progress; /* or NULL */
	void *progress_ctx;
};

/* True if `text` looks like the URL of a git host, not like a folder. */
bool host_is_url(const char *text);
/*
 * Check a URL. -1 with `e` filled if it is none, or holds a password, or
 * would send passwords in clear.
 */
int host_check(const char *url, struct err *e);

/* Does nothing on the network. NULL with `e` filled. */
struct host *host_new(const char *url, const struct host_options *o,
		      struct err *e);
void host_free(struct host *h);

#endif
