/* SPDX-License-Identifier: GPL-2.0-only */
/* What random input for the slow readers (tests/slow) is made of: one of a few strings. */
#ifndef WEIR_TESTS_SNIFF_SLOW_H
#define WEIR_TESTS_SNIFF_SLOW_H

#include "random.h"

static inline const char *pick(struct random *random, const char *const *from, size_t count)
{
	return from[random_below(random, count)];
}

#define PICK(random, ...)                                                                          \
	({                                                                                         \
		static const char *const choices[] = {__VA_ARGS__};                                \
		pick(random, choices, sizeof(choices) / sizeof(choices[0]));                       \
	})

#endif
