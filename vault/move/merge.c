#include "merge.h"

#include "absent.h"
#include "hex.h"
#include "index.h"
#include "journal.h"
#include "local.h"
#include "packscan.h"
#include "padded.h"
#include "padme.h"
#include "repack.h"
#include "trust.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct branch {
	char name[VAULT_BRANCH_MAX];
	const struct log *log; /* ours, or a foreign one */
};

#define WAITING_MAX 16	/* devices of one collector's seat that may wait */
#define CUT_MAX 64	/* devices of members that count no more, or not yet */
#define DEVICES_MAX 256 /* of one seat */
#define SIDES_MAX 16	/* histories of one device */

struct merge {
	struct vault *v;
	struct gitstore *git; /* v's objects and the foreign ones */
	struct vault in;      /* the foreign branches, over v */
	const struct identity *id;
	const struct invite *expect; /* or NULL */
	const struct index *known;   /* of v; or NULL */
	struct index *lent;	     /* the same, if it is ours to free */
	struct caps caps;
	uint64_t taken;	   /* bytes of git objects */
	struct map got;	   /* objects that came -> their size */
	struct map listed; /* objects of the new batches */
	struct branch *branches;
	size_t n_branches;
	struct packform_file *pack; /* the new batches, of our own making */
	struct map packed;	    /* git ids in it */
	struct journal *journal;
	struct merge_result *result;
	struct report *damage; /* of foreign branches; NULL: it refuses all */
};

/* A vault whose logs are damaged takes nothing in on top. */
static int
check_own(struct merge *m, struct err *e)
{
	if (m->id != NULL && (trust_check(m->v, m->id, e) != 0 ||
			      absent_check(m->v, m->id, e) != 0))
		return -1;
	if (m->v->report.count[REPORT_DAMAGE] == 0)
		return 0;
	err_set(e, ERR_EVIDENCE, "%s",
		report_first(&m->v->report, REPORT_DAMAGE));
	return err_hint(e, "muniment verify says more");
}

struct merge *
merge_new(struct vault *v, const struct identity *id, bool fresh, struct err *e)
{
	struct merge *m = calloc(1, sizeof *m);

	if (m == NULL || (m->journal = journal_new()) == NULL) {
		err_memory(e);
		goto bad;
	}
	m->v = v;
	m->id = id;
	m->caps = (struct caps){UINT64_MAX, UINT64_MAX, UINT64_MAX};
	if (fresh || check_own(m, e) == 0)
		return m;
bad:
	merge_free(m);
	return NULL;
}

void
merge_free(struct merge *m)
{
	if (m == NULL)
		return;
	packform_file_free(m->pack);
	map_free(&m->packed);
	journal_free(m->journal);
	map_free(&m->got);
	map_free(&m->listed);
	free(m->branches);
	vault_forget(&m->in);
	gitstore_close(m->git);
	index_free(m->lent);
	free(m);
}

void
merge_cap(struct merge *m, const struct caps *caps)
{
	m->caps = *caps;
}

void
merge_expect(struct merge *m, const struct invite *invite)
{
	m->expect = invite;
}

void
merge_know(struct merge *m, const struct index *x)
{
	m->known = x;
}

void
merge_spare(struct merge *m, struct report *damage)
{
	m->damage = damage;
}

/* Every entry file of a new batch: its SHA-256 and its length. */
static int
check_entries(struct merge *m, const struct vault_batch *b, struct err *e)
{
	for (size_t k = 0; k < b->b.n; k++) {
		struct gitstore_object o = {0};
		char hex[65];
		int rc;

		if (b->b.lines[k].kind != BATCH_ENTRY)
			continue;
		rc = vault_entry_file(&m->in, b, b->b.lines[k].sha256, &o, e);
		if (rc == 0 && (!padme_is_entry(o.len) ||
				padded_form(o.data, o.len) == PADDED_OTHER)) {
			hex_encode(b->b.lines[k].sha256, HASH_LEN, hex);
			rc = err_set(e, ERR_EVIDENCE,
				     "%.16s is neither an entry nor a ring by"
				     " its length and header",
				     hex);
		}
		gitstore_object_free(&o);
		if (rc != 0)
			return -1;
	}
	return 0;
}

