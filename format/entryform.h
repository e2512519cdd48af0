/*
 * The members of an entry (FORMAT.md 5): is each of the type and form that its
 * kind has? Canonical JSON says nothing of that. What a later version may add
 * (kinds, members) is left alone.
 */
#ifndef MUNIMENT_ENTRYFORM_H
#define MUNIMENT_ENTRYFORM_H

#include <jansson.h>

/*
 * NULL if all is right, else what is not: static, "its time is none" and the
 * like. Place, salt and signature are for others to check, and the members of
 * acts, which count only as what they are read as.
 */
const char *entryform_wrong(const json_t *doc);

#endif
