/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket's server: connections -> whole lines -> weir_control_answer -> replies.
 *
 * Non-blocking throughout. A connection has one exchange under way at a time; until its reply is
 * taken nothing more is read from it. Who is too slow, says too much or may not connect is closed.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "control/control.h"
#include "control/socket.h"

enum { IN_ROOM_MIN = 4096 };

/* How long nothing is accepted after that has failed. */
#define ACCEPT_PAUSE_NS 100000000ULL

struct weir_control_server {
	int listener_fd;
	const struct weir_control_verb *verbs;
	void *context;
	__u64 accepted;
	__u64 accept_again_ns; /* not before: who waits there would wake us again and again */
	struct weir_control_conn conns[WEIR_CONTROL_CLIENTS_MAX]; /* fd -1: free */
};

int weir_control_listen(const char *path, int *ret_fd)
{
	struct sockaddr_un address;
	_cleanup_close_ int fd = -1;
	mode_t before;
	int r = weir_control_address(path, &address);

	if (r)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || (unlink(path) && errno != ENOENT))
		return -errno;
	/* The mode is that of the file from its first moment. */
	before = umask(0177);
	r = bind(fd, (const struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
	umask(before);
	if (r || listen(fd, WEIR_CONTROL_CLIENTS_MAX))
		return r ?: -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

int weir_control_server_new(int listener_fd, const struct weir_control_verb *verbs, void *context,
			    struct weir_control_server **ret_server)
{
	struct weir_control_server *server = calloc(1, sizeof(*server));

	if (!server)
		return -ENOMEM;
	*server = (struct weir_control_server){
		.listener_fd = listener_fd, .verbs = verbs, .context = context};
	for (size_t i = 0; i < WEIR_CONTROL_CLIENTS_MAX; i++)
		server->conns[i].fd = -1;
	*ret_server = server;
	return 0;
}

static void conn_close(struct weir_control_conn *conn)
{
	closep(&conn->fd);
	free(conn->in);
	free(conn->out);
	*conn = (struct weir_control_conn){.fd = -1};
}

void weir_control_server_free(struct weir_control_server **server)
{
	struct weir_control_server *old = take_pointer(*server);

	if (!old)
		return;
	for (size_t i = 0; i < WEIR_CONTROL_CLIENTS_MAX; i++)
		conn_close(&old->conns[i]);
	closep(&old->listener_fd);
	free(old);
}

/* The connection of this descriptor; of -1: a free place. */
static struct weir_control_conn *conn_of(const struct weir_control_server *server, int fd)
{
	for (size_t i = 0; i < WEIR_CONTROL_CLIENTS_MAX; i++)
		if (server->conns[i].fd == fd)
			return (struct weir_control_conn *)&server->conns[i];
	return NULL;
}

size_t weir_control_polled(const struct weir_control_server *server, struct pollfd *ret_items,
			   int *ret_timeout_ms)
{
	__u64 now = weir_monotonic_ns(), first_ns = 0;
	size_t count = 0;

	if (server->accept_again_ns > now)
		first_ns = server->accept_again_ns;
	else if (conn_of(server, -1))
		ret_items[count++] = (struct pollfd){server->listener_fd, POLLIN, 0};
	for (size_t i = 0; i < WEIR_CONTROL_CLIENTS_MAX; i++) {
		const struct weir_control_conn *conn = &server->conns[i];

		if (conn->fd < 0)
			continue;
		ret_items[count++] = (struct pollfd){conn->fd, conn->out ? POLLOUT : POLLIN, 0};
		if (!first_ns || conn->deadline_ns < first_ns)
			first_ns = conn->deadline_ns;
	}
	*ret_timeout_ms = -1;
	if (first_ns)
		*ret_timeout_ms = first_ns > now ? (int)((first_ns - now) / 1000000 + 1) : 0;
	return count;
}

static void accept_one(struct weir_control_server *server)
{
	struct weir_control_conn *conn = conn_of(server, -1);
	_cleanup_close_ int fd = accept4(server->listener_fd, NULL, NULL,
					 SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (fd < 0 && errno != EAGAIN)
		server->accept_again_ns = weir_monotonic_ns() + ACCEPT_PAUSE_NS;
	if (!conn || fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) ||
	    (peer.uid != 0 && peer.uid != geteuid()))
		return;
	*conn = (struct weir_control_conn){.fd = take_fd(&fd),
					   .number = ++server->accepted,
					   .pid = peer.pid,
					   .uid = peer.uid,
					   .deadline_ns = weir_monotonic_ns() +
							  WEIR_CONTROL_DEADLINE_NS};
}

/* Returns 0, -EAGAIN when there is no more, or what ends the connection. */
static int read_some(struct weir_control_conn *conn)
{
	size_t room = conn->in_room ? conn->in_room * 2 : IN_ROOM_MIN;
	ssize_t size;

	if (conn->in_size == conn->in_room) {
		char *grown = room <= WEIR_CONTROL_LINE_MAX ? realloc(conn->in, room) : NULL;

		if (!grown)
			return -EMSGSIZE;
		conn->in = grown;
		conn->in_room = room;
	}
	size = recv(conn->fd, conn->in + conn->in_size, conn->in_room - conn->in_size, 0);
	if (size == 0)
		return -ECONNRESET;
	if (size < 0)
		return -errno;
	conn->in_size += size;
	return 0;
}

/* As send(2), with the descriptors that belong to the first byte. */
static ssize_t send_some(struct weir_control_conn *conn)
{
	union {
		char bytes[CMSG_SPACE(sizeof(conn->passed))];
		struct cmsghdr align;
	} room = {};
	struct iovec data = {conn->out + conn->out_sent, conn->out_size - conn->out_sent};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
	size_t size = conn->passed_count * sizeof(*conn->passed);

	if (size) {
		message.msg_control = room.bytes;
		message.msg_controllen = CMSG_SPACE(size);
		*CMSG_FIRSTHDR(&message) = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(size),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), conn->passed, size);
	}
	return sendmsg(conn->fd, &message, MSG_NOSIGNAL);
}

