/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The origin behind every proxy, at ORIGIN_PORT of every address: in the client's own thread, where
 * the two of them never sleep and the proxy need not wake them, or in a process of its own.
 */
#ifndef WEIR_TESTS_BENCH_PROXY_ORIGIN_H
#define WEIR_TESTS_BENCH_PROXY_ORIGIN_H

#include <stdbool.h>

enum { ORIGIN_PORT = 8000 };

/* Listen; is somebody listening in this process? */
void origin_open(void);
bool origin_is_open(void);

/* Serve what has come, waiting so long for it; -1 for ever. */
void origin_serve(int wait_ms);

#endif
