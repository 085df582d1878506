/* SPDX-License-Identifier: GPL-2.0-only */
/* Applying: what the loaded program does after it, and after it failed or was killed. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/generation.h"
#include "kernel/lock.h"
#include "kernel/pins.h"
#include "kernel/twin.h"
#include "kernel_lab.h"

static struct lab lab;

static void init(void)
{
	lab_init(&lab);
}

static void done(void)
{
	lab_done(&lab);
}

TestSuite(kernel_apply, .init = init, .fini = done);

static bool is_local(const char *address)
{
	char command[128];

	snprintf(command, sizeof(command), "ip route get %s 2>&1 | grep -q ^local", address);
	return system(command) == 0;
}

Test(kernel_apply, first_one_loads_a_gate_that_judges_by_the_files)
{
	lab_apply(&lab);
	cr_expect_eq(lab_send(&lab, "192.0.2.9", "198.18.0.1", 80), XDP_PASS);
	cr_expect_eq(lab_send(&lab, "192.0.2.9", "198.18.0.2", 443), XDP_PASS);
	cr_expect_eq(lab_send(&lab, "192.0.2.9", "198.18.0.1", 22), XDP_DROP);
	cr_expect_eq(lab_send(&lab, "192.0.2.9", "198.18.0.3", 80), XDP_DROP);
	cr_expect_eq(lab_send(&lab, "203.0.113.7", "198.18.0.1", 80), XDP_DROP);
}

Test(kernel_apply, second_one_replaces_the_policy_whole)
{
	lab_apply(&lab);
	lab.denylist.count = 0;
	lab_deny(&lab, "192.0.2.8/31");
	lab.ingress[1].address++;
	lab_apply(&lab);
	cr_expect_eq(lab_send(&lab, "192.0.2.9", "198.18.0.1", 80), XDP_DROP);
	cr_expect_eq(lab_send(&lab, "203.0.113.7", "198.18.0.1", 80), XDP_PASS);
	cr_expect_eq(lab_send(&lab, "203.0.113.7", "198.18.0.2", 80), XDP_DROP);
	cr_expect_eq(lab_send(&lab, "203.0.113.7", "198.18.0.3", 80), XDP_PASS);
}

Test(kernel_apply, makes_ingress_addresses_local_and_gives_them_back)
{
	lab_apply(&lab);
	cr_expect(is_local("198.18.0.1"));
	cr_expect(is_local("198.18.0.2"));
	lab.config.region.ingress_count = 1;
	lab_apply(&lab);
	cr_expect(is_local("198.18.0.1"));
	cr_expect_not(is_local("198.18.0.2"));
}

Test(kernel_apply, leaves_an_address_local_that_somebody_else_made_local)
{
	cr_assert_eq(system("ip addr add 198.18.0.1/32 dev lo"), 0);
	lab_apply(&lab);
	lab.ingress[0].address = lab.ingress[1].address;
	lab.config.region.ingress_count = 1;
	lab_apply(&lab);
	cr_expect(is_local("198.18.0.1"));
}

Test(kernel_apply, grows_the_blocks_without_a_change_of_verdicts)
{
	__u32 before;

	lab_apply(&lab);
	{
		_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;

		cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0);
		before = maps.entries[WEIR_MAP_BLOCKS];
	}
	/* More /24 networks than there is room for: three lists of as many as fit one. */
	lab_deny_many(&lab);
	lab_apply(&lab);
	lab_apply(&lab);
	lab_apply(&lab);
	cr_expect_eq(lab_send(&lab, "10.15.250.1", "198.18.0.1", 80), XDP_DROP);
	cr_expect_eq(lab_send(&lab, "10.15.250.2", "198.18.0.1", 80), XDP_PASS);
	cr_expect_eq(lab_send(&lab, "203.0.113.7", "198.18.0.1", 80), XDP_DROP);
	{
		_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;

		cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0);
		cr_expect_gt(maps.entries[WEIR_MAP_BLOCKS], before);
	}
}

Test(kernel_apply, tells_who_holds_the_lock)
{
	int fd = -1;

	cr_assert_eq(weir_paths_ensure(&lab.paths, &lab.diags), 0, "%s", lab_said(&lab));
	cr_assert_eq(weir_lock_take(&lab.paths, WEIR_LOCK_APPLY, "somebody", 0, &lab.diags, &fd),
		     0);
	cr_expect_eq(lab_try_apply(&lab, 0), -EBUSY);
	cr_expect(strstr(lab_said(&lab), "(weir somebody)"), "%s", lab_said(&lab));
	close(fd);
	lab_apply(&lab);
}

