/*
 * Collectors, as the office sees them: a seat that writes for one case and
 * reads nothing, a kit for it, and the device that turns up with it.
 */
#ifndef MUNIMENT_COLLECTOR_H
#define MUNIMENT_COLLECTOR_H

#include "desk.h"

/*
 * Make a seat for a collector of a case, and its kit in a new file. `label`
 * (or NULL) is what the case's members shall see the collector called; it is
 * not in the kit. {"seat","case","label","kit","words"}; NULL with `e` filled.
 */
json_t *collector_kit(struct desk *d, const char *case_text, const char *label,
		      const char *path, struct err *e);

/*
 * All collectors: [{"seat","label","cases","admitted_by","retired","devices"}],
 * devices: [{"device","device_words","confirmed","batches"}].
 */
json_t *collector_list(struct desk *d, struct err *e);

/*
 * Say that a device, named by the start of its name, is the one of the
 * collector whose seat it claims: its words were compared.
 * {"device","device_words","seat","label"}.
 */
json_t *collector_confirm(struct desk *d, const char *device, struct err *e);

#endif
