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

#endif
