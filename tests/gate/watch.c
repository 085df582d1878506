/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets on show: what a watcher asks for is what it gets, what it does not get is counted, and no
 * verdict depends on it.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "weir/watch.h"

#define FOREVER (~0ULL)

enum { SHOWN_MAX = 4096 };

static struct gate *gate;
static struct weir_watch_frame shown[SHOWN_MAX];
static size_t shown_count;

static int keep(void *context, void *data, size_t size)
{
	(void)context;
	cr_assert_eq(size, sizeof(struct weir_watch_frame));
	if (shown_count < SHOWN_MAX)
		memcpy(&shown[shown_count], data, size);
	shown_count++;
	return 0;
}

/* What has come since the last time, in `shown`. */
static size_t look(void)
{
	static struct ring_buffer *ring;

	if (!ring)
		ring = ring_buffer__new(gate_map_fd(gate, "weir_frames"), keep, NULL, NULL);
	cr_assert_not_null(ring);
	shown_count = 0;
	ring_buffer__consume(ring);
	return shown_count;
}

static void watch(const struct weir_watch *wanted, __u32 watchers)
{
	__u32 key = 0;

	cr_assert_eq(bpf_map_update_elem(gate_map_fd(gate, "weir_watch"), &key, wanted, 0), 0);
	gate_control(gate)->watchers = watchers;
}

static struct weir_watch_frame_counts counts(void)
{
	struct weir_watch_frame_counts sum = {}, *cpus;
	__u32 key = 0;
	int n = libbpf_num_possible_cpus();

	cpus = calloc(n, sizeof(*cpus));
	bpf_map_lookup_elem(gate_map_fd(gate, "weir_frame_cnt"), &key, cpus);
	for (int i = 0; i < n; i++) {
		sum.taken += cpus[i].taken;
		sum.beyond_rate += cpus[i].beyond_rate;
		sum.ring_full += cpus[i].ring_full;
	}
	free(cpus);
	return sum;
}

static void start(void)
{
	gate = gate_start_configured();
}

TestSuite(gate_watch, .init = start);

static const struct frame_spec good = {.from = CLIENT, .to = INGRESS};
static const struct frame_spec listed = {.from = LISTED, .to = INGRESS};

static struct frame built(struct frame_spec spec)
{
	static struct frame frame;

	frame_build(&spec, &frame);
	return frame;
}

static void offer(struct frame_spec spec, int times)
{
	struct frame frame = built(spec);

	gate_flood(gate, frame.bytes, frame.size, times);
}

Test(gate_watch, shows_nothing_while_nobody_watches)
{
	watch(&(struct weir_watch){.reasons = ~0ULL, .frames_until_ns = FOREVER}, 0);
	offer(good, 3);
	cr_expect_eq(look(), 0);
	cr_expect_eq(counts().taken, 0);
}

Test(gate_watch, shows_the_frame_with_its_reason)
{
	struct frame frame = built(listed);

	watch(&(struct weir_watch){.reasons = ~0ULL, .frames_until_ns = FOREVER},
	      WEIR_WATCH_FRAMES);
	gate_expect(gate, "while it is watched", &frame, WEIR_DROP_DENIED);
	cr_assert_eq(look(), 1);
	cr_expect_eq(shown[0].reason, WEIR_DROP_DENIED);
	cr_expect_eq(shown[0].frame_bytes, frame.size);
	cr_assert_eq(shown[0].size, frame.size);
	cr_expect_arr_eq(shown[0].bytes, frame.bytes, frame.size);
	cr_expect_leq(shown[0].at_ns, gate_now_ns());
	cr_expect_eq(counts().taken, 1);
}

Test(gate_watch, shows_the_beginning_of_a_long_frame)
{
	struct frame_spec spec = good;
	struct frame frame;

	spec.payload = 1400;
	frame = built(spec);
	watch(&(struct weir_watch){.reasons = ~0ULL, .frames_until_ns = FOREVER},
	      WEIR_WATCH_FRAMES);
	gate_action(gate, frame.bytes, frame.size);
	cr_assert_eq(look(), 1);
	cr_expect_eq(shown[0].frame_bytes, frame.size);
	cr_assert_eq(shown[0].size, WEIR_WATCH_FRAME_BYTES);
	cr_expect_arr_eq(shown[0].bytes, frame.bytes, WEIR_WATCH_FRAME_BYTES);
}

Test(gate_watch, shows_what_is_dropped_before_it_has_addresses)
{
	__u8 cut[20] = {[12] = 8, [14] = 0x45};

	watch(&(struct weir_watch){.reasons = ~0ULL, .frames_until_ns = FOREVER},
	      WEIR_WATCH_FRAMES);
	gate_action(gate, cut, sizeof(cut));
	cr_assert_eq(look(), 1);
	cr_expect_eq(shown[0].reason, WEIR_DROP_TRUNCATED);
	cr_expect_eq(shown[0].size, sizeof(cut));
}

