#include "record.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NAME_CAP 1024 /* bytes; more than RECORD_DEPTH_MAX segments need */
#define INTEGER_MAX 9007199254740991 /* 2^53 - 1 */
#define FAR 1000		     /* no two names are so far apart */

/* Where a walk through a record is, and where its complaint goes. */
struct walk {
	char name[NAME_CAP]; /* dotted, "" at the top */
	size_t len;
	char *why;
	size_t cap;
};

static int check_group(struct walk *w, const json_t *value, unsigned depth);
static int check_free(struct walk *w, const json_t *value, unsigned depth);

/* jansson iterates over an object without changing it, but not by const. */
static json_t *
unconst(const json_t *json)
{
	return (json_t *)(uintptr_t)json;
}

static bool
is_digits(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return len > 0;
}

static bool
is_key_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Write "<field>: <reason>" and return -1. */
static int __attribute__((format(printf, 2, 3)))
fail(struct walk *w, const char *fmt, ...)
{
	char reason[256];
	char name[101];
	size_t n = 0;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof reason, fmt, ap);
	va_end(ap);
	for (; n < sizeof name - 1 && w->name[n] != '\0'; n++)
		name[n] = is_key_char(w->name[n]) || w->name[n] == '.'
			      ? w->name[n]
			      : '?';
	name[n] = '\0';
	if (w->why != NULL && w->cap > 0)
		snprintf(w->why, w->cap, "%s%s: %s", n > 0 ? name : "record",
			 w->name[n] != '\0' ? "..." : "", reason);
	return -1;
}

/* Step into `key`; the length to come back to with leave(). */
static size_t
enter(struct walk *w, const char *key)
{
	size_t was = w->len;
	int n = snprintf(w->name + was, NAME_CAP - was, "%s%s",
			 was > 0 ? "." : "", key);

	w->len = n < 0 || (size_t)n >= NAME_CAP - was ? NAME_CAP - 1
						      : was + (size_t)n;
	return was;
}

static size_t
enter_number(struct walk *w, size_t number)
{
	char key[24];

	snprintf(key, sizeof key, "%zu", number);
	return enter(w, key);
}

static void
leave(struct walk *w, size_t was)
{
	w->len = was;
	w->name[was] = '\0';
}

/*
 * Does a dotted name fit one of the table? A number, as record_set and the
 * walk write it, fits N.
 */
static bool
name_fits(const char *row, const char *name)
{
	for (;;) {
		size_t a = strcspn(row, "."), b = strcspn(name, ".");

		if (a == 1 && row[0] == 'N') {
			if (!is_digits(name, b) || name[0] == '0')
				return false;
		} else if (a != b || memcmp(row, name, a) != 0) {
			return false;
		}
		if (row[a] == '\0' || name[b] == '\0')
			return row[a] == name[b];
		row += a + 1;
		name += b + 1;
	}
}

static const struct record_field *
find(const char *name)
{
	size_t n = 0;
	const struct record_field *table = record_fields(&n);

	for (size_t i = 0; i < n; i++)
		if (name_fits(table[i].name, name))
			return &table[i];
	return NULL;
}

/* Levenshtein distance, over at most RECORD_KEY_MAX bytes of each. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[RECORD_KEY_MAX + 1];
	size_t la = strnlen(a, RECORD_KEY_MAX);
	size_t lb = strnlen(b, RECORD_KEY_MAX);

	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = corner + (a[i - 1] != b[j - 1]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			corner = row[j];
			row[j] = best;
		}
	}
	return row[lb];
}

/* `from` with every segment that is `was` (or, NULL, a number) as `is`. */
static void
renumber(char *out, size_t cap, const char *from, const char *was,
	 const char *is)
{
	size_t o = 0;

	out[0] = '\0';
	for (;;) {
		size_t n = strcspn(from, ".");
		bool hit = was != NULL
			       ? n == strlen(was) && memcmp(from, was, n) == 0
			       : is_digits(from, n);
		int k = snprintf(out + o, cap - o, "%.*s%s",
				 hit ? (int)strlen(is) : (int)n,
				 hit ? is : from, from[n] != '\0' ? "." : "");

		if (k < 0 || (size_t)k >= cap - o || from[n] == '\0')
			return;
		o += (size_t)k;
		from += n + 1;
	}
}

