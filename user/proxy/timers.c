/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The timing wheel: who is due?
 *
 * A slot holds the timers of one tick, in any order; `used` has a bit for each that may hold some, so
 * that finding the next one looks at 64 slots at a time. A timer that was pushed back stays in its old
 * slot and is put where it belongs when that comes up. Times are the caller's; nothing here reads a
 * clock.
 */
#include <string.h>

#include "proxy/timers.h"

void weir_timers_init(struct weir_timers *timers, __u64 now_ns)
{
	memset(timers->used, 0, sizeof(timers->used));
	timers->tick = now_ns >> WEIR_TIMER_TICK_BITS;
	for (int i = 0; i < WEIR_TIMER_SLOTS; i++)
		weir_list_init(&timers->slots[i]);
}

void weir_timer_init(struct weir_timer *timer)
{
	weir_list_init(&timer->link);
}

static void insert(struct weir_timers *timers, struct weir_timer *timer)
{
	/* A slot's timers are due when the slot is over: never early. */
	__u64 tick = (timer->deadline_ns >> WEIR_TIMER_TICK_BITS) + 1;
	__u32 slot;

	if (tick < timers->tick)
		tick = timers->tick;
	if (tick >= timers->tick + WEIR_TIMER_SLOTS)
		tick = timers->tick + WEIR_TIMER_SLOTS - 1;
	slot = tick % WEIR_TIMER_SLOTS;
	timer->tick = tick;
	weir_list_append(&timers->slots[slot], &timer->link);
	timers->used[slot / 64] |= 1ULL << slot % 64;
}

void weir_timer_set(struct weir_timers *timers, struct weir_timer *timer, __u64 deadline_ns)
{
	timer->deadline_ns = deadline_ns;
	if (!weir_list_is_empty(&timer->link)) {
		if (timer->tick <= (deadline_ns >> WEIR_TIMER_TICK_BITS) + 1)
			return;
		weir_list_remove(&timer->link);
	}
	insert(timers, timer);
}

void weir_timer_stop(struct weir_timer *timer)
{
	weir_list_remove(&timer->link);
}

static void run_slot(struct weir_timers *timers, __u32 slot, __u64 now_ns,
		     void (*expired)(struct weir_timer *timer, void *context), void *context)
{
	struct weir_list_link due;

	if (!(timers->used[slot / 64] >> slot % 64 & 1))
		return;
	timers->used[slot / 64] &= ~(1ULL << slot % 64);
	if (weir_list_is_empty(&timers->slots[slot]))
		return;
	/* Onto a list of its own: what is put back may belong into this very slot. */
	due = timers->slots[slot];
	due.next->previous = due.previous->next = &due;
	weir_list_init(&timers->slots[slot]);
	while (!weir_list_is_empty(&due)) {
		struct weir_timer *timer = weir_container_of(due.next, struct weir_timer, link);

		weir_list_remove(&timer->link);
		if (timer->deadline_ns > now_ns)
			insert(timers, timer);
		else
			expired(timer, context);
	}
}

void weir_timers_run(struct weir_timers *timers, __u64 now_ns,
		     void (*expired)(struct weir_timer *timer, void *context), void *context)
{
	__u64 now = now_ns >> WEIR_TIMER_TICK_BITS, from = timers->tick;

	if (now < from)
		return;
	if (now - from >= WEIR_TIMER_SLOTS)
		from = now - WEIR_TIMER_SLOTS + 1;
	/* First, so that what is set meanwhile lands in slots that are still to come. */
	timers->tick = now + 1;
	for (__u64 tick = from; tick <= now; tick++)
		run_slot(timers, tick % WEIR_TIMER_SLOTS, now_ns, expired, context);
}

int weir_timers_wait_ms(const struct weir_timers *timers, __u64 now_ns)
{
	for (__u32 i = 0; i < WEIR_TIMER_SLOTS;) {
		__u32 slot = (timers->tick + i) % WEIR_TIMER_SLOTS;
		__u64 word = timers->used[slot / 64] >> slot % 64;

		if (word) {
			__u64 at = timers->tick + i + __builtin_ctzll(word);
			__u64 due_ns = at << WEIR_TIMER_TICK_BITS;

			return due_ns > now_ns ? (due_ns - now_ns + 999999) / 1000000 : 0;
		}
		i += 64 - slot % 64;
	}
	return -1;
}