Test(gate_watch, shows_only_what_the_filter_wants)
{
	watch(&(struct weir_watch){.reasons = 1ULL << WEIR_DROP_DENIED, .frames_until_ns = FOREVER},
	      WEIR_WATCH_FRAMES);
	offer(good, 1);
	cr_expect_eq(look(), 0, "another reason");
	watch(&(struct weir_watch){.reasons = ~0ULL,
				   .frames_until_ns = FOREVER,
				   .source = htonl(CLIENT & ~0xffU),
				   .source_mask = htonl(~0xffU)},
	      WEIR_WATCH_FRAMES);
	offer(listed, 1);
	cr_expect_eq(look(), 0, "another source");
	offer(good, 1);
	cr_expect_eq(look(), 1);
	watch(&(struct weir_watch){.reasons = ~0ULL,
				   .frames_until_ns = FOREVER,
				   .destination = htonl(INGRESS2),
				   .destination_mask = ~0U},
	      WEIR_WATCH_FRAMES);
	offer(good, 1);
	cr_expect_eq(look(), 0, "another destination");
	cr_expect_eq(counts().beyond_rate + counts().ring_full, 0, "they were not wanted");
}

Test(gate_watch, leaves_out_what_exceeds_the_rate_and_counts_it)
{
	watch(&(struct weir_watch){.reasons = ~0ULL,
				   .frames_until_ns = FOREVER,
				   .interval_ns = 60000000000ULL,
				   .burst_ns = 120000000000ULL},
	      WEIR_WATCH_FRAMES);
	offer(good, 100);
	cr_expect_eq(look(), 3, "one, and a burst of two: %zu", shown_count);
	cr_expect_eq(counts().taken, 3);
	cr_expect_eq(counts().beyond_rate, 97);
}

Test(gate_watch, leaves_out_what_the_ring_cannot_hold_and_counts_it)
{
	struct weir_watch_frame_counts got;

	watch(&(struct weir_watch){.reasons = ~0ULL, .frames_until_ns = FOREVER},
	      WEIR_WATCH_FRAMES);
	offer(good, 5000);
	got = counts();
	cr_expect_eq(look(), got.taken);
	cr_expect_gt(got.ring_full, 0);
	cr_expect_eq(got.taken + got.ring_full, 5000);
	offer(good, 1);
	cr_expect_eq(look(), 1, "it goes on once it was read");
}

Test(gate_watch, forgets_a_watcher_that_does_not_renew)
{
	watch(&(struct weir_watch){.reasons = ~0ULL,
				   .frames_until_ns = gate_now_ns() - 1,
				   .samples_until_ns = 1,
				   .thresholds = {~0U, ~0U}},
	      WEIR_WATCH_FRAMES | WEIR_WATCH_SAMPLES);
	gate_expect_spec(gate, "late", good, WEIR_PASS_INGRESS);
	cr_expect_eq(gate_control(gate)->watchers, 0);
	cr_expect_eq(look(), 0);
}

Test(gate_watch, one_late_watcher_does_not_take_the_other_along)
{
	watch(&(struct weir_watch){.reasons = ~0ULL,
				   .frames_until_ns = FOREVER,
				   .samples_until_ns = 1,
				   .thresholds = {~0U, ~0U}},
	      WEIR_WATCH_FRAMES | WEIR_WATCH_SAMPLES);
	offer(good, 1);
	cr_expect_eq(gate_control(gate)->watchers, WEIR_WATCH_FRAMES);
	cr_expect_eq(look(), 1);
}

/* ---- samples ----------------------------------------------------------------------------- */

/* The samples of an outcome that hold any, those of the CPU that this test ran on. */
static struct weir_watch_samples samples(__u32 outcome)
{
	int n = libbpf_num_possible_cpus();
	struct weir_watch_samples *cpus = calloc(n, sizeof(*cpus)), most = {};

	cr_assert_eq(bpf_map_lookup_elem(gate_map_fd(gate, "weir_samples"), &outcome, cpus), 0);
	for (int i = 0; i < n; i++)
		if (cpus[i].taken > most.taken)
			most = cpus[i];
	free(cpus);
	return most;
}

static void sample(__u32 dropped, __u32 passed)
{
	watch(&(struct weir_watch){.samples_until_ns = FOREVER, .thresholds = {dropped, passed}},
	      WEIR_WATCH_SAMPLES);
}

Test(gate_watch, samples_sources_by_outcome)
{
	struct frame_spec answer = good;
	struct weir_watch_samples got;

	answer.flags = 0x10;
	sample(~0U, ~0U);
	offer(good, 1);
	offer(answer, 1);
	got = samples(WEIR_WATCH_PASSED);
	cr_assert_eq(got.taken, 2);
	cr_expect_eq(got.ring[0].source, htonl(CLIENT));
	cr_expect_eq(got.ring[0].reason, WEIR_PASS_INGRESS);
	cr_expect_eq(got.ring[0].threshold, ~0U);
	cr_expect_eq(got.ring[0].bytes, built(good).size);
	cr_expect_eq(got.ring[0].is_syn, 1);
	cr_expect_eq(got.ring[1].is_syn, 0);
	cr_expect_eq(samples(WEIR_WATCH_DROPPED).taken, 0);
	offer(listed, 1);
	got = samples(WEIR_WATCH_DROPPED);
	cr_assert_eq(got.taken, 1);
	cr_expect_eq(got.ring[0].source, htonl(LISTED));
}

Test(gate_watch, samples_as_many_as_the_threshold_says)
{
	sample(0, ~0U / 4);
	offer(good, 20000);
	offer(listed, 1000);
	cr_expect_geq(samples(WEIR_WATCH_PASSED).taken + samples(WEIR_WATCH_DROPPED).taken, 1000);
	cr_expect_leq(samples(WEIR_WATCH_PASSED).taken, 6000);
	cr_expect_leq(samples(WEIR_WATCH_DROPPED).taken, 1);
}
