/* SPDX-License-Identifier: GPL-2.0-only */
/* Timers: each fires once, never early, and after a long sleep too. */
#include <criterion/criterion.h>

#include "proxy/timers.h"
#include "random.h"

static int fired;
static __u64 clock_ns;

static void fire(struct weir_timer *timer, void *context)
{
	(void)context;
	cr_assert_leq(timer->deadline_ns, clock_ns, "early");
	cr_assert_lt(clock_ns - timer->deadline_ns, 40000000, "late by %llu",
		     clock_ns - timer->deadline_ns);
	fired++;
}

Test(timers, fire_once_each_never_early)
{
	enum { COUNT = 500 };
	static struct weir_timers timers;
	static struct weir_timer all[COUNT];
	struct random random = {random_seed()};
	int stopped = 0;

	clock_ns = 123456789012ULL;
	weir_timers_init(&timers, clock_ns);
	for (int i = 0; i < COUNT; i++) {
		weir_timer_init(&all[i]);
		weir_timer_set(&timers, &all[i], clock_ns + random_u64(&random) % 200000000000ULL);
	}
	for (int i = 0; i < COUNT; i += 3) /* moved, both ways */
		weir_timer_set(&timers, &all[i], clock_ns + random_u64(&random) % 100000000000ULL);
	for (int i = 1; i < COUNT; i += 5, stopped++)
		weir_timer_stop(&all[i]);
	for (int wait_ms; (wait_ms = weir_timers_wait_ms(&timers, clock_ns)) >= 0;) {
		clock_ns += wait_ms * 1000000ULL + random_below(&random, 1000000);
		weir_timers_run(&timers, clock_ns, fire, NULL);
	}
	cr_expect_eq(fired, COUNT - stopped);
}

Test(timers, survive_a_long_sleep)
{
	static struct weir_timers timers;
	struct weir_timer timer;

	clock_ns = 1;
	weir_timers_init(&timers, clock_ns);
	weir_timer_init(&timer);
	weir_timer_set(&timers, &timer, 3600000000000ULL);
	clock_ns = 3600000000000ULL + 30000000;
	fired = 0;
	weir_timers_run(&timers, clock_ns, fire, NULL);
	cr_expect_eq(fired, 1);
}
