/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The proxy as a whole: workers, the route table that they share, start, reload and drain.
 */
#ifndef WEIR_PROXY_PROXY_H
#define WEIR_PROXY_PROXY_H

#include "proxy/clients.h"
#include "proxy/log.h"
#include "proxy/states.h"
#include "proxy/worker.h"

struct weir_proxy {
	struct weir_proxy_limits limits;
	struct weir_table *table; /* the latest; under `lock` */
	pthread_mutex_t lock;
	struct weir_worker *workers;
	unsigned int workers_count;
	struct weir_log log;
	struct weir_clients *clients; /* NULL: no limit for one client */
	__u64 drain_until_ns;         /* not 0: shutting down */
	bool is_handed_over;          /* another process accepts from the same sockets */
};

/* The limits that hold for a connection. */
static inline const struct weir_proxy_limits *weir_conn_limits(const struct weir_conn *conn)
{
	return &conn->worker->proxy->limits;
}

/* Listening sockets: for each protocol as many, all in one SO_REUSEPORT group. */
struct weir_listeners {
	int fds[2][WEIR_WORKERS_MAX]; /* by enum weir_protocol */
	unsigned int count;
};

/*
 * Make listeners: `count` sockets in one SO_REUSEPORT group at this address (host order; port 0:
 * any free one). What they accept inherits TCP_NODELAY; who says nothing is accepted after a second.
 * Returns 0 or a negative errno; ret_fds are the caller's.
 */
int weir_listener_open(__u32 address, __u16 port, unsigned int count, int *ret_fds);

/*
 * Start workers, at most WEIR_WORKERS_MAX, and share the listeners out among them, which stay the
 * caller's: as many of a protocol as workers is best. Returns 0, and then the proxy has taken over
 * `table`, or a negative errno: nothing runs, and the table is the caller's still.
 */
int weir_proxy_start(const struct weir_proxy_limits *limits, struct weir_table *table,
		     const struct weir_listeners *listeners, unsigned int workers,
		     const struct weir_log_settings *log, struct weir_proxy **ret_proxy);

/* Replace the route table; what is under way finishes on the old one. Takes over `table`. */
void weir_proxy_set_table(struct weir_proxy *proxy, struct weir_table *table);

/* The table in force, with a reference for the caller. */
struct weir_table *weir_proxy_table(struct weir_proxy *proxy);

/*
 * Accept what waits at the listeners, then no more, and serve what is under way for at most
 * `drain_ns`. When this returns no worker touches a listener again: the caller may close them.
 */
void weir_proxy_drain(struct weir_proxy *proxy, __u64 drain_ns);

/*
 * Drain likewise when another process accepts from the same sockets: who waits there is left to it,
 * and an idle connection is served once more, or until the time is up.
 */
void weir_proxy_hand_over(struct weir_proxy *proxy, __u64 drain_ns);

/*
 * Drain, unless that has been begun, wait for its end and free everything.
 * Nulls the pointer, accepts NULL.
 */
void weir_proxy_stop(struct weir_proxy **proxy, __u64 drain_ns);

/* Sum of the workers' counters; each is read without a lock. */
void weir_proxy_counters(const struct weir_proxy *proxy, struct weir_counters *ret_counters);

/* Client connections at this moment. */
__u64 weir_proxy_open_connections(const struct weir_proxy *proxy);

#endif