/* Say of an error in which batch it is. */
static int
named(const struct log *l, uint64_t n, const struct err *why, struct err *e)
{
	err_set(e, why->code, "device %.12s, batch %llu: %s", l->device,
		(unsigned long long)n, why->msg);
	return err_hint(e, "%s", why->hint);
}

/* A new batch that cannot be taken in ends its branch before it. */
static int
stop_at_bad(struct merge *m, struct log *l, struct err *e)
{
	uint64_t known = 0;

	for (size_t i = 0; i < m->v->n_logs; i++) {
		uint64_t n = vault_alike(&m->v->logs[i], l);

		known = n > known ? n : known;
	}
	for (uint64_t n = known + 1; n <= l->size; n++) {
		struct vault_batch b;
		struct err inner = {0};
		int rc = vault_batch(&m->in, l, n, &b, &inner);

		if (rc == 0) {
			rc = check_entries(m, &b, &inner);
			vault_batch_free(&b);
		}
		if (rc == 0)
			continue;
		if (inner.code != ERR_EVIDENCE)
			return named(l, n, &inner, e);
		report_add(m->damage, REPORT_DAMAGE,
			   "device %.12s, batch %llu: %s", l->device,
			   (unsigned long long)n, inner.msg);
		l->size = n - 1;
		while (l->n_seen > 0 && l->seen[l->n_seen - 1].batch >= n)
			l->n_seen--;
	}
	return 0;
}

/* Damage refuses it all; or it is told, and what is sound is left. */
static int
judge_damage(struct merge *m, struct err *e)
{
	const struct report *r = &m->in.report;
	int rc = 0;

	if (m->damage == NULL)
		return r->count[REPORT_DAMAGE] == 0
			   ? 0
			   : err_set(e, ERR_EVIDENCE, "refused: %s",
				     report_first(r, REPORT_DAMAGE));
	for (size_t i = 0; i < r->n; i++)
		if (r->lines[i].level == REPORT_DAMAGE)
			report_add(m->damage, REPORT_DAMAGE, "%s",
				   r->lines[i].text);
	for (size_t i = 0; i < m->in.n_logs && rc == 0; i++)
		rc = stop_at_bad(m, &m->in.logs[i], e);
	return rc;
}

int
merge_incoming(struct merge *m, const char *objects, vault_refs *refs,
	       void *ctx, struct err *e)
{
	struct vault *in = &m->in;

	m->git = gitstore_open(m->v->dir, e);
	if (m->git == NULL || gitstore_add_objects(m->git, objects, e) != 0)
		return -1;
	gitstore_bound(m->git, PACKSCAN_OBJECT_MAX);
	*in = (struct vault){.git = m->git, .lock = -1, .base = m->v};
	strcpy(in->dir, m->v->dir);
	in->progress = m->v->progress;
	in->progress_ctx = m->v->progress_ctx;
	in->most = m->caps.batches;
	if (vault_load_from(in, refs, ctx, true, e) != 0)
		return -1;
	if (judge_damage(m, e) != 0)
		return -1;
	if (in->n_logs == 0 && m->damage == NULL)
		return err_set(e, ERR_EVIDENCE, "it holds no history");
	return m->expect != NULL ? invite_check(m->expect, m->v, in, e) : 0;
}

bool
merge_lists(const struct merge *m, const uint8_t sha256[HASH_LEN])
{
	size_t listed;

	return map_get(&m->in.objects, sha256, &listed) ||
	       vault_object(m->v, sha256, &listed);
}

