/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A new proxy in the place of the running one, without a moment in which nobody accepts.
 *
 *   new: takeover --->  old: its sockets (both groups, metrics, control) and its lock, by SCM_RIGHTS
 *   new: accepts from the same sockets, beside the old one
 *   new: serving  --->  old: what its containers owe; then it accepts no more, and drains
 *
 * Until `serving` the old one is in charge: when the new one ends before, nothing has changed. When
 * the old one is killed before, the new one has all that it takes, and serves. The old one runs
 * without privileges: what it says is checked, and cannot make the new one do more than serve.
 */
#include "cmd/proxy_takeover.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "cmd/endpoint.h"
#include "kernel/lock.h"

/* Containers that owe something, in one reply; those beyond begin with full buckets. */
enum { PAST_ROWS_MAX = 50000 };

/* How long the death of a process may take after its sockets are closed. */
enum { DEATH_MS = 1000 };

/* In the order in which they are passed: the lock, the control socket, the groups, the metrics. */
enum { PASSED_LOCK, PASSED_CONTROL, PASSED_GROUPS };

/* ---- the old one ----------------------------------------------------------------------- */

bool weir_takeover_is_under_way(const struct weir_proxy_run *run)
{
	const struct weir_takeover *takeover = &run->takeover;

	return takeover->taker && takeover->taker->fd >= 0 &&
	       takeover->taker->number == takeover->taker_number;
}

bool weir_takeover_is_over(const struct weir_proxy_run *run)
{
	return run->takeover.is_handed_over &&
	       !(weir_takeover_is_under_way(run) && run->takeover.taker->out);
}

int weir_takeover_give(struct weir_control_call *call)
{
	struct weir_proxy_run *run = call->context;
	struct weir_takeover *takeover = &run->takeover;
	const struct weir_listeners *listeners = &run->listeners;
	struct weir_control_conn *conn = call->conn;
	size_t count = PASSED_GROUPS;

	if (!conn)
		return -EOPNOTSUPP;
	if (weir_takeover_is_under_way(run))
		return weir_diags_error(&call->diags, NULL, 0, 0,
					"process %d is taking over already", takeover->taker_pid);
	conn->passed[PASSED_LOCK] = run->lock_fd;
	conn->passed[PASSED_CONTROL] = run->shared.control_fd;
	for (int protocol = WEIR_HTTP; protocol <= WEIR_TLS; protocol++)
		for (unsigned int i = 0; i < listeners->count; i++)
			conn->passed[count++] = listeners->fds[protocol][i];
	if (run->shared.metrics_fd >= 0)
		conn->passed[count++] = run->shared.metrics_fd;
	conn->passed_count = count;
	takeover->taker = conn;
	takeover->taker_number = conn->number;
	takeover->taker_pid = conn->pid;
	return json_object_update_new(call->reply,
				      json_pack("{s:i, s:i, s:[b, b], s:b}", "pid", getpid(),
						"listeners", (int)listeners->count,
						"is_behind_gate", !run->options.listen[WEIR_HTTP],
						!run->options.listen[WEIR_TLS], "has_metrics",
						run->shared.metrics_fd >= 0))
		       ? -ENOMEM
		       : 0;
}

static json_t *container_json(const struct weir_container_state *container,
			      const struct weir_container_past *past)
{
	return json_pack("[s, I, i, I, I, I, I]", container->app,
			 (json_int_t)ntohl(container->address.sin_addr.s_addr),
			 ntohs(container->address.sin_port),
			 (json_int_t)past->arrival_units[WEIR_UP],
			 (json_int_t)past->arrival_units[WEIR_DOWN], (json_int_t)past->retry_at_ns,
			 (json_int_t)past->failures);
}

static json_t *past_json(const struct weir_table *top, __u64 now)
{
	json_t *rows = json_array();

	for (const struct weir_table *table = top; table; table = table->base)
		for (size_t i = 0; i < table->containers_count; i++) {
			const struct weir_container_state *container = table->containers[i];
			struct weir_container_past past;

			if (weir_container_past(container, now, &past) &&
			    json_array_size(rows) < PAST_ROWS_MAX &&
			    !weir_table_is_above(top, table, container))
				json_array_append_new(rows, container_json(container, &past));
		}
	return rows;
}

int weir_takeover_finish(struct weir_control_call *call)
{
	struct weir_proxy_run *run = call->context;
	_cleanup_(weir_table_unref) struct weir_table *table = NULL;
	char state[32];

	if (!weir_takeover_is_under_way(run) || run->takeover.taker != call->conn)
		return weir_diags_error(&call->diags, NULL, 0, 0, "nothing is being taken over");
	table = weir_proxy_table(run->proxy);
	json_object_set_new(call->reply, "containers", past_json(table, weir_monotonic_ns()));
	/* The service manager believes this of the process that it knows. */
	snprintf(state, sizeof(state), "MAINPID=%d", run->takeover.taker_pid);
	weir_notify(run->notify_fd, state);
	weir_lock_sign(run->lock_fd, run->takeover.taker_pid, "proxy");
	run->takeover.is_handed_over = true;
	return 0;
}

/* ---- the new one ----------------------------------------------------------------------- */

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
	    received->count != PASSED_GROUPS + 2 * (size_t)count + has_metrics)
		return refuse(diags, "the running proxy speaks otherwise: restart it");
	run->takeover.giver_pidfd = pidfd_open(json_integer_value(json_object_get(reply, "pid")),
					       0);
	run->lock_fd = take_fd(&received->fds[PASSED_LOCK]);
	run->control_fd = take_fd(&received->fds[PASSED_CONTROL]);
	weir_listeners_init(&run->listeners, count);
	for (int protocol = WEIR_HTTP; protocol <= WEIR_TLS; protocol++)
		for (json_int_t i = 0; i < count; i++)
			run->listeners.fds[protocol][i] = take_fd(
				&received->fds[PASSED_GROUPS + protocol * count + i]);
	if (has_metrics)
		take_metrics(run, &received->fds[received->count - 1]);
	for (int protocol = WEIR_HTTP; !r && protocol <= WEIR_TLS; protocol++)
		r = check_group(run, protocol, json_is_true(json_array_get(behind, protocol)),
				diags, &at[protocol]);
	return r ?: add_listeners(run, at, diags);
}

static int begin(struct weir_proxy_run *run, struct weir_diags *diags)
{
	__attribute__((cleanup(received_done))) struct received received = {};
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
