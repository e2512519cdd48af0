/*
 * Pushing (gitremote.h): our own pack stream, slice by slice. Each slice moves
 * the devices' branches themselves forward: every begin of a log is a log, so
 * an interrupted push leaves a vault on the host, and nothing to tidy up.
 */
#include "gitlink.h"

#include "hex.h"
#include "packform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLICE_OBJECTS 40000u		/* of a slice */
#define SLICE_FIRST (UINT64_C(4) << 20) /* bytes of the first slice */
#define SLICE_LEAST (UINT64_C(1) << 20) /* bytes, when it goes slowly */
#define SLICE_MOST (UINT64_C(64) << 20) /* bytes, when it goes fast */
#define FAST 5				/* seconds for a slice */
#define SLOW 30				/* seconds for a slice */
#define REPLY_MAX (UINT64_C(8) << 20)	/* bytes of a report */

struct object {
	uint8_t oid[GITFORM_OID_LEN];
	uint8_t type; /* enum packform_type */
};

/* What the host has of one log, and what it shall have. */
struct target {
	const struct log *log;
	bool known; /* `has` was found out */
	bool refused;
	bool created;	/* the branch is on the host */
	bool moved;	/* by us */
	uint64_t has;	/* batches on the host */
	uint64_t began; /* batches that it had before */
	uint64_t sent;	/* batches in the slice at hand, and before */
	uint64_t goal;	/* batches that it shall have; 0: not ours to push */
};

struct push {
	struct gitremote *r;
	struct vault *v;
	const struct gitremote_update *updates;
	size_t n, first;	/* updates; the first that is not done */
	struct target *targets; /* one for each log of the vault */
	gitremote_refused *refused;
	void *ctx;
	size_t *n_moved;
	size_t n_refused;
	char why[300]; /* the first of them, for the error */
	/* the slice */
	struct object *list;
	size_t n_list, cap_list;
	struct map packed;
	uint64_t bytes, most;
	uint64_t gone;	  /* bytes, for progress */
	bool any_moved;	  /* by the slice */
	bool vault_there; /* the file `vault`, which all batches share */
};

static struct target *
target_of(struct push *p, const struct log *l)
{
	return &p->targets[l - p->v->logs];
}

static void
refuse(struct push *p, struct target *t, const char *why)
{
	t->refused = true;
	if (p->n_refused++ == 0)
		snprintf(p->why, sizeof p->why, "%.12s: %.250s", t->log->branch,
			 why);
	if (p->refused != NULL)
		p->refused(p->ctx, t->log->branch, why);
}

/* How many batches of a log end at this commit; 0 if none does. */
static uint64_t
ends_at(const struct log *l, const uint8_t oid[GITFORM_OID_LEN])
{
	for (uint64_t n = l->size; n > 0; n--)
		if (memcmp(l->steps[n - 1].commit, oid, GITFORM_OID_LEN) == 0)
			return n;
	return 0;
}

/* A branch that is new on the host may begin as another one does. */
static void
share(struct push *p, struct target *t)
{
	for (size_t i = 0; i < p->v->n_logs; i++) {
		const struct target *o = &p->targets[i];
		uint64_t n = 0;

		if (o == t || !o->created ||
		    strcmp(o->log->device, t->log->device) != 0)
			continue;
		while (n < o->has && n < t->log->size &&
		       memcmp(o->log->steps[n].commit, t->log->steps[n].commit,
			      GITFORM_OID_LEN) == 0)
			n++;
		if (n > t->has)
			t->has = n;
	}
}

/* What the host has of each log, by what it has just announced. */
static void
compare(struct push *p)
{
	for (size_t i = 0; i < p->v->n_logs; i++) {
		struct target *t = &p->targets[i];
		const struct gitremote_branch *b =
		    gitadvert_find(&p->r->advert, t->log->branch);

		t->created = b != NULL;
		t->has = b != NULL ? ends_at(t->log, b->commit) : 0;
		if (!t->moved)
			t->began = t->has;
		t->known = b == NULL || t->has > 0;
		p->vault_there |= t->has > 0;
	}
	for (size_t i = 0; i < p->v->n_logs; i++)
		if (!p->targets[i].created)
			share(p, &p->targets[i]);
}

/* Put an object on the list, once. */
static int
add(struct push *p, enum packform_type type, const uint8_t oid[GITFORM_OID_LEN],
    struct err *e)
{
	uint8_t key[MAP_KEY_LEN] = {0};
	uint64_t len;
	size_t at;

