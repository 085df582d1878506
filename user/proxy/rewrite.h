/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Heads as the next hop is to see them: hop-by-hop fields go, the platform's fields come.
 */
#ifndef WEIR_PROXY_REWRITE_H
#define WEIR_PROXY_REWRITE_H

#include "proxy/conn.h"

/* More than all fields that are added to a head. */
enum { WEIR_REWRITE_ROOM = 1024 };

/* What the container is told about the client. Network order; times in ms since 1970. */
struct weir_rewrite_client {
	__be32 address;
	__be16 local_port;
	bool is_trusted; /* a front end: what it says of the client is believed */
	__u64 wall_ms;
	const char *id; /* X-Request-ID */
	size_t id_size;
};

/*
 * The request's id: the client's own if it is one, else 32 hexadecimal digits of `random`, put into
 * `room`. Returns it; ret_size: its bytes.
 */
enum { WEIR_REQUEST_ID_MAX = 128, WEIR_REQUEST_ID_ROOM = 32 };
const char *weir_rewrite_id(const struct weir_request *request, const char *head,
			    const __u64 random[2], char room[WEIR_REQUEST_ID_ROOM],
			    size_t *ret_size);

/* The lines that name the client (forwarded.c), written to `to`; returns what follows them. */
char *weir_forwarded_put(const struct weir_request *request, const char *head,
			 const struct weir_rewrite_client *client, char *to);

/*
 * The request head for the container. Client-sent X-Forwarded-*, Forwarded, X-Real-Ip and
 * X-Request-Start are dropped, also when spelt with `_`, which CGI-like servers take for `-`;
 * from a trusted front end they are believed, but for Forwarded, which would contradict them.
 * `to` has room for request->size + WEIR_REWRITE_ROOM. Returns the bytes written.
 */
size_t weir_rewrite_request(const struct weir_request *request, const char *head,
			    const struct weir_rewrite_client *client, char *to);

/* How a response goes on. */
struct weir_rewrite_response {
	bool keeps_alive;  /* the client's connection */
	bool says_alive;   /* a client of HTTP/1.0 has to be told */
	bool is_switch;    /* 101: Upgrade stays */
	bool drops_coding; /* the body goes unchunked */
};

/* The response head for the client. Room and return value as of weir_rewrite_request. */
size_t weir_rewrite_response(const struct weir_response *response, const char *head,
			     const struct weir_rewrite_response *how, char *to);

#endif
