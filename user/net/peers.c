/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Listening sockets, then established ones of their ports -> peers. The kernel filters by port,
 * so that a proxy's thousands of connections cost no copies.
 */
#include "net/peers.h"

#include <linux/inet_diag.h>
#include <netinet/tcp.h>
#include <string.h>

#include "base/fail.h"
#include "net/sockets.h"

/* Bytecode for one port: if it is this one, go to the jump, which accepts; else skip the jump. */
struct port_filter {
	struct inet_diag_bc_op test;
	struct inet_diag_hostcond condition;
	struct inet_diag_bc_op accept;
} __attribute__((packed));

_Static_assert(sizeof(struct port_filter) == 16, "the kernel steps through packed operations");

/* Beyond, the kernel gives every connection. */
enum { FILTER_PORTS_MAX = WEIR_SOCKETS_FILTER_MAX / sizeof(struct port_filter) };

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
static size_t make_filter(const struct weir_sockets *listeners, struct port_filter *filters)
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

static int read_sockets(struct weir_sockets *sockets)
{
	struct port_filter filters[FILTER_PORTS_MAX] = {};
	int r = weir_sockets_dump(1U << TCP_LISTEN, NULL, 0, sockets);
	size_t bytes;

	if (r || !sockets->count)
		return r;
	bytes = make_filter(sockets, filters);
	return weir_sockets_dump(1U << TCP_ESTABLISHED, filters, bytes, sockets);
}

int weir_peers_read(struct weir_diags *diags, struct weir_peer **ret_peers, size_t *ret_count)
{
	_cleanup_sockets_ struct weir_sockets sockets = {};
	int r = read_sockets(&sockets)
			?: weir_peers_find(sockets.items, sockets.count, ret_peers, ret_count);

	return r ? weir_fail(diags, r, "cannot ask who is connected: %s", strerror(-r)) : 0;
}
