/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The running proxy, when another takes its place: what does it give, and when is it relieved?
 *
 * It passes its lock and sockets and goes on as before, but for changes of routes, which wait. At
 * `serving` it says what its containers owe, names its successor to the service manager, and drains.
 * A successor whose connection ends before that has given up its claim.
 */
#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "cmd/proxy_takeover.h"
#include "kernel/lock.h"

/* Containers that owe something, in one reply; those beyond begin with full buckets. */
enum { PAST_ROWS_MAX = 50000 };

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
	size_t count = WEIR_PASSED_GROUPS;

	if (!conn)
		return -EOPNOTSUPP;
	if (weir_takeover_is_under_way(run))
		return weir_diags_error(&call->diags, NULL, 0, 0,
					"process %d is taking over already", takeover->taker_pid);
	conn->passed[WEIR_PASSED_LOCK] = run->lock_fd;
	conn->passed[WEIR_PASSED_CONTROL] = run->shared.control_fd;
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

/* Killed behind its last word, which waited here to be read. */
static bool has_hung_up(const struct weir_control_conn *taker)
{
	struct pollfd item = {taker->fd, POLLRDHUP, 0};

	return poll(&item, 1, 0) == 1;
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
	if (has_hung_up(call->conn))
		return weir_diags_error(&call->diags, NULL, 0, 0, "nobody is taking over any more");
	/* The service manager believes this of the process that it knows. */
	snprintf(state, sizeof(state), "MAINPID=%d", run->takeover.taker_pid);
	weir_notify(run->notify_fd, state);
	weir_lock_sign(run->lock_fd, run->takeover.taker_pid, "proxy");
	run->takeover.is_handed_over = true;
	return 0;
}
