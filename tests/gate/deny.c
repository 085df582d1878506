/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The denylist in the real program: every prefix of a large list against a bit per address, what
 * is added live, and which half of the maps is in force.
 */
#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "fixture.h"
#include "listgen.h"
#include "random.h"

#define MS_NS 1000000ULL

static struct weir_prefix prefix(__u32 address, __u8 length)
{
	return (struct weir_prefix){address & weir_prefix_mask(length), length};
}

static void expect_from(struct gate *gate, const char *name, __u32 source, unsigned int want)
{
	gate_expect_spec(gate, name, (struct frame_spec){.from = source, .to = INGRESS}, want);
}

/* ---- a large list ------------------------------------------------------------------------ */

enum { PREFIXES = 100000, TRUTH_BYTES = 1 << 29 };

static void truth_set(unsigned char *truth, struct weir_prefix listed)
{
	for (__u64 a = listed.address; a <= weir_prefix_last(listed); a++)
		truth[a / 8] |= 1 << a % 8;
}

static bool truth_has(const unsigned char *truth, __u32 address)
{
	return truth[address / 8] >> address % 8 & 1;
}

static bool is_possible(__u32 address)
{
	__u8 first = address >> 24;

	return first && first != 127 && first < 224;
}

/* Run one packet; says how many of these passed and were dropped as the truth has it. */
static void probe(struct gate *gate, const unsigned char *truth, __u32 source, __u64 wanted[2])
{
	struct frame frame;
	bool is_listed = truth_has(truth, source);
	int action;

	if (!is_possible(source))
		return;
	frame_build(&(struct frame_spec){.from = source, .to = INGRESS}, &frame);
	action = gate_action(gate, frame.bytes, frame.size);
	cr_assert_eq(action, is_listed ? XDP_DROP : XDP_PASS, "source %08x", source);
	wanted[is_listed]++;
}

Test(gate_deny, agrees_with_a_bit_per_address_on_100000_mixed_prefixes, .timeout = 120)
{
	_cleanup_free_ struct weir_prefix *prefixes = calloc(PREFIXES, sizeof(*prefixes));
	_cleanup_free_ struct weir_listed *listed = calloc(PREFIXES, sizeof(*listed));
	_cleanup_free_ unsigned char *truth = calloc(TRUTH_BYTES, 1);
	struct weir_list list = {.entries = listed, .count = PREFIXES};
	struct gate *gate = gate_start(PREFIXES);
	struct weir_config config = gate_config();
	uint64_t seed = random_seed();
	struct random random = {seed};
	__u64 wanted[2] = {};
	struct weir_counts counts;

	fprintf(stderr, "WEIR_SEED=%llu\n", (unsigned long long)seed);
	listgen_realistic(seed, PREFIXES, prefixes);
	for (int i = 0; i < PREFIXES; i++) {
		listed[i].prefix = prefixes[i];
		truth_set(truth, prefixes[i]);
	}
	config.denylists = &list;
	config.denylists_count = 1;
	config.allowlist.count = 0;
	gate_apply_config(gate, &config, NULL, 0);

	/* Each prefix at one of its ends or just beyond, each a random address. */
	for (int i = 0; i < PREFIXES; i++) {
		__u32 first = prefixes[i].address, last = weir_prefix_last(prefixes[i]);
		__u32 at[] = {first, last, first - 1, last + 1};

		probe(gate, truth, at[random_below(&random, 4)], wanted);
		probe(gate, truth, random_u32(&random), wanted);
	}
	gate_counts(gate, &counts);
	cr_assert_eq(counts.drop_denied.packets, wanted[true]);
	cr_assert_eq(counts.pass_ingress.packets, wanted[false]);
	cr_assert_gt(wanted[true], PREFIXES / 4);
	cr_assert_gt(wanted[false], PREFIXES / 4);
}

