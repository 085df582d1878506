/* SPDX-License-Identifier: GPL-2.0-only */
/* Each step of a live ban, of its removal, and of their journal that is written anew. */
#include "scenario.h"

#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/attach.h"
#include "kernel/live.h"
#include "kernel/pins.h"

static const char fresh[] = "192.0.5.9";

/* A reboot: only the journal is left. */
static void reboot(void)
{
	cr_assert_eq(weir_detach_all(&lab.paths, &lab.diags), 0, "%s", lab_said(&lab));
	lab_apply(&lab);
	cr_assert_eq(attach_to("v0", 0), 0, "%s", lab_said(&lab));
}

static void prepare_ban(void)
{
	begin_once("v0");
	cr_assert_eq(put(fresh, true), 0, "%s", lab_said(&lab));
}

static int act_ban(char said[STEPS_SAID_MAX])
{
	return say(said, put(fresh, false));
}

/* Done: in force, also after a reboot. Not done: if in force all the same, it says so. */
static void check_ban(const char *when, const struct steps_end *end)
{
	if (end->is_done) {
		cr_expect_eq(meets(fresh), XDP_DROP, "%s: done, and let in", when);
		reboot();
		cr_expect_eq(meets(fresh), XDP_DROP, "%s: done, and lost", when);
	} else if (!end->was_killed && meets(fresh) == XDP_DROP) {
		cr_expect(strstr(end->said, "in force"), "%s: in force, but: %s", when, end->said);
	}
	cr_expect_eq(meets_on("v0", unlisted), XDP_PASS, "%s: cut off", when);
}

static void check_banned(const char *when)
{
	check_judges(when);
	cr_expect_eq(meets(fresh), XDP_DROP, "%s: let in", when);
	reboot();
	cr_expect_eq(meets(fresh), XDP_DROP, "%s: lost", when);
	check_judges(when);
}

Test(steps, ban)
{
	try_all(&(struct scenario){prepare_ban, act_ban, check_ban, check_banned, "v0", 12});
}

static void prepare_unban(void)
{
	begin_once("v0");
	cr_assert_eq(put(fresh, false), 0, "%s", lab_said(&lab));
}

static int act_unban(char said[STEPS_SAID_MAX])
{
	return say(said, put(fresh, true));
}

static void check_unban(const char *when, const struct steps_end *end)
{
	if (!end->is_done)
		return;
	cr_expect_eq(meets(fresh), XDP_PASS, "%s: done, and banned", when);
	reboot();
	cr_expect_eq(meets(fresh), XDP_PASS, "%s: done, and banned after a reboot", when);
}

static void check_unbanned(const char *when)
{
	check_judges(when);
	reboot();
	cr_expect_eq(meets(fresh), XDP_PASS, "%s: banned", when);
	check_judges(when);
}

Test(steps, removal_of_a_ban)
{
	try_all(&(struct scenario){prepare_unban, act_unban, check_unban, check_unbanned, "v0",
				   12});
}

static int act_compact(char said[STEPS_SAID_MAX])
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;

	return say(said, weir_pins_need(&lab.paths, &lab.diags, &maps)
				 ?: weir_live_compact(&lab.paths, &maps, &lab.diags));
}

static void prepare_compact(void)
{
	prepare_unban();
	cr_assert_eq(put(fresh, true), 0, "%s", lab_said(&lab));
}

static void check_compact(const char *when, const struct steps_end *end)
{
	(void)end;
	reboot();
	check_unbanned(when);
}

Test(steps, journal_of_bans_written_anew)
{
	try_all(&(struct scenario){prepare_compact, act_compact, check_compact, check_judges, "v0",
				   12});
}
