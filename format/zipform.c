#include "zipform.h"

#include <string.h>

#define END 22	     /* bytes of the end record without comment */
#define END64 56     /* of ZIP64's end record */
#define LOCATOR64 20 /* of what says where that is */
#define CENTRAL 46   /* of a directory's entry without name */
#define FULL16 0xffffu
#define FULL32 0xffffffffu

#define FLAG_DESCRIPTOR 0x0008
/* deflate's options, the descriptor, UTF-8: all that may be set */
#define FLAGS (0x0006 | FLAG_DESCRIPTOR | 0x0800)

static uint16_t
u16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t
u32(const uint8_t *p)
{
	return u16(p) | (uint32_t)u16(p + 2) << 16;
}

static uint64_t
u64(const uint8_t *p)
{
	return u32(p) | (uint64_t)u32(p + 4) << 32;
}

/* ZIP64's end record and locator stand right before the end record. */
static enum format_result
end64(const uint8_t *p, uint64_t file_len, struct zipform_end *out)
{
	const uint8_t *l = p + END64;

	if (u32(p) != 0x06064b50 || u64(p + 4) != END64 - 12 ||
	    u32(p + 16) != 0 || u32(p + 20) != 0 || u64(p + 24) != u64(p + 32))
		return FORMAT_MALFORMED;
	if (u32(l) != 0x07064b50 || u32(l + 4) != 0 || u32(l + 16) != 1 ||
	    u64(l + 8) != file_len - END - LOCATOR64 - END64)
		return FORMAT_MALFORMED;
	out->members = u64(p + 32);
	out->len = u64(p + 40);
	out->at = u64(p + 48);
	return FORMAT_OK;
}

enum format_result
zipform_end(const uint8_t *tail, size_t len, uint64_t file_len,
	    struct zipform_end *out)
{
	const uint8_t *p = tail + len - END;
	uint64_t behind = END;
	bool is64;

	memset(out, 0, sizeof *out);
	if (len < END || len > file_len || u32(p) != 0x06054b50 ||
	    u32(p + 4) != 0 || u16(p + 8) != u16(p + 10) || u16(p + 20) != 0)
		return FORMAT_MALFORMED;
	out->members = u16(p + 10);
	out->len = u32(p + 12);
	out->at = u32(p + 16);
	is64 = len >= ZIPFORM_TAIL && u32(p - LOCATOR64) == 0x07064b50;
	if (!is64 &&
	    (out->members == FULL16 || out->len == FULL32 || out->at == FULL32))
		return FORMAT_MALFORMED;
	if (is64) {
		struct zipform_end small = *out;

		behind = ZIPFORM_TAIL;
		if (end64(p - LOCATOR64 - END64, file_len, out) != FORMAT_OK)
			return FORMAT_MALFORMED;
		/* the short record says the same, or that it does not fit */
		if ((small.members != FULL16 &&
		     small.members != out->members) ||
		    (small.len != FULL32 && small.len != out->len) ||
		    (small.at != FULL32 && small.at != out->at))
			return FORMAT_MALFORMED;
	}
	if (out->len > ZIPFORM_DIR_MAX)
		return FORMAT_LIMIT;
	if (out->at > file_len - behind ||
	    out->len != file_len - behind - out->at ||
	    out->members > out->len / CENTRAL)
		return FORMAT_MALFORMED;
	return FORMAT_OK;
}

/* Sizes that did not fit into 32 bits, in this order; NULL: not wanted. */
struct wide {
	uint64_t *size, *packed, *at;
};

/*
 * Extra fields: only those that change nothing, times and owners. Others could
 * give a member another name, or another content, to those who heed them.
 */
static bool
read_extra(const uint8_t *p, size_t len, struct wide w)
{
	uint64_t *want[3] = {w.size, w.packed, w.at};
	bool wide = false;

	while (len > 0) {
		size_t n, at = 4;

		if (len < 4 || (n = u16(p + 2)) > len - 4)
			return false;
		switch (u16(p)) {
		case 0x0001:
			if (wide)
				return false;
			wide = true;
			for (size_t i = 0; i < 3; i++) {
				if (want[i] == NULL)
					continue;
				if (n + 4 - at < 8)
					return false;
				*want[i] = u64(p + at);
				want[i] = NULL;
				at += 8;
			}
			if (at != n + 4)
				return false;
			break;
		case 0x000a: /* NTFS times */
		case 0x5455: /* Unix times */
		case 0x5855: /* the same, older */
		case 0x7875: /* owner */
			break;
		default:
			return false;
		}
		p += n + 4;
		len -= n + 4;
	}
	return want[0] == NULL && want[1] == NULL && want[2] == NULL;
}

