/* SPDX-License-Identifier: GPL-2.0-only */
/* A gate that is loaded, with its maps open: live_lab.h. */
#include "live_lab.h"

#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct lab lab;
struct weir_maps maps;

void open_maps(void)
{
	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0, "%s", lab_said(&lab));
}

void live_lab_init(void)
{
	lab_init(&lab);
	lab_apply(&lab);
	open_maps();
}

void live_lab_done(void)
{
	weir_maps_done(&maps);
	lab_done(&lab);
}

static __u64 real_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

struct weir_record record_of(__u32 kind, const char *prefix, __u64 for_ms)
{
	struct weir_record record = {.kind = kind, .who = "test", .at_ns = real_ns()};

	cr_assert_eq(weir_prefix_parse(prefix, strlen(prefix), &record.prefix, NULL, NULL), 0);
	record.until_ns = for_ms ? record.at_ns + for_ms * 1000000 : 0;
	return record;
}

int put(__u32 kind, const char *prefix, __u64 for_ms)
{
	struct weir_record record = record_of(kind, prefix, for_ms);
	enum weir_live_outcome outcome;

	return weir_live_apply(&lab.paths, &maps, &record, 1, &lab.diags, &outcome);
}

enum weir_live_outcome take(__u32 kind, const char *prefix)
{
	struct weir_record record = record_of(kind, prefix, 0);
	enum weir_live_outcome outcome = WEIR_LIVE_DONE;

	record.is_removal = true;
	cr_assert_eq(weir_live_apply(&lab.paths, &maps, &record, 1, &lab.diags, &outcome), 0);
	return outcome;
}

bool passes(const char *source)
{
	return lab_send(&lab, source, "198.18.0.1", 80) == XDP_PASS;
}

static void nth_source(int n, char text[static 32])
{
	snprintf(text, 32, "11.%d.%d.1", n / 16, n * 16 % 256);
}

void expect_bans_hold_beside(pid_t child, unsigned int pause_us)
{
	char source[32];

	for (int i = 0; i < 200; i++) {
		nth_source(i, source);
		cr_assert_eq(put(WEIR_LIVE_BAN, source, 0), 0, "%s", lab_said(&lab));
		cr_expect_not(passes(source), "%s", source);
		usleep(pause_us);
	}
	cr_assert_eq(waitpid(child, NULL, 0), child);
	for (int i = 0; i < 200; i++) {
		nth_source(i, source);
		cr_expect_not(passes(source), "%s", source);
	}
}
