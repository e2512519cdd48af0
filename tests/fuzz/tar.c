/* format/tarball.h: the one form of tar header. */
#include "tarball.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t in[TARBALL_BLOCK], again[TARBALL_BLOCK];
	char name[100];
	uint64_t size;

	if (len < sizeof in)
		return 0;
	memcpy(in, data, sizeof in);
	if (tarball_decode(in, name, &size) == FORMAT_OK) {
		MUST(strlen(name) < 100 && size <= TARBALL_SIZE_MAX);
		MUST(tarball_fill(size) < TARBALL_BLOCK);
		tarball_header(again, name, size);
		fuzz_same(again, sizeof again, in, sizeof in);
	}
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	uint8_t out[TARBALL_BLOCK];
	char name[100];

	tarball_header(out, "entry.json", 1234);
	put(out, sizeof out);
	memset(name, 'n', 99);
	name[99] = '\0';
	tarball_header(out, name, TARBALL_SIZE_MAX);
	put(out, sizeof out);
}
