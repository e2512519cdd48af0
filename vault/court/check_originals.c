/* The originals that are here, and redacted copies of others. */
#include "check_inside.h"

#include "canon.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool
check_states(const struct check_entry *n, const char *name,
	     const struct package_file *f)
{
	const struct exproof_field *hash;
	size_t len = strlen(name);
	char hex[65], size[CANON_NAME_MAX];

	if (strncmp(name, "files.", 6) != 0 || len < 8 + 6 ||
	    strcmp(name + len - 7, ".sha256") != 0 ||
	    strchr(name + 6, '.') != name + len - 7)
		return false;
	hash = exproof_find(&n->proof, name);
	hex_encode(f->sha256, HASH_LEN, hex);
	/* this is asked often: no JSON is read */
	if (hash == NULL || strlen(hash->value) != 66 ||
	    memcmp(hash->value + 1, hex, 64) != 0)
		return false;
	snprintf(size, sizeof size, "%.*s.size", (int)(len - 7), name);
	return check_field_is(n, name, hex, 0) &&
	       check_field_is(n, size, NULL, f->size);
}

/* data/... is files.<n> of its entry, by size and SHA-256. */
static void
check_original(struct check *c, const struct exindex_file *x)
{
	struct check_entry *n = &c->entries[x->entry - 1];
	struct package_file *f = check_take(c, x->path);
	char name[64], hex[65];
	struct err e = {0};

	if (f == NULL) {
		check_say(c, CHECK_ORIGINALS, CHECK_FAILS, "%s is missing",
			  x->path);
		return;
	}
	if (!f->is_hashed && package_stream(c->p, f, NULL, NULL, &e) != 0) {
		check_is_broken(c, &e, CHECK_ORIGINALS);
		return;
	}
	if (!n->has_proof) {
		check_say(c, CHECK_ORIGINALS, CHECK_FAILS,
			  "%s: there is no proof of e%03" PRIu32, x->path,
			  x->entry);
		return;
	}
	hex_encode(f->sha256, HASH_LEN, hex);
	snprintf(name, sizeof name, "files.%" PRIu32 ".sha256", x->n);
	if (strcmp(c->x.entries[x->entry - 1].kind, "record") != 0 ||
	    !check_states(n, name, f))
		check_say(
		    c, CHECK_ORIGINALS, CHECK_FAILS,
		    "%s is not the file whose SHA-256 and size e%03" PRIu32
		    " states",
		    x->path, x->entry);
	else
		check_say(c, CHECK_ORIGINALS, CHECK_HOLDS,
			  "%s: %" PRIu64 " bytes, SHA-256 %s", x->path, f->size,
			  hex);
}

/* Copies in filing/ that are originals byte for byte, and others. */
static void
check_filing(struct check *c)
{
	size_t same = 0, other = 0, from = 0, to;

	while (from < c->n_files && strcmp(c->files[from].path, "data/") < 0)
		from++;
	for (to = from; to < c->n_files; to++)
		if (strncmp(c->files[to].path, "data/", 5) != 0)
			break;
	for (size_t i = 0; i < c->n_files; i++) {
		const struct package_file *f = &c->files[i];
		bool is_same = false;

		if (strncmp(f->path, "filing/", 7) != 0)
			continue;
		for (size_t k = from; k < to && !is_same; k++)
			is_same = c->files[k].size == f->size &&
				  memcmp(c->files[k].sha256, f->sha256,
					 HASH_LEN) == 0;
		same += is_same;
		other += !is_same;
	}
	if (same + other > 0)
		check_say(c, CHECK_ORIGINALS, CHECK_HOLDS,
			  "in filing/ %zu files are originals byte for byte; "
			  "%zu others are not, and rest on the seal alone",
			  same, other);
}

void
check_originals(struct check *c)
{
	for (size_t i = 0; i < c->x.n_files; i++) {
		check_original(c, &c->x.files[i]);
		for (size_t k = 0; k < i; k++)
			if (c->x.files[k].entry == c->x.files[i].entry &&
			    c->x.files[k].n == c->x.files[i].n)
				check_say(c, CHECK_ORIGINALS, CHECK_FAILS,
					  "%s is the same file as %s",
					  c->x.files[i].path,
					  c->x.files[k].path);
	}
	check_filing(c);
	if (c->x.n_files == 0)
		check_sum(c, CHECK_ORIGINALS, "no original is in this package");
	else
		check_sum(c, CHECK_ORIGINALS,
			  "each original here (%zu) is, byte for byte, what "
			  "was taken in",
			  c->x.n_files);
}

/* What a redacted copy says of its original. */
static void
check_redacted(struct check *c, size_t i)
{
	const struct exindex_entry *x = &c->x.entries[i];
	struct check_entry *n = &c->entries[i], *o;
	json_t *entry = check_field(n, "original.entry");
	char hex[65];

	if (strlen(check_text(entry)) != 64 || !hex_is(check_text(entry), 64)) {
		check_entry_fails(c, i, CHECK_REDACTION,
				  "it does not show the entry of its original");
	} else if (x->original == 0) {
		check_say(c, CHECK_REDACTION, CHECK_HOLDS,
			  "e%03zu is a redacted copy; its original is in the "
			  "entry %.16s..., which is not shown",
			  i + 1, check_text(entry));
	} else {
		o = &c->entries[x->original - 1];
		hex_encode(o->proof.sha256, HASH_LEN, hex);
		if (!o->has_proof || strcmp(hex, check_text(entry)) != 0)
			check_entry_fails(c, i, CHECK_REDACTION,
					  "its original is not e%03" PRIu32,
					  x->original);
		else if (check_has_field(n, "original.item") &&
			 (c->x.entries[x->original - 1].item == 0 ||
			  !check_field_is(
			      n, "original.item",
			      c->x.items[c->x.entries[x->original - 1].item - 1]
				  .id,
			      0)))
			check_entry_fails(c, i, CHECK_REDACTION,
					  "its original is of another item");
		else
			check_say(
			    c, CHECK_REDACTION, CHECK_HOLDS,
			    "e%03zu is a redacted copy of what e%03" PRIu32
			    " holds",
			    i + 1, x->original);
	}
	if (!check_has_field(n, "original.zones"))
		check_say(c, CHECK_REDACTION, CHECK_HOLDS,
			  "e%03zu: what was taken out is not shown", i + 1);
	json_decref(entry);
	check_sum(c, CHECK_REDACTION,
		  "each redacted copy names its original by the hash of a "
		  "ciphertext");
}

static bool
is_redacted(const struct check_entry *n)
{
	for (size_t i = 0; i < n->proof.n; i++)
		if (strncmp(n->proof.fields[i].name, "original.", 9) == 0)
			return true;
	return false;
}

void
check_redactions(struct check *c)
{
	for (size_t i = 0; i < c->x.n_entries; i++)
		if (is_redacted(&c->entries[i]) || c->x.entries[i].original > 0)
			check_redacted(c, i);
}
