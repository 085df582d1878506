/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine's own addresses, where weir.yaml does not state them.
 */
#ifndef WEIR_NET_MACHINE_H
#define WEIR_NET_MACHINE_H

#include "config/config.h"

/*
 * The addresses that `config` states, else the IPv4 addresses of its interfaces (of every
 * interface but loopback where it names none), without the ingress addresses of the region.
 * Host order, sorted; free(3) them. Returns 0 or a negative errno with a diagnostic.
 */
int weir_machine_addresses(const struct weir_config *config, struct weir_diags *diags,
			   __u32 **ret_addresses, size_t *ret_count);

#endif
