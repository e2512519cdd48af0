/*
 * index_refresh: after any sequence of refreshes an index says what a fresh
 * one says. People write in one vault, at random from a seed; others, whose
 * index is open all the time, look again now and then.
 */
#include "scratch.h"

#include "cache_inside.h"
#include "picture.h"
#include "writer.h"

#define STEPS 40
#define PEOPLE 4

static struct scratch s;
static struct identity *people[PEOPLE];
static struct index *watching[PEOPLE];
static char cases[8][INDEX_CASE_MAX];
static size_t n_cases;
static uint64_t dice;
static size_t rested; /* items that were in the cache alone */

static uint64_t
roll(uint64_t n)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return (dice >> 11) % n;
}

static void
must(int rc, const struct err *e)
{
	if (rc != 0)
		fail_msg("%s", e->msg);
}

/* An index that stays open, without the lock: others write meanwhile. */
static struct index *
watch(struct identity *who)
{
	struct err e = {0};
	struct vault *v;
	struct index *x;

	scratch_sit(&s, who);
	must(fsutil_mkdirs(scratch_path(s.vault, "local"), &e), &e);
	v = vault_open(s.vault, VAULT_READ, NULL, &e);
	if (v == NULL)
		fail_msg("%s", e.msg);
	if (v->lock >= 0)
		close(v->lock);
	if (v->turn >= 0)
		close(v->turn);
	v->lock = v->turn = -1;
	x = index_open(v, who, &e);
	if (x == NULL)
		fail_msg("%s", e.msg);
	return x;
}

static void
glance(size_t i)
{
	struct err e = {0};

	scratch_sit(&s, people[i]);
	must(index_refresh(watching[i], &e), &e);
}

/* Open with the index cache, which is kept for the next time. */
static struct index *
open_cached(struct identity *who)
{
	struct err e = {0};
	struct vault *v;
	struct index *x;

	scratch_sit(&s, who);
	v = vault_open_known(s.vault, VAULT_READ, who, NULL, &e);
	x = v != NULL ? index_open_lean(v, who, &e) : NULL;
	if (x == NULL)
		fail_msg("%s", e.msg);
	return x;
}

static void
must_agree(const struct index *x, const struct index *y)
{
	struct picture a = {0}, b = {0};
	const char *other;

	picture_take(&a, x);
	picture_take(&b, y);
	other = picture_difference(&a, &b);
	if (other != NULL)
		fail_msg("only one of them: %s", other);
	picture_free(&a);
	picture_free(&b);
}

/* What a lean index finds and counts, without thawing all. */
static void
must_find(struct index *lean, struct index *fresh)
{
	struct err e = {0};
	struct index_item *it;

	rested += lean->cold != NULL ? fresh->n_items - lean->n_items : 0;
	for (size_t i = 0; i < fresh->n_cases; i++)
		assert_int_equal(index_count(lean, fresh->cases[i].id),
				 index_count(fresh, fresh->cases[i].id));
	for (size_t i = 0; i < fresh->n_items; i += 3) {
		size_t a, b;

		if (index_find_item(lean, fresh->items[i].id, &it, &e) != 0)
			fail_msg("%s", e.msg);
		assert_string_equal(it->id, fresh->items[i].id);
		assert_int_equal(index_short(lean, it),
				 index_short(fresh, &fresh->items[i]));
		assert_int_equal(it->n, fresh->items[i].n);
		(void)index_current(lean, it, &a);
		(void)index_current(fresh, &fresh->items[i], &b);
		assert_int_equal(a, b);
	}
}

/* Look again, and compare with what one who comes fresh sees. */
static void
look(size_t i)
{
	struct index *fresh, *cached;
	struct err e = {0};

	glance(i);
	fresh = watch(people[i]);
	must_agree(watching[i], fresh);
	cached = open_cached(people[i]);
	must_find(cached, fresh);
	must(index_thaw(cached, &e), &e);
	must_agree(cached, fresh);
	scratch_close(cached);
	/* and as it was written down */
	cached = open_cached(people[i]);
	must(index_thaw(cached, &e), &e);
	must_agree(cached, fresh);
	scratch_close(cached);
	scratch_close(fresh);
}

