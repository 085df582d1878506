/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's list of symbols -> whether it has the conntrack lookup. That list has those of
 * modules too and takes 50 ms to read, half of what the BTF of the kernel and its modules takes.
 */
#include "kernel/conntrack.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

bool weir_has_conntrack_lookup(void)
{
	_cleanup_fclose_ FILE *symbols = fopen("/proc/kallsyms", "re");
	char line[512];

	while (symbols && fgets(line, sizeof(line), symbols))
		if (strstr(line, " bpf_xdp_ct_lookup"))
			return true;
	return false;
}

int weir_conntrack_check(const struct weir_config *config, struct weir_diags *diags)
{
	if (!config->does_nat || weir_has_conntrack_lookup())
		return 0;
	weir_diags_error(diags, config->path, 0, 0,
			 "egress: nat needs the kernel's bpf_xdp_ct_lookup: Linux 6.0 or later "
			 "with nf_conntrack loaded (modprobe nf_conntrack)");
	return -ENOTSUP;
}
