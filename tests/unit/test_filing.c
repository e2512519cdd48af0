/* vault/court/filing.h: order, names, findings, what is written. */
#include "filing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* What filing_write wrote: "path size" and the bytes, one behind another. */
struct written {
	char text[1 << 20];
	size_t len;
	uint64_t left;
};

static int
begin(void *ctx, const char *path, uint64_t size, struct err *e)
{
	struct written *w = ctx;

	(void)e;
	w->len += (size_t)snprintf(w->text + w->len, sizeof w->text - w->len,
				   "[%s %llu]", path, (unsigned long long)size);
	w->left = size;
	return 0;
}

static int
bytes(void *ctx, const void *p, size_t len, struct err *e)
{
	struct written *w = ctx;

	(void)e;
	assert_true(len <= w->left && w->len + len < sizeof w->text);
	memcpy(w->text + w->len, p, len);
	w->len += len;
	w->left -= len;
	return 0;
}

static int
end(void *ctx, struct err *e)
{
	(void)e;
	assert_int_equal(((struct written *)ctx)->left, 0);
	return 0;
}

/* Each original is the text of its own path. */
static int
source(void *ctx, const char *path, filing_sink *sink, void *sink_ctx,
       struct err *e)
{
	(void)ctx;
	return sink(sink_ctx, path, strlen(path), e);
}

static const char facts_text[] =
    "{\"made\": \"2026-11-22T08:00:00Z\", \"items\": [{\"number\": 1, \"files\": ["
    "{\"path\": \"data/0001.pdf\", \"size\": 13, \"sha256\": \"aa\","
    " \"media_type\": \"text/plain\", \"name\": \"Протокол.txt\"},"
    "{\"path\": \"data/0002.pdf\", \"size\": 13, \"sha256\": \"bb\","
    " \"media_type\": \"text/plain\"}],"
    " \"fields\": [{\"name\": \"fields.title\", \"value\": \"Приговор\"},"
    "{\"name\": \"fields.document.date\", \"value\": \"~2024-03\"}]},"
    "{\"number\": 2, \"files\": ["
    "{\"path\": \"data/0003.txt\", \"size\": 13, \"sha256\": \"cc\","
    " \"media_type\": \"text/plain\", \"name\": \"../../x y.txt\"}],"
    " \"fields\": [{\"name\": \"fields.item.created\","
    " \"value\": \"1998\"}]},"
    "{\"number\": 3, \"files\": ["
    "{\"path\": \"data/0004.txt\", \"size\": 13, \"sha256\": \"dd\","
    " \"media_type\": \"text/plain\"}]}]}";

static json_t *
check(struct filing_ask *a, const char *profile, const char *values)
{
	struct err e = {0};
	json_t *plan;

	a->profile = profile;
	a->lang = "en";
	a->facts = json_loads(facts_text, 0, NULL);
	a->values = values != NULL ? json_loads(values, 0, NULL) : NULL;
	a->source = source;
	assert_non_null(a->facts);
	assert_int_equal(filing_check(a, &plan, &e), 0);
	assert_non_null(plan);
	return plan;
}

static void
done(struct filing_ask *a, json_t *plan)
{
	json_decref((json_t *)(uintptr_t)a->facts);
	json_decref((json_t *)(uintptr_t)a->values);
	json_decref(plan);
}

static const char *
nth(const json_t *plan, size_t i, const char *key)
{
	return json_string_value(json_object_get(
	    json_array_get(json_object_get(plan, "documents"), i), key));
}

static const char *
file_of(const json_t *plan, size_t i)
{
	const json_t *d = json_array_get(json_object_get(plan, "documents"), i);

	return json_string_value(json_object_get(
	    json_array_get(json_object_get(d, "files"), 0), "path"));
}

