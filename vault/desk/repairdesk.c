#include "repairdesk.h"

#include "heal.h"
#include "parityfile.h"
#include "paritysets.h"

#include <stdio.h>
#include <string.h>

#define ENDING ".repaired"

json_t *
desk_parity_file(const char *path, unsigned percent, desk_progress *progress,
		 struct err *e)
{
	char parity[FSUTIL_PATH];
	json_t *o;

	if (parityfile_name(path, parity, e) != 0 ||
	    parityfile_make(path, percent, progress, NULL, e) != 0)
		return NULL;
	o = json_pack("{s:s, s:s}", "file", path, "parity", parity);
	if (o == NULL)
		err_memory(e);
	return o;
}

/* What cannot be restored: "lost", where it lies. */
static json_t *
lost_json(const struct paritymend_state *s)
{
	json_t *list = json_array();
	size_t n =
	    s->n_lost < PARITYMEND_RANGES ? s->n_lost : PARITYMEND_RANGES;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
		    list,
		    json_pack("{s:I, s:I}", "from", (json_int_t)s->lost[i].from,
			      "to", (json_int_t)s->lost[i].to));
	return list;
}

static json_t *
state_json(const char *path, const struct paritymend_state *s, struct err *e)
{
	json_t *o = json_pack(
	    "{s:s, s:I, s:I, s:I, s:I, s:b, s:b, s:I, s:o, s:I}", "file", path,
	    "blocks", (json_int_t)s->blocks, "damaged",
	    (json_int_t)s->bad_blocks, "parity_blocks", (json_int_t)s->records,
	    "parity_damaged", (json_int_t)s->bad_records, "whole", s->whole,
	    "restorable", s->lost_blocks == 0, "lost_blocks",
	    (json_int_t)s->lost_blocks, "lost", lost_json(s), "lost_ranges",
	    (json_int_t)s->n_lost);

	if (o == NULL)
		err_memory(e);
	return o;
}

/* Restore, and say under which names. */
static int
restore(struct parityfile *p, const char *base, const char *out, json_t *o,
	desk_progress *progress, struct err *e)
{
	const struct paritymend_state *s = parityfile_state(p);
	char name[FSUTIL_PATH], parity[FSUTIL_PATH];

	if (s->lost_blocks > 0 || (s->whole && s->bad_records == 0))
		return 0;
	if (snprintf(name, sizeof name, "%s%s", out != NULL ? out : base,
		     out != NULL ? "" : ENDING) >= (int)sizeof name)
		return err_set(e, ERR_UNKNOWN, "a path is too long");
	if (parityfile_name(name, parity, e) != 0 ||
	    parityfile_restore(p, name, progress, NULL, e) != 0)
		return -1;
	if (!s->whole)
		json_object_set_new(o, "written", json_string(name));
	json_object_set_new(o, "parity_written", json_string(parity));
	return 0;
}

json_t *
desk_repair_file(const char *path, const char *out, bool only_look,
		 desk_progress *progress, struct err *e)
{
	struct parityfile *p = parityfile_open(path, progress, NULL, e);
	char base[FSUTIL_PATH];
	json_t *o = NULL;

	if (p == NULL)
		return NULL;
	(void)parityfile_is_there(path, base);
	o = state_json(base, parityfile_state(p), e);
	if (o != NULL && !only_look &&
	    restore(p, base, out, o, progress, e) != 0) {
		json_decref(o);
		o = NULL;
	}
	parityfile_close(p);
	return o;
}

json_t *
desk_parity_vault(const char *dir, unsigned percent, bool anew,
		  desk_progress *progress, struct err *e)
{
	struct vault *v = vault_open(dir, VAULT_WRITE, progress, e);
	struct paritysets_sum n;
	json_t *o = NULL;

	/* others may read meanwhile */
	if (v != NULL && vault_share(v, e) == 0 &&
	    paritysets_make(v, percent, anew, &n, e) == 0) {
		o = json_pack("{s:I, s:I, s:I, s:I, s:I}", "sets",
			      (json_int_t)n.sets, "files", (json_int_t)n.files,
			      "added", (json_int_t)n.added, "unprotected",
			      (json_int_t)n.unprotected, "bytes",
			      (json_int_t)n.bytes);
		if (o == NULL)
			err_memory(e);
	}
	vault_close(v);
	return o;
}

json_t *
desk_repair_vault(const char *dir, desk_progress *progress,
		  struct report *found, struct err *e)
{
	struct paritysets_mended n;
	struct vault *v = NULL;
	size_t files = 0;
	bool sound = true;
	json_t *o = NULL;

	memset(found, 0, sizeof *found);
	if (heal_open_up(dir, &files, e) != 0)
		return NULL;
	v = vault_open(dir, VAULT_WRITE | VAULT_THOROUGH, progress, e);
	if (v == NULL || heal_is_sound(v, &sound, e) != 0 ||
	    paritysets_mend(v, !sound, &n, found, e) != 0 ||
	    (!sound && heal_is_sound(v, &sound, e) != 0))
		goto out;
	o = json_pack("{s:I, s:I, s:I, s:I, s:I, s:b}", "sets",
		      (json_int_t)n.sets, "files", (json_int_t)files, "packs",
		      (json_int_t)n.packs, "objects", (json_int_t)n.objects,
		      "lost", (json_int_t)n.lost, "history", sound);
	if (o == NULL)
		err_memory(e);
out:
	vault_close(v);
	return o;
}

json_t *
desk_heal(const char *dir, const char *identity, const struct secret *pass,
	  const struct desk_heal *what, desk_progress *progress,
	  struct report *found, struct err *e)
{
	struct identity *id = identity_load(identity, pass, e);
	struct heal_from from = {.other = what->other,
				 .passphrase = what->file_pass,
				 .large = what->large};
	struct heal_result r = {0};
	json_t *o = NULL;

	memset(found, 0, sizeof *found);
	if (id != NULL && heal(dir, id, &from, progress, &r, e) == 0) {
		o = json_pack("{s:I, s:b, s:b, s:I, s:I, s:I}", "files",
			      (json_int_t)r.files, "history", r.history,
			      "history_damaged", r.history_damaged, "batches",
			      (json_int_t)r.batches, "objects",
			      (json_int_t)r.objects, "objects_lacking",
			      (json_int_t)r.objects_lacking);
		if (o == NULL)
			err_memory(e);
	}
	report_move(found, &r.found);
	identity_free(id);
	return o;
}
