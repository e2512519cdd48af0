/*
 * Acts wait for what they rest on; a run goes round until nothing more
 * becomes valid (settle). Cuts take away instead of adding, so one run is not
 * enough: see judge_cuts.
 */
#include "rights.h"

#include "accepted.h"
#include "agetext.h"
#include "canon.h"
#include "cuts.h"
#include "ed25519.h"
#include "forks.h"
#include "index_inside.h"
#include "local.h"
#include "sshsig.h"
#include "sshsign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char root_seat[] = "root";

/* An act that waits until what it rests on is valid. */
struct act {
	size_t entry;
	json_t *doc;
	const char *name; /* its `act`, or "" */
	const char *seat;
	bool is_root;
	size_t cut; /* index into x->cuts; SIZE_MAX if it is none */
	bool done;
};

struct rights {
	struct index *x;
	struct act *acts;
	size_t n;
	/* for each log the act that claims the device for a seat; SIZE_MAX */
	size_t *claims;
	bool endless; /* nothing is cut, and no fork ends a log */
};

/*
 * Is this member an SSHSIG over the document without it and (where it was made
 * before that one) without `signature`? The key is handed out.
 */
static bool
is_signed(const json_t *doc, const char *member, const char *ns,
	  uint8_t key[32])
{
	const char *sig_text = entry_str(doc, member);
	uint8_t sig[64];
	json_t *bare;
	char *text = NULL;
	size_t len = 0;
	bool ok;

	if (sig_text == NULL || sshsig_text_decode(sig_text, strlen(sig_text),
						   ns, key, sig) != FORMAT_OK)
		return false;
	bare = json_copy((json_t *)(uintptr_t)doc);
	if (bare == NULL)
		return false;
	(void)json_object_del(bare, "signature");
	(void)json_object_del(bare, member);
	ok = canon_encode(bare, &text, &len) == FORMAT_OK &&
	     sshsign_verify(key, ns, text, len, sig) == 0;
	free(text);
	json_decref(bare);
	return ok;
}

bool
rights_is_signed(struct index_entry *en, const json_t *doc)
{
	if (en->signature == 0)
		en->signature =
		    is_signed(doc, "signature", "muniment-act", en->signer)
			? 1
			: -1;
	return en->signature > 0;
}

static const uint8_t *
signer(struct index *x, const struct act *a)
{
	struct index_entry *en = &x->entries[a->entry];

	return rights_is_signed(en, a->doc) ? en->signer : NULL;
}

/* Does the batch in which this stands count? */
static bool
counts(const struct index *x, size_t entry)
{
	const struct index_entry *en = &x->entries[entry];

	return en->batch <= x->log_limit[en->log];
}

/*
 * Signed by a valid seat, whose device wrote it where it counts; or by the
 * root key, whose acts count wherever they stand.
 */
static bool
is_authentic(struct index *x, const struct act *a)
{
	const struct index_entry *en = &x->entries[a->entry];
	const struct index_seat *s = index_seat(x, a->seat);
	const uint8_t *by;

	if (!a->is_root && (s == NULL || !counts(x, a->entry) ||
			    x->log_seat[en->log] == NULL ||
			    strcmp(x->log_seat[en->log], a->seat) != 0))
		return false;
	by = signer(x, a);
	if (by == NULL)
		return false;
	return a->is_root ? memcmp(by, x->v->root_key, 32) == 0
			  : index_seat_has_key(s, by);
}

/* What the author of an act may do in a case, where the act stands. */
static enum index_role
role_at(const struct index *x, const struct act *a, const char *case_id)
{
	const struct index_entry *en = &x->entries[a->entry];

	if (en->batch > cuts_limit_in(x, en->log, a->seat, case_id))
		return ROLE_NONE;
	return index_role(x, a->seat, case_id);
}

