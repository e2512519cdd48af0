#include "peopledesk.h"

#include "acts.h"
#include "desk_inside.h"
#include "people.h"

#include <stdlib.h>
#include <string.h>

/* The root key's seed; NULL without `e` filled if there is none to use. */
static struct secret *
open_root(struct desk *d, const struct desk_root *root, struct err *e)
{
	if (root == NULL || root->path == NULL)
		return NULL;
	return identity_load_root(root->path, d->v->id, root->pass, e);
}

/* Cards from files, no two of one person; malloc'ed. */
static struct card *
load_cards(const char *const *paths, size_t n, struct err *e)
{
	struct card *cards = calloc(n, sizeof *cards);

	if (cards == NULL)
		err_memory(e);
	for (size_t i = 0; cards != NULL && i < n; i++) {
		bool fine = card_load(paths[i], &cards[i], e) == 0;

		for (size_t k = 0; k < i && fine; k++)
			if (memcmp(cards[k].text.key, cards[i].text.key, 32) ==
			    0) {
				fine = false;
				err_set(e, ERR_UNKNOWN,
					"the same card is named twice");
			}
		if (!fine) {
			free(cards);
			return NULL;
		}
	}
	return cards;
}

/* Each by the root key. */
static int
grant(struct desk *d, const struct card *cards, size_t n, struct index_case *c,
      enum index_role role, const struct desk_root *root, struct err *e)
{
	struct secret *seed;
	json_t *o;

	if (n != 1)
		return err_set(e, ERR_UNKNOWN,
			       "the root key admits one person at a time");
	seed = open_root(d, root, e);
	if (seed == NULL)
		return -1;
	o = people_grant(d->x, cards, c, role, seed->bytes, e);
	secret_free(seed);
	json_decref(o);
	return o != NULL ? 0 : -1;
}

int
desk_member_admit(struct desk *d, const char *const *paths, size_t n,
		  const char *case_text, const char *role, bool keyless,
		  const struct desk_root *root, struct err *e)
{
	bool by_root = root != NULL && root->path != NULL;
	enum index_role r = role != NULL	? index_role_parse(role)
			    : by_root		? ROLE_ADMIN
			    : case_text != NULL ? ROLE_READER
						: ROLE_NONE;
	struct index_case *c;
	struct card *cards;
	int rc;

	if (role != NULL && r == ROLE_NONE) {
		err_set(e, ERR_UNKNOWN, "there is no such role");
		return err_hint(e, "reader, author, admin or witness");
	}
	if (desk_find_case(d, case_text, &c, e) != 0)
		return -1;
	cards = load_cards(paths, n, e);
	if (cards == NULL)
		return -1;
	rc = by_root ? grant(d, cards, n, c, r, root, e)
		     : acts_member_add(d->x, cards, n, c, r, keyless, e);
	free(cards);
	return rc;
}

json_t *
desk_retire(struct desk *d, const char *who, const char *case_text,
	    const char *card, const struct desk_root *root, struct err *e)
{
	struct secret *seed = NULL;
	struct index_seat *s;
	struct index_case *c;
	struct card *next = NULL;
	struct err inner = {0};
	json_t *o = NULL;

	if (index_find_seat(d->x, who, &s, e) != 0 ||
	    desk_find_case(d, case_text, &c, e) != 0)
		return NULL;
	seed = open_root(d, root, &inner);
	if (inner.code != ERR_NONE) {
		*e = inner;
		return NULL;
	}
	if (card != NULL && (next = load_cards(&card, 1, e)) == NULL)
		goto out;
	o = c != NULL ? people_end(d->x, s, c, e)
		      : people_retire(d->x, s, next,
				      seed != NULL ? seed->bytes : NULL, e);
out:
	free(next);
	secret_free(seed);
	return o;
}

typedef json_t *line_act(struct index *x, const char *branch, uint64_t size,
			 const uint8_t *root, struct err *e);

static json_t *
draw(struct desk *d, line_act *act, const char *device, uint64_t up_to,
     const struct desk_root *root, struct err *e)
{
	struct err inner = {0};
	struct secret *seed = open_root(d, root, &inner);
	json_t *o;

	if (inner.code != ERR_NONE) {
		*e = inner;
		return NULL;
	}
	o = act(d->x, device, up_to, seed != NULL ? seed->bytes : NULL, e);
	secret_free(seed);
	return o;
}

json_t *
desk_accept(struct desk *d, const char *device, uint64_t up_to,
	    const struct desk_root *root, struct err *e)
{
	return draw(d, people_accept, device, up_to, root, e);
}

json_t *
desk_cut(struct desk *d, const char *device, uint64_t up_to,
	 const struct desk_root *root, struct err *e)
{
	return draw(d, people_cut, device, up_to, root, e);
}

json_t *
desk_renew(struct desk *d, const char *case_text, const char *const *without,
	   size_t n, struct err *e)
{
	struct index_seat **list = calloc(n + 1, sizeof *list);
	struct index_case *c = NULL;
	json_t *o = NULL;
	int rc = 0;

	if (list == NULL) {
		err_memory(e);
		return NULL;
	}
	if (strcmp(case_text, INDEX_VAULT) == 0)
		c = index_case(d->x, INDEX_VAULT);
	else
		rc = index_find_case(d->x, case_text, &c, e);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = index_find_seat(d->x, without[i], &list[i], e);
	if (rc == 0)
		o = people_renew(d->x, c, list, n, e);
	free(list);
	return o;
}
