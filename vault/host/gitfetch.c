/*
 * Fetching (gitremote.h): in slices from each branch's tip downwards, by
 * git's way to deepen a shallow clone, so that what has arrived is not asked
 * for again. A slice is a pack: it is there whole or not at all.
 */
#include "gitlink.h"

#include "hex.h"
#include "packwork.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROUP 8		     /* branches in one request */
#define STEP_FIRST 16	     /* commits of each, at first */
#define STEP_MAX 4096	     /* commits of each */
#define SLICE_OBJECTS 40000u /* of a slice, roughly */
#define HAVES_MAX 64	     /* commits named of each log of ours */
#define WORK_MAX \
	(UINT64_C(32) << 30) /* bytes that a slice's deltas unfold to */
#define HEADS_MAX (GITREMOTE_BRANCHES_MAX * 160u) /* bytes of `heads` */

/* A branch that is wanted, and how far down from its tip it is here. */
struct want {
	struct gitremote_branch b;
	uint8_t old[GITFORM_OID_LEN];  /* the tip of an earlier call */
	uint8_t edge[GITFORM_OID_LEN]; /* the deepest commit that is here */
	uint64_t depth;		       /* commits from the tip to it */
	bool is_old;		       /* `old` is set, and the tip not here */
	bool done;
};

struct fetch {
	struct gitremote *r;
	struct vault *v;
	const char *folder;
	struct gitstore *here; /* the quarantine */
	struct want *wants;
	size_t n;
	uint64_t step;	/* commits to go deeper by */
	uint64_t bytes; /* that may still come */
	uint64_t objects;
	bool counts;   /* objects are limited */
	uint64_t came; /* bytes, for progress */
	bool whole;    /* the host knows no slices */
};

/* One reply as it comes. */
struct reply {
	struct fetch *f;
	struct pktline packet;
	struct packwork *pack;
	uint32_t objects; /* of the pack, once it is whole */
	bool deepens;	  /* begins with shallow lines and a flush */
	bool in_pack, whole;
};

/* Remove what an interrupted call left unfinished. */
static int
sweep(struct fetch *f, char pack[FSUTIL_PATH], struct err *e)
{
	char path[FSUTIL_PATH];
	struct dirent *d;
	DIR *list;
	int rc = 0;

	if (fsutil_join(pack, f->folder, "pack", e) != 0 ||
	    fsutil_mkdirs(pack, e) != 0)
		return -1;
	list = opendir(pack);
	if (list == NULL)
		return err_sys(e, "the quarantine");
	while (rc == 0 && (d = readdir(list)) != NULL)
		if (d->d_name[0] != '.' &&
		    strncmp(d->d_name, "pack-", 5) != 0) {
			rc = fsutil_join(path, pack, d->d_name, e);
			if (rc == 0 && unlink(path) != 0)
				rc = err_sys(e, "the quarantine");
		}
	closedir(list);
	return rc;
}

/* The parent of a commit; false if it has none. */
static bool
parent(const struct gitstore_object *o, uint8_t oid[GITFORM_OID_LEN])
{
	const char *t = (const char *)o->data;

	return o->len > 93 && memcmp(t + 46, "parent ", 7) == 0 &&
	       hex_decode(t + 53, GITFORM_OID_LEN, oid) == 0;
}

/* From `oid` down through what is here. *done: the vault goes on from there. */
static int
walk(struct fetch *f, const uint8_t from[GITFORM_OID_LEN],
     uint8_t edge[GITFORM_OID_LEN], uint64_t *depth, bool *done, struct err *e)
{
	uint8_t oid[GITFORM_OID_LEN];

	memcpy(oid, from, sizeof oid);
	*done = false;
	while (gitstore_has(f->here, oid)) {
		struct gitstore_object o;
		bool more;

		if (gitstore_read(f->here, oid, PACKFORM_COMMIT, &o, e) != 0)
			return -1;
		memcpy(edge, oid, sizeof oid);
		(*depth)++;
		more = parent(&o, oid);
		gitstore_object_free(&o);
		if (!more) {
			*done = true;
			return 0;
		}
	}
	*done = gitstore_has(f->v->git, oid);
	return 0;
}

/* Go down again from the edge: what lies there has come meanwhile. */
static int
walk_on(struct fetch *f, struct want *w, struct err *e)
{
	uint8_t from[GITFORM_OID_LEN];

	memcpy(from, w->depth > 0 ? w->edge : w->b.commit, sizeof from);
	if (w->depth > 0)
		w->depth--;
	if (walk(f, from, w->edge, &w->depth, &w->done, e) != 0)
		return -1;
	if (w->depth > 0)
		w->is_old = false;
	return 0;
}

