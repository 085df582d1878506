/* SPDX-License-Identifier: GPL-2.0-only */
/* Live bans and releases: what packets meet, what the journal keeps. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/attach.h"
#include "kernel/lock.h"
#include "kernel/why.h"
#include "live_lab.h"
#include "weir/deny.h"

TestSuite(kernel_live, .init = live_lab_init, .fini = live_lab_done);

Test(kernel_live, ban_holds_until_it_is_removed)
{
	cr_expect(passes("192.0.2.9"));
	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.2.9", 0), 0, "%s", lab_said(&lab));
	cr_expect_not(passes("192.0.2.9"));
	cr_expect(passes("192.0.2.8"));
	cr_expect_eq(take(WEIR_LIVE_BAN, "192.0.2.9"), WEIR_LIVE_DONE);
	cr_expect(passes("192.0.2.9"));
	cr_expect_eq(take(WEIR_LIVE_BAN, "192.0.2.9"), WEIR_LIVE_ABSENT);
}

Test(kernel_live, ban_of_any_length_holds_at_both_ends_and_not_beyond)
{
	static const struct {
		const char *prefix, *first, *last, *before, *after;
	} cases[] = {
		{"11.0.0.0/8", "11.0.0.0", "11.255.255.255", "10.255.255.255", "12.0.0.0"},
		{"172.16.0.0/12", "172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"},
		{"192.0.2.0/23", "192.0.2.0", "192.0.3.255", "192.0.1.255", "192.0.4.0"},
		{"192.0.2.0/24", "192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"},
		{"192.0.2.4/30", "192.0.2.4", "192.0.2.7", "192.0.2.3", "192.0.2.8"},
		{"192.0.2.4/31", "192.0.2.4", "192.0.2.5", "192.0.2.3", "192.0.2.6"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cr_assert_eq(put(WEIR_LIVE_BAN, cases[i].prefix, 0), 0);
		cr_expect_not(passes(cases[i].first), "%s", cases[i].prefix);
		cr_expect_not(passes(cases[i].last), "%s", cases[i].prefix);
		cr_expect(passes(cases[i].before), "%s", cases[i].prefix);
		cr_expect(passes(cases[i].after), "%s", cases[i].prefix);
		take(WEIR_LIVE_BAN, cases[i].prefix);
	}
	cr_assert_eq(put(WEIR_LIVE_BAN, "0.0.0.0/0", 0), 0);
	cr_expect_not(passes("8.8.8.8"));
	cr_expect_not(passes("223.255.255.255"));
}

Test(kernel_live, expired_narrow_ban_does_not_hide_a_live_wide_one)
{
	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.2.0/24", 0), 0);
	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.2.9", 50), 0);
	usleep(80000);
	cr_expect_not(passes("192.0.2.9"));
}

Test(kernel_live, ban_expires_by_itself)
{
	/* Time enough to be seen in force on a busy machine. */
	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.2.9", 1500), 0);
	cr_expect_not(passes("192.0.2.9"));
	usleep(1600000);
	cr_expect(passes("192.0.2.9"));
}

Test(kernel_live, release_lets_a_listed_source_in_and_outlives_an_apply)
{
	cr_expect_not(passes("203.0.113.7"));
	cr_assert_eq(put(WEIR_LIVE_RELEASE, "203.0.113.7", 0), 0);
	cr_expect(passes("203.0.113.7"));
	cr_expect_not(passes("203.0.113.8"));
	lab_apply(&lab);
	cr_expect(passes("203.0.113.7"));
	cr_expect_eq(take(WEIR_LIVE_RELEASE, "203.0.113.7"), WEIR_LIVE_DONE);
	cr_expect_not(passes("203.0.113.7"));
}

Test(kernel_live, bits_of_what_was_removed_go_at_the_next_flip)
{
	__u32 address = ntohl(inet_addr("192.0.2.9"));

	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.2.9", 0), 0);
	take(WEIR_LIVE_BAN, "192.0.2.9");
	lab_apply(&lab);
	cr_expect_eq(weir_maps_live_bits(&maps)[weir_group_of(address)], 0);
	cr_expect_eq(weir_maps_areas(&maps, weir_maps_half(&maps))[weir_area_of(address)].live, 0);
	cr_expect_eq(*weir_maps_live_lengths(&maps, weir_area_of(address), WEIR_LIVE_BAN), 0);
}

