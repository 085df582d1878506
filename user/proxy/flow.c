/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One direction of a connection: source socket -> framing -> sink socket.
 *
 * pump() goes round judge, send (flow_send.c), fill until one of them has to wait. judge() asks
 * the framing how many of the bytes read belong to the message; fill() reads more, by copy into
 * `in` or by splice into the pipe, and never more than the container's bucket grants.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/flow.h"
#include "proxy/flow_send.h"

/* Small pieces in a row that make a stream a trickle. */
enum { TRICKLES_MAX = 8 };

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

/* How many bytes of data may follow, by the framing; 0: framing comes next. */
static __u64 data_left(const struct weir_flow *flow)
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
static void count_data(struct weir_flow *flow, __u64 bytes)
{
	flow->data_bytes += bytes;
	if (flow->framing == WEIR_FRAMED_LENGTH) {
		flow->left_bytes -= bytes;
		flow->is_whole = !flow->left_bytes;
	} else if (flow->framing == WEIR_FRAMED_CHUNKED) {
		weir_chunk_moved(&flow->chunk, bytes);
	}
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
		__u64 left = data_left(flow);
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
		count_data(flow, run);
	}
	return WEIR_FLOW_GO_ON;
}

enum weir_flow_result weir_flow_judge(struct weir_flow *flow)
{
	int result = judge(flow);

	return result == WEIR_FLOW_GO_ON ? WEIR_FLOW_WAITS : (enum weir_flow_result)result;
}

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
	count_data(flow, n);
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
	return flow->is_bulk && !flow->in && data_left(flow) >= WEIR_SPLICE_MIN;
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

static int fill(struct weir_flow *flow, struct weir_flow_pools *pools, __u64 now_ns)
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
	left = data_left(flow);
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
			result = fill(flow, pools, now_ns);
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

void weir_flow_drop(struct weir_flow *flow, struct weir_flow_pools *pools)
{
	flow->keeps_head = false;
	weir_buffers_return(&pools->buffers, &flow->head);
	weir_buffers_return(&pools->buffers, &flow->in);
	weir_pipes_return(&pools->pipes, &flow->pipe);
}
