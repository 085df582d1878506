/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The proxy's metrics, served: snapshots of user/proxy as user/report writes them. Private to
 * user/cmd.
 */
#ifndef WEIR_CMD_ENDPOINT_H
#define WEIR_CMD_ENDPOINT_H

#include "config/config.h"
#include "proxy/endpoint.h"
#include "proxy/proxy.h"

/*
 * Listen where the settings say; nowhere leaves *ret_fd as it is. To be called before the sandbox,
 * which allows no new port. Returns 0 or a negative errno, which it has printed.
 */
int weir_cmd_endpoint_listen(const struct weir_proxy_settings *settings, int *ret_fd);

/*
 * Serve the metrics of `proxy` at this listener, which it takes over; -1 leaves *ret_endpoint as it
 * is. To be stopped before the proxy is. Returns 0 or a negative errno, which it has printed.
 */
int weir_cmd_endpoint_serve(int fd, struct weir_proxy *proxy, struct weir_endpoint **ret_endpoint);

#endif
