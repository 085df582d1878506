/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The new proxy, in the place of the running one: what does it get, and is that what it needs?
 *
 * The running one has no privileges: what it says is checked, and cannot make the new one do more
 * than serve. Until it is relieved it is in charge: a new one that ends before changes nothing. When
 * the running one is killed before, the new one has all that it takes, and serves.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "cmd/endpoint.h"
#include "cmd/proxy_takeover.h"
#include "kernel/lock.h"

/* How long the death of a process may take after its sockets are closed. */
enum { DEATH_MS = 1000 };

/* What came, until each has its place. */
struct received {
	int fds[WEIR_CONTROL_PASSED_MAX];
	size_t count;
};

static void received_done(struct received *received)
{
	while (received->count)
		closep(&received->fds[--received->count]);
}

static int refuse(struct weir_diags *diags, const char *why)
{
	return weir_diags_error(diags, NULL, 0, 0, "cannot take over: %s", why);
}

static int option_of(int fd, int option)
{
	int value = -1;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &size) ? -1 : value;
}

static bool is_tcp_listener(int fd, struct sockaddr_in *ret_address)
{
	socklen_t size = sizeof(*ret_address);

	return option_of(fd, SO_ACCEPTCONN) == 1 && option_of(fd, SO_DOMAIN) == AF_INET &&
	       option_of(fd, SO_PROTOCOL) == IPPROTO_TCP &&
	       !getsockname(fd, (struct sockaddr *)ret_address, &size);
}

/* Is this group where the options want it? Our own listeners cannot move while they are served. */
static int check_group(const struct weir_proxy_run *run, enum weir_protocol protocol,
		       bool is_behind_gate, struct weir_diags *diags, struct sockaddr_in *ret_at)
{
	const char *wanted = run->options.listen[protocol];
	struct sockaddr_in first = {};
	__u32 address;
	__u16 port;

	for (unsigned int i = 0; i < run->listeners.count; i++) {
		struct sockaddr_in at;

		if (!is_tcp_listener(run->listeners.fds[protocol][i], &at))
			return refuse(diags, "what came is no listener");
		if (i &&
		    (at.sin_port != first.sin_port || at.sin_addr.s_addr != first.sin_addr.s_addr))
			return refuse(diags, "listeners of one group are at several ports");
		first = at;
	}
	if (!wanted != is_behind_gate)
		return refuse(diags, "the running proxy listens elsewhere: restart it");
	if (wanted && (weir_listen_parse(wanted, &address, &port) ||
		       ntohl(first.sin_addr.s_addr) != address || ntohs(first.sin_port) != port))
		return refuse(diags, "the running proxy listens at another address: restart it");
	*ret_at = first;
	return 0;
}

/*
 * More workers than sockets: more sockets, in the same groups. Fewer: none is closed, because who
 * waits at it would be reset.
 */
static int add_listeners(struct weir_proxy_run *run, const struct sockaddr_in at[2],
			 struct weir_diags *diags)
{
	unsigned int had = run->listeners.count;
	int r = 0;

	if (run->workers <= had)
		return 0;
	for (int protocol = WEIR_HTTP; !r && protocol <= WEIR_TLS; protocol++)
		r = weir_listener_open(ntohl(at[protocol].sin_addr.s_addr),
				       ntohs(at[protocol].sin_port), run->workers - had,
				       run->listeners.fds[protocol] + had);
	if (r)
		return weir_diags_error(diags, NULL, 0, 0, "listen: %s", strerror(-r)), r;
	run->listeners.count = run->workers;
	return 0;
}

/* The running one's port for metrics, if it is the one that the settings ask for. */
static void take_metrics(struct weir_proxy_run *run, int *fd)
{
	const struct weir_proxy_settings *settings = &run->config->proxy;
	struct sockaddr_in at;

	if (settings->metrics_port && is_tcp_listener(*fd, &at) &&
	    ntohs(at.sin_port) == settings->metrics_port &&
	    ntohl(at.sin_addr.s_addr) == settings->metrics_address)
		run->metrics_fd = take_fd(fd);
}

/* Give every descriptor its place in the run, once the reply says what they are. */
static int place(struct weir_proxy_run *run, const json_t *reply, struct received *received,
		 struct weir_diags *diags)
{
	json_int_t count = json_integer_value(json_object_get(reply, "listeners"));
	bool has_metrics = json_is_true(json_object_get(reply, "has_metrics"));
	const json_t *behind = json_object_get(reply, "is_behind_gate");
	struct sockaddr_in at[2];
	int r = 0;

