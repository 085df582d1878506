/* SPDX-License-Identifier: GPL-2.0-only */
/* ClientHellos: names and protocols out of any segmentation, every refusal, against a slow reader. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sniff_hello_feed.h"

static void expect_name(const struct hello_parts *parts, const char *name)
{
	struct weir_hello hello;

	make(parts, 16384);
	cr_assert_eq(feed_at_once(&hello, wire.data, wire.size), WEIR_DONE, "%s: %d", name,
		     hello.ending);
	cr_expect_str_eq(hello.name, name);
	cr_expect_eq(hello.name_size, strlen(name));
	cr_expect(hello.has_name);
}

static void expect_refused(const struct hello_parts *parts, enum weir_ending ending)
{
	struct weir_hello hello;

	make(parts, 16384);
	cr_expect_eq(feed_at_once(&hello, wire.data, wire.size), WEIR_BAD, "%s", parts->name);
	cr_expect_eq(hello.ending, ending, "%s: %d", parts->name, hello.ending);
}

Test(hello, normalises_the_name)
{
	expect_name(&(struct hello_parts){.name = "shop.example"}, "shop.example");
	expect_name(&(struct hello_parts){.name = "SHOP.Example"}, "shop.example");
	expect_name(&(struct hello_parts){.name = "shop.example."}, "shop.example");
	expect_name(&(struct hello_parts){.name = "xn--mnchen-3ya.example"},
		    "xn--mnchen-3ya.example");
	expect_name(&(struct hello_parts){.name = "_x.1a.example"}, "_x.1a.example");
}

Test(hello, goes_by_the_outer_name_of_an_encrypted_hello)
{
	expect_name(&(struct hello_parts){.name = "outer.example", .has_ech = true},
		    "outer.example");
}

Test(hello, refuses_what_is_no_host_name)
{
	static const char *const names[] = {
		"",
		".",
		"..",
		"a..b",
		".a",
		"127.0.0.1",
		"127.1",
		"0x7f000001",
		"a.0x7f",
		"[::1]",
		"::1",
		"a b",
		"a/b",
		"a:443",
		"m\xc3\xbc.example",
		"*.example",
		"a.example..",
		"a123456789012345678901234567890123456789012345678901234567890123.example"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		expect_refused(&(struct hello_parts){.name = names[i]}, WEIR_END_HELLO_NAME);
	expect_refused(&(struct hello_parts){.name = "a.example\0.evil", .name_size = 15},
		       WEIR_END_HELLO_NAME);
}

Test(hello, refuses_two_names)
{
	struct hello_parts parts = {.name = "a.example", .second_name = "b.example"};

	expect_refused(&parts, WEIR_END_HELLO_DUPLICATE_NAME);
	parts.has_two_extensions = true;
	expect_refused(&parts, WEIR_END_HELLO_DUPLICATE_NAME);
	parts.second_name = "a.example";
	expect_refused(&parts, WEIR_END_HELLO_DUPLICATE_NAME);
}

Test(hello, may_have_no_name)
{
	struct weir_hello hello;

	make(&(struct hello_parts){.padding = 10}, 16384);
	cr_expect_eq(feed_at_once(&hello, wire.data, wire.size), WEIR_DONE);
	cr_expect(!hello.has_name && !hello.name_size);
	make(&(struct hello_parts){.is_without_extensions = true}, 16384);
	cr_expect_eq(feed_at_once(&hello, wire.data, wire.size), WEIR_DONE);
	cr_expect(!hello.has_name);
}

Test(hello, lists_the_protocols_offered)
{
	struct weir_hello hello;

	static const char offered[] = "\x0a"
				      "acme-tls/1"
				      "\x02"
				      "h2";

	make(&(struct hello_parts){.name = "a.example", .alpn = offered}, 7);
	cr_assert_eq(feed_pieces(&hello, wire.data, wire.size, 3), WEIR_DONE);
	cr_expect_eq(hello.alpn_size, strlen(offered));
	cr_expect(!memcmp(hello.alpn, offered, strlen(offered)));
}

Test(hello, keeps_whole_protocols_of_a_long_list)
{
	char list[400] = "";
	struct weir_hello hello;

	for (int i = 0; i < 30; i++)
		sprintf(list + strlen(list),
			"\x09"
			"proto-%03d",
			i);
	make(&(struct hello_parts){.name = "a.example", .alpn = list}, 16384);
	for (size_t piece = 1; piece < 40; piece += 13) {
		cr_assert_eq(feed_pieces(&hello, wire.data, wire.size, piece), WEIR_DONE);
		/* The tenth has no room: 96 bytes are kept. */
		cr_expect_eq(hello.alpn_size, 90);
		cr_expect(!memcmp(hello.alpn, list, 90));
	}
}