static void
record(struct writer *w, const char *id, json_t *parents)
{
	char item[33];
	struct err e = {0};
	uint8_t raw[16];
	json_t *doc;

	secret_random(raw, sizeof raw);
	hex_encode(raw, sizeof raw, item);
	doc =
	    json_pack("{s:s,s:o,s:{s:s},s:[]}", "item", id != NULL ? id : item,
		      "parents", parents, "fields", "title", "t", "files");
	must(writer_entry(w, "record", doc, NULL, 0, false, NULL, &e), &e);
	json_decref(doc);
}

/* Records in a case, whether he may or not; edits of what he sees there. */
static void
write_some(struct identity *who)
{
	struct index *x = scratch_open(&s, who);
	struct err e = {0};
	struct writer *w = x->me != NULL ? writer_new(x, &e) : NULL;
	const char *c = cases[roll(n_cases)];
	char hex[65];

	if (w != NULL && index_case(x, c) != NULL) {
		must(writer_case(w, c, NULL, &e), &e);
		record(w, NULL, json_array());
		for (size_t i = 0; i < x->n_items && i < 2; i++) {
			struct index_item *it = &x->items[roll(x->n_items)];

			if (strcmp(it->case_id, c) != 0)
				continue;
			hex_encode(x->entries[it->versions[0]].sha256, 32, hex);
			record(w, it->id, json_pack("[s]", hex));
			break;
		}
		must(writer_commit(w, &e), &e);
	}
	writer_free(w);
	scratch_close(x);
}

static void
open_case(struct identity *who)
{
	struct index *x = scratch_open(&s, who);
	struct err e = {0};

	if (n_cases < COUNT(cases) && x->me != NULL &&
	    acts_case_new(x, "Case", cases[n_cases], &e) == 0)
		n_cases++;
	scratch_close(x);
}

static void
admit(struct identity *who, struct identity *whom)
{
	static struct card card;
	struct index *x = scratch_open(&s, who);
	struct index_case *c = index_case(x, cases[roll(n_cases)]);
	struct err e = {0};

	must(identity_card(whom, &card, &e), &e);
	if (x->me != NULL)
		(void)acts_member_add(x, &card, 1, c,
				      (enum index_role)(ROLE_WITNESS + roll(4)),
				      roll(4) == 0, &e);
	scratch_close(x);
}

static void
share(struct identity *who)
{
	struct index *x = scratch_open(&s, who);
	struct err e = {0};

	if (x->me != NULL && x->n_items > 0 && x->n_seats > 0) {
		struct index_item *it = &x->items[roll(x->n_items)];

		(void)acts_share_items(x, &it, 1, &x->seats[roll(x->n_seats)],
				       &e);
	}
	scratch_close(x);
}

/* Retire somebody, or cut one of his devices short. */
static void
retire(struct identity *who)
{
	struct index *x = scratch_open(&s, who);
	json_t *doc = NULL, *cuts = json_object();
	struct err e = {0};
	struct writer *w = x->me != NULL ? writer_new(x, &e) : NULL;
	const char *seat = NULL;

	for (size_t i = 0; w != NULL && i < x->n_logs; i++) {
		struct log *l = &x->v->logs[i];
		char line[96], hex[65];
		uint64_t n = l->size > 2 ? l->size - roll(2) : l->size;

		/* of Ada all hangs */
		if (x->log_seat[i] == NULL ||
		    strcmp(index_seat(x, x->log_seat[i])->above, "root") == 0 ||
		    (seat != NULL && strcmp(seat, x->log_seat[i]) != 0) ||
		    roll(2) == 0)
			continue;
		seat = x->log_seat[i];
		hex_encode(l->steps[n - 1].root, 32, hex);
		snprintf(line, sizeof line, "%llu %s", (unsigned long long)n,
			 hex);
		json_object_set_new(cuts, l->device, json_string(line));
	}
	if (seat != NULL) {
		doc = json_pack("{s:s,s:s,s:O,s:[]}", "act",
				roll(2) ? "retire" : "cut", "member", seat,
				"cuts", cuts, "replaces");
		must(writer_case(w, INDEX_VAULT, NULL, &e), &e);
		must(writer_entry(w, "member", doc, NULL, 0, true, NULL, &e),
		     &e);
		must(writer_commit(w, &e), &e);
	}
	json_decref(doc);
	json_decref(cuts);
	writer_free(w);
	scratch_close(x);
}

