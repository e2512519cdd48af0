#include "hostlink.h"

#include "credential.h"
#include "githttp.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONNECT 30
#define STALL 120
#define TRIES 5
#define WAIT_MAX 60 /* seconds, whatever the host asks for */

bool
host_is_url(const char *text)
{
	return hosturl_is(text);
}

int
host_check(const char *url, struct err *e)
{
	struct hosturl u;

	return hosturl_parse(url, &u, e);
}

struct host *
host_new(const char *url, const struct host_options *o, struct err *e)
{
	struct host *h = calloc(1, sizeof *h);

	if (h == NULL) {
		err_memory(e);
		return NULL;
	}
	if (hosturl_parse(url, &h->url, e) != 0) {
		free(h);
		return NULL;
	}
	if (o != NULL)
		h->o = *o;
	h->o.connect = h->o.connect > 0 ? h->o.connect : CONNECT;
	h->o.stall = h->o.stall > 0 ? h->o.stall : STALL;
	h->o.tries = h->o.tries > 0 ? h->o.tries : TRIES;
	snprintf(h->shown, sizeof h->shown, "%.110s%s%s", h->url.name,
		 h->url.port[0] != '\0' ? ":" : "", h->url.port);
	return h;
}

void
host_free(struct host *h)
{
	if (h == NULL)
		return;
	credential_free(h->login);
	githttp_free(h->http);
	free(h);
}

int
host_fail(struct host *h, struct err *e, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return err_set(e, ERR_UNKNOWN, "%s: %s", h->shown, text);
}

bool
host_again(struct host *h, unsigned *attempt, struct err *e)
{
	uint64_t ms = UINT64_C(500) << (*attempt < 7 ? *attempt : 7);
	struct timespec t;

	if (!h->passing || *attempt + 1 >= h->o.tries)
		return false;
	(*attempt)++;
	if (h->wait > 0)
		ms = UINT64_C(1000) * h->wait;
	if (ms > UINT64_C(1000) * WAIT_MAX)
		ms = UINT64_C(1000) * WAIT_MAX;
	t = (struct timespec){(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
	nanosleep(&t, NULL);
	h->passing = false;
	h->wait = 0;
	err_clear(e);
	return true;
}

void
host_tell(struct host *h, const char *what, uint64_t done, uint64_t total)
{
	if (h->o.progress != NULL)
		h->o.progress(h->o.progress_ctx, what, done, total);
}
