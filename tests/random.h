/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Seeded random numbers for tests and benchmarks: the same seed gives the same numbers on every
 * machine. A test takes its seed from random_seed, prints it, and is repeated with WEIR_SEED.
 */
#ifndef WEIR_TESTS_RANDOM_H
#define WEIR_TESTS_RANDOM_H

#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct random {
	uint64_t state;
};

/* WEIR_SEED, or another one every time. */
static inline uint64_t random_seed(void)
{
	const char *seed = getenv("WEIR_SEED");

	return seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();
}

/* SplitMix64 (Steele, Lea, Flood 2014): any seed will do. */
static inline uint64_t random_u64(struct random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static inline uint32_t random_u32(struct random *random)
{
	return random_u64(random) >> 32;
}

/* 0 to below - 1. */
static inline uint32_t random_below(struct random *random, uint32_t below)
{
	return (random_u64(random) >> 32) * below >> 32;
}

/* True `percent` times in a hundred. */
static inline int random_chance(struct random *random, uint32_t percent)
{
	return random_below(random, 100) < percent;
}

#endif
