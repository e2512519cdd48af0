#include "gitssh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SSH_FAILED 255 /* ssh's own exit status */

/* 'path' for a shell: each ' becomes '\'' */
static void
quote(const char *path, char out[4 * HOSTURL_MAX + 3])
{
	*out++ = '\'';
	for (; *path != '\0'; path++) {
		if (*path == '\'' || *path == '!')
			out += sprintf(out, "'\\%c'", *path);
		else
			*out++ = *path;
	}
	strcpy(out, "'");
}

struct child *
gitssh_start(struct host *h, const char *program, const char *more,
	     struct err *e)
{
	const struct hosturl *u = &h->url;
	char path[4 * HOSTURL_MAX + 3], command[4 * HOSTURL_MAX + 100];
	char to[600], wait[40], alive[40];
	const char *argv[32];
	size_t n = 0;

	quote(u->path, path);
	snprintf(command, sizeof command, "%s %s%s%s", program, path,
		 more != NULL ? " " : "", more != NULL ? more : "");
	snprintf(to, sizeof to, "%s%s%s", u->user,
		 u->user[0] != '\0' ? "@" : "", u->name);
	snprintf(wait, sizeof wait, "-oConnectTimeout=%u", h->o.connect);
	snprintf(alive, sizeof alive, "-oServerAliveInterval=%u",
		 h->o.stall / 3 + 1);
	argv[n++] = "ssh";
	argv[n++] = "-T";
	argv[n++] = "-oBatchMode=yes";
	argv[n++] = "-oStrictHostKeyChecking=yes";
	argv[n++] = "-oForwardAgent=no";
	argv[n++] = "-oForwardX11=no";
	argv[n++] = "-oClearAllForwardings=yes";
	argv[n++] = "-oPermitLocalCommand=no";
	argv[n++] = "-oEscapeChar=none";
	argv[n++] = "-oLogLevel=ERROR";
	argv[n++] = wait;
	argv[n++] = alive;
	if (u->port[0] != '\0') {
		argv[n++] = "-p";
		argv[n++] = u->port;
	}
	argv[n++] = "--";
	argv[n++] = to;
	argv[n++] = command;
	argv[n] = NULL;
	return child_start(argv, CHILD_NO_PROMPT, e);
}

int
gitssh_talk(struct host *h, struct child *c, child_source *source,
	    void *source_ctx, bool shut, child_sink *sink, void *sink_ctx,
	    struct err *e)
{
	struct err inner = {0};
	bool stalled;
	int rc;

	h->passing = false;
	rc = child_talk(c, source, source_ctx, shut, sink, sink_ctx, h->o.stall,
			&stalled, &inner);
	if (rc == 0)
		return 0;
	if (stalled) {
		h->passing = true;
		return host_fail(h, e, "stopped: nothing came for %u seconds",
				 h->o.stall);
	}
	if (e != NULL && e->code == ERR_NONE)
		*e = inner;
	return -1;
}

/* The last line that says something, escaped. */
static void
last_line(const char *said, char out[240])
{
	const char *line = said, *end = said;
	size_t n;

	for (const char *p = said; *p != '\0';) {
		n = strcspn(p, "\r\n");
		if (n > 0) {
			line = p;
			end = p + n;
		}
		p += n + (p[n] != '\0');
	}
	err_escape(out, 240, line, (size_t)(end - line));
}

/* ssh did not get through. */
static int
fail_ssh(struct host *h, const char *said, const char *line, struct err *e)
{
	/* what is known of the cause is worth more than what came of it */
	err_clear(e);
	if (strstr(said, "IDENTIFICATION HAS CHANGED") != NULL) {
		host_fail(h, e, "its host key is another one than before");
		return err_hint(e, "it may be somebody else: ask who runs it,"
				   " and see known_hosts in ssh(1)");
	}
	if (strstr(said, "Host key verification failed") != NULL ||
	    strstr(said, "No ED25519 host key is known") != NULL) {
		host_fail(h, e, "its host key is not known here");
		return err_hint(e,
				"compare its fingerprint with the one that"
				" the host publishes, in: ssh %s",
				h->shown);
	}
	if (strstr(said, "Permission denied") != NULL) {
		host_fail(h, e, "ssh: it does not let us in: %s", line);
		return err_hint(e, "ssh-add -l shows the keys that are ready;"
				   " nothing is asked here");
	}
	if (strstr(said, "Connection refused") == NULL &&
	    strstr(said, "Could not resolve") == NULL &&
	    strstr(said, "Connection timed out during") == NULL)
		h->passing = true;
	return host_fail(h, e, "ssh: %s",
			 line[0] != '\0' ? line : "the connection broke");
}

int
gitssh_failed(struct host *h, struct child *c, const char *doing, struct err *e)
{
	int status = child_wait(c);
	const char *said = child_said(c);
	char line[240];

	last_line(said, line);
	h->passing = false;
	if (status == SSH_FAILED)
		return fail_ssh(h, said, line, e);
	if (status == 127 && said[0] == '\0') {
		err_clear(e);
		err_set(e, ERR_UNKNOWN, "ssh is not here");
		return err_hint(e, "install OpenSSH's client");
	}
	if (e->code == ERR_NONE && status >= 128)
		h->passing = true;
	return host_fail(h, e, "%s: %s", doing,
			 line[0] != '\0' ? line : "the other side ended");
}
