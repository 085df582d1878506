/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sending half of a flow: what is on its way -> the sink, in the order in which it came.
 *
 * First `head` and the judged part of `in`, in one call where both have bytes, then the pipe. Heads
 * and what came with them are paid for before they go; what came by a granted read is paid already.
 */
#include "proxy/flow_steps.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* What is copied behind a head rather than sent as a part of its own. */
enum { JOIN_MAX = 2048 };

static __u32 pending(const struct weir_buffer *buffer)
{
	return buffer ? buffer->judged - buffer->start : 0;
}

bool weir_flow_has_residue(const struct weir_flow *flow)
{
	return pending(flow->head) || pending(flow->in) || (flow->pipe && flow->pipe->bytes);
}

/* Take `bytes` off the front of a buffer; returns how many are left to take elsewhere. */
static __u32 consume(struct weir_buffer *buffer, __u32 bytes)
{
	__u32 taken = pending(buffer) < bytes ? pending(buffer) : bytes;

	if (buffer)
		buffer->start += taken;
	return bytes - taken;
}

void weir_flow_return_sent(struct weir_flow *flow, struct weir_flow_pools *pools)
{
	if (flow->head && !pending(flow->head) && !flow->keeps_head)
		weir_buffers_return(&pools->buffers, &flow->head);
	if (flow->in && flow->in->start == flow->in->end)
		weir_buffers_return(&pools->buffers, &flow->in);
}

/* A short body goes behind its head: copied, it costs less than a second part of a message. */
static void join(struct weir_flow *flow)
{
	struct weir_buffer *head = flow->head, *in = flow->in;
	__u32 bytes = pending(in);

	if (!bytes || bytes > JOIN_MAX || !pending(head) || flow->keeps_head ||
	    head->size - head->end < bytes)
		return;
	memcpy(head->data + head->end, in->data + in->start, bytes);
	head->end = head->judged = head->end + bytes;
	in->start += bytes;
}

/* Both buffers in one call; the plain call where there is but one, because it costs less. */
static ssize_t send_pending(const struct weir_flow *flow)
{
	const struct weir_buffer *head = flow->head, *in = flow->in;
	struct iovec parts[2];
	const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	if (!pending(head))
		head = in;
	if (head == in || !pending(in))
		return TEMP_FAILURE_RETRY(send(flow->to->fd, head->data + head->start,
					       pending(head), MSG_NOSIGNAL | MSG_DONTWAIT));
	parts[0] = (struct iovec){flow->head->data + head->start, pending(head)};
	parts[1] = (struct iovec){flow->in->data + in->start, pending(in)};
	return TEMP_FAILURE_RETRY(sendmsg(flow->to->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT));
}

int weir_flow_send_buffers(struct weir_flow *flow, struct weir_flow_pools *pools, __u64 now_ns)
{
	if (!weir_flow_pay(flow, pending(flow->head) + pending(flow->in), now_ns))
		return WEIR_FLOW_THROTTLED;
	while (pending(flow->head) || pending(flow->in)) {
		ssize_t sent;

		if (!flow->to->can_write)
			return WEIR_FLOW_WAITS;
		join(flow);
		sent = send_pending(flow);
		if (sent < 0 && errno == EAGAIN)
			flow->to->can_write = false;
		else if (sent < 0)
			return weir_flow_fail(flow->to, WEIR_FLOW_TO_ERROR);
		if (sent <= 0)
			continue;
		flow->moved_bytes += sent;
		flow->paid_bytes -= flow->paid_bytes < sent ? flow->paid_bytes : sent;
		consume(flow->in, consume(flow->head, sent));
	}
	weir_flow_return_sent(flow, pools);
	return WEIR_FLOW_GO_ON;
}

int weir_flow_send_pipe(struct weir_flow *flow)
{
	while (flow->pipe && flow->pipe->bytes) {
		ssize_t sent;

		if (!flow->to->can_write)
			return WEIR_FLOW_WAITS;
		sent = TEMP_FAILURE_RETRY(splice(flow->pipe->read_fd, NULL, flow->to->fd, NULL,
						 flow->pipe->bytes,
						 SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
		if (sent < 0 && errno == EAGAIN)
			flow->to->can_write = false;
		else if (sent < 0)
			return weir_flow_fail(flow->to, WEIR_FLOW_TO_ERROR);
		if (sent > 0) {
			flow->pipe->bytes -= sent;
			flow->moved_bytes += sent;
		}
	}
	return WEIR_FLOW_GO_ON;
}
