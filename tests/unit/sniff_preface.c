/* SPDX-License-Identifier: GPL-2.0-only */
/* The PROXY header, both versions: what is read, every refusal, prefixes, what follows it. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>

#include "guard.h"
#include "random.h"
#include "sniff/preface.h"

#define V1(text) (text "\r\n"), sizeof(text "\r\n") - 1

static enum weir_sniff feed(const void *bytes, size_t size, struct weir_preface *ret_preface)
{
	_cleanup_guard_ struct guard guard = guard_of(bytes, size);

	return weir_preface_feed(ret_preface, guard.bytes, size);
}

static void put(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
}

/* Whole it is DONE, with bytes behind it too, and every strict prefix says MORE. */
static struct weir_preface expect_done(const void *bytes, size_t size)
{
	struct weir_preface preface;
	char more[9000];

	for (size_t i = 0; i < size; i++)
		cr_assert_eq(feed(bytes, i, &preface), WEIR_MORE, "%zu of '%s'", i,
			     (const char *)bytes);
	memcpy(more, bytes, size);
	put(more + size, "GET");
	cr_assert_eq(feed(more, size + 3, &preface), WEIR_DONE);
	cr_expect_eq(preface.size, size);
	cr_assert_eq(feed(bytes, size, &preface), WEIR_DONE);
	cr_expect_eq(preface.size, size);
	return preface;
}

/* What it says, as `client:port>server:port`. */
static const char *said(const struct weir_preface *preface)
{
	static char text[64];
	char client[INET_ADDRSTRLEN], server[INET_ADDRSTRLEN];

	if (!preface->has_client)
		return "none";
	inet_ntop(AF_INET, &preface->client_address, client, sizeof(client));
	inet_ntop(AF_INET, &preface->server_address, server, sizeof(server));
	snprintf(text, sizeof(text), "%s:%u>%s:%u", client, ntohs(preface->client_port), server,
		 ntohs(preface->server_port));
	return text;
}

static void expect_bad(const void *bytes, size_t size, enum weir_ending ending)
{
	struct weir_preface preface;

	cr_expect_eq(feed(bytes, size, &preface), WEIR_BAD, "'%.*s'", (int)size,
		     (const char *)bytes);
	cr_expect_eq(preface.ending, ending, "'%.*s'", (int)size, (const char *)bytes);
}

Test(preface_v1, names_client_and_server)
{
	struct weir_preface preface = expect_done(
		V1("PROXY TCP4 192.0.2.1 198.51.100.2 40000 443"));

	cr_expect_str_eq(said(&preface), "192.0.2.1:40000>198.51.100.2:443");
	preface = expect_done(V1("PROXY TCP4 255.255.255.255 255.255.255.255 65535 0"));
	cr_expect_str_eq(said(&preface), "255.255.255.255:65535>255.255.255.255:0");
	preface = expect_done(V1("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c633:6402 1 2"));
	cr_expect_str_eq(said(&preface), "192.0.2.1:1>198.51.100.2:2");
}

Test(preface_v1, leaves_the_connections_own_addresses_when_they_are_unknown)
{
	char longest[WEIR_PREFACE_V1_MAX];
	struct weir_preface preface = expect_done(V1("PROXY UNKNOWN"));

	cr_expect_not(preface.has_client);
	preface = expect_done(V1("PROXY UNKNOWN ffff::1 what ever\t\x80 1 2"));
	cr_expect_not(preface.has_client);
	memset(longest, 'f', sizeof(longest));
	put(longest, "PROXY UNKNOWN ");
	put(longest + sizeof(longest) - 2, "\r\n");
	expect_done(longest, sizeof(longest));
}

