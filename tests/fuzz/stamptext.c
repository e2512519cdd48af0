/* format/stamptext.h: what is stamped, and paths under it. */
#include "stamptext.h"

#include "fuzz.h"

static void
lines(const char *text, size_t len)
{
	static struct stamptext_line list[STAMPTEXT_LINES_MAX];
	uint8_t entry[32];
	size_t n = 0, again_len = 0;
	char *again;

	if (stamptext_lines_decode(text, len, entry, list, STAMPTEXT_LINES_MAX,
				   &n) != FORMAT_OK)
		return;
	again = stamptext_lines_encode(entry, list, n, &again_len);
	fuzz_same(again, again_len, text, len);
	free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len), again[STAMPTEXT_PATH_FILE_MAX];
	static const enum stamptext_kind kinds[] = {STAMPTEXT_ASK,
						    STAMPTEXT_RENEW};
	struct stamptext_path path;
	uint8_t root[32];
	int k = 0;

	for (size_t i = 0; i < 2; i++)
		if (stamptext_decode(text, len, kinds[i], &k, root) ==
		    FORMAT_OK)
			fuzz_same(again,
				  stamptext_encode(kinds[i], k, root, again),
				  text, len);
	if (stamptext_path_decode(text, len, &path) == FORMAT_OK)
		fuzz_same(again, stamptext_path_encode(&path, again), text,
			  len);
	lines(text, len);
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static struct stamptext_line list[6];
	struct stamptext_path path = {.place = 5, .k = 3};
	char out[STAMPTEXT_PATH_FILE_MAX], *text;
	uint8_t root[32];
	size_t n = 0;

	fuzz_fill(root, sizeof root);
	fuzz_fill(path.path, sizeof path.path);
	put(out, stamptext_encode(STAMPTEXT_ASK, 2, root, out));
	put(out, stamptext_encode(STAMPTEXT_RENEW, 8, root, out));
	put(out, stamptext_path_encode(&path, out));
	for (size_t i = 0; i < 6; i++) {
		stamptext_name(i, list[i].name);
		fuzz_fill(list[i].sha512, 64);
	}
	text = stamptext_lines_encode(root, list, 6, &n);
	put(text, n);
	free(text);
}
