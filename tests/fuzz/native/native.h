/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate's source compiled into this program: with what a fuzzer and the sanitisers put into code,
 * which the kernel's verifier would not have. It judges by the maps of the real one, by which the loader
 * or a test has told both the same policy; counters, meters and who has answered are its own.
 */
#ifndef WEIR_TESTS_NATIVE_H
#define WEIR_TESTS_NATIVE_H

#include "match.h"

enum { NATIVE_FRAME_MAX = FRAME_MAX };

struct native;

/* Judge by the maps and sockets of `match`, which must outlive it. The caller never frees it. */
struct native *native_new(const struct match *match);

/*
 * Run one frame, of which the first buffer has `linear` bytes: it ends at a page that must not be
 * touched, and what is behind can only be asked for its size.
 */
struct verdict native_run(struct native *native, const void *frame, size_t size, size_t linear);

#endif
