/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One request to the kernel over netlink, and all of its answer.
 */
#ifndef WEIR_NET_NETLINK_H
#define WEIR_NET_NETLINK_H

#include <libmnl/libmnl.h>

/*
 * Send `request` (its sequence number is set here) to the netlink `family` and give every
 * message of the answer to `callback`. Returns 0 or a negative errno, the kernel's own included.
 */
int weir_netlink_talk(int family, struct nlmsghdr *request, mnl_cb_t callback, void *context);

/*
 * Dump by rtnetlink: `type` is RTM_GETLINK or the like, whose header has so many bytes and begins with
 * the address family. Returns as weir_netlink_talk.
 */
int weir_netlink_dump(__u16 type, __u8 family, size_t header_bytes, mnl_cb_t callback,
		      void *context);

#endif