int
merge_object(struct merge *m, const uint8_t sha256[HASH_LEN], uint64_t size,
	     struct err *e)
{
	return map_set(&m->got, sha256, (size_t)size) == 0 ? 0 : err_memory(e);
}

/* Take one foreign object over into a pack of our own. */
static int
take_over(struct merge *m, enum packform_type type,
	  const uint8_t oid[GITFORM_OID_LEN], struct err *e)
{
	struct gitstore_object o;
	uint8_t key[MAP_KEY_LEN] = {0}, same[GITFORM_OID_LEN];
	size_t at;
	int rc;

	memcpy(key, oid, GITFORM_OID_LEN);
	if (map_get(&m->packed, key, &at))
		return 0;
	rc = gitstore_read(m->git, oid, type, &o, e);
	m->taken += o.len;
	if (rc == 0 && m->taken > m->caps.bytes)
		rc = caps_exceeded("more history", e);
	if (rc == 0)
		rc = packform_file_add(m->pack, type, o.data, o.len, same, e);
	gitstore_object_free(&o);
	if (rc == 0 && map_set(&m->packed, key, 1) != 0)
		rc = err_memory(e);
	return rc;
}

static int
note_listed(struct merge *m, const struct vault_batch *b, struct err *e)
{
	for (size_t k = 0; k < b->b.n; k++)
		if (b->b.lines[k].kind == BATCH_OBJECT &&
		    map_set(&m->listed, b->b.lines[k].sha256, 1) != 0)
			return err_memory(e);
	return 0;
}

/*
 * Check the new batches of a log and take them over. The foreign pack itself
 * never becomes part of the vault, nor what is here already a second time.
 */
static int
take_batches(struct merge *m, const struct log *l, uint64_t from, struct err *e)
{
	for (uint64_t n = from + 1; n <= l->size; n++) {
		struct vault_batch b;
		struct err inner = {0};
		int rc = 0;

		if (vault_batch(&m->in, l, n, &b, &inner) != 0)
			return named(l, n, &inner, e);
		if (m->damage == NULL) /* or stop_at_bad has done it */
			rc = check_entries(m, &b, &inner);
		if (rc == 0)
			rc = note_listed(m, &b, &inner);
		for (size_t k = 0; k < b.n_names && rc == 0; k++)
			rc =
			    take_over(m, PACKFORM_BLOB, b.names[k].oid, &inner);
		if (rc == 0)
			rc = take_over(m, PACKFORM_TREE, b.tree, &inner);
		if (rc == 0)
			rc = take_over(m, PACKFORM_COMMIT,
				       l->steps[n - 1].commit, &inner);
		vault_batch_free(&b);
		if (rc != 0)
			return named(l, n, &inner, e);
	}
	return 0;
}

/* The branch on which a device's other history is kept. */
static void
fork_branch(const struct log *in, uint64_t common, char out[VAULT_BRANCH_MAX])
{
	char hex[65];

	hex_encode(in->steps[common].root, HASH_LEN, hex);
	snprintf(out, VAULT_BRANCH_MAX, "%s.%.32s", in->device, hex);
}

/* The branches as they will be: ours, and those that were merged already. */
static int
list_branches(struct merge *m, struct err *e)
{
	size_t most = m->v->n_logs + m->in.n_logs;

	free(m->branches);
	m->branches = calloc(most + 1, sizeof *m->branches);
	if (m->branches == NULL)
		return err_memory(e);
	for (size_t i = 0; i < m->v->n_logs; i++) {
		m->branches[i].log = &m->v->logs[i];
		strcpy(m->branches[i].name, m->v->logs[i].branch);
	}
	m->n_branches = m->v->n_logs;
	return 0;
}

/*
 * Which branch does this history belong to? An index: one that it goes on
 * from, or n_branches for a new one, whose name is set. *common is what the
 * vault has of it. SIZE_MAX if all of it is here.
 */
