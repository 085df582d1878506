/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The proxy's listeners: where does it accept?
 *
 * At the addresses of --listen-*, or at free ports of loopback that the gate's sk_lookup program
 * steers ingress connections to: those are handed over here, while the process may still do that.
 * The descriptors are the run's.
 */
#include "cmd/proxy.h"

#include <errno.h>
#include <string.h>

#include "kernel/steer.h"

static bool parse_port(const char *text, unsigned int *ret_port)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (end == text || *end || port < 1 || port > 65535)
		return false;
	*ret_port = port;
	return true;
}

int weir_listen_parse(const char *text, __u32 *ret_address, __u16 *ret_port)
{
	const char *colon = strrchr(text, ':'), *why;
	unsigned int port;

	if (!colon || !parse_port(colon + 1, &port) ||
	    weir_address_parse(text, colon - text, ret_address, &why) < 0)
		return -EINVAL;
	*ret_port = port;
	return 0;
}

static int open_listeners(const struct weir_proxy_options *options,
			  struct weir_listeners *listeners)
{
	for (int protocol = WEIR_HTTP; protocol <= WEIR_TLS; protocol++) {
		__u32 address = 0x7f000001;
		__u16 port = 0;
		int r;

		if (options->listen[protocol] &&
		    weir_listen_parse(options->listen[protocol], &address, &port) < 0) {
			fprintf(stderr, "weir: '%s' is not ADDRESS:PORT\n",
				options->listen[protocol]);
			return -EINVAL;
		}
		r = weir_listener_open(address, port, listeners->count, listeners->fds[protocol]);
		if (r < 0) {
			fprintf(stderr, "weir: listen: %s\n", strerror(-r));
			return r;
		}
	}
	return 0;
}

/* Listeners behind the gate are the gate's to fill; those of --listen-* the kernel fills. */
static int hand_over(const struct weir_cli *cli, const struct weir_proxy_options *options,
		     const struct weir_listeners *listeners)
{
	_cleanup_diags_ struct weir_diags diags = {0};
	int r;

	if (options->listen[WEIR_HTTP] && options->listen[WEIR_TLS])
		return 0;
	r = weir_steer_listen(cli->instance, listeners->fds[WEIR_HTTP][0],
			      listeners->fds[WEIR_TLS][0], &diags);
	weir_diags_print(&diags, stderr);
	return r;
}

void weir_listeners_init(struct weir_listeners *listeners, unsigned int count)
{
	memset(listeners, -1, sizeof(*listeners));
	listeners->count = count;
}

int weir_listeners_open(const struct weir_cli *cli, const struct weir_proxy_options *options,
			struct weir_listeners *listeners)
{
	return open_listeners(options, listeners) ?: hand_over(cli, options, listeners);
}

void weir_listeners_close(struct weir_listeners *listeners)
{
	for (unsigned int i = 0; i < listeners->count; i++) {
		closep(&listeners->fds[WEIR_HTTP][i]);
		closep(&listeners->fds[WEIR_TLS][i]);
	}
}
