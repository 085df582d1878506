/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container's shared state: may it be given something, and how much may move?
 *
 * References, drain, a count of connections that is never over its limit, quarantine with exponential
 * back-off, and one bucket a direction: an arrival time that each charge moves into the future by its
 * cost, by compare-and-swap. So who is charged first goes first, whichever worker it is on, and what
 * one process owes can be told to the next. How a rate becomes units is in container_rate.c.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "proxy/container.h"

/* Less than this is not worth a system call: the sender waits until there is more. */
enum { WORTH_BYTES = 16384, TURN_BYTES_MAX = 1 << 20 };

/* All who wait have a turn within this time, unless that makes turns too short. */
#define ROUND_NS 20000000ULL

struct weir_container_state *weir_container_new(const char *app, __u32 address, __u16 port,
						__u64 bytes_per_s, __u64 burst_bytes)
{
	struct weir_container_state *container = aligned_alloc(64, sizeof(*container));

	if (!container)
		return NULL;
	memset(container, 0, sizeof(*container));
	container->references = 1;
	container->address.sin_family = AF_INET;
	container->address.sin_addr.s_addr = htonl(address);
	container->address.sin_port = htons(port);
	weir_container_rate_make(&container->rate, bytes_per_s, burst_bytes);
	container->app = strdup(app);
	if (!container->app)
		freep(&container), container = NULL;
	return container;
}

void weir_container_unref(struct weir_container_state **container)
{
	struct weir_container_state *old = take_pointer(*container);

	if (!old || __atomic_sub_fetch(&old->references, 1, __ATOMIC_ACQ_REL))
		return;
	free(old->app);
	free(old);
}

void weir_container_drain(struct weir_container_state *container, bool is_drained)
{
	__atomic_store_n(&container->is_drained, is_drained, __ATOMIC_RELAXED);
}

