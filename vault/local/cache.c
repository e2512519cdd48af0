#include "cache_inside.h"

#include "index_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_MAX (16u << 20) /* bytes of one text in it */

/*
 * Lists are written down as they lie in memory: another program, or another
 * machine's, has another head.
 */
size_t
cache_head(char out[CACHE_HEAD_MAX])
{
	uint16_t one = 1;

	return (size_t)snprintf(
	    out, CACHE_HEAD_MAX,
	    "muniment cache 2\n%s %d %zu %zu %zu %zu %zu\n", MUNIMENT_VERSION,
	    *(uint8_t *)&one, sizeof(struct log_step), sizeof(struct log_seen),
	    sizeof(struct index_entry), sizeof(struct index_file),
	    sizeof(struct index_key_info));
}

/* -- reading -- */

struct get {
	struct agepages *file;
	uint64_t at;
	bool bad;
};

static void
get(struct get *g, void *out, size_t len)
{
	if (g->bad || agepages_read(g->file, g->at, out, len, NULL) != 0) {
		g->bad = true;
		memset(out, 0, len);
	}
	g->at += len;
}

static uint64_t
get_number(struct get *g)
{
	uint64_t n;

	get(g, &n, sizeof n);
	return n;
}

/* How many follow of that many bytes each: never more than there are. */
static size_t
get_count(struct get *g, size_t each)
{
	uint64_t n = get_number(g), size = agepages_size(g->file);

	if (g->at > size || n > (size - g->at) / each) {
		g->bad = true;
		return 0;
	}
	return (size_t)n;
}

/* A list, malloc'ed with room for one more; NULL if it is bad. */
static void *
get_list(struct get *g, size_t each, size_t *n)
{
	void *p;

	*n = get_count(g, each);
	p = g->bad ? NULL : calloc(*n + 1, each);
	if (p == NULL)
		g->bad = true;
	else
		get(g, p, *n * each);
	return p;
}

static void
get_text(struct get *g, char *out, size_t cap)
{
	size_t n = get_count(g, 1);

	if (n >= cap) {
		g->bad = true;
		n = 0;
	}
	get(g, out, n);
	out[n] = '\0';
}

static char *
get_string(struct get *g)
{
	size_t n;

	return get_list(g, 1, &n);
}

static void
get_report(struct get *g, struct report *r)
{
	size_t n = get_count(g, 9);
	size_t count[4];

	for (size_t i = 0; i < n && !g->bad; i++) {
		uint64_t level = get_number(g);
		char *text = get_string(g);

		if (level > REPORT_DAMAGE)
			g->bad = true;
		if (!g->bad)
			report_add(r, (enum report_level)level, "%s", text);
		free(text);
	}
	get(g, count, sizeof count);
	memcpy(r->count, count, sizeof count);
}

static void
get_map(struct get *g, struct map *m)
{
	size_t n = get_count(g, MAP_KEY_LEN + 8);

	for (size_t i = 0; i < n && !g->bad; i++) {
		uint8_t key[MAP_KEY_LEN];

		get(g, key, sizeof key);
		g->bad |= map_set(m, key, (size_t)get_number(g)) != 0;
	}
}

static void
get_log(struct get *g, struct vault *v)
{
	struct log *l = &v->logs[v->n_logs];
	uint8_t key[MAP_KEY_LEN];
	size_t n;

	memset(l, 0, sizeof *l);
	get_text(g, l->branch, sizeof l->branch);
	get_text(g, l->device, sizeof l->device);
	get(g, l->key, sizeof l->key);
	l->is_fork = get_number(g) != 0;
	l->frozen = UINT64_MAX;
	l->other = vault_first_log(v, l->device);
	l->steps = get_list(g, sizeof *l->steps, &n);
	l->length = l->size = n;
	get(g, &l->tree, sizeof l->tree);
	l->seen = get_list(g, sizeof *l->seen, &l->n_seen);
	l->cap_seen = l->n_seen;
	map_key_text(l->device, key);
	g->bad |= map_set(&v->devices, key, v->n_logs++) != 0 || n == 0 ||
		  l->tree.size != n;
}

