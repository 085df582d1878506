/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * After the verdict: is somebody watching, and is this packet for them? (weir/watch.h)
 *
 * Changes no verdict and fails silently, except that what is left out is counted. The work is in
 * a global function, which the verifier judges once, and not at the end of every path.
 */
#ifndef WEIR_BPF_WATCH_H
#define WEIR_BPF_WATCH_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "gate_maps.h"
#include "packet.h"
#include "policy_maps.h"

/* Shows nothing to anybody: for measuring what it costs to be ready to show. */
const volatile bool weir_unwatched = false;

/* What is told of a packet in one word. */
#define WATCH_REASON 0x0ffu
#define WATCH_IS_SYN 0x100u

/* Its watcher has not renewed it: forget it. */
static __always_inline void watch_forget(struct weir_control *control, __u32 watcher)
{
	__sync_fetch_and_and(&control->watchers, ~watcher);
}

static __always_inline void watch_put_sample(struct weir_watch_samples *samples, __u32 threshold,
					     __u32 what, __be32 source, __u32 bytes)
{
	struct weir_watch_sample *sample = &samples->ring[samples->taken % WEIR_WATCH_SAMPLES_MAX];

	sample->source = source;
	sample->bytes = bytes;
	sample->threshold = threshold;
	sample->reason = what & WATCH_REASON;
	sample->is_syn = !!(what & WATCH_IS_SYN);
	samples->taken++;
}

/*
 * One packet in 2^32 / (threshold + 1), at random, so that no pattern of traffic hides. Only those
 * pay for the clock.
 */
static __always_inline void watch_sample(struct weir_control *control,
					 const struct weir_watch *watch, __u32 what, __be32 source,
					 __u32 bytes)
{
	__u32 outcome = weir_reason_passes(what & WATCH_REASON);
	__u32 threshold = watch->thresholds[outcome & 1];
	struct weir_watch_samples *samples;

	if (bpf_get_prandom_u32() > threshold)
		return;
	samples = bpf_map_lookup_elem(&weir_samples, &outcome);
	if (bpf_ktime_get_coarse_ns() > watch->samples_until_ns)
		watch_forget(control, WEIR_WATCH_SAMPLES);
	else if (samples)
		watch_put_sample(samples, threshold, what, source, bytes);
}

static __always_inline bool watch_wants(const struct weir_watch *watch, __u32 reason, __be32 source,
					__be32 destination)
{
	return watch->reasons >> (reason & 63) & 1 &&
	       (source & watch->source_mask) == watch->source &&
	       (destination & watch->destination_mask) == watch->destination;
}

/* Is a frame due? One that another CPU was quicker to take is left out. */
static __always_inline bool watch_is_due(struct weir_watch *watch, __u64 now_ns)
{
	__u64 arrival_ns = *(volatile __u64 *)&watch->arrival_ns;
	__u64 from_ns = arrival_ns > now_ns ? arrival_ns : now_ns;

	if (!watch->interval_ns)
		return true;
	if (from_ns - now_ns > watch->burst_ns)
		return false;
	return __sync_val_compare_and_swap(&watch->arrival_ns, arrival_ns,
					   from_ns + watch->interval_ns) == arrival_ns;
}

/*
 * How much of a frame is shown: 1 to WEIR_WATCH_FRAME_BYTES, in the one form in which the verifier
 * of Linux 6.1 sees that.
 */
static __always_inline __u32 watch_size(__u32 bytes)
{
	__u32 size = bytes < WEIR_WATCH_FRAME_BYTES ? bytes : WEIR_WATCH_FRAME_BYTES;

	asm volatile("" : "+r"(size));
	return ((size - 1) & (WEIR_WATCH_FRAME_BYTES - 1)) + 1;
}

/* Returns false when the ring is full. */
static __always_inline bool watch_put_frame(struct xdp_md *ctx, __u32 reason, __u64 now_ns)
{
	struct weir_watch_frame *frame = bpf_ringbuf_reserve(&weir_frames, sizeof(*frame), 0);
	__u32 bytes = bpf_xdp_get_buff_len(ctx), size = watch_size(bytes);

	if (!frame)
		return false;
	frame->at_ns = now_ns;
	frame->reason = reason;
	frame->frame_bytes = bytes;
	frame->ifindex = ctx->ingress_ifindex;
	frame->queue = ctx->rx_queue_index;
	frame->reserved = 0;
	frame->size = bpf_xdp_load_bytes(ctx, 0, frame->bytes, size) ? 0 : size;
	bpf_ringbuf_submit(frame, 0);
	return true;
}

/*
 * A frame that is wanted. The exact clock, so that the frames of a flood are spread over it, and
 * are not the first few of every tick.
 */
static __always_inline void watch_frame(struct xdp_md *ctx, struct weir_control *control,
					struct weir_watch *watch, __u32 reason)
{
	__u32 key = 0;
	struct weir_watch_frame_counts *counts = bpf_map_lookup_elem(&weir_frame_cnt, &key);
	__u64 now_ns = bpf_ktime_get_ns();

	if (now_ns > watch->frames_until_ns)
		watch_forget(control, WEIR_WATCH_FRAMES);
	else if (!counts)
		return;
	else if (!watch_is_due(watch, now_ns))
		counts->beyond_rate++;
	else if (!watch_put_frame(ctx, reason, now_ns))
		counts->ring_full++;
	else
		counts->taken++;
}

/* `what` is the reason and WATCH_IS_SYN. The return value means nothing. */
__noinline int watch_packet(struct xdp_md *ctx, __u32 what, __be32 source, __be32 destination,
			    __u32 bytes)
{
	__u32 key = 0, watchers;
	struct weir_control *control = bpf_map_lookup_elem(&weir_control, &key);
	struct weir_watch *watch = bpf_map_lookup_elem(&weir_watch, &key);

	if (!control || !watch)
		return 0;
	watchers = control->watchers;
	if (watchers & WEIR_WATCH_SAMPLES)
		watch_sample(control, watch, what, source, bytes);
	if (watchers & WEIR_WATCH_FRAMES &&
	    watch_wants(watch, what & WATCH_REASON, source, destination))
		watch_frame(ctx, control, watch, what & WATCH_REASON);
	return 0;
}

static __always_inline void show(struct xdp_md *ctx, const struct weir_packet *p, __u32 reason)
{
	if (weir_unwatched || !p->control || !*(const volatile __u32 *)&p->control->watchers)
		return;
	watch_packet(ctx, reason | (packet_is_bare_syn(p) ? WATCH_IS_SYN : 0), p->source,
		     p->destination, p->bytes);
}

#endif