bool weir_container_enter(struct weir_container_state *container, __u32 most)
{
	__u32 count = __atomic_load_n(&container->connections, __ATOMIC_RELAXED);

	while (!most || count < most)
		if (__atomic_compare_exchange_n(&container->connections, &count, count + 1, true,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return true;
	return false;
}

void weir_container_failed(struct weir_container_state *container, __u64 now_ns)
{
	__u32 failures;
	__u64 wait_ns;

	/* Connections that were under way when it failed first say nothing new. */
	if (weir_container_is_quarantined(container, now_ns))
		return;
	failures = __atomic_fetch_add(&container->failures, 1, __ATOMIC_RELAXED);
	wait_ns = failures < 6 ? WEIR_QUARANTINE_FIRST_NS << failures : WEIR_QUARANTINE_MAX_NS;
	__atomic_store_n(&container->retry_at_ns, now_ns + wait_ns, __ATOMIC_RELAXED);
}

/* How many bytes the bucket has at `now`. */
static __u64 tokens(const struct weir_rate *rate, __u64 arrival, __u64 now)
{
	__u64 debt = arrival > now ? arrival - now : 0;

	if (debt >= rate->burst_units)
		return 0;
	return (__u64)((((__uint128_t)(rate->burst_units - debt)) << rate->shift) / rate->factor);
}

/* What one flow is granted at a time while others wait. */
static __u32 turn_bytes(const struct weir_container_state *container, const struct weir_rate *rate,
			enum weir_direction direction)
{
	__u32 waiting = __atomic_load_n(&container->waiting[direction], __ATOMIC_RELAXED);
	__u64 turn = rate->bytes_per_s / (1000000000 / ROUND_NS) / (waiting + 1);

	return turn < WORTH_BYTES ? WORTH_BYTES : turn < TURN_BYTES_MAX ? turn : TURN_BYTES_MAX;
}

__u32 weir_container_reserve(struct weir_container_state *container, enum weir_direction direction,
			     __u32 want_bytes, __u64 now_ns, __u64 *ret_ready_ns)
{
	struct weir_rate rate = weir_container_rate(container);
	__u64 *arrival = &container->buckets[direction].arrival_units;
	__u64 now = now_ns * WEIR_UNITS_PER_NS;
	__u64 old = __atomic_load_n(arrival, __ATOMIC_RELAXED), next;
	__u32 granted;

	*ret_ready_ns = now_ns;
	if (!rate.factor)
		return want_bytes;
	do {
		__u64 has = tokens(&rate, old, now);

		granted = want_bytes;
		if (has < want_bytes)
			granted = has >= WORTH_BYTES ? has
						     : turn_bytes(container, &rate, direction);
		if (granted > want_bytes)
			granted = want_bytes;
		next = (old > now ? old : now) + weir_bucket_cost(&rate, granted);
	} while (!__atomic_compare_exchange_n(arrival, &old, next, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	if (next - now > rate.burst_units)
		*ret_ready_ns = (next - rate.burst_units) / WEIR_UNITS_PER_NS;
	return granted;
}

__u64 weir_container_charge(struct weir_container_state *container, enum weir_direction direction,
			    __u32 bytes, __u64 now_ns)
{
	struct weir_rate rate = weir_container_rate(container);
	__u64 *arrival = &container->buckets[direction].arrival_units;
	__u64 now = now_ns * WEIR_UNITS_PER_NS, cost = weir_bucket_cost(&rate, bytes);
	__u64 old = __atomic_load_n(arrival, __ATOMIC_RELAXED), next;

	if (!rate.factor)
		return now_ns;
	do
		next = (old > now ? old : now) + cost;
	while (!__atomic_compare_exchange_n(arrival, &old, next, true, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED));
	return next - now > rate.burst_units ? (next - rate.burst_units) / WEIR_UNITS_PER_NS
					     : now_ns;
}

void weir_container_give_back(struct weir_container_state *container, enum weir_direction direction,
			      __u32 bytes)
{
	struct weir_rate rate = weir_container_rate(container);
	__u64 *arrival = &container->buckets[direction].arrival_units;
	__u64 cost = weir_bucket_cost(&rate, bytes);
	__u64 old = __atomic_load_n(arrival, __ATOMIC_RELAXED), next;

	if (!rate.factor || !bytes)
		return;
	/* By a rate that was lowered meanwhile it can be more than there ever was. */
	do
		next = old > cost ? old - cost : 0;
	while (!__atomic_compare_exchange_n(arrival, &old, next, true, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED));
}

bool weir_container_past(const struct weir_container_state *container, __u64 now_ns,
			 struct weir_container_past *ret_past)
{
	struct weir_container_past past = {
		.retry_at_ns = __atomic_load_n(&container->retry_at_ns, __ATOMIC_RELAXED),
		.failures = __atomic_load_n(&container->failures, __ATOMIC_RELAXED),
	};
	bool is_worth = past.failures > 0;

	for (int i = 0; i < 2; i++) {
		past.arrival_units[i] = __atomic_load_n(&container->buckets[i].arrival_units,
							__ATOMIC_RELAXED);
		is_worth |= past.arrival_units[i] > now_ns * WEIR_UNITS_PER_NS;
	}
	*ret_past = past;
	return is_worth;
}

static void raise_to(__u64 *value, __u64 least, __u64 most)
{
	__u64 old = __atomic_load_n(value, __ATOMIC_RELAXED);

	if (least > most)
		least = most;
	while (old < least && !__atomic_compare_exchange_n(value, &old, least, true,
							   __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

void weir_container_resume(struct weir_container_state *container,
			   const struct weir_container_past *past, __u64 now_ns)
{
	__u64 most = now_ns * WEIR_UNITS_PER_NS + container->rate.burst_units +
		     60 * WEIR_UNITS_PER_S;

	for (int i = 0; i < 2; i++)
		raise_to(&container->buckets[i].arrival_units, past->arrival_units[i], most);
	raise_to(&container->retry_at_ns, past->retry_at_ns, now_ns + WEIR_QUARANTINE_MAX_NS);
	__atomic_store_n(&container->failures, past->failures, __ATOMIC_RELAXED);
}