static bool
may_grant(const struct index *x, const struct act *a, const json_t *rights)
{
	json_t *o = (json_t *)(uintptr_t)rights;

	if (a->is_root || index_role(x, a->seat, INDEX_VAULT) == ROLE_ADMIN)
		return true;
	if (json_object_size(rights) == 0)
		return false;
	for (void *it = json_object_iter(o); it != NULL;
	     it = json_object_iter_next(o, it))
		if (strcmp(json_object_iter_key(it), INDEX_VAULT) == 0 ||
		    role_at(x, a, json_object_iter_key(it)) != ROLE_ADMIN)
			return false;
	return true;
}

/* Was a key of this case on the rings that came with the act? */
static bool
gives_key(const json_t *doc, const char *case_id)
{
	json_t *epochs = json_object_get(doc, "epochs"), *e;
	size_t i, n = strlen(case_id);

	if (epochs == NULL)
		return true;
	json_array_foreach (epochs, i, e) {
		const char *s = json_string_value(e);

		if (s != NULL && strncmp(s, case_id, n) == 0 && s[n] == ' ')
			return true;
	}
	return false;
}

static int
add_right(struct index_seat *s, const char *case_id, enum index_role role,
	  bool sent)
{
	void *p = realloc(s->rights, (s->n_rights + 1) * sizeof *s->rights);

	if (p == NULL)
		return -1;
	s->rights = p;
	snprintf(s->rights[s->n_rights].case_id, INDEX_CASE_MAX, "%s", case_id);
	s->rights[s->n_rights].sent = sent;
	s->rights[s->n_rights++].role = role;
	return 0;
}

static int
add_rights(struct index_seat *s, const json_t *doc)
{
	json_t *rights = json_object_get(doc, "rights");

	for (void *it = json_object_iter(rights); it != NULL;
	     it = json_object_iter_next(rights, it)) {
		const char *c = json_object_iter_key(it);
		enum index_role role = index_role_parse(
		    json_string_value(json_object_iter_value(it)));

		if (strlen(c) < INDEX_CASE_MAX && role != ROLE_NONE &&
		    add_right(s, c, role, !s->collector && gives_key(doc, c)) !=
			0)
			return -1;
	}
	return 0;
}

static int
add_key(struct index_seat *s, const uint8_t key[32])
{
	void *p;

	if (index_seat_has_key(s, key))
		return 0;
	p = realloc(s->keys, (s->n_keys + 1) * sizeof *s->keys);
	if (p == NULL)
		return -1;
	s->keys = p;
	memcpy(s->keys[s->n_keys++], key, 32);
	return 0;
}

/* A signing key in an act. */
static bool
read_key(const json_t *doc, uint8_t pub[32])
{
	const char *key = entry_str(doc, "key");

	return key != NULL &&
	       sshsig_key_line_decode(key, strlen(key), pub) == FORMAT_OK &&
	       ed25519_is_valid(pub);
}

/*
 * Where keys for a seat can be sent, if its act says so: known to all, where a
 * card is known to those of its case alone. False if it is not of the form.
 */
static bool
read_recipient(const json_t *doc, struct agekey_public *out)
{
	const char *text = entry_str(doc, "recipient");

	if (json_object_get(doc, "recipient") == NULL) {
		memset(out, 0, sizeof *out);
		return true;
	}
	return text != NULL && agetext_recipient_parse(text, out, NULL) == 0 &&
	       out->kind == AGEKEY_HYBRID;
}

/* That of a hand-over counts more than that of the admission. */
static void
take_recipient(const struct index *x, struct index_seat *s, const struct act *a,
	       const struct agekey_public *to)
{
	const char *time = entry_str(a->doc, "time");
	char order[128], hex[65];

	if (json_object_get(a->doc, "recipient") == NULL)
		return;
	hex_encode(x->entries[a->entry].sha256, HASH_LEN, hex);
	snprintf(order, sizeof order, "%c%.32s %s",
		 strcmp(a->name, "handover") == 0 ? '1' : '0',
		 time != NULL ? time : "", hex);
	if (strcmp(order, s->recipient_order) <= 0)
		return;
	strcpy(s->recipient_order, order);
	s->recipient = *to;
	s->has_recipient = true;
}