static size_t
place(struct merge *m, const struct log *in, uint64_t *common, bool *fork)
{
	size_t goes_on = m->n_branches;
	uint64_t n;

	*common = 0;
	*fork = false;
	for (size_t i = 0; i < m->n_branches; i++) {
		const struct log *l = m->branches[i].log;

		if (strcmp(l->device, in->device) != 0)
			continue;
		n = vault_alike(l, in);
		if (n == in->size)
			return SIZE_MAX;
		*fork = true;
		if (n == l->size && (goes_on == m->n_branches || n > *common))
			goes_on = i;
		if (n > *common)
			*common = n;
	}
	if (goes_on < m->n_branches) {
		*common = m->branches[goes_on].log->size;
		*fork = false;
		return goes_on;
	}
	if (*fork)
		fork_branch(in, *common, m->branches[goes_on].name);
	else
		strcpy(m->branches[goes_on].name, in->device);
	return goes_on;
}

/* Put a foreign branch on the list; place() says what it comes to. */
static size_t
put_branch(struct merge *m, const struct log *in, uint64_t *common, bool *fork)
{
	size_t at = place(m, in, common, fork);

	if (at != SIZE_MAX) {
		m->branches[at].log = in;
		m->n_branches += at == m->n_branches;
	}
	return at;
}

/* Has the form of vault_refs. */
static int
listed_branches(void *merge, gitstore_ref *ref, void *ctx, struct err *e)
{
	struct merge *m = merge;

	for (size_t i = 0; i < m->n_branches; i++) {
		const struct log *l = m->branches[i].log;
		char name[VAULT_BRANCH_MAX + 16];

		snprintf(name, sizeof name, "refs/heads/%s",
			 m->branches[i].name);
		if (l->size > 0 &&
		    ref(ctx, name, l->steps[l->size - 1].commit, e) != 0)
			return -1;
	}
	return 0;
}

/* How many devices wait here for this collector's seat. */
static size_t
waiting(struct merge *m, const struct index *members,
	const struct index_seat *seat)
{
	size_t n = 0;

	for (size_t i = 0; i < members->v->n_logs; i++)
		n += members->log_seat[i] == NULL &&
		     vault_log(m->v, members->v->logs[i].device) != NULL &&
		     index_collector_of(members, i) == seat;
	return n;
}

/* Devices that are here and would be members', were there no cuts and forks. */
static size_t
cut_off(struct merge *m, const struct index *members)
{
	size_t n = 0;

	for (size_t i = 0; i < members->v->n_logs; i++)
		n += members->log_seat[i] == NULL && members->log_member[i] &&
		     vault_log(m->v, members->v->logs[i].device) != NULL;
	return n;
}

/*
 * Does a member answer for the device of this foreign branch? A collector's
 * device waits in the vault until the office has confirmed it, and what a cut
 * or a fork took away may count again; but a kit, or the key of somebody
 * retired, makes any number of them. `more` counts, for each seat and in the
 * end for those that are cut off, the ones that this merge takes in.
 */
static bool
is_claimed(struct merge *m, const struct index *members, size_t log,
	   size_t *more)
{
	const struct index_seat *seat;

	if (members->log_seat[log] != NULL)
		return true;
	if (members->log_member[log])
		return cut_off(m, members) + more[members->n_seats]++ < CUT_MAX;
	seat = index_collector_of(members, log);
	return seat != NULL &&
	       waiting(m, members, seat) + more[seat - members->seats]++ <
		   WAITING_MAX;
}

/* Whom this branch has seen is needed, and no stranger. */
static void
take_seen(struct merge *m, const struct log *l, bool *strange, bool *needed)
{
	for (size_t k = 0; k < l->n_seen; k++)
		for (size_t i = vault_first_log(&m->in, l->seen[k].device);
		     i != SIZE_MAX; i = m->in.logs[i].other) {
			needed[i] = true;
			strange[i] = false;
		}
}

