/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Measuring in turns. See rounds.h.
 */
#include "rounds.h"

#include <stdio.h>
#include <string.h>

void rounds_run(struct rounds *rounds, const struct contenders *contenders,
		double (*measure)(const struct contender *contender, void *argument),
		void *argument)
{
	rounds->contenders = contenders;
	for (int round = -1; round < BENCH_ROUNDS; round++)
		for (int i = 0; i < contenders->count; i++) {
			double figure = measure(&contenders->items[i], argument);

			if (round >= 0)
				rounds->series[i].at[round] = figure;
		}
}

void rounds_print(const struct rounds *rounds, const char *what, const char *unit)
{
	printf("%s, %s: median (least to most)\n", what, unit);
	for (int i = 0; i < rounds->contenders->count; i++) {
		const struct bench_series *series = &rounds->series[i];
		double least = series->at[0], most = series->at[0];

		for (int round = 1; round < BENCH_ROUNDS; round++) {
			least = series->at[round] < least ? series->at[round] : least;
			most = series->at[round] > most ? series->at[round] : most;
		}
		printf("  %-16s %8.2f  (%.2f to %.2f)\n", rounds->contenders->items[i].name,
		       bench_median(series), least, most);
	}
	fflush(stdout);
}

const struct bench_series *rounds_of(const struct rounds *rounds, const char *name)
{
	const struct contender *contender = contenders_find(rounds->contenders, name);

	if (!contender)
		bench_die("no contender named %s", name);
	return &rounds->series[contender - rounds->contenders->items];
}

const struct bench_series *rounds_best_but(const struct rounds *rounds, const char *name)
{
	const struct bench_series *best = NULL;

	for (int i = 0; i < rounds->contenders->count; i++)
		if (strcmp(rounds->contenders->items[i].name, name) != 0)
			best = best ? bench_cheaper(best, &rounds->series[i]) : &rounds->series[i];
	return best;
}
