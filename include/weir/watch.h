/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets on show: whole frames for `weir capture`, sources for `weir top`. Nobody pays while
 * nobody looks: struct weir_control names the watchers in a word that costs one load.
 *
 *   weir_watch      what is wanted and until when: the watcher renews it, and a watcher that was
 *                   killed is forgotten by the gate itself
 *   weir_frames     a ring of struct weir_watch_frame, for the one that captures
 *   weir_frame_cnt  what became of the frames that were wanted, one a CPU
 *   weir_samples    one a CPU and outcome: the last sources seen there, thinned out at random
 */
#ifndef WEIR_WATCH_H
#define WEIR_WATCH_H

#include <linux/types.h>

/* Bits of struct weir_control's `watchers`. */
#define WEIR_WATCH_FRAMES  1u
#define WEIR_WATCH_SAMPLES 2u

enum {
	WEIR_WATCH_FRAME_BYTES = 512, /* of a frame, from its start */
	WEIR_WATCH_RING_BYTES = 1 << 20,
	WEIR_WATCH_SAMPLES_MAX = 1024, /* of a CPU and outcome */
};

/* Outcomes, as keys of weir_samples. */
#define WEIR_WATCH_DROPPED  0u
#define WEIR_WATCH_PASSED   1u
#define WEIR_WATCH_OUTCOMES 2u

/* Written by the watchers. Until when is CLOCK_MONOTONIC. */
struct weir_watch {
	/* frames */
	__u64 frames_until_ns;
	__u64 reasons; /* bit n: reason n is wanted */
	__be32 source, source_mask;
	__be32 destination, destination_mask;
	__u64 interval_ns; /* between two frames, on average; 0: no limit */
	__u64 burst_ns;    /* how far ahead of that frames may run */
	/* samples */
	__u64 samples_until_ns;
	__u32 thresholds
		[WEIR_WATCH_OUTCOMES]; /* a packet is sampled if a random __u32 is at most this */
	/* the gate's own, on a line of its own: when the next frame is due */
	__u64 arrival_ns __attribute__((aligned(64)));
};

/* One frame of the ring. */
struct weir_watch_frame {
	__u64 at_ns; /* CLOCK_MONOTONIC */
	__u32 reason;
	__u32 frame_bytes; /* of the whole frame */
	__u32 size;        /* of `bytes` in use */
	__u32 ifindex;
	__u32 queue;
	__u32 reserved;
	__u8 bytes[WEIR_WATCH_FRAME_BYTES];
};

/* Frames that the filter wanted. */
struct weir_watch_frame_counts {
	__u64 taken;
	__u64 beyond_rate; /* left out by the rate */
	__u64 ring_full;   /* left out because nobody read fast enough */
};

struct weir_watch_sample {
	__be32 source;
	__u32 bytes;     /* of the whole frame */
	__u32 threshold; /* it stands for 2^32 / (threshold + 1) packets */
	__u8 reason;
	__u8 is_syn; /* the first packet of a TCP connection */
	__u16 reserved;
};

/* `taken` grows without end; the last WEIR_WATCH_SAMPLES_MAX are there, by its remainder. */
struct weir_watch_samples {
	__u64 taken;
	struct weir_watch_sample ring[WEIR_WATCH_SAMPLES_MAX];
};

_Static_assert(sizeof(struct weir_watch_samples) < 32768, "the kernel's limit of a per-CPU value");

#endif
