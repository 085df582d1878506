/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a socket call gives, or a failed test that names the call.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "sockets.h"

static struct sockaddr_in at(__u32 address, __u16 port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(address), .sin_port = htons(port)};
}

/* Any socket, bound. The option lets a listener and connections share a port in one test. */
static int bound(int type, __u32 address, __u16 port)
{
	struct sockaddr_in name = at(address, port);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), on = 1;

	cr_assert_geq(fd, 0, "socket: %s", strerror(errno));
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0, "bind %08x:%u: %s",
		     address, port, strerror(errno));
	return fd;
}

static void connect_to(int fd, __u32 address, __u16 port)
{
	struct sockaddr_in name = at(address, port);

	cr_assert_eq(connect(fd, (struct sockaddr *)&name, sizeof(name)), 0, "connect %08x:%u: %s",
		     address, port, strerror(errno));
}

static __u16 port_of(int fd)
{
	struct sockaddr_in name;
	socklen_t bytes = sizeof(name);

	cr_assert_eq(getsockname(fd, (struct sockaddr *)&name, &bytes), 0);
	return ntohs(name.sin_port);
}

int tcp_listen(__u32 address, __u16 port)
{
	int fd = bound(SOCK_STREAM, address, port);

	cr_assert_eq(listen(fd, 8), 0, "listen: %s", strerror(errno));
	return fd;
}

struct tcp_pair tcp_connect(__u32 near, __u32 far, __u16 far_port)
{
	int listener = tcp_listen(far, far_port);
	struct tcp_pair pair = {.near = bound(SOCK_STREAM, near, 0), .far_port = far_port};

	connect_to(pair.near, far, far_port);
	pair.near_port = port_of(pair.near);
	pair.far = accept(listener, NULL, NULL);
	cr_assert_geq(pair.far, 0, "accept: %s", strerror(errno));
	return pair;
}

int udp_open(__u32 near, __u16 port, __u32 far, __u16 far_port)
{
	int fd = bound(SOCK_DGRAM, near, port);

	if (far)
		connect_to(fd, far, far_port);
	return fd;
}
