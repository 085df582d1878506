/* SPDX-License-Identifier: GPL-2.0-only */
/* Between flow.c and flow_send.c: sending what a flow holds. */
#ifndef WEIR_PROXY_FLOW_SEND_H
#define WEIR_PROXY_FLOW_SEND_H

#include <errno.h>

#include "proxy/flow.h"

/* What the steps of weir_flow_pump answer when it is to go on. */
enum { WEIR_FLOW_GO_ON = -1 };

/* Send all of head and in that is judged, paying for it; the pipe. GO_ON or enum weir_flow_result. */
int weir_flow_send_buffers(struct weir_flow *flow, struct weir_flow_pools *pools, __u64 now_ns);
int weir_flow_send_pipe(struct weir_flow *flow);

/* Give back buffers that are empty, unless the head may be sent again. */
void weir_flow_return_sent(struct weir_flow *flow, struct weir_flow_pools *pools);

/* Keep errno as what ended that end. Returns `result`. */
static inline int weir_flow_fail(struct weir_end *end, int result)
{
	end->error = errno;
	return result;
}

#endif