/*
 * What is taken in must not name as seen what is left out: that would look
 * like a rollback for ever after. So whom a member's branch has seen comes
 * too, and whom that one has seen.
 */
static int
keep_seen(struct merge *m, const struct index *members, bool *strange,
	  struct err *e)
{
	bool *needed = calloc(2 * m->in.n_logs + 1, sizeof *needed);
	bool *asked = needed + m->in.n_logs;

	if (needed == NULL)
		return err_memory(e);
	for (size_t i = 0; i < m->in.n_logs; i++) {
		const struct log *l =
		    vault_log(members->v, m->in.logs[i].device);

		needed[i] = l != NULL &&
			    members->log_seat[l - members->v->logs] != NULL;
	}
	for (size_t i = 0; i < m->in.n_logs; i++) {
		if (!needed[i] || asked[i])
			continue;
		asked[i] = true;
		take_seen(m, &m->in.logs[i], strange, needed);
		i = SIZE_MAX; /* from the first again */
	}
	free(needed);
	return 0;
}

/*
 * A member makes a device with each copy of the vault; with thousands he could
 * only mean to fill the others' lists. `n` has room for a number a seat.
 */
static void
mark_crowds(struct merge *m, struct index *members, bool *strange, size_t *n)
{
	const struct vault *all = members->v;

	memset(n, 0, members->n_seats * sizeof *n);
	for (size_t i = 0; i < all->n_logs; i++) {
		const struct index_seat *s =
		    index_seat(members, members->log_seat[i]);

		if (s != NULL && vault_log(m->v, all->logs[i].device) != NULL)
			n[s - members->seats]++;
	}
	for (size_t i = 0; i < m->in.n_logs; i++) {
		const char *device = m->in.logs[i].device;
		size_t log = vault_first_log(all, device);
		const struct index_seat *s =
		    log == SIZE_MAX
			? NULL
			: index_seat(members, members->log_seat[log]);

		if (strange[i] || s == NULL ||
		    vault_log(m->v, device) != NULL ||
		    ++n[s - members->seats] <= DEVICES_MAX)
			continue;
		strange[i] = true;
	}
}

/*
 * Can this identity read who is a member? Not if it is none, nor if it has
 * not got the vault's newest key, as who was withdrawn.
 */
static bool
can_tell(const struct index *members)
{
	const struct index_epoch *ep = index_epoch(members, INDEX_VAULT);

	for (size_t i = 1;
	     members->me != NULL && ep != NULL && i < members->n_hybrids; i++)
		if (strcmp(members->hybrids[i].case_id, INDEX_VAULT) == 0 &&
		    strcmp(members->hybrids[i].epoch, ep->id) == 0)
			return true;
	return false;
}

/*
 * A device that is new here and belongs to no member: whoever has the
 * ciphertext could have added it, to raise alarms in our name. Only a member
 * can tell; others take everything. Who is a member is judged by all that
 * would be here. On a list of one flag a foreign branch, strangers are marked.
 */
static int
mark_strangers(struct merge *m, bool *strange, struct err *e)
{
	struct vault all = {.git = m->git, .lock = -1, .base = m->v};
	struct index *members = NULL;
	size_t *more = NULL;
	uint64_t common;
	bool fork;
	int rc = -1;

	strcpy(all.dir, m->v->dir);
	for (size_t i = 0; i < m->in.n_logs; i++)
		(void)put_branch(m, &m->in.logs[i], &common, &fork);
	if (vault_load_from(&all, listed_branches, m, false, e) != 0)
		goto out;
	if (m->known == NULL && m->v->n_logs > 0) {
		m->lent = index_open_lean(m->v, m->id, e);
		if (m->lent == NULL)
			goto out;
		m->known = m->lent;
	}
	members = m->known != NULL ? index_extend(m->known, &all, e)
				   : index_open(&all, m->id, e);
	if (members == NULL)
		goto out;
	more = calloc(members->n_seats + 1, sizeof *more);
	if (more == NULL) {
		err_memory(e);
		goto out;
	}
	for (size_t i = 0; i < m->in.n_logs && can_tell(members); i++) {
		const char *device = m->in.logs[i].device;
		const struct log *l = vault_log(&all, device);

		strange[i] =
		    vault_log(m->v, device) == NULL && l != NULL &&
		    !is_claimed(m, members, (size_t)(l - all.logs), more);
	}
	mark_crowds(m, members, strange, more);
	if (keep_seen(m, members, strange, e) == 0)
		rc = list_branches(m, e); /* without the strangers again */
out:
	free(more);
	index_free(members);
	vault_forget(&all);
	return rc;
}