Test(preface_v1, refuses_what_is_not_exactly_it)
{
	static const char *const lines[] = {
		"PROXY",
		"PROXY ",
		"PROXY  TCP4 192.0.2.1 192.0.2.2 1 2",
		"PROXY TCP4  192.0.2.1 192.0.2.2 1 2",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 ",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1",
		"PROXY TCP4 192.0.2.1 192.0.2.2",
		"PROXY TCP4\t192.0.2.1 192.0.2.2 1 2",
		"PROXY TCP5 192.0.2.1 192.0.2.2 1 2",
		"PROXY tcp4 192.0.2.1 192.0.2.2 1 2",
		"PROXY UNKNOWNS",
		"PROXY TCP4 192.0.2.01 192.0.2.2 1 2",
		"PROXY TCP4 192.0.2.256 192.0.2.2 1 2",
		"PROXY TCP4 192.0.2.1 192.0.2 1 2",
		"PROXY TCP4 ::1 192.0.2.2 1 2",
		"PROXY TCP4 192.0.2.1 192.0.2.2 01 2",
		"PROXY TCP4 192.0.2.1 192.0.2.2 65536 2",
		"PROXY TCP4 192.0.2.1 192.0.2.2 -1 2",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 +2",
		"PROXY TCP4 192.0.2.1 192.0.2.2 100000 2",
		"PROXY TCP6 ::g ::1 1 2",
		"PROXY TCP6 192.0.2.1 192.0.2.2 1 2",
		"PROXY TCP6 ::1%lo ::1 1 2",
		"GET / HTTP/1.1",
		"POST / HTTP/1.1",
		"proxy TCP4 192.0.2.1 192.0.2.2 1 2",
	};
	char line[200];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(line, sizeof(line), "%s\r\n", lines[i]);
		expect_bad(line, strlen(line), WEIR_END_PROXY_HEADER);
	}
	/* Its end is CR LF and nothing else, within 107 bytes. */
	expect_bad("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n", 35, WEIR_END_PROXY_HEADER);
	expect_bad("PROXY\n", 6, WEIR_END_PROXY_HEADER);
	memset(line, 'f', sizeof(line));
	put(line, "PROXY UNKNOWN ");
	expect_bad(line, WEIR_PREFACE_V1_MAX, WEIR_END_PROXY_HEADER);
	put(line + WEIR_PREFACE_V1_MAX - 1, "\r\n");
	expect_bad(line, WEIR_PREFACE_V1_MAX + 1, WEIR_END_PROXY_HEADER);
}

Test(preface_v1, refuses_a_client_without_an_ipv4_address_by_name)
{
	expect_bad(V1("PROXY TCP6 2001:db8::1 2001:db8::2 1 2"), WEIR_END_PROXY_HEADER_ADDRESS);
	expect_bad(V1("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2"), WEIR_END_PROXY_HEADER_ADDRESS);
	expect_bad(V1("PROXY TCP6 ::1 ::ffff:192.0.2.1 1 2"), WEIR_END_PROXY_HEADER_ADDRESS);
}

/* ---- version 2 ------------------------------------------------------------------------- */

static __u8 frame[70000];

/* A header in `frame`; returns its size. */
static size_t v2(__u8 command, __u8 family, const void *block, size_t size)
{
	static const __u8 signature[12] = "\r\n\r\n\0\r\nQUIT\n";

	memcpy(frame, signature, sizeof(signature));
	frame[12] = command;
	frame[13] = family;
	frame[14] = size >> 8;
	frame[15] = size;
	memcpy(frame + 16, block, size);
	return 16 + size;
}

static const __u8 tcp4[] = {192, 0, 2, 1, 198, 51, 100, 2, 0x9c, 0x40, 0x01, 0xbb};
static const __u8 mapped[36] = {[10] = 0xff, 0xff, 192, 0, 2, 1, [26] = 0xff, 0xff,
				198,         51,   100, 2, 0, 1, 0,           2};
static const __u8 two[] = {2, 0, 3, 'a', 'b', 'c', 4, 0, 0}, past[] = {2, 0, 4, 'a', 'b', 'c'};
static __u8 block[9000];

Test(preface_v2, names_client_and_server)
{
	struct weir_preface preface = expect_done(frame, v2(0x21, 0x11, tcp4, sizeof(tcp4)));

	cr_expect_str_eq(said(&preface), "192.0.2.1:40000>198.51.100.2:443");
	preface = expect_done(frame, v2(0x21, 0x21, mapped, sizeof(mapped)));
	cr_expect_str_eq(said(&preface), "192.0.2.1:1>198.51.100.2:2");
}

Test(preface_v2, passes_over_what_follows_the_addresses)
{
	struct weir_preface preface;

	memcpy(block, tcp4, 12);
	memcpy(block + 12, two, sizeof(two));
	preface = expect_done(frame, v2(0x21, 0x11, block, 21));
	cr_expect_str_eq(said(&preface), "192.0.2.1:40000>198.51.100.2:443");
	/* As long as there may be. */
	block[12] = 0x20;
	block[13] = (WEIR_PREFACE_MAX - 16 - 12 - 3) >> 8;
	block[14] = (__u8)(WEIR_PREFACE_MAX - 16 - 12 - 3);
	cr_expect_eq(feed(frame, v2(0x21, 0x11, block, WEIR_PREFACE_MAX - 16), &preface),
		     WEIR_DONE);
	cr_expect_eq(preface.size, WEIR_PREFACE_MAX);
}

