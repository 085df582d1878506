/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every step of what changes the gate, failing and killed there (tests/steps.h): the interface stays
 * filtered, listed and banned sources drop, what fails says why, and the same again does what it says
 * and leaves the pins that it always leaves. FAULTS_MAX=all tries every step, else some.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gate/kernel_former.h"
#include "gate/kernel_lab.h"
#include "kernel/attach.h"
#include "kernel/live.h"
#include "kernel/pins.h"
#include "kernel/twin.h"
#include "steps.h"

enum { TRIAL_MS = 60 };

static const char banned[] = "192.0.2.9", listed[] = "203.0.113.7", unlisted[] = "192.0.3.8";

static struct lab lab;

struct scenario {
	void (*prepare)(void);
	steps_act *act;
	/* What must be so after any fault, beyond the gate's holding: and after it was done again. */
	void (*check)(const char *when, const struct steps_end *end);
	void (*check_done)(const char *when);
	const char *interface; /* filtered whatever happens; NULL: none need be */
	size_t some;           /* steps that are tried by default, of each fault */
};

static void init(void)
{
	lab_init(&lab);
	cr_assert_eq(system("ip link add v0 type veth peer name v1"), 0);
}

static void done(void)
{
	lab_done(&lab);
}

TestSuite(steps, .init = init, .fini = done, .timeout = 3000);

/* ---- what packets meet ------------------------------------------------------------------- */

static __u32 program_on(const char *interface)
{
	struct weir_running running = {};

	cr_assert_eq(weir_running_on(if_nametoindex(interface), &running), 0);
	return running.program_id;
}

/* By the program that is on the interface, however weir may call it; -1: none is. */
static int meets_on(const char *interface, const char *source)
{
	const struct weir_probe probe = {inet_addr(source), inet_addr("198.18.0.1"), 40000, 80,
					 IPPROTO_TCP};
	__u32 id = program_on(interface);
	_cleanup_close_ int fd = id ? bpf_prog_get_fd_by_id(id) : -1;
	__u8 frame[WEIR_PROBE_BYTES];

	weir_probe_frame(&probe, frame);
	return fd < 0 ? -1 : weir_twin_judge(fd, frame, sizeof(frame));
}

static int meets(const char *source)
{
	return lab_send(&lab, source, "198.18.0.1", 80);
}

/* ---- parts of scenarios ------------------------------------------------------------------ */

static int say(char said[STEPS_SAID_MAX], int r)
{
	snprintf(said, STEPS_SAID_MAX, "%s", lab.diags.count ? lab_said(&lab) : "");
	return r;
}

static int put(const char *prefix, bool is_removal)
{
	struct weir_record record = {
		.kind = WEIR_LIVE_BAN, .who = "test", .at_ns = 1, .is_removal = is_removal};
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	enum weir_live_outcome outcome;

	weir_prefix_parse(prefix, strlen(prefix), &record.prefix, NULL, NULL);
	return weir_pins_need(&lab.paths, &lab.diags, &maps)
		       ?: weir_live_apply(&lab.paths, &maps, &record, 1, &lab.diags, &outcome);
}

static int attach_to(const char *interface, __u64 try_ns)
{
	const struct weir_attach_options options = {.mode = WEIR_MODE_SKB, .try_ns = try_ns};
	struct weir_attached attached;

	return weir_attach_with(&lab.paths, interface, &options, &lab.diags, &attached);
}

/* A gate from nothing, with a ban, on the interfaces. */
static void begin(const char *first, const char *second)
{
	cr_assert_eq(weir_detach_all(&lab.paths, &lab.diags), 0, "%s", lab_said(&lab));
	weir_diags_done(&lab.diags);
	lab_apply(&lab);
	cr_assert_eq(put(banned, false), 0, "%s", lab_said(&lab));
	cr_assert(!first || !attach_to(first, 0), "%s", lab_said(&lab));
	cr_assert(!second || !attach_to(second, 0), "%s", lab_said(&lab));
}

static void begin_once(const char *first)
{
	if (!program_on(first))
		begin(first, NULL);
}