Test(gate_deny, denies_every_source_by_prefix_zero_but_the_allowed)
{
	struct weir_listed all = {.prefix = {0, 0}};
	struct weir_list list = {.entries = &all, .count = 1};
	struct gate *gate = gate_start(16);
	struct weir_config config = gate_config();

	config.denylists = &list;
	gate_apply_config(gate, &config, NULL, 0);
	expect_from(gate, "the client", CLIENT, WEIR_DROP_DENIED);
	expect_from(gate, "the first", 0x01000000, WEIR_DROP_DENIED);
	expect_from(gate, "the last", 0xdfffffff, WEIR_DROP_DENIED);
	expect_from(gate, "the allowed", ALLOWED, WEIR_PASS_INGRESS);
	expect_from(gate, "its neighbour", ALLOWED + 1, WEIR_DROP_DENIED);
}

/* ---- two halves -------------------------------------------------------------------------- */

/* The configuration of the scene, with another source listed instead. */
static void apply_listing(struct gate *gate, __u32 source)
{
	struct weir_listed one = {.prefix = {source, 32}};
	struct weir_list list = {.entries = &one, .count = 1};
	struct weir_config config = gate_config();

	config.denylists = &list;
	gate_apply_config(gate, &config, NULL, 0);
}

Test(gate_deny, forgets_the_old_list_at_the_flip)
{
	struct gate *gate = gate_start_configured();

	for (int round = 0; round < 3; round++) {
		apply_listing(gate, CLIENT);
		expect_from(gate, "newly listed", CLIENT, WEIR_DROP_DENIED);
		expect_from(gate, "no longer listed", LISTED, WEIR_PASS_INGRESS);
		apply_listing(gate, LISTED);
		expect_from(gate, "no longer listed", CLIENT, WEIR_PASS_INGRESS);
		expect_from(gate, "listed again", LISTED, WEIR_DROP_DENIED);
	}
}

Test(gate_deny, goes_back_to_the_other_half_when_a_trial_ends)
{
	struct gate *gate = gate_start_configured();
	struct weir_control *control = gate_control(gate);
	__u64 half;

	apply_listing(gate, CLIENT);
	half = control->word;
	control->word = half | weir_control_deadline(gate_now_ns() + 60000 * MS_NS);
	expect_from(gate, "on trial", CLIENT, WEIR_DROP_DENIED);
	expect_from(gate, "on trial", LISTED, WEIR_PASS_INGRESS);
	control->word = half | weir_control_deadline(gate_now_ns() - 100 * MS_NS);
	expect_from(gate, "after the trial", CLIENT, WEIR_PASS_INGRESS);
	expect_from(gate, "after the trial", LISTED, WEIR_DROP_DENIED);
	control->word = half;
	expect_from(gate, "confirmed", CLIENT, WEIR_DROP_DENIED);
}

/* ---- live -------------------------------------------------------------------------------- */

Test(gate_live, bans_and_lets_go)
{
	struct gate *gate = gate_start_configured();

	gate_live_add(gate, WEIR_LIVE_BAN, prefix(CLIENT, 32), 0);
	expect_from(gate, "banned", CLIENT, WEIR_DROP_BANNED);
	expect_from(gate, "its neighbour", CLIENT + 1, WEIR_PASS_INGRESS);
	gate_live_del(gate, WEIR_LIVE_BAN, prefix(CLIENT, 32));
	expect_from(gate, "no longer banned", CLIENT, WEIR_PASS_INGRESS);
}

Test(gate_live, bans_by_prefixes_of_every_length)
{
	struct gate *gate = gate_start_configured();

	for (int length = 0; length <= 32; length += length < 8 ? 4 : 1) {
		char name[40];

		snprintf(name, sizeof(name), "within /%d", length);
		gate_live_add(gate, WEIR_LIVE_BAN, prefix(CLIENT, length), 0);
		expect_from(gate, name, CLIENT, WEIR_DROP_BANNED);
		if (length)
			expect_from(gate, name, CLIENT ^ 1u << (32 - length), WEIR_PASS_INGRESS);
		gate_live_del(gate, WEIR_LIVE_BAN, prefix(CLIENT, length));
		expect_from(gate, "gone", CLIENT, WEIR_PASS_INGRESS);
	}
}

