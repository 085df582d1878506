/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bucket in simulated time: what weir_rate_make gives and weir/bucket.h does with it, against
 * rate * t + burst in plain arithmetic. No clock is read and nothing sleeps.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>

#include "plan/plan.h"
#include "random.h"

#define TICK_NS 4000000ULL
#define HOUR_S  3600ULL

static struct weir_rate make(__u64 bytes_per_s, __u64 burst_bytes)
{
	struct weir_rate rate;

	cr_assert_eq(weir_rate_make(bytes_per_s, burst_bytes, TICK_NS, &rate), 0);
	return rate;
}

/* Offer twice the rate for `seconds`, in frames of up to 9000 bytes. Returns the bytes let in. */
static double offer(const struct weir_rate *rate, __u64 *arrival, __u64 start_units, double seconds,
		    struct random *random)
{
	__u64 end = start_units + (__u64)(seconds * WEIR_UNITS_PER_S), now = start_units;
	double passed = 0;

	while (now < end) {
		__u32 bytes = 60 + random_below(random, 8941);
		__u64 next = weir_bucket_next(rate, *arrival, now, weir_bucket_cost(rate, bytes));

		if (next) {
			*arrival = next;
			passed += bytes;
		}
		now += weir_bucket_cost(rate, bytes) / 2 + 1;
	}
	return passed;
}

static void expect_exact(__u64 bytes_per_s, __u64 burst_bytes, double seconds, double uptime_s)
{
	struct weir_rate rate = make(bytes_per_s, burst_bytes);
	uint64_t seed = random_seed();
	struct random random = {seed};
	__u64 start = (__u64)uptime_s * WEIR_UNITS_PER_S, arrival = 0;
	double want, got;

	/* Empty it first: from then on what passes is the rate. */
	arrival = start + rate.burst_units;
	want = bytes_per_s * seconds;
	got = offer(&rate, &arrival, start, seconds, &random);
	cr_assert_lt(fabs(got - want) / want, 0.005,
		     "%llu bytes/s: %.0f, not %.0f (WEIR_SEED=%llu)", bytes_per_s, got, want,
		     (unsigned long long)seed);

	/* Hours of idleness give one burst and no more. */
	start += 100 * HOUR_S * WEIR_UNITS_PER_S;
	want = bytes_per_s * seconds + burst_bytes;
	got = offer(&rate, &arrival, start, (double)burst_bytes / bytes_per_s + seconds, &random);
	want += burst_bytes;
	cr_assert_lt(fabs(got - want) / want, 0.005,
		     "%llu bytes/s: %.0f, not %.0f (WEIR_SEED=%llu)", bytes_per_s, got, want,
		     (unsigned long long)seed);
}

Test(plan_rate, holds_1_kB_a_second)
{
	expect_exact(1000, 100000, 20000, 10 * HOUR_S);
}

Test(plan_rate, holds_20_MB_a_second)
{
	expect_exact(20000000, 1600000000, 20, 10 * HOUR_S);
}

Test(plan_rate, holds_1_25_GB_a_second)
{
	expect_exact(1250000000, 1600000000, 2, 10 * HOUR_S);
}

Test(plan_rate, holds_12_5_GB_a_second)
{
	expect_exact(12500000000, 16000000000, 0.5, 10 * HOUR_S);
}

Test(plan_rate, holds_after_ten_years_of_uptime)
{
	expect_exact(20000000, 1600000000, 5, 10 * 365 * 24 * HOUR_S);
}

Test(plan_rate, says_the_cost_of_one_byte_within_a_part_in_a_billion)
{
	uint64_t seed = random_seed();
	struct random random = {seed};

	for (int i = 0; i < 100000; i++) {
		__u64 bytes_per_s = WEIR_RATE_MIN_BYTES_PER_S +
				    random_u64(&random) % (WEIR_RATE_MAX_BYTES_PER_S >>
							   random_below(&random, 36));
		struct weir_rate rate;
		double said, want;

		if (bytes_per_s > WEIR_RATE_MAX_BYTES_PER_S)
			continue;
		cr_assert_eq(weir_rate_make(bytes_per_s, 1600, TICK_NS, &rate), 0);
		want = (double)WEIR_UNITS_PER_S / bytes_per_s;
		said = ldexp(rate.factor, -rate.shift);
		cr_assert_lt(fabs(said - want) / want, 1e-9, "%llu bytes/s (WEIR_SEED=%llu)",
			     bytes_per_s, (unsigned long long)seed);
		cr_assert_geq(rate.factor, 1u << 30);
		cr_assert_leq(rate.factor, 1u << 31);
	}
}

Test(plan_rate, never_costs_a_frame_nothing)
{
	struct weir_rate rate = make(WEIR_RATE_MAX_BYTES_PER_S, 1600000000);

	cr_assert_geq(weir_bucket_cost(&rate, 60), 1);
}

