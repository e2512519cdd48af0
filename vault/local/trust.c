#include "trust.h"

#include "absent.h"
#include "hex.h"
#include "local.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY "local/trust.age"

static const char head[] = "muniment trust 1\n";

struct list {
	struct trust_state *states;
	size_t n;
};

struct memory {
	struct list seen; /* newest states of the logs */
	struct list lost; /* own ones that the person has given up */
	char own[BATCH_DEVICE_LEN + 1]; /* this machine's device, or empty */
	struct trust_state wrote;	/* how far it has written it */
	struct trust_state next;	/* what it was about to write */
	bool there;
	bool damaged; /* `why` says how */
	char why[128];
};

static void
forget(struct memory *m)
{
	free(m->seen.states);
	free(m->lost.states);
	memset(m, 0, sizeof *m);
}

static bool
is_here(const struct vault *v, const struct trust_state *s)
{
	return vault_has_state(v, s->device, s->size, s->root);
}

/* "<device> <size> <root>" */
static int
parse_state(const char *text, struct trust_state *s)
{
	unsigned long long size;
	char hex[65];

	if (sscanf(text, "%53s %llu %64s", s->device, &size, hex) != 3 ||
	    size == 0 || strlen(hex) != 64 ||
	    hex_decode(hex, HASH_LEN, s->root) != 0)
		return -1;
	s->size = size;
	return 0;
}

static int
add(struct list *l, const struct trust_state *s)
{
	void *p;

	/* doubling, at powers of two */
	if ((l->n & (l->n - 1)) == 0) {
		p = realloc(l->states,
			    (l->n > 0 ? 2 * l->n : 1) * sizeof *l->states);
		if (p == NULL)
			return -1;
		l->states = p;
	}
	l->states[l->n++] = *s;
	return 0;
}

/* The rest of a line that begins with this word and a space, or NULL. */
static const char *
after(const char *line, const char *word)
{
	size_t n = strlen(word);

	return strncmp(line, word, n) == 0 && line[n] == ' ' ? line + n + 1
							     : NULL;
}

static int
parse_line(struct memory *m, const char *line)
{
	struct trust_state s;
	const char *rest;

	if ((rest = after(line, "own")) != NULL) {
		snprintf(m->own, sizeof m->own, "%s", rest);
		return 0;
	}
	if ((rest = after(line, "wrote")) != NULL)
		return parse_state(rest, &m->wrote);
	if ((rest = after(line, "next")) != NULL)
		return parse_state(rest, &m->next);
	if ((rest = after(line, "lost")) != NULL)
		return parse_state(rest, &s) != 0 ? -1 : add(&m->lost, &s);
	return parse_state(line, &s) != 0 ? -1 : add(&m->seen, &s);
}

static int
parse(struct memory *m, char *text)
{
	char *save = NULL;

	if (strncmp(text, head, sizeof head - 1) != 0)
		return -1;
	for (char *l = strtok_r(text + sizeof head - 1, "\n", &save); l != NULL;
	     l = strtok_r(NULL, "\n", &save))
		if (parse_line(m, l) != 0)
			return -1;
	/* version 0.1 has no line of its own for what it wrote */
	for (size_t i = 0; m->wrote.size == 0 && i < m->seen.n; i++)
		if (strcmp(m->seen.states[i].device, m->own) == 0)
			m->wrote = m->seen.states[i];
	return 0;
}

/*
 * What was about to be written and is here, was written. If that was by a new
 * device, the person has given up what is gone of the old one.
 */
static int
settle(const struct vault *v, struct memory *m)
{
	size_t kept = 0;

	if (m->next.size == 0 || !is_here(v, &m->next))
		return 0;
	for (size_t i = 0; i < m->seen.n; i++) {
		const struct trust_state *s = &m->seen.states[i];
		bool given_up = strcmp(m->own, m->next.device) != 0 &&
				strcmp(m->own, s->device) == 0 &&
				!is_here(v, s);

		if (given_up && add(&m->lost, s) != 0)
			return -1;
		if (!given_up)
			m->seen.states[kept++] = *s;
	}
	m->seen.n = kept;
	strcpy(m->own, m->next.device);
	m->wrote = m->next;
	m->next.size = 0;
	return 0;
}

/* Read the trust memory. -1 with `e` filled only if it cannot be known. */
static int
load(struct vault *v, const struct identity *id, struct memory *m,
     struct err *e)
{
	struct err inner = {0};
	struct secret *s = local_read(v, id, MEMORY, &inner);
	char path[FSUTIL_PATH];
	int rc = 0;

	memset(m, 0, sizeof *m);
	if (inner.code == ERR_UNKNOWN)
		return err_set(e, inner.code, "%s", inner.msg);
	m->there = s != NULL || inner.code != ERR_NONE;
	if (inner.code != ERR_NONE) {
		m->damaged = true;
		snprintf(m->why, sizeof m->why, "%.120s", inner.msg);
	} else if (s == NULL) {
		/* a device that writes here has always left its memory too */
		m->damaged = vault_path(v, "local/device.age", path, e) == 0 &&
			     fsutil_exists(path);
		strcpy(m->why, MEMORY ": missing");
	} else {
		s->bytes[s->len] = '\0';
		m->damaged = parse(m, (char *)s->bytes) != 0;
		strcpy(m->why, MEMORY ": not of the form");
		rc = settle(v, m);
	}
	secret_free(s);
	return rc == 0 ? 0 : err_memory(e);
}