/* Complain about an unknown name, with the nearest known one if any is near. */
static int
fail_unknown(struct walk *w)
{
	char given[NAME_CAP], shown[RECORD_KEY_MAX + 1];
	const char *nearest = NULL;
	size_t n = 0, least = FAR;
	const struct record_field *table = record_fields(&n);

	renumber(given, sizeof given, w->name, NULL, "N");
	for (size_t i = 0; i < n; i++) {
		const char *last = strrchr(table[i].name, '.');
		size_t d = distance(given, table[i].name);
		size_t d_last =
		    last != NULL ? distance(given, last + 1) + 2 : FAR;

		if (table[i].type == RECORD_GROUP ||
		    table[i].type == RECORD_OBJECTS)
			continue;
		d = d_last < d ? d_last : d;
		if (d < least) {
			least = d;
			nearest = table[i].name;
		}
	}
	if (nearest == NULL || least > 2 + strlen(given) / 4)
		return fail(w, "no such field");
	renumber(shown, sizeof shown, nearest, "N", "1");
	return fail(w, "no such field; did you mean %s", shown);
}

/* Bytes of the UTF-8 sequence at p, or 0 if it is not well-formed. */
static size_t
utf8_len(const unsigned char *p, size_t left)
{
	size_t n = p[0] < 0x80	 ? 1
		   : p[0] < 0xc2 ? 0
		   : p[0] < 0xe0 ? 2
		   : p[0] < 0xf0 ? 3
		   : p[0] < 0xf5 ? 4
				 : 0;

	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* too long a form, a surrogate, or above U+10FFFF */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

static int
check_text(struct walk *w, const json_t *value)
{
	const unsigned char *p =
	    (const unsigned char *)json_string_value(value);
	size_t len = json_string_length(value);

	if (p == NULL)
		return fail(w, "must be text");
	if (len == 0)
		return fail(w, "is empty; leave out what is not known");
	if (len > RECORD_TEXT_MAX)
		return fail(w, "is longer than %d bytes", RECORD_TEXT_MAX);
	for (size_t i = 0; i < len;) {
		size_t n = utf8_len(p + i, len - i);

		if (n == 0)
			return fail(w, "is not valid UTF-8");
		if (p[i] == '\r')
			return fail(w, "holds a carriage return; "
				       "lines end with a line feed alone");
		if ((p[i] < 0x20 && p[i] != '\n' && p[i] != '\t') ||
		    p[i] == 0x7f)
			return fail(w, "holds a control character");
		i += n;
	}
	return 0;
}

/* Read exactly n digits with a value from lo to hi; -1 if they are not there.
 */
static int
take_number(const char **p, size_t n, int lo, int hi)
{
	int v = 0;

	for (size_t i = 0; i < n; i++) {
		if (!is_digits(*p + i, 1))
			return -1;
		v = v * 10 + ((*p)[i] - '0');
	}
	*p += n;
	return v >= lo && v <= hi ? v : -1;
}

static bool
take_char(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

/* HH:MM[:SS](Z|+hh:mm|-hh:mm), to the end. */
static bool
is_time(const char *p)
{
	if (take_number(&p, 2, 0, 23) < 0 || !take_char(&p, ':') ||
	    take_number(&p, 2, 0, 59) < 0)
		return false;
	if (take_char(&p, ':') && take_number(&p, 2, 0, 59) < 0)
		return false;
	if (take_char(&p, 'Z'))
		return *p == '\0';
	if (!take_char(&p, '+') && !take_char(&p, '-'))
		return false;
	return take_number(&p, 2, 0, 23) >= 0 && take_char(&p, ':') &&
	       take_number(&p, 2, 0, 59) >= 0 && *p == '\0';
}

bool
record_is_date(const char *p)
{
	static const int days[] = {31, 28, 31, 30, 31, 30,
				   31, 31, 30, 31, 30, 31};
	int year, month;
	bool leap;

	if (*p == '~' || *p == '<' || *p == '>')
		p++;
	year = take_number(&p, 4, 1, 9999);
	if (year < 0 || *p == '\0')
		return year > 0;
	if (!take_char(&p, '-'))
		return false;
	month = take_number(&p, 2, 1, 12);
	if (month < 0 || *p == '\0')
		return month > 0;
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (!take_char(&p, '-') ||
	    take_number(&p, 2, 1, days[month - 1] + (month == 2 && leap)) < 0)
		return false;
	return *p == '\0' || (take_char(&p, 'T') && is_time(p));
}

/* check_text has been passed, so the text holds no NUL. */
static int
check_date(struct walk *w, const char *text)
{
	if (!record_is_date(text))
		return fail(
		    w, "is no date: YYYY, YYYY-MM, YYYY-MM-DD or "
		       "YYYY-MM-DDTHH:MM+hh:mm (Z for UTC), with ~ in front "
		       "for about, < for before, > for after");
	return 0;
}

static int
check_choice(struct walk *w, const struct record_field *f, const char *text)
{
	for (const char *c = f->choices; *c != '\0';) {
		size_t n = strcspn(c, "|");

		if (n == strlen(text) && memcmp(c, text, n) == 0)
			return 0;
		c += n + (c[n] != '\0');
	}
	return fail(w, "must be one of %s", f->choices);
}

static int
check_integer(struct walk *w, const json_t *value, int64_t min, int64_t max)
{
	if (json_is_real(value))
		return fail(w, "must be an integer without fraction");
	if (!json_is_integer(value))
		return fail(w, "must be an integer");
	if (json_integer_value(value) < min || json_integer_value(value) > max)
		return fail(w, "must be from %" PRId64 " to %" PRId64, min,
			    max);
	return 0;
}

/* One value that is neither list nor object, or one entry of a list. */
static int
check_scalar(struct walk *w, const struct record_field *f, const json_t *value)
{
	if (f->type == RECORD_INTEGER)
		return check_integer(w, value, f->min, f->max);
	if (f->type == RECORD_BOOLEAN)
		return json_is_boolean(value)
			   ? 0
			   : fail(w, "must be true or false");
	if (check_text(w, value) != 0)
		return -1;
	if (f->type == RECORD_DATE)
		return check_date(w, json_string_value(value));
	if (f->type == RECORD_CHOICE || f->type == RECORD_CHOICES)
		return check_choice(w, f, json_string_value(value));
	return 0;
}

/* A list of 1 to RECORD_LIST_MAX entries. */
static int
check_size(struct walk *w, const json_t *list)
{
	if (!json_is_array(list))
		return fail(w, "must be a list");
	if (json_array_size(list) == 0)
		return fail(w, "is empty; leave out what is not known");
	if (json_array_size(list) > RECORD_LIST_MAX)
		return fail(w, "has more than %d entries", RECORD_LIST_MAX);
	return 0;
}

static int
check_list(struct walk *w, const struct record_field *f, const json_t *list)
{
	if (check_size(w, list) != 0)
		return -1;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);

		if (check_scalar(w, f, entry) != 0)
			return -1;
		if (f->type != RECORD_CHOICES)
			continue;
		for (size_t k = 0; k < i; k++)
			if (json_equal(json_array_get(list, k), entry))
				return fail(w, "names one choice twice");
	}
	return 0;
}

