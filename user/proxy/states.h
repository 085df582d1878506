/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a connection does in each of its states, by the file that does it: conn.h draws them.
 *
 *   accept.c --> preface.c --> tls.c ----------> connect.c --> tunnel.c
 *                         \--> http_request.c -->          \--> http_response.c, http_relay.c
 */
#ifndef WEIR_PROXY_STATES_H
#define WEIR_PROXY_STATES_H

#include "proxy/conn.h"

/* ---- accept.c -------------------------------------------------------------------------- */

/*
 * Who the client is, is known: count it among its connections, unless it is a front end. False when
 * it has too many: then it has been dismissed.
 */
bool weir_conn_admit(struct weir_conn *conn);

/* ---- connect.c ------------------------------------------------------------------------- */

/*
 * The name is known: find its pool and connect, or refuse. `name` may be a part of what sniffing
 * has borrowed, which is given back here.
 */
void weir_conn_route(struct weir_conn *conn, const char *name, size_t size);

/* In CONNECT: the link has an event. */
void weir_conn_connecting(struct weir_conn *conn);

/* The link failed before it answered: try once more. False when that is not possible. */
bool weir_conn_retry(struct weir_conn *conn);

/* ---- preface.c: the PROXY protocol ----------------------------------------------------- */

/* Read a front end's header: true when it is whole and the connection goes on. */
bool weir_preface_sniff(struct weir_conn *conn);

/*
 * Put a header in front of what goes to the container. Returns 0 or -ENOMEM. Over TLS the hello must
 * still be there.
 */
int weir_preface_put(struct weir_conn *conn, enum weir_preface_version version);

/* ---- tls.c, tunnel.c ------------------------------------------------------------------- */

/* TLS, in SNIFF. */
void weir_tls_sniff(struct weir_conn *conn);

/* A tunnel, in RELAY. */
void weir_tunnel_relay(struct weir_conn *conn);

/* ---- http_request.c, http_response.c, http_relay.c ------------------------------------- */

/* HTTP, in SNIFF and in RELAY. */
void weir_http_sniff(struct weir_conn *conn);
void weir_http_relay(struct weir_conn *conn);

/* Keep for the log what has been read of a request whose head will never be whole. */
void weir_http_note(struct weir_conn *conn);

/*
 * Read the container's answer until a final response's head, or that of a switch of protocols, is
 * whole: true. False: it is not, or the connection has gone on to something else.
 */
bool weir_http_read_response(struct weir_conn *conn);

/* After a response: the connection is there for the next request. */
void weir_http_next(struct weir_conn *conn);

#endif
