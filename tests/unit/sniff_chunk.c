/* SPDX-License-Identifier: GPL-2.0-only */
/* The chunked coding: data runs, trailers, every refusal, prefixes, random bodies. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "guard.h"
#include "random.h"
#include "sniff/chunk.h"

/* What a receiver does with it: collect the data. Pieces of at most `piece` bytes. */
static enum weir_chunk_step decode(const char *text, size_t size, size_t piece, char *ret_data,
				   size_t *ret_size, size_t *ret_used, __u8 *ret_ending)
{
	_cleanup_guard_ struct guard guard = guard_of(text, size);
	enum weir_chunk_step step = WEIR_CHUNK_MORE;
	struct weir_chunk chunk;
	size_t at = 0;

	*ret_size = 0;
	weir_chunk_init(&chunk);
	while (at < size) {
		size_t run = size - at < piece ? size - at : piece, used = 0;

		if (chunk.data_left) {
			if (run > chunk.data_left)
				run = chunk.data_left;
			memcpy(ret_data + *ret_size, guard.bytes + at, run);
			*ret_size += run;
			at += run;
			weir_chunk_moved(&chunk, run);
			continue;
		}
		step = weir_chunk_feed(&chunk, guard.bytes + at, run, &used);
		at += used;
		if (step == WEIR_CHUNK_DONE || step == WEIR_CHUNK_BAD)
			break;
	}
	*ret_used = at;
	*ret_ending = chunk.ending;
	return step == WEIR_CHUNK_DATA ? WEIR_CHUNK_MORE : step;
}

static void expect_data(const char *text, const char *data)
{
	for (size_t piece = 1; piece < 40; piece += 6) {
		char got[512];
		size_t size, used;
		__u8 ending;

		cr_assert_eq(decode(text, strlen(text), piece, got, &size, &used, &ending),
			     WEIR_CHUNK_DONE, "%s", text);
		cr_expect_eq(used, strlen(text));
		cr_expect(size == strlen(data) && !memcmp(got, data, size), "%s", text);
	}
}

static void expect_bad(const char *text, size_t length, enum weir_ending want)
{
	char got[512];
	size_t size, used;
	__u8 ending;

	cr_expect_eq(decode(text, length, length, got, &size, &used, &ending), WEIR_CHUNK_BAD, "%s",
		     text);
	cr_expect_eq(ending, want, "%s", text);
}

Test(chunk, yields_the_data)
{
	expect_data("0\r\n\r\n", "");
	expect_data("5\r\nhello\r\n0\r\n\r\n", "hello");
	expect_data("5\r\nhello\r\n1\r\n \r\n005\r\nworld\r\n00\r\n\r\n", "hello world");
	expect_data("A;name=value\r\n0123456789\r\na;x=\"y z\";q\r\n0123456789\r\n0;last\r\n\r\n",
		    "01234567890123456789");
	expect_data("3\r\na\r\n\r\n0\r\n\r\n", "a\r\n");
	expect_data("1\r\nx\r\n0\r\nDigest: abc\r\nX-Long-Trailer-Name-Here: \t v\r\n\r\n", "x");
}

Test(chunk, refuses_what_two_readers_could_end_differently)
{
	static const char *const cases[] = {"\r\n",
					    "g\r\n",
					    "-1\r\n",
					    "+1\r\n",
					    "0x1\r\n",
					    " 1\r\n",
					    "1 \r\n",
					    "1\t\r\n",
					    "1\n",
					    "1\r\r\n",
					    "1;a\nb\r\n",
					    "1;\x01\r\n",
					    "1\r\nxy\r\n",
					    "1\r\nx\n",
					    "1\r\nx\r\r",
					    "1000000000000000\r\n",
					    "ffffffffffffffff\r\n",
					    "00000000000000001\r\n",
					    "5,\r\n",
					    "1 ;a\r\n"};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_bad(cases[i], strlen(cases[i]), WEIR_END_CHUNK);
	expect_bad("1\0\r\n", 4, WEIR_END_CHUNK);
}

Test(chunk, refuses_trailers_that_frame_or_are_malformed)
{
	static const char *const cases[] = {"0\r\nContent-Length: 5\r\n\r\n",
					    "0\r\nContent_Length: 5\r\n\r\n",
					    "0\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n",
					    "0\r\nx_real_ip: 192.0.2.1\r\n\r\n",
					    "0\r\ntransfer-encoding: chunked\r\n\r\n",
					    "0\r\nHOST: a\r\n\r\n",
					    "0\r\n: a\r\n\r\n",
					    "0\r\na b: c\r\n\r\n",
					    "0\r\nab\r\n\r\n",
					    "0\r\na : c\r\n\r\n",
					    "0\r\n folded\r\n\r\n",
					    "0\r\na: b\n\r\n",
					    "0\r\n\n",
					    "0\r\n\r\r\n",
					    "0\r\na: \x7f\r\n\r\n"};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_bad(cases[i], strlen(cases[i]), WEIR_END_TRAILER);
}

