/* SPDX-License-Identifier: GPL-2.0-only */
/* Each step of an apply: the first, another, one that grows, resizes, takes over the former layout. */
#include "scenario.h"

#include <criterion/criterion.h>
#include <linux/bpf.h>

#include "gate/kernel_former.h"
#include "kernel/attach.h"

/* The journal has the ban; the gate is gone. */
static void prepare_none(void)
{
	begin(NULL, NULL);
	cr_assert_eq(weir_detach_all(&lab.paths, &lab.diags), 0);
}

Test(steps, first_apply)
{
	try_all(&(struct scenario){prepare_none, act_apply, NULL, check_judges, NULL, 12});
}

/* Each time the other of two policies. */
static void prepare_apply(void)
{
	begin_once("v0");
	if (lab.denylist.count > 1)
		lab.denylist.count = 1;
	else
		lab_deny(&lab, "198.51.100.0/24");
}

/* Never cut off: who was let in before and is after, is at any time. */
static void check_apply(const char *when, const struct steps_end *end)
{
	int verdict = meets_on("v0", "198.51.100.9");

	cr_expect_eq(meets_on("v0", unlisted), XDP_PASS, "%s: cut off", when);
	if (end->is_done)
		cr_expect_eq(verdict, lab.denylist.count > 1 ? XDP_DROP : XDP_PASS,
			     "%s: done, and another policy in force", when);
}

static void check_applied(const char *when)
{
	check_judges(when);
	cr_expect_eq(meets_on("v0", "198.51.100.9"), lab.denylist.count > 1 ? XDP_DROP : XDP_PASS,
		     "%s: another policy in force", when);
}

Test(steps, later_apply)
{
	try_all(&(struct scenario){prepare_apply, act_apply, check_apply, check_applied, "v0", 12});
}

/* Of a gate that has just come up: what later ones find ready is not there yet. */
static void prepare_second(void)
{
	lab.denylist.count = 1;
	begin("v0", NULL);
	lab_deny(&lab, "198.51.100.0/24");
}

Test(steps, second_apply)
{
	try_all(&(struct scenario){prepare_second, act_apply, check_apply, check_applied, "v0", 6});
}

/* More than the maps hold: a new program takes the old one's place on both interfaces. */
static void prepare_growth(void)
{
	char prefix[32];

	lab.denylist.count = 1;
	begin("v0", "v1");
	for (int i = 0; i < LAB_LISTED_MAX - 2; i++) {
		snprintf(prefix, sizeof(prefix), "10.%d.%d.%d", i % 64, i / 64, i % 200);
		lab_deny(&lab, prefix);
	}
}

static void check_growth(const char *when, const struct steps_end *end)
{
	for (int i = 0; i < 2; i++) {
		const char *interface = i ? "v1" : "v0";

		cr_expect_eq(meets_on(interface, unlisted), XDP_PASS, "%s: cut off", when);
		cr_expect_eq(meets_on(interface, banned), XDP_DROP, "%s: open to banned", when);
		if (end->is_done)
			cr_expect_eq(meets_on(interface, "10.1.0.1"), XDP_DROP, "%s: not in force",
				     when);
	}
}

static void check_grown(const char *when)
{
	check_growth(when, &(struct steps_end){.is_done = true});
	cr_expect_eq(program_on("v0"), program_on("v1"), "%s: two programs", when);
}

Test(steps, apply_that_grows)
{
	try_all(&(struct scenario){prepare_growth, act_apply, check_growth, check_grown, "v0", 6});
}

/* Another size of the table of bans, each time. */
static void prepare_resize(void)
{
	begin_once("v0");
	lab.config.live_max = lab.config.live_max == 1024 ? 2048 : 1024;
}

static void check_resized(const char *when)
{
	check_judges(when);
	cr_expect_eq(put("192.0.4.9", false), 0, "%s: %s", when, lab_said(&lab));
	cr_expect_eq(meets("192.0.4.9"), XDP_DROP, "%s: a new ban", when);
	cr_expect_eq(put("192.0.4.9", true), 0, "%s: %s", when, lab_said(&lab));
}

Test(steps, apply_that_resizes_the_bans)
{
	try_all(&(struct scenario){prepare_resize, act_apply, NULL, check_resized, "v0", 12});
}

/* A gate of the release before, on two interfaces, which drops everything. */
static void prepare_former(void)
{
	begin("v0", "v1");
	former_put(&lab, WEIR_LAYOUT_FORMER, NULL);
}

static void check_migrated(const char *when)
{
	check_judges(when);
	cr_expect_eq(program_on("v0"), program_on("v1"), "%s: two programs", when);
	cr_expect_eq(meets_on("v1", unlisted), XDP_PASS, "%s: cut off", when);
}

static void check_second(const char *when, const struct steps_end *end)
{
	(void)end;
	cr_expect_eq(meets_on("v1", listed), XDP_DROP, "%s: open to listed", when);
	cr_expect_eq(meets_on("v1", banned), XDP_DROP, "%s: open to banned", when);
}

Test(steps, apply_that_migrates)
{
	try_all(&(struct scenario){prepare_former, act_apply, check_second, check_migrated, "v0",
				   8});
}