static void
order_and_names(void **state)
{
	struct filing_ask a = {0};
	json_t *plan = check(&a, "generic", NULL);

	(void)state;
	/* by date, then undated; what is not shown has no name */
	assert_string_equal(nth(plan, 0, "path"), "data/0003.txt");
	assert_string_equal(file_of(plan, 0), "filing/01_x-y.txt");
	assert_string_equal(nth(plan, 1, "title"), "Приговор (1)");
	assert_string_equal(nth(plan, 1, "ascii"), "Prigovor (1)");
	assert_string_equal(file_of(plan, 1), "filing/02_Prigovor-1.pdf");
	assert_string_equal(nth(plan, 2, "title"), "Приговор (2)");
	assert_string_equal(nth(plan, 3, "title"), "Document 4");
	assert_null(nth(plan, 3, "date"));
	assert_int_equal(json_integer_value(json_object_get(plan, "stops")), 0);
	done(&a, plan);
}

static void
what_the_lawyer_gives(void **state)
{
	struct filing_ask a = {0};
	json_t *plan = check(&a, "generic",
			     "{\"document_4_title\": \"Жалоба\","
			     " \"document_4_date\": \"1997-12-31\"}");
	struct err e = {0};

	(void)state;
	assert_string_equal(nth(plan, 0, "title"), "Жалоба");
	assert_string_equal(file_of(plan, 0), "filing/01_Zhaloba.txt");
	done(&a, plan);
	a.facts = json_loads(facts_text, 0, NULL);
	a.values = json_loads("{\"document_4_date\": \"yesterday\"}", 0, NULL);
	assert_int_equal(filing_check(&a, &plan, &e), -1);
	assert_non_null(strstr(e.msg, "document_4_date"));
	done(&a, NULL);
}

static void
writing(void **state)
{
	static struct written w, again;
	struct filing_out out = {begin, bytes, end, &w};
	struct filing_ask a = {0};
	json_t *plan = check(&a, "generic", NULL);
	struct err e = {0};

	(void)state;
	assert_int_equal(filing_write(&a, plan, &out, &e), 0);
	assert_int_equal(
	    strncmp(w.text, "[filing/01_x-y.txt 13]data/0003.txt[", 36), 0);
	assert_non_null(strstr(w.text, "[filing/LIST.txt "));
	assert_non_null(strstr(w.text, "SHA-256: cc"));
	assert_non_null(strstr(w.text, "In Latin letters: Prigovor (1)"));
	assert_non_null(strstr(w.text, "about 2024-03"));
	assert_non_null(strstr(w.text, "[filing/LIST.html "));
	assert_non_null(memmem(w.text, w.len, "[filing/LIST.pdf ", 17));
	out.ctx = &again;
	assert_int_equal(filing_write(&a, plan, &out, &e), 0);
	assert_int_equal(w.len, again.len);
	assert_memory_equal(w.text, again.text, w.len);
	done(&a, plan);
}

static void
nothing_but_pdf(void **state)
{
	static struct written w;
	struct filing_out out = {begin, bytes, end, &w};
	struct filing_ask a = {0};
	json_t *plan = check(&a, "echr-rule39", NULL);
	struct err e = {0};

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(plan, "stops")), 4);
	/* should the person say so all the same: listed, and left out */
	assert_int_equal(filing_write(&a, plan, &out, &e), 0);
	assert_int_equal(strncmp(w.text, "[filing/LIST.txt ", 17), 0);
	assert_non_null(strstr(w.text, "not in this filing"));
	done(&a, plan);
}

static void
profiles(void **state)
{
	struct filing_ask a = {.profile = "icc"};
	struct err e = {0};
	json_t *plan;

	(void)state;
	for (size_t i = 0; filing_profiles[i] != NULL; i++)
		assert_true(filing_knows(filing_profiles[i]));
	assert_false(filing_knows("icc"));
	assert_int_equal(filing_check(&a, &plan, &e), -1);
	assert_null(plan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(order_and_names),
	    cmocka_unit_test(what_the_lawyer_gives),
	    cmocka_unit_test(writing),
	    cmocka_unit_test(nothing_but_pdf),
	    cmocka_unit_test(profiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
