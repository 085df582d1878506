/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Clocks, medians and results. See bench.h.
 */
#include "bench.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RESULTS_MAX = 64 };

static struct {
	char name[48];
	double value;
	const char *unit;
} results[RESULTS_MAX];
static size_t results_count;

static __u64 clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

__u64 bench_thread_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

__u64 bench_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

void bench_hold_cpu(void)
{
	const struct sched_param lowest = {.sched_priority = 1};

	/* Refused: the figures are noisier, not wrong. */
	(void)sched_setscheduler(0, SCHED_FIFO, &lowest);
}

void bench_yield_cpu(void)
{
	const struct sched_param none = {};

	(void)sched_setscheduler(0, SCHED_OTHER, &none);
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

double bench_median(const struct bench_series *series)
{
	struct bench_series sorted = *series;

	qsort(sorted.at, BENCH_ROUNDS, sizeof(sorted.at[0]), compare);
	return sorted.at[BENCH_ROUNDS / 2];
}

const struct bench_series *bench_dearer(const struct bench_series *a, const struct bench_series *b)
{
	return bench_median(a) > bench_median(b) ? a : b;
}

const struct bench_series *bench_cheaper(const struct bench_series *a, const struct bench_series *b)
{
	return bench_median(a) > bench_median(b) ? b : a;
}

static double above(const struct bench_series *series, const struct bench_series *base, int round)
{
	return series->at[round] - (base ? base->at[round] : 0);
}

double bench_median_ratio(const struct bench_series *a, const struct bench_series *base_a,
			  const struct bench_series *b, const struct bench_series *base_b)
{
	struct bench_series ratio;

	for (int i = 0; i < BENCH_ROUNDS; i++)
		ratio.at[i] = above(a, base_a, i) / above(b, base_b, i);
	return bench_median(&ratio);
}

double bench_median_net(const struct bench_series *a, const struct bench_series *base)
{
	struct bench_series net;

	for (int i = 0; i < BENCH_ROUNDS; i++)
		net.at[i] = above(a, base, i);
	return bench_median(&net);
}

void bench_result(const char *name, double value, const char *unit)
{
	if (results_count == RESULTS_MAX)
		bench_die("more than %d results", RESULTS_MAX);
	snprintf(results[results_count].name, sizeof(results[0].name), "%s", name);
	results[results_count].value = value;
	results[results_count++].unit = unit;
}

/* As many digits as the figure can carry. */
static int digits_of(double value)
{
	return value < 0.1 ? 4 : value < 1 ? 3 : value < 100 ? 2 : 0;
}

void bench_print_results(void)
{
	for (size_t i = 0; i < results_count; i++)
		printf("bench: %s %.*f %s\n", results[i].name,
		       results[i].value ? digits_of(results[i].value) : 0, results[i].value,
		       results[i].unit);
}

void bench_die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("bench: ", stderr);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}