	if (count < 1 || count > WEIR_WORKERS_MAX ||
	    received->count != WEIR_PASSED_GROUPS + 2 * (size_t)count + has_metrics)
		return refuse(diags, "the running proxy speaks otherwise: restart it");
	run->takeover.giver_pidfd = pidfd_open(json_integer_value(json_object_get(reply, "pid")),
					       0);
	run->lock_fd = take_fd(&received->fds[WEIR_PASSED_LOCK]);
	run->control_fd = take_fd(&received->fds[WEIR_PASSED_CONTROL]);
	weir_listeners_init(&run->listeners, count);
	for (int protocol = WEIR_HTTP; protocol <= WEIR_TLS; protocol++)
		for (json_int_t i = 0; i < count; i++)
			run->listeners.fds[protocol][i] = take_fd(
				&received->fds[WEIR_PASSED_GROUPS + protocol * count + i]);
	if (has_metrics)
		take_metrics(run, &received->fds[received->count - 1]);
	for (int protocol = WEIR_HTTP; !r && protocol <= WEIR_TLS; protocol++)
		r = check_group(run, protocol, json_is_true(json_array_get(behind, protocol)),
				diags, &at[protocol]);
	return r ?: add_listeners(run, at, diags);
}

static int begin(struct weir_proxy_run *run, struct weir_diags *diags)
{
	_cleanup_(received_done) struct received received = {};
	_cleanup_json_ json_t *reply = NULL;
	char path[2 * WEIR_PATH_MAX];
	int r = weir_paths_make(run->cli->instance, diags, &run->paths);

	if (r)
		return r;
	r = weir_control_connect(weir_proxy_socket_path(&run->paths, path),
				 &run->takeover.giver_fd);
	if (r == -ENOENT || r == -ECONNREFUSED)
		return -ENOENT;
	if (r)
		return weir_diags_error(diags, NULL, 0, 0, "%s: %s", path, strerror(-r)), r;
	return weir_control_call_passed(run->takeover.giver_fd, "takeover", NULL, diags, &reply,
					received.fds, &received.count)
		       ?: place(run, reply, &received, diags);
}

int weir_takeover_begin(struct weir_proxy_run *run)
{
	_cleanup_diags_ struct weir_diags diags = {};
	int r = begin(run, &diags);

	if (r == -ENOENT)
		fprintf(stderr, "weir: no proxy runs that could be taken over: starting one\n");
	weir_diags_print(&diags, stderr);
	return r;
}

static void resume(const struct weir_table *table, const json_t *row, __u64 now)
{
	json_int_t address, port, up, down, retry_at, failures;
	struct weir_container_state *container;
	const char *app;

	if (json_unpack((json_t *)row, "[s, I, I, I, I, I, I]", &app, &address, &port, &up, &down,
			&retry_at, &failures))
		return;
	container = weir_table_container(table, app, address, port);
	if (container)
		weir_container_resume(container,
				      &(struct weir_container_past){
					      {up, down}, retry_at, failures > 63 ? 63 : failures},
				      now);
}

/* Its connection ends a moment before itself; one that lives on has only hung up, and is in charge. */
static bool has_giver_died(const struct weir_proxy_run *run)
{
	struct pollfd item = {run->takeover.giver_pidfd, POLLIN, 0};

	return item.fd >= 0 && poll(&item, 1, DEATH_MS) == 1 && item.revents & POLLIN;
}

int weir_takeover_complete(struct weir_proxy_run *run)
{
	_cleanup_diags_ struct weir_diags diags = {};
	_cleanup_(weir_table_unref) struct weir_table *table = weir_proxy_table(run->proxy);
	_cleanup_json_ json_t *reply = NULL;
	const json_t *row;
	__u64 now = weir_monotonic_ns();
	size_t i;
	int r = weir_control_call(run->takeover.giver_fd, "serving", NULL, &diags, &reply);

	weir_diags_print(&diags, stderr);
	closep(&run->takeover.giver_fd);
	if (r && has_giver_died(run)) {
		fprintf(stderr,
			"weir: the proxy that was to hand over is dead: serving without it\n");
		weir_lock_sign(run->lock_fd, getpid(), "proxy");
		return 0;
	}
	if (r)
		return r;
	json_array_foreach(json_object_get(reply, "containers"), i, row) resume(table, row, now);
	return 0;
}
