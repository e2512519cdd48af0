/*
 * vault/court/package.h: a package in a zip file that a stranger has sent, from
 * the listing to each file's bytes.
 */
#include "package.h"

#include "fuzz.h"
#include "zipform.h"

#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

/* A file may be unpacked to a thousand times its size; that takes time. */
#define SIZE_MAX_HERE (1u << 20)

static int
sum(void *ctx, const void *bytes, size_t len, struct err *e)
{
	uint64_t *n = ctx;
	const uint8_t *b = bytes;
	unsigned all = 0;

	(void)e;
	for (size_t i = 0; i < len; i++)
		all += b[i];
	MUST(all <= 255 * len);
	*n += len;
	return 0;
}

/* The file that is open, and its name for others. */
static int
file_of(const uint8_t *data, size_t len, char path[64])
{
	int fd = memfd_create("package", MFD_CLOEXEC);

	MUST(fd >= 0);
	MUST(len == 0 || write(fd, data, len) == (ssize_t)len);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

static void
read_all(struct package *p)
{
	size_t n;
	struct package_file *f = package_files(p, &n);

	for (size_t i = 0; i < n; i++) {
		struct err e = {0};
		uint64_t got = 0;

		MUST(bagit_is_path(f[i].path, strlen(f[i].path)));
		MUST(i == 0 || strcmp(f[i - 1].path, f[i].path) <= 0);
		if (f[i].size > SIZE_MAX_HERE)
			continue;
		if (package_stream(p, &f[i], sum, &got, &e) == 0)
			MUST(got == f[i].size && f[i].is_hashed &&
			     package_stream(p, &f[i], NULL, NULL, &e) == 0);
		else
			MUST(e.code != ERR_NONE);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct err e = {0};
	struct package *p;
	char path[64];
	int fd = file_of(data, len, path);

	p = package_open(path, &e);
	if (p == NULL)
		MUST(e.code != ERR_NONE && e.msg[0] != '\0');
	else
		MUST(package_is_zip(p));
	if (p != NULL)
		read_all(p);
	package_close(p);
	close(fd);
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

struct seed_member {
	const char *name, *text;
	bool deflated;
	uint8_t bytes[128];
	unsigned at, packed;
};

/* What a member's header and the directory say alike. */
static uint8_t *
about(uint8_t *p, const struct seed_member *m)
{
	unsigned n = (unsigned)strlen(m->text);

	p = u16(u16(p, 20), 0x800);
	p = u16(u16(u16(p, m->deflated ? 8 : 0), 0), 0x21);
	p = u32(p, (unsigned)crc32(0, (const uint8_t *)m->text, n));
	return u16(u32(u32(p, m->packed), n), (unsigned)strlen(m->name));
}

static void
pack(struct seed_member *m)
{
	z_stream z = {0};

	m->packed = (unsigned)strlen(m->text);
	memcpy(m->bytes, m->text, m->packed);
	if (!m->deflated)
		return;
	MUST(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) ==
	     Z_OK);
	z.next_in = (uint8_t *)(uintptr_t)m->text;
	z.avail_in = m->packed;
	z.next_out = m->bytes;
	z.avail_out = sizeof m->bytes;
	MUST(deflate(&z, Z_FINISH) == Z_STREAM_END);
	m->packed = (unsigned)z.total_out;
	deflateEnd(&z);
}

static void
put_zip(fuzz_put *put, struct seed_member *m, unsigned n)
{
	static uint8_t zip[2048];
	uint8_t *p = zip, *dir;

	for (unsigned i = 0; i < n; i++) {
		pack(&m[i]);
		m[i].at = (unsigned)(p - zip);
		p = u16(about(u32(p, 0x04034b50), &m[i]), 0);
		p = (uint8_t *)stpcpy((char *)p, m[i].name);
		memcpy(p, m[i].bytes, m[i].packed);
		p += m[i].packed;
	}
	dir = p;
	for (unsigned i = 0; i < n; i++) {
		p = about(u16(u32(p, 0x02014b50), 0x314), &m[i]);
		p = u16(u16(u16(u16(p, 0), 0), 0), 0);
		p = u32(u32(p, 0x81a40000), m[i].at);
		p = (uint8_t *)stpcpy((char *)p, m[i].name);
	}
	n = (unsigned)(p - dir);
	p = u16(u16(u32(p, 0x06054b50), 0), 0);
	p = u16(u16(p, m[1].name != NULL ? 2 : 1), m[1].name != NULL ? 2 : 1);
	p = u16(u32(u32(p, n), (unsigned)(dir - zip)), 0);
	put(zip, (size_t)(p - zip));
}

void
fuzz_seeds(fuzz_put *put)
{
	struct seed_member two[2] = {
	    {.name = "e/proof/exhibit.txt", .text = "hello"},
	    {.name = "e/data/a",
	     .text = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	     .deflated = true}};
	struct seed_member one[2] = {
	    {.name = "e/tagmanifest-sha256.txt", .text = ""}};

	put_zip(put, two, 2);
	put_zip(put, one, 1);
	put("", 0);
}
