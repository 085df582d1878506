/* SPDX-License-Identifier: GPL-2.0-only */
/* A container's bucket: what it grants to flows that share it, without a limit, after a hand-over. */
#include <criterion/criterion.h>

#include "proxy/table.h"

/* Two flows that always have something to send, for so long. Returns the bytes of both. */
static __u64 send_for(struct weir_container_state *container, __u64 from_ns, __u64 for_ns,
		      __u64 *ret_each)
{
	__u64 ready_ns[2] = {from_ns, from_ns};
	__u32 granted[2] = {0};

	ret_each[0] = ret_each[1] = 0;
	weir_container_wait(container, WEIR_DOWN, 2);
	for (__u64 now_ns = from_ns; now_ns < from_ns + for_ns; now_ns += 100000)
		for (int i = 0; i < 2; i++)
			while (ready_ns[i] <= now_ns) {
				/* Half of it does not move after all. */
				weir_container_give_back(container, WEIR_DOWN, granted[i] / 2);
				ret_each[i] += granted[i] - granted[i] / 2;
				granted[i] = weir_container_reserve(container, WEIR_DOWN, 1 << 20,
								    now_ns, &ready_ns[i]);
			}
	for (int i = 0; i < 2; i++)
		weir_container_give_back(container, WEIR_DOWN, granted[i]);
	weir_container_wait(container, WEIR_DOWN, -2);
	return ret_each[0] + ret_each[1];
}

Test(bucket, grants_the_burst_and_then_the_rate)
{
	static const __u64 rates[] = {1000000, 20000000, 1250000000};
	const __u64 start_ns = 5000000000000ULL, s = 1000000000;

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		__u64 burst = rates[i] * 2, want = rates[i] * 10 + burst, got, each[2], ready_ns;
		struct weir_container_state *container = weir_container_new("a", 1, 80, rates[i],
									    burst);

		got = send_for(container, start_ns, 10 * s, each);
		cr_expect(got > want - want / 100 && got <= want + want / 200, "%llu of %llu", got,
			  want);
		/* The burst is for who comes first; what follows is shared. */
		got = send_for(container, start_ns + 10 * s, 10 * s, each);
		cr_expect(each[0] > got * 45 / 100 && each[1] > got * 45 / 100,
			  "unfair: %llu and %llu", each[0], each[1]);
		/* The other direction is untouched. */
		weir_container_reserve(container, WEIR_UP, 50000, start_ns, &ready_ns);
		cr_expect_eq(ready_ns, start_ns);
		/* An idle bucket is full, never more. */
		got = send_for(container, start_ns + 3600 * s, s / 1000, each);
		cr_expect(got >= burst - 65536 && got <= burst + rates[i] / 50 + 65536,
			  "%llu of %llu", got, burst);
		weir_container_unref(&container);
	}
}

Test(bucket, may_be_unlimited)
{
	struct weir_container_state *container = weir_container_new("a", 1, 80, 0, 0);
	__u64 ready_ns;

	for (int i = 0; i < 1000; i++) {
		cr_assert_eq(weir_container_reserve(container, WEIR_UP, 1 << 20, 1, &ready_ns),
			     1 << 20);
		cr_assert_eq(ready_ns, 1);
	}
	weir_container_unref(&container);
}

/* Soon after the machine's start, when less time has passed than the lower rate takes for it. */
Test(bucket, takes_back_after_the_rate_was_lowered_what_was_granted_before)
{
	const __u64 now_ns = 60000000000ULL, s = 1000000000;
	struct weir_container_state *container = weir_container_new("a", 1, 80, 20000000, 1600000);
	__u32 granted;
	__u64 ready_ns;

	granted = weir_container_reserve(container, WEIR_UP, 1 << 16, now_ns, &ready_ns);
	weir_container_set_rate(container, 100, 2000, now_ns);
	weir_container_give_back(container, WEIR_UP, granted);
	weir_container_reserve(container, WEIR_UP, 2000, now_ns, &ready_ns);
	cr_expect_leq(ready_ns, now_ns + 20 * s, "%llu s", (ready_ns - now_ns) / s);
	weir_container_unref(&container);
}

Test(bucket, is_no_fuller_after_a_hand_over)
{
	const __u64 now_ns = 5000000000000ULL, rate = 1000000, burst = 2000000;
	struct weir_container_state *old = weir_container_new("a", 1, 80, rate, burst);
	struct weir_container_state *next = weir_container_new("a", 1, 80, rate, burst);
	struct weir_container_past past;
	__u64 ready_ns;

	cr_expect(!weir_container_past(old, now_ns, &past), "a full bucket owes nothing");
	weir_container_reserve(old, WEIR_DOWN, burst, now_ns, &ready_ns);
	weir_container_failed(old, now_ns);
	cr_assert(weir_container_past(old, now_ns, &past));
	weir_container_resume(next, &past, now_ns);
	cr_expect(weir_container_is_quarantined(next, now_ns + 1));
	weir_container_reserve(next, WEIR_UP, burst, now_ns, &ready_ns);
	cr_expect_eq(ready_ns, now_ns, "the other direction has its burst");
	weir_container_reserve(next, WEIR_DOWN, burst, now_ns, &ready_ns);
	cr_expect_gt(ready_ns, now_ns);
	/* Another process's word has bounds. */
	past = (struct weir_container_past){{~0ULL, ~0ULL}, ~0ULL, 1};
	weir_container_resume(next, &past, now_ns);
	cr_expect(!weir_container_is_quarantined(next, now_ns + WEIR_QUARANTINE_MAX_NS));
	weir_container_reserve(next, WEIR_DOWN, 1, now_ns, &ready_ns);
	cr_expect_leq(ready_ns, now_ns + 61000000000ULL);
	weir_container_unref(&old);
	weir_container_unref(&next);
}
