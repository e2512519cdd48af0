#include "packscan.h"

#include "caps.h"
#include "gitdelta.h"
#include "hash.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define HEAD_LEN 12
#define TRAILER_LEN 20
#define SIZE_BITS_MAX 32 /* of an object's size */

#define BASE_LEN 20    /* bytes of a base's id */
#define DEPTH_GUESS 50 /* of a base that is named by its id */
#define DELTA_SIZES 20 /* bytes that a delta's two sizes can take */

enum state { HEAD, OBJECT, SIZE, BASE_AT, BASE_ID, DATA, TRAILER, END };

enum { OFS_DELTA = 6, REF_DELTA = 7 };

/* Where an object began, and on how many others it rests. */
struct place {
	uint64_t at;
	uint32_t depth;
};

struct packscan {
	enum state state;
	uint8_t head[HEAD_LEN];
	size_t have;   /* bytes of the head or trailer */
	uint32_t left; /* objects to come */
	uint64_t size; /* of the object at hand */
	unsigned shift;
	z_stream z;
	bool inflating;
	uint32_t objects; /* in all */
	unsigned type;	  /* of the object at hand */
	bool deltas;	  /* are taken */
	uint64_t work;	  /* bytes that unfolding them may still make */
	uint64_t most;	  /* bytes that all may inflate to */
	uint64_t most_objects;
	uint64_t at;   /* bytes that have passed */
	uint64_t back; /* how far back the base begins */
	struct place *places;
	size_t n_places, cap_places;
	uint8_t sizes[DELTA_SIZES];
	size_t n_sizes;
	uint8_t base_id[BASE_LEN];
	uint32_t base_number; /* of an OFS_DELTA */
	uint32_t number;      /* of the object at hand, from 0 */

	/* where objects are handed out */
	bool hands_out;
	struct packscan_out out;
	uint8_t *data, *unfolded; /* PACKSCAN_OBJECT_MAX each */
	struct hash *sha1;
	uint8_t trailer[TRAILER_LEN];
};

struct packscan *
packscan_new(void)
{
	struct packscan *s = calloc(1, sizeof *s);

	if (s != NULL)
		s->most = s->most_objects = UINT64_MAX;
	return s;
}

void
packscan_free(struct packscan *s)
{
	if (s == NULL)
		return;
	if (s->inflating)
		inflateEnd(&s->z);
	free(s->places);
	free(s->data);
	free(s->unfolded);
	hash_free(s->sha1);
	free(s);
}

int
packscan_hand_out(struct packscan *s, const struct packscan_out *out)
{
	s->out = *out;
	s->hands_out = true;
	s->data = malloc(PACKSCAN_OBJECT_MAX);
	s->unfolded = malloc(PACKSCAN_OBJECT_MAX);
	s->sha1 = hash_new(HASH_SHA1);
	return s->data != NULL && s->unfolded != NULL && s->sha1 != NULL ? 0
									 : -1;
}

void
packscan_take_deltas(struct packscan *s, uint64_t work)
{
	s->deltas = true;
	s->work = work;
}

void
packscan_limit(struct packscan *s, uint64_t bytes, uint64_t objects)
{
	s->most = bytes;
	s->most_objects = objects;
}

uint32_t
packscan_objects(const struct packscan *s)
{
	return s->objects;
}

bool
packscan_is_whole(const struct packscan *s)
{
	return s->state == END;
}

static int
refuse(struct err *e, const char *why)
{
	return err_set(e, ERR_EVIDENCE, "git pack: %s", why);
}

static int
take_head(struct packscan *s, uint8_t byte, struct err *e)
{
	s->head[s->have++] = byte;
	if (s->have < HEAD_LEN)
		return 0;
	if (memcmp(s->head, "PACK\0\0\0\2", 8) != 0)
		return refuse(e, "not a pack of version 2");
	s->left = (uint32_t)s->head[8] << 24 | (uint32_t)s->head[9] << 16 |
		  (uint32_t)s->head[10] << 8 | s->head[11];
	s->have = 0;
	s->objects = s->left;
	if (s->objects > s->most_objects)
		return caps_exceeded("more git objects", e);
	s->state = s->left > 0 ? OBJECT : TRAILER;
	return 0;
}

