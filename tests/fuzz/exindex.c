/* format/exindex.h: the list of what is in an exhibit package. */
#include "exindex.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len), *again;
	struct exindex x = {0};
	size_t n = 0;

	if (exindex_decode(text, len, &x) == FORMAT_OK) {
		MUST(exindex_stamps(&x) <= x.n_stamps);
		again = exindex_encode(&x, &n);
		fuzz_same(again, n, text, len);
		free(again);
	}
	exindex_free(&x);
	free(text);
	return 0;
}

static void
fill(struct exindex *x)
{
	uint8_t pub[32];

	fuzz_fill(pub, sizeof pub);
	memset(x->vault, 'a', 64);
	for (size_t i = 0; i < x->n_items; i++)
		memset(x->items[i].id, '1' + (int)i, 32);
	for (size_t i = 0; i < x->n_checkpoints; i++) {
		batch_device_name(pub, x->checkpoints[i].device);
		x->checkpoints[i].size = 20 + i;
	}
	for (size_t i = 0; i < x->n_entries; i++) {
		struct exindex_entry *e = &x->entries[i];

		strcpy(e->kind, i < 2 ? "record" : "stamp");
		batch_device_name(pub, e->device);
		e->batch = 9 - i;
		e->item = i < 2 ? (uint32_t)i + 1 : 0;
		e->opened = i == 0;
	}
	x->entries[1].original = 1;
}

void
fuzz_seeds(fuzz_put *put)
{
	struct exindex_item items[2] = {0};
	struct exindex_entry entries[3] = {0};
	struct exindex_file files[2] = {{"data/0001.pdf", 1, 1},
					{"data/0002", 2, 1}};
	struct exindex_checkpoint points[2] = {0};
	struct exindex_pair stamps[3] = {{1, 1}, {1, 2}, {2, 1}};
	struct exindex_pair earlier[1] = {{1, 3}};
	struct exindex_witness who[1] = {{"w.example/1", "B of House"}};
	struct exindex x = {.made = "2026-11-22T08:00:00Z",
			    .by = "0.3.0",
			    .items = items,
			    .n_items = 2,
			    .entries = entries,
			    .n_entries = 3,
			    .files = files,
			    .n_files = 2,
			    .checkpoints = points,
			    .n_checkpoints = 2,
			    .stamps = stamps,
			    .n_stamps = 3,
			    .earlier = earlier,
			    .n_earlier = 1,
			    .witnesses = who,
			    .n_witnesses = 1};
	size_t n = 0;
	char *text;

	fill(&x);
	text = exindex_encode(&x, &n);
	put(text, n);
	free(text);
}
