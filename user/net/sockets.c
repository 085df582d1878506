/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine's TCP sockets, by dumps of sock_diag: which are there, and is this address in use?
 *
 * The kernel filters, by states and by bytecode of the caller's, so that a proxy's thousands of
 * connections cost no copies. For an address one entry that passes is answer enough; listeners do
 * not count there, nor what only waits for stray packets: an address can be taken away under them.
 */
#include "net/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/fail.h"
#include "base/prefix.h"
#include "net/netlink.h"

/* Bytecode: accept when the local address and length match, else jump past the end. */
struct address_filter {
	struct inet_diag_bc_op op;
	struct inet_diag_hostcond condition;
	__be32 address;
} __attribute__((packed));

static int ask(int family, __u32 states, const void *filter, size_t filter_bytes, mnl_cb_t callback,
	       void *context)
{
	char buffer[256 + WEIR_SOCKETS_FILTER_MAX] = {};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *query = mnl_nlmsg_put_extra_header(request, sizeof(*query));

	request->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	query->sdiag_family = family;
	query->sdiag_protocol = IPPROTO_TCP;
	query->idiag_states = states;
	if (filter_bytes)
		mnl_attr_put(request, INET_DIAG_REQ_BYTECODE, filter_bytes, filter);
	return weir_netlink_talk(NETLINK_SOCK_DIAG, request, callback, context);
}

static int collect(const struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *entry = mnl_nlmsg_get_payload(message);
	struct weir_sockets *sockets = context;
	struct weir_socket *socket;
	size_t bytes = entry->idiag_family == AF_INET6 ? 16 : 4;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*entry))
		return MNL_CB_OK;
	socket = weir_array_add(&sockets->items, &sockets->count);
	if (!socket) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	memcpy(socket->local, entry->id.idiag_src, bytes);
	memcpy(socket->remote, entry->id.idiag_dst, bytes);
	socket->local_port = ntohs(entry->id.idiag_sport);
	socket->remote_port = ntohs(entry->id.idiag_dport);
	socket->ifindex = entry->id.idiag_if;
	socket->is_ipv6 = entry->idiag_family == AF_INET6;
	socket->is_listening = entry->idiag_state == TCP_LISTEN;
	weir_socket_unmap(socket);
	return MNL_CB_OK;
}

int weir_sockets_dump(__u32 states, const void *filter, size_t filter_bytes,
		      struct weir_sockets *to)
{
	int r = ask(AF_INET, states, filter, filter_bytes, collect, to);

	if (r)
		return r;
	r = ask(AF_INET6, states, filter, filter_bytes, collect, to);
	/* A kernel without IPv6 has no such sockets. */
	return r == -ENOENT ? 0 : r;
}

int weir_sockets_read(struct weir_diags *diags, struct weir_sockets *ret_sockets)
{
	struct weir_sockets sockets = {};
	int r = weir_sockets_dump(1U << TCP_LISTEN | 1U << TCP_ESTABLISHED, NULL, 0, &sockets);

	if (r) {
		weir_sockets_done(&sockets);
		return weir_fail(diags, r, "cannot ask for the sockets: %s", strerror(-r));
	}
	*ret_sockets = sockets;
	return 0;
}

void weir_sockets_done(struct weir_sockets *sockets)
{
	free(sockets->items);
	*sockets = (struct weir_sockets){};
}

static int note_one(const struct nlmsghdr *message, void *context)
{
	bool *is_used = context;

	(void)message;
	*is_used = true;
	return MNL_CB_OK;
}

int weir_sockets_use(__u32 address, struct weir_diags *diags, bool *ret_is_used)
{
	const struct address_filter filter = {
		.op = {.code = INET_DIAG_BC_S_COND,
		       .yes = sizeof(filter),
		       .no = sizeof(filter) + 4},
		.condition = {.family = AF_INET, .prefix_len = 32, .port = -1},
		.address = htonl(address),
	};
	char text[WEIR_PREFIX_TEXT_MAX];
	bool is_used = false;
	int r = ask(AF_INET, ~(1U << TCP_LISTEN | 1U << TCP_TIME_WAIT | 1U << TCP_CLOSE), &filter,
		    sizeof(filter), note_one, &is_used);

	if (r)
		return weir_fail(diags, r, "cannot ask for the connections of %s: %s",
				 weir_address_format(address, text), strerror(-r));
	*ret_is_used = is_used;
	return 0;
}
