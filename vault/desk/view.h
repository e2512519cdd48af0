/* An index as JSON documents: what desk.h hands to the commands. */
#ifndef MUNIMENT_VIEW_H
#define MUNIMENT_VIEW_H

#include "index.h"

#include <jansson.h>

/* New references, or NULL without memory. */
json_t *view_cases(struct index *x);
json_t *view_members(struct index *x, const struct index_case *c);
json_t *view_item(struct index *x, const struct index_item *item);
json_t *view_history(struct index *x, const struct index_item *item);
json_t *view_custody(struct index *x, const struct index_item *item);

#endif
