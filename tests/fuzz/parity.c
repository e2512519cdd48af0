/* format/parityform.h: the head of a record of a parity file. */
#include "parityform.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t in[PARITYFORM_HEAD], again[PARITYFORM_HEAD];
	struct parityform f;
	uint32_t record;

	if (len < sizeof in)
		return 0;
	memcpy(in, data, sizeof in);
	if (parityform_decode(in, &f, &record) != FORMAT_OK)
		return 0;
	MUST(f.k > 0 && f.m > 0 && f.block > 0 && f.blocks > 0);
	MUST(record < f.records);
	MUST(parityform_group(&f, record) < f.groups);
	MUST(parityform_row(&f, record) < f.m);
	MUST(parityform_len(&f) >= f.record_len);
	parityform_encode(&f, record, again);
	parityform_decode(again, &f, &record);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static const uint64_t sizes[] = {1, 5000, 1u << 20, 1u << 30};
	uint8_t out[PARITYFORM_HEAD];
	struct parityform f;

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		memset(&f, 0, sizeof f);
		MUST(parityform_plan(&f, sizes[i], 0, 20) == FORMAT_OK);
		fuzz_fill(f.sha256, sizeof f.sha256);
		parityform_encode(&f, 0, out);
		put(out, sizeof out);
		parityform_encode(&f, f.records - 1, out);
		put(out, sizeof out);
	}
}
