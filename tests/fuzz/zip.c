/* format/zipform.h: a zip file, by its directory and by its own headers. */
#include "zipform.h"

#include "fuzz.h"

static void
member(const uint8_t *zip, size_t len, const struct zipform_member *m)
{
	const uint8_t *p;
	size_t n, left;

	MUST(memchr(m->name, '\0', m->name_len) == NULL || m->is_special ||
	     m->name_len > 0);
	if (m->at > len || len - m->at < ZIPFORM_LOCAL)
		return;
	p = zip + m->at;
	left = len - (size_t)m->at;
	n = zipform_local_len(p, left);
	if (n == 0 || n > left || zipform_local(p, n, m) != FORMAT_OK)
		return;
	if (m->packed <= left - n)
		zipform_descriptor(p + n + m->packed,
				   left - n - (size_t)m->packed, m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *zip = (uint8_t *)fuzz_text(data, len);
	size_t tail = len < ZIPFORM_TAIL ? len : ZIPFORM_TAIL;
	struct zipform_end end;
	struct zipform_member m;

	if (zipform_end(zip + len - tail, tail, len, &end) == FORMAT_OK) {
		size_t at = (size_t)end.at, used = 0, left;

		MUST(end.at <= len && end.len <= len - end.at);
		left = (size_t)end.len;
		while (left > 0 &&
		       zipform_member(zip + at, left, &m, &used) == FORMAT_OK) {
			MUST(used > 0 && used <= left);
			member(zip, len, &m);
			at += used;
			left -= used;
		}
	}
	free(zip);
	return 0;
}

static uint8_t *
u16(uint8_t *p, unsigned n)
{
	p[0] = (uint8_t)n;
	p[1] = (uint8_t)(n >> 8);
	return p + 2;
}

static uint8_t *
u32(uint8_t *p, unsigned n)
{
	return u16(u16(p, n & 0xffff), n >> 16);
}

/* What a header and the directory say of "e/a", five bytes stored. */
static uint8_t *
about(uint8_t *p)
{
	p = u16(u16(u16(u16(u16(p, 20), 0x800), 0), 0), 0x21);
	return u16(u32(u32(u32(p, 0x3610a686), 5), 5), 3);
}

void
fuzz_seeds(fuzz_put *put)
{
	static uint8_t zip[256];
	uint8_t *p = zip, *dir, *end;

	p = u16(about(u32(p, 0x04034b50)), 0);
	memcpy(p, "e/ahello", 8);
	dir = p + 8;
	p = u16(u16(u16(about(u16(u32(dir, 0x02014b50), 0x314)), 0), 0), 0);
	p = u32(u32(u16(p, 0), 0x81a40000), 0);
	memcpy(p, "e/a", 3);
	end = p + 3;
	p = u32(u16(u16(u16(u16(u32(end, 0x06054b50), 0), 0), 1), 1),
		(unsigned)(end - dir));
	p = u16(u32(p, (unsigned)(dir - zip)), 0);
	put(zip, (size_t)(p - zip));
}