/* 1 if the act became valid, 0 if it has to wait, -1 without memory. */
static int
try_admit(struct index *x, struct act *a)
{
	const char *follows = entry_str(a->doc, "follows");
	bool collector = json_is_true(json_object_get(a->doc, "collector"));
	struct agekey_public to;
	struct index_seat *s;
	uint8_t pub[32];
	void *p;

	if ((collector ? json_object_get(a->doc, "key") != NULL
		       : !read_key(a->doc, pub)) ||
	    !read_recipient(a->doc, &to) ||
	    !json_is_object(json_object_get(a->doc, "rights")) ||
	    !may_grant(x, a, json_object_get(a->doc, "rights")) ||
	    !is_authentic(x, a))
		return 0;
	p = realloc(x->seats, (x->n_seats + 1) * sizeof *x->seats);
	if (p == NULL)
		return -1;
	x->seats = p;
	s = &x->seats[x->n_seats++];
	memset(s, 0, sizeof *s);
	hex_encode(x->entries[a->entry].sha256, HASH_LEN, s->id);
	snprintf(s->above, sizeof s->above, "%s", a->seat);
	s->collector = collector;
	if (follows != NULL)
		snprintf(s->follows, sizeof s->follows, "%s", follows);
	if (!collector && add_key(s, pub) != 0)
		return -1;
	if (!collector)
		take_recipient(x, s, a, &to);
	return add_rights(s, a->doc) == 0 ? 1 : -1;
}

static int
try_rights(struct index *x, struct act *a)
{
	struct index_seat *s = index_seat(x, entry_str(a->doc, "member"));
	json_t *rights = json_object_get(a->doc, "rights");

	if (s == NULL || !json_is_object(rights) || !may_grant(x, a, rights) ||
	    !is_authentic(x, a))
		return 0;
	return add_rights(s, a->doc) == 0 ? 1 : -1;
}

/* The key that is handed over to agrees: nobody takes another's key for his. */
static bool
is_proven(const struct act *a, const uint8_t key[32])
{
	uint8_t by[32];

	return is_signed(a->doc, "proof", "muniment-handover", by) &&
	       memcmp(by, key, 32) == 0;
}

/* A seat's own key says which key comes after it. */
static int
try_handover(struct index *x, struct act *a)
{
	const char *member = entry_str(a->doc, "member");
	struct index_seat *s = index_seat(x, a->seat);
	struct agekey_public to;
	uint8_t pub[32];

	if (s == NULL || s->collector || member == NULL ||
	    strcmp(member, a->seat) != 0 || !read_key(a->doc, pub) ||
	    !read_recipient(a->doc, &to) || !is_authentic(x, a) ||
	    !is_proven(a, pub))
		return 0;
	take_recipient(x, s, a, &to);
	return add_key(s, pub) == 0 ? 1 : -1;
}

/* The log is that seat's; so are its other branches that begin like it. */
static int
bind_log(struct index *x, size_t log, const char *seat)
{
	const struct log *l = &x->v->logs[log];

	for (size_t i = 0; i < x->n_logs; i++) {
		const struct log *o = &x->v->logs[i];

		if (x->log_seat[i] != NULL || o->size == 0 ||
		    strcmp(o->device, l->device) != 0 ||
		    memcmp(o->steps[0].root, l->steps[0].root, HASH_LEN) != 0)
			continue;
		x->log_seat[i] = strdup(seat); /* seats move as they grow */
		if (x->log_seat[i] == NULL)
			return -1;
	}
	return 0;
}

/* Is this the one entry that claims its log for a seat? */
static bool
is_claim(const struct rights *r, const struct act *a)
{
	size_t claim = r->claims[r->x->entries[a->entry].log];

	return claim != SIZE_MAX && &r->acts[claim] == a;
}

/* The first batch's device entry, signed by its seat. */
static int
try_device(struct rights *r, const struct act *a)
{
	struct index *x = r->x;
	const struct index_entry *en = &x->entries[a->entry];
	const struct index_seat *s = index_seat(x, a->seat);
	const uint8_t *by;

	if (s == NULL || !is_claim(r, a) || !counts(x, a->entry))
		return 0;
	if (s->collector) /* confirmed by a seat above: try_confirm */
		return x->log_seat[en->log] != NULL ? 1 : 0;
	by = signer(x, a);
	if (by == NULL || !index_seat_has_key(s, by))
		return 0;
	return bind_log(x, en->log, s->id) == 0 ? 1 : -1;
}