/*
 * Evidence of a fork is two histories; whoever has the key can sign any number
 * of them. One more counts only if it parts earlier than all others.
 */
static bool
is_surplus(const struct merge *m, const struct log *in, uint64_t common)
{
	const struct log *sides[SIDES_MAX];
	uint64_t parted = UINT64_MAX;
	size_t n = 0;

	for (size_t i = 0; i < m->n_branches && n < SIDES_MAX; i++)
		if (strcmp(m->branches[i].log->device, in->device) == 0)
			sides[n++] = m->branches[i].log;
	if (n < SIDES_MAX)
		return false;
	for (size_t i = 1; i < n; i++) {
		uint64_t at = vault_alike(sides[0], sides[i]);

		parted = at < parted ? at : parted;
	}
	return common >= parted;
}

/* What one foreign branch adds to ours. */
static int
merge_log(struct merge *m, const struct log *in, struct err *e)
{
	const struct log *own = vault_log(m->v, in->device);
	uint64_t common;
	bool fork;
	size_t at;

	if (in->size == 0 && m->damage != NULL)
		return 0;
	if (in->size == 0)
		return err_set(e, ERR_EVIDENCE, "an empty history");
	at = place(m, in, &common, &fork);
	if (at == SIZE_MAX) {
		if (!in->is_fork && own != NULL && own->size > in->size) {
			m->result->older++;
			strcpy(m->result->older_device, in->device);
			m->result->older_size = in->size;
			m->result->older_here = own->size;
		}
		return 0;
	}
	if ((fork && is_surplus(m, in, common)) ||
	    (at == m->n_branches && at >= VAULT_LOGS_MAX)) {
		m->result->crowded++;
		return 0;
	}
	(void)put_branch(m, in, &common, &fork);
	if (take_batches(m, in, common, e) != 0)
		return -1;
	m->result->forks += fork;
	m->result->devices++;
	m->result->batches += in->size - common;
	return 0;
}

/* The branches that moved. */
static int
journal_branches(struct merge *m, struct err *e)
{
	for (size_t i = 0; i < m->n_branches; i++) {
		const struct log *l = m->branches[i].log;

		if (i < m->v->n_logs && l == &m->v->logs[i])
			continue;
		if (journal_branch(m->journal, m->branches[i].name,
				   l->steps[l->size - 1].commit) != 0)
			return err_memory(e);
	}
	return 0;
}

/* Objects that came, that what is taken in lists, and that are not here. */
static int
merge_objects(struct merge *m, struct err *e)
{
	char dir[FSUTIL_PATH], path[FSUTIL_PATH];
	struct dirent *d;
	DIR *list;
	int rc = 0;

	if (vault_path(m->v, "local/tmp", dir, e) != 0)
		return -1;
	list = opendir(dir);
	if (list == NULL)
		return err_sys(e, "the vault's local/tmp");
	while (rc == 0 && (d = readdir(list)) != NULL) {
		uint8_t sha256[HASH_LEN];
		size_t came, listed;

		if (strlen(d->d_name) != 64 ||
		    hex_decode(d->d_name, HASH_LEN, sha256) != 0 ||
		    !map_get(&m->got, sha256, &came))
			continue;
		if (!map_get(&m->listed, sha256, &listed) &&
		    !vault_object(m->v, sha256, &listed))
			continue; /* a stranger's */
		if (vault_object_path(m->v, sha256, path, e) != 0)
			rc = -1;
		else if (!fsutil_exists(path)) {
			m->result->objects++;
			if (journal_object(m->journal, sha256) != 0)
				rc = err_memory(e);
		}
	}
	closedir(list);
	return rc;
}

