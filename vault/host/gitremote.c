#include "gitlink.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gitremote *
gitremote_new(struct host *h, struct err *e)
{
	struct gitremote *r = calloc(1, sizeof *r);

	if (r == NULL) {
		err_memory(e);
		return NULL;
	}
	r->h = h;
	r->w = gitwire_new(h, e);
	if (r->w != NULL)
		return r;
	free(r);
	return NULL;
}

void
gitremote_free(struct gitremote *r)
{
	if (r == NULL)
		return;
	gitwire_free(r->w);
	gitadvert_clear(&r->advert);
	free(r);
}

int
gitlink_name(struct gitremote *r, struct err *e)
{
	char text[sizeof e->msg];
	size_t n = strlen(r->h->shown);

	if (e == NULL || e->code == ERR_NONE ||
	    strncmp(e->msg, r->h->shown, n) == 0)
		return -1;
	strcpy(text, e->msg);
	snprintf(e->msg, sizeof e->msg, "%s: %.380s", r->h->shown, text);
	return -1;
}

int
gitlink_open(struct gitremote *r, enum gitwire_service service, struct err *e)
{
	unsigned attempt = 0;

	do {
		gitadvert_clear(&r->advert);
		if (gitwire_open(r->w, service, gitadvert_put, &r->advert, e) ==
		    0)
			return 0;
	} while (host_again(r->h, &attempt, e));
	return gitlink_name(r, e);
}

int
gitremote_list(struct gitremote *r, const struct gitremote_branch **list,
	       size_t *n, size_t *others, struct err *e)
{
	*list = NULL;
	*n = 0;
	if (gitlink_open(r, GITWIRE_FETCH, e) != 0)
		return -1;
	*list = r->advert.list;
	*n = r->advert.n;
	if (others != NULL)
		*others = r->advert.others;
	return 0;
}

static void
add(struct gitlink_text *t, const char *bytes, size_t len)
{
	if (t->failed)
		return;
	if (t->len + len > t->cap) {
		size_t cap = t->cap > 0 ? 2 * t->cap : 4096;
		char *p;

		while (cap < t->len + len)
			cap *= 2;
		p = realloc(t->bytes, cap);
		if (p == NULL) {
			t->failed = true;
			return;
		}
		t->bytes = p;
		t->cap = cap;
	}
	memcpy(t->bytes + t->len, bytes, len);
	t->len += len;
}

void
gitlink_line(struct gitlink_text *t, const char *fmt, ...)
{
	char head[PKTLINE_HEAD + 1], text[1000];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof text) {
		t->failed = true;
		return;
	}
	pktline_head((size_t)n, head);
	add(t, head, PKTLINE_HEAD);
	add(t, text, (size_t)n);
}

void
gitlink_flush(struct gitlink_text *t)
{
	add(t, "0000", PKTLINE_HEAD);
}

int
gitlink_band(const struct pktline *p, int *band, const uint8_t **data,
	     size_t *len, struct err *e)
{
	char shown[300];

	*data = pktline_data(p, len);
	if (*len == 0 || (*data)[0] < 1 || (*data)[0] > 3)
		return err_set(e, ERR_UNKNOWN, "its answer is not git's");
	*band = (*data)[0];
	(*data)++;
	(*len)--;
	if (*band < 3)
		return 0;
	while (*len > 0 && (*data)[*len - 1] == '\n')
		(*len)--;
	return err_set(e, ERR_UNKNOWN, "it says: %s",
		       err_escape(shown, sizeof shown, *data, *len));
}
