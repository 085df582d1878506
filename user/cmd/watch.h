/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands that go on until they are interrupted: --watch, top. Private to user/cmd.
 */
#ifndef WEIR_CMD_WATCH_H
#define WEIR_CMD_WATCH_H

#include <stdbool.h>

#include "kernel/watch.h"
#include "report/counts.h"
#include "report/rates.h"

/* From now on SIGINT and SIGTERM end the waits, and a reader that goes is an error to be met. */
void weir_watch_begin(void);

/* Wait. False when it is time to end. */
bool weir_watch_wait(unsigned long long ns);
bool weir_watch_is_over(void);

/*
 * Print a report in place of the last one on a terminal, below it anywhere else, and free it. An
 * empty one is said to be. NULL is -ENOMEM; -EPIPE when nobody reads any more; -EINTR when it was ended
 * while who reads stood still.
 */
int weir_watch_print(char *report, struct weir_diags *diags);

/*
 * What watching returns: to be interrupted, or to be left by who reads, is no error, and they are sent
 * nothing more; other errors stay.
 */
int weir_watch_end(int r);

/*
 * The interval of `--watch[=SECONDS]`, or of another option: 1 s for NULL. -EINVAL with a diagnostic
 * that names it.
 */
int weir_watch_interval(const char *option, const char *text, struct weir_diags *diags,
			unsigned long long *ret_ns);

/* ---- sampled sources ------------------------------------------------------------------- */

/* Samples as they come, asked for at a rate that follows the traffic. */
struct weir_sampling {
	const struct weir_maps *maps;
	struct weir_samples_cursor cursor;
	struct weir_watch_sample *samples;
	size_t count;
	__u32 one_in[WEIR_WATCH_OUTCOMES];
};

void weir_sampling_done(struct weir_sampling *sampling);

/* Forget what came from a gate that is not the live one any more. */
void weir_sampling_restart(struct weir_sampling *sampling);

/* Ask for more, as thinned out as the traffic of the last interval suggests. */
void weir_sampling_ask(struct weir_sampling *sampling, const struct weir_rates_report *rates);

/* Add what has come to `samples`. Returns 0 or a negative errno. */
int weir_sampling_read(struct weir_sampling *sampling);

/* Forget what is there, keeping the cursor. */
void weir_sampling_clear(struct weir_sampling *sampling);

/* Between two readings of a busy gate: the rings hold this much and no more. */
#define WEIR_SAMPLING_READ_NS 500000000ULL

#endif
