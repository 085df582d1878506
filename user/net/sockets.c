/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Has a TCP connection this local address? A dump by sock_diag, filtered in the kernel.
 *
 * One entry that passes the filter is answer enough. Listeners do not count, nor what only waits for
 * stray packets: an address can be taken away under them.
 */
#include "net/sockets.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>

#include "base/fail.h"
#include "base/prefix.h"
#include "net/netlink.h"

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
