/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A grace period of RCU, asked for from user space. membarrier(GLOBAL) is one, but kernels with
 * nohz_full refuse it; there, the update of an outer map waits for one before it returns.
 */
#include "kernel/grace.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>

#include "base/cleanup.h"

static int update_outer_map(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, options);
	_cleanup_close_ int inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "weir_grace", 4, 4, 1, NULL);
	_cleanup_close_ int outer = -1;
	__u32 zero = 0;

	if (inner < 0)
		return -errno;
	options.inner_map_fd = inner;
	outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "weir_grace_of", 4, 4, 1, &options);
	if (outer < 0)
		return -errno;
	return bpf_map_update_elem(outer, &zero, &inner, BPF_ANY) ? -errno : 0;
}

int weir_grace_period(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0)
		return 0;
	return update_outer_map();
}
