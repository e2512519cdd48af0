#include "invitedesk.h"

#include "desk_inside.h"

#include <stdlib.h>

json_t *
desk_invite_json(const struct invite *i)
{
	char words[WORDS_FINGERPRINT_MAX];
	json_t *o = json_object();

	desk_vault_words(i->text.vault, words);
	json_object_set_new(o, "name", json_string(i->text.name));
	if (i->text.org[0] != '\0')
		json_object_set_new(o, "org", json_string(i->text.org));
	json_object_set_new(o, "card_words", json_string(i->text.card));
	json_object_set_new(o, "words", json_string(i->words));
	json_object_set_new(o, "vault", json_string(i->text.vault));
	json_object_set_new(o, "vault_words", json_string(words));
	json_object_set_new(o, "logs", json_integer((json_int_t)i->text.n));
	return o;
}

json_t *
desk_invite(struct desk *d, const char *path, const char *file, struct err *e)
{
	struct card *card = malloc(sizeof *card);
	struct invite i = {0};
	json_t *o = NULL;

	if (card == NULL)
		err_memory(e);
	else if (card_load(path, card, e) == 0 &&
		 invite_write(d->x, card, file, &i, e) == 0)
		o = desk_made(desk_invite_json(&i), e);
	if (o != NULL) {
		json_object_set_new(o, "file", json_string(file));
		json_object_set_new(o, "to", json_string(card->text.name));
		json_object_set_new(o, "to_words", json_string(card->words));
	}
	invite_free(&i);
	free(card);
	return o;
}
