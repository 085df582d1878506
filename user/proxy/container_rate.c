/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container's rate while it is used: one writer, readers that never wait for long. A reader that
 * met a change reads again (a sequence lock); the buckets are carried over by what they hold.
 */
#include "proxy/container.h"

/* The factor with the most bits that fit, so that rounding is far below what is promised. */
void weir_container_rate_make(struct weir_rate *rate, __u64 bytes_per_s, __u64 burst_bytes)
{
	__uint128_t units = WEIR_UNITS_PER_S, burst;

	*rate = (struct weir_rate){.bytes_per_s = bytes_per_s, .burst_bytes = burst_bytes};
	if (!bytes_per_s)
		return;
	while (rate->shift < 31 && (units << (rate->shift + 1)) / bytes_per_s < 1ULL << 32)
		rate->shift++;
	units = (units << rate->shift) / bytes_per_s;
	rate->factor = units < 1ULL << 32 ? units : ~0U;
	burst = (__uint128_t)burst_bytes * WEIR_UNITS_PER_S / bytes_per_s;
	rate->burst_units = burst < WEIR_BURST_UNITS_MAX ? burst : WEIR_BURST_UNITS_MAX;
}

/* Bytes of credit, below 0 when more has been promised than there is. */
static __s64 credit_bytes(const struct weir_rate *rate, __u64 arrival, __u64 now)
{
	__u64 owed = arrival > now ? arrival - now : 0;

	return (__s64)rate->burst_bytes -
	       (__s64)((__uint128_t)owed * rate->bytes_per_s / WEIR_UNITS_PER_S);
}

static __u64 arrival_of(const struct weir_rate *rate, __s64 credit, __u64 now)
{
	__u64 owed;

	if (!rate->factor || credit >= (__s64)rate->burst_bytes)
		return now;
	owed = rate->burst_bytes - credit;
	return now + (__u64)((__uint128_t)owed * WEIR_UNITS_PER_S / rate->bytes_per_s);
}

static void carry_over(struct weir_bucket *bucket, const struct weir_rate *from,
		       const struct weir_rate *to, __u64 now)
{
	__u64 old = __atomic_load_n(&bucket->arrival_units, __ATOMIC_RELAXED), arrival;

	/* Without a limit so far, there is no credit that could be less than a whole burst. */
	do
		arrival = from->factor ? arrival_of(to, credit_bytes(from, old, now), now) : now;
	while (!__atomic_compare_exchange_n(&bucket->arrival_units, &old, arrival, true,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

struct weir_rate weir_container_rate(const struct weir_container_state *container)
{
	const struct weir_rate *from = &container->rate;
	struct weir_rate rate = {};
	__u32 turn;

	do {
		turn = __atomic_load_n(&container->rate_sequence, __ATOMIC_ACQUIRE);
		rate.burst_units = __atomic_load_n(&from->burst_units, __ATOMIC_RELAXED);
		rate.factor = __atomic_load_n(&from->factor, __ATOMIC_RELAXED);
		rate.shift = __atomic_load_n(&from->shift, __ATOMIC_RELAXED);
		rate.bytes_per_s = __atomic_load_n(&from->bytes_per_s, __ATOMIC_RELAXED);
		rate.burst_bytes = __atomic_load_n(&from->burst_bytes, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (turn & 1 || turn != __atomic_load_n(&container->rate_sequence, __ATOMIC_RELAXED));
	return rate;
}

static void store(struct weir_rate *to, const struct weir_rate *rate)
{
	__atomic_store_n(&to->burst_units, rate->burst_units, __ATOMIC_RELAXED);
	__atomic_store_n(&to->factor, rate->factor, __ATOMIC_RELAXED);
	__atomic_store_n(&to->shift, rate->shift, __ATOMIC_RELAXED);
	__atomic_store_n(&to->bytes_per_s, rate->bytes_per_s, __ATOMIC_RELAXED);
	__atomic_store_n(&to->burst_bytes, rate->burst_bytes, __ATOMIC_RELAXED);
}

void weir_container_set_rate(struct weir_container_state *container, __u64 bytes_per_s,
			     __u64 burst_bytes, __u64 now_ns)
{
	struct weir_rate from = container->rate, to;

	if (from.bytes_per_s == bytes_per_s && from.burst_bytes == burst_bytes)
		return;
	weir_container_rate_make(&to, bytes_per_s, burst_bytes);
	__atomic_store_n(&container->rate_sequence, container->rate_sequence + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	store(&container->rate, &to);
	__atomic_store_n(&container->rate_sequence, container->rate_sequence + 1, __ATOMIC_RELEASE);
	/* Readers wait for a change: it is over before this. What they take meanwhile is little. */
	for (int i = WEIR_UP; i <= WEIR_DOWN; i++)
		carry_over(&container->buckets[i], &from, &to, now_ns * WEIR_UNITS_PER_NS);
	/* Who waits asks anew, and may have done so before the buckets were carried over. */
	__atomic_store_n(&container->rate_sequence, container->rate_sequence + 2, __ATOMIC_RELEASE);
}