static int act_apply(char said[STEPS_SAID_MAX])
{
	return say(said, lab_try_apply(&lab, 0));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of the pins, as one text, but for the twins', whose number depends on how often was applied. */
static void list_pins(char to[static 4096])
{
	_cleanup_closedir_ DIR *folder = opendir(lab.paths.pins);
	char names[64][64], *sorted[64];
	struct dirent *entry;
	size_t count = 0, twins = 0;

	to[0] = 0;
	while (folder && count < 64 && (entry = readdir(folder)))
		if (!strncmp(entry->d_name, "twin", 4)) {
			twins++;
		} else if (entry->d_name[0] != '.') {
			snprintf(names[count], sizeof(names[count]), "%.63s", entry->d_name);
			sorted[count] = names[count];
			count++;
		}
	cr_expect_leq(twins, 2);
	qsort(sorted, count, sizeof(*sorted), by_name);
	for (size_t i = 0; i < count; i++)
		strcat(strcat(to, sorted[i]), " ");
}

/* ---- the faults -------------------------------------------------------------------------- */

static void still_holds(const struct scenario *scenario, const char *when)
{
	if (!scenario->interface)
		return;
	cr_expect_eq(meets_on(scenario->interface, listed), XDP_DROP, "%s: open to listed", when);
	cr_expect_eq(meets_on(scenario->interface, banned), XDP_DROP, "%s: open to banned", when);
}

/* The same once more, with nothing in its way. */
static void converges(const struct scenario *scenario, const char *when, const char *pins)
{
	struct steps_end end;
	char now[4096];

	weir_diags_done(&lab.diags);
	steps_run(scenario->act, (struct step){}, &end);
	cr_expect(end.is_done, "%s: then it fails: %s", when, end.said);
	still_holds(scenario, when);
	if (scenario->check_done)
		scenario->check_done(when);
	list_pins(now);
	cr_expect_str_eq(now, pins, "%s: pins are %s, not %s", when, now, pins);
}

static bool try_one(const struct scenario *scenario, struct step step, const char *pins)
{
	struct steps_end end;
	char when[128];

	scenario->prepare();
	weir_diags_done(&lab.diags);
	steps_run(scenario->act, step, &end);
	snprintf(when, sizeof(when), "%s at %zu, %s",
		 step.fault == STEP_KILLS ? "killed" : "failed", step.number,
		 end.call ?: "after all");
	cr_expect(end.was_killed || end.is_done || end.said[0], "%s: fails without a word", when);
	if (getenv("STEPS_SAY"))
		fprintf(stderr, "%s: %s\n", when, end.is_done ? "done" : end.said);
	still_holds(scenario, when);
	if (scenario->check)
		scenario->check(when, &end);
	converges(scenario, when, pins);
	return end.call;
}

static void try_each(const struct scenario *scenario, enum step_fault fault)
{
	struct steps_end end;
	char pins[4096];
	size_t tried = 0;

	scenario->prepare();
	steps_run(scenario->act, (struct step){0, fault}, &end);
	cr_assert(end.is_done, "without a fault: %s", end.said);
	list_pins(pins);
	/* Not every run is as long: what a run before has left ready is not made again. */
	for (size_t n = 0; (n = steps_next(n, end.count, scenario->some));)
		tried += try_one(scenario, (struct step){n, fault}, pins);
	fprintf(stderr, "figure: %s: %zu of %zu steps %s\n", criterion_current_test->name, tried,
		end.count, fault == STEP_KILLS ? "killed" : "failed");
}

static void try_all(const struct scenario *scenario)
{
	try_each(scenario, STEP_FAILS);
	try_each(scenario, STEP_KILLS);
}

/* ---- apply ------------------------------------------------------------------------------- */

static void check_judges(const char *when)
{
	cr_expect_eq(meets(listed), XDP_DROP, "%s: listed", when);
	cr_expect_eq(meets(banned), XDP_DROP, "%s: banned", when);
	cr_expect_eq(meets(unlisted), XDP_PASS, "%s: unlisted", when);
}

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

Test(steps, second_apply)
{
	try_all(&(struct scenario){prepare_apply, act_apply, check_apply, check_applied, "v0", 12});
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
	begin_once("v0");
	lab.denylist.count = 1;
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

/* ---- live bans --------------------------------------------------------------------------- */

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
