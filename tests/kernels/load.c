/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does this kernel take every program, in every shape that the loader gives it? Run in virtual
 * machines by scripts/kernels, where nf_conntrack is a module that may or may not be loaded.
 *
 * Each load prints one line, `insns: NAME SHAPE COUNT`: how many instructions the verifier
 * walked. The kernel's limit is 1,000,000; ours is a tenth, so that a newer kernel that walks
 * more, or a stage that is added, does not come near it.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "gate.skel.h"
#include "steer.skel.h"

enum { INSNS_MAX = 100000 };

TestSuite(load, .timeout = 1800);

static void expect_few_insns(const struct bpf_program *program, const char *shape)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	int r = bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size);

	cr_assert_eq(r, 0);
	fprintf(stderr, "insns: %s %s %u\n", bpf_program__name(program), shape,
		info.verified_insns);
	cr_expect_leq(info.verified_insns, INSNS_MAX, "%s %s", bpf_program__name(program), shape);
}

/* Open, set the constants, load: 0 or what the kernel said. */
static int load_gate(bool has_conntrack, bool is_twin, struct weir_gate **ret_gate)
{
	struct weir_gate *gate = weir_gate__open();

	cr_assert_not_null(gate);
	gate->rodata->weir_has_conntrack = has_conntrack;
	gate->rodata->weir_twin = is_twin;
	*ret_gate = gate;
	return weir_gate__load(gate);
}

static void expect_gate(bool has_conntrack, bool is_twin, const char *shape)
{
	struct weir_gate *gate;

	cr_assert_eq(load_gate(has_conntrack, is_twin, &gate), 0, "%s", shape);
	expect_few_insns(gate->progs.weir_gate, shape);
	expect_few_insns(gate->progs.weir_clock, shape);
	weir_gate__destroy(gate);
}

Test(load, takes_the_gate_without_the_conntrack_module)
{
	cr_assert_eq(system("modprobe -r nf_conntrack"), 0);
	expect_gate(false, false, "without-module");
	expect_gate(false, true, "twin-without-module");
}

Test(load, refuses_conntrack_lookups_without_the_module)
{
	struct weir_gate *gate;

	cr_assert_eq(system("modprobe -r nf_conntrack"), 0);
	libbpf_set_print(NULL);
	cr_expect_neq(load_gate(true, false, &gate), 0);
	weir_gate__destroy(gate);
}

Test(load, takes_the_gate_with_the_conntrack_module)
{
	cr_assert_eq(system("modprobe nf_conntrack"), 0);
	expect_gate(false, false, "module-unused");
	expect_gate(true, false, "conntrack");
	expect_gate(true, true, "twin-conntrack");
}

Test(load, takes_the_hand_off)
{
	struct weir_steer *steer = weir_steer__open_and_load();

	cr_assert_not_null(steer);
	expect_few_insns(steer->progs.weir_steer, "hand-off");
	weir_steer__destroy(steer);
}
