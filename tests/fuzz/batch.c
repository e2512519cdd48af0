/* format/batch.h: the batch file. */
#include "batch.h"

#include "fuzz.h"

static void
look_at(const struct batch *b, const char *text, size_t len)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct batch_line *l = &b->lines[i];
		char line[BATCH_LINE_MAX] = "";
		uint8_t key[32];

		MUST(l->text >= text && l->text + l->len < text + len);
		MUST(l->text[l->len] == '\n');
		if (l->kind == BATCH_ENTRY)
			batch_entry_line(l->sha256, l->root, line);
		else if (l->kind == BATCH_OBJECT)
			batch_object_line(l->sha256, l->size, line);
		else if (l->kind == BATCH_SEEN)
			batch_seen_line(l->device, l->size, l->root, line);
		if (l->kind != BATCH_UNKNOWN)
			fuzz_same(line, strlen(line), l->text, l->len);
		if (l->kind == BATCH_SEEN)
			MUST(batch_device_key(l->device, strlen(l->device),
					      key) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len);
	struct batch b = {0};

	if (batch_decode(text, len, &b) == FORMAT_OK) {
		MUST(b.n <= BATCH_LEAVES_MAX);
		look_at(&b, text, len);
	}
	batch_free(&b);
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static char lines[6][BATCH_LINE_MAX];
	uint8_t a[32], b[32];
	char device[BATCH_DEVICE_LEN + 1], *text;
	size_t n = 0;

	fuzz_fill(a, sizeof a);
	memset(b, 0xa5, sizeof b);
	batch_device_name(a, device);
	batch_entry_line(a, b, lines[0]);
	batch_entry_line(b, a, lines[1]);
	batch_object_line(a, 65536, lines[2]);
	batch_seen_line(device, 17, b, lines[3]);
	batch_pads_line(b, lines[4]);
	strcpy(lines[5], "zeta something later");
	for (size_t i = 4; i < 7; i++) {
		text = batch_encode(i == 4 ? lines + 4 : lines, i == 4 ? 1 : i,
				    &n);
		put(text, n);
		free(text);
	}
}
