/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists: every format met in the wild, every bad line with its place, and a million lines. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "config/parse.h"
#include "diags_text.h"
#include "guard.h"

#define _cleanup_list_ _cleanup_(weir_list_done)

static int parse(const char *text, struct weir_diags *diags, struct weir_list *ret_list)
{
	_cleanup_guard_ struct guard guard = guard_of(text, strlen(text));

	return weir_list_parse("l", "l.txt", guard.bytes, strlen(text), diags, ret_list);
}

/* "prefix@line " of every entry. */
static const char *entries_text(const struct weir_list *list)
{
	static char text[4096];
	char prefix[WEIR_PREFIX_TEXT_MAX];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < list->count; i++)
		used += snprintf(text + used, sizeof(text) - used, "%s@%u ",
				 weir_prefix_format(list->entries[i].prefix, prefix),
				 list->entries[i].line);
	return text;
}

static void expect(const char *input, const char *entries, const char *warnings)
{
	_cleanup_diags_ struct weir_diags diags = {0};
	_cleanup_list_ struct weir_list list = {0};

	cr_assert_eq(parse(input, &diags, &list), 0, "%s: %s", input, diags_text(&diags));
	cr_expect_str_eq(entries_text(&list), entries, "%s: %s", input, entries_text(&list));
	cr_expect_str_eq(diags_text(&diags), warnings, "%s: %s", input, diags_text(&diags));
	cr_expect_str_eq(list.name, "l");
	cr_expect_str_eq(list.path, "l.txt");
}

Test(list, takes_every_format_of_public_lists)
{
	expect("192.0.2.1\n192.0.2.0/24\n", "192.0.2.1@1 192.0.2.0/24@2 ", "");
	expect("# top\n; top\n\n192.0.2.1 # why\n192.0.2.2;why\n192.0.2.3#why", /* no newline */
	       "192.0.2.1@4 192.0.2.2@5 192.0.2.3@6 ", "");
	expect("192.0.2.1\r\n\r\n  192.0.2.2\t \r\n", "192.0.2.1@1 192.0.2.2@3 ", "");
	expect("192.0.2.1\t7\n192.0.2.2 12\n", "192.0.2.1@1 192.0.2.2@2 ", "");
	expect("0.0.0.0/0\n", "0.0.0.0/0@1 ", "");
	expect("192.0.2.1\n192.0.2.1\n", "192.0.2.1@1 192.0.2.1@2 ", "");
}

Test(list, splits_a_range_into_the_fewest_prefixes)
{
	expect("192.0.2.5-192.0.2.9\n", "192.0.2.5@1 192.0.2.6/31@1 192.0.2.8/31@1 ", "");
	expect("192.0.2.0 - 192.0.2.255\n", "192.0.2.0/24@1 ", "");
	expect("192.0.2.7-192.0.2.7\n", "192.0.2.7@1 ", "");
	expect("0.0.0.0-255.255.255.255\n", "0.0.0.0/0@1 ", "");
	expect("255.255.255.254-255.255.255.255\n", "255.255.255.254/31@1 ", "");
	expect("0.0.0.0-0.0.0.2 3\n", "0.0.0.0/31@1 0.0.0.2@1 ", "");
}

Test(list, covers_random_ranges_exactly)
{
	unsigned int seed = 5;

	for (int i = 0; i < 2000; i++) {
		_cleanup_diags_ struct weir_diags diags = {0};
		_cleanup_list_ struct weir_list list = {0};
		__u32 low = (__u32)rand_r(&seed) << 1, span = (__u32)rand_r(&seed) >> i % 31;
		__u32 high = low + span < low ? ~0U : low + span, next = low;
		char text[64], a[WEIR_PREFIX_TEXT_MAX], b[WEIR_PREFIX_TEXT_MAX];

		sprintf(text, "%s-%s", weir_address_format(low, a), weir_address_format(high, b));
		cr_assert_eq(parse(text, &diags, &list), 0, "%s", text);
		cr_assert_leq(list.count, 62);
		for (size_t j = 0; j < list.count; j++) {
			struct weir_prefix prefix = list.entries[j].prefix;

			cr_assert_eq(prefix.address, next, "%s", text);
			cr_assert_eq(prefix.address & ~weir_prefix_mask(prefix.length), 0);
			next = weir_prefix_last(prefix) + 1;
		}
		cr_assert_eq(next, high + 1, "%s", text);
	}
}

