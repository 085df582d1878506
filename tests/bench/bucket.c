/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How exact a bucket is that two CPUs empty at once.
 *
 *   bucket_error_pct   |admitted - (rate * t + burst)| in per cent of rate * t + burst, the worst
 *                      of four rates, each the median of the rounds
 *
 * Two threads run the gate on frames to one destination, as fast as they can, for most of a second,
 * less than what the kernel lets real-time threads have at a stretch: after a pause the last frame
 * would come to a bucket that has filled. It starts full. What was admitted is read from the gate's own counter, and the refusals
 * show that more was offered than the rate takes.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "benchmarks.h"
#include "rig.h"
#include "vary.h"

enum { THREADS = 2, REPEAT = 1 << 30, OFFER_NS = 800000000 };

#define SOURCE 0x01020304u /* unlisted */

/* The burst is a quarter of a second's worth, but room for some frames at the slowest rate. */
static const struct {
	const char *title;
	struct bench_rate rate;
	__u32 frame_bytes;
} cases[] = {
	{"1 kB/s", {1000, 16000}, 60},
	{"20 MB/s", {20000000, 5000000}, 1500},
	{"1.25 GB/s", {1250000000, 312500000}, 3000},
	{"12.5 GB/s", {12500000000, 3125000000}, 9014},
};

struct offer {
	pthread_t thread;
	int program_fd;
	int cpu;
	struct bench_frame frame;
};

/* A signal to this thread when its time is over; from an interrupt, for its CPU is taken. */
static void end_later(void)
{
	const struct itimerspec after = {.it_value.tv_nsec = OFFER_NS};
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
	timer_t timer;

	event._sigev_un._tid = gettid();
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &after, NULL))
		bench_die("cannot set a timer: %s", strerror(errno));
}

/* One call, until a signal ends it: between two, a bucket that nobody empties may run full. */
static void *offer_frames(void *argument)
{
	struct offer *offer = argument;
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = offer->frame.bytes,
		    .data_size_in = offer->frame.size, .repeat = REPEAT);
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(offer->cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	bench_hold_cpu();
	end_later();
	if (bpf_prog_test_run_opts(offer->program_fd, &run) != -EINTR)
		bench_die("the gate did not run until it was told to end: %s", strerror(errno));
	return NULL;
}

static void end_call(int number)
{
	(void)number;
}

/* Offers frames on all threads. Returns the time from the first to the last, ns. */
static __u64 offer_all(const struct bench_rig *rig, __u32 frame_bytes)
{
	struct offer offers[THREADS];
	const struct sigaction ending = {.sa_handler = end_call};
	__u64 last_ns = 0;

	sigaction(SIGUSR1, &ending, NULL);
	bench_rig_aim(rig, bpf_program__fd(rig->gate->progs.weir_gate));
	for (int i = 0; i < THREADS; i++) {
		offers[i] = (struct offer){
			.program_fd = bpf_program__fd(rig->vary->progs.bench_stamp),
			.cpu = i,
			.frame = bench_frame_make(BENCH_INGRESS, 40000, 80, frame_bytes),
		};
		offers[i].frame.ip.saddr = htonl(SOURCE);
		if (pthread_create(&offers[i].thread, NULL, offer_frames, &offers[i]))
			bench_die("cannot start a thread");
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(offers[i].thread, NULL);
	for (int i = 0; i < BENCH_VARY_CPUS; i++)
		if (rig->vary->bss->bench_last_ns[i] > last_ns)
			last_ns = rig->vary->bss->bench_last_ns[i];
	return last_ns - rig->vary->bss->bench_first_ns;
}

/* The error of one round, in per cent. A new rig, so that the bucket is full. */
static double measure(const struct bench_list *none, int i, __u64 *ret_refused)
{
	struct bench_rig rig = bench_rig_make(none, cases[i].rate, NULL);
	__u64 took_ns = offer_all(&rig, cases[i].frame_bytes);
	double admitted = bench_rig_counted(&rig, WEIR_PASS_INGRESS).bytes;
	double due = cases[i].rate.bytes_per_s * (took_ns / 1e9) + cases[i].rate.burst_bytes;

	*ret_refused = bench_rig_counted(&rig, WEIR_DROP_RATE).packets;
	if (!*ret_refused)
		bench_die("%s: the two threads offered less than the rate takes", cases[i].title);
	bench_rig_done(&rig);
	return fabs(admitted - due) / due * 100;
}

void bench_bucket(void)
{
	struct bench_list none;
	double worst = 0;

	bench_list_make(BENCH_REALISTIC, BENCH_LIST_SEED, 1, &none);
	printf("bucket shared by two CPUs, 0.8 seconds: error of what it admits\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench_series error;
		__u64 refused = 0;

		for (int round = 0; round < BENCH_ROUNDS; round++)
			error.at[round] = measure(&none, i, &refused);
		printf("%-12s %8.4f %%   (%llu refused)\n", cases[i].title, bench_median(&error),
		       refused);
		if (bench_median(&error) > worst)
			worst = bench_median(&error);
	}
	bench_result("bucket_error_pct", worst, "pct");
	bench_list_done(&none);
}