static void lose_gate(void)
{
	weir_maps_done(&maps);
	cr_assert_eq(weir_detach_all(&lab.paths, &lab.diags), 0, "%s", lab_said(&lab));
	lab_apply(&lab);
	open_maps();
}

Test(kernel_live, bans_survive_a_gate_that_was_lost)
{
	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.2.9", 0), 0);
	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.3.9", 3600000), 0);
	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.4.9", 50), 0);
	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.5.9", 0), 0);
	take(WEIR_LIVE_BAN, "192.0.5.9");
	weir_maps_done(&maps);
	cr_assert_eq(weir_detach_all(&lab.paths, &lab.diags), 0, "%s", lab_said(&lab));
	usleep(60000);
	lab_apply(&lab);
	open_maps();
	cr_expect_not(passes("192.0.2.9"));
	cr_expect_not(passes("192.0.3.9"));
	cr_expect(passes("192.0.4.9"));
	cr_expect(passes("192.0.5.9"));
}

/* Out of the kernel, and not out of the journal: what a kill in between leaves. */
Test(kernel_live, removal_after_one_that_was_killed_outlives_a_lost_gate)
{
	char command[1024];

	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.2.9", 0), 0);
	snprintf(command, sizeof(command), "cp %1$s/live.journal %1$s/before", lab.paths.state);
	cr_assert_eq(system(command), 0);
	cr_assert_eq(take(WEIR_LIVE_BAN, "192.0.2.9"), WEIR_LIVE_DONE);
	snprintf(command, sizeof(command), "mv %1$s/before %1$s/live.journal", lab.paths.state);
	cr_assert_eq(system(command), 0);
	cr_assert_eq(take(WEIR_LIVE_BAN, "192.0.2.9"), WEIR_LIVE_ABSENT);
	lose_gate();
	cr_expect(passes("192.0.2.9"));
}

Test(kernel_live, torn_journal_costs_only_its_last_record)
{
	char path[256];
	int fd;

	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.2.9", 0), 0);
	snprintf(path, sizeof(path), "%s/live.journal", lab.paths.state);
	fd = open(path, O_WRONLY | O_APPEND);
	cr_assert_eq(write(fd, "deadbeef + ban 192.", 19), 19);
	close(fd);
	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.3.9", 0), 0);
	weir_maps_done(&maps);
	weir_detach_all(&lab.paths, &lab.diags);
	lab_apply(&lab);
	open_maps();
	cr_expect_not(passes("192.0.2.9"));
	cr_expect_not(passes("192.0.3.9"));
}

Test(kernel_live, full_table_refuses_a_batch_whole_and_evicts_nothing)
{
	__u32 max = maps.entries[WEIR_MAP_LIVE];
	_cleanup_free_ struct weir_record *records = calloc(max + 64, sizeof(*records));
	_cleanup_free_ enum weir_live_outcome *outcomes = calloc(max + 64, sizeof(*outcomes));
	_cleanup_free_ struct weir_record *left = NULL;
	size_t count;

	for (__u32 i = 0; i < max + 64; i++) {
		records[i] = record_of(WEIR_LIVE_BAN, "10.0.0.1", 0);
		records[i].prefix.address += i;
	}
	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.2.9", 0), 0);
	cr_expect_eq(weir_live_apply(&lab.paths, &maps, records, max + 64, &lab.diags, outcomes),
		     -E2BIG);
	cr_expect(strstr(lab_said(&lab), "full"), "%s", lab_said(&lab));
	cr_assert_eq(weir_live_list(&lab.paths, &maps, &lab.diags, &left, &count), 0);
	cr_expect_eq(count, 1, "%zu", count);
	cr_expect_not(passes("192.0.2.9"));
	cr_expect(passes("10.0.0.1"));
}

