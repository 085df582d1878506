/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One direction of a connection: how much of what was read belongs to the message, and whose turn
 * is it?
 *
 *   pump:  judge (here) -> send (flow_send.c) -> fill (flow_fill.c) -> judge ...
 *
 * until one of them has to wait, the message is whole, or others want their turn. judge() asks the
 * framing about the bytes in `in`; what came by splice has been data before it was read.
 */
#include <string.h>

#include "proxy/flow_steps.h"

void weir_flow_start(struct weir_flow *flow, enum weir_framing framing, __u64 length)
{
	flow->framing = framing;
	flow->left_bytes = length;
	flow->is_whole = framing == WEIR_FRAMED_EMPTY;
	flow->is_bulk = flow->drops_framing = false;
	flow->trickles = 0;
	flow->data_bytes = 0;
	weir_chunk_init(&flow->chunk);
	flow->chunk.is_response = flow->direction == WEIR_DOWN;
}

static void drop_framing(struct weir_buffer *in, __u32 bytes)
{
	memmove(in->data + in->judged, in->data + in->judged + bytes, in->end - in->judged - bytes);
	in->end -= bytes;
}

static int judge_framing(struct weir_flow *flow, struct weir_buffer *in)
{
	size_t used = 0;
	enum weir_chunk_step step = weir_chunk_feed(&flow->chunk, in->data + in->judged,
						    in->end - in->judged, &used);

	if (step == WEIR_CHUNK_BAD)
		return WEIR_FLOW_BAD;
	/* By the chunk's declared size, so that what is too much is not forwarded first. */
	if (flow->data_max && flow->data_bytes + flow->chunk.data_left > flow->data_max)
		return WEIR_FLOW_TOO_LARGE;
	if (flow->drops_framing)
		drop_framing(in, used);
	else
		in->judged += used;
	flow->is_whole = step == WEIR_CHUNK_DONE;
	return WEIR_FLOW_GO_ON;
}

static int judge(struct weir_flow *flow)
{
	struct weir_buffer *in = flow->in;

	while (in && in->judged < in->end && !flow->is_whole) {
		__u64 left = weir_flow_data_left(flow);
		__u32 run = in->end - in->judged;

		if (!left) {
			int result = judge_framing(flow, in);

			if (result != WEIR_FLOW_GO_ON)
				return result;
			continue;
		}
		if (run > left)
			run = left;
		in->judged += run;
		weir_flow_count_data(flow, run);
	}
	return WEIR_FLOW_GO_ON;
}

enum weir_flow_result weir_flow_judge(struct weir_flow *flow)
{
	int result = judge(flow);

	return result == WEIR_FLOW_GO_ON ? WEIR_FLOW_WAITS : (enum weir_flow_result)result;
}

/* Nothing is held while nothing moves. */
static void return_idle(struct weir_flow *flow, struct weir_flow_pools *pools)
{
	weir_flow_return_sent(flow, pools);
	if (flow->pipe && !flow->pipe->bytes)
		weir_pipes_return(&pools->pipes, &flow->pipe);
}

static int go_round(struct weir_flow *flow, struct weir_flow_pools *pools, __u64 now_ns)
{
	__u64 turn_end = flow->moved_bytes + WEIR_FLOW_TURN;

	for (;;) {
		int result = judge(flow);

		if (result == WEIR_FLOW_GO_ON)
			result = weir_flow_send_buffers(flow, pools, now_ns);
		if (result == WEIR_FLOW_GO_ON)
			result = weir_flow_send_pipe(flow);
		if (result == WEIR_FLOW_GO_ON && flow->is_whole)
			result = WEIR_FLOW_DONE;
		if (result == WEIR_FLOW_GO_ON && flow->moved_bytes >= turn_end)
			result = WEIR_FLOW_YIELDS;
		if (result == WEIR_FLOW_GO_ON)
			result = weir_flow_fill(flow, pools, now_ns);
		if (result != WEIR_FLOW_GO_ON)
			return result;
	}
}

enum weir_flow_result weir_flow_pump(struct weir_flow *flow, struct weir_flow_pools *pools,
				     __u64 now_ns)
{
	int result = go_round(flow, pools, now_ns);

	return_idle(flow, pools);
	return result;
}

enum weir_flow_result weir_flow_flush(struct weir_flow *flow, struct weir_flow_pools *pools,
				      __u64 now_ns)
{
	int result = weir_flow_send_buffers(flow, pools, now_ns);

	return result == WEIR_FLOW_GO_ON ? WEIR_FLOW_DONE : (enum weir_flow_result)result;
}

void weir_flow_drop(struct weir_flow *flow, struct weir_flow_pools *pools)
{
	flow->keeps_head = false;
	weir_buffers_return(&pools->buffers, &flow->head);
	weir_buffers_return(&pools->buffers, &flow->in);
	weir_pipes_return(&pools->pipes, &flow->pipe);
}
