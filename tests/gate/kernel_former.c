/* SPDX-License-Identifier: GPL-2.0-only */
/* A program that mentions every map of the live gate, but for a weir_control of its own. */
#include "kernel_former.h"

#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/clock.h"
#include "kernel/pins.h"

enum { FORMER_CONTROL_BYTES = 64 };

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

void former_put(struct lab *lab, __u32 layout, const char *but)
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
	cr_assert_eq(weir_pins_need(&lab->paths, &lab->diags, &maps), 0);
	value = *weir_maps_control(&maps);
	value.layout = layout;
	cr_assert_eq(bpf_map_update_elem(control, &key, &value, BPF_ANY), 0);
	program = load_former(&maps, control);
	cr_assert_eq(weir_links_open(&lab->paths, &lab->diags, &links), 0);
	for (size_t i = 0; i < links.count; i++)
		if (!but || strcmp(links.items[i].interface, but))
			cr_assert_eq(bpf_link_update(links.items[i].fd, program, NULL), 0);
	if (!but)
		cr_assert_eq(weir_pin_replace(&lab->paths, "program", program, &lab->diags), 0);
}

void former_end_trial(struct lab *lab)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	_cleanup_close_ int program = -1;
	char bytes[FORMER_CONTROL_BYTES];
	__u64 word;
	__u32 key = 0;

	cr_assert_eq(weir_pins_program(&lab->paths, &lab->diags, &program), 0);
	cr_assert_eq(weir_maps_open_former(program, &lab->diags, &maps), 0, "%s", lab_said(lab));
	cr_assert_eq(bpf_map_lookup_elem(maps.former_fds[WEIR_MAP_CONTROL], &key, bytes), 0);
	memcpy(&word, bytes, sizeof(word));
	cr_assert(weir_control_deadline(word));
	word = weir_control_deadline(weir_now_ns()) | (word & WEIR_CONTROL_HALF);
	memcpy(bytes, &word, sizeof(word));
	cr_assert_eq(bpf_map_update_elem(maps.former_fds[WEIR_MAP_CONTROL], &key, bytes, BPF_ANY),
		     0);
}
