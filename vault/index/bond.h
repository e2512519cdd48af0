/*
 * The bond between redacted copies and their originals (format/EXHIBIT.md 3),
 * from either side. That a record names an original is a claim of its author's;
 * what can be checked here is that it is there, and is another file.
 */
#ifndef MUNIMENT_BOND_H
#define MUNIMENT_BOND_H

#include "index.h"

#include <jansson.h>
#include <stdbool.h>

struct bonds; /* all of an index that is not changed meanwhile */

/* NULL without memory. Free takes NULL. */
struct bonds *bonds_new(struct index *x);
void bonds_free(struct bonds *b);
struct index *bonds_index(const struct bonds *b);

/*
 * What a record says of its original: {"entry","item","file","zones",
 * "decided_by","basis","problem"}, of which `problem` says what is the matter:
 * it is not here, cannot be opened, or is not what it is said to be. A new
 * reference; NULL if it names none.
 */
json_t *bonds_original(const struct bonds *b, const struct index_entry *en);

/*
 * The redacted copies of an item, or of one of its versions (`en`, or NULL):
 * [{"item","entry","version","file"}], the entry being the copy's, the version
 * the original's. A new reference; NULL if there are none.
 */
json_t *bonds_copies(const struct bonds *b, const struct index_item *item,
		     const struct index_entry *en);

/*
 * What a record says of the archive or message that its file lay in (FORMAT.md
 * 6): {"entry","item","file","number","path","path_bytes","problem"}. A new
 * reference; NULL if it says nothing.
 */
json_t *bonds_within(const struct bonds *b, const struct index_entry *en);

/* Report what is the matter with any bond. */
void bonds_verify(struct index *x);

#endif