/* A seat above says which device is a collector's. */
static int
try_confirm(struct rights *r, struct act *a)
{
	struct index *x = r->x;
	const char *bound = entry_str(a->doc, "bound");
	const struct index_seat *s = index_seat(x, entry_str(a->doc, "member"));

	if (s == NULL || !s->collector || bound == NULL ||
	    !index_is_above(x, a->seat, s->id) || !is_authentic(x, a))
		return 0;
	for (size_t i = 0; i < x->n_logs; i++) {
		const struct act *claim =
		    r->claims[i] != SIZE_MAX ? &r->acts[r->claims[i]] : NULL;

		if (claim != NULL && strcmp(claim->seat, s->id) == 0 &&
		    strcmp(x->v->logs[i].device, bound) == 0 &&
		    counts(x, claim->entry) && bind_log(x, i, s->id) != 0)
			return -1;
	}
	return 1;
}

static struct index_case *
case_slot(struct index *x, const char *id)
{
	struct index_case *c = index_case(x, id);
	void *p;

	if (c != NULL)
		return c;
	p = realloc(x->cases, (x->n_cases + 1) * sizeof *x->cases);
	if (p == NULL)
		return NULL;
	x->cases = p;
	c = &x->cases[x->n_cases++];
	memset(c, 0, sizeof *c);
	snprintf(c->id, sizeof c->id, "%s", id);
	return c;
}

/* Read an epoch off an act: false if it is not of the form. */
static bool
read_epoch(const struct act *a, struct index_epoch *ep)
{
	const char *id = entry_str(a->doc, "epoch");
	const char *recipient = entry_str(a->doc, "recipient");

	if (id == NULL || strlen(id) != HEX_ID_LEN || !hex_is(id, HEX_ID_LEN) ||
	    recipient == NULL ||
	    agetext_recipient_parse(recipient, &ep->recipient, NULL) != 0 ||
	    ep->recipient.kind != AGEKEY_HYBRID)
		return false;
	strcpy(ep->id, id);
	ep->act = a->entry;
	return true;
}

/* The id of a renewed epoch follows from its key: nobody can take it. */
static bool
epoch_follows(const struct act *a, const struct index_epoch *ep)
{
	const char *recipient = entry_str(a->doc, "recipient");
	uint8_t digest[HASH_LEN];
	char hex[65];

	hash_sha256(recipient, strlen(recipient), digest);
	hex_encode(digest, HASH_LEN, hex);
	return memcmp(hex, ep->id, HEX_ID_LEN) == 0;
}

/* 1; or -1 without memory. Of two acts with one id the smaller hash counts. */
static int
add_epoch(const struct index *x, struct index_case *c,
	  const struct index_epoch *ep)
{
	void *p;

	for (size_t i = 0; i < c->n_epochs; i++) {
		if (strcmp(c->epochs[i].id, ep->id) != 0)
			continue;
		if (memcmp(x->entries[ep->act].sha256,
			   x->entries[c->epochs[i].act].sha256, HASH_LEN) < 0)
			c->epochs[i] = *ep;
		return 1;
	}
	p = realloc(c->epochs, (c->n_epochs + 1) * sizeof *c->epochs);
	if (p == NULL)
		return -1;
	c->epochs = p;
	c->epochs[c->n_epochs++] = *ep;
	return 1;
}

/* The case id must follow from the entry: nobody can open it again. */
static bool
id_follows(const struct act *a, const char *opened)
{
	const char *salt = entry_str(a->doc, "salt");
	char text[160], hex[65];
	uint8_t digest[HASH_LEN];

	snprintf(text, sizeof text, "%s %s", a->seat, salt != NULL ? salt : "");
	hash_sha256(text, strlen(text), digest);
	hex_encode(digest, HASH_LEN, hex);
	return strlen(opened) == HEX_ID_LEN &&
	       memcmp(hex, opened, HEX_ID_LEN) == 0;
}

