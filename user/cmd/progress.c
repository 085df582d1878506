/* SPDX-License-Identifier: GPL-2.0-only */
/* A word for what is done, and the time that it has taken -> one line of a terminal. */
#include "cmd/progress.h"
#include "cmd/terminal.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { SHOWN_AFTER_MS = 1000, AGAIN_MS = 250 };

/* The process's one line. `is_on` is the command's own, the rest is under the mutex. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static const char *current; /* NULL: at an end */
static pthread_t thread;
static bool is_on;

static void step_ms(struct timespec *at, long ms)
{
	at->tv_nsec += ms * 1000000;
	at->tv_sec += at->tv_nsec / 1000000000;
	at->tv_nsec %= 1000000000;
}

static void *show(void *nothing)
{
	struct timespec next;
	unsigned int ms = SHOWN_AFTER_MS;

	clock_gettime(CLOCK_MONOTONIC, &next);
	step_ms(&next, SHOWN_AFTER_MS);
	pthread_mutex_lock(&mutex);
	while (current) {
		if (!pthread_cond_clockwait(&changed, &mutex, CLOCK_MONOTONIC, &next) || !current)
			continue;
		fprintf(stderr, "\r\033[K%s ... %u s", current, ms / 1000);
		step_ms(&next, AGAIN_MS);
		ms += AGAIN_MS;
	}
	pthread_mutex_unlock(&mutex);
	if (ms > SHOWN_AFTER_MS)
		fputs("\r\033[K", stderr);
	return nothing;
}

static void set(const char *what)
{
	pthread_mutex_lock(&mutex);
	current = what;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&mutex);
}

void weir_progress_say(const char *what)
{
	set(what);
	if (!is_on)
		is_on = weir_is_terminal(STDERR_FILENO) &&
			!pthread_create(&thread, NULL, show, NULL);
}

void weir_progress_done(void)
{
	set(NULL);
	if (is_on)
		pthread_join(thread, NULL);
	is_on = false;
}