	memcpy(key, oid, GITFORM_OID_LEN);
	if (map_get(&p->packed, key, &at))
		return 0;
	if (p->n_list == p->cap_list) {
		size_t cap = p->cap_list > 0 ? 2 * p->cap_list : 1024;
		void *q = realloc(p->list, cap * sizeof *p->list);

		if (q == NULL)
			return err_memory(e);
		p->list = q;
		p->cap_list = cap;
	}
	if (gitstore_length(p->v->git, oid, type, &len, e) != 0)
		return -1;
	if (map_set(&p->packed, key, 1) != 0)
		return err_memory(e);
	memcpy(p->list[p->n_list].oid, oid, GITFORM_OID_LEN);
	p->list[p->n_list++].type = (uint8_t)type;
	p->bytes += packform_size(len);
	return 0;
}

/* Batch `n` of a log: its commit, its tree, its files. */
static int
add_batch(struct push *p, const struct log *l, uint64_t n, struct err *e)
{
	struct vault_batch b;
	int rc;

	if (vault_batch(p->v, l, n, &b, e) != 0)
		return -1;
	rc = add(p, PACKFORM_COMMIT, l->steps[n - 1].commit, e);
	if (rc == 0)
		rc = add(p, PACKFORM_TREE, b.tree, e);
	for (size_t i = 0; i < b.n_names && rc == 0; i++) {
		if (p->vault_there && strcmp(b.names[i].name, "vault") == 0)
			continue;
		rc = add(p, PACKFORM_BLOB, b.names[i].oid, e);
	}
	vault_batch_free(&b);
	return rc;
}

static bool
is_full(const struct push *p)
{
	return p->n_list >= SLICE_OBJECTS || p->bytes >= p->most;
}

/* Begin a slice with nothing in it. */
static void
empty(struct push *p)
{
	map_free(&p->packed);
	memset(&p->packed, 0, sizeof p->packed);
	p->n_list = 0;
	p->bytes = PACKFORM_OVERHEAD;
	for (size_t i = 0; i < p->v->n_logs; i++)
		p->targets[i].sent = p->targets[i].has;
}

/* The next batches in the order of the updates. *any: there are some. */
static int
fill(struct push *p, bool *any, struct err *e)
{
	empty(p);
	*any = false;
	for (size_t i = p->first; i < p->n; i++) {
		const struct gitremote_update *u = &p->updates[i];
		struct target *t = target_of(p, u->log);

		if (i == p->first && t->created && t->has >= u->size) {
			p->first++;
			continue;
		}

		if (!t->known && !t->refused)
			refuse(p, t,
			       "the host has batches of it that are not here,"
			       " or another history");
		if (t->refused)
			continue;
		/* a branch that only begins anew needs no object */
		if (!t->created && t->sent > 0 && u->size > 0)
			*any = true;
		while (t->sent < u->size) {
			if (is_full(p))
				return 0;
			if (add_batch(p, t->log, t->sent + 1, e) != 0)
				return -1;
			t->sent++;
			*any = true;
		}
	}
	return 0;
}

static bool
is_in_slice(const struct target *t)
{
	return !t->refused && t->goal > 0 && t->sent > 0 &&
	       (t->sent > t->has || !t->created);
}

/* The commands; then the pack follows. */
static int
commands(struct push *p, struct gitlink_text *t, struct err *e)
{
	static const char zero[] = "0000000000000000000000000000000000000000";
	const struct gitadvert *a = &p->r->advert;
	bool first = true;
	char old[41], new[41], caps[160];
	size_t n = 0;

	for (size_t i = 0; i < p->v->n_logs; i++)
		n += is_in_slice(&p->targets[i]);
	snprintf(caps, sizeof caps,
		 " report-status side-band-64k%s%s%s agent=git/muniment",
		 n > 1 && gitadvert_can(a, "atomic") ? " atomic" : "",
		 gitadvert_can(a, "quiet") ? " quiet" : "",
		 gitadvert_can(a, "object-format") ? " object-format=sha1"
						   : "");
	for (size_t i = 0; i < p->v->n_logs; i++) {
		const struct target *x = &p->targets[i];
		const struct log *l = x->log;

		if (!is_in_slice(x))
			continue;
		strcpy(old, zero);
		if (x->created)
			hex_encode(l->steps[x->has - 1].commit, GITFORM_OID_LEN,
				   old);
		hex_encode(l->steps[x->sent - 1].commit, GITFORM_OID_LEN, new);
		if (first)
			gitlink_line(t, "%s %s refs/heads/%s%c%s", old, new,
				     l->branch, '\0', caps);
		else
			gitlink_line(t, "%s %s refs/heads/%s", old, new,
				     l->branch);
		first = false;
	}
	gitlink_flush(t);
	return t->failed ? err_memory(e) : 0;
}