/*
 * Somebody's branch: another side of it under a fork's name, written after
 * his machine was set back; or the side gone again; or the branch shorter.
 */
static void
twist(struct identity *who)
{
	struct index *x = scratch_open(&s, who);
	const struct log *l = x->own != SIZE_MAX ? &x->v->logs[x->own] : NULL;
	char branch[VAULT_BRANCH_MAX], rel[160], hex[65], *trust, *old, *new;
	uint64_t size = l != NULL ? l->size : 0;
	size_t len, n;

	if (l != NULL)
		strcpy(branch, l->branch);
	if (size == 0 || x->v->report.count[REPORT_HISTORY] > 0) {
		scratch_close(x);
		return;
	}
	scratch_close(x);
	snprintf(rel, sizeof rel, "refs/heads/%s", branch);
	old = scratch_get(scratch_path(s.vault, rel), &n);
	trust = scratch_get(scratch_path(s.vault, "local/trust.age"), &len);
	write_some(who);
	new = scratch_get(scratch_path(s.vault, rel), &n);
	x = scratch_open(&s, who);
	l = vault_log(x->v, branch);
	if (l->size == size) { /* it wrote nothing */
		scratch_close(x);
		free(old);
		free(new);
		free(trust);
		return;
	}
	hex_encode(l->steps[size].root, 16, hex);
	scratch_close(x);
	glance(roll(PEOPLE));
	scratch_sit(&s, who);
	scratch_put(scratch_path(s.vault, rel), old, n); /* a rollback */
	look(roll(PEOPLE));
	scratch_sit(&s, who);
	scratch_put(scratch_path(s.vault, "local/trust.age"), trust, len);
	if (roll(3) > 0) {
		write_some(who);
		look(roll(PEOPLE));
		snprintf(rel, sizeof rel, "refs/heads/%s.%.32s", branch, hex);
		scratch_put(scratch_path(s.vault, rel), new, n);
	} else {
		scratch_put(scratch_path(s.vault, rel), new, n);
	}
	free(old);
	free(new);
	free(trust);
}

static void
any_sequence(void **state)
{
	(void)state;
	for (size_t step = 0; step < STEPS; step++) {
		struct identity *who = people[roll(1 + roll(PEOPLE))];
		uint64_t what = roll(100);

		if (what < 45)
			write_some(who);
		else if (what < 55)
			open_case(who);
		else if (what < 75)
			admit(who, people[1 + roll(PEOPLE - 1)]);
		else if (what < 85)
			share(who);
		else if (what < 90)
			retire(who);
		else if (what < 94)
			twist(who);
		for (size_t i = 0; i < PEOPLE; i++)
			if (roll(4) == 0)
				glance(i);
		if (roll(4) == 0)
			scratch_close(open_cached(people[roll(PEOPLE)]));
		if (step % 10 == 9)
			look(roll(PEOPLE));
	}
	for (size_t i = 0; i < PEOPLE; i++)
		look(i);
	assert_true(rested > 0);
}

