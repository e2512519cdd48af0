/* What the parts of doctor.c share. Not for others. */
#ifndef MUNIMENT_DOCTOR_INSIDE_H
#define MUNIMENT_DOCTOR_INSIDE_H

#include "doctor.h"

#include <stddef.h>

enum doctor_state { DOCTOR_HOLDS, DOCTOR_LACKS, DOCTOR_UNKNOWN };

/* Add a line to the list. `hint` may be NULL. */
void doctor_say(json_t *list, const char *check, enum doctor_state state,
		const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* The beginning of a small file, without its last line feed: its length; -1. */
long doctor_read(const char *path, char *out, size_t cap);

void doctor_libraries(json_t *list);		  /* doctor_libs.c */
void doctor_vault(json_t *list, const char *dir); /* doctor_files.c */
void doctor_identity(json_t *list, const char *path);

#endif