static int
try_open(struct index *x, struct act *a)
{
	const char *opened = entry_str(a->doc, "opened");
	enum index_role role = index_role(x, a->seat, INDEX_VAULT);
	struct index_seat *s = index_seat(x, a->seat);
	struct index_epoch ep;
	struct index_case *c;
	bool vault;

	if (opened == NULL || s == NULL || !read_epoch(a, &ep))
		return 0;
	vault = strcmp(opened, INDEX_VAULT) == 0;
	if (role < (vault ? ROLE_ADMIN : ROLE_AUTHOR) ||
	    (vault ? strcmp(s->above, root_seat) != 0
		   : !id_follows(a, opened)) ||
	    !is_authentic(x, a))
		return 0;
	c = case_slot(x, opened);
	if (c == NULL || add_right(s, opened, ROLE_ADMIN, true) != 0)
		return -1;
	/* two openings are of one seat (of the vault: of root's seats) */
	if (c->opener[0] == '\0' ||
	    memcmp(x->entries[a->entry].sha256, c->act, HASH_LEN) < 0) {
		snprintf(c->opener, sizeof c->opener, "%s", a->seat);
		memcpy(c->act, x->entries[a->entry].sha256, HASH_LEN);
	}
	return add_epoch(x, c, &ep);
}

static int
try_epoch(struct index *x, struct act *a)
{
	struct index_case *c = index_case(x, entry_str(a->doc, "opened"));
	struct index_epoch ep;

	if (c == NULL || !read_epoch(a, &ep) || !epoch_follows(a, &ep) ||
	    role_at(x, a, c->id) != ROLE_ADMIN || !is_authentic(x, a))
		return 0;
	return add_epoch(x, c, &ep);
}

/* Of several names, the greatest time and then the greatest hash. */
static int
try_name(struct index *x, struct act *a)
{
	const struct index_entry *en = &x->entries[a->entry];
	struct index_case *c = index_case(x, en->case_id);
	const char *name = entry_str(a->doc, "name");
	const char *time = entry_str(a->doc, "time");
	char hex[65], order[128];

	if (c == NULL || name == NULL || time == NULL ||
	    role_at(x, a, c->id) != ROLE_ADMIN || !is_authentic(x, a))
		return 0;
	hex_encode(en->sha256, HASH_LEN, hex);
	snprintf(order, sizeof order, "%.32s %s", time, hex);
	if (strcmp(order, c->name_order) > 0) {
		snprintf(c->name, sizeof c->name, "%s", name);
		strcpy(c->name_order, order);
	}
	return 1;
}

/*
 * Only who stands above may retire or cut; a seat may cut devices of its own;
 * and who opened a case may end what others do there.
 */
static int
try_cut(struct index *x, struct act *a)
{
	const struct index_cut *c;
	const struct index_case *in;
	bool may;

	if (a->cut == SIZE_MAX)
		return 0;
	c = &x->cuts[a->cut];
	if (index_seat(x, c->member) == NULL)
		return 0;
	may = a->is_root || index_is_above(x, a->seat, c->member) ||
	      (!c->retires && c->in[0] == '\0' &&
	       strcmp(a->seat, c->member) == 0);
	if (!may && c->in[0] != '\0') {
		in = index_case(x, c->in);
		may = in != NULL && strcmp(in->opener, a->seat) == 0 &&
		      strcmp(a->seat, c->member) != 0;
	}
	return may && is_authentic(x, a);
}

static int
try_member(struct rights *r, struct act *a)
{
	static const struct {
		const char *name;
		int (*try)(struct index *x, struct act *a);
	} acts[] = {{"admit", try_admit},
		    {"rights", try_rights},
		    {"handover", try_handover},
		    {"retire", try_cut},
		    {"cut", try_cut}};

	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		if (strcmp(a->name, acts[i].name) == 0)
			return acts[i].try(r->x, a);
	return strcmp(a->name, "device") == 0 ? try_confirm(r, a) : 0;
}

