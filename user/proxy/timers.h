/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A timing wheel: very many deadlines, nearly all of which move or go before they come.
 *
 * A timer that is set later than before only notes it; the wheel looks when the old slot comes up.
 * So a deadline that each moved byte pushes back costs a store. Slots are 8.4 ms wide, the wheel
 * spans 34 s, and a later deadline goes round again.
 */
#ifndef WEIR_PROXY_TIMERS_H
#define WEIR_PROXY_TIMERS_H

#include <linux/types.h>

#include "proxy/list.h"

enum {
	WEIR_TIMER_TICK_BITS = 23, /* 2^23 ns a slot */
	WEIR_TIMER_SLOTS = 4096,
};

struct weir_timer {
	struct weir_list_link link; /* on itself: not set */
	__u64 deadline_ns;
	__u64 tick; /* whose slot it is in */
	__u8 kind;  /* the owner's: whose timer it is */
};

struct weir_timers {
	__u64 tick; /* all before it have been run */
	__u64 used[WEIR_TIMER_SLOTS / 64];
	struct weir_list_link slots[WEIR_TIMER_SLOTS];
};

/* Times are CLOCK_MONOTONIC throughout. */
void weir_timers_init(struct weir_timers *timers, __u64 now_ns);
void weir_timer_init(struct weir_timer *timer);

/* The deadline, whether earlier or later than the one before. */
void weir_timer_set(struct weir_timers *timers, struct weir_timer *timer, __u64 deadline_ns);

/* It may be set again, or not have been. */
void weir_timer_stop(struct weir_timer *timer);

/* Call `expired` for each timer whose deadline has come; it is stopped before. */
void weir_timers_run(struct weir_timers *timers, __u64 now_ns,
		     void (*expired)(struct weir_timer *timer, void *context), void *context);

/* How long to sleep at most, in whole milliseconds rounded up; -1: no timer is set. */
int weir_timers_wait_ms(const struct weir_timers *timers, __u64 now_ns);

#endif
