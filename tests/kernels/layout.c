/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An upgrade from the oldest map layout that this release takes over, while the gate is beside
 * another XDP program. (kernel_migrate has the same for gates that links attach.) The former gate
 * is tests/kernels/former.bpf.c on the maps of a new one, but for a weir_control of its own, in
 * the dispatcher and pinned, as an earlier release leaves it.
 */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "former.skel.h"
#include "gate/kernel_lab.h"
#include "kernel/attach.h"
#include "kernel/counts.h"
#include "kernel/dispatcher.h"
#include "kernel/pins.h"
#include "wire.h"

enum { FORMER_CONTROL_BYTES = 64, GATE_PRIORITY = 10 };

static struct lab lab;

static void set_up(void)
{
	struct weir_attached attached;

	lab_init(&lab);
	make_pair("va", "vb");
	lab_apply(&lab);
	attach_neighbour("va", XDP_MODE_NATIVE);
	attached = lab_attach(&lab, "va", WEIR_MODE_AUTO);
	cr_assert(attached.is_shared, "%s", attached.why_alone);
}

static void tear_down(void)
{
	lab_done(&lab);
}

TestSuite(layout, .init = set_up, .fini = tear_down, .timeout = 1800);

static struct weir_former *open_former(const struct weir_maps *maps, int control_fd, __u32 owner)
{
	struct weir_former *former = weir_former__open();

	cr_assert_not_null(former);
	former->rodata->weir_owner = owner;
	for (int i = 0; i < WEIR_MAPS_END; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(former->obj, weir_map_name(i));

		cr_assert_not_null(map, "%s", weir_map_name(i));
		cr_assert_eq(
			bpf_map__reuse_fd(map, i == WEIR_MAP_CONTROL ? control_fd : maps->fds[i]),
			0, "%s", weir_map_name(i));
	}
	return former;
}

static int make_control(const struct weir_maps *maps)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "weir_control", 4, FORMER_CONTROL_BYTES, 1,
				&options);
	struct weir_control value = *weir_maps_control(maps);
	__u32 key = 0;

	value.layout = WEIR_LAYOUT_FORMER;
	cr_assert_geq(fd, 0);
	cr_assert_eq(bpf_map_update_elem(fd, &key, &value, BPF_ANY), 0);
	return fd;
}

/* Into the dispatcher of va, and the record of it. */
static void share_former(struct weir_former *former)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, options, .obj = former->obj,
			    .prog_name = "weir_gate");
	struct xdp_program *program = xdp_program__create(&options);
	struct stat namespace;
	char record[64];

	cr_assert_eq(libxdp_get_error(program), 0);
	xdp_program__set_run_prio(program, GATE_PRIORITY);
	xdp_program__set_xdp_frags_support(program, true);
	cr_assert_eq(xdp_program__attach(program, if_nametoindex("va"), XDP_MODE_NATIVE, 0), 0);
	cr_assert_eq(stat("/proc/self/ns/net", &namespace), 0);
	snprintf(record, sizeof(record), "shared_va@%lu", (unsigned long)namespace.st_ino);
	cr_assert_eq(weir_pin_replace(&lab.paths, record, xdp_program__fd(program), &lab.diags), 0,
		     "%s", lab_said(&lab));
}

/* Put a gate of the former layout into the place of the live one. */
static void go_back(void)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	_cleanup_seats_ struct weir_seats seats = {};
	_cleanup_close_ int control = -1;
	struct weir_former *pinned;

	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0, "%s", lab_said(&lab));
	cr_assert_eq(weir_seats_open(if_nametoindex("va"), &seats), 0);
	cr_assert_eq(seats.count, 1);
	control = make_control(&maps);
	pinned = open_former(&maps, control, 0);
	cr_assert_eq(weir_former__load(pinned), 0);
	cr_assert_eq(weir_pin_replace(&lab.paths, "program",
				      bpf_program__fd(pinned->progs.weir_gate), &lab.diags),
		     0);
	share_former(open_former(&maps, control, weir_maps_control(&maps)->owner));
	cr_assert_eq(weir_seat_detach(&seats.items[0], if_nametoindex("va"), seats.mode), 0);
}

static __u32 control_id_on(const char *interface)
{
	_cleanup_seats_ struct weir_seats seats = {};

	cr_assert_eq(weir_seats_open(if_nametoindex(interface), &seats), 0);
	cr_assert_eq(seats.count, 1);
	return seats.items[0].control_id;
}

static void expect_this_layout(void)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;

	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0, "%s", lab_said(&lab));
	cr_expect_eq(weir_maps_control(&maps)->layout, WEIR_LAYOUT);
	cr_expect_eq(control_id_on("va"), maps.ids[WEIR_MAP_CONTROL]);
}

Test(layout, former_gate_beside_another_program_is_taken_over)
{
	struct flood listed = {.wire = "vb", .source = "203.0.113.9"};
	__u64 before;
	__u32 control_id;

	go_back();
	control_id = control_id_on("va");
	expect_judged("vb", "by the gate of the former layout");
	before = neighbour_count();
	flood_begin(&listed);
	lab_apply(&lab);
	flood_end(&listed);
	cr_expect_neq(control_id_on("va"), control_id, "the former gate is still there");
	fprintf(stderr,
		"fact: upgrade from map layout %d to %d under %zu listed packets, %llu slipped\n",
		WEIR_LAYOUT_FORMER, WEIR_LAYOUT, listed.sent, neighbour_count() - before);
	cr_expect_gt(listed.sent, 100);
	cr_expect_eq(neighbour_count() - before, 0);
	expect_this_layout();
	expect_judged("vb", "after the upgrade");
}
