/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The HTTP endpoint for metrics: GET /metrics, and nothing else. A thread of its own, which shares
 * nothing with the workers but the counters that it reads; a slow or hostile scraper costs itself.
 */
#ifndef WEIR_PROXY_ENDPOINT_H
#define WEIR_PROXY_ENDPOINT_H

#include <linux/types.h>

struct weir_endpoint;

/* Makes the text of one scrape, in the endpoint's thread: free(3) it; NULL: out of memory. */
typedef char *weir_endpoint_text(void *argument);

/* Listen on this address (host order; port 0: any free one). Returns 0 or a negative errno. */
int weir_endpoint_listen(__u32 address, __u16 port, int *ret_fd);

/* Serve at this listener, which it takes over, until weir_endpoint_stop. 0 or a negative errno. */
int weir_endpoint_start(int fd, weir_endpoint_text *text, void *argument,
			struct weir_endpoint **ret_endpoint);

/* The listener, for another process to go on with; it stays the endpoint's. */
int weir_endpoint_fd(const struct weir_endpoint *endpoint);

/* Nulls the pointer, accepts NULL. */
void weir_endpoint_stop(struct weir_endpoint **endpoint);

#endif
