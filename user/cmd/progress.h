/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a command is doing, on standard error, once it has taken a second: only on a terminal, and
 * erased at the end. A thread of its own writes it, so that the work knows nothing of it.
 */
#ifndef WEIR_CMD_PROGRESS_H
#define WEIR_CMD_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>

#include "base/cleanup.h"

struct weir_progress {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	const char *what; /* NULL: at an end */
	bool is_on;
};

/* Begin. `what` is a constant, such as "reading the files". Without a terminal nothing happens. */
void weir_progress_init(struct weir_progress *progress, const char *what);

/* From now on it is this. */
void weir_progress_say(struct weir_progress *progress, const char *what);

/* Erase what is shown. To be called before anything else is printed; once more does nothing. */
void weir_progress_done(struct weir_progress *progress);

#define _cleanup_progress_ _cleanup_(weir_progress_done)

#endif
