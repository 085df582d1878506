/* SPDX-License-Identifier: GPL-2.0-only */
/* A gate of the release before (kernel_former.h): taken over by apply with counters, bans and buckets. */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/attach.h"
#include "kernel/counts.h"
#include "kernel/live.h"
#include "kernel/pins.h"
#include "kernel_former.h"
#include "kernel_lab.h"
#include "weir/deny.h"

static struct lab lab;

static void init(void)
{
	lab_init(&lab);
	cr_assert_eq(system("ip link add v0 type veth peer name v1"), 0);
}

static void done(void)
{
	lab_done(&lab);
}

TestSuite(kernel_migrate, .init = init, .fini = done);

static __u32 program_on(const char *interface)
{
	struct weir_running running = {};

	cr_assert_eq(weir_running_on(if_nametoindex(interface), &running), 0);
	return running.program_id;
}

static void ban(const char *prefix)
{
	struct weir_record record = {.kind = WEIR_LIVE_BAN, .who = "test", .at_ns = 1};
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	enum weir_live_outcome outcome;

	weir_prefix_parse(prefix, strlen(prefix), &record.prefix, NULL, NULL);
	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0);
	cr_assert_eq(weir_live_apply(&lab.paths, &maps, &record, 1, &lab.diags, &outcome), 0);
}

static bool passes(const char *source)
{
	return lab_send(&lab, source, "198.18.0.1", 80) == XDP_PASS;
}

Test(kernel_migrate, apply_takes_over_with_counters_bans_and_buckets)
{
	_cleanup_counts_ struct weir_counts_report report = {};
	_cleanup_maps_ struct weir_maps before = WEIR_MAPS_NONE, after = WEIR_MAPS_NONE;
	__u32 program;

	lab_apply(&lab);
	lab_attach(&lab, "v0", WEIR_MODE_SKB);
	ban("192.0.2.9");
	for (int i = 0; i < 7; i++)
		cr_assert(passes("192.0.2.8"));
	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &before), 0);
	weir_maps_buckets(&before)[77].arrival_units = 12345;
	former_put(&lab, WEIR_LAYOUT_FORMER, NULL);
	program = program_on("v0");
	lab_apply(&lab);
	cr_expect_neq(program_on("v0"), program);
	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &after), 0, "%s", lab_said(&lab));
	cr_expect_eq(weir_maps_control(&after)->layout, WEIR_LAYOUT);
	cr_expect_neq(after.ids[WEIR_MAP_CONTROL], before.ids[WEIR_MAP_CONTROL]);
	cr_expect_eq(weir_maps_buckets(&after)[77].arrival_units, 12345);
	cr_assert_eq(weir_counts_read(&after, &lab.diags, &report), 0);
	cr_expect_eq(report.reasons.pass_ingress.packets, 7);
	cr_expect_not(passes("192.0.2.9"));
	cr_expect_not(passes("203.0.113.7"));
	cr_expect(passes("192.0.2.8"));
}

Test(kernel_migrate, other_commands_say_what_to_do)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	struct weir_attached attached;

	lab_apply(&lab);
	former_put(&lab, WEIR_LAYOUT_FORMER, NULL);
	cr_expect_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), -EPROTO);
	cr_expect(strstr(lab_said(&lab), "weir apply takes it over"), "%s", lab_said(&lab));
	cr_expect_eq(lab_try_attach(&lab, "v0", WEIR_MODE_SKB, &attached), -EPROTO);
}

Test(kernel_migrate, unknown_layout_is_refused_by_number_and_left_as_it_is)
{
	__u32 program;

	lab_apply(&lab);
	lab_attach(&lab, "v0", WEIR_MODE_SKB);
	former_put(&lab, WEIR_LAYOUT_FORMER - 1, NULL);
	program = program_on("v0");
	cr_expect_eq(lab_try_apply(&lab, 0), -EPROTO);
	cr_expect(strstr(lab_said(&lab), "layout 2; this release knows 3 and 4"), "%s",
		  lab_said(&lab));
	cr_expect_eq(program_on("v0"), program);
}

Test(kernel_migrate, one_that_was_killed_between_two_interfaces_is_finished)
{
	lab_apply(&lab);
	lab_attach(&lab, "v0", WEIR_MODE_SKB);
	lab_attach(&lab, "v1", WEIR_MODE_SKB);
	former_put(&lab, WEIR_LAYOUT_FORMER, "v1");
	cr_expect_neq(program_on("v0"), program_on("v1"));
	lab_apply(&lab);
	cr_expect_eq(program_on("v0"), program_on("v1"));
	cr_expect_not(passes("203.0.113.7"));
	cr_expect(passes("192.0.2.8"));
}

Test(kernel_migrate, waits_for_a_trial_of_the_release_before)
{
	lab_apply(&lab);
	lab_attach(&lab, "v0", WEIR_MODE_SKB);
	cr_assert_eq(lab_try_apply(&lab, 600000000000ULL), 0, "%s", lab_said(&lab));
	former_put(&lab, WEIR_LAYOUT_FORMER, NULL);
	cr_expect_eq(lab_try_apply(&lab, 0), -EBUSY, "%s", lab_said(&lab));
	former_end_trial(&lab);
	lab_apply(&lab);
	cr_expect(passes("192.0.2.8"));
}