/* `heads` says which tips the packs in the quarantine were fetched for. */
static int
read_heads(struct fetch *f, struct err *e)
{
	char path[FSUTIL_PATH], *text = NULL, *save = NULL;
	size_t len;

	if (fsutil_join(path, f->folder, "heads", e) != 0)
		return -1;
	if (!fsutil_exists(path))
		return 0;
	if (fsutil_read(path, HEADS_MAX, &text, &len, e) != 0)
		return -1;
	for (char *l = strtok_r(text, "\n", &save); l != NULL;
	     l = strtok_r(NULL, "\n", &save)) {
		uint8_t oid[GITFORM_OID_LEN];

		if (strlen(l) < 42 || hex_decode(l, sizeof oid, oid) != 0)
			continue;
		for (size_t i = 0; i < f->n; i++)
			if (strcmp(f->wants[i].b.name, l + 41) == 0 &&
			    gitstore_has(f->here, oid)) {
				memcpy(f->wants[i].old, oid, sizeof oid);
				f->wants[i].is_old = true;
			}
	}
	free(text);
	return 0;
}

static int
write_heads(struct fetch *f, struct err *e)
{
	char path[FSUTIL_PATH], hex[41], *text = malloc(f->n * 160 + 1);
	size_t at = 0;
	int rc;

	if (text == NULL)
		return err_memory(e);
	for (size_t i = 0; i < f->n; i++) {
		const struct want *w = &f->wants[i];

		hex_encode(w->is_old ? w->old : w->b.commit, GITFORM_OID_LEN,
			   hex);
		at += (size_t)sprintf(text + at, "%s %s\n", hex, w->b.name);
	}
	rc = fsutil_join(path, f->folder, "heads", e) == 0 &&
		     fsutil_write(path, text, at, e) == 0
		 ? 0
		 : -1;
	free(text);
	return rc;
}

static void
line_of(struct gitlink_text *t, const char *word, const uint8_t *oid,
	const char *more)
{
	char hex[41];

	hex_encode(oid, GITFORM_OID_LEN, hex);
	gitlink_line(t, "%s %s%s\n", word, hex, more);
}

/* What we have of a device: its newest batches, then ever fewer. */
static void
haves(struct fetch *f, const struct want *w, struct gitlink_text *t)
{
	for (size_t i = 0; i < f->v->n_logs; i++) {
		const struct log *l = &f->v->logs[i];
		uint64_t back = 1;

		if (strncmp(l->device, w->b.name, BATCH_DEVICE_LEN) != 0)
			continue;
		for (int k = 0; k < HAVES_MAX && back <= l->size; k++) {
			line_of(t, "have", l->steps[l->size - back].commit, "");
			back *= 2;
		}
	}
}

/* The request for a group of branches. */
static int
request(struct fetch *f, struct want *const *group, size_t n, uint64_t deepen,
	struct gitlink_text *t, struct err *e)
{
	const struct gitadvert *a = &f->r->advert;
	char caps[200];

	snprintf(
	    caps, sizeof caps, " side-band-64k%s%s%s%s agent=git/muniment",
	    gitadvert_can(a, "multi_ack_detailed") ? " multi_ack_detailed" : "",
	    gitadvert_can(a, "ofs-delta") ? " ofs-delta" : "",
	    gitadvert_can(a, "no-progress") ? " no-progress" : "",
	    gitadvert_can(a, "object-format") ? " object-format=sha1" : "");
	for (size_t i = 0; i < n; i++)
		line_of(t, "want", group[i]->b.commit, i == 0 ? caps : "");
	for (size_t i = 0; i < n; i++) {
		struct want *w = group[i];
		uint64_t depth = 0;
		bool done = false;

		if (w->is_old &&
		    walk(f, w->old, w->edge, &depth, &done, e) != 0)
			return -1;
		if ((w->is_old && !done) || w->depth > 0)
			line_of(t, "shallow", w->edge, "");
	}
	if (deepen > 0)
		gitlink_line(t, "deepen %llu\n", (unsigned long long)deepen);
	gitlink_flush(t);
	for (size_t i = 0; i < n; i++) {
		if (group[i]->is_old)
			line_of(t, "have", group[i]->old, "");
		if (group[i]->depth > 0)
			line_of(t, "have", group[i]->b.commit, "");
		haves(f, group[i], t);
	}
	gitlink_line(t, "done\n");
	return t->failed ? err_memory(e) : 0;
}

