/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzz targets share. A target is one file: bytes in, properties checked; a property
 * that does not hold aborts, and libFuzzer keeps the input. Links as the unit tests do.
 */
#ifndef WEIR_TESTS_FUZZ_H
#define WEIR_TESTS_FUZZ_H

#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"

#define fuzz_check(condition)                                                                      \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,          \
				#condition);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* libFuzzer's entry points: the first, one a program; the others where a target has use for them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *count, char ***arguments);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned int seed);

/* What libFuzzer itself would do to the input. Returns the new size, up to `size_max`. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t size_max);

/*
 * Take the first byte for a choice: how large the pieces are in which an incremental parser gets
 * the rest. Returns 1 to 64.
 */
static inline size_t fuzz_take_step(const uint8_t **data, size_t *size)
{
	size_t step = *size ? **data % 64 + 1 : 1;

	if (*size) {
		++*data;
		--*size;
	}
	return step;
}

/* A copy without a byte behind it, so that a read past the end is caught. The caller's to free. */
static inline char *fuzz_copy(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1);

	fuzz_check(copy);
	if (size)
		memcpy(copy, data, size);
	return copy;
}

/* A parser that fails says why, and one that succeeds has reported no error. */
static inline void fuzz_check_told(int r, const struct weir_diags *diags)
{
	fuzz_check(r || !diags->errors);
	fuzz_check(!r || diags->errors || diags->is_incomplete);
}

/* Bytes of the longest line, its end not counted. */
static inline size_t fuzz_longest_line(const char *bytes, size_t size)
{
	size_t longest = 0, length = 0;

	for (size_t i = 0; i < size; i++) {
		length = bytes[i] == '\n' ? 0 : length + 1;
		longest = length > longest ? length : longest;
	}
	return longest;
}

/*
 * Every line of the input as the body of a journal line, with the checksum that no fuzzer would guess,
 * and `room` bytes behind them all. The caller's to free.
 */
char *fuzz_seal_lines(const uint8_t *data, size_t size, size_t room, size_t *ret_size);

/*
 * The input as a file of its own, for readers that take a path. Returns its descriptor; `path` is
 * good until it is closed.
 */
int fuzz_file(const uint8_t *data, size_t size, char path[static 32]);

#endif
