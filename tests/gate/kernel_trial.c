/* SPDX-License-Identifier: GPL-2.0-only */
/* attach --try: an interface that nobody confirms receives everything again, by itself. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/attach.h"
#include "kernel/attach_trial.h"
#include "kernel/counts.h"
#include "kernel/pins.h"
#include "kernel/status.h"
#include "kernel/twin.h"
#include "kernel_lab.h"

/* In these tests a packet comes in by lo, whose number BPF_PROG_TEST_RUN gives it. */
static struct lab lab;

static const __u64 short_ns = 1000000000, long_ns = 60000000000;

static void init(void)
{
	lab_init(&lab);
	cr_assert_eq(system("ip link add v0 type veth peer name v1"), 0);
	lab_apply(&lab);
}

static void done(void)
{
	lab_done(&lab);
}

TestSuite(kernel_trial, .init = init, .fini = done);

static int try(const char *interface, __u64 try_ns)
{
	const struct weir_attach_options options = {.mode = WEIR_MODE_SKB, .try_ns = try_ns};
	struct weir_attached attached;

	return weir_attach_with(&lab.paths, interface, &options, &lab.diags, &attached);
}

static void wait_out(void)
{
	usleep(short_ns / 1000 + 100000);
}

static int listed_meets(void)
{
	return lab_send(&lab, "203.0.113.7", "198.18.0.1", 80);
}

static bool is_attached(const char *interface)
{
	struct weir_running running = {};

	cr_assert_eq(weir_running_on(if_nametoindex(interface), &running), 0);
	return running.program_id != 0;
}

static struct weir_counts counts(void)
{
	_cleanup_counts_ struct weir_counts_report report = {};
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;

	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0);
	cr_assert_eq(weir_counts_read(&maps, &lab.diags, &report), 0);
	return report.reasons;
}

Test(kernel_trial, drops_until_its_time_is_up_and_then_passes_under_its_own_reason)
{
	cr_assert_eq(try("lo", short_ns), 0, "%s", lab_said(&lab));
	cr_expect_eq(listed_meets(), XDP_DROP);
	cr_expect_eq(counts().drop_denied.packets, 1);
	wait_out();
	cr_expect_eq(listed_meets(), XDP_PASS);
	cr_expect_eq(counts().pass_trial_over.packets, 1);
	cr_expect_eq(counts().drop_denied.packets, 1);
	cr_expect_eq(lab_send(&lab, "192.0.2.9", "198.18.0.1", 80), XDP_PASS);
	cr_expect_eq(counts().pass_ingress.packets, 1);
}

Test(kernel_trial, lets_what_no_stage_can_read_pass_when_it_is_over)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	const __u8 ipv6[60] = {[12] = 0x86, [13] = 0xdd};

	cr_assert_eq(try("lo", short_ns), 0);
	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0);
	cr_expect_eq(weir_twin_judge(maps.program_fd, ipv6, sizeof(ipv6)), XDP_DROP);
	wait_out();
	cr_expect_eq(weir_twin_judge(maps.program_fd, ipv6, sizeof(ipv6)), XDP_PASS);
}

Test(kernel_trial, stays_when_it_is_confirmed)
{
	cr_assert_eq(try("lo", short_ns), 0);
	cr_expect_eq(weir_confirm(&lab.paths, &lab.diags), 0, "%s", lab_said(&lab));
	wait_out();
	cr_expect_eq(listed_meets(), XDP_DROP);
	cr_expect_eq(weir_confirm(&lab.paths, &lab.diags), -ENOENT);
}

Test(kernel_trial, leaves_interfaces_alone_that_were_attached_for_good)
{
	cr_assert_eq(try("lo", 0), 0);
	cr_assert_eq(try("v0", short_ns), 0);
	wait_out();
	cr_expect_eq(listed_meets(), XDP_DROP);
	cr_expect_eq(weir_confirm(&lab.paths, &lab.diags), -ETIME);
}

Test(kernel_trial, second_interface_joins_and_both_end_together)
{
	cr_assert_eq(try("v0", short_ns), 0);
	cr_assert_eq(try("lo", short_ns * 2), 0);
	wait_out();
	cr_expect_eq(listed_meets(), XDP_DROP);
	wait_out();
	cr_expect_eq(listed_meets(), XDP_PASS);
	lab_apply(&lab);
	cr_expect_not(is_attached("v0"));
	cr_expect_not(is_attached("lo"));
}

Test(kernel_trial, next_attach_takes_what_is_over_off_and_begins_anew)
{
	cr_assert_eq(try("lo", short_ns), 0);
	wait_out();
	cr_assert_eq(try("lo", long_ns), 0, "%s", lab_said(&lab));
	cr_expect_eq(listed_meets(), XDP_DROP);
	cr_expect_eq(weir_confirm(&lab.paths, &lab.diags), 0);
}

Test(kernel_trial, ends_with_a_detach_of_its_last_interface)
{
	cr_assert_eq(try("lo", long_ns), 0);
	cr_assert_eq(try("v0", long_ns), 0);
	cr_expect_eq(weir_detach(&lab.paths, "lo", &lab.diags), 0);
	cr_expect_eq(lab_try_apply(&lab, 0), -EBUSY);
	cr_expect_eq(weir_detach(&lab.paths, "v0", &lab.diags), 0);
	lab_apply(&lab);
}