/* The body: the commands, then the pack, made while it goes. */
struct body {
	struct push *p;
	struct gitlink_text commands;
	struct child_text head; /* the same, as it goes */
	struct packform_stream *pack;
	size_t next; /* object */
	bool over;
	uint8_t *buf; /* what the stream made, and has not gone */
	size_t at, len, cap;
};

static int
to_buffer(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct body *b = ctx;

	if (b->len + len > b->cap) {
		size_t cap = b->cap > 0 ? 2 * b->cap : 65536;
		uint8_t *q;

		while (cap < b->len + len)
			cap *= 2;
		q = realloc(b->buf, cap);
		if (q == NULL)
			return err_memory(e);
		b->buf = q;
		b->cap = cap;
	}
	memcpy(b->buf + b->len, bytes, len);
	b->len += len;
	return 0;
}

/* Make the next piece of the pack. */
static int
make(struct body *b, struct err *e)
{
	struct push *p = b->p;
	struct gitstore_object o;
	enum packform_type type;
	int rc;

	if (b->pack == NULL) {
		b->pack =
		    packform_stream_new((uint32_t)p->n_list, to_buffer, b, e);
		return b->pack != NULL ? 0 : -1;
	}
	if (b->next == p->n_list) {
		b->over = true;
		return packform_stream_finish(b->pack, e);
	}
	type = (enum packform_type)p->list[b->next].type;
	rc = gitstore_read(p->v->git, p->list[b->next].oid, type, &o, e);
	if (rc == 0)
		rc = packform_stream_add(b->pack, type, o.data, o.len, e);
	gitstore_object_free(&o);
	b->next++;
	return rc;
}

static ssize_t
give(void *ctx, void *buf, size_t cap, struct err *e)
{
	struct body *b = ctx;
	size_t n;

	if (b->head.at < b->head.len)
		return child_give(&b->head, buf, cap, e);
	while (b->at == b->len) {
		b->at = b->len = 0;
		if (b->over)
			return 0;
		if (make(b, e) != 0)
			return -1;
	}
	n = b->len - b->at < cap ? b->len - b->at : cap;
	memcpy(buf, b->buf + b->at, n);
	b->at += n;
	return (ssize_t)n;
}

static void
start_over(void *ctx)
{
	struct body *b = ctx;

	packform_stream_free(b->pack);
	b->pack = NULL;
	b->next = b->at = b->len = 0;
	b->over = false;
	child_rewind(&b->head);
}

/* The report, inside a side-band or without. */
struct report_reader {
	struct push *p;
	struct pktline outer, inner;
	bool unpacked; /* "unpack ok" */
	bool reported; /* the report's own flush */
	bool whole;
	char why[160];	 /* it did not unpack */
	char words[240]; /* the last that the host said, escaped */
};

/* What others in an atomic push are told when one of them is refused. */
static bool
is_echo(const char *why)
{
	return strstr(why, "atomic") != NULL;
}

static int
take_ng(struct report_reader *x, const char *text, size_t len)
{
	const char *name = text + 14, *why = strchr(name, ' ');
	char shown[600];

	why = why != NULL ? why + 1 : "";
	if (is_echo(why))
		return 0;
	for (size_t i = 0; i < x->p->v->n_logs; i++) {
		struct target *t = &x->p->targets[i];
		size_t n = strlen(t->log->branch);

		if (strncmp(name, t->log->branch, n) != 0 || name[n] != ' ')
			continue;
		err_escape(shown, 160, why, len - (size_t)(why - text));
		if (x->words[0] != '\0') {
			strcat(shown, "; ");
			strcat(shown, x->words);
		}
		if (!t->refused)
			refuse(x->p, t, shown);
	}
	return 0;
}

