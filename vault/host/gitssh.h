/*
 * A command on a git host through the person's own ssh (OpenSSH's client):
 * their settings, keys, agent and known_hosts hold. A host whose key is not
 * known is refused, and nothing is asked.
 */
#ifndef MUNIMENT_GITSSH_H
#define MUNIMENT_GITSSH_H

#include "child.h"
#include "hostlink.h"

/*
 * Start `program` (of git's: git-upload-pack, git-receive-pack,
 * git-lfs-authenticate) with the path of the remote, quoted for the shell over
 * there, and `more` (may be NULL) behind it. NULL with `e` filled.
 */
struct child *gitssh_start(struct host *h, const char *program,
			   const char *more, struct err *e);

/* child_talk, whose failures become clear lines. */
int gitssh_talk(struct host *h, struct child *c, child_source *source,
		void *source_ctx, bool shut, child_sink *sink, void *sink_ctx,
		struct err *e);

/*
 * It ended, or said something that it should not: -1 with `e` filled, out of
 * what ssh and the other side said. `doing` is for the message. An error that
 * is filled already stays, unless ssh itself failed.
 */
int gitssh_failed(struct host *h, struct child *c, const char *doing,
		  struct err *e);

#endif
