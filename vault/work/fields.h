/* The fields of a record, as a command line gives them. */
#ifndef MUNIMENT_FIELDS_H
#define MUNIMENT_FIELDS_H

#include "desk.h"

/*
 * Put what the command line says over `fields`, and check the whole: 0, or -1
 * with `e` filled.
 */
int fields_apply(json_t *fields, const struct desk_fields *f, struct err *e);

#endif