/* "unpack ok", "ok NAME", "ng NAME WHY" */
static int
take_status(struct report_reader *x, struct err *e)
{
	size_t len;
	const char *text = pktline_text(&x->inner, &len);

	if (strncmp(text, "unpack ", 7) == 0) {
		x->unpacked = strcmp(text + 7, "ok") == 0;
		if (!x->unpacked)
			err_escape(x->why, sizeof x->why, text + 7, len - 7);
		return 0;
	}
	if (strncmp(text, "ng refs/heads/", 14) == 0)
		return x->unpacked ? take_ng(x, text, len) : 0;
	if (strncmp(text, "ok refs/heads/", 14) == 0) {
		for (size_t i = 0; i < x->p->v->n_logs; i++) {
			struct target *t = &x->p->targets[i];

			if (strcmp(text + 14, t->log->branch) != 0)
				continue;
			t->has = t->sent;
			t->created = t->known = true;
			*x->p->n_moved += !t->moved;
			t->moved = x->p->any_moved = true;
		}
		return 0;
	}
	return strncmp(text, "ng ", 3) == 0 || strncmp(text, "option ", 7) == 0
		   ? 0
		   : err_set(e, ERR_UNKNOWN, "its report is not git's");
}

static int
put_report(struct report_reader *x, const uint8_t *p, size_t len, struct err *e)
{
	while (len > 0 && !x->reported) {
		size_t used;
		bool whole;

		if (pktline_put(&x->inner, p, len, &used, &whole) != FORMAT_OK)
			return err_set(e, ERR_UNKNOWN,
				       "its report is not git's");
		p += used;
		len -= used;
		if (!whole)
			continue;
		if (pktline_is_flush(&x->inner))
			x->reported = true;
		else if (take_status(x, e) != 0)
			return -1;
		pktline_next(&x->inner);
	}
	return 0;
}

/* Keep the last line of the host's words: a hook's reason, a full disk. */
static void
hear(struct report_reader *x, const uint8_t *data, size_t len)
{
	while (len > 0) {
		const uint8_t *end = memchr(data, '\n', len);
		size_t n = end != NULL ? (size_t)(end - data) : len;
		size_t skip = n > 0 && data[n - 1] == '\r';

		if (n > skip)
			err_escape(x->words, sizeof x->words, data, n - skip);
		n += end != NULL;
		data += n;
		len -= n;
	}
}

static int
on_report(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct report_reader *x = ctx;
	const uint8_t *p = bytes, *data;

	while (len > 0 && !x->whole) {
		size_t used, n;
		bool whole;
		int band = 0;

		if (pktline_put(&x->outer, p, len, &used, &whole) != FORMAT_OK)
			return err_set(e, ERR_UNKNOWN,
				       "its report is not git's");
		p += used;
		len -= used;
		if (!whole)
			continue;
		if (pktline_is_flush(&x->outer)) {
			x->whole = true;
			break;
		}
		if (gitlink_band(&x->outer, &band, &data, &n, e) != 0)
			return -1;
		if (band == 2)
			hear(x, data, n);
		else if (put_report(x, data, n, e) != 0)
			return -1;
		pktline_next(&x->outer);
	}
	return x->whole;
}

/* What the report comes to. */
static int
judge(struct push *p, const struct report_reader *x, struct err *e)
{
	if (!x->reported) {
		p->r->h->passing = true;
		return err_set(e, ERR_UNKNOWN, "its report was cut off");
	}
	if (!x->unpacked)
		return err_set(e, ERR_UNKNOWN,
			       "it did not take the pack: %s%s%s", x->why,
			       x->words[0] != '\0' ? "; " : "", x->words);
	return 0;
}

/* Bytes of all slices, going by those so far. */
static uint64_t
guess(const struct push *p, uint64_t length)
{
	uint64_t through = 0, rest = 0;

	for (size_t i = 0; i < p->v->n_logs; i++) {
		const struct target *t = &p->targets[i];

		if (t->refused || t->goal == 0)
			continue;
		through += t->sent - t->began;
		rest += t->goal > t->sent ? t->goal - t->sent : 0;
	}
	return through == 0
		   ? 0
		   : p->gone + length + (p->gone + length) / through * rest;
}

