/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Settings and a running proxy -> its metrics by HTTP.
 *
 * The listener is made, or got from the proxy before, while there are privileges; serving begins when
 * they are gone. Each scrape is a snapshot of its own.
 */
#include "cmd/endpoint.h"

#include <stdio.h>
#include <string.h>

#include "base/prefix.h"
#include "report/proxy_metrics.h"

static char *make_text(void *proxy)
{
	_cleanup_snapshot_ struct weir_proxy_snapshot snapshot = {};

	if (weir_proxy_snapshot(proxy, WEIR_METRICS_APPS_MAX, &snapshot))
		return NULL;
	return weir_proxy_metrics_text(&snapshot, WEIR_VERSION);
}

int weir_cmd_endpoint_listen(const struct weir_proxy_settings *settings, int *ret_fd)
{
	char address[WEIR_PREFIX_TEXT_MAX];
	int r;

	if (!settings->metrics_port)
		return 0;
	r = weir_endpoint_listen(settings->metrics_address, settings->metrics_port, ret_fd);
	if (r)
		fprintf(stderr, "weir: metrics at %s:%u: %s\n",
			weir_address_format(settings->metrics_address, address),
			settings->metrics_port, strerror(-r));
	return r;
}

int weir_cmd_endpoint_serve(int fd, struct weir_proxy *proxy, struct weir_endpoint **ret_endpoint)
{
	int r = fd < 0 ? 0 : weir_endpoint_start(fd, make_text, proxy, ret_endpoint);

	if (r)
		fprintf(stderr, "weir: metrics: %s\n", strerror(-r));
	return r;
}
