/*
 * Gives a target what is known already, without libFuzzer: its own seeds, then
 * each file that is named. With --seeds FOLDER it writes the seeds there, for
 * libFuzzer to begin with. What goes wrong ends it as it would end the program.
 */
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

static const char *folder; /* to write to, or NULL */
static unsigned count;

static void
take(const void *bytes, size_t len)
{
	char path[1024];
	FILE *f;

	count++;
	if (folder == NULL) {
		LLVMFuzzerTestOneInput(bytes, len);
		return;
	}
	snprintf(path, sizeof path, "%s/seed-%02u", folder, count);
	f = fopen(path, "wb");
	MUST(f != NULL);
	MUST(fwrite(bytes, 1, len, f) == len);
	MUST(fclose(f) == 0);
}

static void
replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes;
	long len;

	MUST(f != NULL);
	MUST(fseek(f, 0, SEEK_END) == 0);
	len = ftell(f);
	MUST(len >= 0);
	rewind(f);
	bytes = malloc((size_t)len + (len == 0));
	MUST(bytes != NULL);
	MUST(fread(bytes, 1, (size_t)len, f) == (size_t)len);
	fclose(f);
	take(bytes, (size_t)len);
	free(bytes);
}

int
main(int argc, char **argv)
{
	int n = 1;

	LLVMFuzzerInitialize(&argc, &argv);
	if (argc == 3 && strcmp(argv[1], "--seeds") == 0) {
		folder = argv[2];
		n = argc;
	}
	fuzz_seeds(take);
	for (; n < argc; n++)
		replay(argv[n]);
	printf("%u\n", count);
	return 0;
}
