/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPU of a connection and of a request: what a closed loop of clients costs the proxy.
 */
#include <stdio.h>
#include <string.h>

#include "load.h"
#include "proxy_benchmarks.h"
#include "rounds.h"

enum { CONNECTIONS = 3000, REQUESTS = 12000, IN_FLIGHT = 32, NAMES = 10, BODY_BYTES = 256 };

static double us_each(const struct contender *contender, struct load *load,
		      struct load_result (*run)(const struct load *load))
{
	__u64 before = contender_settled_cpu_ns(contender);

	load->to = contender->at;
	load_must(contender->name, run(load));
	return (contender_settled_cpu_ns(contender) - before) / 1000.0 / load->count;
}

static double measure_conn(const struct contender *contender, void *argument)
{
	struct load load = {.in_flight = IN_FLIGHT, .names = NAMES, .count = CONNECTIONS};

	(void)argument;
	return us_each(contender, &load, load_exchange);
}

/* `weir` beside the best other, round by round. */
static void compare(const struct rounds *rounds, const char *result)
{
	const struct bench_series *best = rounds_best_but(rounds, "weir");

	if (best)
		bench_result(result,
			     bench_median_ratio(rounds_of(rounds, "weir"), NULL, best, NULL),
			     "ratio");
}

void bench_conn(char **arguments)
{
	struct contenders contenders = contenders_parse(arguments);
	struct rounds rounds;

	rounds_run(&rounds, &contenders, measure_conn, NULL);
	rounds_print(&rounds, "CPU of a new TLS connection, passed through", "us");
	compare(&rounds, "conn_cpu_vs_best");
}

static double measure_names(const struct contender *contender, void *argument)
{
	struct load load = {.in_flight = IN_FLIGHT, .names = NAMES, .count = CONNECTIONS};

	(void)argument;
	if (!strcmp(contender->name, "million"))
		load.names = 1000000;
	return us_each(contender, &load, load_exchange);
}

void bench_names(char **arguments)
{
	struct contenders contenders = contenders_parse(arguments);
	struct rounds rounds;

	rounds_run(&rounds, &contenders, measure_names, NULL);
	rounds_print(&rounds, "CPU of a new TLS connection by the number of names", "us");
	bench_result("names_1M_vs_10",
		     bench_median_ratio(rounds_of(&rounds, "million"), NULL,
					rounds_of(&rounds, "ten"), NULL),
		     "ratio");
}

static double measure_request(const struct contender *contender, void *argument)
{
	struct load load = {.in_flight = IN_FLIGHT,
			    .names = NAMES,
			    .count = REQUESTS,
			    .body_bytes = BODY_BYTES};

	(void)argument;
	return us_each(contender, &load, load_request);
}

void bench_request(char **arguments)
{
	struct contenders contenders = contenders_parse(arguments);
	struct rounds rounds;

	rounds_run(&rounds, &contenders, measure_request, NULL);
	rounds_print(&rounds, "CPU of a request on a kept connection", "us");
	compare(&rounds, "request_cpu_vs_best");
}

/* Bodies from where copying surely wins to where splicing does. */
static const __u32 bodies[] = {4096, 8192, 16384, 32768, 65536, 131072, 262144, 1048576};

enum { BODIES = sizeof(bodies) / sizeof(bodies[0]), SWEEP_BYTES = 64 << 20, SWEEP_COUNT = 2000 };

static double measure_body(const struct contender *contender, void *argument)
{
	__u32 body = *(const __u32 *)argument;
	struct load load = {
		.in_flight = 8, .names = NAMES, .count = SWEEP_BYTES / body, .body_bytes = body};

	if (load.count > SWEEP_COUNT)
		load.count = SWEEP_COUNT;
	return us_each(contender, &load, load_request);
}

void bench_sweep(char **arguments)
{
	struct contenders contenders = contenders_parse(arguments);
	__u32 switch_bytes = 0;

	printf("CPU of a response by the size of its body, us: copied, spliced\n");
	for (int i = 0; i < BODIES; i++) {
		struct rounds rounds;
		double copy, splice;

		rounds_run(&rounds, &contenders, measure_body, (void *)&bodies[i]);
		copy = bench_median(rounds_of(&rounds, "copy"));
		splice = bench_median(rounds_of(&rounds, "splice"));
		printf("  %8u %8.1f %8.1f\n", bodies[i], copy, splice);
		fflush(stdout);
		if (splice > copy)
			switch_bytes = 0;
		else if (!switch_bytes)
			switch_bytes = bodies[i];
	}
	bench_result("splice_wins_from", switch_bytes, "B");
}
