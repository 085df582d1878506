/* SPDX-License-Identifier: GPL-2.0-only */
/* Sizes, rates and durations: exact values, refusals, and the way back from text. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "base/quantity.h"
#include "guard.h"

typedef int parser(const char *, size_t, __u64 *, const char **);

struct row {
	parser *parse;
	const char *text;
	int error;
	__u64 value;
	const char *why;
};

static const struct row rows[] = {
	{weir_bytes_parse, "0", 0, 0, NULL},
	{weir_bytes_parse, "512B", 0, 512, NULL},
	{weir_bytes_parse, "32kB", 0, 32000, NULL},
	{weir_bytes_parse, "1.6GB", 0, 1600000000, NULL},
	{weir_bytes_parse, "75MiB", 0, 78643200, NULL},
	{weir_bytes_parse, "64KiB", 0, 65536, NULL},
	{weir_bytes_parse, "0.5KiB", 0, 512, NULL},
	{weir_bytes_parse, "18446744073709551615B", 0, ~0ULL, NULL},
	{weir_bytes_parse, "18446744073709551616B", -ERANGE, 0, "is too large"},
	{weir_bytes_parse, "16777216TiB", -ERANGE, 0, "is too large"},
	{weir_bytes_parse, "99999999TB", -ERANGE, 0, "is too large"},
	{weir_bytes_parse, "1000000000000000000000000B", -ERANGE, 0, "has too many digits"},
	{weir_bytes_parse, "1.5B", -EINVAL, 0, "is no whole number of bytes"},
	{weir_bytes_parse, "1600000000", -EINVAL, 0,
	 "needs a unit: B, kB, MB, GB, TB, KiB, MiB, GiB or TiB"},
	{weir_bytes_parse, "1 GB", -EINVAL, 0,
	 "needs a unit: B, kB, MB, GB, TB, KiB, MiB, GiB or TiB"},
	{weir_bytes_parse, "1Gb", -EINVAL, 0,
	 "needs a unit: B, kB, MB, GB, TB, KiB, MiB, GiB or TiB"},
	{weir_bytes_parse, "", -EINVAL, 0, "is not a number with a unit"},
	{weir_bytes_parse, "-1B", -EINVAL, 0, "is not a number with a unit"},
	{weir_bytes_parse, ".5GB", -EINVAL, 0, "is not a number with a unit"},
	{weir_bytes_parse, "1.GB", -EINVAL, 0, "is not a number with a unit"},
	{weir_rate_parse, "20MB/s", 0, 20000000, NULL},
	{weir_rate_parse, "160Mbit/s", 0, 20000000, NULL},
	{weir_rate_parse, "1.25GB/s", 0, 1250000000, NULL},
	{weir_rate_parse, "12.8Gbit/s", 0, 1600000000, NULL},
	{weir_rate_parse, "1MiB/s", 0, 1048576, NULL},
	{weir_rate_parse, "8bit/s", 0, 1, NULL},
	{weir_rate_parse, "9bit/s", -EINVAL, 0, "is no whole number of bytes per second"},
	{weir_rate_parse, "20MB", -EINVAL, 0, "needs a unit such as MB/s, GB/s, Mbit/s or MiB/s"},
	{weir_rate_parse, "20Mb/s", -EINVAL, 0, "needs a unit such as MB/s, GB/s, Mbit/s or MiB/s"},
	{weir_duration_parse, "90s", 0, 90000000000, NULL},
	{weir_duration_parse, "500ms", 0, 500000000, NULL},
	{weir_duration_parse, "1h30m", 0, 5400000000000, NULL},
	{weir_duration_parse, "7d", 0, 604800000000000, NULL},
	{weir_duration_parse, "1.5s", 0, 1500000000, NULL},
	{weir_duration_parse, "0s", -EINVAL, 0, "is no time at all"},
	{weir_duration_parse, "30m1h", -EINVAL, 0, "has its units out of order"},
	{weir_duration_parse, "1h1h", -EINVAL, 0, "has its units out of order"},
	{weir_duration_parse, "60", -EINVAL, 0, "needs a unit: d, h, m, s or ms"},
	{weir_duration_parse, "1w", -EINVAL, 0, "needs a unit: d, h, m, s or ms"},
	{weir_duration_parse, "s", -EINVAL, 0, "is not a number with a unit"},
	{weir_duration_parse, "106752d", -ERANGE, 0, "is too long"},
	{weir_duration_parse, "213504d", -ERANGE, 0, "is too large"},
};

Test(quantity, reads_exactly_or_says_why_not)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		_cleanup_guard_ struct guard guard = guard_of(row->text, strlen(row->text));
		const char *why = NULL;
		__u64 value = 0;
		int r = row->parse(guard.bytes, strlen(row->text), &value, &why);

		cr_expect_eq(r, row->error, "'%s' gave %d", row->text, r);
		cr_expect_eq(value, row->value, "'%s' gave %llu", row->text, value);
		cr_expect_str_eq(why ? why : "", row->why ? row->why : "", "'%s'", row->text);
	}
}

Test(quantity, formats_the_shortest_exact_form)
{
	static const struct {
		__u64 value;
		const char *text;
	} forms[] = {
		{0, "0B"},
		{1, "1B"},
		{1500, "1.5kB"},
		{20000000, "20MB"},
		{1600000000, "1.6GB"},
		{1048576, "1048576B"},
		{~0ULL, "18446744073709551615B"},
	};
	char text[WEIR_QUANTITY_TEXT_MAX];

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		cr_expect_str_eq(weir_bytes_format(forms[i].value, text), forms[i].text);
	cr_expect_str_eq(weir_rate_format(20000000, text), "20MB/s");
}

Test(quantity, reads_back_what_it_formats)
{
	char text[WEIR_QUANTITY_TEXT_MAX];
	unsigned int seed = 11;

	for (int i = 0; i < 100000; i++) {
		__u64 value = ((__u64)rand_r(&seed) << 33 ^ (__u64)rand_r(&seed) << 11) >>
			      rand_r(&seed) % 64;
		__u64 back = 0;

		if (i & 1)
			value = value / 1000000 * 1000000;
		weir_rate_format(value, text);
		cr_assert_eq(weir_rate_parse(text, strlen(text), &back, NULL), 0, "%s", text);
		cr_assert_eq(back, value, "%s", text);
	}
}

Test(quantity, shows_the_two_largest_units_of_a_duration)
{
	static const struct {
		__u64 seconds;
		const char *text;
	} forms[] = {
		{0, "0s"},       {59, "59s"},   {5400, "1h30m"},
		{90061, "1d1h"}, {86405, "1d"}, {3600, "1h"},
	};
	char text[WEIR_QUANTITY_TEXT_MAX];

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		cr_expect_str_eq(weir_duration_format(forms[i].seconds * 1000000000ULL, text),
				 forms[i].text);
	cr_expect_str_eq(weir_duration_format(999999999, text), "0s");
}
