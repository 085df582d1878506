/* SPDX-License-Identifier: GPL-2.0-only */
/* What every scenario is made of, and each of its steps failing and killed (tests/steps.h). */
#include "scenario.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <dirent.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/attach.h"
#include "kernel/live.h"
#include "kernel/pins.h"
#include "kernel/twin.h"

const char banned[] = "192.0.2.9", listed[] = "203.0.113.7", unlisted[] = "192.0.3.8";

struct lab lab;

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

__u32 program_on(const char *interface)
{
	struct weir_running running = {};

	cr_assert_eq(weir_running_on(if_nametoindex(interface), &running), 0);
	return running.program_id;
}

int meets_on(const char *interface, const char *source)
{
	const struct weir_probe probe = {inet_addr(source), inet_addr("198.18.0.1"), 40000, 80,
					 IPPROTO_TCP};
	__u32 id = program_on(interface);
	_cleanup_close_ int fd = id ? bpf_prog_get_fd_by_id(id) : -1;
	__u8 frame[WEIR_PROBE_BYTES];

	weir_probe_frame(&probe, frame);
	return fd < 0 ? -1 : weir_twin_judge(fd, frame, sizeof(frame));
}

int meets(const char *source)
{
	return lab_send(&lab, source, "198.18.0.1", 80);
}

/* ---- parts of scenarios ------------------------------------------------------------------ */

int say(char said[STEPS_SAID_MAX], int r)
{
	snprintf(said, STEPS_SAID_MAX, "%s", lab.diags.count ? lab_said(&lab) : "");
	return r;
}

int put(const char *prefix, bool is_removal)
{
	struct weir_record record = {
		.kind = WEIR_LIVE_BAN, .who = "test", .at_ns = 1, .is_removal = is_removal};
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	enum weir_live_outcome outcome;

	weir_prefix_parse(prefix, strlen(prefix), &record.prefix, NULL, NULL);
	return weir_pins_need(&lab.paths, &lab.diags, &maps)
		       ?: weir_live_apply(&lab.paths, &maps, &record, 1, &lab.diags, &outcome);
}

int attach_to(const char *interface, __u64 try_ns)
{
	const struct weir_attach_options options = {.mode = WEIR_MODE_SKB, .try_ns = try_ns};
	struct weir_attached attached;

	return weir_attach_with(&lab.paths, interface, &options, &lab.diags, &attached);
}

void begin(const char *first, const char *second)
{
	cr_assert_eq(weir_detach_all(&lab.paths, &lab.diags), 0, "%s", lab_said(&lab));
	weir_diags_done(&lab.diags);
	lab_apply(&lab);
	cr_assert_eq(put(banned, false), 0, "%s", lab_said(&lab));
	cr_assert(!first || !attach_to(first, 0), "%s", lab_said(&lab));
	cr_assert(!second || !attach_to(second, 0), "%s", lab_said(&lab));
}

void begin_once(const char *first)
{
	if (!program_on(first))
		begin(first, NULL);
}

int act_apply(char said[STEPS_SAID_MAX])
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

void check_judges(const char *when)
{
	cr_expect_eq(meets(listed), XDP_DROP, "%s: listed", when);
	cr_expect_eq(meets(banned), XDP_DROP, "%s: banned", when);
	cr_expect_eq(meets(unlisted), XDP_PASS, "%s: unlisted", when);
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

void try_all(const struct scenario *scenario)
{
	try_each(scenario, STEP_FAILS);
	try_each(scenario, STEP_KILLS);
}
