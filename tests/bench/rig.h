/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The whole gate on a bench: loaded, filled, and run by BPF_PROG_TEST_RUN over frames whose
 * source differs every time (vary.bpf.c). It is attached to nothing.
 *
 * The policy has every feature on: ingress addresses with rates, open and CDN ports, management
 * rules, backends, an allowlist, a denylist, live bans.
 */
#ifndef WEIR_TESTS_BENCH_RIG_H
#define WEIR_TESTS_BENCH_RIG_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>

#include "gate.skel.h"
#include "lists.h"
#include "maps.h"
#include "vary.skel.h"
#include "weir/counts.h"
#include "weir/reasons.h"

/* Addresses of the policy, host order. */
#define BENCH_INGRESS  0xc6120001u /* 198.18.0.1, the first of BENCH_INGRESS_COUNT */
#define BENCH_MACHINE  0x0a630001u /* 10.99.0.1 */
#define BENCH_PEER     0x0a630002u /* 10.99.0.2: whom the machine has a connection to */
#define BENCH_BACKENDS 0x0ac80000u /* 10.200.0.0/16 */

enum { BENCH_INGRESS_COUNT = 12, BENCH_FRAME_BYTES = 60, BENCH_FRAME_BYTES_MAX = 9014 };

struct bench_rate {
	__u64 bytes_per_s, burst_bytes; /* of every ingress address */
};

struct bench_rig {
	struct weir_gate *gate;
	struct vary_bpf *vary;
	struct bench_maps maps;
};

struct bench_rig bench_rig_make(const struct bench_list *list, struct bench_rate rate,
				const struct bench_list *bans);
void bench_rig_done(struct bench_rig *rig);

/* A TCP frame to `destination`; only its source will vary. */
struct bench_frame {
	union {
		struct {
			struct ethhdr ethernet;
			struct iphdr ip;
			struct tcphdr tcp;
		} __attribute__((packed));
		__u8 bytes[BENCH_FRAME_BYTES_MAX];
	};
	__u32 size;
};

struct bench_frame bench_frame_make(__u32 destination, __u16 source_port, __u16 port, __u32 bytes);

/* Counted so far under a reason, on all CPUs. */
struct weir_count bench_rig_counted(const struct bench_rig *rig, enum weir_reason reason);

/* Make `program_fd` the one that vary.bpf.c calls. */
void bench_rig_aim(const struct bench_rig *rig, int program_fd);

/*
 * CPU ns a packet of a program (by descriptor) over `repeat` frames from the sources of `set`,
 * what vary.bpf.c does included. Dies unless the program's last answer is `action`.
 */
double bench_rig_run(const struct bench_rig *rig, int program_fd, struct bench_frame *frame,
		     __u32 set, __u32 repeat, __u32 action);

/* The same for the gate itself. Dies unless every packet was counted under `reason`. */
double bench_rig_judge(const struct bench_rig *rig, struct bench_frame *frame, __u32 set,
		       __u32 repeat, enum weir_reason reason);

#endif
