/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The embedded object -> a loaded program. Maps that are shared are handed to libbpf before it
 * creates any; what the program takes for constants (clock, twin, half) is set in between.
 */
#include "kernel/object.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "base/file.h"
#include "gate.skel.h"
#include "kernel/conntrack.h"
#include "kernel/libbpf_log.h"

void weir_gate_free(struct weir_gate **gate)
{
	weir_gate__destroy(*gate);
	*gate = NULL;
}

static int fail_load(struct weir_diags *diags, int error, const char *what)
{
	return weir_fail(diags, error, "cannot %s: %s%s%s", what, strerror(-error),
			 *weir_libbpf_log_last() ? ": " : "", weir_libbpf_log_last());
}

/* weir_clock alone, without the maps of the gate. */
static int load_clock(struct weir_diags *diags, struct weir_gate **ret_gate)
{
	_cleanup_gate_ struct weir_gate *gate = weir_gate__open();
	struct bpf_map *map;
	int r;

	if (!gate)
		return fail_load(diags, -errno, "open the gate's object");
	bpf_program__set_autoload(gate->progs.weir_gate, false);
	bpf_object__for_each_map(map, gate->obj) if (!bpf_map__is_internal(map))
		bpf_map__set_autocreate(map, false);
	r = weir_gate__load(gate);
	if (r)
		return fail_load(diags, r, "load the clock's program");
	*ret_gate = take_pointer(gate);
	return 0;
}

/*
 * What to add to ticks to get CLOCK_MONOTONIC. The coarse clock stands at the last tick, so that
 * the sum is right at the tick, not up to one later; it is read around the program until both
 * were in the same tick.
 */
static int measure_tick_offset(struct weir_diags *diags, __s64 *ret_offset_ns)
{
	_cleanup_gate_ struct weir_gate *gate = NULL;
	__u64 before_ns, clocks[2] = {};
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = clocks,
		    .ctx_size_in = sizeof(clocks)); /* and out: it is written back */
	int r = load_clock(diags, &gate);

	if (r)
		return r;
	do {
		before_ns = weir_clock_ns(CLOCK_MONOTONIC_COARSE);
		if (bpf_prog_test_run_opts(bpf_program__fd(gate->progs.weir_clock), &options))
			return fail_load(diags, -errno, "read the kernel's ticks");
	} while (before_ns != weir_clock_ns(CLOCK_MONOTONIC_COARSE));
	*ret_offset_ns = before_ns - clocks[0] * weir_tick_ns();
	return 0;
}

static int share_maps(struct weir_gate *gate, const struct weir_load *load)
{
	for (int i = 0; i < WEIR_MAPS_END; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(gate->obj, weir_map_name(i));
		int r = 0;

		if (!map)
			return -ENOENT;
		if (i == WEIR_MAP_BLOCKS && load->blocks_max)
			r = bpf_map__set_max_entries(map, load->blocks_max);
		else if (i == WEIR_MAP_LIVE && load->live_max)
			r = bpf_map__set_max_entries(map, load->live_max);
		else if (load->share && load->share->fds[i])
			r = bpf_map__reuse_fd(map, load->share->fds[i]);
		if (r)
			return r;
	}
	return 0;
}

static int prepare(struct weir_gate *gate, const struct weir_load *load, struct weir_diags *diags)
{
	__s64 offset_ns = 0;
	int r = measure_tick_offset(diags, &offset_ns);

	if (r)
		return r;
	gate->rodata->weir_tick_ns = weir_tick_ns();
	gate->rodata->weir_tick_offset_ns = offset_ns;
	gate->rodata->weir_has_conntrack = weir_has_conntrack_lookup();
	gate->rodata->weir_twin = load->is_twin;
	gate->rodata->weir_forced_half = load->forced_half;
	gate->rodata->weir_owner = load->owner;
	bpf_program__set_autoload(gate->progs.weir_clock, false);
	r = share_maps(gate, load);
	return r ? fail_load(diags, r, "prepare the gate's maps") : 0;
}

int weir_gate_prepare(const struct weir_load *load, struct weir_diags *diags,
		      struct weir_gate **ret_gate)
{
	_cleanup_gate_ struct weir_gate *gate = NULL;
	int r;

	weir_libbpf_log_start();
	gate = weir_gate__open();
	if (!gate)
		return fail_load(diags, -errno, "open the gate's object");
	r = prepare(gate, load, diags);
	if (r)
		return r;
	*ret_gate = take_pointer(gate);
	return 0;
}

int weir_gate_load(const struct weir_load *load, struct weir_diags *diags, int *ret_program_fd)
{
	_cleanup_gate_ struct weir_gate *gate = NULL;
	int fd, r = weir_gate_prepare(load, diags, &gate);

	if (r)
		return r;
	r = weir_gate__load(gate);
	if (r)
		return fail_load(diags, r, "load the gate");
	fd = fcntl(bpf_program__fd(gate->progs.weir_gate), F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return fail_load(diags, -errno, "keep the gate");
	*ret_program_fd = fd;
	return 0;
}

__u64 weir_gate_fingerprint(void)
{
	size_t size;
	const void *bytes = weir_gate__elf_bytes(&size);

	return weir_fingerprint(WEIR_FINGERPRINT_SEED, bytes, size);
}

int weir_program_tag(int program_fd, __u64 *ret_tag)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(program_fd, &info, &size))
		return -errno;
	memcpy(ret_tag, info.tag, sizeof(*ret_tag));
	return 0;
}
