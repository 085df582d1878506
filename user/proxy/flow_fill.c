/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reading half of a flow: source socket -> a buffer by copy, or the pipe by splice.
 *
 * Never more is read than the container's bucket grants, and by splice never more than the framing
 * says is data. Small messages and trickles are copied, because a pipe does not pay for them. What a
 * parser is to see is always copied.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/flow_steps.h"

/* Small pieces in a row that make a stream a trickle. */
enum { TRICKLES_MAX = 8 };

static int end_of_source(struct weir_flow *flow)
{
	flow->from->has_eof = true;
	flow->from->can_read = false;
	if (flow->framing != WEIR_FRAMED_CLOSE)
		return WEIR_FLOW_CUT;
	flow->is_whole = true;
	return WEIR_FLOW_GO_ON;
}

/* What a read of `asked` bytes answered. */
static int after_read(struct weir_flow *flow, ssize_t n, size_t asked)
{
	if (n > 0) {
		/* After an edge a short read has emptied the queue, unless an EOF is behind it. */
		if ((size_t)n < asked && !flow->from->is_hung)
			flow->from->can_read = false;
		return WEIR_FLOW_GO_ON;
	}
	if (n == 0)
		return end_of_source(flow);
	if (errno != EAGAIN)
		return weir_flow_fail(flow->from, WEIR_FLOW_FROM_ERROR);
	flow->from->can_read = false;
	return WEIR_FLOW_WAITS;
}

static int fill_pipe(struct weir_flow *flow, __u32 want, __u32 *ret_bytes)
{
	ssize_t n = TEMP_FAILURE_RETRY(splice(flow->from->fd, NULL, flow->pipe->write_fd, NULL,
					      want, SPLICE_F_MOVE | SPLICE_F_NONBLOCK));

	if (n <= 0)
		return after_read(flow, n, 0);
	*ret_bytes = n;
	flow->pipe->bytes += n;
	weir_flow_count_data(flow, n);
	/* A trickle does not pay for a pipe; the odd small piece in a stream is none. */
	flow->trickles = n < WEIR_BUFFER_SIZE / 4 ? flow->trickles + 1 : 0;
	if (flow->trickles == TRICKLES_MAX)
		flow->trickles = flow->is_bulk = false;
	/* Short or not: a pipe can be full at any size, so only EAGAIN says that the source is dry. */
	return WEIR_FLOW_GO_ON;
}

static int fill_buffer(struct weir_flow *flow, __u32 want, __u32 *ret_bytes)
{
	struct weir_buffer *in = flow->in;
	__u32 room;
	ssize_t n;

	weir_buffer_compact(in);
	room = in->size - in->end;
	if (room > want)
		room = want;
	n = TEMP_FAILURE_RETRY(recv(flow->from->fd, in->data + in->end, room, MSG_DONTWAIT));
	if (n > 0) {
		*ret_bytes = n;
		in->end += n;
		flow->is_bulk |= n == WEIR_BUFFER_SIZE;
	}
	return after_read(flow, n, room);
}

static bool wants_pipe(const struct weir_flow *flow)
{
	return flow->is_bulk && !flow->in && weir_flow_data_left(flow) >= WEIR_SPLICE_MIN;
}

/* Have a place to read into: the pipe, else a buffer. */
static int borrow_place(struct weir_flow *flow, struct weir_flow_pools *pools)
{
	if (wants_pipe(flow) && !flow->pipe)
		flow->pipe = weir_pipes_borrow(&pools->pipes);
	if (!wants_pipe(flow) && flow->pipe)
		weir_pipes_return(&pools->pipes, &flow->pipe);
	if (!flow->pipe && !flow->in)
		flow->in = weir_buffers_borrow(&pools->buffers, WEIR_BUFFER_SIZE);
	return flow->pipe || flow->in ? WEIR_FLOW_GO_ON : WEIR_FLOW_NO_MEMORY;
}

int weir_flow_fill(struct weir_flow *flow, struct weir_flow_pools *pools, __u64 now_ns)
{
	__u64 left;
	__u32 want, bytes = 0;
	int result;

	if (flow->from->has_eof)
		return end_of_source(flow);
	if (!flow->from->can_read)
		return WEIR_FLOW_WAITS;
	result = borrow_place(flow, pools);
	if (result != WEIR_FLOW_GO_ON)
		return result;
	left = weir_flow_data_left(flow);
	want = flow->pipe ? flow->pipe->size : WEIR_BUFFER_SIZE;
	if (flow->pipe && left < want)
		want = left;
	want = weir_flow_grant(flow, want, now_ns);
	if (!want)
		return WEIR_FLOW_THROTTLED;
	result = flow->pipe ? fill_pipe(flow, want, &bytes) : fill_buffer(flow, want, &bytes);
	weir_flow_spend(flow, bytes);
	if (flow->container && !flow->pipe)
		flow->paid_bytes += bytes;
	return result;
}

/* Heads that never end must not take what those under way need to go on. */
static bool may_borrow_more(const struct weir_flow *flow, const struct weir_buffers *buffers)
{
	return flow->direction == WEIR_DOWN || buffers->lent_bytes < WEIR_BUFFERS_HEADS_MAX;
}

enum weir_flow_result weir_flow_read(struct weir_flow *flow, struct weir_flow_pools *pools)
{
	bool may_borrow = may_borrow_more(flow, &pools->buffers);
	__u32 bytes = 0;
	int result;

	if (flow->from->has_eof)
		return WEIR_FLOW_CUT;
	if (!flow->from->can_read)
		return WEIR_FLOW_WAITS;
	if (!flow->in && may_borrow)
		flow->in = weir_buffers_borrow(&pools->buffers, WEIR_BUFFER_SIZE);
	if (!flow->in)
		return WEIR_FLOW_NO_MEMORY;
	if (flow->in->end - flow->in->start == flow->in->size &&
	    (!may_borrow || weir_buffers_grow(&pools->buffers, &flow->in, flow->in->size * 4) < 0))
		return WEIR_FLOW_NO_MEMORY;
	flow->framing = WEIR_FRAMED_EMPTY;
	result = fill_buffer(flow, flow->in->size, &bytes);
	flow->is_bulk = false;
	weir_flow_return_sent(flow, pools);
	return result == WEIR_FLOW_GO_ON ? WEIR_FLOW_DONE : result;
}
