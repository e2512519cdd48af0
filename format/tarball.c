#include "tarball.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Offsets in a ustar header: POSIX.1-2017, pax, "ustar Interchange Format" */
enum {
	NAME = 0,
	MODE = 100,
	UID = 108,
	GID = 116,
	SIZE = 124,
	MTIME = 136,
	CHKSUM = 148,
	TYPEFLAG = 156,
	MAGIC = 257,
	VERSION = 263,
};

void
tarball_header(uint8_t out[TARBALL_BLOCK], const char *name, uint64_t size)
{
	char octal[13];
	unsigned sum = 0;

	assert(strlen(name) < 100 && size <= TARBALL_SIZE_MAX);
	memset(out, 0, TARBALL_BLOCK);
	memcpy(out + NAME, name, strlen(name));
	memcpy(out + MODE, "0000644", 7);
	memcpy(out + UID, "0000000", 7);
	memcpy(out + GID, "0000000", 7);
	snprintf(octal, sizeof octal, "%011llo", (unsigned long long)size);
	memcpy(out + SIZE, octal, 11);
	memcpy(out + MTIME, "00000000000", 11);
	memcpy(out + CHKSUM, "        ", 8);
	out[TYPEFLAG] = '0';
	memcpy(out + MAGIC, "ustar", 5);
	memcpy(out + VERSION, "00", 2);
	for (size_t i = 0; i < TARBALL_BLOCK; i++)
		sum += out[i];
	snprintf(octal, sizeof octal, "%06o", sum);
	memcpy(out + CHKSUM, octal, 7); /* with its NUL; the space stays */
}

size_t
tarball_fill(uint64_t size)
{
	return (size_t)((TARBALL_BLOCK - size % TARBALL_BLOCK) % TARBALL_BLOCK);
}

enum format_result
tarball_decode(const uint8_t in[TARBALL_BLOCK], char name[100], uint64_t *size)
{
	uint8_t want[TARBALL_BLOCK];
	uint64_t n = 0;

	if (memchr(in + NAME, 0, 100) == NULL || in[NAME] == 0)
		return FORMAT_MALFORMED;
	for (size_t i = 0; i < 11; i++) {
		uint8_t c = in[SIZE + i];

		if (c < '0' || c > '7')
			return FORMAT_MALFORMED;
		n = n << 3 | (uint64_t)(c - '0');
	}
	strcpy(name, (const char *)in + NAME);
	tarball_header(want, name, n);
	if (memcmp(want, in, TARBALL_BLOCK) != 0)
		return FORMAT_MALFORMED;
	*size = n;
	return FORMAT_OK;
}
