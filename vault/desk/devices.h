/*
 * The devices of a vault: whose they are, how their logs stand, and which one
 * goes on for which. What the commands see of this (devices_list, devices_new)
 * is JSON, as in desk.h.
 */
#ifndef MUNIMENT_DEVICES_H
#define MUNIMENT_DEVICES_H

#include "desk.h"

struct index;

/*
 * All logs, one object a device, those of one member together:
 * {"device","member","name","state","batches","this_machine",...}; the manual
 * page has the keys. NULL with `e` filled.
 */
json_t *devices_list(struct desk *d, struct err *e);

/*
 * Give this machine a new device key, which goes on for the device that it has
 * written as, or for `follows` (a device by its name's beginning; or NULL).
 * `why` is kept, for all members to read. {"device","follows"}.
 */
json_t *devices_new(const char *dir, const char *identity,
		    const struct secret *pass, const char *follows,
		    const char *why, desk_progress *progress, struct err *e);

/* The same list from an index. NULL without memory. */
json_t *devices_view(struct index *x);
/* Say "device_follows" in each of a list of objects with a "device". */
void devices_mark(struct index *x, json_t *list);
/* Which device goes on for which, as notes in the vault's report. */
int devices_report(struct index *x, struct err *e);

#endif
