/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the gate tests' fixture asks of Criterion, for a program without it: a set-up that fails ends
 * the fuzzer. Found in place of the real header (-Itests/fuzz/native).
 */
#ifndef WEIR_TESTS_NATIVE_CRITERION_H
#define WEIR_TESTS_NATIVE_CRITERION_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define native_require(condition, ...)                                                             \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "does not hold: %s", #condition);                          \
			fprintf(stderr, "\n" __VA_ARGS__);                                         \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#define cr_assert_eq(a, b, ...)          native_require((a) == (b), __VA_ARGS__)
#define cr_assert_neq(a, b, ...)         native_require((a) != (b), __VA_ARGS__)
#define cr_assert_leq(a, b, ...)         native_require((a) <= (b), __VA_ARGS__)
#define cr_assert_geq(a, b, ...)         native_require((a) >= (b), __VA_ARGS__)
#define cr_assert_not_null(pointer, ...) native_require((pointer) != NULL, __VA_ARGS__)
#define cr_expect_eq(a, b, ...)          native_require((a) == (b), __VA_ARGS__)

#endif
