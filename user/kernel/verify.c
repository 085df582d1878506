/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * (files, kernel) -> drifts: where the kernel does not hold what the files say. One function a part of
 * the kernel: program, trial, policy, interfaces, routes, hand-off; live bans are verify_live.c.
 * Each adds what it finds, by name up to a number. Nothing is changed, and no gate at all, or
 * one of another layout, is a drift as well, not a failure.
 */
#include "kernel/verify.h"

#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/fail.h"
#include "base/quantity.h"
#include "kernel/attach.h"
#include "kernel/build.h"
#include "kernel/generation.h"
#include "kernel/object.h"
#include "kernel/pins.h"
#include "kernel/routes.h"
#include "kernel/shared.h"
#include "kernel/steer.h"
#include "kernel/verify_live.h"
#include "net/sockets.h"
#include "plan/addresses.h"

enum { NAMED_MAX = 20 }; /* of one kind; the rest is a number */

struct verify {
	const struct weir_paths *paths;
	const struct weir_config *config;
	struct weir_diags *diags;
	struct weir_maps maps;
	struct weir_drifts *to;
};

static void verify_done(struct verify *verify)
{
	weir_maps_done(&verify->maps);
}

int weir_drift_add(struct weir_drifts *to, enum weir_drift_kind kind, const char *format, ...)
{
	struct weir_drift *drift = weir_array_add(&to->items, &to->count);
	va_list arguments;

	if (!drift)
		return -ENOMEM;
	drift->kind = kind;
	va_start(arguments, format);
	vsnprintf(drift->text, sizeof(drift->text), format, arguments);
	va_end(arguments);
	return 0;
}

#define add(verify, kind, ...) weir_drift_add((verify)->to, WEIR_DRIFT_##kind, __VA_ARGS__)

/* ---- program and policy ----------------------------------------------------------------- */

static int check_program(struct verify *verify)
{
	const struct weir_load load = {
		.share = &verify->maps, .is_twin = true, .forced_half = WEIR_HALF_IN_FORCE};
	_cleanup_close_ int own = -1;
	__u64 live_tag, own_tag;
	int r = weir_gate_load(&load, verify->diags, &own)
			?: weir_program_tag(own, &own_tag)
			?: weir_program_tag(verify->maps.program_fd, &live_tag);

	if (!r && live_tag != own_tag)
		r = add(verify, PROGRAM, "program id %u is of another version than this command",
			verify->maps.program_id);
	return r;
}

static int check_trial(struct verify *verify)
{
	__u64 word = weir_maps_control(&verify->maps)->word;
	__u64 deadline_ns = weir_control_deadline(word);
	__u64 now_ns = weir_now_ns();
	char left[WEIR_QUANTITY_TEXT_MAX];

	if (!deadline_ns)
		return 0;
	if (now_ns < deadline_ns)
		return add(verify, TRIAL, "%s in %s",
			   word & WEIR_CONTROL_ATTACH
				   ? "interfaces on trial receive everything again"
				   : "the policy in force goes back",
			   weir_duration_format(deadline_ns - now_ns, left));
	return add(verify, TRIAL_OVER, "a trial has ended unconfirmed: %s",
		   word & WEIR_CONTROL_ATTACH ? "its interfaces receive everything"
					      : "the policy before it is in force");
}

/* Every difference by name, but not a million of them. */
static int add_changes(struct verify *verify, const struct weir_diff *diff)
{
	int r = 0;

	for (size_t i = 0; !r && i < diff->count && i < NAMED_MAX; i++)
		r = add(verify, POLICY, "%c %s %s", diff->items[i].sign,
			weir_change_slug(diff->items[i].kind), diff->items[i].text);
	if (!r && diff->count > NAMED_MAX)
		r = add(verify, POLICY, "and %zu differences more; weir plan has all",
			diff->count - NAMED_MAX);
	return r;
}

static int check_policy(struct verify *verify)
{
	__attribute__((cleanup(weir_generation_free))) struct weir_generation *wanted = NULL;
	__attribute__((cleanup(weir_diff_done))) struct weir_diff diff = {};
	struct weir_generation live;
	int r = weir_maps_open_base(&verify->maps, verify->diags)
			?: weir_build(verify->config, &verify->maps, verify->diags, &wanted);

	if (r)
		return r;
	if (!weir_generation_view(&verify->maps, weir_maps_half(&verify->maps), &live))
		return add(verify, POLICY, "none is in force: every packet is dropped");
	return weir_diff_make(&live, wanted, &diff) ?: add_changes(verify, &diff);
}

/* ---- interfaces ------------------------------------------------------------------------- */

static const struct weir_link *find_link(const struct weir_links *links, const char *interface)
{
	for (size_t i = 0; i < links->count; i++)
		if (!strcmp(links->items[i].interface, interface))
			return &links->items[i];
	return NULL;
}

static int check_interface(struct verify *verify, const struct weir_links *links,
			   const struct weir_interface *wanted)
{
	const struct weir_link *link = find_link(links, wanted->name);
	unsigned int ifindex = if_nametoindex(wanted->name);
	struct weir_running running = {};
	int r;

	if (!ifindex)
		return add(verify, INTERFACE, "%s does not exist here", wanted->name);
	if (!link || !link->ifindex)
		return add(verify, INTERFACE, "%s is not attached", wanted->name);
	r = weir_running_on(ifindex, &running);
	if (r)
		return weir_fail(verify->diags, r, "cannot inspect %s: %s", wanted->name,
				 strerror(-r));
	if (!weir_link_is_on(link, ifindex))
		return add(verify, INTERFACE,
			   "%s is not attached: the pinned link is of another "
			   "interface of that name",
			   wanted->name);
	if (link->is_shared ? !weir_shared_is_live(link, &verify->maps)
			    : link->program_id != verify->maps.program_id)
		return add(verify, INTERFACE, "%s runs program id %u, not the live one, %u",
			   wanted->name, link->program_id, verify->maps.program_id);
	if (wanted->mode != WEIR_MODE_AUTO && wanted->mode != running.mode)
		return add(verify, INTERFACE, "%s is attached in %s mode, not %s", wanted->name,
			   weir_mode_name(running.mode), weir_mode_name(wanted->mode));
	return 0;
}

