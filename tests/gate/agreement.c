/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The program and the oracle judge the same random packets under the same random policies, and
 * must give the same reason for each. WEIR_SEED repeats a run, WEIR_ORACLE_PACKETS lengthens it.
 */
#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <stdio.h>

#include "match.h"

enum { PACKETS = 120000, PACKETS_IN_WORLD = 1000 };

struct run {
	struct match match;
	__u64 seen[WEIR_REASONS_END];
	__u64 seed;
};

static void print_frame(const struct frame *frame)
{
	fprintf(stderr, "the frame:");
	for (size_t i = 0; i < frame->size; i++)
		fprintf(stderr, " %02x", frame->bytes[i]);
	fprintf(stderr, "\n");
}

static void compare_one(struct run *run, __u64 number)
{
	struct match *match = &run->match;
	struct frame frame;
	struct verdict verdict;
	unsigned int want;

	world_frame(&match->random, &match->world, &frame);
	want = oracle_judge(&match->world.oracle, frame.bytes, frame.size);
	verdict = gate_run(match->gate, frame.bytes, frame.size);
	run->seen[want]++;
	if (verdict.reason != want)
		print_frame(&frame);
	cr_assert_eq(verdict.reason, want, "packet %llu: %s, the oracle says %s (WEIR_SEED=%llu)",
		     number, reason_name(verdict.reason), reason_name(want), run->seed);
	cr_assert_eq(verdict.action, weir_reason_passes(want) ? XDP_PASS : XDP_DROP);
	cr_assert_eq(verdict.bytes, frame.size);
}

static void compare_world(struct run *run, __u64 first, __u64 packets)
{
	match_make_world(&run->match);
	for (__u64 i = 0; i < packets; i++)
		compare_one(run, first + i);
}

static void start(struct run *run)
{
	run->seed = random_seed();
	run->match.random.state = run->seed;
	fprintf(stderr, "WEIR_SEED=%llu\n", run->seed);
	run->match.gate = gate_start(MATCH_BLOCKS);
	match_open_sockets(&run->match);
}

/*
 * A test that never met a reason has not tested it. Those elsewhere have tests of their own, but
 * for drop_contended, which takes sixteen lost races in a row, and drop_undecided, a bug.
 */
static void expect_all_seen(const struct run *run)
{
	static const bool is_elsewhere[WEIR_REASONS_END] = {
		[WEIR_UNDECIDED] = true,       [WEIR_PASS_RETURN_NAT] = true,
		[WEIR_DROP_PROOF_RATE] = true, [WEIR_DROP_CONTENDED] = true,
		[WEIR_DROP_NO_POLICY] = true,  [WEIR_DROP_MAP] = true,
		[WEIR_DROP_UNDECIDED] = true,  [WEIR_DROP_NO_LISTENER] = true,
		[WEIR_PASS_TRIAL_OVER] = true,
	};

	for (int i = 0; i < WEIR_REASONS_END; i++)
		cr_expect(is_elsewhere[i] || run->seen[i], "%s was never met (WEIR_SEED=%llu)",
			  reason_name(i), run->seed);
}

Test(gate_oracle, agrees_with_the_program_on_random_packets_and_policies, .timeout = 280)
{
	const char *asked = getenv("WEIR_ORACLE_PACKETS");
	__u64 packets = asked ? strtoull(asked, NULL, 0) : PACKETS;
	static struct run run;

	start(&run);
	for (__u64 done = 0; done < packets; done += PACKETS_IN_WORLD)
		compare_world(&run, done, PACKETS_IN_WORLD);
	expect_all_seen(&run);
}

/* The twin, by which `explain` answers, says what the program does and leaves no trace. */
Test(gate_oracle, has_a_twin_that_says_the_same_and_counts_nothing)
{
	enum { TWIN_PACKETS = 5000 };
	static struct run run;
	struct match *match = &run.match;
	struct weir_counts before, after;
	struct frame frame;

	start(&run);
	match_make_world(match);
	gate_live_flush(match->gate);
	match->world.oracle.live_count = 0;
	gate_counts(match->gate, &before);
	for (int i = 0; i < TWIN_PACKETS; i++) {
		unsigned int want;

		world_frame(&match->random, &match->world, &frame);
		want = oracle_judge(&match->world.oracle, frame.bytes, frame.size);
		cr_assert_eq(gate_ask_twin(match->gate, frame.bytes, frame.size), want,
			     "packet %d (WEIR_SEED=%llu)", i, run.seed);
	}
	gate_counts(match->gate, &after);
	cr_assert_arr_eq(&before, &after, sizeof(before));
}
