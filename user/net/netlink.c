/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A netlink request -> its answer, message by message, until the acknowledgement or the end.
 *
 * A socket of its own for each request, so that no answer can be mistaken for another's. What the
 * kernel refuses is the request's error.
 */
#include "net/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <time.h>

#include "base/cleanup.h"

static void closep_socket(struct mnl_socket **socket)
{
	if (*socket)
		mnl_socket_close(*socket);
}

int weir_netlink_talk(int family, struct nlmsghdr *request, mnl_cb_t callback, void *context)
{
	_cleanup_(closep_socket) struct mnl_socket *socket = mnl_socket_open2(family, SOCK_CLOEXEC);
	char answer[32768];
	unsigned int port;
	int r = MNL_CB_OK;

	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	port = mnl_socket_get_portid(socket);
	request->nlmsg_seq = time(NULL);
	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -errno;
	while (r > MNL_CB_STOP) {
		ssize_t size = mnl_socket_recvfrom(socket, answer, sizeof(answer));

		if (size < 0)
			return -errno;
		r = mnl_cb_run(answer, size, request->nlmsg_seq, port, callback, context);
	}
	return r < 0 ? -errno : 0;
}

int weir_netlink_dump(__u16 type, __u8 family, size_t header_bytes, mnl_cb_t callback,
		      void *context)
{
	char buffer[256] = {};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtgenmsg *header = mnl_nlmsg_put_extra_header(request, header_bytes);

	header->rtgen_family = family;
	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	return weir_netlink_talk(NETLINK_ROUTE, request, callback, context);
}
