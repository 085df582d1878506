/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Listening sockets, then established ones of their ports -> peers. The kernel filters by port,
 * so that a proxy's thousands of connections cost no copies.
 */
#include "net/peers.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/fail.h"
#include "net/netlink.h"

enum { FILTER_PORTS_MAX = 64 }; /* beyond, the kernel gives every connection */

/* Bytecode for one port: if it is this one, go to the jump, which accepts; else skip the jump. */
struct port_filter {
	struct inet_diag_bc_op test;
	struct inet_diag_hostcond condition;
	struct inet_diag_bc_op accept;
} __attribute__((packed));

_Static_assert(sizeof(struct port_filter) == 16, "the kernel steps through packed operations");

struct sockets {
	struct weir_socket *items;
	size_t count;
};

static int collect(const struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *entry = mnl_nlmsg_get_payload(message);
	struct sockets *sockets = context;
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

static int dump(int family, __u32 states, const void *filter, size_t filter_bytes,
		struct sockets *sockets)
{
	char buffer[256 + FILTER_PORTS_MAX * sizeof(struct port_filter)] = {};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *query = mnl_nlmsg_put_extra_header(request, sizeof(*query));
	int r;

	request->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	query->sdiag_family = family;
	query->sdiag_protocol = IPPROTO_TCP;
	query->idiag_states = states;
	if (filter_bytes)
		mnl_attr_put(request, INET_DIAG_REQ_BYTECODE, filter_bytes, filter);
	r = weir_netlink_talk(NETLINK_SOCK_DIAG, request, collect, sockets);
	/* A kernel without IPv6 has no such sockets. */
	return family == AF_INET6 && r == -ENOENT ? 0 : r;
}

static int dump_both(__u32 states, const void *filter, size_t filter_bytes, struct sockets *sockets)
{
	return dump(AF_INET, states, filter, filter_bytes, sockets)
		       ?: dump(AF_INET6, states, filter, filter_bytes, sockets);
}

static bool has_port(const struct port_filter *filters, size_t count, __u16 port)
{
	for (size_t i = 0; i < count; i++)
		if (filters[i].condition.port == port)
			return true;
	return false;
}

/*
 * One filter a listening port. The kernel checks that every jump lands where going on from `yes`
 * to `yes` comes by, which it does from filter to filter. Returns the bytes, 0 for no filter.
 */
static size_t make_filter(const struct sockets *listeners, struct port_filter *filters)
{
	size_t count = 0;

	for (size_t i = 0; i < listeners->count; i++) {
		__u16 port = listeners->items[i].local_port;

		if (has_port(filters, count, port))
			continue;
		if (count == FILTER_PORTS_MAX)
			return 0;
		filters[count++] = (struct port_filter){
			.test = {.code = INET_DIAG_BC_S_COND,
				 .yes = offsetof(struct port_filter, accept),
				 .no = sizeof(struct port_filter)},
			.condition = {.family = AF_UNSPEC, .port = port},
			.accept = {.code = INET_DIAG_BC_JMP, .yes = sizeof(struct inet_diag_bc_op)},
		};
	}
	/* Accepting is to land on the end, refusing is to land 4 bytes behind it. */
	for (size_t i = 0; i < count; i++)
		filters[i].accept.no = (count - i) * sizeof(*filters) -
				       offsetof(struct port_filter, accept);
	filters[count - 1].test.no += sizeof(struct inet_diag_bc_op);
	return count * sizeof(*filters);
}

static int read_sockets(struct sockets *sockets)
{
	struct port_filter filters[FILTER_PORTS_MAX] = {};
	int r = dump_both(1U << TCP_LISTEN, NULL, 0, sockets);
	size_t bytes;

	if (r || !sockets->count)
		return r;
	bytes = make_filter(sockets, filters);
	return dump_both(1U << TCP_ESTABLISHED, filters, bytes, sockets);
}

int weir_sockets_read(struct weir_diags *diags, struct weir_socket **ret_sockets, size_t *ret_count)
{
	struct sockets sockets = {};
	int r = dump_both(1U << TCP_LISTEN | 1U << TCP_ESTABLISHED, NULL, 0, &sockets);

	if (r) {
		free(sockets.items);
		return weir_fail(diags, r, "cannot ask for the sockets: %s", strerror(-r));
	}
	*ret_sockets = sockets.items;
	*ret_count = sockets.count;
	return 0;
}

int weir_peers_read(struct weir_diags *diags, struct weir_peer **ret_peers, size_t *ret_count)
{
	struct sockets sockets = {};
	int r = read_sockets(&sockets)
			?: weir_peers_find(sockets.items, sockets.count, ret_peers, ret_count);

	free(sockets.items);
	return r ? weir_fail(diags, r, "cannot ask who is connected: %s", strerror(-r)) : 0;
}
