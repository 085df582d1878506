/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The proxy while it serves: the main thread waits for signals and for the control socket, and
 * leaves connections to the workers. SIGHUP reads the routes and opens the log anew, SIGTERM drains.
 */
#include "cmd/proxy.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>

#include "cmd/endpoint.h"
#include "cmd/proxy_log.h"
#include "cmd/proxy_takeover.h"
#include "control/control.h"

#define DRAIN_NS 30000000000ULL

static void on_hangup(struct weir_proxy_run *run)
{
	weir_notify(run->notify_fd, "RELOADING=1");
	weir_cmd_log_reopen(&run->config->proxy, run->proxy);
	weir_proxy_routes_reload(run);
	weir_notify(run->notify_fd, "READY=1");
}

/* Returns 1 for a signal that ends the proxy, 0 to go on, or a negative errno. */
static int take_signal(struct weir_proxy_run *run, int signals)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if (info.ssi_signo != SIGHUP)
		return 1;
	on_hangup(run);
	return 0;
}

/* Until a signal says that it is over. */
static int loop(struct weir_proxy_run *run, int signals, struct weir_control_server *server)
{
	static const struct timespec pause = {.tv_nsec = 100000000};
	struct pollfd items[1 + WEIR_CONTROL_FDS_MAX] = {{signals, POLLIN, 0}};

	for (int r = 0;;) {
		size_t count = 0;
		int timeout_ms = -1;

		if (server)
			count = weir_control_polled(server, items + 1, &timeout_ms);
		/* Out of memory for a moment, at worst: no reason to end what the workers serve. */
		if (poll(items, 1 + count, timeout_ms) < 0) {
			if (errno != EINTR)
				nanosleep(&pause, NULL);
			continue;
		}
		if (items[0].revents)
			r = take_signal(run, signals);
		if (r)
			return r < 0 ? r : 0;
		if (server)
			weir_control_serve(server, items + 1, count);
		if (weir_takeover_is_over(run))
			return 0;
	}
}

static int block_signals(void)
{
	sigset_t set;

	/* splice(2) into a closed socket has no flag against it. */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The table and the workers; privileges are gone by now. Prints what fails. */
static int start(struct weir_proxy_run *run, const struct weir_proxy_limits *limits)
{
	_cleanup_(weir_table_unref) struct weir_table *table = NULL;
	int r = weir_proxy_routes_start(run, &table);

	if (r)
		return r;
	r = weir_proxy_start(limits, table, &run->listeners, run->workers, &run->log, &run->proxy);
	if (r)
		return weir_proxy_fail("proxy", r), r;
	take_pointer(table);
	return 0;
}

/* Serve what is asked of a proxy that has started. Returns 0 or a negative errno. */
static int run_until_told(struct weir_proxy_run *run, int signals)
{
	_cleanup_(weir_endpoint_stop) struct weir_endpoint *endpoint = NULL;
	_cleanup_(weir_control_server_free) struct weir_control_server *server = NULL;
	int r = 0;

	if (run->control_fd >= 0)
		r = weir_control_server_new(run->control_fd, weir_proxy_verbs, run, &server);
	if (r)
		return weir_proxy_fail("control socket", r), r;
	run->shared.control_fd = take_fd(&run->control_fd);
	r = weir_cmd_endpoint_serve(take_fd(&run->metrics_fd), run->proxy, &endpoint);
	if (!r && run->takeover.giver_fd >= 0)
		r = weir_takeover_complete(run);
	if (r)
		return r;
	run->shared.metrics_fd = endpoint ? weir_endpoint_fd(endpoint) : -1;
	weir_notify(run->notify_fd, "READY=1");
	if (run->ready_fd >= 0 && write(run->ready_fd, "r", 1) == 1)
		closep(&run->ready_fd);
	r = loop(run, signals, server);
	if (r)
		weir_proxy_fail("signals", r);
	if (!run->takeover.is_handed_over)
		weir_notify(run->notify_fd, "STOPPING=1");
	return r;
}

/* All that takes privileges: from the running proxy, or made. */
static int claim(struct weir_proxy_run *run)
{
	int r = run->options.takes_over ? weir_takeover_begin(run) : -ENOENT;

	if (r == -ENOENT)
		r = weir_proxy_claim(run)
			    ?: weir_listeners_open(run->cli, &run->options, &run->listeners);
	r = r ?: weir_proxy_open_state(run);
	if (!r && run->metrics_fd < 0)
		r = weir_cmd_endpoint_listen(&run->config->proxy, &run->metrics_fd);
	return r;
}

static struct weir_proxy_limits limits_of(const struct weir_proxy_settings *settings)
{
	struct weir_proxy_limits limits = weir_proxy_limits_default;

	if (settings->connections_max)
		limits.connections_max = settings->connections_max;
	limits.connections_per_client = settings->connections_per_client;
	limits.connections_per_container = settings->connections_per_container;
	limits.trusted = (struct weir_prefixes){settings->trusted_proxies,
						settings->trusted_proxies_count};
	limits.prefaced = (struct weir_prefixes){settings->proxy_protocol,
						 settings->proxy_protocol_count};
	return limits;
}

int weir_proxy_serve(struct weir_proxy_run *run)
{
	struct weir_proxy_settings *settings = &run->config->proxy;
	const struct weir_proxy_limits limits = limits_of(settings);
	_cleanup_close_ int signals = block_signals();
	int r;

	if (signals < 0)
		return weir_proxy_fail("signalfd", -errno);
	weir_proxy_raise_descriptors(limits.connections_max);
	run->notify_fd = weir_notify_open();
	if (claim(run) || weir_proxy_drop_privileges(run))
		return WEIR_EXIT_FAILED;
	if (run->options.is_quiet)
		settings->log = WEIR_LOG_OFF;
	if (weir_cmd_log_open(settings, &run->log) < 0)
		return WEIR_EXIT_FAILED;
	run->since_s = time(NULL);
	if (start(run, &limits))
		return WEIR_EXIT_FAILED;
	r = run_until_told(run, signals);
	/* Closed at once, so that no connection waits at a listener that nobody serves. */
	if (run->takeover.is_handed_over || (r && run->options.takes_over))
		weir_proxy_hand_over(run->proxy, DRAIN_NS);
	else
		weir_proxy_drain(run->proxy, r ? 0 : DRAIN_NS);
	weir_listeners_close(&run->listeners);
	closep(&run->lock_fd); /* the next one may start while this one drains */
	weir_proxy_stop(&run->proxy, DRAIN_NS);
	return r < 0 ? WEIR_EXIT_FAILED : WEIR_EXIT_DONE;
}
