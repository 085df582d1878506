/* SPDX-License-Identifier: GPL-2.0-only */
/* Live bans when their table changes its size, and after a reboot. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kernel/attach.h"
#include "kernel/journal_file.h"
#include "live_lab.h"
#include "weir/deny.h"

TestSuite(kernel_room, .init = live_lab_init, .fini = live_lab_done);

/* ---- the size of the table --------------------------------------------------------------- */

static __u32 room(void)
{
	_cleanup_maps_ struct weir_maps now = WEIR_MAPS_NONE;

	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &now), 0);
	return now.entries[WEIR_MAP_LIVE];
}

Test(kernel_room, table_takes_another_size_on_a_live_gate_and_keeps_every_entry)
{
	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.2.9", 0), 0);
	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.3.0/24", 3600000), 0);
	cr_assert_eq(put(WEIR_LIVE_RELEASE, "203.0.113.7", 0), 0);
	lab.config.live_max = 5000;
	lab_apply(&lab);
	cr_expect_eq(room(), 5000);
	cr_expect_not(passes("192.0.2.9"));
	cr_expect_not(passes("192.0.3.200"));
	cr_expect(passes("203.0.113.7"));
	lab.config.live_max = 3;
	lab_apply(&lab);
	cr_expect_eq(room(), 3);
	cr_expect_not(passes("192.0.2.9"));
	cr_expect(passes("203.0.113.7"));
}

Test(kernel_room, table_keeps_its_size_where_more_is_in_it)
{
	__u32 before = room();

	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.2.9", 0), 0);
	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.3.9", 0), 0);
	lab.config.live_max = 1;
	lab_apply(&lab);
	cr_expect_eq(room(), before);
	cr_expect(strstr(lab_said(&lab), "more than 1 live bans"), "%s", lab_said(&lab));
	cr_expect_not(passes("192.0.2.9"));
	cr_expect_not(passes("192.0.3.9"));
}

/* The command had opened the gate before the table was replaced, and then got the lock. */
Test(kernel_room, ban_by_a_command_that_knows_the_old_table_holds)
{
	lab.config.live_max = 5000;
	lab_apply(&lab);
	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.2.9", 0), 0, "%s", lab_said(&lab));
	cr_expect_not(passes("192.0.2.9"));
	lab_apply(&lab);
	cr_expect_not(passes("192.0.2.9"));
	cr_expect_eq(take(WEIR_LIVE_BAN, "192.0.2.9"), WEIR_LIVE_DONE);
	cr_expect(passes("192.0.2.9"));
}

Test(kernel_room, bans_added_while_the_table_changes_its_size_all_hold, .timeout = 60)
{
	pid_t child = fork();

	if (!child) {
		for (int i = 0; i < 8; i++) {
			lab.config.live_max = i % 2 ? 1024 : 2048;
			if (lab_try_apply(&lab, 0))
				_exit(1);
		}
		_exit(0);
	}
	expect_bans_hold_beside(child, 5000);
}

Test(kernel_room, killed_while_the_table_changes_its_size_loses_no_ban, .timeout = 60)
{
	cr_assert_eq(system("ip link add v0 type veth peer name v1"), 0);
	lab_attach(&lab, "v0", WEIR_MODE_SKB);
	lab_attach(&lab, "v1", WEIR_MODE_SKB);
	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.2.9", 0), 0);
	for (int i = 0; i < 14; i++) {
		pid_t child = fork();
		int r;

		lab.config.live_max = i % 2 ? 1024 : 2048;
		if (!child)
			_exit(lab_try_apply(&lab, 0) ? 1 : 0);
		usleep(20000 + i * 40000);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		cr_expect_not(passes("192.0.2.9"), "%d", i);
		/* Either it holds, or the command says that it could not. */
		r = put(WEIR_LIVE_BAN, "192.0.3.9", 0);
		cr_expect(r ? r == -EAGAIN : !passes("192.0.3.9"), "%d: %d", i, r);
		lab_apply(&lab);
		cr_expect_eq(put(WEIR_LIVE_BAN, "192.0.4.9", 0), 0, "%s", lab_said(&lab));
		cr_expect_not(passes("192.0.4.9"), "%d", i);
		take(WEIR_LIVE_BAN, "192.0.3.9");
		take(WEIR_LIVE_BAN, "192.0.4.9");
	}
}

/* ---- after a reboot ---------------------------------------------------------------------- */

/* The gate is gone, and the journal has this record. */
static void reboot_with(struct weir_record *records, size_t count)
{
	bool is_due;

	weir_maps_done(&maps);
	cr_assert_eq(weir_detach_all(&lab.paths, &lab.diags), 0);
	cr_assert_eq(weir_journal_append(&lab.paths, records, count, &lab.diags, &is_due), 0);
	lab_apply(&lab);
	open_maps();
}

Test(kernel_room, wall_clock_that_is_behind_at_boot_makes_no_ban_longer)
{
	struct weir_record record = record_of(WEIR_LIVE_BAN, "192.0.2.9", 4000);

	/* Added, by a clock that was right, two hours from what the clock says now. */
	record.at_ns += 7200000000000;
	record.until_ns += 7200000000000;
	reboot_with(&record, 1);
	cr_expect_not(passes("192.0.2.9"));
	sleep(4);
	cr_expect(passes("192.0.2.9"));
}

Test(kernel_room, journal_with_more_than_live_max_is_loaded_whole)
{
	enum { COUNT = 40 };
	struct weir_record records[COUNT];

	for (int i = 0; i < COUNT; i++) {
		records[i] = record_of(WEIR_LIVE_BAN, "192.0.2.0", 0);
		records[i].prefix.address += i * 2;
	}
	lab.config.live_max = 16;
	reboot_with(records, COUNT);
	for (int i = 0; i < COUNT; i++) {
		char text[32];

		snprintf(text, sizeof(text), "192.0.2.%d", i * 2);
		cr_expect_not(passes(text), "%s", text);
	}
}
