/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container as the workers see it: its address, its quarantine, its bandwidth.
 *
 * Shared by all workers and by every route table that names it, so that a reload forgets nothing.
 * The data path touches it with atomics only.
 */
#ifndef WEIR_PROXY_CONTAINER_H
#define WEIR_PROXY_CONTAINER_H

#include <netinet/in.h>
#include <stdbool.h>

#include "weir/bucket.h"

enum weir_direction {
	WEIR_UP,   /* client to container */
	WEIR_DOWN, /* container to client */
};

enum { WEIR_WORKERS_MAX = 64 };

/* Quarantine: 1 s after the first failure, doubled by each further one up to a minute. */
#define WEIR_QUARANTINE_FIRST_NS 1000000000ULL
#define WEIR_QUARANTINE_MAX_NS   60000000000ULL

struct weir_link;

struct weir_container_state {
	struct weir_bucket buckets[2]; /* by direction */
	struct weir_rate rate;         /* read through weir_container_rate: it changes under way */
	__u32 rate_sequence;           /* odd: the rate is being changed */
	bool is_drained;               /* gets nothing new */
	__u32 waiting[2];              /* flows in line for tokens, by direction */
	__u32 references;
	__u32 connections; /* that carry a request or a tunnel; idle ones are not counted */
	__u32 failures;    /* in a row */
	__u64 retry_at_ns; /* not to be picked before; CLOCK_MONOTONIC */
	struct sockaddr_in address;
	char *app;
	/* Idle connections to it, a list for each worker and touched by that worker alone. */
	struct weir_link *idle[WEIR_WORKERS_MAX];
};

/* A new one with one reference, or NULL. Rate and burst: 0 bytes per second is no limit. */
struct weir_container_state *weir_container_new(const char *app, __u32 address, __u16 port,
						__u64 bytes_per_s, __u64 burst_bytes);

/* One reference more, for the caller. */
static inline struct weir_container_state *weir_container_ref(
	struct weir_container_state *container)
{
	__atomic_add_fetch(&container->references, 1, __ATOMIC_RELAXED);
	return container;
}

/* Give a reference back; the last frees it. Nulls the pointer, accepts NULL. */
void weir_container_unref(struct weir_container_state **container);

/* Is this its address and port? Host order. */
static inline bool weir_container_is_at(const struct weir_container_state *container, __u32 address,
					__u16 port)
{
	return container->address.sin_addr.s_addr == htonl(address) &&
	       container->address.sin_port == htons(port);
}

/* Is it not to be picked yet? CLOCK_MONOTONIC. */
static inline bool weir_container_is_quarantined(const struct weir_container_state *container,
						 __u64 now_ns)
{
	return __atomic_load_n(&container->retry_at_ns, __ATOMIC_RELAXED) > now_ns;
}

/* May it be given something new? */
static inline bool weir_container_is_drained(const struct weir_container_state *container)
{
	return __atomic_load_n(&container->is_drained, __ATOMIC_RELAXED);
}

/* Give it nothing new, or something again. What is under way goes on. */
void weir_container_drain(struct weir_container_state *container, bool is_drained);

/* A rate as buckets use it; 0 bytes per second is no limit. */
void weir_container_rate_make(struct weir_rate *rate, __u64 bytes_per_s, __u64 burst_bytes);

/* The rate in force, whole. */
struct weir_rate weir_container_rate(const struct weir_container_state *container);

/*
 * Another rate and burst, at once and for all connections under way; one thread at a time. What the
 * buckets hold stays, as far as the new burst has room for it; what is owed stays owed.
 */
void weir_container_set_rate(struct weir_container_state *container, __u64 bytes_per_s,
			     __u64 burst_bytes, __u64 now_ns);

/* It refused or cut a connection, or did not answer. */
void weir_container_failed(struct weir_container_state *container, __u64 now_ns);

/*
 * One connection more to it, of at most so many; 0: no limit. False when it has as many already.
 * Exact whatever other workers do.
 */
bool weir_container_enter(struct weir_container_state *container, __u32 most);

/* One connection less. */
static inline void weir_container_leave(struct weir_container_state *container)
{
	__atomic_sub_fetch(&container->connections, 1, __ATOMIC_RELAXED);
}

/* It answered, or accepted a connection that is a tunnel. */
static inline void weir_container_served(struct weir_container_state *container)
{
	if (__atomic_load_n(&container->failures, __ATOMIC_RELAXED))
		__atomic_store_n(&container->failures, 0, __ATOMIC_RELAXED);
}

/*
 * Charge up to `want` bytes. Returns how many were granted, at least 1, and from when on they may
 * move: now, or when the bucket will have filled for them. Who is granted something for later has
 * its place in the line, so that connections take turns, whichever worker has them.
 * What does not move is given back.
 */
__u32 weir_container_reserve(struct weir_container_state *container, enum weir_direction direction,
			     __u32 want_bytes, __u64 now_ns, __u64 *ret_ready_ns);
/*
 * Charge exactly so many bytes, 2^20 at most, which are here already and are to be sent. Returns
 * from when on they may move, as above.
 */
__u64 weir_container_charge(struct weir_container_state *container, enum weir_direction direction,
			    __u32 bytes, __u64 now_ns);
void weir_container_give_back(struct weir_container_state *container, enum weir_direction direction,
			      __u32 bytes);

/* One more flow waits in line, or one less: the longer the line, the shorter each turn. */
static inline void weir_container_wait(struct weir_container_state *container,
				       enum weir_direction direction, int change)
{
	__atomic_add_fetch(&container->waiting[direction], change, __ATOMIC_RELAXED);
}

/* What one process tells the next of a container, so that a hand-over forgives nothing. */
struct weir_container_past {
	__u64 arrival_units[2]; /* of the buckets, by direction */
	__u64 retry_at_ns;
	__u32 failures;
};

/* Returns false where there is nothing to tell: full buckets, no failure. */
bool weir_container_past(const struct weir_container_state *container, __u64 now_ns,
			 struct weir_container_past *ret_past);

/*
 * Go on from there; what has been charged here already stays charged. The past is another process's
 * word: no container has to wait longer for it than quarantine lasts and a minute's debt.
 */
void weir_container_resume(struct weir_container_state *container,
			   const struct weir_container_past *past, __u64 now_ns);

#endif