Test(plan_rate, lets_in_exactly_one_burst_at_one_instant)
{
	struct weir_rate rate = make(20000000, 1600000);
	__u64 now = HOUR_S * WEIR_UNITS_PER_S, arrival = 0;
	unsigned int passed = 0;

	for (__u64 next;
	     (next = weir_bucket_next(&rate, arrival, now, weir_bucket_cost(&rate, 1000)));
	     arrival = next)
		passed++;
	cr_assert_eq(passed, 1600);
}

Test(plan_rate, refuses_what_does_not_fit)
{
	static const struct {
		__u64 bytes_per_s, burst_bytes;
	} bad[] = {
		{0, 1600000000},
		{WEIR_RATE_MIN_BYTES_PER_S - 1, 2000},
		{WEIR_RATE_MAX_BYTES_PER_S + 1, 1600000000},
		{20000000, 0},
		{20000000, WEIR_BURST_MIN_BYTES - 1},
		{1000, 1600000000000},
		{20000000, ~0ULL},
		{~0ULL, ~0ULL},
	};
	struct weir_rate untouched = {.factor = 77}, rate = untouched;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(weir_rate_make(bad[i].bytes_per_s, bad[i].burst_bytes, TICK_NS, &rate),
			     -ERANGE, "%llu bytes/s, burst %llu", bad[i].bytes_per_s,
			     bad[i].burst_bytes);
	cr_assert_eq(rate.factor, 77);
}

Test(plan_rate, a_debt_beyond_the_burst_and_an_eighth_of_a_second_is_another_rates)
{
	struct weir_rate rate = make(20000000, 4000000);
	__u64 now = 77 * WEIR_UNITS_PER_S, full = now + rate.burst_units;

	cr_expect_eq(weir_bucket_empty(&rate, full + WEIR_UNITS_PER_S / 8, now), 0);
	cr_expect_eq(weir_bucket_empty(&rate, full + WEIR_UNITS_PER_S / 8 + 1, now), full);
	cr_expect_eq(weir_bucket_empty(&rate, 0, now), 0);
}

Test(plan_rate, takes_the_least_and_the_most_that_is_allowed)
{
	struct weir_rate rate;

	cr_expect_eq(weir_rate_make(WEIR_RATE_MIN_BYTES_PER_S, 2000, TICK_NS, &rate), 0);
	cr_expect_eq(weir_rate_make(WEIR_RATE_MAX_BYTES_PER_S, 1600000000, TICK_NS, &rate), 0);
	cr_expect_eq(weir_rate_make(20000000, WEIR_BURST_MIN_BYTES, TICK_NS, &rate), 0);
}

Test(plan_rate, takes_the_longest_burst_that_fits)
{
	/* 2^60 units are 72057594.04 seconds. */
	struct weir_rate rate;

	cr_assert_eq(weir_rate_make(1000, 72057594000, TICK_NS, &rate), 0);
	cr_assert_leq(rate.burst_units, WEIR_BURST_UNITS_MAX);
	cr_assert_eq(weir_rate_make(1000, 72057595000, TICK_NS, &rate), -ERANGE);
}

Test(plan_rate, asks_for_the_exact_clock_when_a_tick_is_more_than_half_a_percent_of_the_burst)
{
	/* 200 ticks at 20 MB/s are 16 MB. */
	cr_assert(!make(20000000, 1600000000).exact_clock);
	cr_assert(!make(20000000, 16000000).exact_clock);
	cr_assert(make(20000000, 15999000).exact_clock);
	cr_assert(make(12500000000, 1600000000).exact_clock);
}

Test(plan_rate, carries_the_debt_of_a_bucket_over_in_bytes)
{
	struct weir_rate slow = make(1000, 1600000000), fast = make(20000000, 1600000000);
	__u64 now = HOUR_S * WEIR_UNITS_PER_S, carried;

	/* 500 MB owed at 1 kB/s are 500 MB owed at 20 MB/s: 25 s. */
	carried = weir_rate_carry(&slow, &fast, now + 500000 * WEIR_UNITS_PER_S, now);
	cr_assert_eq(carried, now + 25 * WEIR_UNITS_PER_S);
	carried = weir_rate_carry(&fast, &slow, now + 25 * WEIR_UNITS_PER_S, now);
	cr_assert_eq(carried, now + 500000 * WEIR_UNITS_PER_S);
}

Test(plan_rate, carries_no_more_debt_than_the_new_burst)
{
	struct weir_rate wide = make(20000000, 1600000000), narrow = make(20000000, 1000000);
	__u64 now = HOUR_S * WEIR_UNITS_PER_S;

	cr_assert_eq(weir_rate_carry(&wide, &narrow, now + wide.burst_units, now),
		     now + narrow.burst_units);
	cr_assert_eq(weir_rate_carry(&wide, &narrow, now - 5, now), now);
}