/* Remember where the object at hand begins. */
static int
begin_object(struct packscan *s, struct err *e)
{
	if (!s->deltas)
		return 0;
	if (s->n_places == s->cap_places) {
		size_t cap = s->cap_places > 0 ? 2 * s->cap_places : 1024;
		void *p = realloc(s->places, cap * sizeof *s->places);

		if (p == NULL)
			return err_memory(e);
		s->places = p;
		s->cap_places = cap;
	}
	s->places[s->n_places++] = (struct place){s->at, 0};
	return 0;
}

/* The base lies `back` bytes before the object at hand: it must be one. */
static int
find_base(struct packscan *s, struct err *e)
{
	struct place *own = &s->places[s->n_places - 1];
	size_t low = 0, high = s->n_places - 1;
	uint64_t want = s->back < own->at ? own->at - s->back : 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->places[mid].at < want)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == s->n_places - 1 || s->places[low].at != want)
		return refuse(e, "a delta whose base is not there");
	own->depth = s->places[low].depth + 1;
	s->base_number = (uint32_t)low;
	return 0;
}

/* The header is read: the object's data follows. */
static int
begin_data(struct packscan *s, struct err *e)
{
	if (s->size > PACKSCAN_OBJECT_MAX)
		return refuse(e, "an object larger than any in a vault");
	if (s->size > s->most)
		return caps_exceeded("more history", e);
	s->most -= s->size;
	memset(&s->z, 0, sizeof s->z);
	if (inflateInit(&s->z) != Z_OK)
		return err_memory(e);
	s->inflating = true;
	s->n_sizes = 0;
	s->state = DATA;
	return 0;
}

/* How far back an OFS_DELTA's base is: git's own kind of number. */
static int
take_base_at(struct packscan *s, uint8_t byte, struct err *e)
{
	if (s->have++ > 0)
		s->back++;
	if (s->back >> 48 != 0)
		return refuse(e, "a delta whose base is not there");
	s->back = s->back << 7 | (byte & 0x7f);
	if ((byte & 0x80) != 0)
		return 0;
	s->have = 0;
	return find_base(s, e) == 0 ? begin_data(s, e) : -1;
}

/* The two sizes that a delta begins with: of the base, and of the result. */
static int
check_delta(struct packscan *s, uint64_t *base, uint64_t *result, struct err *e)
{
	uint64_t work;

	if (gitdelta_sizes(s->sizes, s->n_sizes, base, result) != FORMAT_OK)
		return refuse(e, "a delta of no form");
	if (*base > PACKSCAN_OBJECT_MAX || *result > PACKSCAN_OBJECT_MAX)
		return refuse(e, "an object larger than any in a vault");
	work = *result * (s->places[s->n_places - 1].depth + 1);
	if (work > s->work)
		return refuse(e, "its deltas unfold to too much");
	s->work -= work;
	return 0;
}

/* A delta is whole: unfold it and hand it out. */
static int
hand_out_delta(struct packscan *s, uint64_t base, uint64_t result,
	       struct err *e)
{
	const uint8_t *data = NULL;
	unsigned type = 0;
	size_t len = 0;
	int rc = s->out.base(s->out.ctx, s->base_number,
			     s->type == REF_DELTA ? s->base_id : NULL, &type,
			     &data, &len, e);

	if (rc < 0)
		return -1;
	if (rc > 0 || len != base)
		return refuse(e, "a delta whose base is not there");
	if (result > s->most)
		return caps_exceeded("more history", e);
	s->most -= result;
	if (gitdelta_apply(data, len, s->data, (size_t)s->size, s->unfolded,
			   (size_t)result) != FORMAT_OK)
		return refuse(e, "a delta of no form");
	return s->out.object(s->out.ctx, type, s->unfolded, (size_t)result, e);
}

/* An object's data is whole. */
static int
end_object(struct packscan *s, struct err *e)
{
	uint64_t base = 0, result = 0;
	bool delta = s->type >= OFS_DELTA;
	int rc = 0;

	if (delta && check_delta(s, &base, &result, e) != 0)
		return -1;
	if (s->hands_out)
		rc = delta ? hand_out_delta(s, base, result, e)
			   : s->out.object(s->out.ctx, s->type, s->data,
					   (size_t)s->size, e);
	s->number++;
	s->state = --s->left > 0 ? OBJECT : TRAILER;
	return rc;
}

