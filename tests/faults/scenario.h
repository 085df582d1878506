/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every step of what changes the gate, failing and killed there (tests/steps.h): the interface stays
 * filtered, listed and banned sources drop, what fails says why, and the same again does what it says
 * and leaves the pins that it always leaves. FAULTS_MAX=all tries every step, else some.
 *
 *   prepare -> act, with a fault -> check -> act again, without -> check_done
 */
#ifndef WEIR_TESTS_SCENARIO_H
#define WEIR_TESTS_SCENARIO_H

#include <linux/types.h>
#include <stdbool.h>

#include "gate/kernel_lab.h"
#include "steps.h"

struct scenario {
	void (*prepare)(void);
	steps_act *act;
	/* What must be so after any fault, beyond the gate's holding: and after it was done again. */
	void (*check)(const char *when, const struct steps_end *end);
	void (*check_done)(const char *when);
	const char *interface; /* filtered whatever happens; NULL: none need be */
	size_t some;           /* steps that are tried by default, of each fault */
};

/* Two runs of each step: it fails, and the process is killed there. */
void try_all(const struct scenario *scenario);

/* The suite's lab, with v0 and v1; its denylist has `listed`, and `begin` bans `banned`. */
extern struct lab lab;
extern const char banned[], listed[], unlisted[];

/* ---- parts of scenarios ------------------------------------------------------------------ */

/* A gate from nothing, with a ban, on the interfaces; NULL: on none. */
void begin(const char *first, const char *second);
/* The same, unless the interface has one. */
void begin_once(const char *first);
/* A live ban, or its end. Returns 0 or a negative errno, as the next ones do. */
int put(const char *prefix, bool is_removal);
int attach_to(const char *interface, __u64 try_ns);
int act_apply(char said[STEPS_SAID_MAX]);
/* What weir would tell its user goes into `said`; returns `r`. */
int say(char said[STEPS_SAID_MAX], int r);

/* ---- what packets meet ------------------------------------------------------------------- */

/* The program on the interface, or 0. */
__u32 program_on(const char *interface);
/* By the program that is on the interface, however weir may call it; -1: none is. */
int meets_on(const char *interface, const char *source);
/* By the gate that is pinned. */
int meets(const char *source);
/* Listed and banned sources drop, others pass. */
void check_judges(const char *when);

#endif
