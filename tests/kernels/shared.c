/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate beside another XDP program, on kernels that allow it: attach, upgrade in place,
 * commands that were killed half-way.
 */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gate/kernel_lab.h"
#include "kernel/attach.h"
#include "kernel/dispatcher.h"
#include "kernel/shared.h"
#include "neighbour.skel.h"
#include "wire.h"

TestSuite(shared, .timeout = 1800);

static struct lab lab;

static void set_up(void)
{
	lab_init(&lab);
	make_pair("va", "vb");
	lab_apply(&lab);
}

static void tear_down(void)
{
	lab_done(&lab);
}

/* Put a new gate in the place of the live one, as an upgrade of weir does. */
static void replace_gate(void)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	_cleanup_links_ struct weir_links links = {};
	__u32 owner;
	int r;

	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0);
	cr_assert_eq(weir_links_open(&lab.paths, &lab.diags, &links), 0);
	owner = weir_maps_control(&maps)->owner;
	maps.ids[WEIR_MAP_BLOCKS] = 0; /* no gate has such a map: none is up to date */
	r = weir_shared_converge(&lab.paths, &links, &maps, &lab.diags);
	cr_assert_eq(r, 0, "%s", lab_said(&lab));
	cr_expect_neq(weir_maps_control(&maps)->owner, owner, "nothing was replaced");
}

/* Lists that do not fit into the blocks: apply brings a larger map, and a new program with it. */
static void grow(void)
{
	char prefix[32];

	for (int i = 0; i < LAB_LISTED_MAX - 2; i++) {
		snprintf(prefix, sizeof(prefix), "11.%d.%d.1", i >> 8, i & 255);
		lab_deny(&lab, prefix);
	}
	for (int i = 0; i < 3; i++) {
		lab.config.fingerprint++;
		lab_apply(&lab);
	}
}

static __u32 gate_id(const char *interface)
{
	_cleanup_seats_ struct weir_seats seats = {};

	cr_assert_eq(weir_seats_open(if_nametoindex(interface), &seats), 0);
	cr_assert_eq(seats.count, 1);
	return seats.items[0].program_id;
}

static void run_beside(enum weir_mode mode, enum xdp_attach_mode xdp_mode)
{
	struct weir_attached attached;

	attach_neighbour("va", xdp_mode);
	attached = lab_attach(&lab, "va", WEIR_MODE_AUTO);
	cr_expect(attached.is_shared, "%s", attached.why_alone);
	cr_expect_eq(attached.mode, mode);
	expect_judged("vb", "beside another program");
	replace_gate();
	cr_expect_eq(gates_on("va"), 1);
	expect_judged("vb", "after an upgrade");
	cr_assert_eq(weir_detach(&lab.paths, "va", &lab.diags), 0, "%s", lab_said(&lab));
	cr_expect_eq(gates_on("va"), 0);
	cr_expect_eq(through("vb", "203.0.113.9"), 10, "the neighbour was left in place");
}

Test(shared, runs_beside_another_program_in_native_mode, .init = set_up, .fini = tear_down)
{
	run_beside(WEIR_MODE_NATIVE, XDP_MODE_NATIVE);
}

Test(shared, runs_beside_another_program_in_skb_mode, .init = set_up, .fini = tear_down)
{
	run_beside(WEIR_MODE_SKB, XDP_MODE_SKB);
}

Test(shared, lets_another_program_come_later, .init = set_up, .fini = tear_down)
{
	cr_expect(lab_attach(&lab, "va", WEIR_MODE_NATIVE).is_shared);
	attach_neighbour("va", XDP_MODE_NATIVE);
	expect_judged("vb", "with a program that came later");
	cr_expect(lab_attach(&lab, "va", WEIR_MODE_NATIVE).was_attached);
}

Test(shared, takes_jumbo_frames, .init = set_up, .fini = tear_down)
{
	cr_assert_eq(system("ip link set va mtu 9000 && ip link set vb mtu 9000"), 0);
	cr_expect_eq(lab_attach(&lab, "va", WEIR_MODE_AUTO).mode, WEIR_MODE_NATIVE);
}

Test(shared, names_a_program_that_does_not_share, .init = set_up, .fini = tear_down)
{
	struct weir_attached attached;
	struct weir_neighbour *neighbour = weir_neighbour__open_and_load();

	cr_assert_not_null(neighbour);
	cr_assert_eq(bpf_xdp_attach(if_nametoindex("va"),
				    bpf_program__fd(neighbour->progs.neighbour), 0, NULL),
		     0);
	cr_expect_eq(lab_try_attach(&lab, "va", WEIR_MODE_AUTO, &attached), -EBUSY);
	cr_expect_not_null(strstr(lab_said(&lab), "'neighbour'"), "%s", lab_said(&lab));
}