/* Long enough to be seen running on a busy machine. */
enum { TRIAL_NS = 1500000000 };

Test(kernel_apply, trial_goes_back_by_itself)
{
	lab_apply(&lab);
	lab_deny(&lab, "192.0.2.0/24");
	cr_assert_eq(lab_try_apply(&lab, TRIAL_NS), 0, "%s", lab_said(&lab));
	cr_expect_eq(lab_send(&lab, "192.0.2.9", "198.18.0.1", 80), XDP_DROP);
	cr_expect_eq(lab_try_apply(&lab, 0), -EBUSY);
	usleep(TRIAL_NS / 1000 + 100000);
	cr_expect_eq(lab_send(&lab, "192.0.2.9", "198.18.0.1", 80), XDP_PASS);
	lab_apply(&lab);
	cr_expect_eq(lab_send(&lab, "192.0.2.9", "198.18.0.1", 80), XDP_DROP);
}

Test(kernel_apply, confirmed_trial_stays)
{
	lab_apply(&lab);
	lab_deny(&lab, "192.0.2.0/24");
	cr_assert_eq(lab_try_apply(&lab, TRIAL_NS), 0, "%s", lab_said(&lab));
	cr_expect_eq(weir_confirm(&lab.paths, &lab.diags), 0, "%s", lab_said(&lab));
	usleep(TRIAL_NS / 1000 + 100000);
	cr_expect_eq(lab_send(&lab, "192.0.2.9", "198.18.0.1", 80), XDP_DROP);
	cr_expect_eq(weir_confirm(&lab.paths, &lab.diags), -ENOENT);
}

Test(kernel_apply, first_one_cannot_be_a_trial)
{
	cr_expect_eq(lab_try_apply(&lab, 1000000000), -EINVAL);
	cr_expect_not(is_local("198.18.0.1"));
}

/* Apply in children that are killed after ever longer times, with a rerun in between. */
Test(kernel_apply, killed_at_any_moment_leaves_the_old_or_the_new_policy, .timeout = 60)
{
	int listed = lab.denylist.count;

	lab_apply(&lab);
	for (int i = 0; i < 40; i++) {
		bool wants_more = i % 2;
		int before, after, now;
		pid_t child;

		before = lab_send(&lab, "192.0.2.9", "198.18.0.1", 80);
		lab.denylist.count = listed;
		if (wants_more)
			lab_deny(&lab, "192.0.2.0/24");
		after = wants_more ? XDP_DROP : XDP_PASS;
		child = fork();
		if (!child)
			_exit(lab_try_apply(&lab, 0) ? 1 : 0);
		usleep(i * 2000);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		now = lab_send(&lab, "192.0.2.9", "198.18.0.1", 80);
		cr_expect(now == before || now == after, "after %d us", i * 2000);
		cr_expect_eq(lab_send(&lab, "203.0.113.7", "198.18.0.1", 80), XDP_DROP);
		cr_expect_eq(lab_send(&lab, "192.0.3.9", "198.18.0.1", 80), XDP_PASS);
		lab_apply(&lab);
		cr_expect_eq(lab_send(&lab, "192.0.2.9", "198.18.0.1", 80), after);
	}
}

/* The same while the blocks grow, with the gate on two interfaces. */
Test(kernel_apply, killed_while_it_grows_leaves_the_old_or_the_new_policy, .timeout = 60)
{
	cr_assert_eq(system("ip link add v0 type veth peer name v1"), 0);
	lab_apply(&lab);
	lab_attach(&lab, "v0", WEIR_MODE_AUTO);
	lab_attach(&lab, "v1", WEIR_MODE_AUTO);
	lab_deny_many(&lab);
	lab_apply(&lab); /* fits; the next ones do not */
	for (int i = 0; i < 12; i++) {
		pid_t child = fork();

		if (!child)
			_exit(lab_try_apply(&lab, 0) ? 1 : 0);
		usleep(30000 + i * 40000);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		cr_expect_eq(lab_send(&lab, "10.15.250.1", "198.18.0.1", 80), XDP_DROP, "%d", i);
		cr_expect_eq(lab_send(&lab, "10.15.250.2", "198.18.0.1", 80), XDP_PASS, "%d", i);
		cr_expect_eq(lab_send(&lab, "203.0.113.7", "198.18.0.1", 80), XDP_DROP, "%d", i);
	}
	lab_apply(&lab);
	cr_expect_eq(lab_send(&lab, "10.15.250.1", "198.18.0.1", 80), XDP_DROP);
}

