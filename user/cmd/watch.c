/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting, printing again, and asking for samples at the right rate. */
#include "cmd/watch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/quantity.h"
#include "cmd/common.h"
#include "cmd/progress.h"
#include "cmd/terminal.h"

/* Of each outcome and CPU in a second: what a ring holds between two readings, with room. */
enum { SAMPLES_PER_S = 1200 };

#define INTERVAL_MIN_NS 100000000ULL
#define INTERVAL_NS     1000000000ULL

static volatile sig_atomic_t is_over;

static void end(int signal)
{
	(void)signal;
	is_over = 1;
}

void weir_watch_begin(void)
{
	struct sigaction action = {.sa_handler = end};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

bool weir_watch_is_over(void)
{
	return is_over;
}

bool weir_watch_wait(unsigned long long ns)
{
	struct timespec left = {(time_t)(ns / 1000000000ULL), (long)(ns % 1000000000ULL)};

	if (!is_over)
		nanosleep(&left, NULL);
	return !is_over;
}

/* Nobody reads any more, or it was ended while who reads stood still. */
static bool is_end(int r)
{
	return r == -EPIPE || (r == -EINTR && is_over);
}

int weir_watch_print(char *report, struct weir_diags *diags)
{
	_cleanup_free_ char *text = report;
	int r;

	if (!text)
		return weir_cmd_print(NULL, diags);
	weir_progress_done();
	if (weir_is_terminal(STDOUT_FILENO))
		fputs("\033[H\033[2J", stdout);
	/* Who reads is only found to be gone by writing to them. */
	r = fputs(*text ? text : "nothing\n", stdout) < 0 || fflush(stdout) ? -errno : 0;
	if (r && !is_end(r))
		weir_diags_error(diags, NULL, 0, 0, "cannot write: %s", strerror(-r));
	return r;
}

int weir_watch_end(int r)
{
	if (!is_end(r))
		return r;
	__fpurge(stdout);
	clearerr(stdout);
	return 0;
}

int weir_watch_interval(const char *option, const char *text, struct weir_diags *diags,
			unsigned long long *ret_ns)
{
	const char *why = "";
	__u64 ns = INTERVAL_NS;
	char seconds[32];

	if (!text) {
		*ret_ns = ns;
		return 0;
	}
	/* A number alone is seconds. */
	snprintf(seconds, sizeof(seconds), "%ss", text);
	if (weir_duration_parse(text, strlen(text), &ns, &why) &&
	    weir_duration_parse(seconds, strlen(seconds), &ns, &why))
		return weir_diags_error(diags, NULL, 0, 0, "%s '%s': %s", option, text, why);
	if (ns < INTERVAL_MIN_NS)
		return weir_diags_error(diags, NULL, 0, 0, "%s '%s': less than 100ms", option,
					text);
	*ret_ns = ns;
	return 0;
}

/* ---- sampled sources ------------------------------------------------------------------- */

void weir_sampling_done(struct weir_sampling *sampling)
{
	weir_samples_cursor_done(&sampling->cursor);
	free(sampling->samples);
	*sampling = (struct weir_sampling){};
}

void weir_sampling_restart(struct weir_sampling *sampling)
{
	const struct weir_maps *maps = sampling->maps;

	weir_sampling_done(sampling);
	sampling->maps = maps;
}

static __u32 one_in(double packets_per_s)
{
	double share = packets_per_s / SAMPLES_PER_S;

	return share < 1 ? 1 : share > 1e9 ? 1000000000 : (__u32)share;
}

void weir_sampling_ask(struct weir_sampling *sampling, const struct weir_rates_report *rates)
{
	sampling->one_in[WEIR_WATCH_DROPPED] = one_in(rates->dropped.packets);
	sampling->one_in[WEIR_WATCH_PASSED] = one_in(rates->passed.packets);
	weir_samples_ask(sampling->maps, sampling->one_in);
}

int weir_sampling_read(struct weir_sampling *sampling)
{
	struct weir_watch_sample *fresh = NULL;
	size_t count = 0;
	int r = weir_samples_read(sampling->maps, &sampling->cursor, &fresh, &count);

	for (size_t i = 0; !r && i < count; i++) {
		struct weir_watch_sample *added = weir_array_add(&sampling->samples,
								 &sampling->count);

		if (added)
			*added = fresh[i];
		else
			r = -ENOMEM;
	}
	free(fresh);
	return r;
}

void weir_sampling_clear(struct weir_sampling *sampling)
{
	free(sampling->samples);
	sampling->samples = NULL;
	sampling->count = 0;
}
