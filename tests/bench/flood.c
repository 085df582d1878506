/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a packet costs the core that receives it, whole path: NAPI, the filter, and what the kernel
 * does with what the filter lets through.
 *
 *   flood listed|good NAME=INTERFACE=PEER ...
 *
 * Each contender is a receiving interface PEER behind its own wire, in its own namespace, its NAPI
 * threaded; this runs in the namespace of the sending ends. It floods one after the other and
 * divides the run time of the NAPI thread (/proc/PID/schedstat) by the packets that the wire took,
 * which does not depend on who else has the CPU. The contender `base` is what the others are
 * compared with: XDP_DROP for listed sources, no filter at all for good ones.
 */
#include <errno.h>
#include <glob.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "bench.h"
#include "benchmarks.h"
#include "flood.h"
#include "lists.h"
#include "rig.h"
#include "sender.h"

enum { CONTENDERS_MAX = 8, LIST_COUNT = 1000000, SENDER_CPU = 0, NAPI_CPU = 1 };

#define FLOOD_NS 400000000ULL
#define DRAIN_US 20000

struct contender {
	char *name;
	char *interface;
	int napi_pid;
	struct bench_series ns;
};

struct flood {
	struct bench_sender sender;
	struct contender contenders[CONTENDERS_MAX];
	int count;
};

/* ---- the receiving side ---------------------------------------------------------------------- */

/* The first line of a small file. False: there is no such file any more. */
static bool read_line(const char *path, char *line, int size)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");

	return file && fgets(line, size, file);
}

/* The kernel thread that polls an interface; its name begins with `napi/INTERFACE-`. */
static int find_napi(const char *peer)
{
	char wanted[64], comm[64];
	glob_t found;
	int pid = 0;

	snprintf(wanted, sizeof(wanted), "napi/%s-", peer);
	glob("/proc/[0-9]*/comm", 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc && !pid; i++)
		if (read_line(found.gl_pathv[i], comm, sizeof(comm)) &&
		    !strncmp(comm, wanted, strlen(wanted)))
			pid = atoi(found.gl_pathv[i] + strlen("/proc/"));
	globfree(&found);
	if (!pid)
		bench_die("no thread polls %s: its NAPI must be threaded", peer);
	return pid;
}

/* A CPU for a process; the poller's, while it has packets, is nobody else's. */
static void pin(int pid, int cpu)
{
	const struct sched_param lowest = {.sched_priority = 1};
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(pid, sizeof(cpus), &cpus))
		bench_die("cannot bind process %d to CPU %d: %s", pid, cpu, strerror(errno));
	if (pid)
		(void)sched_setscheduler(pid, SCHED_FIFO, &lowest);
}

static __u64 run_time_ns(int pid)
{
	char path[64], line[128];

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	if (!read_line(path, line, sizeof(line)))
		bench_die("cannot read %s", path);
	return strtoull(line, NULL, 10);
}

/* ---- the flood ------------------------------------------------------------------------------- */

static double measure(struct flood *flood, const struct contender *contender)
{
	__u64 packets = bench_taken_packets(contender->interface);
	__u64 ns = run_time_ns(contender->napi_pid);

	bench_hold_cpu();
	bench_sender_run(&flood->sender, contender->interface, 0, FLOOD_NS);
	bench_yield_cpu();
	usleep(DRAIN_US);
	ns = run_time_ns(contender->napi_pid) - ns;
	packets = bench_taken_packets(contender->interface) - packets;
	if (!packets)
		bench_die("%s took no packet", contender->name);
	return (double)ns / packets;
}

/* As many as scripts/bench-gate has put into the contenders. */
static size_t entries_count(void)
{
	const char *count = getenv("WEIR_BENCH_ENTRIES");

	return count ? strtoull(count, NULL, 10) : LIST_COUNT;
}

static struct bench_sender listed_sender(bool is_listed)
{
	struct bench_frame frame = bench_frame_make(BENCH_INGRESS, 40000, 80, BENCH_FRAME_BYTES);
	struct bench_sender sender;
	struct bench_list list;

	/* Receivers' interfaces all have this address. */
	memcpy(frame.ethernet.h_dest, "\2\0\0\0\0\2", ETH_ALEN);
	sender = bench_sender_make(&frame);
	bench_list_make(BENCH_REALISTIC, BENCH_LIST_SEED, entries_count(), &list);
	if (is_listed)
		bench_sources_listed(&list, NULL, BENCH_FLOOD_SOURCES, sender.sources);
	else
		bench_sources_missing(&list, NULL, BENCH_FLOOD_SOURCES, sender.sources);
	bench_list_done(&list);
	return sender;
}

static void add_contender(struct flood *flood, char *argument)
{
	struct contender *contender = &flood->contenders[flood->count++];
	char *peer;

	if (flood->count > CONTENDERS_MAX)
		bench_die("more than %d contenders", CONTENDERS_MAX);
	contender->name = strsep(&argument, "=");
	contender->interface = strsep(&argument, "=");
	peer = argument ?: "";
	contender->napi_pid = find_napi(peer);
	pin(contender->napi_pid, NAPI_CPU);
}

static const struct bench_series *base_of(const struct flood *flood)
{
	for (int i = 0; i < flood->count; i++)
		if (!strcmp(flood->contenders[i].name, "base"))
			return &flood->contenders[i].ns;
	bench_die("no contender is the base");
}

static void report(const struct flood *flood, bool is_listed)
{
	const struct bench_series *base = base_of(flood);
	char name[48];

	for (int i = 0; i < flood->count; i++) {
		const struct contender *contender = &flood->contenders[i];
		const char *who = contender->name;

		printf("%-14s %8.0f ns a packet", who, bench_median(&contender->ns));
		if (&contender->ns == base) {
			printf("\n");
			continue;
		}
		printf("  %+8.0f  %7.2f x\n", bench_median_net(&contender->ns, base),
		       bench_median_ratio(&contender->ns, NULL, base, NULL));
		if (!strcmp(who, "weir"))
			who = "";
		snprintf(name, sizeof(name),
			 is_listed ? "flood_listed_1M%s%s_vs_drop" : "good_1M_added%s%s_ns",
			 *who ? "_" : "", who);
		if (is_listed)
			bench_result(name, bench_median_ratio(&contender->ns, NULL, base, NULL),
				     "ratio");
		else
			bench_result(name, bench_median_net(&contender->ns, base), "ns");
	}
}

void bench_flood(char **arguments)
{
	bool is_listed = arguments[0] && !strcmp(arguments[0], "listed");
	struct flood flood = {.sender = listed_sender(is_listed)};

	if (!arguments[0])
		bench_die("flood listed|good NAME=INTERFACE=PEER ...");
	pin(0, SENDER_CPU);
	for (char **argument = arguments + 1; *argument; argument++)
		add_contender(&flood, *argument);
	for (int round = 0; round < BENCH_ROUNDS; round++)
		for (int i = 0; i < flood.count; i++)
			flood.contenders[i].ns.at[round] = measure(&flood, &flood.contenders[i]);
	report(&flood, is_listed);
	bench_sender_done(&flood.sender);
}

void bench_send(char **arguments)
{
	const char *interface = arguments[0];
	__u64 seconds = interface && arguments[1] ? strtoull(arguments[1], NULL, 10) : 0;
	struct bench_sender sender;

	if (!seconds || seconds > 60)
		bench_die("send INTERFACE SECONDS, at most 60");
	sender = listed_sender(true);
	bench_sender_run(&sender, interface, 0, seconds * 1000000000ULL);
	bench_sender_done(&sender);
}