/* The bucket of the first ingress address. */
static struct weir_bucket *bucket_of(struct weir_maps *maps)
{
	const struct weir_destination *to;

	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, maps), 0);
	to = weir_sets_find(weir_maps_sets(maps, weir_maps_half(maps)),
			    weir_maps_policy_in_force(maps)->seed, inet_addr("198.18.0.1"));
	return &weir_maps_buckets(maps)[to->slot];
}

Test(kernel_apply, changed_rate_does_not_refill_the_bucket)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	struct weir_bucket *bucket;
	__u64 now_units, owed_units;

	lab_apply(&lab);
	bucket = bucket_of(&maps);
	/* 10 s of 20 MB/s owed: 200 MB, which are 5 s at 40 MB/s. */
	now_units = weir_now_ns() * WEIR_UNITS_PER_NS;
	bucket->arrival_units = now_units + 10 * WEIR_UNITS_PER_S;
	lab.ingress[0].bytes_per_s *= 2;
	lab_apply(&lab);
	owed_units = bucket->arrival_units - now_units;
	cr_expect_gt(owed_units, 5 * WEIR_UNITS_PER_S);
	cr_expect_lt(owed_units, 6 * WEIR_UNITS_PER_S);
}

Test(kernel_apply, smaller_burst_leaves_an_empty_bucket_and_not_a_minute_of_silence)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	struct weir_bucket *bucket;

	lab_apply(&lab);
	bucket = bucket_of(&maps);
	bucket->arrival_units = (weir_now_ns() + 60000000000) * WEIR_UNITS_PER_NS;
	lab.ingress[0].burst_bytes = lab.ingress[0].bytes_per_s / 20;
	lab_apply(&lab);
	cr_expect_leq(bucket->arrival_units, (weir_now_ns() + 50000000) * WEIR_UNITS_PER_NS);
	usleep(60000);
	cr_expect_eq(lab_send(&lab, "192.0.2.9", "198.18.0.1", 80), XDP_PASS);
}

Test(kernel_apply, trial_of_a_slow_rate_that_goes_back_leaves_no_debt_of_its_own)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	struct weir_bucket *bucket;

	lab.ingress[0].burst_bytes = lab.ingress[0].bytes_per_s = 1600000000;
	lab_apply(&lab);
	bucket = bucket_of(&maps);
	lab.ingress[0].bytes_per_s = WEIR_DEFAULT_RATE_BYTES_PER_S;
	cr_assert_eq(lab_try_apply(&lab, 200000000), 0, "%s", lab_said(&lab));
	bucket->arrival_units = (weir_now_ns() + 79000000000) * WEIR_UNITS_PER_NS;
	usleep(250000);
	/* The one that finds the debt is dropped; 50 ms later there are tokens for 80 MB. */
	cr_expect_eq(lab_send(&lab, "192.0.2.9", "198.18.0.1", 80), XDP_DROP);
	usleep(50000);
	cr_expect_eq(lab_send(&lab, "192.0.2.9", "198.18.0.1", 80), XDP_PASS);
}

/* The number of the program that tries this half. */
static __u32 twin_id(__u32 half)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	_cleanup_close_ int fd = -1;

	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0);
	cr_assert_eq(weir_twin_open(&lab.paths, &maps, half, &lab.diags, &fd), 0);
	cr_assert_eq(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
	return info.id;
}

/* The lookup may have come into the kernel since, and what cannot do it has the former tag. */
Test(kernel_apply, tries_a_policy_with_nat_by_a_program_that_was_loaded_for_nat)
{
	__u32 twins[WEIR_HALVES];

	lab_apply(&lab);
	for (__u32 half = 0; half < WEIR_HALVES; half++)
		twins[half] = twin_id(half);
	for (__u32 half = 0; half < WEIR_HALVES; half++)
		cr_expect_eq(twin_id(half), twins[half]);
	lab.config.does_nat = true;
	lab_apply(&lab);
	lab_apply(&lab);
	for (__u32 half = 0; half < WEIR_HALVES; half++)
		cr_expect_neq(twin_id(half), twins[half]);
}

Test(kernel_apply, refuses_an_unknown_layout_by_number)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;

	lab_apply(&lab);
	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0);
	weir_maps_control(&maps)->layout = 99;
	cr_expect_eq(lab_try_apply(&lab, 0), -EPROTO);
	cr_expect(strstr(lab_said(&lab), "layout 99"), "%s", lab_said(&lab));
	weir_maps_control(&maps)->layout = WEIR_LAYOUT;
}