/* Bytes of the pack. */
static int
put_pack(struct reply *p, const uint8_t *bytes, size_t len, struct err *e)
{
	struct fetch *f = p->f;

	if (len > f->bytes) {
		err_set(e, ERR_EVIDENCE,
			"it sends more than one exchange is taken to bring");
		return err_hint(e, "--large takes it all the same");
	}
	f->bytes -= len;
	return packwork_put(p->pack, bytes, len, e);
}

/* What comes before the pack: shallow lines, ACKs, NAK. */
static int
take_line(struct reply *p, struct err *e)
{
	char shown[200];
	size_t len;
	const char *text = pktline_text(&p->packet, &len);

	if (strncmp(text, "shallow ", 8) == 0 ||
	    strncmp(text, "unshallow ", 10) == 0)
		return 0;
	if (strncmp(text, "ACK ", 4) == 0 || strcmp(text, "NAK") == 0)
		return 0;
	if (strncmp(text, "ERR ", 4) != 0)
		return err_set(e, ERR_UNKNOWN, "its answer is not git's");
	if (strstr(text, "not our ref") != NULL) {
		err_set(e, ERR_UNKNOWN, "its branches moved meanwhile");
		return err_hint(e, "sync again");
	}
	return err_set(e, ERR_UNKNOWN, "it says: %s",
		       err_escape(shown, sizeof shown, text + 4, len - 4));
}

static int
take_packet(struct reply *p, struct err *e)
{
	const uint8_t *data;
	size_t len;
	int band;

	if (pktline_is_flush(&p->packet)) {
		if (p->deepens && !p->in_pack) {
			p->deepens = false;
			return 0;
		}
		p->whole = true;
		return 1;
	}
	data = pktline_data(&p->packet, &len);
	if (len > 0 && data[0] > 3)
		return p->in_pack
			   ? err_set(e, ERR_UNKNOWN, "its answer is not git's")
			   : take_line(p, e);
	p->in_pack = true;
	if (gitlink_band(&p->packet, &band, &data, &len, e) != 0)
		return -1;
	return band == 1 ? put_pack(p, data, len, e) : 0;
}

static int
on_reply(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct reply *p = ctx;
	const uint8_t *at = bytes;

	while (len > 0 && !p->whole) {
		size_t used;
		bool whole;

		if (pktline_put(&p->packet, at, len, &used, &whole) !=
		    FORMAT_OK)
			return err_set(e, ERR_UNKNOWN,
				       "its answer is not git's");
		at += used;
		len -= used;
		if (!whole)
			continue;
		if (take_packet(p, e) < 0)
			return -1;
		pktline_next(&p->packet);
	}
	return p->whole;
}

/* The pack has come: its objects get their names. */
static int
keep(struct fetch *f, struct reply *p, struct err *e)
{
	bool whole = false;

	if (packwork_finish(p->pack, &whole, &p->objects, e) != 0)
		return -1;
	if (!whole) {
		f->r->h->passing = true;
		return err_set(e, ERR_UNKNOWN, "its pack was cut off");
	}
	/* git sends a pack of nothing, too */
	if (p->objects == 0)
		return 0;
	f->objects -= f->counts ? p->objects : 0;
	return gitstore_refresh(f->here, e);
}

/* One request and its reply. *objects is what came. */
static int
ask(struct fetch *f, struct want *const *group, size_t n, uint64_t deepen,
    uint32_t *objects, struct err *e)
{
	struct reply *p = calloc(1, sizeof *p);
	struct gitlink_text t = {0};
	struct child_text body = {0};
	struct gitwire_request q = {.source = child_give,
				    .rewind = child_rewind,
				    .source_ctx = &body,
				    .sink = on_reply,
				    .sink_ctx = p,
				    .max = UINT64_MAX,
				    .what = "fetching",
				    .before = f->came};
	const struct packwork_limits limits = {
	    .bytes = f->bytes,
	    .objects = f->counts ? f->objects : UINT64_MAX,
	    .work = WORK_MAX};
	char pack[FSUTIL_PATH];
	uint64_t left = f->bytes;
	int rc = -1;

	if (p == NULL)
		return err_memory(e);
	if (fsutil_join(pack, f->folder, "pack", e) != 0)
		goto out;
	*p = (struct reply){.f = f, .deepens = deepen > 0};
	p->pack = packwork_new(pack, &limits, e);
	if (p->pack == NULL || request(f, group, n, deepen, &t, e) != 0)
		goto out;
	body.bytes = t.bytes;
	body.len = q.length = t.len;
	if ((!gitwire_is_open(f->r->w, GITWIRE_FETCH) &&
	     gitlink_open(f->r, GITWIRE_FETCH, e) != 0) ||
	    gitwire_ask(f->r->w, &q, e) != 0 || keep(f, p, e) != 0)
		goto out;
	*objects = p->objects;
	f->came += left - f->bytes;
	rc = 0;
out:
	packwork_free(p->pack);
	free(t.bytes);
	free(p);
	return rc;
}

