/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interfaces of this network namespace, and how they lie on each other.
 *
 *   eth0.100 --link--> eth0      bond0 <--master-- eth0, eth1
 */
#ifndef WEIR_NET_INTERFACES_H
#define WEIR_NET_INTERFACES_H

#include <linux/types.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

struct weir_nic {
	__u32 index;
	__u32 link;   /* what it lies on; 0: nothing here */
	__u32 master; /* the bond or bridge that it is part of; 0: none */
	__u32 flags;  /* IFF_* */
	char name[IF_NAMESIZE];
	char kind[16]; /* "vlan", "bridge", "veth", ...; "" for hardware and lo */
};

struct weir_nics {
	struct weir_nic *items;
	size_t count;
};

/* Returns 0 or a negative errno; weir_nics_done the result. */
int weir_nics_read(struct weir_nics *ret_nics);
void weir_nics_done(struct weir_nics *nics);

/* NULL: there is none of that index. */
const struct weir_nic *weir_nics_find(const struct weir_nics *nics, __u32 index);

/* Do packets of the interface come in by one of `gates`: itself, what it lies on, or its parts? */
bool weir_nics_leads_by(const struct weir_nics *nics, __u32 index, const __u32 *gates,
			size_t gates_count);

#endif