/* What kind of thing it is, by the name and the attributes. */
static bool
read_kind(struct zipform_member *m, unsigned host, uint32_t attributes)
{
	unsigned mode = attributes >> 16 & 0170000;
	bool unixy = host == 3 || host == 19;

	m->is_folder = m->name[m->name_len - 1] == '/';
	if (unixy && mode != 0 && mode != 0100000 && mode != 040000)
		m->is_special = true;
	else if (unixy && mode != 0 && (mode == 040000) != m->is_folder)
		return false;
	else if (!unixy && (attributes & 0x10) != 0 && !m->is_folder)
		return false;
	return !m->is_folder || (m->size == 0 && m->packed == 0 && m->crc == 0);
}

enum format_result
zipform_member(const uint8_t *p, size_t len, struct zipform_member *out,
	       size_t *used)
{
	struct wide w = {NULL, NULL, NULL};
	size_t extra;

	memset(out, 0, sizeof *out);
	if (len < CENTRAL || u32(p) != 0x02014b50)
		return FORMAT_MALFORMED;
	out->flags = u16(p + 8);
	out->crc = u32(p + 16);
	out->packed = u32(p + 20);
	out->size = u32(p + 24);
	out->name_len = u16(p + 28);
	extra = u16(p + 30);
	out->at = u32(p + 42);
	/* no comment, on this disk, only known flags, stored or deflated */
	if (u16(p + 32) != 0 || u16(p + 34) != 0 || out->name_len == 0 ||
	    (out->flags & ~FLAGS) != 0 ||
	    (u16(p + 10) != 0 && u16(p + 10) != 8) ||
	    len - CENTRAL < out->name_len + extra)
		return FORMAT_MALFORMED;
	out->deflated = u16(p + 10) == 8;
	out->descriptor = (out->flags & FLAG_DESCRIPTOR) != 0;
	out->name = (const char *)p + CENTRAL;
	if (out->size == FULL32)
		w.size = &out->size;
	if (out->packed == FULL32)
		w.packed = &out->packed;
	if (out->at == FULL32)
		w.at = &out->at;
	if (!read_extra(p + CENTRAL + out->name_len, extra, w) ||
	    !read_kind(out, p[5], u32(p + 38)) ||
	    (!out->deflated && out->packed != out->size))
		return FORMAT_MALFORMED;
	*used = CENTRAL + out->name_len + extra;
	return FORMAT_OK;
}

size_t
zipform_local_len(const uint8_t *p, size_t len)
{
	if (len < ZIPFORM_LOCAL || u32(p) != 0x04034b50)
		return 0;
	return ZIPFORM_LOCAL + (size_t)u16(p + 26) + u16(p + 28);
}

enum format_result
zipform_local(const uint8_t *p, size_t len, const struct zipform_member *m)
{
	uint64_t packed, size;
	struct wide w = {NULL, NULL, NULL};
	size_t n;
	bool same;

	if (zipform_local_len(p, len) != len)
		return FORMAT_MALFORMED;
	packed = u32(p + 18);
	size = u32(p + 22);
	n = u16(p + 26);
	/* ZIP64 gives both here, whichever of them needs it */
	if (size == FULL32 || packed == FULL32) {
		w.size = &size;
		w.packed = &packed;
	} else if (u16(p + 28) >= 20 && u16(p + ZIPFORM_LOCAL + n) == 1) {
		uint64_t s = 0, k = 0;

		/* said, though it was not needed; it must agree */
		w.size = &s;
		w.packed = &k;
		if (!read_extra(p + ZIPFORM_LOCAL + n, u16(p + 28), w) ||
		    (s != 0 && s != m->size) || (k != 0 && k != m->packed))
			return FORMAT_MALFORMED;
		goto names;
	}
	if (!read_extra(p + ZIPFORM_LOCAL + n, u16(p + 28), w))
		return FORMAT_MALFORMED;
names:
	same = u32(p + 14) == m->crc && packed == m->packed && size == m->size;
	/* with a descriptor behind, all three may be left open */
	if (!same && m->descriptor)
		same = (u32(p + 14) == 0 || u32(p + 14) == m->crc) &&
		       (packed == 0 || packed == m->packed) &&
		       (size == 0 || size == m->size);
	return same && u16(p + 6) == m->flags &&
		       u16(p + 8) == (m->deflated ? 8 : 0) &&
		       n == m->name_len &&
		       memcmp(p + ZIPFORM_LOCAL, m->name, n) == 0
		   ? FORMAT_OK
		   : FORMAT_MALFORMED;
}

bool
zipform_descriptor(const uint8_t *p, size_t len, const struct zipform_member *m)
{
	bool wide;

	if (!m->descriptor)
		return len == 0;
	if (len == 16 || len == 24) {
		if (u32(p) != 0x08074b50)
			return false;
		p += 4;
		len -= 4;
	}
	if (len != 12 && len != 20)
		return false;
	wide = len == 20;
	return u32(p) == m->crc &&
	       (wide ? u64(p + 4) : u32(p + 4)) == m->packed &&
	       (wide ? u64(p + 12) : u32(p + 8)) == m->size;
}
