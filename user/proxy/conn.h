/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A client's connection and its link to a container: the state machine of the proxy.
 *
 *   SNIFF --route--> CONNECT --accepted--> RELAY --both whole--> SNIFF (HTTP, kept alive)
 *     |                 |                    |
 *     +---- refuse -----+--------------------+--> LINGER --> CLOSED
 *                                            +--> RESET  --> CLOSED
 *
 * One worker owns a connection from accept to close, and nobody else touches it.
 */
#ifndef WEIR_PROXY_CONN_H
#define WEIR_PROXY_CONN_H

#include "config/config.h"
#include "proxy/account.h"
#include "proxy/link.h"
#include "proxy/table.h"
#include "sniff/hello.h"
#include "sniff/request.h"
#include "sniff/response.h"

struct weir_worker;

/* Whose a timer is. */
enum weir_timer_kind { WEIR_TIMER_CONN, WEIR_TIMER_METER, WEIR_TIMER_LINK };

/* From LINGER on nothing but the end is to come. */
enum weir_conn_state {
	WEIR_CONN_SNIFF,   /* reading the hello or a request head; idle between requests, too */
	WEIR_CONN_CONNECT, /* waiting for a container to accept */
	WEIR_CONN_RELAY,   /* moving bytes both ways */
	WEIR_CONN_LINGER,  /* our last word is on its way, what still comes is discarded */
	WEIR_CONN_RESET,   /* to be reset once what the client was sent has arrived */
	WEIR_CONN_CLOSED,  /* given up; freed at the end of the worker's turn */
};

/* What sniffing needs, borrowed while a head is incomplete. */
union weir_sniffing {
	struct weir_sniffing_free {
		union weir_sniffing *next;
	} free;
	struct weir_hello hello;
	struct weir_request request;
	struct weir_response response;
};

/* CLOCK_MONOTONIC; 0: not yet. */
struct weir_times {
	__u64 started_ns;   /* the request's first byte, or the connection */
	__u64 head_ns;      /* the head or hello was whole */
	__u64 connected_ns; /* the container had accepted */
	__u64 sent_ns;      /* the container had all of the request */
	__u64 answered_ns;  /* its first byte was here */
};

struct weir_conn {
	struct weir_end client; /* first: events carry its address */
	struct weir_worker *worker;
	struct weir_link *link;
	struct weir_flow up, down;
	struct weir_timer timer;
	struct weir_timer meter;     /* when the bucket has filled for a flow that waits for it */
	struct weir_list_link all;   /* of the worker's connections */
	struct weir_list_link ready; /* of those whose turn comes again, or to be connected */
	struct weir_table *table;    /* holds `pool` */
	struct weir_pool *pool;      /* while another container may still be tried */
	union weir_sniffing *sniffing;
	struct weir_account *account; /* of the app named last */
	__u64 billed_bytes[2];        /* by enum weir_direction: of moved_bytes */
	struct weir_log_note *note;   /* for the log, or NULL */
	char app[32];                 /* for the log, and cut to fit */
	__be32 container_address;
	__be16 container_port;
	struct weir_times times; /* of the request, or of the connection */
	__u32 requests;
	__u32 interim_bytes; /* of interim responses to this request */
	__u32 drain_bytes;   /* before a reset: what the client had not taken at the last look */
	/* Who the client is, by its socket or by a front end's word, and where it connected to. */
	__be32 client_address, local_address;
	__be16 client_port, local_port;
	__u16 status;  /* sent to the client */
	__u8 state;    /* enum weir_conn_state */
	__u8 protocol; /* enum weir_protocol */
	__u8 ending;   /* enum weir_ending */
	__u8 request_minor;
	bool link_keeps_alive; /* the container will take another request */
	bool is_head;          /* the request's method */
	bool is_idempotent;    /* likewise, and without a body */
	bool keeps_alive;      /* another request may follow */
	bool upgrades;         /* asked for; granted by the container's 101 */
	bool is_tunnel;        /* bytes only: TLS, or after a 101 */
	bool wants_json;
	bool has_retried;
	bool tried_at_once; /* to send before the event said that the container had accepted */
	bool has_response;  /* its head has been read: the body is under way */
	bool has_answered;  /* the container has sent a first byte */
	bool is_up_done;
	bool is_down_done;
	bool is_counted;          /* among its address's connections */
	bool client_closed_first; /* of a tunnel */
	bool is_up_broken;        /* the container takes no more; what the client sends is left */
	bool is_billed;           /* the request under way is for the app of `account` */
	bool awaits_preface;      /* a front end's PROXY header */
	bool is_trusted;          /* a front end: what it says of the client counts */
	__u8 drain_tries;         /* looks in a row at which it had taken nothing more */
};

/* ---- conn.c ---------------------------------------------------------------------------- */

/*
 * A connection that was just accepted, as sniffing begins; `fd` is its own from then on. NULL when
 * there is no memory: then `fd` stays the caller's.
 */
struct weir_conn *weir_conn_new(struct weir_worker *worker, int fd, enum weir_protocol protocol,
				const struct sockaddr_in *peer);

/* Something happened to one of its ends: go on as far as possible. */
void weir_conn_run(struct weir_conn *conn);

/* Its timer came. */
void weir_conn_expired(struct weir_conn *conn);

/* Push the deadline: `ns` from now. */
void weir_conn_wait(struct weir_conn *conn, __u64 ns);

/* Go on in the next turn of the loop. */
void weir_conn_again(struct weir_conn *conn);

/* As weir_flow_pump, and what YIELDS or is THROTTLED has its next turn. */
enum weir_flow_result weir_conn_pump(struct weir_conn *conn, struct weir_flow *flow);

/* Learn the address and port that the client connected to. */
void weir_conn_learn_local(struct weir_conn *conn);

/* Borrow what sniffing needs, uninitialised; NULL: no memory. Give it back. */
union weir_sniffing *weir_conn_sniffing(struct weir_conn *conn);
void weir_conn_unsniff(struct weir_conn *conn);

/* Give back the pool and the table that holds it: no other container will be tried. */
void weir_conn_unroute(struct weir_conn *conn);

/* ---- conn_end.c ------------------------------------------------------------------------ */

/* What it is called when the client's side fails so; NONE for what is no failure. */
enum weir_ending weir_conn_up_ending(const struct weir_conn *conn, enum weir_flow_result result);

/* The request or connection is over: count it and log it. */
void weir_conn_log(struct weir_conn *conn, enum weir_ending ending);

/*
 * Close both sides and leave it to the end of the worker's turn. NONE: what was to be logged has
 * been.
 */
void weir_conn_close(struct weir_conn *conn, enum weir_ending ending);

/* Close, and reset the container's side: the client is gone. */
void weir_conn_abort(struct weir_conn *conn, enum weir_ending ending);

/* Close, with a last word only where that can be sent without waiting: nothing is kept for it. */
void weir_conn_dismiss(struct weir_conn *conn, enum weir_ending ending);

/*
 * Answer with an error page or an alert where one can still be sent. Then close, unless the next
 * request may follow.
 */
void weir_conn_refuse(struct weir_conn *conn, enum weir_ending ending);

/* The last response is with the client's socket: close, after lingering if more may still come. */
void weir_conn_finish(struct weir_conn *conn);

/* In LINGER: send what is left, discard what comes, close when both sides are done. */
void weir_conn_linger(struct weir_conn *conn);

/* Reset the client's side once it has what it was sent; in RESET: look whether it has. */
void weir_conn_reset(struct weir_conn *conn, enum weir_ending ending);
void weir_conn_try_reset(struct weir_conn *conn);

#endif