Test(preface_v2, leaves_the_connections_own_addresses_to_health_checks_and_sockets_of_files)
{
	struct weir_preface preface = expect_done(frame, v2(0x20, 0x00, "", 0));

	cr_expect_not(preface.has_client);
	/* Whatever its block says, and however long it is. */
	preface = expect_done(frame, v2(0x20, 0x11, tcp4, sizeof(tcp4)));
	cr_expect_not(preface.has_client);
	preface = expect_done(frame, v2(0x20, 0xff, "?", 1));
	cr_expect_not(preface.has_client);
	preface = expect_done(frame, v2(0x21, 0x00, "?", 1));
	cr_expect_not(preface.has_client);
	preface = expect_done(frame, v2(0x21, 0x31, block, 216));
	cr_expect_not(preface.has_client);
}

Test(preface_v2, refuses_what_is_not_exactly_it)
{
	expect_bad(frame, v2(0x11, 0x11, tcp4, 12), WEIR_END_PROXY_HEADER);
	expect_bad(frame, v2(0x22, 0x11, tcp4, 12), WEIR_END_PROXY_HEADER);
	expect_bad(frame, v2(0x21, 0x12, tcp4, 12), WEIR_END_PROXY_HEADER);
	expect_bad(frame, v2(0x21, 0x41, tcp4, 12), WEIR_END_PROXY_HEADER);
	expect_bad(frame, v2(0x21, 0x11, tcp4, 11), WEIR_END_PROXY_HEADER);
	expect_bad(frame, v2(0x21, 0x21, mapped, 35), WEIR_END_PROXY_HEADER);
	expect_bad(frame, v2(0x21, 0x31, block, 215), WEIR_END_PROXY_HEADER);
	expect_bad(frame, v2(0x21, 0x11, block, WEIR_PREFACE_MAX - 15), WEIR_END_PROXY_HEADER);
	expect_bad("\r\n\r\n\0\r\nQUIX", 12, WEIR_END_PROXY_HEADER);
	expect_bad("\x16\x03\x01", 3, WEIR_END_PROXY_HEADER);
	expect_bad("\r\n\r\nGET", 5, WEIR_END_PROXY_HEADER);
	/* At the first byte that tells, without waiting for the rest. */
	v2(0x31, 0x11, tcp4, 12);
	expect_bad(frame, 13, WEIR_END_PROXY_HEADER);
	v2(0x21, 0x13, tcp4, 12);
	expect_bad(frame, 16, WEIR_END_PROXY_HEADER);
}

Test(preface_v2, refuses_a_value_that_runs_past_the_header)
{
	memcpy(block, tcp4, 12);
	memcpy(block + 12, past, sizeof(past));
	expect_bad(frame, v2(0x21, 0x11, block, 18), WEIR_END_PROXY_HEADER);
	expect_bad(frame, v2(0x21, 0x11, block, 14), WEIR_END_PROXY_HEADER);
	expect_bad(frame, v2(0x21, 0x11, block, 13), WEIR_END_PROXY_HEADER);
}

Test(preface_v2, refuses_a_client_without_an_ipv4_address_by_name)
{
	memset(block, 0xaa, 36);
	expect_bad(frame, v2(0x21, 0x21, block, 36), WEIR_END_PROXY_HEADER_ADDRESS);
}

Test(preface, answers_any_bytes_without_reading_past_them)
{
	__u64 seed = random_seed();
	struct random random = {seed};
	int answers[3] = {0};

	for (int i = 0; i < 20000; i++) {
		size_t size = v2(0x21, 0x11, tcp4, 12);
		struct weir_preface preface;

		if (random_chance(&random, 50))
			size = sprintf((char *)frame, "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n");
		for (__u32 changes = random_below(&random, 4); changes; changes--)
			frame[random_below(&random, size)] = random_u32(&random);
		answers[feed(frame, random_below(&random, size + 1), &preface)]++;
	}
	for (int i = 0; i < 3; i++)
		cr_expect_gt(answers[i], 50, "answer %d, WEIR_SEED=%llu", i, seed);
}
