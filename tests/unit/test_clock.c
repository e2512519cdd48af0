/* vault/base/clock.h: times, and those that have no form. */
#include "clock.h"

#include "mutants.h"

static const struct {
	time_t t;
	const char *text;
} times[] = {
    {0, "1970-01-01T00:00:00Z"},
    {1000000000, "2001-09-09T01:46:40Z"},
    {951782400, "2000-02-29T00:00:00Z"},
    {4107542399, "2100-02-28T23:59:59Z"},
    {4107542400, "2100-03-01T00:00:00Z"},
    {2147483648, "2038-01-19T03:14:08Z"},
    {-1, "1969-12-31T23:59:59Z"},
    {253402300799, "9999-12-31T23:59:59Z"},
    {253402300800, "1970-01-01T00:00:00Z"},
    {-62135596801, "1970-01-01T00:00:00Z"},
    {INT64_MAX, "1970-01-01T00:00:00Z"},
    {INT64_MIN, "1970-01-01T00:00:00Z"},
};

static void
formats(void **state)
{
	char out[CLOCK_LEN];

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		clock_format(times[i].t, out);
		assert_string_equal(out, times[i].text);
	}
}

/* Local time is not looked at; the length is always the same. */
static void
is_utc(void **state)
{
	char a[CLOCK_LEN], b[CLOCK_LEN];

	(void)state;
	assert_int_equal(setenv("TZ", "XST-11:30", 1), 0);
	tzset();
	clock_format(1000000000, a);
	assert_string_equal(a, "2001-09-09T01:46:40Z");
	for (time_t t = -62135596800; t < 253402300799; t += 9876543210) {
		clock_format(t, a);
		assert_int_equal(strlen(a), CLOCK_LEN - 1);
	}
	clock_format(time(NULL), a);
	clock_now(b);
	assert_true(strcmp(a, b) <= 0);
	assert_memory_equal(a, b, 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(formats),
	    cmocka_unit_test(is_utc),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