static int
check_objects(struct walk *w, const json_t *list, unsigned depth)
{
	if (check_size(w, list) != 0)
		return -1;
	for (size_t i = 0; i < json_array_size(list); i++) {
		size_t was = enter_number(w, i + 1);

		if (check_group(w, json_array_get(list, i), depth + 1) != 0)
			return -1;
		leave(w, was);
	}
	return 0;
}

static int
check_value(struct walk *w, const struct record_field *f, const json_t *value,
	    unsigned depth)
{
	switch (f->type) {
	case RECORD_GROUP:
		return check_group(w, value, depth);
	case RECORD_OBJECTS:
		return check_objects(w, value, depth);
	case RECORD_TEXTS:
	case RECORD_CHOICES:
		return check_list(w, f, value);
	default:
		return check_scalar(w, f, value);
	}
}

static bool
is_key(const char *key, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_key_char(key[i]))
			return false;
	return len > 0 && len <= RECORD_KEY_MAX;
}

/* The object of a group, of one of a list, or of all fields. */
static int
check_group(struct walk *w, const json_t *value, unsigned depth)
{
	const char *key;
	size_t len;
	json_t *member;

	if (!json_is_object(value))
		return fail(w, "must be an object");
	if (json_object_size(value) == 0 && w->len > 0)
		return fail(w, "is empty; leave out what is not known");
	json_object_keylen_foreach(unconst(value), key, len, member)
	{
		size_t was = enter(w, key);
		const struct record_field *f;
		int rc;

		if (!is_key(key, len))
			return fail(w, "is not a name: 1 to %d of a-z 0-9 _",
				    RECORD_KEY_MAX);
		f = find(w->name);
		if (was == 0 && strncmp(key, "x_", 2) == 0)
			rc = check_free(w, member, depth + 1);
		else if (f == NULL)
			rc = fail_unknown(w);
		else
			rc = check_value(w, f, member, depth + 1);
		if (rc != 0)
			return -1;
		leave(w, was);
	}
	return 0;
}

