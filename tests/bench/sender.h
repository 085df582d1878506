/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A sender of TCP frames whose source differs every time, by live frames (flood.bpf.c): no socket
 * buffer is made, so that a veth takes them as a NIC takes frames off the wire.
 */
#ifndef WEIR_TESTS_BENCH_SENDER_H
#define WEIR_TESTS_BENCH_SENDER_H

#include "rig.h"

struct flood_bpf;

struct bench_sender {
	struct flood_bpf *object;
	struct bench_frame frame;
	__u32 *sources; /* BENCH_FLOOD_SOURCES of them, network order, for the caller to fill */
};

/* `frame` is as bench_frame_make makes it; its checksums are worked out for each source. */
struct bench_sender bench_sender_make(const struct bench_frame *frame);
void bench_sender_done(struct bench_sender *sender);

/*
 * Send out of an interface for so long, at a rate or, with 0, as fast as it goes. Returns how many
 * frames were sent; how many the wire took, its counters say.
 */
__u64 bench_sender_run(struct bench_sender *sender, const char *interface, __u64 packets_per_s,
		       __u64 duration_ns);

/* Packets that the wire took from this end so far: those that the other end must handle. */
__u64 bench_taken_packets(const char *interface);

#endif
