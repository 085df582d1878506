/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An act, in a process of its own, with one of its system calls failing or the process killed there.
 *
 *   act -> seccomp's notification of each call that can fail or changes something -> on with it
 *                                                                                -> fails | is killed
 *
 * The process is killed before the call is done. By SECCOMP_RET_USER_NOTIF, which needs no tool, works on
 * every architecture, and costs some 20 us a call, so that every single one can be tried.
 */
#ifndef WEIR_TESTS_STEPS_H
#define WEIR_TESTS_STEPS_H

#include <stdbool.h>
#include <stddef.h>

enum { STEPS_SAID_MAX = 1024 };

/* An act says into `said` what it would tell its user; returns 0: done, or not. */
typedef int steps_act(char said[STEPS_SAID_MAX]);

enum step_fault { STEP_NONE /* nobody looks */, STEP_FAILS, STEP_KILLS };

struct step {
	size_t number;         /* 1, ...: which of its calls; beyond the last, or 0: none */
	enum step_fault fault; /* it fails with the error that it fails with in practice */
};

struct steps_end {
	size_t count;     /* of calls that the act began, and that such a fault is tried at */
	const char *call; /* the one that the step was about, or NULL */
	bool was_killed, is_done; /* neither: it failed */
	char said[STEPS_SAID_MAX];
};

void steps_run(steps_act *act, struct step step, struct steps_end *ret_end);

/*
 * Those of `count` steps that are to be tried: every one where the environment's FAULTS_MAX is `all`, else
 * about so many (`some`: where it is unset), from a random start. The step after `number`, 0 at the beginning; 0 when
 * there are no more.
 */
size_t steps_next(size_t number, size_t count, size_t some);

#endif