Test(gate_live, bans_whatever_the_source_sends)
{
	struct gate *gate = gate_start_configured();

	gate_live_add(gate, WEIR_LIVE_BAN, prefix(OPERATOR, 32), 0);
	gate_live_add(gate, WEIR_LIVE_BAN, prefix(BACKEND, 24), 0);
	gate_live_add(gate, WEIR_LIVE_BAN, prefix(CDN, 32), 0);
	gate_expect_spec(gate, "SSH",
			 (struct frame_spec){.from = OPERATOR, .to = MACHINE, .port = 22},
			 WEIR_DROP_BANNED);
	gate_expect_spec(gate, "a container's answer",
			 (struct frame_spec){.from = BACKEND, .to = MACHINE, .flags = ACK},
			 WEIR_DROP_BANNED);
	gate_expect_spec(gate, "the CDN",
			 (struct frame_spec){.from = CDN, .to = INGRESS, .port = 8080},
			 WEIR_DROP_BANNED);
}

Test(gate_live, never_bans_what_the_allowlist_of_the_files_names)
{
	struct gate *gate = gate_start_configured();

	gate_live_add(gate, WEIR_LIVE_BAN, prefix(ALLOWED, 16), 0);
	expect_from(gate, "allowed by file", ALLOWED, WEIR_PASS_INGRESS);
	expect_from(gate, "denied by file", ALLOWED + 1, WEIR_DROP_DENIED);
	expect_from(gate, "banned", ALLOWED ^ 0x100, WEIR_DROP_BANNED);
}

Test(gate_live, releases_what_a_file_lists_or_a_ban_holds)
{
	struct gate *gate = gate_start_configured();

	gate_live_add(gate, WEIR_LIVE_RELEASE, prefix(LISTED, 32), 0);
	expect_from(gate, "released", LISTED, WEIR_PASS_INGRESS);
	expect_from(gate, "its neighbour", LISTED + 1, WEIR_DROP_DENIED);
	gate_live_add(gate, WEIR_LIVE_BAN, prefix(LISTED, 32), 0);
	expect_from(gate, "released and banned", LISTED, WEIR_PASS_INGRESS);
	gate_live_del(gate, WEIR_LIVE_RELEASE, prefix(LISTED, 32));
	expect_from(gate, "released no more", LISTED, WEIR_DROP_DENIED);
}

Test(gate_live, ends_a_ban_by_itself)
{
	struct gate *gate = gate_start_configured();
	/* Time enough to be seen in force on a busy machine. */
	__u64 end_ns = gate_now_ns() + 1000 * MS_NS;

	gate_live_add(gate, WEIR_LIVE_BAN, prefix(CLIENT, 32), end_ns);
	expect_from(gate, "before its end", CLIENT, WEIR_DROP_BANNED);
	/* The program's clock ticks. */
	while (gate_now_ns() <= end_ns + 100 * MS_NS)
		usleep(10000);
	expect_from(gate, "after its end", CLIENT, WEIR_PASS_INGRESS);
	gate_live_add(gate, WEIR_LIVE_RELEASE, prefix(LISTED, 32), gate_now_ns() - MS_NS * 20);
	expect_from(gate, "a release that has ended", LISTED, WEIR_DROP_DENIED);
}

Test(gate_live, hides_no_live_wide_ban_behind_an_expired_narrow_one)
{
	struct gate *gate = gate_start_configured();

	gate_live_add(gate, WEIR_LIVE_BAN, prefix(CLIENT, 32), 1);
	gate_live_add(gate, WEIR_LIVE_BAN, prefix(CLIENT, 24), 0);
	expect_from(gate, "by the wide one", CLIENT, WEIR_DROP_BANNED);
	gate_live_add(gate, WEIR_LIVE_BAN, prefix(CLIENT, 24), 1);
	gate_live_add(gate, WEIR_LIVE_BAN, prefix(CLIENT, 32), 0);
	expect_from(gate, "by the narrow one", CLIENT, WEIR_DROP_BANNED);
}

Test(gate_live, outlives_the_flip_of_the_halves)
{
	struct gate *gate = gate_start_configured();

	gate_live_add(gate, WEIR_LIVE_BAN, prefix(CLIENT, 32), 0);
	for (int round = 0; round < 3; round++) {
		apply_listing(gate, LISTED + round);
		expect_from(gate, "still banned", CLIENT, WEIR_DROP_BANNED);
	}
}
