/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A lab with a gate that is loaded and its maps open, for tests of live bans and releases. There
 * is one a process: Criterion runs each test in its own.
 */
#ifndef WEIR_TESTS_LIVE_LAB_H
#define WEIR_TESTS_LIVE_LAB_H

#include <sys/types.h>

#include "kernel/live.h"
#include "kernel/pins.h"
#include "kernel_lab.h"

extern struct lab lab;
extern struct weir_maps maps;

/* For TestSuite. */
void live_lab_init(void);
void live_lab_done(void);

/* Open the maps again, of a gate that came after the first; the caller closed the old ones. */
void open_maps(void);

/* What the commands would ask for, now; for_ms 0 is for good. */
struct weir_record record_of(__u32 kind, const char *prefix, __u64 for_ms);

/* Add one entry. Returns what weir_live_apply does. */
int put(__u32 kind, const char *prefix, __u64 for_ms);

/* Remove one entry, there or not. */
enum weir_live_outcome take(__u32 kind, const char *prefix);

/* A SYN from there to an open port. */
bool passes(const char *source);

/* Add 200 bans, a pause after each, while the child works, and expect all of them to hold. */
void expect_bans_hold_beside(pid_t child, unsigned int pause_us);

#endif
