/* SPDX-License-Identifier: GPL-2.0-only */
/* Request heads against a slow reader, for random heads. */
#include <criterion/criterion.h>

#include "guard.h"
#include "slow/request.h"
#include "sniff_slow.h"

static enum weir_sniff feed_at_once(struct weir_request *request, const char *head, size_t size)
{
	_cleanup_guard_ struct guard guard = guard_of(head, size);

	weir_request_init(request);
	return weir_request_feed(request, guard.bytes, size);
}

static void random_head(struct random *random, char *to)
{
	to += sprintf(to, "%s%s/%s%s%s\r\n", PICK(random, "GET", "POST", "PUT", "G T", "CONNECT"),
		      PICK(random, " ", " ", " ", " ", "  ", "\t"),
		      PICK(random, "", "x", "a?b", "#"), PICK(random, " ", " ", " ", "\t", ""),
		      PICK(random, "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/3.0"));
	for (uint32_t i = random_below(random, 5); i; i--)
		to += sprintf(to, "%s%s%s%s",
			      PICK(random, "Host", "X", "Content-Length", "content-length",
				   "Transfer-Encoding", "Accept", "Transfer_Encoding"),
			      PICK(random, ":", ": ", ": ", ": ", ":\t", " :", ""),
			      PICK(random, "a.example", "5", "05", "0", "chunked", "Chunked", "+5",
				   "5,5", "xchunked", "chunked ", ""),
			      PICK(random, "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r\n "));
	to += sprintf(to, "Host: a.example\r\n\r\n");
}

Test(request, agrees_with_a_slow_reader)
{
	struct random random = {random_seed()};
	uint64_t seed = random.state;
	int accepted = 0;

	for (int round = 0; round < 100000; round++) {
		char head[2048];
		struct weir_request request;
		enum weir_framing framing = WEIR_FRAMED_EMPTY;
		bool is_valid;

		random_head(&random, head);
		if (random_chance(&random, 10))
			head[random_below(&random, strlen(head))] = 1 + random_below(&random, 255);
		/* What ends early or late is another case than this one. */
		if (!strstr(head, "\r\n\r\n") || strstr(head, "\r\n\r\n")[4])
			continue;
		is_valid = slow_request_read(head, &framing);
		cr_assert_eq(feed_at_once(&request, head, strlen(head)) == WEIR_DONE, is_valid,
			     "seed %#lx: %s: ending %d", seed, head, request.ending);
		if (is_valid)
			cr_assert_eq(request.framing, framing, "seed %#lx: %s", seed, head);
		accepted += is_valid;
	}
	cr_expect_gt(accepted, 1000, "%d accepted", accepted);
}
