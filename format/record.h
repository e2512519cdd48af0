/*
 * What a practitioner records about a piece of evidence: the `fields` object
 * of a record entry. RECORD.md lists every field and the standard behind it;
 * the table in recordtable.c is the same list for the machine, and everything
 * here is driven by it.
 *
 * A field has a dotted name. Where the name passes through a list of objects
 * the table writes N, and a real name has the number of the object, from 1:
 * `persons.N.name` in the table, `persons.2.name` in a record. A top-level
 * name that starts with `x_` is free: any text, integer, boolean, object, list
 * of texts or list of objects.
 *
 * What is not known is left out: empty texts, lists and objects are refused.
 * Texts are UTF-8 without control characters but LF and TAB, integers are 0 to
 * 2^53-1, fractions do not exist, as FORMAT.md demands of entry.json.
 *
 * Pure functions over jansson. A reason in `why` is one line, cut off at `cap`
 * bytes with its NUL; it names the field and quotes nothing of its value; of a
 * foreign name it shows only the characters that names are made of.
 */
#ifndef MUNIMENT_RECORD_H
#define MUNIMENT_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_KEY_MAX 64     /* bytes of one segment of a name */
#define RECORD_DEPTH_MAX 8    /* objects and lists in each other, with fields */
#define RECORD_TEXT_MAX 65536 /* bytes of one text */
#define RECORD_LIST_MAX 1000  /* entries of one list */
#define RECORD_SIZE_MAX 262144 /* bytes of all fields as canonical JSON */
#define RECORD_WHY_LEN 384     /* bytes that hold every reason, NUL included */

enum record_type {
	RECORD_TEXT,
	RECORD_DATE,	/* text, see RECORD.md */
	RECORD_INTEGER, /* min to max */
	RECORD_BOOLEAN,
	RECORD_CHOICE,	/* text, one of choices */
	RECORD_TEXTS,	/* list of text */
	RECORD_CHOICES, /* list of choice, none twice */
	RECORD_GROUP,	/* object that holds the fields named below it */
	RECORD_OBJECTS, /* list of such objects */
};

struct record_field {
	const char *name;
	enum record_type type;
	const char *standard; /* the origin, as in RECORD.md */
	const char *meaning;  /* one line */
	const char *choices;  /* "a|b|c", or NULL if the type has none */
	int64_t min, max;     /* of an integer, both included */
};

/*
 * The table, in the order of RECORD.md: *n rows (n NULL ok). A group or list
 * stands before its fields. For listings and shell completion.
 */
const struct record_field *record_fields(size_t *n);

/* The type in words: "text", "list of objects"... */
const char *record_type_name(enum record_type type);

/* Is it a date as RECORD.md has them? NUL-terminated. */
bool record_is_date(const char *text);

/*
 * 0 if `fields` is an object in which every name is known, every value of its
 * type, and no limit passed; else -1 with the reason in `why`.
 */
int record_check(const json_t *fields, char *why, size_t cap);

/*
 * Set one field from the command line: `persons.1.name` to `value`. The value
 * is read by the field's type: an integer from decimal digits, a boolean from
 * "true" or "false"; all others from the text as it is. A list of texts or
 * choices gets it appended; any other field has its value replaced. Groups and
 * lists come into being as needed, the next object of a list by the number
 * after the last. A field below `x_` becomes text.
 *
 * 0, or -1 with the reason in `why` and `fields` unchanged; for an unknown
 * name the reason says which known name is nearest. The limits of the whole
 * are left to record_check.
 */
int record_set(json_t *fields, const char *dotted, const char *value, char *why,
	       size_t cap);

/*
 * Merge `from` over `into`, as a JSON merge patch (RFC 7396): objects merge
 * member by member, null removes, anything else, lists too, replaces. Unlike
 * there, an object that is or becomes empty is dropped, at the top excepted.
 * `from` is copied, and must not be `into` itself.
 *
 * 0, or -1 with the reason in `why`: one of them is no object or `from` is
 * deeper than RECORD_DEPTH_MAX (`into` is unchanged then), or there is no
 * memory (it may be half merged). Names and types are left to record_check.
 */
int record_merge(json_t *into, const json_t *from, char *why, size_t cap);

#endif
