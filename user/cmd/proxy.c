/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir proxy: configuration -> listeners -> hand-off -> privileges dropped -> workers.
 *
 * The privileged part ends before the first byte from the network is read: listeners and the
 * control socket are made, then the process becomes the configured user, without a way back and
 * without a bpf descriptor.
 */
#include "cmd/proxy.h"

#include <string.h>

static const char usage[] = "proxy [--listen-http ADDR:PORT] [--listen-tls ADDR:PORT] "
			    "[--routes FILE]... [--workers N] [--no-log]";

int weir_proxy_fail(const char *what, int error)
{
	fprintf(stderr, "weir: %s: %s\n", what, strerror(-error));
	return WEIR_EXIT_FAILED;
}

int weir_cmd_proxy(const struct weir_cli *cli, int argc, char **argv)
{
	struct weir_proxy_run run = {.cli = cli,
				     .lock_fd = -1,
				     .control_fd = -1,
				     .metrics_fd = -1,
				     .notify_fd = -1,
				     .log.fd = -1};
	int exit_code;

	if (weir_proxy_options_parse(argc, argv, &run.options) < 0)
		return weir_cmd_usage(usage);
	if (weir_proxy_config_load(cli, &run.options, &run.config) < 0)
		return WEIR_EXIT_FAILED;
	weir_listeners_init(&run.listeners, weir_proxy_workers(&run.options, run.config));
	exit_code = weir_proxy_serve(&run);
	weir_listeners_close(&run.listeners);
	closep(&run.log.fd);
	closep(&run.notify_fd);
	closep(&run.metrics_fd);
	closep(&run.control_fd);
	closep(&run.lock_fd);
	weir_proxy_config_free(&run.config, &run.options);
	return exit_code;
}