/* The state of the own log, once the key is known. */
static enum trust_self_state
compare(const struct vault *v, const struct memory *m)
{
	for (size_t i = vault_first_log(v, m->own); i != SIZE_MAX;
	     i = v->logs[i].other)
		if (v->logs[i].size > m->wrote.size &&
		    (m->wrote.size == 0 ||
		     memcmp(v->logs[i].steps[m->wrote.size - 1].root,
			    m->wrote.root, HASH_LEN) == 0))
			return TRUST_LONGER;
	return m->wrote.size == 0 || is_here(v, &m->wrote) ? TRUST_FINE
							   : TRUST_SHORTER;
}

/* `e` is filled if the key cannot be read, and the state says so too. */
static void
look(struct vault *v, const struct identity *id, const struct memory *m,
     struct trust_self *out, struct err *e)
{
	char device[BATCH_DEVICE_LEN + 1] = "";
	struct secret *key = local_device(v, id, false, device, e);
	bool held = key != NULL;

	secret_free(key);
	memset(out, 0, sizeof *out);
	out->memory = m->there;
	out->wrote = m->wrote;
	strcpy(out->wrote.device, m->own[0] != '\0' ? m->own : device);
	out->here = vault_longest(v, out->wrote.device);
	if (m->damaged)
		out->state = TRUST_NO_MEMORY;
	else if (m->own[0] == '\0')
		out->state = held && out->here > 0 ? TRUST_LONGER : TRUST_NEW;
	else if (!held || strcmp(device, m->own) != 0)
		out->state = TRUST_NO_KEY;
	else
		out->state = compare(v, m);
}

int
trust_self(struct vault *v, const struct identity *id, struct trust_self *out,
	   struct err *e)
{
	struct memory m;
	int rc = load(v, id, &m, e);

	if (rc == 0)
		look(v, id, &m, out, e);
	forget(&m);
	return rc == 0 && (e == NULL || e->code == ERR_NONE) ? 0 : -1;
}

/*
 * Is the memory as new as what this machine itself has written? -1 with `e`
 * filled if that cannot be known: a disk that does not read is no damage.
 */
static int
report_self(struct vault *v, const struct identity *id, const struct memory *m,
	    struct err *e)
{
	struct trust_self self;
	struct err inner = {0};

	look(v, id, m, &self, &inner);
	if (inner.code == ERR_UNKNOWN)
		return err_set(e, inner.code, "%s", inner.msg);
	if (inner.code != ERR_NONE)
		report_add(&v->report, REPORT_DAMAGE, "%s", inner.msg);
	else if (m->damaged)
		report_add(&v->report, REPORT_DAMAGE, "%s", m->why);
	else if (self.state == TRUST_NO_KEY)
		report_add(&v->report, REPORT_DAMAGE,
			   "local/device.age: missing, or another device's");
	else if (self.state == TRUST_LONGER)
		report_add(&v->report, REPORT_HISTORY,
			   MEMORY
			   ": device %.12s, this machine's own, has %llu"
			   " batches here, and this machine has written"
			   " %llu: a backup was restored here, or somebody"
			   " else has its key",
			   self.wrote.device, (unsigned long long)self.here,
			   (unsigned long long)self.wrote.size);
	return 0;
}

static void
report_lost(struct vault *v, const struct trust_state *s, bool given_up)
{
	bool longer = vault_longest(v, s->device) >= s->size;

	if (is_here(v, s))
		return;
	report_add(&v->report, given_up ? REPORT_NOTE : REPORT_HISTORY,
		   "device %.12s: this machine has seen it at batch %llu; %s",
		   s->device, (unsigned long long)s->size,
		   given_up ? "that was given up for a new device key"
		   : longer ? "another history is here now: a fork"
			    : "what is here now is shorter: a rollback");
}

int
trust_check(struct vault *v, const struct identity *id, struct err *e)
{
	struct memory m;
	int rc;

	if (load(v, id, &m, e) != 0) {
		forget(&m);
		return -1;
	}
	for (size_t i = 0; i < m.seen.n; i++)
		report_lost(v, &m.seen.states[i], false);
	for (size_t i = 0; i < m.lost.n; i++)
		report_lost(v, &m.lost.states[i], true);
	rc = report_self(v, id, &m, e);
	forget(&m);
	return rc;
}

int
trust_differs(struct vault *v, const struct identity *id, struct map *devices,
	      struct err *e)
{
	struct memory m;
	uint8_t key[MAP_KEY_LEN];
	int rc = load(v, id, &m, e);

