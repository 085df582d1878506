/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Can a program look up the connections that the kernel tracks? That is the proof for containers
 * behind this machine's NAT.
 */
#ifndef WEIR_KERNEL_CONNTRACK_H
#define WEIR_KERNEL_CONNTRACK_H

#include <stdbool.h>

#include "base/diag.h"
#include "config/config.h"

/* Has the kernel bpf_xdp_ct_lookup (Linux 6.0)? False also while nf_conntrack is not loaded. */
bool weir_has_conntrack_lookup(void);

/*
 * Can this kernel do what `egress:` asks for? Without the lookup every answer to a container
 * would be dropped, so that is an error before anything is changed. Returns 0 or -ENOTSUP.
 */
int weir_conntrack_check(const struct weir_config *config, struct weir_diags *diags);

#endif