static int
try_act(struct rights *r, struct act *a)
{
	const struct index_entry *en = &r->x->entries[a->entry];
	bool vault = strcmp(en->case_id, INDEX_VAULT) == 0;

	if (a->is_root &&
	    (en->kind != KIND_MEMBER || strcmp(a->name, "device") == 0 ||
	     strcmp(a->name, "handover") == 0))
		return 0;
	if (en->kind == KIND_CASE && !vault)
		return strcmp(a->name, "name") == 0 ? try_name(r->x, a) : 0;
	if (!vault)
		return 0;
	if (en->kind == KIND_DEVICE)
		return try_device(r, a);
	if (en->kind == KIND_MEMBER)
		return try_member(r, a);
	if (en->kind == KIND_CASE && strcmp(a->name, "open") == 0)
		return try_open(r->x, a);
	if (en->kind == KIND_CASE && strcmp(a->name, "epoch") == 0)
		return try_epoch(r->x, a);
	return 0;
}

/* Forget what an earlier run has made. */
static void
forget(struct rights *r)
{
	struct index *x = r->x;

	index_forget_people(x);
	for (size_t i = 0; i < r->n; i++)
		r->acts[i].done = false;
	for (size_t i = 0; i < x->n_logs; i++) {
		const struct index_cut *by;
		const char *claimed =
		    r->claims[i] != SIZE_MAX ? r->acts[r->claims[i]].seat : "";

		free(x->log_seat[i]);
		x->log_seat[i] = NULL;
		x->log_limit[i] =
		    r->endless ? UINT64_MAX : cuts_limit(x, i, claimed, &by);
	}
}

/* One run under the cuts that are in force now. */
static int
settle(struct rights *r)
{
	bool progress = true;

	forget(r);
	while (progress) {
		progress = false;
		for (size_t i = 0; i < r->n; i++) {
			struct act *a = &r->acts[i];
			int rc = a->done ? 0 : try_act(r, a);

			if (rc < 0)
				return -1;
			if (rc > 0)
				a->done = progress = true;
		}
	}
	return 0;
}

/* The cut that this act makes is one that `other` says it replaces. */
static bool
replaces(const struct index *x, const struct act *other, const struct act *a)
{
	const struct index_cut *new = &x->cuts[other->cut];
	const struct index_cut *old = &x->cuts[a->cut];
	json_t *list = json_object_get(other->doc, "replaces"), *e;
	char hex[65];
	size_t i;

	if (new->retires != old->retires || strcmp(new->in, old->in) != 0 ||
	    strcmp(new->member, old->member) != 0 ||
	    (!other->is_root && strcmp(new->by, old->by) != 0 &&
	     !index_is_above(x, new->by, old->by)))
		return false;
	hex_encode(x->entries[a->entry].sha256, HASH_LEN, hex);
	json_array_foreach (list, i, e)
		if (json_is_string(e) && strcmp(json_string_value(e), hex) == 0)
			return true;
	return false;
}

/*
 * Which cuts are in force if `valid` are valid, and the replacements among
 * `voids` take effect? Bits of x->cuts.
 */
static void
in_force(const struct rights *r, const bool *valid, const bool *voids,
	 bool *out)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct act *a = &r->acts[i];
		bool yes;

		if (a->cut == SIZE_MAX)
			continue;
		yes = valid[a->cut];
		for (size_t k = 0; k < r->n && yes; k++)
			yes = k == i || r->acts[k].cut == SIZE_MAX ||
			      !voids[r->acts[k].cut] ||
			      !replaces(r->x, &r->acts[k], a);
		out[a->cut] = yes;
	}
}

/*
 * Run with these cuts in force, and these settling forks; `valid` gets those
 * that are valid then.
 */