Test(kernel_live, expired_entries_make_room_when_the_table_is_full)
{
	__u32 max = maps.entries[WEIR_MAP_LIVE];
	_cleanup_free_ struct weir_record *records = calloc(max, sizeof(*records));
	_cleanup_free_ enum weir_live_outcome *outcomes = calloc(max, sizeof(*outcomes));

	for (__u32 i = 0; i < max; i++) {
		records[i] = record_of(WEIR_LIVE_BAN, "10.0.0.1", 100);
		records[i].prefix.address += i;
	}
	cr_assert_eq(weir_live_apply(&lab.paths, &maps, records, max, &lab.diags, outcomes), 0);
	usleep(120000);
	cr_expect_eq(put(WEIR_LIVE_BAN, "192.0.2.9", 0), 0, "%s", lab_said(&lab));
	cr_expect_not(passes("192.0.2.9"));
}

Test(kernel_live, list_knows_who_when_and_why)
{
	_cleanup_free_ struct weir_record *records = NULL;
	struct weir_record record = record_of(WEIR_LIVE_BAN, "192.0.2.0/24", 3600000);
	enum weir_live_outcome outcome;
	__s64 off_ns;
	size_t count;

	strcpy(record.note, "scanner");
	cr_assert_eq(weir_live_apply(&lab.paths, &maps, &record, 1, &lab.diags, &outcome), 0);
	cr_assert_eq(weir_live_list(&lab.paths, &maps, &lab.diags, &records, &count), 0);
	cr_assert_eq(count, 1);
	cr_expect_str_eq(records[0].who, "test");
	cr_expect_str_eq(records[0].note, "scanner");
	cr_expect_eq(records[0].at_ns, record.at_ns);
	off_ns = records[0].until_ns - record.until_ns;
	cr_expect_lt(llabs(off_ns), 50000000, "%lld", off_ns);
}

Test(kernel_live, why_follows_the_order_of_the_gate)
{
	static const struct {
		const char *source;
		bool is_denied;
	} cases[] = {{"203.0.113.7", true},
		     {"203.0.113.8", false},
		     {"192.0.2.9", true},
		     {"192.0.4.9", false},
		     {"198.51.100.1", false}};

	lab_allow(&lab, "192.0.4.0/24");
	lab_apply(&lab);
	cr_assert_eq(put(WEIR_LIVE_RELEASE, "203.0.113.8", 0), 0);
	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.0.0/16", 0), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		__attribute__((cleanup(weir_why_done))) struct weir_why why = {};
		__u32 address = ntohl(inet_addr(cases[i].source));

		cr_assert_eq(weir_why_read(&lab.paths, &maps, address, &lab.diags, &why), 0);
		cr_expect_eq(why.is_denied, cases[i].is_denied, "%s", cases[i].source);
		cr_expect_eq(passes(cases[i].source), !cases[i].is_denied, "%s", cases[i].source);
	}
}

Test(kernel_live, ban_does_not_wait_for_an_apply)
{
	int fd = -1;

	cr_assert_eq(weir_lock_take(&lab.paths, WEIR_LOCK_APPLY, "apply", 0, &lab.diags, &fd), 0);
	cr_expect_eq(put(WEIR_LIVE_BAN, "192.0.2.9", 0), 0);
	cr_expect_not(passes("192.0.2.9"));
	close(fd);
}

/* Bans go on being added while another process applies again and again: none may be lost. */
Test(kernel_live, bans_added_during_applies_all_hold, .timeout = 60)
{
	pid_t child = fork();

	if (!child) {
		for (int i = 0; i < 10; i++)
			if (lab_try_apply(&lab, 0))
				_exit(1);
		_exit(0);
	}
	expect_bans_hold_beside(child, 2000);
}

/* Seconds that this process has worked, which a busy machine does not lengthen. */
static double worked_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