static int
check_free_object(struct walk *w, const json_t *value, unsigned depth)
{
	const char *key;
	size_t len;
	json_t *member;

	if (json_object_size(value) == 0)
		return fail(w, "is empty; leave out what is not known");
	json_object_keylen_foreach(unconst(value), key, len, member)
	{
		size_t was = enter(w, key);

		/* a number would read like the number of an object in a list */
		if (!is_key(key, len) || is_digits(key, len))
			return fail(w,
				    "is not a name: 1 to %d of a-z 0-9 _, "
				    "not digits alone",
				    RECORD_KEY_MAX);
		if (check_free(w, member, depth + 1) != 0)
			return -1;
		leave(w, was);
	}
	return 0;
}

/* A list of texts or of objects; FORMAT.md gives no names to any other. */
static int
check_free_list(struct walk *w, const json_t *list, unsigned depth)
{
	bool objects = json_is_object(json_array_get(list, 0));

	if (check_size(w, list) != 0)
		return -1;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);
		size_t was = enter_number(w, i + 1);

		if (objects && !json_is_object(entry))
			return fail(w, "must be an object like the first");
		if (objects ? check_free(w, entry, depth + 1) != 0
			    : check_text(w, entry) != 0)
			return -1;
		leave(w, was);
	}
	return 0;
}

/* Whatever stands at a name below x_; `depth` counts it too. */
static int
check_free(struct walk *w, const json_t *value, unsigned depth)
{
	if ((json_is_object(value) || json_is_array(value)) &&
	    depth > RECORD_DEPTH_MAX)
		return fail(w, "is deeper than %d", RECORD_DEPTH_MAX);
	if (json_is_object(value))
		return check_free_object(w, value, depth);
	if (json_is_array(value))
		return check_free_list(w, value, depth);
	if (json_is_string(value))
		return check_text(w, value);
	if (json_is_boolean(value))
		return 0;
	if (json_is_null(value))
		return fail(w, "must not be null; leave out what is not known");
	return check_integer(w, value, 0, INTEGER_MAX);
}

/* jansson's sink: counts. */
static int
count_bytes(const char *bytes, size_t len, void *total)
{
	(void)bytes;
	*(size_t *)total += len;
	return 0;
}

int
record_check(const json_t *fields, char *why, size_t cap)
{
	struct walk w = {.why = why, .cap = cap};
	size_t total = 0;

	if (check_group(&w, fields, 1) != 0)
		return -1;
	/* the order of keys does not change the size */
	if (json_dump_callback(fields, count_bytes, &total, JSON_COMPACT) != 0)
		return fail(&w, "no memory");
	if (total > RECORD_SIZE_MAX)
		return fail(&w, "all fields together are longer than %d bytes",
			    RECORD_SIZE_MAX);
	return 0;
}