static int
run_under(struct rights *r, const bool *cuts, const bool *settling, bool *valid)
{
	for (size_t i = 0; i < r->x->n_cuts; i++) {
		r->x->cuts[i].in_force = cuts[i];
		r->x->cuts[i].settles = settling[i];
	}
	if (settle(r) != 0)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (r->acts[i].cut != SIZE_MAX)
			valid[r->acts[i].cut] = r->acts[i].done;
	return 0;
}

/* Whose devices would be members', were there no cuts and no forks? */
static int
note_members(struct rights *r, const bool *none, bool *valid)
{
	struct index *x = r->x;
	int rc;

	r->endless = true;
	rc = run_under(r, none, none, valid);
	r->endless = false;
	for (size_t i = 0; i < x->n_logs; i++)
		x->log_member[i] = x->log_seat[i] != NULL;
	return rc;
}

static bool
ends_a_log(const struct vault *v)
{
	for (size_t i = 0; i < v->n_logs; i++)
		if (v->logs[i].frozen != UINT64_MAX)
			return true;
	return false;
}

/*
 * A cut takes away acts, maybe those on which another cut rests. Two bounds
 * close in: `few` holds only cuts that are in force for certain, `many` all
 * that may be. Fewer cuts leave more acts valid, and the other way round, so a
 * run under `few` finds too many and one under `many` too few; where a cut
 * gives back (it replaces another, or settles a fork) the other bound is
 * asked. As nobody can cut what stands above him, they meet (FORMAT.md 7);
 * would they not, the cuts that are uncertain would be void.
 */
static int
judge_cuts(struct rights *r)
{
	size_t n = r->x->n_cuts;
	bool *few = calloc(6 * n + 1, 1), *many = few + n;
	bool *most = few + 2 * n, *least = few + 3 * n, *old = few + 4 * n;
	bool closing = n > 0;
	int rc = few == NULL ? -1 : note_members(r, few, most);

	if (rc == 0)
		memset(many, true, n);
	while (rc == 0 && closing) {
		rc = run_under(r, few, many, most);
		if (rc != 0)
			break;
		rc = run_under(r, many, few, least);
		memcpy(old, few, 2 * n);
		in_force(r, most, least, many);
		in_force(r, least, most, few);
		closing =
		    memcmp(few, many, n) != 0 && memcmp(old, few, 2 * n) != 0;
	}
	if (rc == 0 && (n > 0 || ends_a_log(r->x->v)))
		rc = run_under(r, few, few, most);
	free(few);
	return rc;
}

static int
list_acts(struct rights *r)
{
	struct index *x = r->x;

	r->acts = calloc(x->n_entries + 1, sizeof *r->acts);
	if (r->acts == NULL)
		return -1;
	for (size_t i = 0; i < x->n_entries; i++) {
		struct index_entry *en = &x->entries[i];
		struct act *a = &r->acts[r->n];

		en->accepted = false;
		en->why = NULL;
		if (en->kind > KIND_CASE)
			continue;
		a->doc = index_doc(en);
		if (a->doc == NULL)
			return -1;
		a->entry = i;
		a->cut = SIZE_MAX;
		a->name = entry_str(a->doc, "act");
		a->name = a->name != NULL ? a->name : "";
		a->seat = entry_str(a->doc, "seat");
		a->seat = a->seat != NULL ? a->seat : "";
		a->is_root = strcmp(a->seat, root_seat) == 0;
		r->n++;
	}
	return 0;
}

/* Two claims to one device are no claim at all. */
static int
list_claims(struct rights *r)
{
	struct index *x = r->x;
	size_t *n = calloc(x->n_logs + 1, sizeof *n);

	r->claims = calloc(x->n_logs + 1, sizeof *r->claims);
	if (n == NULL || r->claims == NULL) {
		free(n);
		return -1;
	}
	for (size_t i = 0; i < x->n_logs; i++)
		r->claims[i] = SIZE_MAX;
	for (size_t i = 0; i < r->n; i++) {
		const struct index_entry *en = &x->entries[r->acts[i].entry];

		if (en->kind != KIND_DEVICE || en->batch != 1)
			continue;
		r->claims[en->log] = n[en->log]++ == 0 ? i : SIZE_MAX;
	}
	/* a fork's other side begins with the same batch, opened once */
	for (size_t i = 0; i < x->n_logs; i++)
		for (size_t k = 0; k < x->n_logs; k++)
			if (n[i] == 0 && n[k] == 1 &&
			    strcmp(x->v->logs[i].device,
				   x->v->logs[k].device) == 0 &&
			    vault_alike(&x->v->logs[i], &x->v->logs[k]) > 0)
				r->claims[i] = r->claims[k];
	free(n);
	return 0;
}

