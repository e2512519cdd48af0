#include "packscan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define HEAD_LEN 12
#define TRAILER_LEN 20
#define SIZE_BITS_MAX 32 /* of an object's size */

enum state { HEAD, OBJECT, SIZE, DATA, TRAILER, END };

struct packscan {
	enum state state;
	uint8_t head[HEAD_LEN];
	size_t have;   /* bytes of the head or trailer */
	uint32_t left; /* objects to come */
	uint64_t size; /* of the object at hand */
	unsigned shift;
	z_stream z;
	bool inflating;
};

struct packscan *
packscan_new(void)
{
	return calloc(1, sizeof(struct packscan));
}

void
packscan_free(struct packscan *s)
{
	if (s == NULL)
		return;
	if (s->inflating)
		inflateEnd(&s->z);
	free(s);
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
	s->state = s->left > 0 ? OBJECT : TRAILER;
	return 0;
}

/* The header is read: the object's data follows. */
static int
begin_data(struct packscan *s, struct err *e)
{
	if (s->size > PACKSCAN_OBJECT_MAX)
		return refuse(e, "an object larger than any in a vault");
	memset(&s->z, 0, sizeof s->z);
	if (inflateInit(&s->z) != Z_OK)
		return err_set(e, ERR_UNKNOWN, "no memory");
	s->inflating = true;
	s->state = DATA;
	return 0;
}

static int
take_object_head(struct packscan *s, uint8_t byte, struct err *e)
{
	unsigned type = byte >> 4 & 7;

	if (s->state == OBJECT) {
		if (type < 1 || type > 3)
			return refuse(e, "a delta, or an object of a type that"
					 " no vault has");
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
	return (byte & 0x80) != 0 ? 0 : begin_data(s, e);
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
	} while (rc == Z_OK && (s->z.avail_in > 0 || s->z.avail_out == 0));
	*used = len - s->z.avail_in;
	if (rc != Z_STREAM_END)
		return 0;
	if (s->z.total_out != s->size)
		return refuse(e, "an object does not inflate to what it"
				 " announces");
	inflateEnd(&s->z);
	s->inflating = false;
	s->state = --s->left > 0 ? OBJECT : TRAILER;
	return 0;
}

int
packscan_put(struct packscan *s, const void *data, size_t len, struct err *e)
{
	const uint8_t *p = data;

	while (len > 0) {
		size_t used = 1;
		int rc = 0;

		switch (s->state) {
		case HEAD:
			rc = take_head(s, *p, e);
			break;
		case OBJECT:
		case SIZE:
			rc = take_object_head(s, *p, e);
			break;
		case DATA:
			rc = take_data(s, p, len < (1u << 30) ? len : 1u << 30,
				       &used, e);
			break;
		case TRAILER:
			if (++s->have == TRAILER_LEN)
				s->state = END;
			break;
		case END:
			return refuse(e, "something follows it");
		}
		if (rc != 0)
			return -1;
		p += used;
		len -= used;
	}
	return 0;
}