static void
get_segment(struct get *g, struct vault *v)
{
	struct cold *c = v->cold;
	struct cold_segment *s = &c->list[c->n];
	struct agefile_identity key = {AGEKEY_X25519,
				       identity_local(v->cache->id)};
	struct cold_record r;

	get_text(g, s->name, sizeof s->name);
	get(g, s->n, sizeof s->n);
	s->groups = get_list(g, sizeof *s->groups, &s->n_groups);
	s->dead = get_list(g, sizeof *s->dead, &s->n_dead);
	c->n++;
	if (g->bad || strlen(s->name) != HEX_ID_LEN ||
	    !hex_is(s->name, HEX_ID_LEN) || s->n[COLD_RECORDS] >= COLD_NO_ROW ||
	    cold_open(c, s, v->cache->dir, &key, NULL) != 0) {
		g->bad = true;
		return;
	}
	for (size_t i = 0; i < s->n_groups; i++)
		g->bad |= s->groups[i].log >= v->n_logs ||
			  s->groups[i].case_no >= c->n_names ||
			  s->groups[i].seat_no >= c->n_names;
	for (size_t i = 0; i < s->n_dead && !g->bad; i++) {
		size_t at = COLD_AT(c->n - 1, s->dead[i]);

		g->bad |= s->dead[i] >= s->n[COLD_RECORDS] ||
			  !cold_record(c, at, &r) ||
			  cold_take_out(c, at, &r) != 0;
	}
}

static void
get_cold(struct get *g, struct vault *v)
{
	struct cold *c = v->cold;
	size_t n;

	c->names = get_list(g, sizeof *c->names, &c->n_names);
	for (size_t i = 0; !g->bad && i < c->n_names; i++)
		c->names[i][COLD_NAME_MAX - 1] = '\0';
	n = get_count(g, 1);
	g->bad |= n > COLD_SEGMENTS_MAX;
	for (size_t i = 0; i < n && !g->bad; i++)
		get_segment(g, v);
}

/* The logs, and what is listed in them. */
static void
get_vault(struct get *g, struct vault *v)
{
	char head[CACHE_HEAD_MAX], want[CACHE_HEAD_MAX];
	size_t n = cache_head(want);

	get(g, head, n);
	if (g->bad || memcmp(head, want, n) != 0) {
		g->bad = true;
		return;
	}
	get_text(g, v->id, sizeof v->id);
	get_text(g, v->file, sizeof v->file);
	v->file_len = strlen(v->file);
	get(g, v->root_key, sizeof v->root_key);
	n = get_count(g, 100);
	g->bad |= n == 0 || n > VAULT_LOGS_MAX;
	v->logs = g->bad ? NULL : calloc(n, sizeof *v->logs);
	for (size_t i = 0; v->logs != NULL && i < n && !g->bad; i++)
		get_log(g, v);
	get_report(g, &v->read);
	get_map(g, &v->entries);
	get_map(g, &v->objects);
	if (!g->bad)
		get_cold(g, v);
}

/* The heads must still be as they were signed. */
static bool
are_signed(struct vault *v)
{
	for (size_t i = 0; i < v->n_logs; i++)
		if (vault_check_batch(v, &v->logs[i], v->logs[i].size, NULL) !=
		    0)
			return false;
	return v->n_logs > 0;
}

static int
note_sizes(struct cache *k, const struct vault *v)
{
	k->sizes = calloc(v->n_logs + 1, sizeof *k->sizes);
	if (k->sizes == NULL)
		return -1;
	for (size_t i = 0; i < v->n_logs; i++)
		k->sizes[i] = v->logs[i].size;
	k->n_logs = v->n_logs;
	return 0;
}

static void
forget_state(struct vault *v)
{
	struct cache *k = v->cache;

	vault_forget(v);
	agepages_close(k->state);
	k->state = NULL;
}

void
cache_begin(struct vault *v, const struct identity *id)
{
	struct agefile_identity key = {AGEKEY_X25519, identity_local(id)};
	struct cache *k = calloc(1, sizeof *k);
	char path[FSUTIL_PATH];
	struct get g = {0};

	if (k == NULL)
		return;
	v->cache = k;
	k->id = id;
	v->cold = cold_new();
	if (v->cold == NULL ||
	    vault_path(v, "local/cache", k->dir, NULL) != 0 ||
	    fsutil_join(path, k->dir, CACHE_STATE ".age", NULL) != 0 ||
	    !fsutil_exists(path) || (k->pool = agepages_pool_new()) == NULL)
		return;
	k->state = agepages_open(path, k->pool, &key, NULL);
	g.file = k->state;
	if (k->state == NULL)
		return;
	get_vault(&g, v);
	if (g.bad || !are_signed(v) || note_sizes(k, v) != 0) {
		forget_state(v);
		return;
	}
	k->at = g.at;
	k->rewritten = ++v->rewritten;
}

void
cache_end(struct vault *v)
{
	struct cache *k = v->cache;
	char path[FSUTIL_PATH];

	if (k == NULL)
		return;
	/* what was found damaged on the way is not believed a second time */
	if (v->cold != NULL && v->cold->broken.code == ERR_EVIDENCE &&
	    fsutil_join(path, k->dir, CACHE_STATE ".age", NULL) == 0)
		(void)unlink(path);
	agepages_close(k->state);
	agepages_pool_free(k->pool);
	free(k->sizes);
	free(k);
	v->cache = NULL;
}

