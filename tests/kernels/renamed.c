/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interfaces that somebody renames while the gate shares them: each is known by its new name, an upgrade reaches
 * it, and its former name is free for another.
 */
#include <criterion/criterion.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "gate/kernel_lab.h"
#include "kernel/attach.h"
#include "kernel/dispatcher.h"
#include "kernel/pins.h"
#include "wire.h"

TestSuite(renamed, .timeout = 1800);

static struct lab lab;

static struct weir_attached attach(const char *interface)
{
	return lab_attach(&lab, interface, WEIR_MODE_NATIVE);
}

/* Down meanwhile: kernels before 6.2 refuse it otherwise. */
static void rename_interface(const char *from, const char *to)
{
	char command[256];

	snprintf(command, sizeof(command), "ip link set %s down && ip link set %s name %s up", from,
		 from, to);
	cr_assert_eq(system(command), 0);
}

static void expect_known(const char *names)
{
	_cleanup_links_ struct weir_links links = {};
	char now[128] = "";

	cr_assert_eq(weir_links_open(&lab.paths, &lab.diags, &links), 0, "%s", lab_said(&lab));
	for (size_t i = 0; i < links.count; i++) {
		cr_expect_eq(if_nametoindex(links.items[i].interface), links.items[i].ifindex);
		strcat(strcat(now, links.items[i].interface), " ");
	}
	cr_expect_str_eq(now, names);
}

static __u32 gate_id(const char *interface)
{
	_cleanup_seats_ struct weir_seats seats = {};

	cr_assert_eq(weir_seats_open(if_nametoindex(interface), &seats), 0);
	cr_assert_eq(seats.count, 1, "%zu gates on %s", seats.count, interface);
	return seats.items[0].program_id;
}

/* Lists that need a larger map, so that every gate is replaced. */
static void upgrade(void)
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

static void set_up(void)
{
	lab_init(&lab);
	make_pair("va", "vb");
	make_pair("vc", "vd");
	lab_apply(&lab);
	attach_neighbour("va", XDP_MODE_NATIVE);
	cr_expect(attach("va").is_shared);
	cr_expect(attach("vc").is_shared);
}

static void tear_down(void)
{
	lab_done(&lab);
}

Test(renamed, is_known_by_its_new_name_and_upgraded, .init = set_up, .fini = tear_down)
{
	__u32 before = gate_id("va");

	rename_interface("va", "vz");
	expect_known("vc vz ");
	expect_judged("vb", "renamed");
	upgrade();
	cr_expect_neq(gate_id("vz"), before);
	cr_expect_eq(gate_id("vz"), gate_id("vc"));
	cr_expect_eq(through("vb", "11.0.9.1"), 0, "a source of the new list");
	expect_judged("vb", "after the upgrade");
	expect_known("vc vz ");
	cr_expect(attach("vz").was_attached);
	cr_assert_eq(weir_detach(&lab.paths, "vz", &lab.diags), 0, "%s", lab_said(&lab));
	cr_expect_eq(gates_on("vz"), 0);
	expect_known("vc ");
}

Test(renamed, leaves_its_former_name_to_another, .init = set_up, .fini = tear_down)
{
	rename_interface("va", "vz");
	make_pair("va", "ve");
	cr_expect_not(attach("va").was_attached);
	expect_known("va vc vz ");
	expect_judged("vb", "renamed, and another has its name");
	upgrade();
	cr_expect_eq(gate_id("vz"), gate_id("va"));
	cr_expect_eq(gate_id("vz"), gate_id("vc"));
	expect_judged("vb", "after the upgrade");
	cr_assert_eq(weir_detach_all(&lab.paths, &lab.diags), 0, "%s", lab_said(&lab));
	cr_expect_eq(gates_on("vz") + gates_on("va") + gates_on("vc"), 0);
	expect_known("");
}

Test(renamed, changes_names_with_another, .init = set_up, .fini = tear_down)
{
	rename_interface("va", "vz");
	rename_interface("vc", "va");
	expect_known("va vz ");
	cr_expect(attach("va").was_attached);
	cr_expect(attach("vz").was_attached);
	rename_interface("vz", "vc");
	expect_known("va vc ");
	upgrade();
	cr_expect_eq(gate_id("va"), gate_id("vc"));
	expect_judged("vb", "after the upgrade");
	cr_assert_eq(weir_detach(&lab.paths, "vc", &lab.diags), 0, "%s", lab_said(&lab));
	cr_expect_eq(gates_on("vc"), 0);
	cr_expect_eq(gates_on("va"), 1);
	expect_known("va ");
}
