/*
 * The segments of large files on their way into a case: cut where the case's
 * key says (cutter.h), each compared with those that the case holds, and
 * locked into an object of its own if it is new.
 *
 * A segment is the same as a held one only if that one was opened, is what its
 * name says, and has the same bytes. Only what this case holds is looked at.
 */
#ifndef MUNIMENT_SEGMENTS_H
#define MUNIMENT_SEGMENTS_H

#include "index.h"
#include "writer.h"

#include <jansson.h>

#define SEGMENTS_PIECE (256u << 10) /* bytes that are read at a time */
#define SEGMENTS_UNCUT (4u << 20)   /* bytes of a file that is never cut */

struct segments;

/*
 * `w` has been put to the case. The key for cutting follows from that of the
 * epoch which is written to; who does not hold that (a collector) cuts by
 * chance. NULL with `e` filled.
 */
struct segments *segments_new(struct index *x, struct writer *w,
			      const char *case_id, struct err *e);
void segments_free(struct segments *s);

/*
 * A segment that the case holds, as a record lists it, and where it begins in
 * its file (*offset, which is moved behind it): it may be shared from now on.
 * What is not of the form is passed over. -1: no memory.
 */
int segments_held(struct segments *s, uint64_t *offset, const char *text);

/*
 * Begin a file of `size` bytes. Its segments are appended to `list`, in order,
 * while the pool (writer_pool) takes up what has been done.
 */
void segments_begin(struct segments *s, uint64_t size, json_t *list);
/* Where the next bytes of the file go, SEGMENTS_PIECE at most. NULL with `e`
 * filled. */
uint8_t *segments_room(struct segments *s, struct err *e);
/* There are `n` bytes there now. */
int segments_put(struct segments *s, size_t n, struct err *e);
/* That was all. A file that is not ended leaves segments that nothing names. */
int segments_end(struct segments *s, struct err *e);

#endif