/* Branches that are about as far as the first that is not done. */
static size_t
choose(struct fetch *f, struct want *group[GROUP])
{
	size_t n = 0;

	for (size_t i = 0; i < f->n && n < GROUP; i++) {
		struct want *w = &f->wants[i];

		if (w->done)
			continue;
		if (n > 0 && (group[0]->is_old || w->is_old ||
			      w->depth > group[0]->depth + f->step ||
			      w->depth + f->step < group[0]->depth))
			continue;
		group[n++] = w;
	}
	return n;
}

/* One slice: ask, see how far it goes, and choose the size of the next. */
static int
slice(struct fetch *f, struct want *const *group, size_t n, struct err *e)
{
	uint64_t deepen = 0, before = 0, after = 0;
	uint32_t objects = 0;
	bool moved = false;

	for (size_t i = 0; i < n; i++) {
		before += group[i]->depth;
		if (group[i]->depth > deepen)
			deepen = group[i]->depth;
	}
	deepen = f->whole || group[0]->is_old ? 0 : deepen + f->step;
	if (ask(f, group, n, deepen, &objects, e) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (walk_on(f, group[i], e) != 0)
			return -1;
		after += group[i]->depth;
		moved |= group[i]->done;
	}
	if (write_heads(f, e) != 0)
		return -1;
	if (!moved && after == before)
		return err_set(e, ERR_EVIDENCE,
			       "it does not send what it announces");
	if (after > before && objects > 0) {
		f->step = SLICE_OBJECTS / (objects / (after - before) + 1);
		f->step = f->step / n + 1;
		if (f->step < STEP_FIRST)
			f->step = STEP_FIRST;
		if (f->step > STEP_MAX)
			f->step = STEP_MAX;
	}
	return 0;
}

static int
run(struct fetch *f, struct err *e)
{
	struct want *group[GROUP];
	unsigned attempt = 0;
	size_t n;

	for (size_t i = 0; i < f->n; i++)
		if (walk_on(f, &f->wants[i], e) != 0)
			return -1;
	if (!gitadvert_can(&f->r->advert, "side-band-64k"))
		return err_set(e, ERR_UNKNOWN, "its git is too old");
	f->whole = !gitadvert_can(&f->r->advert, "shallow");
	while ((n = choose(f, group)) > 0) {
		if (slice(f, group, n, e) == 0)
			attempt = 0;
		else if (!host_again(f->r->h, &attempt, e))
			return -1;
	}
	return 0;
}

int
gitremote_fetch(struct gitremote *r, struct vault *v, const char *folder,
		const struct gitremote_branch *want, size_t n,
		const struct gitremote_caps *caps, struct err *e)
{
	struct fetch f = {.r = r,
			  .v = v,
			  .folder = folder,
			  .n = n,
			  .step = STEP_FIRST,
			  .bytes = caps->bytes,
			  .objects = caps->objects,
			  .counts = caps->objects > 0};
	char pack[FSUTIL_PATH];
	int rc = -1;

	f.wants = calloc(n + 1, sizeof *f.wants);
	if (f.wants == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		f.wants[i].b = want[i];
	if (sweep(&f, pack, e) != 0)
		goto out;
	f.here = gitstore_open_objects(folder, e);
	if (f.here == NULL || read_heads(&f, e) != 0 ||
	    (!gitwire_is_open(r->w, GITWIRE_FETCH) &&
	     gitlink_open(r, GITWIRE_FETCH, e) != 0))
		goto out;
	rc = run(&f, e);
out:
	if (rc != 0)
		gitlink_name(r, e);
	gitstore_close(f.here);
	free(f.wants);
	return rc;
}