Test(hello, wants_more_for_every_strict_prefix)
{
	static const size_t records[] = {16384, 100, 7, 1};
	struct weir_hello hello;

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		make(&(struct hello_parts){.name = "shop.example",
					   .alpn = "\x02h2",
					   .padding = 200},
		     records[i]);
		for (size_t size = 0; size < wire.size; size++)
			cr_assert_eq(feed_at_once(&hello, wire.data, size), WEIR_MORE,
				     "records of %zu, %zu bytes", records[i], size);
		cr_expect_eq(feed_at_once(&hello, wire.data, wire.size), WEIR_DONE);
		cr_expect_eq(feed_pieces(&hello, wire.data, wire.size, 1), WEIR_DONE);
		cr_expect_str_eq(hello.name, "shop.example");
	}
}

Test(hello, reads_64_kB_in_records_of_one_byte)
{
	struct weir_hello hello;
	size_t overhead;

	make(&(struct hello_parts){.name = "shop.example", .padding = 1}, 1);
	overhead = message.size - 1;
	make(&(struct hello_parts){.name = "shop.example", .padding = WEIR_HELLO_MAX - overhead},
	     1);
	cr_assert_eq(message.size, WEIR_HELLO_MAX);
	cr_expect_eq(wire.size, WEIR_HELLO_WIRE_MAX);
	cr_expect_eq(feed_pieces(&hello, wire.data, wire.size, 1), WEIR_DONE);
	cr_expect_str_eq(hello.name, "shop.example");
	message.size = 0;
	put_number(&message, 1, 1);
	put_number(&message, WEIR_HELLO_MAX - 4 + 1, 3);
	cut_records(&wire, &message, 16384);
	cr_expect_eq(feed_at_once(&hello, wire.data, wire.size), WEIR_BAD);
	cr_expect_eq(hello.ending, WEIR_END_HELLO_TOO_LONG);
}

Test(hello, leaves_what_follows_to_the_container)
{
	static const __u8 early[] = {23, 3, 3, 0, 1, 0};
	struct weir_hello hello;
	size_t used = 0, size;

	make(&(struct hello_parts){.name = "a.example"}, 16384);
	size = wire.size;
	put(&wire, early, sizeof(early));
	weir_hello_init(&hello);
	cr_expect_eq(weir_hello_feed(&hello, wire.data, wire.size, &used), WEIR_DONE);
	cr_expect_eq(used, size);
}

Test(hello, refuses_other_records_and_messages)
{
	static const struct {
		const char *bytes;
		size_t size;
		enum weir_ending ending;
	} cases[] = {
		{"GET / HTTP/1.1", 14, WEIR_END_NOT_TLS},
		{"\x80\x2e\x01\x03\x01", 5, WEIR_END_NOT_TLS},             /* SSL 2.0 */
		{"\x15\x03\x01\x00\x02\x02\x28", 7, WEIR_END_NOT_TLS},     /* an alert */
		{"\x16\x02\x01\x00\x05", 5, WEIR_END_HELLO_MALFORMED},     /* a wrong version */
		{"\x16\x03\x01\x00\x00", 5, WEIR_END_HELLO_MALFORMED},     /* an empty record */
		{"\x16\x03\x01\x40\x01", 5, WEIR_END_HELLO_MALFORMED},     /* a record too long */
		{"\x16\x03\x01\x00\x05\x02", 6, WEIR_END_HELLO_MALFORMED}, /* a ServerHello */
		{"\x16\x03\x01\x00\x01\x01\x17\x03\x01", 9, WEIR_END_HELLO_MALFORMED},
	};
	struct weir_hello hello;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(feed_at_once(&hello, cases[i].bytes, cases[i].size), WEIR_BAD, "%zu",
			     i);
		cr_expect_eq(hello.ending, cases[i].ending, "%zu: %d", i, hello.ending);
	}
}

Test(hello, refuses_a_message_behind_it_in_its_record)
{
	struct weir_hello hello;

	hello_message(&message, &(struct hello_parts){.name = "a.example"});
	put_number(&message, 0, 1);
	cut_records(&wire, &message, 16384);
	cr_expect_eq(feed_at_once(&hello, wire.data, wire.size), WEIR_BAD);
}
