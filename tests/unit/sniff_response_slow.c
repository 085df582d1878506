/* SPDX-License-Identifier: GPL-2.0-only */
/* Response heads against a slow reader, for random heads. */
#include <criterion/criterion.h>

#include "guard.h"
#include "slow/response.h"
#include "sniff_slow.h"

static void random_head(struct random *random, char *to)
{
	to += sprintf(to, "%s%s%s%s\r\n",
		      PICK(random, "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "http/1.1"),
		      PICK(random, " ", " ", " ", " ", "  ", "\t"),
		      PICK(random, "200", "404", "204", "304", "101", "600", "099", "20", "2000"),
		      PICK(random, " OK", "", " ", " Not \xc3\xa4", "OK"));
	for (uint32_t i = random_below(random, 4); i; i--)
		to += sprintf(to, "%s%s%s%s",
			      PICK(random, "X", "Content-Length", "content-length",
				   "Transfer-Encoding", "Date"),
			      PICK(random, ":", ": ", ": ", ": ", ":\t", " :", ""),
			      PICK(random, "5", "05", "0", "chunked", "Chunked", "+5", "5,5",
				   "gzip", "chunked ", ""),
			      PICK(random, "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r\n "));
	to += sprintf(to, "%s\r\n",
		      PICK(random, "", "", "Connection: close\r\n", "Connection: keep-alive\r\n",
			   "connection:KEEP-ALIVE \r\n"));
}

Test(response, agrees_with_a_slow_reader)
{
	struct random random = {random_seed()};
	uint64_t seed = random.state;
	int accepted = 0;

	for (int round = 0; round < 100000; round++) {
		bool is_to_head = random_chance(&random, 10), keeps_alive = false, is_valid;
		enum weir_framing framing = WEIR_FRAMED_EMPTY;
		struct weir_response response;
		enum weir_sniff sniff;
		char head[2048];

		random_head(&random, head);
		/* Connection stays: the slow reader knows none but whole ones. */
		if (random_chance(&random, 10))
			head[random_below(&random, strcspn(head, "Cc"))] = 1 + random_below(&random,
											    255);
		/* What ends early or late is another case than this one. */
		if (!strstr(head, "\r\n\r\n") || strstr(head, "\r\n\r\n")[4])
			continue;
		is_valid = slow_response_read(head, is_to_head, &framing, &keeps_alive);
		weir_response_init(&response, is_to_head);
		{
			_cleanup_guard_ struct guard guard = guard_of(head, strlen(head));

			sniff = weir_response_feed(&response, guard.bytes, strlen(head));
		}
		cr_assert_eq(sniff == WEIR_DONE, is_valid, "seed %#lx: %s: ending %d", seed, head,
			     response.ending);
		if (!is_valid)
			continue;
		accepted++;
		cr_assert_eq(response.framing, framing, "seed %#lx: %s", seed, head);
		cr_assert_eq(response.keeps_alive, keeps_alive, "seed %#lx: %s", seed, head);
	}
	cr_expect_gt(accepted, 1000, "%d accepted", accepted);
}