Test(chunk, lets_a_response_name_its_request)
{
	static const char text[] = "0\r\nX-Request-ID: 1\r\n\r\n";
	struct weir_chunk chunk;
	size_t used;

	weir_chunk_init(&chunk);
	chunk.is_response = true;
	cr_expect_eq(weir_chunk_feed(&chunk, text, strlen(text), &used), WEIR_CHUNK_DONE);
	expect_bad(text, strlen(text), WEIR_END_TRAILER);
}

Test(chunk, bounds_extensions_and_trailers)
{
	static char text[WEIR_TRAILERS_MAX + WEIR_CHUNK_EXTENSIONS_MAX + 100];
	struct weir_chunk chunk;
	size_t used;
	int size = sprintf(text, "1;%0*d\r\n", WEIR_CHUNK_LINE_MAX, 0);

	expect_bad(text, size, WEIR_END_CHUNK);
	size = sprintf(text, "0\r\na: %0*d\r\n\r\n", WEIR_TRAILERS_MAX, 0);
	expect_bad(text, size, WEIR_END_TRAILER);
	/* Many chunks of one byte, each with an extension as long as may be. */
	weir_chunk_init(&chunk);
	size = sprintf(text, "1;%0*d\r\n", WEIR_CHUNK_LINE_MAX - 1, 0);
	for (int i = 0; i < WEIR_CHUNK_EXTENSIONS_MAX / (WEIR_CHUNK_LINE_MAX - 1); i++) {
		cr_assert_eq(weir_chunk_feed(&chunk, text, size, &used), WEIR_CHUNK_DATA, "%d", i);
		weir_chunk_moved(&chunk, 1);
		cr_assert_eq(weir_chunk_feed(&chunk, "\r\n", 2, &used), WEIR_CHUNK_MORE);
	}
	size = sprintf(text, "1;%0*d\r\n", WEIR_CHUNK_EXTENSIONS_MAX % (WEIR_CHUNK_LINE_MAX - 1),
		       0);
	cr_assert_eq(weir_chunk_feed(&chunk, text, size, &used), WEIR_CHUNK_DATA);
	weir_chunk_moved(&chunk, 1);
	cr_expect_eq(weir_chunk_feed(&chunk, "\r\n1;a\r\n", 7, &used), WEIR_CHUNK_BAD);
}

Test(chunk, wants_more_for_every_strict_prefix)
{
	static const char text[] = "5;ext=\"1\"\r\nhello\r\n00a\r\n0123456789\r\n0\r\nA: b\r\n\r\n";
	char got[64];
	size_t size, used;
	__u8 ending;

	for (size_t length = 0; length < strlen(text); length++)
		cr_expect_eq(decode(text, length, 64, got, &size, &used, &ending), WEIR_CHUNK_MORE,
			     "%zu bytes", length);
}

Test(chunk, leaves_what_follows_the_end)
{
	static const char text[] = "1\r\nx\r\n0\r\n\r\nGET / HTTP/1.1\r\n";
	char got[64];
	size_t size, used;
	__u8 ending;

	cr_expect_eq(decode(text, strlen(text), 64, got, &size, &used, &ending), WEIR_CHUNK_DONE);
	cr_expect_str_eq(text + used, "GET / HTTP/1.1\r\n");
}

Test(chunk, gives_back_random_bodies_in_random_pieces)
{
	static char body[20000], coded[70000], got[20000];
	struct random random = {random_seed()};
	uint64_t seed = random.state;

	for (int round = 0; round < 300; round++) {
		size_t body_size = random_below(&random, sizeof(body)), at = 0, size = 0, used;
		__u8 ending;

		for (size_t i = 0; i < body_size; i++)
			body[i] = random_u32(&random);
		while (at < body_size) {
			size_t run = 1 + random_below(&random, 4000);

			run = run < body_size - at ? run : body_size - at;
			size += sprintf(coded + size,
					random_chance(&random, 50) ? "%zx\r\n" : "%zX;e\r\n", run);
			memcpy(coded + size, body + at, run);
			size += run;
			size += sprintf(coded + size, "\r\n");
			at += run;
		}
		size += sprintf(coded + size, "0\r\n\r\n");
		cr_assert_eq(decode(coded, size, 1 + random_below(&random, 5000), got, &at, &used,
				    &ending),
			     WEIR_CHUNK_DONE, "seed %#lx", seed);
		cr_assert(at == body_size && !memcmp(got, body, at), "seed %#lx", seed);
	}
}
