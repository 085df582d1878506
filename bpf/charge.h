/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage 6: has the destination tokens left for this frame?
 *
 * Only ingress traffic is charged. The arithmetic is in weir/bucket.h; here are the clock and the
 * compare-and-swap that make it exact on any number of CPUs. Fails closed: a bucket that changes
 * under every attempt drops the packet, which TCP sends again.
 */
#ifndef WEIR_BPF_CHARGE_H
#define WEIR_BPF_CHARGE_H

#include <bpf/bpf_helpers.h>

#include "gate_maps.h"
#include "packet.h"
#include "policy.h"

/* One kernel tick, and what to add to ticks to get CLOCK_MONOTONIC. Set by the loader. */
const volatile __u64 weir_tick_ns = 4000000;
const volatile __s64 weir_tick_offset_ns = 0;

/*
 * Now, in units. Ticks cost nothing to read and are off by one tick at most; a bucket whose
 * burst does not allow for that reads the exact clock, 40 ns. Both count from the same epoch, so
 * that a bucket may change from one to the other.
 */
static __always_inline __u64 now_units(const struct weir_rate *rate)
{
	__u64 ns = rate->exact_clock ? bpf_ktime_get_ns()
				     : bpf_jiffies64() * weir_tick_ns + weir_tick_offset_ns;

	return ns * WEIR_UNITS_PER_NS;
}

/* The packet has no tokens. Those after it shall not wait for what they do not owe. */
static __always_inline __u32 refuse(const struct weir_rate *rate, struct weir_bucket *bucket,
				    __u64 arrival, __u64 now)
{
	__u64 empty = weir_bucket_empty(rate, arrival, now);

	if (empty && !weir_twin)
		__sync_val_compare_and_swap(&bucket->arrival_units, arrival, empty);
	return WEIR_DROP_RATE;
}

static __always_inline __u32 charge_bucket(const struct weir_rate *rate, struct weir_bucket *bucket,
					   __u32 bytes)
{
	__u64 now = now_units(rate), cost = weir_bucket_cost(rate, bytes);

	for (int i = 0; i < WEIR_CAS_TRIES; i++) {
		__u64 arrival = *(volatile __u64 *)&bucket->arrival_units;
		__u64 next = weir_bucket_next(rate, arrival, now, cost);

		if (!next)
			return refuse(rate, bucket, arrival, now);
		if (weir_twin)
			return WEIR_UNDECIDED;
		if (__sync_val_compare_and_swap(&bucket->arrival_units, arrival, next) == arrival)
			return WEIR_UNDECIDED;
	}
	return WEIR_DROP_CONTENDED;
}

static __always_inline __u32 charge(const struct weir_packet *p)
{
	__u32 slot = p->slot, key = p->half * WEIR_DESTINATIONS_MAX + slot;
	const struct weir_rate *rate;
	struct weir_bucket *bucket;

	if (!packet_is_ingress(p))
		return WEIR_UNDECIDED;
	rate = bpf_map_lookup_elem(&weir_rates, &key);
	if (!rate)
		return WEIR_DROP_MAP;
	if (!rate->factor)
		return WEIR_UNDECIDED;
	bucket = bpf_map_lookup_elem(&weir_buckets, &slot);
	if (!bucket)
		return WEIR_DROP_MAP;
	return charge_bucket(rate, bucket, p->bytes);
}

#endif