Test(shared, stays_alone_by_a_link_where_libxdp_is_told_to, .init = set_up, .fini = tear_down)
{
	struct weir_attached attached;

	setenv("LIBXDP_SKIP_DISPATCHER", "1", 1);
	attached = lab_attach(&lab, "va", WEIR_MODE_AUTO);
	cr_expect(!attached.is_shared);
	cr_expect_str_eq(attached.why_alone, "LIBXDP_SKIP_DISPATCHER is set");
}

Test(shared, replaces_the_gate_on_every_interface, .init = set_up, .fini = tear_down)
{
	__u32 before;

	make_pair("vc", "vd");
	attach_neighbour("va", XDP_MODE_NATIVE);
	lab_attach(&lab, "va", WEIR_MODE_AUTO);
	lab_attach(&lab, "vc", WEIR_MODE_AUTO);
	before = gate_id("va");
	grow();
	cr_expect_neq(gate_id("va"), before);
	cr_expect_eq(gate_id("va"), gate_id("vc"));
	cr_expect_eq(through("vb", "11.0.9.1"), 0, "a source of the new list");
	expect_judged("vb", "after the growth");
}

Test(shared, finds_the_policy_when_every_other_pin_is_gone, .init = set_up, .fini = tear_down)
{
	char command[512];

	attach_neighbour("va", XDP_MODE_NATIVE);
	lab_attach(&lab, "va", WEIR_MODE_AUTO);
	snprintf(command, sizeof(command), "rm %s/program %s/weir_*", lab.paths.pins,
		 lab.paths.pins);
	cr_assert_eq(system(command), 0);
	lab_deny(&lab, "198.51.100.0/24");
	lab.config.fingerprint++;
	lab_apply(&lab);
	cr_expect_eq(through("vb", "198.51.100.7"), 0, "the new list holds it");
}

/* ---- killed half-way ----------------------------------------------------------------------- */

/* Step 1 of an upgrade; with `puts_in_charge` step 2 too. Then nothing more, as if killed. */
static void begin_upgrade(bool puts_in_charge)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	_cleanup_newcomer_ struct weir_newcomer newcomer = {};
	struct weir_control *control;

	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0);
	control = weir_maps_control(&maps);
	cr_assert_eq(weir_newcomer_open(&maps, control->owner + 1, &lab.diags, &newcomer), 0);
	cr_assert_eq(weir_newcomer_attach(&newcomer, if_nametoindex("va"), WEIR_MODE_NATIVE), 0);
	if (puts_in_charge)
		control->owner++;
	cr_expect_eq(gates_on("va"), 2);
	expect_judged("vb", "half-way");
}

static void expect_converged(void)
{
	lab.config.fingerprint++;
	lab_apply(&lab);
	cr_expect_eq(gates_on("va"), 1);
	expect_judged("vb", "after the next run");
	replace_gate();
	cr_expect_eq(gates_on("va"), 1);
}

Test(shared, removes_a_standby_that_was_never_put_in_charge, .init = set_up, .fini = tear_down)
{
	attach_neighbour("va", XDP_MODE_NATIVE);
	lab_attach(&lab, "va", WEIR_MODE_AUTO);
	begin_upgrade(false);
	expect_converged();
}

Test(shared, removes_an_old_gate_that_was_left, .init = set_up, .fini = tear_down)
{
	attach_neighbour("va", XDP_MODE_NATIVE);
	lab_attach(&lab, "va", WEIR_MODE_AUTO);
	begin_upgrade(true);
	expect_converged();
}

/* ---- upgrade under fire -------------------------------------------------------------------- */

/* Upgrades while listed sources flood in: nobody gets past both gates. */
Test(shared, lets_no_listed_packet_slip_while_it_is_replaced, .init = set_up, .fini = tear_down)
{
	enum { UPGRADES = 6 };
	struct flood listed = {.wire = "vb", .source = "203.0.113.9"};
	__u64 before;

	attach_neighbour("va", XDP_MODE_NATIVE);
	lab_attach(&lab, "va", WEIR_MODE_AUTO);
	usleep(100000);
	before = neighbour_count();
	flood_begin(&listed);
	for (int i = 0; i < UPGRADES; i++)
		replace_gate();
	flood_end(&listed);
	fprintf(stderr,
		"fact: %d upgrades behind the dispatcher under %zu listed packets, %llu slipped\n",
		UPGRADES, listed.sent, neighbour_count() - before);
	cr_expect_gt(listed.sent, 100);
	cr_expect_eq(neighbour_count() - before, 0);
	cr_expect_eq(gates_on("va"), 1);
}