Test(kernel_trial, two_kinds_of_trial_exclude_each_other)
{
	cr_assert_eq(try("lo", long_ns), 0);
	cr_expect_eq(lab_try_apply(&lab, long_ns), -EBUSY);
	cr_expect_eq(lab_try_apply(&lab, 0), -EBUSY);
	cr_assert_eq(weir_confirm(&lab.paths, &lab.diags), 0);
	lab_deny(&lab, "192.0.2.0/24");
	cr_assert_eq(lab_try_apply(&lab, short_ns), 0, "%s", lab_said(&lab));
	cr_expect_eq(try("v0", long_ns), -EBUSY);
	cr_expect_not(is_attached("v0"));
	wait_out();
	cr_assert_eq(try("v0", long_ns), 0, "%s", lab_said(&lab));
	cr_expect_eq(lab_send(&lab, "192.0.2.9", "198.18.0.1", 80), XDP_PASS);
	cr_expect_eq(weir_confirm(&lab.paths, &lab.diags), 0);
	cr_expect_eq(lab_send(&lab, "192.0.2.9", "198.18.0.1", 80), XDP_PASS);
}

Test(kernel_trial, one_that_cannot_be_attached_leaves_no_trial)
{
	const struct weir_attach_options options = {.mode = WEIR_MODE_NATIVE, .try_ns = long_ns};
	struct weir_attached attached;

	cr_expect_neq(weir_attach_with(&lab.paths, "lo", &options, &lab.diags, &attached), 0);
	lab_apply(&lab);
}

Test(kernel_trial, status_tells_which_interfaces_and_how_long)
{
	_cleanup_status_ struct weir_status status = {}, after = {};

	cr_assert_eq(try("v0", 0), 0);
	cr_assert_eq(try("lo", short_ns), 0);
	cr_assert_eq(weir_status_read(&lab.paths, lab.instance, &lab.diags, &status), 0);
	cr_expect_eq(status.trial, WEIR_TRIAL_RUNS);
	cr_expect(status.is_attach_trial);
	cr_expect_leq(status.trial_left_ns, short_ns);
	cr_assert_eq(status.interfaces_count, 2);
	cr_expect(status.interfaces[0].is_on_trial, "%s", status.interfaces[0].name);
	cr_expect_not(status.interfaces[1].is_on_trial);
	wait_out();
	cr_assert_eq(weir_status_read(&lab.paths, lab.instance, &lab.diags, &after), 0);
	cr_expect_eq(after.trial, WEIR_TRIAL_WENT_BACK);
}

Test(kernel_trial, has_room_for_a_named_number_of_interfaces)
{
	char name[16], command[128];

	for (int i = 0; i < WEIR_TRIAL_INTERFACES_MAX; i++) {
		snprintf(name, sizeof(name), "w%d", i);
		snprintf(command, sizeof(command), "ip link add %s type veth", name);
		cr_assert_eq(system(command), 0);
		cr_assert_eq(try(name, long_ns), 0, "%s", lab_said(&lab));
	}
	cr_expect_eq(try("lo", long_ns), -ENOSPC);
	cr_expect_not(is_attached("lo"));
	cr_expect_eq(weir_confirm(&lab.paths, &lab.diags), 0);
}

/* A link in another network namespace, with the number that `interface` has here. */
static void go_elsewhere(const char *interface, const char *there)
{
	unsigned int ifindex = if_nametoindex(interface);
	char command[128];

	/* Open for as long as the test runs, or the interface would go with its namespace. */
	cr_assert_geq(open("/proc/self/ns/net", O_RDONLY), 0);
	cr_assert_eq(unshare(CLONE_NEWNET), 0);
	snprintf(command, sizeof(command), "ip link add %s index %u type veth", there, ifindex);
	cr_assert_eq(system(command), 0);
}

Test(kernel_trial, is_refused_where_another_namespace_has_the_number_attached)
{
	cr_assert_eq(try("v0", 0), 0);
	go_elsewhere("v0", "w0");
	cr_expect_eq(try("w0", short_ns), -EEXIST);
	cr_expect(strstr(lab_said(&lab), "v0"), "%s", lab_said(&lab));
	cr_expect_eq(try("w0", 0), 0, "%s", lab_said(&lab));
}

Test(kernel_trial, keeps_the_number_from_another_namespace)
{
	cr_assert_eq(try("v0", long_ns), 0);
	go_elsewhere("v0", "w0");
	cr_expect_eq(try("w0", 0), -EEXIST);
	cr_expect_not(is_attached("w0"));
}

Test(kernel_trial, that_was_killed_before_it_attached_is_forgotten)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;

	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0);
	cr_assert_eq(weir_attach_trial_begin(&maps, if_nametoindex("lo"), short_ns, &lab.diags), 0);
	cr_assert_eq(try("lo", 0), 0, "%s", lab_said(&lab));
	wait_out();
	cr_expect_eq(listed_meets(), XDP_DROP);
	lab_apply(&lab);
	cr_expect(is_attached("lo"));
}
