/* SPDX-License-Identifier: GPL-2.0-only */
/* A gate's state -> lines or JSON. */
#include "report/status.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/quantity.h"
#include "report/json.h"

static const char *const trial_slugs[] = {
	[WEIR_TRIAL_NONE] = "none",
	[WEIR_TRIAL_RUNS] = "running",
	[WEIR_TRIAL_WENT_BACK] = "went_back",
};

static const char *const files_slugs[] = {
	[WEIR_FILES_UNREAD] = "unread",
	[WEIR_FILES_SAME] = "same",
	[WEIR_FILES_CHANGED] = "changed",
	[WEIR_FILES_BAD] = "bad",
};

void weir_status_done(struct weir_status *status)
{
	free(status->interfaces);
	*status = (struct weir_status){};
}

const char *weir_status_interface_state(const struct weir_status_interface *interface)
{
	return interface->is_gone        ? "gone"
	       : interface->is_elsewhere ? "elsewhere"
	       : interface->is_native    ? "native"
					 : "skb";
}

size_t weir_status_attached(const struct weir_status *status)
{
	size_t count = 0;

	for (size_t i = 0; i < status->interfaces_count; i++)
		count += !status->interfaces[i].is_gone;
	return count;
}

const char *weir_status_trial_slug(enum weir_status_trial trial)
{
	return trial_slugs[trial];
}

const char *weir_status_files_slug(enum weir_status_files files)
{
	return files_slugs[files];
}

static void print_interfaces(FILE *to, const struct weir_status *status)
{
	if (!status->interfaces_count)
		fputs("interfaces:  none: nothing is filtered\n", to);
	for (size_t i = 0; i < status->interfaces_count; i++) {
		const struct weir_status_interface *interface = &status->interfaces[i];

		fprintf(to, "interface:   %s, %s", interface->name,
			weir_status_interface_state(interface));
		if (interface->is_gone)
			fprintf(to, ": %s; attach again\n",
				interface->is_shared
					? "the interface was deleted, or another tool took the "
					  "gate off"
					: "the interface was deleted, or its link detached "
					  "by force");
		else
			fprintf(to, "%s%s, program id %u, %s%s%s\n",
				interface->is_elsewhere ? " (another network namespace)" : " mode",
				interface->is_on_trial ? ", on trial" : "", interface->program_id,
				interface->is_shared ? "shared, by libxdp's dispatcher"
						     : "by a bpf link, not shared",
				*interface->why_alone ? ": " : "", interface->why_alone);
	}
}

static void print_trial(FILE *to, const struct weir_status *status)
{
	char left[WEIR_QUANTITY_TEXT_MAX];

	if (status->trial == WEIR_TRIAL_RUNS)
		fprintf(to, "trial:       %s in %s unless weir confirm comes\n",
			status->is_attach_trial ? "interfaces on trial receive everything again"
						: "goes back",
			weir_duration_format(status->trial_left_ns, left));
	if (status->trial == WEIR_TRIAL_WENT_BACK)
		fprintf(to, "trial:       ended unconfirmed: %s\n",
			status->is_attach_trial
				? "interfaces on trial receive everything; attach again"
				: "the policy before it is in force");
}

static void print_policy(FILE *to, const struct weir_status *status)
{
	char time[WEIR_TIME_TEXT_MAX];

	if (!status->has_policy) {
		fputs("policy:      none: everything is dropped\n", to);
		return;
	}
	weir_time_text(status->applied_at_s * 1000000000ULL, time);
	if (!status->fingerprint) /* WEIR_FINGERPRINT_MANAGEMENT */
		fprintf(to, "policy:      management only, since %s: weir check, then weir apply\n",
			time);
	else
		fprintf(to, "policy:      %016llx, applied %s, half %u\n", status->fingerprint,
			time, status->half);
	print_trial(to, status);
	fprintf(to, "addresses:   %u destinations, %llu denied sources (%u of %u blocks)\n",
		status->destinations, status->denied_addresses, status->blocks, status->blocks_max);
}

static void print_drift(FILE *to, const struct weir_status *status)
{
	if (status->files == WEIR_FILES_CHANGED)
		fputs("drift:       the files have changed: weir plan shows what\n", to);
	if (status->files == WEIR_FILES_BAD)
		fputs("drift:       the files have errors: weir check lists them\n", to);
	if (status->routes_missing)
		fprintf(to, "drift:       %u ingress addresses are not local: weir apply\n",
			status->routes_missing);
}