/* Send the slice at hand and read how each branch fared. */
static int
send_slice(struct push *p, struct err *e)
{
	struct report_reader *x = calloc(1, sizeof *x);
	struct body b = {.p = p};
	struct gitwire_request q = {.source = give,
				    .rewind = start_over,
				    .source_ctx = &b,
				    .sink = on_report,
				    .sink_ctx = x,
				    .max = REPLY_MAX,
				    .what = "pushing",
				    .before = p->gone};
	int rc = -1;

	if (x == NULL)
		return err_memory(e);
	x->p = p;
	if (commands(p, &b.commands, e) != 0)
		goto out;
	b.head.bytes = b.commands.bytes;
	b.head.len = b.commands.len;
	q.length = b.commands.len + p->bytes;
	q.total = guess(p, q.length);
	if (gitwire_ask(p->r->w, &q, e) == 0)
		rc = judge(p, x, e);
out:
	packform_stream_free(b.pack);
	free(b.commands.bytes);
	free(b.buf);
	free(x);
	return rc;
}

/* Set the goals; what the host has that we lack is refused at once. */
static int
aim(struct push *p, struct err *e)
{
	if (!gitadvert_can(&p->r->advert, "report-status") ||
	    !gitadvert_can(&p->r->advert, "side-band-64k"))
		return err_set(e, ERR_UNKNOWN, "its git is too old");
	for (size_t i = 0; i < p->n; i++) {
		struct target *t = target_of(p, p->updates[i].log);

		if (p->updates[i].size > t->log->size)
			return err_set(e, ERR_EVIDENCE,
				       "device %.12s: its log is damaged here:"
				       " it is not pushed",
				       t->log->device);
		if (p->updates[i].size > t->goal)
			t->goal = p->updates[i].size;
	}
	return 0;
}

/* Slices of a size that goes in a reasonable time. */
static void
adapt(struct push *p, time_t began)
{
	time_t took = time(NULL) - began;

	if (took <= FAST && p->most < SLICE_MOST && is_full(p))
		p->most *= 2;
	else if (took >= SLOW && p->most > SLICE_LEAST)
		p->most /= 2;
}

/* After a slice has failed: true if another try makes sense. */
static bool
recover(struct push *p, unsigned *attempt, struct err *e)
{
	gitwire_close(p->r->w);
	/* some hosts take small packs only */
	if (strstr(e->msg, "(413") != NULL && p->most > SLICE_LEAST) {
		p->most = SLICE_LEAST;
		err_clear(e);
		return true;
	}
	return host_again(p->r->h, attempt, e);
}

static int
run(struct push *p, struct err *e)
{
	unsigned attempt = 0;
	bool any = true, known = false;

	for (;;) {
		size_t refused = p->n_refused;
		time_t began = time(NULL);

		/* is anything left, by what the host has said so far? */
		if (known && fill(p, &any, e) != 0)
			return -1;
		if (!any)
			break;
		if (!gitwire_is_open(p->r->w, GITWIRE_PUSH)) {
			if (gitlink_open(p->r, GITWIRE_PUSH, e) != 0 ||
			    aim(p, e) != 0)
				return -1;
			compare(p);
			known = true;
			if (fill(p, &any, e) != 0)
				return -1;
			if (!any)
				break;
		}
		if (send_slice(p, e) != 0) {
			if (!recover(p, &attempt, e))
				return -1;
			known = false;
			continue;
		}
		if (p->any_moved)
			p->vault_there = true;
		else if (p->n_refused == refused)
			return err_set(e, ERR_UNKNOWN,
				       "it does not say what became of the"
				       " branches");
		p->any_moved = false;
		p->gone += p->bytes;
		attempt = 0;
		adapt(p, began);
	}
	return 0;
}

int
gitremote_push(struct gitremote *r, struct vault *v,
	       const struct gitremote_update *updates, size_t n,
	       gitremote_refused *refused, void *ctx, size_t *moved,
	       struct err *e)
{
	struct push p = {.r = r,
			 .v = v,
			 .updates = updates,
			 .n = n,
			 .refused = refused,
			 .ctx = ctx,
			 .n_moved = moved,
			 .most = SLICE_FIRST};
	int rc = -1;

	*moved = 0;
	p.targets = calloc(v->n_logs + 1, sizeof *p.targets);
	if (p.targets == NULL)
		return err_memory(e);
	for (size_t i = 0; i < v->n_logs; i++)
		p.targets[i].log = &v->logs[i];
	rc = run(&p, e);
	if (rc == 0 && p.n_refused > 0)
		rc = err_set(
		    e, ERR_UNKNOWN, "%zu %s not moved: %s", p.n_refused,
		    p.n_refused == 1 ? "branch was" : "branches were", p.why);
	if (rc != 0)
		gitlink_name(r, e);
	gitwire_close(r->w);
	map_free(&p.packed);
	free(p.list);
	free(p.targets);
	return rc;
}
