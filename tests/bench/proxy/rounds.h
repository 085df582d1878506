/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rounds: every contender once a round, in turns, and the table of what came out.
 */
#ifndef WEIR_TESTS_BENCH_PROXY_ROUNDS_H
#define WEIR_TESTS_BENCH_PROXY_ROUNDS_H

#include "bench/bench.h"
#include "contender.h"

struct rounds {
	const struct contenders *contenders;
	struct bench_series series[CONTENDERS_MAX];
};

/* `measure` returns the contender's figure; the first round, which warms up, is not kept. */
void rounds_run(struct rounds *rounds, const struct contenders *contenders,
		double (*measure)(const struct contender *contender, void *argument),
		void *argument);

/* One line a contender: the median and the extremes. */
void rounds_print(const struct rounds *rounds, const char *what, const char *unit);

/* The series of that name. Dies when there is none. */
const struct bench_series *rounds_of(const struct rounds *rounds, const char *name);

/* The best of all but the one of that name, by the median; NULL when it is alone. */
const struct bench_series *rounds_best_but(const struct rounds *rounds, const char *name);

#endif