static int
take_object_head(struct packscan *s, uint8_t byte, struct err *e)
{
	unsigned type = byte >> 4 & 7;

	if (s->state == OBJECT) {
		s->type = type;
		if ((type < 1 || type > 3) &&
		    (!s->deltas || (type != OFS_DELTA && type != REF_DELTA)))
			return refuse(e, "a delta, or an object of a type that"
					 " no vault has");
		if (begin_object(s, e) != 0)
			return -1;
		s->size = byte & 15;
		s->shift = 4;
	} else {
		if (s->shift >= SIZE_BITS_MAX)
			return refuse(e,
				      "an object larger than any in a vault");
		s->size |= (uint64_t)(byte & 0x7f) << s->shift;
		s->shift += 7;
	}
	s->state = SIZE;
	if ((byte & 0x80) != 0)
		return 0;
	if (s->type == OFS_DELTA || s->type == REF_DELTA) {
		s->state = s->type == OFS_DELTA ? BASE_AT : BASE_ID;
		s->back = 0;
		return 0;
	}
	return begin_data(s, e);
}

static int
take_base_id(struct packscan *s, uint8_t byte, struct err *e)
{
	s->base_id[s->have] = byte;
	if (++s->have < BASE_LEN)
		return 0;
	s->have = 0;
	s->places[s->n_places - 1].depth = DEPTH_GUESS;
	return begin_data(s, e);
}

/* Inflated bytes of the object at hand, the last of which end at total_out. */
static void
take_out(struct packscan *s, const uint8_t *out, size_t len)
{
	for (size_t i = 0; s->n_sizes < DELTA_SIZES && i < len; i++)
		s->sizes[s->n_sizes++] = out[i];
	if (s->hands_out)
		memcpy(s->data + (s->z.total_out - len), out, len);
}

/* Inflate what there is; *used bytes of it belong to this object. */
static int
take_data(struct packscan *s, const uint8_t *bytes, size_t len, size_t *used,
	  struct err *e)
{
	uint8_t out[16384];
	int rc = Z_OK;

	s->z.next_in = (uint8_t *)(uintptr_t)bytes;
	s->z.avail_in = (unsigned)len;
	do {
		s->z.next_out = out;
		s->z.avail_out = sizeof out;
		rc = inflate(&s->z, Z_NO_FLUSH);
		if ((rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) ||
		    s->z.total_out > s->size)
			return refuse(e, "an object does not inflate to what"
					 " it announces");
		take_out(s, out, sizeof out - s->z.avail_out);
	} while (rc == Z_OK && (s->z.avail_in > 0 || s->z.avail_out == 0));
	*used = len - s->z.avail_in;
	if (rc != Z_STREAM_END)
		return 0;
	if (s->z.total_out != s->size)
		return refuse(e, "an object does not inflate to what it"
				 " announces");
	inflateEnd(&s->z);
	s->inflating = false;
	return end_object(s, e);
}

static int
take_trailer(struct packscan *s, uint8_t byte, struct err *e)
{
	uint8_t sum[TRAILER_LEN];

	s->trailer[s->have++] = byte;
	if (s->have < TRAILER_LEN)
		return 0;
	s->state = END;
	if (!s->hands_out)
		return 0;
	hash_final(s->sha1, sum);
	return memcmp(sum, s->trailer, TRAILER_LEN) == 0
		   ? 0
		   : refuse(e, "its own SHA-1 is another");
}

int
packscan_put(struct packscan *s, const void *data, size_t len, struct err *e)
{
	const uint8_t *p = data;

	while (len > 0) {
		size_t used = 1;
		bool summed = s->hands_out && s->state < TRAILER;
		int rc = 0;

		switch (s->state) {
		case HEAD:
			rc = take_head(s, *p, e);
			break;
		case OBJECT:
		case SIZE:
			rc = take_object_head(s, *p, e);
			break;
		case BASE_AT:
			rc = take_base_at(s, *p, e);
			break;
		case BASE_ID:
			rc = take_base_id(s, *p, e);
			break;
		case DATA:
			rc = take_data(s, p, len < (1u << 30) ? len : 1u << 30,
				       &used, e);
			break;
		case TRAILER:
			rc = take_trailer(s, *p, e);
			break;
		case END:
			return refuse(e, "something follows it");
		}
		if (rc != 0)
			return -1;
		if (summed)
			hash_update(s->sha1, p, used);
		s->at += used;
		p += used;
		len -= used;
	}
	return 0;
}