static void print_proxy(FILE *to, const struct weir_status_proxy *proxy)
{
	char time[WEIR_TIME_TEXT_MAX];

	if (proxy->runs)
		fprintf(to,
			"proxy:       pid %llu, since %s, %llu workers, %llu connections, "
			"%llu routes, %llu live changes\n",
			proxy->pid, weir_time_text(proxy->since_s * 1000000000ULL, time),
			proxy->workers, proxy->open, proxy->routes, proxy->changes);
}

char *weir_status_table(const struct weir_status *status)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	if (!status->is_loaded) {
		fprintf(to, "gate:        %s: not loaded; nothing is filtered\n", status->instance);
	} else {
		fprintf(to, "gate:        %s, program id %u, tag %016llx, layout %u\n",
			status->instance, status->program_id, status->program_tag, status->layout);
		print_interfaces(to, status);
		print_policy(to, status);
		fprintf(to, "live:        %u bans, %u releases, room for %u\n", status->live_bans,
			status->live_releases, status->live_max);
		fprintf(to, "hand-off:    %s\n",
			!status->is_steered && status->proxy.runs
				? "not attached: the proxy that runs is given nothing until it is "
				  "restarted"
			: !status->is_steered ? "not attached"
			: status->has_http_listener && status->has_tls_listener
				? "to the proxy"
				: "attached, no proxy listens");
		print_drift(to, status);
	}
	print_proxy(to, &status->proxy);
	return take_text(to, &text);
}

static json_t *interfaces_json(const struct weir_status *status)
{
	json_t *interfaces = json_array();

	for (size_t i = 0; i < status->interfaces_count; i++) {
		const struct weir_status_interface *interface = &status->interfaces[i];

		json_array_append_new(
			interfaces,
			json_pack("{s:s, s:s, s:I, s:b, s:b, s:s*}", "name", interface->name,
				  "mode", weir_status_interface_state(interface), "program_id",
				  (json_int_t)interface->program_id, "on_trial",
				  interface->is_on_trial, "shared", interface->is_shared,
				  "why_alone",
				  *interface->why_alone ? interface->why_alone : NULL));
	}
	return interfaces;
}

static json_t *hex_json(__u64 value)
{
	return json_sprintf("%016llx", value);
}

static json_t *policy_json(const struct weir_status *status)
{
	if (!status->has_policy)
		return json_null();
	return json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:I}", "fingerprint",
			 hex_json(status->fingerprint), "applied_at",
			 weir_json_time(status->applied_at_s * 1000000000ULL), "half",
			 (json_int_t)status->half, "destinations", (json_int_t)status->destinations,
			 "denied_addresses", (json_int_t)status->denied_addresses, "blocks",
			 (json_int_t)status->blocks, "blocks_max", (json_int_t)status->blocks_max);
}

static json_t *live_json(const struct weir_status *status)
{
	return json_pack("{s:I, s:I, s:I}", "bans", (json_int_t)status->live_bans, "releases",
			 (json_int_t)status->live_releases, "max", (json_int_t)status->live_max);
}

static json_t *steer_json(const struct weir_status *status)
{
	return json_pack("{s:b, s:b, s:b}", "attached", status->is_steered, "http_listener",
			 status->has_http_listener, "tls_listener", status->has_tls_listener);
}

static json_t *proxy_json(const struct weir_status_proxy *proxy)
{
	if (!proxy->runs)
		return json_null();
	return json_pack("{s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "pid", (json_int_t)proxy->pid,
			 "since", weir_json_time(proxy->since_s * 1000000000ULL), "workers",
			 (json_int_t)proxy->workers, "open", (json_int_t)proxy->open, "connections",
			 (json_int_t)proxy->connections, "requests", (json_int_t)proxy->requests,
			 "routes", (json_int_t)proxy->routes, "live_changes",
			 (json_int_t)proxy->changes);
}

char *weir_status_json(const struct weir_status *status, bool is_line)
{
	json_t *gate = json_null();

	if (status->is_loaded)
		gate = json_pack("{s:I, s:o, s:I}", "program_id", (json_int_t)status->program_id,
				 "tag", hex_json(status->program_tag), "layout",
				 (json_int_t)status->layout);
	return weir_json_form(
		json_pack("{s:s, s:o, s:o, s:o, s:{s:s, s:s, s:f}, s:o, s:o, s:I, s:s, s:o}",
			  "instance", status->instance, "gate", gate, "interfaces",
			  interfaces_json(status), "policy", policy_json(status), "trial", "state",
			  trial_slugs[status->trial], "of",
			  status->is_attach_trial ? "attach" : "policy", "left_s",
			  status->trial_left_ns / 1e9, "live", live_json(status), "handoff",
			  steer_json(status), "routes_missing", (json_int_t)status->routes_missing,
			  "files", files_slugs[status->files], "proxy", proxy_json(&status->proxy)),
		is_line);
}
