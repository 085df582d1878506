/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Real sockets on the loopback device of the test's own namespace. Every one is opened for the
 * rest of the test; a failure fails it. Addresses are host order.
 */
#ifndef WEIR_TESTS_SOCKETS_H
#define WEIR_TESTS_SOCKETS_H

#include <linux/types.h>

struct tcp_pair {
	int near, far;
	__u16 near_port, far_port;
};

int tcp_listen(__u32 address, __u16 port);

/* A connection from `near` to a listener at far:far_port, accepted. */
struct tcp_pair tcp_connect(__u32 near, __u32 far, __u16 far_port);

/* Bound to near:port, connected to far:far_port unless `far` is 0. */
int udp_open(__u32 near, __u16 port, __u32 far, __u16 far_port);

#endif
