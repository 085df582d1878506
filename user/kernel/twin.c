/* SPDX-License-Identifier: GPL-2.0-only */
/* Half -> a twin forced to it: pinned, or loaded and pinned. */
#include "kernel/twin.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/object.h"
#include "kernel/pin.h"
#include "kernel/pins.h"

enum { TWIN_NAME_MAX = 48, TWIN_MAPS_MAX = 64 };

static bool has_map(const __u32 *ids, __u32 count, __u32 id)
{
	for (__u32 i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* Is every map of the gate the twin's too? A gate that grew has other blocks. */
static bool is_twin_of(int fd, const struct weir_maps *maps)
{
	__u32 ids[TWIN_MAPS_MAX] = {};
	struct bpf_prog_info info = {
		.nr_map_ids = TWIN_MAPS_MAX,
		.map_ids = (__u64)(unsigned long)ids,
	};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) || info.type != BPF_PROG_TYPE_XDP)
		return false;
	for (int i = 0; i < WEIR_MAPS_END; i++)
		if (!has_map(ids, info.nr_map_ids, maps->ids[i]))
			return false;
	return true;
}

/* Twins of this half that other releases left. */
static void remove_others(const struct weir_paths *paths, __u32 half, const char *own)
{
	_cleanup_closedir_ DIR *folder = opendir(paths->pins);
	char prefix[TWIN_NAME_MAX];
	struct dirent *entry;

	snprintf(prefix, sizeof(prefix), "twin%u_", half);
	while (folder && (entry = readdir(folder)))
		if (!strncmp(entry->d_name, prefix, strlen(prefix)) && strcmp(entry->d_name, own))
			unlinkat(dirfd(folder), entry->d_name, 0);
}

int weir_twin_open(const struct weir_paths *paths, const struct weir_maps *maps, __u32 half,
		   struct weir_diags *diags, int *ret_fd)
{
	const struct weir_load load = {.share = maps, .is_twin = true, .forced_half = half};
	_cleanup_diags_ struct weir_diags unpinned = {};
	char name[TWIN_NAME_MAX], path[2 * WEIR_PATH_MAX];
	_cleanup_close_ int fd = -1;
	int r;

	/* One loaded before nf_conntrack was cannot look there: it would try a policy with NAT wrongly. */
	snprintf(name, sizeof(name), "twin%u_%016llx%s", half, weir_gate_fingerprint(),
		 weir_maps_policy(maps, half)->does_nat ? "_nat" : "");
	snprintf(path, sizeof(path), "%s/%s", paths->pins, name);
	if (weir_pin_open(path, WEIR_PIN_PROGRAM, &unpinned, &fd) || !is_twin_of(fd, maps)) {
		closep(&fd);
		r = weir_gate_load(&load, diags, &fd);
		if (r)
			return r;
		weir_pin_replace(paths, name, fd, &unpinned);
		remove_others(paths, half, name);
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

int weir_twin_judge(int twin_fd, const void *frame, size_t size)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = size);

	return bpf_prog_test_run_opts(twin_fd, &options) ? -errno : (int)options.retval;
}
