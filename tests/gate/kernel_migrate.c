/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A gate of the release before: taken over by apply with counters, bans and buckets. Such a gate
 * is made here from a new one, by a program that uses its maps, but for a weir_control of the
 * former size; it drops every packet, which tells it from the gate.
 */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/attach.h"
#include "kernel/counts.h"
#include "kernel/live.h"
#include "kernel/pins.h"
#include "kernel_lab.h"
#include "weir/deny.h"

enum { FORMER_CONTROL_BYTES = 64 };

static struct lab lab;

static void init(void)
{
	lab_init(&lab);
	cr_assert_eq(system("ip link add v0 type veth peer name v1"), 0);
}

static void done(void)
{
	lab_done(&lab);
}

TestSuite(kernel_migrate, .init = init, .fini = done);

static void attach(const char *interface)
{
	struct weir_attached attached;

	cr_assert_eq(
		weir_attach(&lab.paths, interface, WEIR_MODE_SKB, false, &lab.diags, &attached), 0,
		"%s", lab_said(&lab));
}

static __u32 program_on(const char *interface)
{
	struct weir_running running = {};

	cr_assert_eq(weir_running_on(if_nametoindex(interface), &running), 0);
	return running.program_id;
}

/* `return XDP_DROP` that mentions every map. */
static int load_former(const struct weir_maps *maps, int control_fd)
{
	struct bpf_insn code[2 * WEIR_MAPS_END + 2] = {};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_XDP);
	size_t n = 0;
	int fd;

	for (int i = 0; i < WEIR_MAPS_END; i++) {
		code[n++] = (struct bpf_insn){
			.code = BPF_LD | BPF_DW, /* BPF_IMM is 0 */
			.dst_reg = BPF_REG_1,
			.src_reg = BPF_PSEUDO_MAP_FD,
			.imm = i == WEIR_MAP_CONTROL ? control_fd : maps->fds[i],
		};
		n++;
	}
	code[n++] = (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_DROP};
	code[n++] = (struct bpf_insn){.code = BPF_JMP | BPF_EXIT};
	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "weir_gate", "GPL", code, n, &options);
	cr_assert_geq(fd, 0, "%s", strerror(errno));
	return fd;
}

/* Put a gate of that layout in the place of the live one, on every interface or but one. */
static void go_back(__u32 layout, const char *but)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	_cleanup_links_ struct weir_links links = {};
	_cleanup_close_ int control = bpf_map_create(BPF_MAP_TYPE_ARRAY, "weir_control", 4,
						     FORMER_CONTROL_BYTES, 1, &options);
	_cleanup_close_ int program = -1;
	struct weir_control value;
	__u32 key = 0;

	cr_assert_geq(control, 0);
	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0);
	value = *weir_maps_control(&maps);
	value.layout = layout;
	cr_assert_eq(bpf_map_update_elem(control, &key, &value, BPF_ANY), 0);
	program = load_former(&maps, control);
	cr_assert_eq(weir_links_open(&lab.paths, &lab.diags, &links), 0);
	for (size_t i = 0; i < links.count; i++)
		if (!but || strcmp(links.items[i].interface, but))
			cr_assert_eq(bpf_link_update(links.items[i].fd, program, NULL), 0);
	if (!but)
		cr_assert_eq(weir_pin_replace(&lab.paths, "program", program, &lab.diags), 0);
}

static void ban(const char *prefix)
{
	struct weir_record record = {.kind = WEIR_LIVE_BAN, .who = "test", .at_ns = 1};
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	enum weir_live_outcome outcome;

	weir_prefix_parse(prefix, strlen(prefix), &record.prefix, NULL, NULL);
	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0);
	cr_assert_eq(weir_live_apply(&lab.paths, &maps, &record, 1, &lab.diags, &outcome), 0);
}

static bool passes(const char *source)
{
	return lab_send(&lab, source, "198.18.0.1", 80) == XDP_PASS;
}

Test(kernel_migrate, apply_takes_over_with_counters_bans_and_buckets)
{
	_cleanup_counts_ struct weir_counts_report report = {};
	_cleanup_maps_ struct weir_maps before = WEIR_MAPS_NONE, after = WEIR_MAPS_NONE;
	__u32 program;

	lab_apply(&lab);
	attach("v0");
	ban("192.0.2.9");
	for (int i = 0; i < 7; i++)
		cr_assert(passes("192.0.2.8"));
	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &before), 0);
	weir_maps_buckets(&before)[77].arrival_units = 12345;
	go_back(WEIR_LAYOUT_FORMER, NULL);
	program = program_on("v0");
	lab_apply(&lab);
	cr_expect_neq(program_on("v0"), program);
	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &after), 0, "%s", lab_said(&lab));
	cr_expect_eq(weir_maps_control(&after)->layout, WEIR_LAYOUT);
	cr_expect_neq(after.ids[WEIR_MAP_CONTROL], before.ids[WEIR_MAP_CONTROL]);
	cr_expect_eq(weir_maps_buckets(&after)[77].arrival_units, 12345);
	cr_assert_eq(weir_counts_read(&after, &lab.diags, &report), 0);
	cr_expect_eq(report.reasons.pass_ingress.packets, 7);
	cr_expect_not(passes("192.0.2.9"));
	cr_expect_not(passes("203.0.113.7"));
	cr_expect(passes("192.0.2.8"));
}

Test(kernel_migrate, other_commands_say_what_to_do)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	struct weir_attached attached;

	lab_apply(&lab);
	go_back(WEIR_LAYOUT_FORMER, NULL);
	cr_expect_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), -EPROTO);
	cr_expect(strstr(lab_said(&lab), "weir apply takes it over"), "%s", lab_said(&lab));
	cr_expect_eq(weir_attach(&lab.paths, "v0", WEIR_MODE_SKB, false, &lab.diags, &attached),
		     -EPROTO);
}

Test(kernel_migrate, unknown_layout_is_refused_by_number_and_left_as_it_is)
{
	__u32 program;

	lab_apply(&lab);
	attach("v0");
	go_back(WEIR_LAYOUT_FORMER - 1, NULL);
	program = program_on("v0");
	cr_expect_eq(lab_try_apply(&lab, 0), -EPROTO);
	cr_expect(strstr(lab_said(&lab), "layout 2; this release knows 3 and 4"), "%s",
		  lab_said(&lab));
	cr_expect_eq(program_on("v0"), program);
}

Test(kernel_migrate, one_that_was_killed_between_two_interfaces_is_finished)
{
	lab_apply(&lab);
	attach("v0");
	attach("v1");
	go_back(WEIR_LAYOUT_FORMER, "v1");
	cr_expect_neq(program_on("v0"), program_on("v1"));
	lab_apply(&lab);
	cr_expect_eq(program_on("v0"), program_on("v1"));
	cr_expect_not(passes("203.0.113.7"));
	cr_expect(passes("192.0.2.8"));
}

Test(kernel_migrate, waits_for_a_trial_of_the_release_before)
{
	lab_apply(&lab);
	attach("v0");
	cr_assert_eq(lab_try_apply(&lab, 3000000000ULL), 0, "%s", lab_said(&lab));
	go_back(WEIR_LAYOUT_FORMER, NULL);
	cr_expect_eq(lab_try_apply(&lab, 0), -EBUSY, "%s", lab_said(&lab));
	usleep(3100000);
	lab_apply(&lab);
	cr_expect(passes("192.0.2.8"));
}
