/*
 * What is inside archives and mail files (contents.h), for the commands:
 * listed, or taken in as items bound to the item that holds the whole.
 */
#ifndef MUNIMENT_CONTENTSDESK_H
#define MUNIMENT_CONTENTSDESK_H

#include "contents.h"
#include "desk.h"

/*
 * List what is in an item's files, or in a file that is in no vault. A new
 * reference, or NULL with `e` filled:
 *
 * {"name","form","state","why","members":[{"number","path","path_bytes","kind",
 * "size","modified","sha256","item","why"}]}
 *
 * in a list, one for each file of the item. "form" is `archive`, `mail`, or
 * absent if it is neither; "state" `read`, `none`, `encrypted`, `damaged`,
 * `too much` or `stopped`; "item" the item of the same case that holds these
 * bytes.
 */
json_t *desk_contents(struct desk *d, struct contents_work *w, const char *item,
		      bool large, struct err *e);
json_t *desk_contents_file(struct contents_work *w, struct mediatype *m,
			   const char *path, bool large,
			   desk_progress *progress, struct err *e);

/*
 * Take in what is in `n` items of one case, in one go. Those that hold no
 * archive and no mail are passed over, or told as failed if `must`. What a
 * container is of a record becomes its members', too. What of a container
 * cannot be read is told as failed, and the rest goes on; -1 with `e` filled
 * when nothing was written.
 */
int desk_contents_take(struct desk *d, struct contents_work *w,
		       struct mediatype *m, const char *const *items, size_t n,
		       bool large, bool must, desk_told *told, void *ctx,
		       struct desk_sum *sum, struct err *e);

#endif
