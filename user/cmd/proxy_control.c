/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verbs of a running proxy's control socket. All run in the main thread, one at a time; the
 * workers never wait for them.
 */
#include "cmd/proxy_takeover.h"

#include <errno.h>

static int status(struct weir_control_call *call)
{
	const struct weir_proxy_run *run = call->context;
	const struct weir_overlay overlay = weir_proxy_overlay(run);
	struct weir_counters totals;
	json_t *members;

	weir_proxy_counters(run->proxy, &totals);
	members = json_pack("{s:i, s:s, s:I, s:i, s:I, s:I, s:I, s:I, s:I}", "pid", getpid(),
			    "release", WEIR_VERSION, "since", (json_int_t)run->since_s, "workers",
			    (int)run->workers, "open",
			    (json_int_t)weir_proxy_open_connections(run->proxy), "connections",
			    (json_int_t)totals.connections, "requests", (json_int_t)totals.requests,
			    "routes", (json_int_t)weir_overlay_count(&overlay), "changes",
			    (json_int_t)run->routes.changes.count);
	return json_object_update_new(call->reply, members) ? -ENOMEM : 0;
}

const struct weir_control_verb weir_proxy_verbs[] = {
	{"status", status},
	{"list", weir_proxy_list},
	{"add", weir_proxy_add},
	{"del", weir_proxy_del},
	{"revert", weir_proxy_revert},
	{"drain", weir_proxy_drain_container},
	{"set", weir_proxy_set_rate},
	{"takeover", weir_takeover_give},
	{"serving", weir_takeover_finish},
	{},
};
