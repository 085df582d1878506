/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A flow and its container's token bucket: what may be read is charged before, and what was not
 * read is given back after. Heads are read before anybody knows whose they are, or composed here:
 * they are charged before they are sent, with whatever came with them. A flow that has to wait
 * keeps its place in the line, and what it was granted, as long as its source has something to
 * send.
 */
#include "proxy/flow.h"

static void set_in_line(struct weir_flow *flow, bool is_in_line)
{
	if (flow->is_in_line != is_in_line)
		weir_container_wait(flow->container, flow->direction, is_in_line ? 1 : -1);
	flow->is_in_line = is_in_line;
}

/* What was charged and has not moved. */
static void give_all_back(struct weir_flow *flow)
{
	weir_container_give_back(flow->container, flow->direction,
				 flow->granted_bytes + flow->paid_bytes);
	flow->granted_bytes = flow->paid_bytes = 0;
	flow->ready_ns = 0;
}

void weir_flow_settle(struct weir_flow *flow)
{
	if (!flow->container)
		return;
	give_all_back(flow);
	set_in_line(flow, false);
	flow->container = NULL;
}

/* A flow that waits by a rate that is in force no more has to be told anew from when on it may go. */
static void renew(struct weir_flow *flow, __u64 now_ns)
{
	__u32 turn = __atomic_load_n(&flow->container->rate_sequence, __ATOMIC_ACQUIRE);

	if (turn == flow->rate_sequence)
		return;
	flow->rate_sequence = turn;
	if (flow->ready_ns > now_ns)
		give_all_back(flow);
}

bool weir_flow_pay(struct weir_flow *flow, __u32 pending, __u64 now_ns)
{
	if (!flow->container || !pending)
		return true;
	renew(flow, now_ns);
	if (pending > flow->paid_bytes) {
		__u64 ready_ns = weir_container_charge(flow->container, flow->direction,
						       pending - flow->paid_bytes, now_ns);

		flow->paid_bytes = pending;
		if (ready_ns > flow->ready_ns)
			flow->ready_ns = ready_ns;
	}
	if (flow->ready_ns > now_ns) {
		set_in_line(flow, true);
		return false;
	}
	if (flow->is_whole || !flow->from->can_read)
		set_in_line(flow, false);
	return true;
}

__u32 weir_flow_grant(struct weir_flow *flow, __u32 want, __u64 now_ns)
{
	if (!flow->container)
		return want;
	renew(flow, now_ns);
	if (!flow->granted_bytes)
		flow->granted_bytes = weir_container_reserve(flow->container, flow->direction, want,
							     now_ns, &flow->ready_ns);
	if (flow->ready_ns > now_ns) {
		set_in_line(flow, true);
		return 0;
	}
	return want < flow->granted_bytes ? want : flow->granted_bytes;
}

void weir_flow_spend(struct weir_flow *flow, __u32 bytes)
{
	if (!flow->container)
		return;
	flow->granted_bytes -= bytes;
	if (flow->is_in_line && flow->from->can_read)
		return;
	weir_container_give_back(flow->container, flow->direction, flow->granted_bytes);
	flow->granted_bytes = 0;
	set_in_line(flow, false);
}
