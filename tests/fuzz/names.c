/*
 * What is shown and written of foreign names: err_escape, translit, zones, the
 * name and folder that a file gets, segments.
 */
#include "extract.c"
#include "mediatype.h"
#include "translit.h"
#include "zones.h"

#include "fuzz.h"

static void
safe(const char *s)
{
	for (; *s != '\0'; s++)
		MUST((unsigned char)*s >= 0x20 && *s != 0x7f);
}

static void
names(const char *text)
{
	json_t *file = json_pack("{s:s,s:s}", "name", text, "path", text);
	json_t *raw =
	    json_pack("{s:s,s:s}", "name_bytes", text, "path_bytes", text);
	char name[256], path[FSUTIL_PATH];
	uint8_t sha256[32];
	char bulk[HEX_ID_LEN + 1];
	uint64_t len;

	for (int i = 0; i < 2; i++) {
		const json_t *f = i == 0 ? file : raw;

		if (f == NULL)
			continue;
		if (extract_name(f, name) == 0)
			MUST(strchr(name, '/') == NULL && name[0] != '\0' &&
			     strcmp(name, "..") != 0 && strcmp(name, ".") != 0);
		recorded_path(f, path);
	}
	if (object_segment_parse(text, sha256, &len, bulk) == 0)
		MUST(len > 0 && len <= OBJECT_SEGMENT_MAX);
	json_decref(file);
	json_decref(raw);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len), out[200], type[MEDIATYPE_LEN] = "";
	char formed[ZONES_TEXT_MAX];
	struct zone z, again;

	for (size_t cap = 1; cap <= sizeof out; cap += 66) {
		safe(err_escape(out, cap, text, len));
		translit_ascii(text, out, cap);
		safe(out);
		translit_name(text, out, cap);
		MUST(strpbrk(out, "/ \\:") == NULL);
	}
	if (zones_parse(text, &z)) {
		zones_format(&z, formed);
		MUST(zones_parse(formed, &again));
		zones_fits(&z, ZONES_PAGE);
		zones_fits(&z, ZONES_TIME);
		zones_fits(&z, ZONES_LINES);
	}
	if (len < sizeof type) {
		strcpy(type, text);
		mediatype_clean(type);
	}
	names(text);
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static const char segment[] =
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    " 65536 bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
	static const char *const texts[] = {
	    "1 100 240 500 40 name of a witness",
	    "12.5-14 a voice",
	    "3-9 lines",
	    "\xd0\x96\xd1\x83\xd0\xba \x1b[2J\xe2\x80\xae",
	    "../a/b",
	    "2e2e2f61",
	    "application/pdf",
	    segment};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		put(texts[i], strlen(texts[i]));
}
