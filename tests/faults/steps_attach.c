/* SPDX-License-Identifier: GPL-2.0-only */
/* Each step of attach and detach, and of trials: apply --try, attach --try, confirm. */
#include "scenario.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/bpf.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/attach.h"
#include "kernel/pins.h"

enum { TRIAL_MS = 60 };

/* ---- trials ------------------------------------------------------------------------------ */

static void wait_out(void)
{
	usleep((TRIAL_MS + 20) * 1000);
}

static int act_try(char said[STEPS_SAID_MAX])
{
	return say(said, lab_try_apply(&lab, TRIAL_MS * 1000000ULL));
}

/* The trial lists who is let in, and must let them in again by itself. */
static void prepare_try(void)
{
	wait_out();
	lab.denylist.count = 1;
	begin("v0", NULL); /* each time: its first apply makes what later ones find */
	lab_deny(&lab, "192.0.3.0/24");
}

static void check_back(const char *when, const struct steps_end *end)
{
	(void)end;
	wait_out();
	cr_expect_eq(meets_on("v0", unlisted), XDP_PASS, "%s: cut off", when);
}

static void check_tried(const char *when)
{
	wait_out();
	check_judges(when);
}

Test(steps, apply_on_trial)
{
	try_all(&(struct scenario){prepare_try, act_try, check_back, check_tried, "v0", 8});
}

static void prepare_confirm(void)
{
	begin_once("v0");
	cr_assert_eq(lab_try_apply(&lab, 60000000000ULL), 0, "%s", lab_said(&lab));
}

static int act_confirm(char said[STEPS_SAID_MAX])
{
	int r = weir_confirm(&lab.paths, &lab.diags);

	return say(said, r == -ENOENT ? 0 : r); /* it has been confirmed */
}

static void check_confirmed(const char *when)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;

	check_judges(when);
	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0);
	cr_expect_eq(weir_control_deadline(weir_maps_control(&maps)->word), 0, "%s: on trial",
		     when);
}

Test(steps, confirm)
{
	try_all(&(struct scenario){prepare_confirm, act_confirm, NULL, check_confirmed, "v0", 12});
}

/* In a test run a packet comes in by lo. */
static void prepare_attach_try(void)
{
	wait_out();
	begin(NULL, NULL);
}

static int act_attach_try(char said[STEPS_SAID_MAX])
{
	return say(said, attach_to("lo", TRIAL_MS * 1000000ULL));
}

static void check_receives(const char *when, const struct steps_end *end)
{
	(void)end;
	wait_out();
	cr_expect_neq(meets_on("lo", listed), XDP_DROP, "%s: filtered for good", when);
}

Test(steps, attach_on_trial)
{
	try_all(&(struct scenario){prepare_attach_try, act_attach_try, check_receives, NULL, NULL,
				   8});
}

/* ---- attach, detach ---------------------------------------------------------------------- */

static void prepare_attach(void)
{
	begin_once("v1");
	if (program_on("v0"))
		cr_assert_eq(weir_detach(&lab.paths, "v0", &lab.diags), 0, "%s", lab_said(&lab));
}

static int act_attach(char said[STEPS_SAID_MAX])
{
	return say(said, attach_to("v0", 0));
}

static void check_attach(const char *when, const struct steps_end *end)
{
	if (end->is_done)
		cr_expect_eq(meets_on("v0", listed), XDP_DROP, "%s: done, and open", when);
	/* One that failed or was killed has attached it for good, or not at all. */
	if (program_on("v0"))
		cr_expect_eq(meets_on("v0", listed), XDP_DROP, "%s", when);
}

static void check_attached(const char *when)
{
	check_judges(when);
	cr_expect_eq(meets_on("v0", listed), XDP_DROP, "%s: open", when);
}

Test(steps, attach)
{
	try_all(&(struct scenario){prepare_attach, act_attach, check_attach, check_attached, "v1",
				   12});
}

static void prepare_detach(void)
{
	begin("v0", NULL);
}

static int act_detach(char said[STEPS_SAID_MAX])
{
	return say(said, weir_detach_all(&lab.paths, &lab.diags));
}

static void check_gone(const char *when)
{
	cr_expect_eq(program_on("v0"), 0, "%s: attached", when);
	cr_expect(access(lab.paths.pins, F_OK), "%s: pins", when);
}

Test(steps, detach_of_everything)
{
	try_all(&(struct scenario){prepare_detach, act_detach, NULL, check_gone, NULL, 12});
}
