/* SPDX-License-Identifier: GPL-2.0-only */
/* The chunked coding against a slow reader, for random bodies with something wrong in them. */
#include <criterion/criterion.h>

#include "guard.h"
#include "slow/chunk.h"
#include "sniff/chunk.h"
#include "sniff_slow.h"

enum { BODY_MAX = 4096 };

/* The fast one, fed pieces of random sizes. Returns the bytes used, 0 unless it is DONE. */
static size_t fast_read(struct random *random, const char *text, char *ret_data, size_t *ret_size)
{
	_cleanup_guard_ struct guard guard = guard_of(text, strlen(text));
	size_t at = 0, size = strlen(text);
	struct weir_chunk chunk;

	*ret_size = 0;
	weir_chunk_init(&chunk);
	while (at < size) {
		size_t run = 1 + random_below(random, size - at), used = 0;
		enum weir_chunk_step step;

		if (chunk.data_left) {
			run = run < chunk.data_left ? run : chunk.data_left;
			memcpy(ret_data + *ret_size, guard.bytes + at, run);
			*ret_size += run;
			at += run;
			weir_chunk_moved(&chunk, run);
			continue;
		}
		step = weir_chunk_feed(&chunk, guard.bytes + at, run, &used);
		at += used;
		if (step == WEIR_CHUNK_DONE)
			return at;
		if (step == WEIR_CHUNK_BAD)
			return 0;
	}
	return 0;
}

static void random_body(struct random *random, char *to)
{
	for (uint32_t i = random_below(random, 4); i; i--) {
		uint32_t size = 1 + random_below(random, 20);

		to += sprintf(to, PICK(random, "%x", "%X", "0%x", "%x;a=b", "%x;", "%x;\"\t\""),
			      size);
		to += sprintf(to, "%s",
			      PICK(random, "\r\n", "\r\n", "\r\n", "\r\n", "\n", " \r\n"));
		for (; size; size--)
			*to++ = (char)(1 + random_below(random, 255));
		to += sprintf(to, "%s",
			      PICK(random, "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n", "x"));
	}
	to += sprintf(to, "%s\r\n", PICK(random, "0", "0", "00", "0;x", "", "g", "0x0"));
	for (uint32_t i = random_below(random, 3); i; i--)
		to += sprintf(to, "%s%s%s%s",
			      PICK(random, "X", "Digest", "Content-Length", "Content_Length",
				   "host", "Transfer-Encodings", "TRANSFER-ENCODING",
				   "X-Forwarded-For", "x_real_ip", "X-Real-Ipx", "Expires", ""),
			      PICK(random, ":", ": ", ": ", " :", ""),
			      PICK(random, "a", "", "\xe4 b"),
			      PICK(random, "\r\n", "\r\n", "\r\n", "\n", "\r\n "));
	sprintf(to, "%s%s", PICK(random, "\r\n", "\r\n", "\r\n", "\n", ""),
		PICK(random, "", "GET / HTTP/1.1\r\n", "\r\n"));
}

Test(chunk, agrees_with_a_slow_reader)
{
	struct random random = {random_seed()};
	uint64_t seed = random.state;
	int accepted = 0;

	for (int round = 0; round < 100000; round++) {
		char text[BODY_MAX], slow[BODY_MAX], fast[BODY_MAX];
		size_t slow_size, fast_size, used;
		const char *end;

		random_body(&random, text);
		if (random_chance(&random, 20))
			text[random_below(&random, strlen(text))] = 1 + random_below(&random, 255);
		end = slow_chunk_read(text, slow, &slow_size);
		used = fast_read(&random, text, fast, &fast_size);
		cr_assert_eq(used, end ? (size_t)(end - text) : 0, "seed %#lx: %s", seed, text);
		if (!end)
			continue;
		accepted++;
		cr_assert(fast_size == slow_size && !memcmp(fast, slow, slow_size), "seed %#lx: %s",
			  seed, text);
	}
	cr_expect_gt(accepted, 1000, "%d accepted", accepted);
}
