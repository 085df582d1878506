/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The steps of a flow, which weir_flow_pump takes in turn. Private to flow*.c.
 *
 * Each returns GO_ON, or an enum weir_flow_result that ends the round.
 */
#ifndef WEIR_PROXY_FLOW_STEPS_H
#define WEIR_PROXY_FLOW_STEPS_H

#include <errno.h>

#include "proxy/flow.h"

enum { WEIR_FLOW_GO_ON = -1 };

/* Keep errno as what ended that end. Returns `result`. */
static inline int weir_flow_fail(struct weir_end *end, int result)
{
	end->error = errno;
	return result;
}

/* How many bytes of data may follow, by the framing; 0: framing comes next. */
static inline __u64 weir_flow_data_left(const struct weir_flow *flow)
{
	switch ((enum weir_framing)flow->framing) {
	case WEIR_FRAMED_LENGTH:
		return flow->left_bytes;
	case WEIR_FRAMED_CHUNKED:
		return flow->chunk.data_left;
	case WEIR_FRAMED_CLOSE:
		return ~0ULL;
	default:
		return 0;
	}
}

/* `bytes` of data have been read, by whatever means. */
static inline void weir_flow_count_data(struct weir_flow *flow, __u64 bytes)
{
	flow->data_bytes += bytes;
	if (flow->framing == WEIR_FRAMED_LENGTH) {
		flow->left_bytes -= bytes;
		flow->is_whole = !flow->left_bytes;
	} else if (flow->framing == WEIR_FRAMED_CHUNKED) {
		weir_chunk_moved(&flow->chunk, bytes);
	}
}

/* ---- flow_send.c ----------------------------------------------------------------------- */

/* Send all of head and in that is judged, paying for it; then what the pipe holds. */
int weir_flow_send_buffers(struct weir_flow *flow, struct weir_flow_pools *pools, __u64 now_ns);
int weir_flow_send_pipe(struct weir_flow *flow);

/* Give back buffers that are empty, unless the head may be sent again. */
void weir_flow_return_sent(struct weir_flow *flow, struct weir_flow_pools *pools);

/* ---- flow_fill.c ----------------------------------------------------------------------- */

/* Read what the bucket grants, by whichever way is cheaper: into `in` or into the pipe. */
int weir_flow_fill(struct weir_flow *flow, struct weir_flow_pools *pools, __u64 now_ns);

#endif