/* -- the index -- */

static void
get_keys(struct get *g, struct index *x)
{
	struct secret *one = secret_new(32);
	size_t n;

	x->infos = get_list(g, sizeof *x->infos, &n);
	x->cap_infos = n;
	x->keys = secret_new(32 * (n + 64));
	if (g->bad || one == NULL || x->keys == NULL) {
		g->bad = true;
		secret_free(one);
		return;
	}
	for (size_t i = 0; i < n && !g->bad; i++) {
		get(g, one->bytes, 32);
		g->bad |=
		    secret_append(x->keys, one->bytes, 32) != 0 ||
		    (x->infos[i].next != SIZE_MAX && x->infos[i].next >= i);
	}
	secret_free(one);
	x->hybrids = get_list(g, sizeof *x->hybrids, &x->n_hybrids);
	for (size_t i = 0; !g->bad && i < x->n_hybrids; i++)
		g->bad |= x->hybrids[i].key >= n;
	x->last_hybrid = (size_t)get_number(g);
	/* the first is the person's own: it is not taken from a file */
	if (!g->bad &&
	    (n == 0 || x->n_hybrids == 0 ||
	     !secret_equal(x->keys->bytes, identity_person(x->id), 32)))
		g->bad = true;
	get_map(g, &x->one_off);
	get_map(g, &x->bulk);
}

static void
get_entry(struct get *g, struct index *x)
{
	struct index_entry *en = &x->entries[x->n_entries];
	size_t log;

	get(g, en, sizeof *en);
	en->doc = NULL;
	en->why = NULL;
	en->text = NULL;
	en->cold = SIZE_MAX;
	log = en->log;
	if (g->bad || log >= x->v->n_logs || en->kind > KIND_UNKNOWN ||
	    en->key >= x->keys->len / 32) {
		g->bad = true;
		return;
	}
	x->n_entries++;
	en->text = get_list(g, 1, &en->text_len);
	if (get_number(g) != 0 && !g->bad &&
	    (en->doc = json_loadb(en->text, en->text_len,
				  JSON_REJECT_DUPLICATES, NULL)) == NULL)
		g->bad = true;
	g->bad |= map_set(&x->by_hash, en->sha256, x->n_entries - 1) != 0;
}

static void
get_files(struct get *g, const struct index *x, struct index_files *f)
{
	f->list = get_list(g, sizeof *f->list, &f->n);
	f->cap = f->n;
	for (size_t i = 0; f->list != NULL && i < f->n; i++) {
		bool why = f->list[i].why != NULL;

		f->list[i].why = NULL;
		g->bad |= f->list[i].log >= x->v->n_logs;
		if (why && !g->bad)
			f->list[i].why = get_string(g);
	}
}

/* What was read of each log: as much as the cache knows of it. */
static void
get_logs(struct get *g, struct index *x)
{
	const struct cache *k = x->v->cache;

	x->n_logs = k->n_logs;
	x->done = calloc(k->n_logs + 1, sizeof *x->done);
	x->cased = calloc(k->n_logs + 1, sizeof *x->cased);
	x->log_seat = calloc(k->n_logs + 1, sizeof *x->log_seat);
	x->log_limit = calloc(k->n_logs + 1, sizeof *x->log_limit);
	if (x->done == NULL || x->cased == NULL || x->log_seat == NULL ||
	    x->log_limit == NULL) {
		g->bad = true;
		x->n_logs = 0;
		return;
	}
	for (size_t i = 0; i < k->n_logs; i++) {
		size_t n;

		x->cased[i] = get_list(g, 1, &n);
		x->done[i] = n;
		g->bad |= n != k->sizes[i];
	}
}

int
cache_index(struct index *x)
{
	struct cache *k = x->v->cache;
	struct get g = {0};
	size_t n;

	if (k == NULL || k->state == NULL || k->used || k->id != x->id ||
	    k->rewritten != x->v->rewritten)
		return 0;
	k->used = true;
	g.file = k->state;
	g.at = k->at;
	get_keys(&g, x);
	n = g.bad ? 0 : get_count(&g, sizeof *x->entries);
	x->entries = calloc(n + 1, sizeof *x->entries);
	x->cap_entries = n + 1;
	g.bad |= x->entries == NULL;
	for (size_t i = 0; i < n && !g.bad; i++)
		get_entry(&g, x);
	if (!g.bad)
		get_files(&g, x, &x->rings);
	if (!g.bad)
		get_files(&g, x, &x->unread);
	if (!g.bad)
		get_report(&g, &x->findings);
	if (!g.bad)
		get_logs(&g, x);
	/* zeros follow */
	g.bad |= g.at > agepages_size(k->state);
	return g.bad ? -1 : 1;
}
