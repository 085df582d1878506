/* SPDX-License-Identifier: GPL-2.0-only */
/* Faults that no tool of an operator makes: another hand with our own descriptors. */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/attach.h"
#include "kernel/pins.h"
#include "kernel_lab.h"

static struct lab lab;

static void init(void)
{
	lab_init(&lab);
	cr_assert_eq(system("ip link add v0 type veth peer name v1"), 0);
	lab_apply(&lab);
}

static void done(void)
{
	lab_done(&lab);
}

TestSuite(kernel_faults, .init = init, .fini = done);

Test(kernel_faults, another_program_in_our_link_is_named_with_its_interface)
{
	static const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_XDP);
	_cleanup_close_ int other = bpf_prog_load(BPF_PROG_TYPE_XDP, "somebody", "GPL", code, 2,
						  &options);
	_cleanup_links_ struct weir_links links = {};

	lab_attach(&lab, "v0", WEIR_MODE_SKB);
	cr_assert_eq(weir_links_open(&lab.paths, &lab.diags, &links), 0);
	cr_assert_eq(bpf_link_update(links.items[0].fd, other, NULL), 0);
	cr_expect_eq(lab_try_apply(&lab, 0), -EPROTO);
	cr_expect(strstr(lab_said(&lab), "v0: program id"), "%s", lab_said(&lab));
	cr_expect(strstr(lab_said(&lab), "'somebody'"), "%s", lab_said(&lab));
	/* The way out. */
	cr_expect_eq(weir_detach(&lab.paths, "v0", &lab.diags), 0, "%s", lab_said(&lab));
	lab_apply(&lab);
	lab_attach(&lab, "v0", WEIR_MODE_SKB);
	cr_expect_eq(lab_send(&lab, "203.0.113.7", "198.18.0.1", 80), XDP_DROP);
}

Test(kernel_faults, gate_of_another_instance_in_our_folder_is_named)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	struct lab other = lab;
	char path[256];

	lab_attach(&lab, "v0", WEIR_MODE_SKB);
	snprintf(other.instance, sizeof(other.instance), "weirother%d", getpid());
	cr_assert_eq(weir_paths_make(other.instance, &other.diags, &other.paths), 0);
	lab_apply(&other);
	cr_assert_eq(weir_pins_need(&other.paths, &other.diags, &maps), 0);
	snprintf(path, sizeof(path), "%s/program", lab.paths.pins);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(bpf_obj_pin(maps.program_fd, path), 0);
	weir_maps_done(&maps);
	/* The interface says which is ours; apply pins it again. */
	lab_apply(&lab);
	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0);
	weir_maps_done(&maps);
	lab_done(&other);
	cr_expect_eq(lab_send(&lab, "203.0.113.7", "198.18.0.1", 80), XDP_DROP);
}
