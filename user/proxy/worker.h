/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A worker: one thread, its own listeners in the reuseport groups, its own edge-triggered epoll,
 * its own memory. Workers share the route table, the containers' states and nothing else.
 */
#ifndef WEIR_PROXY_WORKER_H
#define WEIR_PROXY_WORKER_H

#include <pthread.h>

#include "proxy/conn.h"

/* How long each phase may take, and how much there may be. Nanoseconds and bytes. */
struct weir_proxy_limits {
	__u64 hello_ns;      /* accept to the whole hello or request head */
	__u64 keepalive_ns;  /* between two requests */
	__u64 connect_ns;    /* the platform's 30 s */
	__u64 first_byte_ns; /* the platform's 30 s */
	__u64 idle_ns;       /* no byte of a request or response moves */
	__u64 tunnel_ns;     /* no byte of a tunnel moves */
	__u64 linger_ns;     /* discarding what a client still sends */
	__u64 link_idle_ns;  /* an idle connection to a container is kept */
	__u64 body_max;      /* bytes of a request's body */
	__u32 connections_max;
	__u32 connections_per_client;    /* 0: no limit */
	__u32 connections_per_container; /* that carry something; 0: no limit */
	/* Front ends, the caller's: whose word on the client counts, and who sends a PROXY header. */
	struct weir_prefixes trusted, prefaced;
};

extern const struct weir_proxy_limits weir_proxy_limits_default;

/* Add to a number that only this worker writes and any thread may read at the same time. */
#define WEIR_COUNT(number, by) __atomic_store_n(&(number), (number) + (by), __ATOMIC_RELAXED)

struct weir_counters {
	__u64 connections;
	__u64 requests;
	__u64 endings[WEIR_ENDINGS_END];
};

/* One of the sockets that a worker accepts from. */
struct weir_listener_end {
	struct weir_end end;
	enum weir_protocol protocol;
};

struct weir_proxy;

struct weir_worker {
	struct weir_proxy *proxy;
	unsigned int number;
	pthread_t thread;
	bool has_thread;
	int epoll_fd;
	int reserve_fd; /* given up to accept and close a connection when descriptors run out */
	struct weir_listener_end listeners[2 * WEIR_WORKERS_MAX];
	unsigned int listeners_count;
	struct weir_end wake;
	struct weir_table *table; /* in force for what is routed from now on */
	struct weir_flow_pools pools;
	union weir_sniffing *sniffing_free;
	struct weir_timers timers;
	struct weir_list_link conns;      /* all that are open */
	struct weir_list_link ready;      /* whose turn comes again */
	struct weir_list_link connecting; /* to send their first bytes at once */
	struct weir_list_link idle_links; /* oldest first */
	struct weir_list_link closed;     /* to be freed once no event names them */
	struct weir_link *closed_links;   /* likewise */
	__u32 conns_count;                /* by WEIR_COUNT */
	__u64 now_ns;                     /* CLOCK_MONOTONIC of this turn */
	__u64 wall_ms;                    /* CLOCK_REALTIME of this turn */
	__u64 random[2];                  /* of request ids: xorshift128+ */
	__u64 accept_again_ns;            /* 0: accepting; else paused until then */
	__u64 say_again_ns;               /* not before then does the log say so again */
	bool is_draining;
	struct weir_counters counters; /* each by WEIR_COUNT */
};

/* ---- worker.c -------------------------------------------------------------------------- */

/* Without listeners. Returns 0 or a negative errno; weir_worker_done in either case. */
int weir_worker_init(struct weir_worker *worker, struct weir_proxy *proxy, unsigned int number);

/* Close what is left and free all. */
void weir_worker_done(struct weir_worker *worker);

/*
 * Accept from this socket too, which stays the caller's; not to be called once the worker runs.
 * Returns 0 or a negative errno.
 */
int weir_worker_listen(struct weir_worker *worker, int fd, enum weir_protocol protocol);

/* Watch an end's descriptor, edge-triggered, both ways. Returns 0 or a negative errno. */
int weir_worker_watch(struct weir_worker *worker, struct weir_end *end);

/* ---- worker_loop.c --------------------------------------------------------------------- */

/* Run until the proxy stops; the thread's main function. */
void *weir_worker_main(void *worker);

/* Read the clocks for this turn. */
void weir_worker_update_clock(struct weir_worker *worker);

/* Free what was closed: no event names it any more. */
void weir_worker_free_closed(struct weir_worker *worker);

/* ---- worker_drain.c -------------------------------------------------------------------- */

/* See to draining, where the proxy does. False: the worker is to end. */
bool weir_worker_goes_on(struct weir_worker *worker);

/* ---- accept.c -------------------------------------------------------------------------- */

/*
 * Take some of those who wait at its listeners, in a turn that had so many events: one, when there was
 * little else to do, because looking whether there is another costs a system call; more, the
 * busier the worker is.
 */
void weir_worker_accept(struct weir_worker *worker, int events);

/* Take all who wait, within reason. */
void weir_worker_accept_all(struct weir_worker *worker);

#endif
