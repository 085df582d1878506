/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket of a running process: requests and replies as one JSON object a line.
 *
 *   {"version": 1, "verb": "status"}
 *   {"version": 1, "ok": true, ...}
 *   {"version": 1, "ok": false, "diags": [{"text": "no verb 'stauts'"}]}
 *
 * Bytes -> verb -> handler -> bytes is pure (message.c); who may connect, how long and how much is
 * the server's (server.c), which its owner polls: no thread, no callback without a call.
 */
#ifndef WEIR_CONTROL_CONTROL_H
#define WEIR_CONTROL_CONTROL_H

#include <jansson.h>
#include <linux/types.h>
#include <poll.h>
#include <sys/types.h>

#include "base/diag.h"

enum {
	WEIR_CONTROL_VERSION = 1,
	WEIR_CONTROL_CLIENTS_MAX = 16, /* more wait in the listener's queue */
	WEIR_CONTROL_LINE_MAX = 16 << 20,
	WEIR_CONTROL_FDS_MAX = WEIR_CONTROL_CLIENTS_MAX + 1,
	WEIR_CONTROL_PASSED_MAX = 192, /* descriptors with one reply; the kernel's bound is 253 */
};

/* From connecting, or from the last reply, to the next one taken whole. */
#define WEIR_CONTROL_DEADLINE_NS 10000000000ULL

/* A client's connection. Private to the server, but for what a handler may look at. */
struct weir_control_conn {
	int fd;
	__u64 number; /* no two connections of a server have the same */
	pid_t pid;    /* of who connected, as the kernel says */
	uid_t uid;
	char *in;
	size_t in_size, in_room;
	char *out; /* NULL: no reply is under way */
	size_t out_size, out_sent;
	/* What goes with the reply: for a handler to fill, whose descriptors they stay. */
	int passed[WEIR_CONTROL_PASSED_MAX];
	size_t passed_count;
	__u64 deadline_ns;
};

/* One request under way. */
struct weir_control_call {
	const json_t *request;
	json_t *reply; /* an object, for the handler to add to */
	struct weir_diags diags;
	struct weir_control_conn *conn; /* NULL: the request came by no socket */
	void *context;
};

/* Returns 0 or a negative errno; errors in `diags` fail the call likewise. Never blocks. */
typedef int weir_control_handler(struct weir_control_call *call);

/* The verbs that a server knows; the list ends with a NULL name. */
struct weir_control_verb {
	const char *name;
	weir_control_handler *handle;
};

/*
 * Answer one request: `line` without its newline. The reply has its newline; free(3) it.
 * NULL when memory runs out. Pure but for what the handler does.
 */
char *weir_control_answer(const struct weir_control_verb *verbs, void *context,
			  struct weir_control_conn *conn, const char *line, size_t size);

/* Diagnostics as the array of a reply, and back. Both take what they can: -ENOMEM, -EPROTO. */
json_t *weir_control_diags_json(const struct weir_diags *diags);
int weir_control_diags_parse(const json_t *array, struct weir_diags *diags);

/* ---- server ---------------------------------------------------------------------------- */

struct weir_control_server;

/*
 * Listen at `path` (mode 0600, the caller's user), in place of whatever socket is there: that
 * nobody serves it any more is the caller's to know. Returns 0 or a negative errno.
 */
int weir_control_listen(const char *path, int *ret_fd);

/*
 * Serve at a listener, which is the server's from now on. Peers are root and whoever runs this
 * process when they connect. `verbs` and `context` must outlive the server.
 */
int weir_control_server_new(int listener_fd, const struct weir_control_verb *verbs, void *context,
			    struct weir_control_server **ret_server);

/* Nulls the pointer, accepts NULL; the socket's file stays. */
void weir_control_server_free(struct weir_control_server **server);

/*
 * What to poll(2) for: fills up to WEIR_CONTROL_FDS_MAX items, returns how many, and the timeout
 * in ms until the next deadline (-1: none).
 */
size_t weir_control_polled(const struct weir_control_server *server, struct pollfd *ret_items,
			   int *ret_timeout_ms);

/* Do what these items, as poll has filled them, call for; handlers run in here. */
void weir_control_serve(struct weir_control_server *server, const struct pollfd *items,
			size_t count);

/* ---- client ---------------------------------------------------------------------------- */

/* Connect to `path`. Returns 0, or a negative errno: -ENOENT and -ECONNREFUSED: nobody serves. */
int weir_control_connect(const char *path, int *ret_fd);

/*
 * Ask `verb` with the members of `request` (an object that is taken over; NULL: none) and wait
 * for the reply. Diagnostics of the reply are added to `diags`.
 * Returns 0, or a negative errno with a diagnostic: -EINVAL refused, -ETIMEDOUT, -EPROTO.
 */
int weir_control_call(int fd, const char *verb, json_t *request, struct weir_diags *diags,
		      json_t **ret_reply);

/*
 * Likewise, and take the descriptors that come with the reply, at most WEIR_CONTROL_PASSED_MAX: the
 * caller's, close-on-exec. More, or any with an error, are closed.
 */
int weir_control_call_passed(int fd, const char *verb, json_t *request, struct weir_diags *diags,
			     json_t **ret_reply, int *ret_fds, size_t *ret_count);

#define _cleanup_json_ __attribute__((cleanup(json_decrefp)))

#endif