static bool is_configured(const struct weir_config *config, const char *interface)
{
	for (size_t i = 0; i < config->interfaces_count; i++)
		if (!strcmp(config->interfaces[i].name, interface))
			return true;
	return false;
}

static int check_interfaces(struct verify *verify)
{
	const struct weir_config *config = verify->config;
	_cleanup_links_ struct weir_links links = {};
	int r = weir_links_open(verify->paths, verify->diags, &links);

	for (size_t i = 0; !r && i < config->interfaces_count; i++)
		r = check_interface(verify, &links, &config->interfaces[i]);
	for (size_t i = 0; !r && i < links.count; i++) {
		const struct weir_link *link = &links.items[i];

		if (is_configured(config, link->interface))
			continue;
		if (!link->ifindex)
			r = add(verify, INTERFACE, "%s was attached, and is filtered no longer",
				link->interface);
		/* Where the files name none, what was attached by hand is as good as any. */
		else if (config->interfaces_count)
			r = add(verify, INTERFACE, "%s is attached, and the files do not name it",
				link->interface);
	}
	return r;
}

/* ---- routes and hand-off ---------------------------------------------------------------- */

static int add_routes(struct verify *verify, const __u32 *addresses, size_t count, const char *what)
{
	char text[WEIR_PREFIX_TEXT_MAX];
	int r = 0;

	for (size_t i = 0; !r && i < count && i < NAMED_MAX; i++)
		r = add(verify, ROUTE, "%s %s", weir_address_format(addresses[i], text), what);
	if (!r && count > NAMED_MAX)
		r = add(verify, ROUTE, "and %zu addresses more that are so", count - NAMED_MAX);
	return r;
}

/* Keep those that no connection uses any more: the others stay by intention. */
static int keep_unused(struct verify *verify, struct weir_routes_state *state)
{
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; !r && i < state->stale_count; i++) {
		bool is_used = false;

		r = weir_sockets_use(state->stale[i], verify->diags, &is_used);
		if (!is_used)
			state->stale[kept++] = state->stale[i];
	}
	state->stale_count = kept;
	return r;
}

static int check_routes(struct verify *verify)
{
	__attribute__((cleanup(weir_routes_state_done))) struct weir_routes_state state = {};
	const struct weir_region *region = &verify->config->region;
	_cleanup_free_ __u32 *wanted = calloc(region->ingress_count ?: 1, sizeof(*wanted));
	bool is_trying = weir_control_deadline(weir_maps_control(&verify->maps)->word);
	size_t count;
	int r;

	if (!wanted)
		return -ENOMEM;
	for (size_t i = 0; i < region->ingress_count; i++)
		wanted[i] = region->ingress[i].address;
	count = weir_addresses_sort(wanted, region->ingress_count);
	r = weir_routes_compare(verify->paths, wanted, count, verify->diags, &state)
		    ?: keep_unused(verify, &state);
	/* During a trial the addresses of the policy before it stay local too. */
	if (!r && !is_trying)
		r = add_routes(verify, state.stale, state.stale_count,
			       "is still local, by a route of weir's");
	return r ?: add_routes(verify, state.missing, state.missing_count, "is not local");
}

/* That there is none is no drift: apply does not make it, weir proxy does. */
static int check_handoff(struct verify *verify)
{
	struct weir_steer_state state = {};
	int r = weir_steer_state(verify->paths, verify->diags, &state);

	if (!r && state.is_attached && state.control_id != verify->maps.ids[WEIR_MAP_CONTROL])
		r = add(verify, HANDOFF, "it follows the policy of another gate");
	return r;
}

static int check_all(struct verify *verify)
{
	return check_program(verify) ?: check_trial(verify) ?: check_policy(verify) ?:
	       check_interfaces(verify) ?: check_routes(verify) ?: check_handoff(verify) ?:
	       weir_verify_live(verify->paths, &verify->maps, verify->diags, verify->to);
}

int weir_verify(const struct weir_paths *paths, const struct weir_config *config,
		struct weir_diags *diags, struct weir_drifts *ret_drifts)
{
	_cleanup_drifts_ struct weir_drifts drifts = {};
	__attribute__((cleanup(verify_done))) struct verify verify = {.paths = paths,
								      .config = config,
								      .diags = diags,
								      .maps = WEIR_MAPS_NONE,
								      .to = &drifts};
	size_t said = diags->count;
	int r = weir_pins_find(paths, diags, &verify.maps);

	if (r == -ENOENT)
		r = add(&verify, GATE, "none is loaded");
	else if (r == -EPROTO && diags->count > said)
		/* Another layout, or a foreign program: told by name, and no failure of ours. */
		r = add(&verify, PROGRAM, "%s", diags->items[diags->count - 1].text);
	else if (!r)
		r = check_all(&verify);
	if (r)
		return r;
	*ret_drifts = drifts;
	drifts = (struct weir_drifts){};
	return 0;
}
