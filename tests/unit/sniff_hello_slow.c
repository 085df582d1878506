/* SPDX-License-Identifier: GPL-2.0-only */
/* ClientHellos against a slow reader, for random and broken ones. */
#include <criterion/criterion.h>

#include "random.h"
#include "slow/hello.h"
#include "sniff_hello_feed.h"

/* The fast reader may refuse sooner, never accept or go on where the slow one refuses. */
static void compare(const __u8 *data, size_t size, uint64_t seed)
{
	char name[WEIR_NAME_MAX + 1] = "";
	struct weir_hello hello;
	enum weir_sniff slow = slow_hello_read(data, size, name);
	enum weir_sniff fast = feed_at_once(&hello, data, size);

	if (slow == WEIR_MORE && fast == WEIR_BAD)
		return;
	cr_assert_eq(fast, slow, "seed %#lx: %d, slowly %d, ending %d", seed, fast, slow,
		     hello.ending);
	if (fast == WEIR_DONE)
		cr_assert_str_eq(hello.name_size ? hello.name : "", name, "seed %#lx", seed);
	cr_assert_eq(feed_pieces(&hello, data, size, 1), fast, "seed %#lx: byte by byte", seed);
}

Test(hello, agrees_with_a_slow_reader)
{
	static const size_t records[] = {16384, 50, 3, 1};
	struct random random = {random_seed()};
	uint64_t seed = random.state;

	for (int round = 0; round < 20000; round++) {
		struct hello_parts parts = {
			.name = random_chance(&random, 80) ? "Shop.example" : NULL,
			.second_name = random_chance(&random, 5) ? "b.example" : NULL,
			.alpn = random_chance(&random, 50) ? "\x02h2\x08http/1.1" : NULL,
			.padding = random_below(&random, 60),
			.is_without_extensions = random_chance(&random, 5),
		};
		size_t size;

		make(&parts, records[random_below(&random, 4)]);
		for (uint32_t i = random_below(&random, 4); i; i--)
			wire.data[random_below(&random, wire.size)] = random_chance(&random, 50)
									      ? random_u32(&random)
									      : random_below(
											&random, 4);
		size = random_chance(&random, 80) ? wire.size : random_below(&random, wire.size);
		compare(wire.data, size, seed);
	}
}
