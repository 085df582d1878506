/* SPDX-License-Identifier: GPL-2.0-only */
/* A word for what is done, and the time that it has taken -> one line of a terminal. */
#include "cmd/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { SHOWN_AFTER_MS = 1000, AGAIN_MS = 250 };

static void step_ms(struct timespec *at, long ms)
{
	at->tv_nsec += ms * 1000000;
	at->tv_sec += at->tv_nsec / 1000000000;
	at->tv_nsec %= 1000000000;
}

static void *show(void *argument)
{
	struct weir_progress *progress = argument;
	struct timespec next;
	unsigned int ms = SHOWN_AFTER_MS;

	clock_gettime(CLOCK_REALTIME, &next);
	step_ms(&next, SHOWN_AFTER_MS);
	pthread_mutex_lock(&progress->mutex);
	while (progress->what) {
		if (!pthread_cond_timedwait(&progress->changed, &progress->mutex, &next) ||
		    !progress->what)
			continue;
		fprintf(stderr, "\r\033[K%s ... %u s", progress->what, ms / 1000);
		step_ms(&next, AGAIN_MS);
		ms += AGAIN_MS;
	}
	pthread_mutex_unlock(&progress->mutex);
	if (ms > SHOWN_AFTER_MS)
		fputs("\r\033[K", stderr);
	return NULL;
}

void weir_progress_init(struct weir_progress *progress, const char *what)
{
	*progress = (struct weir_progress){.mutex = PTHREAD_MUTEX_INITIALIZER,
					   .changed = PTHREAD_COND_INITIALIZER,
					   .what = what};
	progress->is_on = isatty(STDERR_FILENO) &&
			  !pthread_create(&progress->thread, NULL, show, progress);
}

void weir_progress_say(struct weir_progress *progress, const char *what)
{
	if (!progress->is_on)
		return;
	pthread_mutex_lock(&progress->mutex);
	progress->what = what;
	pthread_cond_signal(&progress->changed);
	pthread_mutex_unlock(&progress->mutex);
}

void weir_progress_done(struct weir_progress *progress)
{
	if (!progress->is_on)
		return;
	weir_progress_say(progress, NULL);
	pthread_join(progress->thread, NULL);
	progress->is_on = false;
}