/* Send what is left of the reply. Returns 0 when there is none left. */
static int send_reply(struct weir_control_conn *conn)
{
	while (conn->out) {
		ssize_t size = send_some(conn);

		if (size < 0)
			return -errno;
		conn->passed_count = 0;
		conn->out_sent += size;
		if (conn->out_sent < conn->out_size)
			continue;
		freep(&conn->out);
		conn->out = NULL;
		conn->deadline_ns = weir_monotonic_ns() + WEIR_CONTROL_DEADLINE_NS;
	}
	return 0;
}

/* Answer the line of `size` bytes that the connection has, and send what can be sent at once. */
static int answer(struct weir_control_server *server, struct weir_control_conn *conn, size_t size)
{
	conn->passed_count = 0;
	conn->out = weir_control_answer(server->verbs, server->context, conn, conn->in, size);
	if (!conn->out)
		return -ENOMEM;
	conn->out_size = strlen(conn->out);
	conn->out_sent = 0;
	conn->in_size -= size + 1;
	memmove(conn->in, conn->in + size + 1, conn->in_size);
	return send_reply(conn);
}

/* Returns -EAGAIN to be called again, or what ends the connection. */
static int serve_conn(struct weir_control_server *server, struct weir_control_conn *conn)
{
	size_t searched = 0;
	int r = send_reply(conn);

	while (!r) {
		const char *newline = conn->in_size > searched ? memchr(conn->in + searched, '\n',
									conn->in_size - searched)
							       : NULL;

		searched = newline ? 0 : conn->in_size;
		r = newline ? answer(server, conn, newline - conn->in) : read_some(conn);
	}
	return r;
}

void weir_control_serve(struct weir_control_server *server, const struct pollfd *items,
			size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct weir_control_conn *conn = items[i].revents ? conn_of(server, items[i].fd)
								  : NULL;

		if (conn && serve_conn(server, conn) != -EAGAIN)
			conn_close(conn);
		else if (!conn && items[i].revents && items[i].fd == server->listener_fd)
			accept_one(server);
	}
	for (size_t i = 0; i < WEIR_CONTROL_CLIENTS_MAX; i++)
		if (server->conns[i].fd >= 0 && server->conns[i].deadline_ns <= weir_monotonic_ns())
			conn_close(&server->conns[i]);
}
