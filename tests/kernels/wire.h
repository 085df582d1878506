/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A veth pair with another XDP program at the gate's end, which counts what the gate lets through
 * to it, and packets to send from the other end, the wire. One neighbour a test.
 */
#ifndef WEIR_TESTS_WIRE_H
#define WEIR_TESTS_WIRE_H

#include <linux/types.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <xdp/libxdp.h>

/* Both ends up, at an MTU that native mode takes. */
void make_pair(const char *here, const char *there);

/* Put the neighbour into the interface's dispatcher, which is made if there is none. */
void attach_neighbour(const char *interface, enum xdp_attach_mode mode);

/* How many packets it has seen. */
__u64 neighbour_count(void);

/* How many of ten SYNs from `source` to 198.18.0.1:80 come through the gate to its neighbour. */
unsigned int through(const char *wire, const char *source);

/* Does the lab's policy hold: nothing of a listed source, all of another? `when` is for messages. */
void expect_judged(const char *wire, const char *when);

/* How many gates the interface's dispatcher runs. */
size_t gates_on(const char *interface);

/* SYNs from one source on a wire, as fast as they go, until flood_end. */
struct flood {
	const char *wire, *source;
	pthread_t thread;
	size_t sent;
	volatile bool must_stop;
};

void flood_begin(struct flood *flood);
void flood_end(struct flood *flood);

#endif
