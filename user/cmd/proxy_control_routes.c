/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verbs that change routes: a request's members -> what the operator asks for -> changes, carried
 * out as a whole.
 */
#include "cmd/proxy.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "routes/edit.h"

static const char *text_of(const struct weir_control_call *call, const char *name)
{
	return json_string_value(json_object_get(call->request, name));
}

static int need(struct weir_control_call *call, const char *name)
{
	return weir_diags_error(&call->diags, NULL, 0, 0, "the request lacks '%s'", name);
}

/* Who asks, and what is in force now. */
static struct weir_edit edit_of(struct weir_control_call *call)
{
	const struct weir_proxy_run *run = call->context;

	return (struct weir_edit){
		.overlay = weir_proxy_overlay(run),
		.changes = &run->routes.changes,
		.path = text_of(call, "path") ?: "arguments",
		.who = text_of(call, "who") ?: "?",
		.at_ns = weir_realtime_ns(),
		.diags = &call->diags,
	};
}

static int carry_out(struct weir_control_call *call, const struct weir_changes *request)
{
	int r = weir_proxy_routes_change(call->context, request, &call->diags);

	json_object_set_new(call->reply, "changes", json_integer((json_int_t)request->count));
	return r;
}

int weir_proxy_add(struct weir_control_call *call)
{
	_cleanup_changes_ struct weir_changes request = {};
	const struct weir_edit edit = edit_of(call);
	const char *lines = text_of(call, "lines");
	bool replaces = json_is_true(json_object_get(call->request, "replace"));

	if (!lines)
		return need(call, "lines");
	return weir_edit_add(&edit, lines, strlen(lines), replaces, &request)
		       ?: carry_out(call, &request);
}

int weir_proxy_del(struct weir_control_call *call)
{
	_cleanup_changes_ struct weir_changes request = {};
	const struct weir_edit edit = edit_of(call);
	const char *lines = text_of(call, "lines");

	if (!lines)
		return need(call, "lines");
	return weir_edit_remove(&edit, lines, strlen(lines), &request) ?: carry_out(call, &request);
}

/* Without lines: wherever the files have caught up. */
int weir_proxy_revert(struct weir_control_call *call)
{
	_cleanup_changes_ struct weir_changes request = {};
	const struct weir_edit edit = edit_of(call);
	const char *lines = text_of(call, "lines");

	return weir_edit_revert(&edit, lines, lines ? strlen(lines) : 0, &request)
		       ?: carry_out(call, &request);
}

/* Only what is routed can be drained: anything else is a slip of the pen. */
static int check_routed(struct weir_control_call *call, const char *text)
{
	const struct weir_proxy_run *run = call->context;
	_cleanup_(weir_table_unref) struct weir_table *table = weir_proxy_table(run->proxy);
	struct weir_container container;
	__u64 connections;
	const char *why;

	if (weir_container_parse(text, strlen(text), &container, &why))
		return weir_diags_error(&call->diags, NULL, 0, 0, "'%s' %s", text, why);
	if (!weir_table_connections(table, container, &connections))
		return weir_diags_error(&call->diags, NULL, 0, 0, "no route leads to %s", text);
	return 0;
}

int weir_proxy_drain_container(struct weir_control_call *call)
{
	_cleanup_changes_ struct weir_changes request = {};
	const struct weir_edit edit = edit_of(call);
	const json_t *containers = json_object_get(call->request, "containers"), *item;
	bool is_end = json_is_true(json_object_get(call->request, "end"));
	size_t i;
	int r = 0;

	if (!json_array_size(containers))
		return need(call, "containers");
	json_array_foreach(containers, i, item)
	{
		const char *text = json_string_value(item);
		int failed;

		if (!text)
			return need(call, "containers");
		failed = is_end ? 0 : check_routed(call, text);
		failed = failed ?: weir_edit_drain(&edit, text, is_end, &request);
		r = r ?: failed;
	}
	return r ?: carry_out(call, &request);
}

/* A rate of 0, or none, ends the override. */
int weir_proxy_set_rate(struct weir_control_call *call)
{
	const struct weir_proxy_run *run = call->context;
	_cleanup_(weir_table_unref) struct weir_table *table = weir_proxy_table(run->proxy);
	_cleanup_changes_ struct weir_changes request = {};
	const struct weir_edit edit = edit_of(call);
	const char *of = text_of(call, "of");
	json_int_t rate = json_integer_value(json_object_get(call->request, "bytes_per_s"));
	json_int_t burst = json_integer_value(json_object_get(call->request, "burst_bytes"));

	if (!of)
		return need(call, "of");
	if (rate < 0 || burst < 0)
		return weir_diags_error(&call->diags, NULL, 0, 0, "a rate below 0");
	if (rate && !burst)
		burst = (json_int_t)run->config->default_burst_bytes;
	if (rate && !strchr(of, ':') && !weir_table_has_app(table, of))
		return weir_diags_error(&call->diags, NULL, 0, 0, "no app '%s' has containers", of);
	if (rate && strchr(of, ':') && check_routed(call, of))
		return -EINVAL;
	return weir_edit_rate(&edit, of, rate, burst, &request) ?: carry_out(call, &request);
}
