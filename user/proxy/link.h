/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A link: a connection to a container. It belongs to the client's connection whose request it
 * carries, and between two requests to its worker.
 */
#ifndef WEIR_PROXY_LINK_H
#define WEIR_PROXY_LINK_H

#include "proxy/flow.h"
#include "proxy/list.h"
#include "proxy/timers.h"

struct weir_conn;
struct weir_worker;

struct weir_link {
	struct weir_end end;    /* first: events carry its address */
	struct weir_conn *conn; /* NULL while idle */
	struct weir_container_state *container;
	struct weir_link *next_idle, *previous_idle; /* of its container, on this worker */
	struct weir_list_link idle;                  /* of all idle ones of this worker */
	struct weir_timer timer;                     /* while idle, or to be reset */
	bool is_private; /* began with a PROXY header: not for another client */
	bool is_reused;  /* has carried a request before this one */
	bool is_connected;
};

/* An idle link to the container, or NULL. */
struct weir_link *weir_link_take_idle(struct weir_worker *worker,
				      struct weir_container_state *container);

/* A new link, perhaps still connecting. Returns 0 or a negative errno. */
int weir_link_open(struct weir_worker *worker, struct weir_container_state *container,
		   struct weir_link **ret_link);

/*
 * Leave the connection's link, if it has one, to the next request for its container, or close it.
 * Both flows forget it and its container.
 */
void weir_link_release(struct weir_conn *conn, bool may_be_reused);

/* Make its close a reset. */
void weir_link_reset(struct weir_conn *conn);

/* Close an idle link. */
void weir_link_expire(struct weir_worker *worker, struct weir_link *link);

#endif
