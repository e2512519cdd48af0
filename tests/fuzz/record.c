/*
 * format/record.h: a record as JSON, checked and merged; and fields that a
 * person typed, "name=value" after "name=value".
 */
#include "record.h"

#include "fuzz.h"

static void
json(const char *text, size_t len)
{
	json_t *doc = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	json_t *into =
	    json_pack("{s:s,s:{s:s}}", "title", "a", "x_a", "b", "c");
	char why[RECORD_WHY_LEN] = "";

	if (doc != NULL) {
		if (record_check(doc, why, sizeof why) != 0)
			MUST(why[0] != '\0');
		record_merge(into, doc, why, sizeof why);
	}
	json_decref(into);
	json_decref(doc);
}

static void
typed(char *text)
{
	json_t *doc = json_object();
	char why[RECORD_WHY_LEN], *save = NULL;

	for (char *l = strtok_r(text, "\n", &save); l != NULL;
	     l = strtok_r(NULL, "\n", &save)) {
		char *value = strchr(l, '=');

		if (value == NULL)
			continue;
		*value++ = '\0';
		why[0] = '\0';
		if (record_set(doc, l, value, why, sizeof why) != 0)
			MUST(why[0] != '\0' && strlen(why) < sizeof why);
		record_is_date(value);
	}
	record_check(doc, why, sizeof why);
	json_decref(doc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len);

	if (text[0] == '{')
		json(text, len);
	else
		typed(text);
	free(text);
	return 0;
}

void
fuzz_seeds(fuzz_put *put)
{
	static const char typed_text[] =
	    "title=A\npersons.1.name=B\npersons.2.name=C\nx_a.b=c\n"
	    "event.date=2026-11-22\nitem.clock_ahead_s=60\n"
	    "kind=testimony\nlanguages=ru\n";
	static const char *const texts[] = {
	    typed_text, "{\"title\":\"A\",\"persons\":[{\"name\":\"B\"}]}",
	    "{\"event\":{\"date\":\"2026-11-22\"},\"title\":null}",
	    "{\"item\":{\"clock_ahead_s\":3},\"x_a\":{\"b\":[\"c\"]}}"};
	size_t n;
	const struct record_field *f = record_fields(&n);

	for (size_t i = 0; i < 4; i++)
		put(texts[i], strlen(texts[i]));
	for (size_t i = 0; i < n; i += 7) {
		char line[256];

		put(line,
		    (size_t)snprintf(line, sizeof line, "%s=1", f[i].name));
	}
}