/* Turn the words of the command line into a value of the field's type. */
static json_t *
make_value(struct walk *w, const struct record_field *f, const char *text)
{
	json_t *value = NULL;

	if (f->type == RECORD_INTEGER) {
		const char *p = text;
		json_int_t v = 0;

		if (!is_digits(p, strlen(p)) || strlen(p) > 16) {
			fail(w, "must be an integer, in digits");
			return NULL;
		}
		for (; *p != '\0'; p++)
			v = v * 10 + (*p - '0');
		value = json_integer(v);
	} else if (f->type == RECORD_BOOLEAN) {
		if (strcmp(text, "true") == 0)
			value = json_true();
		else if (strcmp(text, "false") == 0)
			value = json_false();
		else
			value = json_null(); /* check_scalar says why not */
	} else {
		value = json_string_nocheck(text);
	}
	if (value == NULL)
		fail(w, "no memory");
	else if (check_scalar(w, f, value) == 0)
		return value;
	json_decref(value);
	return NULL;
}

/* Put the leaf at its place in `node`, where `key` is its last segment. */
static int
place_leaf(struct walk *w, json_t *node, const char *key, json_t *leaf,
	   bool append)
{
	json_t *old = json_object_get(node, key);
	json_t *list;

	if (!append) {
		if (json_is_object(old) || json_is_array(old))
			return fail(w, "holds more than one value; "
				       "change it with a JSON record");
		return json_object_set(node, key, leaf) == 0
			   ? 0
			   : fail(w, "no memory");
	}
	if (old != NULL) {
		if (!json_is_array(old))
			return fail(w, "must be a list");
		if (json_array_size(old) >= RECORD_LIST_MAX)
			return fail(w, "has %d entries; there is no room",
				    RECORD_LIST_MAX);
		return json_array_append(old, leaf) == 0 ? 0
							 : fail(w, "no memory");
	}
	list = json_array();
	if (json_array_append(list, leaf) != 0) {
		json_decref(list);
		return fail(w, "no memory");
	}
	return json_object_set_new(node, key, list) == 0 ? 0
							 : fail(w, "no memory");
}

/* The number that a segment says, or 0 if it is none of a list of `size`. */
static size_t
segment_index(const char *key, size_t size)
{
	size_t v = 0;

	if (!is_digits(key, strlen(key)) || strlen(key) > 4 || key[0] == '0')
		return 0;
	for (; *key != '\0'; key++)
		v = v * 10 + (size_t)(*key - '0');
	return v <= size + 1 && v <= RECORD_LIST_MAX ? v : 0;
}

/* Make `child` the entry `key` of an object, or the next of a list. */
static int
join(struct walk *w, json_t *node, const char *key, json_t *child)
{
	int rc = json_is_array(node) ? json_array_append(node, child)
				     : json_object_set(node, key, child);

	return rc == 0 ? 0 : fail(w, "no memory");
}

/*
 * Follow `rest` from `node` and put the leaf there. What is missing is built
 * apart and joined last, so that a failure leaves nothing behind.
 */
static int
place(struct walk *w, json_t *node, const char *rest, json_t *leaf, bool append)
{
	char key[RECORD_KEY_MAX + 1];
	size_t n = strcspn(rest, "."), size = json_array_size(node), index;
	json_t *child, *fresh = NULL;
	int rc = -1;

	memcpy(key, rest, n);
	key[n] = '\0';
	if (json_is_array(node)) {
		index = segment_index(key, size);
		if (index == 0)
			return fail(w, "give the number of an object, 1 to %zu",
				    size < RECORD_LIST_MAX ? size + 1 : size);
		if (rest[n] == '\0')
			return fail(w, "is an object; name one of its fields");
		child = json_array_get(node, index - 1);
	} else {
		if (rest[n] == '\0')
			return place_leaf(w, node, key, leaf, append);
		child = json_object_get(node, key);
	}
	rest += n + 1;
	if (child == NULL)
		child = fresh = is_digits(rest, strcspn(rest, "."))
				    ? json_array()
				    : json_object();
	if (child == NULL)
		fail(w, "no memory");
	else if (!json_is_object(child) && !json_is_array(child))
		fail(w, "a part of the name holds a value already");
	else
		rc = place(w, child, rest, leaf, append);
	if (rc == 0 && fresh != NULL)
		rc = join(w, node, key, fresh);
	json_decref(fresh);
	return rc;
}

