/* SPDX-License-Identifier: GPL-2.0-only */
/* Links, program, maps, routes, hand-off -> struct weir_status. Reads; changes nothing. */
#include "kernel/status.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/attach.h"
#include "kernel/attach_trial.h"
#include "kernel/dispatcher.h"
#include "kernel/generation.h"
#include "kernel/live.h"
#include "kernel/object.h"
#include "kernel/pins.h"
#include "kernel/routes.h"
#include "kernel/steer.h"

static void read_interface(const struct weir_maps *maps, const struct weir_link *link,
			   struct weir_status_interface *interface)
{
	struct weir_running running = {};

	memcpy(interface->name, link->interface, sizeof(interface->name));
	interface->program_id = link->program_id;
	interface->is_shared = link->is_shared;
	interface->is_on_trial = weir_attach_trial_has(maps, link->ifindex);
	interface->is_gone = !link->ifindex;
	interface->is_elsewhere = if_nametoindex(link->interface) != link->ifindex ||
				  weir_running_on(link->ifindex, &running) ||
				  (!link->is_shared && running.program_id != link->program_id);
	interface->is_native = running.mode == WEIR_MODE_NATIVE;
	if (!link->is_shared)
		weir_dispatcher_probe(interface->why_alone, sizeof(interface->why_alone));
}

static int read_interfaces(const struct weir_paths *paths, const struct weir_maps *maps,
			   struct weir_diags *diags, struct weir_status *status)
{
	_cleanup_links_ struct weir_links links = {};
	int r = weir_links_open(paths, diags, &links);

	if (r)
		return r;
	status->interfaces = calloc(links.count ?: 1, sizeof(*status->interfaces));
	if (!status->interfaces)
		return weir_fail(diags, -ENOMEM, "out of memory");
	for (size_t i = 0; i < links.count; i++)
		read_interface(maps, &links.items[i], &status->interfaces[i]);
	status->interfaces_count = links.count;
	return 0;
}

static void read_trial(const struct weir_maps *maps, struct weir_status *status)
{
	__u64 word = weir_maps_control(maps)->word;
	__u64 deadline_ns = weir_control_deadline(word);
	__u64 now_ns = weir_now_ns();

	if (!deadline_ns)
		return;
	status->is_attach_trial = word & WEIR_CONTROL_ATTACH;
	status->trial = now_ns < deadline_ns ? WEIR_TRIAL_RUNS : WEIR_TRIAL_WENT_BACK;
	status->trial_left_ns = now_ns < deadline_ns ? deadline_ns - now_ns : 0;
}

static int read_routes(const struct weir_paths *paths, const struct weir_generation *live,
		       struct weir_diags *diags, struct weir_status *status)
{
	_cleanup_free_ __u32 *wanted = NULL;
	size_t count = 0, missing = 0;
	int r;

	if (weir_generation_ingress(live, &wanted, &count))
		return weir_fail(diags, -ENOMEM, "out of memory");
	r = weir_routes_missing(paths, wanted, count, diags, &missing);
	status->routes_missing = missing;
	return r;
}

static int read_policy(const struct weir_paths *paths, const struct weir_maps *maps,
		       struct weir_diags *diags, struct weir_status *status)
{
	struct weir_generation live;

	status->half = weir_maps_half(maps);
	status->layout = weir_maps_control(maps)->layout;
	status->blocks_max = maps->entries[WEIR_MAP_BLOCKS];
	status->live_max = maps->entries[WEIR_MAP_LIVE];
	read_trial(maps, status);
	status->has_policy = weir_generation_view(maps, status->half, &live);
	if (!status->has_policy)
		return 0;
	status->fingerprint = live.policy.fingerprint;
	status->applied_at_s = live.policy.applied_at_s;
	status->destinations = live.policy.destinations_count;
	status->denied_addresses = live.policy.denied_addresses;
	status->blocks = live.policy.blocks_count;
	return read_routes(paths, &live, diags, status);
}

static int read_live(const struct weir_paths *paths, const struct weir_maps *maps,
		     struct weir_diags *diags, struct weir_status *status)
{
	_cleanup_free_ struct weir_record *records = NULL;
	size_t count = 0;
	int r = weir_live_list(paths, maps, diags, &records, &count);

	for (size_t i = 0; i < count; i++)
		if (records[i].kind == WEIR_LIVE_BAN)
			status->live_bans++;
		else
			status->live_releases++;
	return r;
}

static int read_steer(const struct weir_paths *paths, struct weir_diags *diags,
		      struct weir_status *status)
{
	struct weir_steer_state state = {};
	int r = weir_steer_state(paths, diags, &state);

	status->is_steered = state.is_attached;
	status->has_http_listener = state.has_listener[WEIR_LISTENER_HTTP];
	status->has_tls_listener = state.has_listener[WEIR_LISTENER_TLS];
	return r;
}

int weir_status_read(const struct weir_paths *paths, const char *instance, struct weir_diags *diags,
		     struct weir_status *ret_status)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	_cleanup_status_ struct weir_status status = {};
	int r = weir_pins_find(paths, diags, &maps);

	if (r && r != -ENOENT)
		return r;
	snprintf(status.instance, sizeof(status.instance), "%s", instance);
	if (!r) {
		status.is_loaded = true;
		status.program_id = maps.program_id;
		r = weir_program_tag(maps.program_fd, &status.program_tag) ?:
		    read_interfaces(paths, &maps, diags, &status) ?:
		    read_policy(paths, &maps, diags, &status) ?:
		    read_live(paths, &maps, diags, &status) ?:
		    read_steer(paths, diags, &status);
		if (r)
			return r;
	}
	*ret_status = status;
	status = (struct weir_status){};
	return 0;
}
