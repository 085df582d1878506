/* SPDX-License-Identifier: GPL-2.0-only */
/* Questions about TCP sockets -> answers from a dump by sock_diag, filtered in the kernel. */
#include "kernel/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/prefix.h"
#include "kernel/fail.h"
#include "kernel/netlink.h"

/* Bytecode: accept when the local address and length match, else jump past the end. */
struct address_filter {
	struct inet_diag_bc_op op;
	struct inet_diag_hostcond condition;
	__be32 address;
} __attribute__((packed));

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
	char buffer[256] = {}, text[WEIR_PREFIX_TEXT_MAX];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *query = mnl_nlmsg_put_extra_header(request, sizeof(*query));
	bool is_used = false;
	int r;

	request->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	query->sdiag_family = AF_INET;
	query->sdiag_protocol = IPPROTO_TCP;
	query->idiag_states = ~(1U << TCP_LISTEN | 1U << TCP_TIME_WAIT | 1U << TCP_CLOSE);
	mnl_attr_put(request, INET_DIAG_REQ_BYTECODE, sizeof(filter), &filter);
	r = weir_netlink_talk(NETLINK_SOCK_DIAG, request, note_one, &is_used);
	if (r)
		return weir_fail(diags, r, "cannot ask for the connections of %s: %s",
				 weir_address_format(address, text), strerror(-r));
	*ret_is_used = is_used;
	return 0;
}

/* What two dumps gather: ports that are listened on, then connections to them. */
struct inbound {
	__u64 ports[65536 / 64];
	struct weir_peer *peers;
	size_t count;
};

static void inbound_done(struct inbound *inbound)
{
	free(inbound->peers);
}

static int note_listener(const struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = mnl_nlmsg_get_payload(message);
	struct inbound *inbound = context;
	__u16 port = ntohs(socket->id.idiag_sport);

	inbound->ports[port / 64] |= 1ULL << port % 64;
	return MNL_CB_OK;
}

/* The IPv4 address, host order: as it is, or mapped into IPv6. 0: neither. */
static __u32 address_of(__u8 family, const __be32 address[4])
{
	if (family == AF_INET)
		return ntohl(address[0]);
	return !address[0] && !address[1] && address[2] == htonl(0xffff) ? ntohl(address[3]) : 0;
}

static int note_connection(const struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = mnl_nlmsg_get_payload(message);
	struct inbound *inbound = context;
	struct weir_peer peer =
				 {
					 .peer = address_of(socket->idiag_family,
							    socket->id.idiag_dst),
					 .local = address_of(socket->idiag_family,
							     socket->id.idiag_src),
					 .port = ntohs(socket->id.idiag_sport),
				 },
			 *next;

	if (!peer.peer || !peer.local || peer.local >> 24 == 127 || peer.peer == peer.local ||
	    !(inbound->ports[peer.port / 64] >> peer.port % 64 & 1))
		return MNL_CB_OK;
	next = weir_array_add(&inbound->peers, &inbound->count);
	if (!next) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	*next = peer;
	return MNL_CB_OK;
}

static int dump(__u8 family, __u32 states, mnl_cb_t note, struct inbound *inbound)
{
	char buffer[256] = {};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *query = mnl_nlmsg_put_extra_header(request, sizeof(*query));

	request->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	query->sdiag_family = family;
	query->sdiag_protocol = IPPROTO_TCP;
	query->idiag_states = states;
	return weir_netlink_talk(NETLINK_SOCK_DIAG, request, note, inbound);
}

static int compare_peers(const void *a, const void *b)
{
	const struct weir_peer *x = a, *y = b;

	if (x->peer != y->peer)
		return x->peer < y->peer ? -1 : 1;
	if (x->local != y->local)
		return x->local < y->local ? -1 : 1;
	return x->port - y->port;
}

static void keep_one_each(struct inbound *inbound)
{
	size_t kept = 0;

	if (inbound->count)
		qsort(inbound->peers, inbound->count, sizeof(*inbound->peers), compare_peers);
	for (size_t i = 0; i < inbound->count; i++)
		if (!kept || compare_peers(&inbound->peers[kept - 1], &inbound->peers[i]))
			inbound->peers[kept++] = inbound->peers[i];
	inbound->count = kept;
}

int weir_sockets_inbound(struct weir_diags *diags, struct weir_peer **ret_peers, size_t *ret_count)
{
	__attribute__((cleanup(inbound_done))) struct inbound inbound = {};
	int r = dump(AF_INET, 1U << TCP_LISTEN, note_listener, &inbound) ?:
		dump(AF_INET6, 1U << TCP_LISTEN, note_listener, &inbound) ?:
		dump(AF_INET, 1U << TCP_ESTABLISHED, note_connection, &inbound) ?:
		dump(AF_INET6, 1U << TCP_ESTABLISHED, note_connection, &inbound);

	if (r)
		return weir_fail(diags, r, "cannot ask who is connected: %s", strerror(-r));
	keep_one_each(&inbound);
	*ret_count = inbound.count;
	*ret_peers = take_pointer(inbound.peers);
	return 0;
}