static int
list_cuts(struct rights *r)
{
	struct index *x = r->x;

	for (size_t i = 0; i < r->n; i++) {
		struct act *a = &r->acts[i];
		struct index_cut c;
		void *p;

		if (x->entries[a->entry].kind != KIND_MEMBER ||
		    (strcmp(a->name, "retire") != 0 &&
		     strcmp(a->name, "cut") != 0) ||
		    !cuts_read(a->doc, a->entry, &c))
			continue;
		p = realloc(x->cuts, (x->n_cuts + 1) * sizeof *x->cuts);
		if (p == NULL) {
			cuts_free(&c);
			return -1;
		}
		x->cuts = p;
		a->cut = x->n_cuts;
		x->cuts[x->n_cuts++] = c;
	}
	return 0;
}

/* Why an act is not valid. */
static const char *
unsettled(const struct rights *r, const struct act *a)
{
	const struct index *x = r->x;
	const struct index_entry *en = &x->entries[a->entry];
	const char *why = accepted_beyond(x, en);

	if (!a->is_root && why != NULL)
		return why;
	if (en->kind == KIND_DEVICE && is_claim(r, a)) {
		const struct index_seat *s =
		    index_seat((struct index *)(uintptr_t)x, a->seat);

		if (s != NULL && s->collector)
			return "its collector's device is not confirmed yet";
	}
	return "not signed by someone with the right to do this";
}

/* A fork whose right side somebody has named alarms nobody any more. */
static int
calm_forks(struct index *x)
{
	map_free(&x->v->settled);
	for (size_t i = 0; i < x->n_logs; i++)
		if (x->v->logs[i].frozen != UINT64_MAX &&
		    cuts_settle(x, x->v->logs[i].device) &&
		    forks_settle(x->v, x->v->logs[i].device) != 0)
			return -1;
	return 0;
}

/* What a batch that does not count says to have seen alarms nobody. */
static void
calm_seen(struct index *x)
{
	for (size_t i = 0; i < x->n_logs; i++) {
		const struct log *l = &x->v->logs[i];

		for (size_t k = 0; k < l->n_seen; k++) {
			char start[VAULT_SEEN_TEXT];

			if (l->seen[k].batch <= x->log_limit[i])
				continue;
			vault_seen_text(l, &l->seen[k], start);
			report_calm(&x->v->report, start,
				    "; but that batch does not count");
		}
	}
}

int
rights_evaluate(struct index *x, struct err *e)
{
	struct rights r = {.x = x};
	int rc = -1;

	for (size_t i = 0; i < x->n_cuts; i++)
		cuts_free(&x->cuts[i]);
	x->n_cuts = 0;
	if (list_acts(&r) != 0 || list_claims(&r) != 0 || list_cuts(&r) != 0 ||
	    judge_cuts(&r) != 0)
		goto out;
	for (size_t i = 0; i < r.n; i++) {
		struct index_entry *en = &x->entries[r.acts[i].entry];

		en->accepted = r.acts[i].done;
		if (!en->accepted)
			en->why = unsettled(&r, &r.acts[i]);
	}
	for (size_t i = 0; i < x->n_seats; i++)
		x->seats[i].retired = cuts_retired(x, x->seats[i].id, NULL);
	calm_seen(x);
	if (calm_forks(x) == 0 && index_thaw_doubtful(x) == 0)
		rc = accepted_mark(x);
out:
	for (size_t i = 0; i < r.n; i++)
		json_decref(r.acts[i].doc);
	free(r.acts);
	free(r.claims);
	return rc == 0 ? 0 : err_memory(e);
}