Test(kernel_live, wide_release_does_not_slow_the_next_apply_of_wide_lists, .timeout = 60)
{
	static const char *const wide[] = {"1.0.0.0/8", "2.0.0.0/7",  "4.0.0.0/6",
					   "8.0.0.0/5", "16.0.0.0/4", "32.0.0.0/3"};
	double began_s;

	for (size_t i = 0; i < sizeof(wide) / sizeof(*wide); i++)
		lab_deny(&lab, wide[i]);
	cr_assert_eq(put(WEIR_LIVE_RELEASE, "0.0.0.0/0", 0), 0, "%s", lab_said(&lab));
	began_s = worked_s();
	lab_apply(&lab);
	cr_expect_lt(worked_s() - began_s, 1.5);
	cr_expect(passes("2.3.4.5"));
}

Test(kernel_live, pipe_in_the_place_of_a_file_is_said_and_not_waited_for, .timeout = 20)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/clock", lab.paths.run);
	unlink(path);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(put(WEIR_LIVE_BAN, "192.0.2.9", 0), 0);
	cr_expect(strstr(lab_said(&lab), "clock"), "%s", lab_said(&lab));
	snprintf(path, sizeof(path), "%s/live.journal.new", lab.paths.state);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(weir_live_compact(&lab.paths, &maps, &lab.diags), -ENXIO);
}

/* The gate comes up while its journal cannot be read. */
static void lose_gate_and_journal(void)
{
	char command[1024];

	snprintf(command, sizeof(command), "cd %s && mv live.journal kept && mkfifo live.journal",
		 lab.paths.state);
	cr_assert_eq(system(command), 0);
	lose_gate();
	cr_assert(passes("192.0.2.9"));
	snprintf(command, sizeof(command), "cd %s && mv kept live.journal", lab.paths.state);
	cr_assert_eq(system(command), 0);
}

Test(kernel_live, journal_that_could_not_be_read_is_read_by_the_next_apply)
{
	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.2.9", 0), 0);
	lose_gate_and_journal();
	lab_apply(&lab);
	cr_expect_not(passes("192.0.2.9"));
}

Test(kernel_live, journal_that_could_not_be_read_is_not_written_anew_without_its_bans)
{
	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.2.9", 0), 0);
	lose_gate_and_journal();
	cr_assert_eq(weir_live_compact(&lab.paths, &maps, &lab.diags), 0);
	cr_expect_not(passes("192.0.2.9"));
	lose_gate();
	cr_expect_not(passes("192.0.2.9"));
}

/* A journal of almost 1 MiB: of one ban, again and again. */
static void fill_journal(void)
{
	char command[1024];

	snprintf(command, sizeof(command),
		 "cd %s && yes \"$(cat live.journal)\" | head -c 1048570 >full && mv full "
		 "live.journal",
		 lab.paths.state);
	cr_assert_eq(system(command), 0);
}

Test(kernel_live, journal_that_grows_beyond_a_power_of_two_is_written_anew)
{
	char path[256];
	struct stat file;

	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.2.9", 0), 0);
	fill_journal();
	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.3.9", 0), 0);
	snprintf(path, sizeof(path), "%s/live.journal", lab.paths.state);
	cr_assert_eq(stat(path, &file), 0);
	cr_expect_leq(file.st_size, 2 * WEIR_RECORD_TEXT_MAX);
	lose_gate();
	cr_expect_not(passes("192.0.2.9"));
	cr_expect_not(passes("192.0.3.9"));
}

Test(kernel_live, journal_is_compacted_to_what_holds)
{
	char path[256];
	_cleanup_fclose_ FILE *journal = NULL;
	int lines = 0, c;

	for (int i = 0; i < 20; i++) {
		cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.2.9", 0), 0);
		take(WEIR_LIVE_BAN, "192.0.2.9");
	}
	cr_assert_eq(put(WEIR_LIVE_BAN, "192.0.2.9", 0), 0);
	cr_assert_eq(weir_live_compact(&lab.paths, &maps, &lab.diags), 0);
	snprintf(path, sizeof(path), "%s/live.journal", lab.paths.state);
	journal = fopen(path, "re");
	cr_assert_not_null(journal);
	while ((c = fgetc(journal)) != EOF)
		lines += c == '\n';
	cr_expect_eq(lines, 1);
}
