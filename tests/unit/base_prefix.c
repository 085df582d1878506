/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses and prefixes: what is taken, what is refused and why, and the way back. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "base/prefix.h"
#include "guard.h"

static int parse(const char *text, struct weir_prefix *ret_prefix, bool *ret_had, const char **why)
{
	_cleanup_guard_ struct guard guard = guard_of(text, strlen(text));

	return weir_prefix_parse(guard.bytes, strlen(text), ret_prefix, ret_had, why);
}

Test(prefix, masks_host_bits_and_reports_them)
{
	static const struct {
		const char *text;
		__u32 address;
		__u8 length;
		bool had_host_bits;
	} rows[] = {
		{"0.0.0.0/0", 0, 0, false},
		{"192.0.2.1", 0xc0000201, 32, false},
		{"192.0.2.1/32", 0xc0000201, 32, false},
		{"192.0.2.77/24", 0xc0000200, 24, true},
		{"255.255.255.255/0", 0, 0, true},
		{"255.255.255.255", 0xffffffff, 32, false},
		{"198.51.100.3/31", 0xc6336402, 31, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct weir_prefix prefix;
		bool had;

		cr_assert_eq(parse(rows[i].text, &prefix, &had, NULL), 0, "%s", rows[i].text);
		cr_expect_eq(prefix.address, rows[i].address, "%s", rows[i].text);
		cr_expect_eq(prefix.length, rows[i].length, "%s", rows[i].text);
		cr_expect_eq(had, rows[i].had_host_bits, "%s", rows[i].text);
	}
}

#define FOUR "is not an IPv4 address: that has four numbers, as 192.0.2.1"
#define NAME "is a name, not an IPv4 address: names are not looked up"

Test(prefix, says_why_it_refuses_and_leaves_the_output_alone)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"", "is not an IPv4 address"},
		{"1", FOUR},
		{"1.2.3", FOUR},
		{"1.2.3/24", FOUR},
		{"1.2.3.", "is not an IPv4 address"},
		{"1..2.3", "is not an IPv4 address"},
		{"a.b.c.d", NAME},
		{"bastion.example", NAME},
		{" 1.2.3.4", "is not an IPv4 address"},
		{"2001:db8::1", "is an IPv6 address, not IPv4"},
		{"1.2.3.4:80", "has a port: write the address alone"},
		{"1.2.3.4-1.2.3.9", "is a range: write a prefix, as in 192.0.2.0/24"},
		{"1.2.3.*", "has a *: write a prefix, as in 192.0.2.0/24"},
		{"1.2.3.0/255.255.255.0", "has a netmask: write its length, as in 192.0.2.0/24"},
		{"1.2.3.4\xc2\xa0", "has a character that is not ASCII: type it anew"},
		{"\xc2\xa0"
		 "1.2.3.4",
		 "has a character that is not ASCII: type it anew"},
		{"1.2.3.256", "has a part above 255"},
		{"1.2.3.99999999999999999999", "has a part above 255"},
		{"01.2.3.4", "has a leading zero: leave it out"},
		{"1.2.3.4/33", "has a prefix length above 32"},
		{"1.2.3.4/08", "has a leading zero: leave it out"},
		{"1.2.3.4/", "has no length after the slash"},
		{"1.2.3.4/x", "has no length after the slash"},
		{"1.2.3.4/-1", "has no length after the slash"},
		{"1.2.3.4.5", "has something after the address"},
		{"1.2.3.4/24x", "has something after the address"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct weir_prefix prefix = {.address = 7, .length = 7};
		bool had = true;
		const char *why = NULL;

		cr_expect_eq(parse(rows[i].text, &prefix, &had, &why), -EINVAL, "%s", rows[i].text);
		cr_expect_str_eq(why ? why : "", rows[i].why, "%s", rows[i].text);
		cr_expect(prefix.address == 7 && prefix.length == 7, "%s", rows[i].text);
	}
}

Test(prefix, agrees_with_inet_pton_on_random_text)
{
	static const char alphabet[] = "0123456789012345678901234....../";
	unsigned int seed = 20260801;

	for (int i = 0; i < 200000; i++) {
		char text[17];
		size_t size = rand_r(&seed) % 16;
		struct in_addr want;
		__u32 address = 0;

		for (size_t j = 0; j < size; j++)
			text[j] = alphabet[rand_r(&seed) % 32];
		text[size] = '\0';
		if (inet_pton(AF_INET, text, &want) == 1) {
			cr_assert_eq(weir_address_parse(text, size, &address, NULL), 0, "%s", text);
			cr_assert_eq(address, ntohl(want.s_addr), "%s", text);
		} else {
			cr_assert_eq(weir_address_parse(text, size, &address, NULL), -EINVAL, "%s",
				     text);
		}
	}
}

Test(prefix, reads_back_what_it_formats)
{
	unsigned int seed = 7;

	for (int i = 0; i < 10000; i++) {
		struct weir_prefix prefix = {.length = i % 33}, back;
		char text[WEIR_PREFIX_TEXT_MAX];

		prefix.address = (__u32)rand_r(&seed) << 16 ^ rand_r(&seed);
		prefix.address &= weir_prefix_mask(prefix.length);
		weir_prefix_format(prefix, text);
		cr_assert_eq(parse(text, &back, NULL, NULL), 0, "%s", text);
		cr_assert(back.address == prefix.address && back.length == prefix.length, "%s",
			  text);
	}
}

Test(prefix, covers_from_its_address_to_its_last)
{
	struct weir_prefix all = {0}, net = {.address = 0xc0000200, .length = 24};

	cr_expect_eq(weir_prefix_last(all), 0xffffffff);
	cr_expect(weir_prefix_has(all, 0xffffffff));
	cr_expect_eq(weir_prefix_last(net), 0xc00002ff);
	cr_expect_not(weir_prefix_has(net, 0xc0000300));
}