/* Are these segments of names, not too many? */
static int
check_dotted(struct walk *w)
{
	const char *p = w->name;
	unsigned depth = 1;

	for (;;) {
		size_t n = strcspn(p, ".");

		if (!is_key(p, n))
			return fail(w,
				    "is not a name: segments of 1 to %d of "
				    "a-z 0-9 _ with dots between",
				    RECORD_KEY_MAX);
		if (p[n] == '\0')
			return 0;
		if (++depth > RECORD_DEPTH_MAX)
			return fail(w, "is deeper than %d", RECORD_DEPTH_MAX);
		p += n + 1;
	}
}

int
record_set(json_t *fields, const char *dotted, const char *value, char *why,
	   size_t cap)
{
	static const struct record_field free_text = {.type = RECORD_TEXT};
	struct walk w = {.why = why, .cap = cap};
	const struct record_field *f = &free_text;
	json_t *leaf;
	int rc;

	if (!json_is_object(fields))
		return fail(&w, "must be an object");
	enter(&w, dotted);
	if (check_dotted(&w) != 0)
		return -1;
	if (strncmp(dotted, "x_", 2) != 0)
		f = find(w.name);
	if (f == NULL)
		return fail_unknown(&w);
	if (f->type == RECORD_GROUP || f->type == RECORD_OBJECTS)
		return fail(&w, "is a %s; name one of its fields",
			    record_type_name(f->type));
	leaf = make_value(&w, f, value);
	if (leaf == NULL)
		return -1;
	rc = place(&w, fields, w.name, leaf,
		   f->type == RECORD_TEXTS || f->type == RECORD_CHOICES);
	json_decref(leaf);
	return rc;
}

/* Is `json` no deeper than `left` objects and lists? */
static bool
is_shallow(const json_t *json, unsigned left)
{
	const char *key;
	json_t *member;

	if (!json_is_object(json) && !json_is_array(json))
		return true;
	if (left == 0)
		return false;
	for (size_t i = 0; i < json_array_size(json); i++)
		if (!is_shallow(json_array_get(json, i), left - 1))
			return false;
	json_object_foreach (unconst(json), key, member)
		if (!is_shallow(member, left - 1))
			return false;
	return true;
}

static int
merge(json_t *into, const json_t *from)
{
	const char *key;
	json_t *member;

	json_object_foreach (unconst(from), key, member) {
		json_t *child = json_object_get(into, key);

		if (json_is_null(member)) {
			json_object_del(into, key);
			continue;
		}
		if (!json_is_object(member)) {
			if (json_object_set_new_nocheck(
				into, key, json_deep_copy(member)) != 0)
				return -1;
			continue;
		}
		if (!json_is_object(child)) {
			child = json_object();
			if (json_object_set_new_nocheck(into, key, child) != 0)
				return -1;
		}
		if (merge(child, member) != 0)
			return -1;
		if (json_object_size(child) == 0)
			json_object_del(into, key);
	}
	return 0;
}

int
record_merge(json_t *into, const json_t *from, char *why, size_t cap)
{
	struct walk w = {.why = why, .cap = cap};

	if (!json_is_object(into) || !json_is_object(from))
		return fail(&w, "must be an object");
	if (!is_shallow(from, RECORD_DEPTH_MAX))
		return fail(&w, "is deeper than %d", RECORD_DEPTH_MAX);
	if (merge(into, from) != 0)
		return fail(&w, "no memory");
	return 0;
}

const char *
record_type_name(enum record_type type)
{
	static const char *const names[] = {
	    [RECORD_TEXT] = "text",
	    [RECORD_DATE] = "date",
	    [RECORD_INTEGER] = "integer",
	    [RECORD_BOOLEAN] = "boolean",
	    [RECORD_CHOICE] = "choice",
	    [RECORD_TEXTS] = "list of texts",
	    [RECORD_CHOICES] = "list of choices",
	    [RECORD_GROUP] = "group",
	    [RECORD_OBJECTS] = "list of objects",
	};

	return names[type];
}
