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
 * Serve the metrics of `proxy` where the settings say; nowhere leaves *ret_endpoint as it is.
 * To be stopped before the proxy is. Returns 0 or a negative errno, which it has printed.
 */
int weir_cmd_endpoint(const struct weir_proxy_settings *settings, struct weir_proxy *proxy,
		      struct weir_endpoint **ret_endpoint);

#endif