	if (rc != 0) {
		forget(&m);
		return -1;
	}
	for (size_t i = 0; i < m.seen.n; i++)
		if (!is_here(v, &m.seen.states[i]) &&
		    batch_device_key(m.seen.states[i].device, BATCH_DEVICE_LEN,
				     key) == 0)
			rc |= map_set(devices, key, 1);
	for (size_t i = 0; m.damaged && i < v->n_logs; i++)
		rc |= map_set(devices, v->logs[i].key, 1);
	forget(&m);
	return rc == 0 ? 0 : err_memory(e);
}

/* How much of log `l` this remembered state covers. */
static uint64_t
covered(const struct vault *v, const struct trust_state *s, const struct log *l)
{
	uint64_t most = 0;

	for (size_t i = vault_first_log(v, s->device); i != SIZE_MAX;
	     i = v->logs[i].other) {
		const struct log *o = &v->logs[i];
		uint64_t n;

		if (o->size < s->size ||
		    memcmp(o->steps[s->size - 1].root, s->root, HASH_LEN) != 0)
			continue;
		n = vault_alike(o, l);
		n = n < s->size ? n : s->size;
		most = n > most ? n : most;
	}
	return most;
}

int
trust_covers(struct vault *v, const struct identity *id, uint64_t *sizes,
	     struct err *e)
{
	char path[FSUTIL_PATH];
	struct memory m;
	int rc = load(v, id, &m, e);

	if (rc == 0)
		rc = vault_path(v, "local/absent.age", path, e);
	/* memory that was taken away vouches for nothing new */
	if (rc == 0)
		m.damaged |= m.seen.n == 0 && fsutil_exists(path);
	for (size_t i = 0; i < v->n_logs && rc == 0; i++)
		sizes[i] = m.damaged ? UINT64_MAX : 0;
	for (size_t k = 0; k < m.seen.n && rc == 0; k++) {
		const struct trust_state *s = &m.seen.states[k];

		for (size_t i = vault_first_log(v, s->device); i != SIZE_MAX;
		     i = v->logs[i].other) {
			uint64_t n = covered(v, s, &v->logs[i]);

			sizes[i] = n > sizes[i] ? n : sizes[i];
		}
	}
	forget(&m);
	return rc;
}

static char *
put(char *p, const char *word, const struct trust_state *s)
{
	char hex[65];

	hex_encode(s->root, HASH_LEN, hex);
	return p + sprintf(p, "%s%s%s %llu %s\n", word,
			   word[0] != '\0' ? " " : "", s->device,
			   (unsigned long long)s->size, hex);
}

/* The newest state of a log that can be read. */
static struct trust_state
newest(const struct log *l)
{
	struct trust_state s = {.size = l->size};

	strcpy(s.device, l->device);
	if (l->size > 0)
		memcpy(s.root, l->steps[l->size - 1].root, HASH_LEN);
	return s;
}

/* The lines, malloc'ed, from what was remembered and what is here. */
static char *
text_of(const struct vault *v, const struct memory *m,
	const struct trust_state *next)
{
	size_t lines = v->n_logs + m->seen.n + m->lost.n + 3;
	char *text = malloc(sizeof head + lines * 160), *p = text;

	if (text == NULL)
		return NULL;
	p = stpcpy(p, head);
	if (m->own[0] != '\0')
		p += sprintf(p, "own %s\n", m->own);
	if (m->wrote.size > 0)
		p = put(p, "wrote", &m->wrote);
	if (next != NULL)
		p = put(p, "next", next);
	for (size_t i = 0; i < m->lost.n; i++)
		if (!is_here(v, &m->lost.states[i]))
			p = put(p, "lost", &m->lost.states[i]);
	for (size_t i = 0; i < m->seen.n; i++)
		if (!is_here(v, &m->seen.states[i]))
			p = put(p, "", &m->seen.states[i]);
	for (size_t i = 0; i < v->n_logs; i++) {
		struct trust_state s = newest(&v->logs[i]);

		if (s.size > 0)
			p = put(p, "", &s);
	}
	return text;
}

/* Without a memory, what the key has signed counts as this machine's. */
static int
begin_anew(struct vault *v, const struct identity *id, struct memory *m,
	   struct err *e)
{
	struct err inner = {0};
	struct secret *key = local_device(v, id, false, m->own, &inner);
	const struct log *l = NULL;

	if (key == NULL)
		m->own[0] = '\0';
	else
		l = vault_log(v, m->own);
	secret_free(key);
	if (l != NULL)
		m->wrote = newest(l);
	return inner.code == ERR_UNKNOWN
		   ? err_set(e, inner.code, "%s", inner.msg)
		   : 0;
}

int
trust_save(struct vault *v, const struct identity *id,
	   const struct trust_state *next, struct err *e)
{
	struct memory m;
	char *text = NULL;
	int rc = -1;

	/* what others declared absent is judged by the memory as it was */
	if (absent_adopt(v, id, e) != 0)
		return -1;
	if (load(v, id, &m, e) != 0 ||
	    ((!m.there || m.damaged) && begin_anew(v, id, &m, e) != 0))
		goto out;
	text = text_of(v, &m, next);
	if (text == NULL)
		err_memory(e);
	else
		rc = local_write(v, id, MEMORY, text, strlen(text), e);
out:
	free(text);
	forget(&m);
	return rc;
}