/* Nothing new in the history: only objects, or nothing at all. */
static int
commit(struct merge *m, struct err *e)
{
	size_t news = m->result->batches;
	char name[48];

	if (news == 0 && m->result->objects == 0)
		return 0;
	if (news > 0) {
		if (packform_file_finish(m->pack, name, e) != 0)
			return -1;
		if (journal_pack(m->journal, name) != 0)
			return err_memory(e);
	}
	if (journal_commit(m->journal, m->v, e) != 0)
		return -1;
	/* what was taken in stands, whatever becomes of this */
	(void)repack(m->v, NULL);
	return vault_load(m->v, false, e);
}

/* Branch by branch, those of strangers left out. */
static int
merge_logs(struct merge *m, struct err *e)
{
	bool *strange = calloc(m->in.n_logs + 1, sizeof *strange), news = false;
	int rc = strange == NULL ? err_memory(e) : 0;

	for (size_t i = 0; i < m->in.n_logs; i++)
		news |= vault_log(m->v, m->in.logs[i].device) == NULL;
	if (rc == 0 && news && m->id != NULL)
		rc = mark_strangers(m, strange, e);
	for (size_t i = 0; i < m->in.n_logs && rc == 0; i++) {
		if (strange[i])
			m->result->strangers++;
		else
			rc = merge_log(m, &m->in.logs[i], e);
	}
	free(strange);
	return rc;
}

/*
 * What is about to be listed and did not come is absent. What was listed
 * before is not declared so: where its file is not here, it is missing.
 */
static int
declare_absent(struct merge *m, struct err *e)
{
	struct map lacked = {0};
	uint8_t sha256[MAP_KEY_LEN];
	size_t at = 0, one, size;
	int rc = 0;

	while (rc == 0 && map_next(&m->listed, &at, sha256, &one))
		if (!map_get(&m->got, sha256, &size) &&
		    !vault_object(m->v, sha256, &size) &&
		    map_set(&lacked, sha256, 1) != 0)
			rc = err_memory(e);
	if (rc == 0)
		rc = absent_grow(m->v, m->id, &lacked, e);
	map_free(&lacked);
	return rc;
}

/* What this machine keeps for itself, once the rest stands. */
static int
finish_local(struct merge *m, struct err *e)
{
	char path[FSUTIL_PATH];

	if (vault_path(m->v, "local/tmp", path, e) != 0 ||
	    fsutil_remove_all(path, e) != 0 ||
	    (m->id != NULL && trust_save(m->v, m->id, NULL, e) != 0))
		return -1;
	return absent_shrink(m->v, m->id, &m->result->absent, e);
}

int
merge_commit(struct merge *m, struct merge_result *result, struct err *e)
{
	char tmp[FSUTIL_PATH];

	memset(result, 0, sizeof *result);
	m->result = result;
	if (vault_path(m->v, "local/tmp", tmp, e) != 0 ||
	    fsutil_mkdirs(tmp, e) != 0)
		return -1;
	m->pack = packform_file_new(tmp, e);
	if (m->pack == NULL || list_branches(m, e) != 0 ||
	    merge_logs(m, e) != 0 || merge_objects(m, e) != 0 ||
	    journal_branches(m, e) != 0 || declare_absent(m, e) != 0 ||
	    commit(m, e) != 0)
		return -1;
	return finish_local(m, e);
}
