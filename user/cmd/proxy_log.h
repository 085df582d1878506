/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the proxy's log goes: settings -> a descriptor, also after the file was moved away. */
#ifndef WEIR_CMD_PROXY_LOG_H
#define WEIR_CMD_PROXY_LOG_H

#include "config/config.h"
#include "proxy/proxy.h"

/*
 * Open the log as the user that the proxy runs as, who will have to open it again. `ret_log->fd` is
 * the caller's, also where it is standard output. Returns 0 or a negative errno, which has been said.
 */
int weir_cmd_log_open(const struct weir_proxy_settings *settings,
		      struct weir_log_settings *ret_log);

/* Open the file anew and let the proxy go on there. What is wrong is said, and the old one stays. */
void weir_cmd_log_reopen(const struct weir_proxy_settings *settings, struct weir_proxy *proxy);

#endif
