/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What watching costs a packet.
 *
 *   capture_idle_ns   while nobody watches: the gate against the same gate without the question
 *   capture_busy_ns   while a capture takes a thousand frames a second from the flood
 *   sample_busy_ns    while weir top samples one packet in a hundred
 *
 * The dearer of a packet that passes every stage and one that is dropped as it is parsed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "benchmarks.h"
#include "rig.h"
#include "vary.h"
#include "weir/watch.h"

enum { REPEAT = 2000000, PREFIXES = 1000 };

static const struct bench_rate ample = {100000000000ULL, 100000000000ULL};

/* The same gate on the same maps, which shows nothing to anybody. */
static struct bench_rig blind_of(const struct bench_rig *rig)
{
	struct bench_rig blind = *rig;
	struct bpf_map *map;

	blind.gate = weir_gate__open();
	if (!blind.gate)
		bench_die("cannot open the gate: %s", strerror(errno));
	blind.gate->rodata->weir_unwatched = true;
	blind.gate->rodata->weir_tick_ns = rig->gate->rodata->weir_tick_ns;
	bpf_object__for_each_map(map, blind.gate->obj)
	{
		const struct bpf_map *real = bpf_object__find_map_by_name(rig->gate->obj,
									  bpf_map__name(map));

		if (map != blind.gate->maps.rodata && bpf_map__reuse_fd(map, bpf_map__fd(real)))
			bench_die("cannot share %s", bpf_map__name(map));
	}
	if (weir_gate__load(blind.gate))
		bench_die("cannot load the gate: %s", strerror(errno));
	return blind;
}

static void watch(const struct bench_rig *rig, __u32 watchers)
{
	struct weir_watch wanted = {.reasons = ~0ULL,
				    .frames_until_ns = ~0ULL,
				    .samples_until_ns = ~0ULL,
				    .interval_ns = 1000000,
				    .burst_ns = 10000000,
				    .thresholds = {~0U / 100, ~0U / 100}};
	struct weir_control control;
	__u32 key = 0;

	if (bpf_map__lookup_elem(rig->gate->maps.weir_control, &key, sizeof(key), &control,
				 sizeof(control), 0))
		bench_die("cannot read weir_control: %s", strerror(errno));
	control.watchers = watchers;
	if (bpf_map__update_elem(rig->gate->maps.weir_watch, &key, sizeof(key), &wanted,
				 sizeof(wanted), 0) ||
	    bpf_map__update_elem(rig->gate->maps.weir_control, &key, sizeof(key), &control,
				 sizeof(control), 0))
		bench_die("cannot watch: %s", strerror(errno));
}

struct takes {
	struct bench_series blind, idle, frames, samples;
};

static void measure(struct bench_rig *rig, struct bench_rig *blind, struct bench_frame *frame,
		    __u32 reason, struct takes *takes)
{
	for (int i = 0; i < BENCH_ROUNDS; i++) {
		takes->blind.at[i] = bench_rig_judge(blind, frame, 0, REPEAT, reason);
		takes->idle.at[i] = bench_rig_judge(rig, frame, 0, REPEAT, reason);
		watch(rig, WEIR_WATCH_FRAMES);
		takes->frames.at[i] = bench_rig_judge(rig, frame, 0, REPEAT, reason);
		watch(rig, WEIR_WATCH_SAMPLES);
		takes->samples.at[i] = bench_rig_judge(rig, frame, 0, REPEAT, reason);
		watch(rig, 0);
	}
}

static double net(const char *what, const char *packet, const struct bench_series *took,
		  const struct bench_series *blind)
{
	double ns = bench_median_net(took, blind);

	printf("%-20s %-28s %7.2f ns\n", what, packet, ns);
	return ns;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

void bench_capture(void)
{
	struct bench_frame open = bench_frame_make(BENCH_INGRESS, 40000, 80, BENCH_FRAME_BYTES);
	struct bench_frame bad = open;
	struct bench_list list;
	struct bench_rig rig, blind;
	struct takes passed, dropped;

	bench_list_make(BENCH_REALISTIC, BENCH_LIST_SEED, PREFIXES, &list);
	rig = bench_rig_make(&list, ample, NULL);
	bench_sources_missing(&list, NULL, BENCH_VARY_SOURCES, rig.vary->bss->bench_sources[0]);
	bench_list_done(&list);
	blind = blind_of(&rig);
	bad.ip.ihl = 4;
	measure(&rig, &blind, &open, WEIR_PASS_INGRESS, &passed);
	measure(&rig, &blind, &bad, WEIR_DROP_IP_HEADER, &dropped);
	bench_result(
		"capture_idle_ns",
		larger(net("nobody watches", "passed", &passed.idle, &passed.blind),
		       net("nobody watches", "dropped by parse", &dropped.idle, &dropped.blind)),
		"ns");
	bench_result(
		"capture_busy_ns",
		larger(net("weir capture", "passed", &passed.frames, &passed.blind),
		       net("weir capture", "dropped by parse", &dropped.frames, &dropped.blind)),
		"ns");
	bench_result("sample_busy_ns",
		     larger(net("weir top", "passed", &passed.samples, &passed.blind),
			    net("weir top", "dropped by parse", &dropped.samples, &dropped.blind)),
		     "ns");
	weir_gate__destroy(blind.gate);
	bench_rig_done(&rig);
}