/* What a damaged file says is said again and again, and not once it is well. */
static void
damage_is_said_each_time(void **state)
{
	struct index *x = watch(people[0]);
	char rel[160], *was;
	struct err e = {0};
	size_t len;

	(void)state;
	snprintf(rel, sizeof rel, "refs/heads/%s", x->v->logs[0].branch);
	was = scratch_get(scratch_path(s.vault, rel), &len);
	scratch_put(scratch_path(s.vault, rel),
		    "0123456789012345678901234567890123456789\n", len);
	for (int i = 0; i < 2; i++) {
		must(index_refresh(x, &e), &e);
		assert_int_equal(x->v->report.count[REPORT_DAMAGE], 1);
	}
	scratch_put(scratch_path(s.vault, rel), was, len);
	must(index_refresh(x, &e), &e);
	assert_int_equal(x->v->report.count[REPORT_DAMAGE], 0);
	free(was);
	scratch_close(x);
	for (size_t i = 0; i < PEOPLE; i++)
		look(i);
}

/* Rings full of wrong keys for an entry do not hide it from anyone. */
static void
flooded_with_keys(void **state)
{
	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct identity *victim = people[k], *flood = people[1 - k];
		struct index *x = scratch_open(&s, flood);
		struct agekey_public to =
		    index_epoch(x, INDEX_VAULT)->recipient;
		struct err e = {0};
		struct writer *w;
		size_t first = 0, again = 0, version = 0;
		struct index_item item = {.versions = &version, .n = 1};
		struct index_item *one = &item;
		uint8_t hash[32];

		/* the victim's device entry, which all must read */
		for (size_t i = 0; i < x->n_entries; i++)
			if (x->entries[i].kind == KIND_DEVICE &&
			    strcmp(x->log_seat[x->entries[i].log], x->me) != 0)
				version = i;
		memcpy(hash, x->entries[version].sha256, 32);
		for (size_t i = 0; i < x->n_entries; i++)
			first += x->entries[i].accepted;
		w = writer_new(x, &e);
		assert_non_null(w);
		must(writer_case(w, INDEX_VAULT, NULL, &e), &e);
		for (size_t i = 1; i < 20; i++) {
			uint8_t wrong[32];

			secret_random(wrong, sizeof wrong);
			must(index_add_key(x, wrong, &x->entries[version].key),
			     &e);
			must(writer_grant_items(w, &to, &one, 1, &e), &e);
		}
		must(writer_commit(w, &e), &e);
		writer_free(w);
		scratch_close(x);
		x = scratch_open(&s, victim);
		assert_true(map_get(&x->by_hash, hash, &version));
		for (size_t i = 0; i < x->n_entries; i++)
			again += x->entries[i].accepted;
		assert_int_equal(first, again);
		scratch_close(x);
	}
}

static size_t
n_logs(void)
{
	struct index *x = scratch_open(&s, people[0]);
	size_t n = x->v->n_logs;

	scratch_close(x);
	return n;
}

static int
begin(void **state)
{
	static const char *const names[] = {"Ada", "Bob", "Cleo", "Dora"};

	(void)state;
	cache_flush = 1 + (getenv("MUNIMENT_SEED") != NULL ? 7 : 0);
	dice = getenv("MUNIMENT_SEED") != NULL
		   ? strtoull(getenv("MUNIMENT_SEED"), NULL, 10)
		   : 0x5eed;
	for (size_t i = 0; i < PEOPLE; i++)
		people[i] = scratch_person(names[i]);
	scratch_vault(&s, people[0]);
	open_case(people[0]);
	while (n_logs() < 2) {
		admit(people[0], people[1]);
		write_some(people[1]);
	}
	for (size_t i = 0; i < PEOPLE; i++)
		watching[i] = watch(people[i]);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	for (size_t i = 0; i < PEOPLE; i++) {
		scratch_close(watching[i]);
		identity_free(people[i]);
	}
	scratch_end(s.dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(flooded_with_keys),
	    cmocka_unit_test(any_sequence),
	    cmocka_unit_test(damage_is_said_each_time),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("refresh", tests, begin, end);
}