Test(list, warns_of_host_bits_and_sums_up_after_a_few)
{
	expect("192.0.2.1/24\n", "192.0.2.0/24@1 ",
	       "l.txt:1:1: warning: '192.0.2.1/24' has host bits; it is read as 192.0.2.0/24\n");
	expect("10.0.0.1/31\n10.0.0.3/31\n10.0.0.5/31\n10.0.0.7/31\n10.0.0.9/31\n",
	       "10.0.0.0/31@1 10.0.0.2/31@2 10.0.0.4/31@3 10.0.0.6/31@4 10.0.0.8/31@5 ",
	       "l.txt:1:1: warning: '10.0.0.1/31' has host bits; it is read as 10.0.0.0/31\n"
	       "l.txt:2:1: warning: '10.0.0.3/31' has host bits; it is read as 10.0.0.2/31\n"
	       "l.txt:3:1: warning: '10.0.0.5/31' has host bits; it is read as 10.0.0.4/31\n"
	       "l.txt: warning: 2 more prefixes have host bits\n");
}

Test(list, leaves_out_ipv6_and_says_so_once)
{
	expect("192.0.2.1\n2001:db8::/32\nfe80::1 # link\n::ffff:192.0.2.1\n", "192.0.2.1@1 ",
	       "l.txt:2: warning: IPv6 entries are left out: 3 from this line on\n");
}

Test(list, warns_when_it_lists_nothing)
{
	expect("", "", "l.txt: warning: lists nothing\n");
	expect("# only\r\n\r\n", "", "l.txt: warning: lists nothing\n");
}

Test(list, reports_every_bad_line_with_its_column)
{
	static const char input[] = "192.0.2.256\n"
				    "192.0.2.1\n"
				    "  192.0.2.0/33 # no\n"
				    "example.org\n"
				    "192.0.2.1 12 13\n"
				    "192.0.2.1 evil\n"
				    "192.0.2.9-192.0.2.5\n"
				    "192.0.2.9-x\n"
				    "192.0.2.300 - 192.0.3.1\n"
				    "192.0.2.1:80\n"
				    "\x1b[31m";
	_cleanup_diags_ struct weir_diags diags = {0};
	struct weir_list list = {.count = 7};

	cr_expect_eq(parse(input, &diags, &list), -EINVAL);
	cr_expect_eq(list.count, 7);
	cr_expect_str_eq(diags_text(&diags),
			 "l.txt:1:1: '192.0.2.256' has a part above 255\n"
			 "l.txt:3:3: '192.0.2.0/33' has a prefix length above 32\n"
			 "l.txt:4:1: 'example.org' is a name, not an IPv4 address: names are not "
			 "looked up\n"
			 "l.txt:5:14: '13' does not belong behind an address\n"
			 "l.txt:6:11: 'evil' does not belong behind an address\n"
			 "l.txt:7:11: the range ends before it begins\n"
			 "l.txt:8:11: 'x' is a name, not an IPv4 address: names are not "
			 "looked up\n"
			 "l.txt:9:1: '192.0.2.300' has a part above 255\n"
			 "l.txt:10:1: '192.0.2.1:80' has a port: write the address alone\n"
			 "l.txt:11:1: '\\x1b[31m' is not an IPv4 address\n",
			 "%s", diags_text(&diags));
}

Test(list, reads_a_million_lines_without_losing_one)
{
	enum { LINES = 1000000 };
	_cleanup_free_ char *text = malloc(LINES * 20);
	_cleanup_diags_ struct weir_diags diags = {0};
	_cleanup_list_ struct weir_list list = {0};
	char *at = text;

	for (__u32 i = 0; i < LINES; i++) {
		weir_address_format(i * 4099, at);
		at += strlen(at);
		*at++ = '\n';
	}
	cr_assert_eq(weir_list_parse("l", "l.txt", text, at - text, &diags, &list), 0);
	cr_assert_eq(list.count, LINES);
	for (__u32 i = 0; i < LINES; i++) {
		cr_assert_eq(list.entries[i].prefix.address, i * 4099);
		cr_assert_eq(list.entries[i].prefix.length, 32);
		cr_assert_eq(list.entries[i].line, i + 1);
	}
}

Test(list, refuses_more_prefixes_than_fit_by_name)
{
	/* A range of 62 prefixes a line: the limit is met on line 161291. */
	static const char line[] = "0.0.0.1-255.255.255.254\n";
	enum { LINES = WEIR_PREFIXES_MAX / 62 + 1 };
	_cleanup_free_ char *text = malloc(LINES * (sizeof(line) - 1));
	_cleanup_diags_ struct weir_diags diags = {0};
	struct weir_list list = {0};

	for (size_t i = 0; i < LINES; i++)
		memcpy(text + i * (sizeof(line) - 1), line, sizeof(line) - 1);
	cr_assert_eq(weir_list_parse("l", "l.txt", text, LINES * (sizeof(line) - 1), &diags, &list),
		     -EINVAL);
	cr_expect_str_eq(diags_text(&diags),
			 "l.txt:161291: is longer than 10000000 prefixes (WEIR_PREFIXES_MAX)\n",
			 "%s", diags_text(&diags));
}
