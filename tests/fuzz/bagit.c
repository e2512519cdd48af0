/* format/bagit.h: the tag files of a package. */
#include "bagit.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len), *again, info_text[BAGIT_INFO_MAX];
	struct bagit_file *files = NULL;
	struct bagit_info info;
	size_t n = 0, again_len = 0;

	if (bagit_manifest_decode(text, len, &files, &n) == FORMAT_OK) {
		for (size_t i = 0; i < n; i++) {
			MUST(bagit_find(files, n, files[i].path) == &files[i]);
			MUST(bagit_is_path(files[i].path,
					   strlen(files[i].path)));
		}
		again = bagit_manifest_encode(files, n, &again_len);
		fuzz_same(again, again_len, text, len);
		free(again);
	}
	free(files);
	if (bagit_info_decode(text, len, &info) == FORMAT_OK) {
		again_len = bagit_info_encode(&info, info_text);
		fuzz_same(info_text, again_len, text, len);
	}
	if (bagit_is_path(text, len))
		MUST(text[0] != '/' && strstr(text, "/../") == NULL &&
		     strlen(text) == len);
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	struct bagit_file files[3] = {{.path = "bagit.txt"},
				      {.path = "data/0001.pdf"},
				      {.path = "proof/t1/token.tsr"}};
	struct bagit_info info = {.agent = "muniment 0.3.0",
				  .date = "2026-11-30",
				  .id = "00112233445566778899aabbccddeeff",
				  .bytes = 1234,
				  .files = 2};
	char out[BAGIT_INFO_MAX], *text;
	size_t n = 0;

	for (size_t i = 0; i < 3; i++)
		fuzz_fill(files[i].sha256, 32);
	text = bagit_manifest_encode(files, 3, &n);
	put(text, n);
	free(text);
	put(out, bagit_info_encode(&info, out));
	put(files[2].path, strlen(files[2].path));
	put(bagit_declaration, strlen(bagit_declaration));
}
