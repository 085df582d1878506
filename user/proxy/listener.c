/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Listeners: one socket a worker, all in one SO_REUSEPORT group, so that the kernel spreads
 * connections. One that says nothing is accepted a second later: the others come with their first
 * bytes, which saves a round of the loop, and a flood of silent ones costs no descriptor.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "proxy/proxy.h"

enum { BACKLOG = 4096 };

static int open_one(struct sockaddr_in *address)
{
	static const int on = 1, defer_s = 1;
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(*address);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer_s, sizeof(defer_s)) < 0 ||
	    bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ||
	    listen(fd, BACKLOG) < 0 || getsockname(fd, (struct sockaddr *)address, &size) < 0)
		return -errno;
	return take_fd(&fd);
}

int weir_listener_open(__u32 address, __u16 port, unsigned int count, int *ret_fds)
{
	/* The first one's port, where any would do, is the group's. */
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(address), .sin_port = htons(port)};

	for (unsigned int i = 0; i < count; i++) {
		int fd = open_one(&at);

		if (fd < 0) {
			while (i > 0)
				closep(&ret_fds[--i]);
			return fd;
		}
		ret_fds[i] = fd;
	}
	return 0;
}
