/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * (local addresses that the kernel has, those wanted) -> routes added and removed, by rtnetlink.
 */
#include "kernel/routes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/prefix.h"
#include "net/netlink.h"
#include "net/sockets.h"
#include "plan/addresses.h"

struct addresses {
	__u32 *items;
	size_t count;
};

static void addresses_done(struct addresses *addresses)
{
	free(addresses->items);
}

/* What table local has: /32 of any owner but other instances, and those of this one. */
struct local {
	struct addresses all, own;
	__u32 metric; /* of this one's */
};

static void local_done(struct local *local)
{
	addresses_done(&local->all);
	addresses_done(&local->own);
}

#define _cleanup_local_ __attribute__((cleanup(local_done)))

static int add_address(struct addresses *addresses, __u32 address)
{
	__u32 *next = weir_array_add(&addresses->items, &addresses->count);

	if (!next)
		return -ENOMEM;
	*next = address;
	return 0;
}

/* 0 for the instance `weir`; else of 2^31, so that two names seldom have one. */
static __u32 metric_of(const struct weir_paths *paths)
{
	const char *name = strrchr(paths->run, '/') + 1;

	return strcmp(name, "weir") ? weir_fingerprint(0, name, strlen(name)) | 1 : 0;
}

struct found {
	const struct nlattr *destination;
	__u32 metric;
};

static int find_attribute(const struct nlattr *attribute, void *context)
{
	struct found *found = context;

	if (mnl_attr_get_type(attribute) == RTA_DST)
		found->destination = attribute;
	else if (mnl_attr_get_type(attribute) == RTA_PRIORITY)
		found->metric = mnl_attr_get_u32(attribute);
	return MNL_CB_OK;
}

static int collect_route(const struct nlmsghdr *message, void *context)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	struct local *local = context;
	struct found found = {};
	bool is_weir = route->rtm_protocol == WEIR_ROUTE_PROTOCOL;
	__u32 address;

	if (message->nlmsg_type != RTM_NEWROUTE || route->rtm_table != RT_TABLE_LOCAL ||
	    route->rtm_type != RTN_LOCAL || route->rtm_dst_len != 32)
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof(*route), find_attribute, &found);
	if (!found.destination || (is_weir && found.metric != local->metric))
		return MNL_CB_OK;
	address = ntohl(mnl_attr_get_u32(found.destination));
	if (add_address(&local->all, address) || (is_weir && add_address(&local->own, address))) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	return MNL_CB_OK;
}

static int read_local(const struct weir_paths *paths, struct weir_diags *diags,
		      struct local *ret_local)
{
	_cleanup_local_ struct local local = {.metric = metric_of(paths)};
	int r = weir_netlink_dump(RTM_GETROUTE, AF_INET, sizeof(struct rtmsg), collect_route,
				  &local);

	if (r)
		return weir_fail(diags, r, "cannot read the local routes: %s", strerror(-r));
	local.all.count = weir_addresses_sort(local.all.items, local.all.count);
	local.own.count = weir_addresses_sort(local.own.items, local.own.count);
	*ret_local = local;
	local = (struct local){};
	return 0;
}

/* Add or delete one; that it is as wanted already is no error. */
static int change_route(__u32 address, __u32 metric, bool is_removal, struct weir_diags *diags)
{
	char buffer[256] = {}, text[WEIR_PREFIX_TEXT_MAX];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *route = mnl_nlmsg_put_extra_header(request, sizeof(*route));
	int r;

	request->nlmsg_type = is_removal ? RTM_DELROUTE : RTM_NEWROUTE;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK |
			       (is_removal ? 0 : NLM_F_CREATE | NLM_F_EXCL);
	*route = (struct rtmsg){
		.rtm_family = AF_INET,
		.rtm_dst_len = 32,
		.rtm_table = RT_TABLE_LOCAL,
		.rtm_protocol = WEIR_ROUTE_PROTOCOL,
		.rtm_scope = RT_SCOPE_HOST,
		.rtm_type = RTN_LOCAL,
	};
	mnl_attr_put_u32(request, RTA_DST, htonl(address));
	mnl_attr_put_u32(request, RTA_OIF, if_nametoindex("lo"));
	mnl_attr_put_u32(request, RTA_PRIORITY, metric);
	r = weir_netlink_talk(NETLINK_ROUTE, request, NULL, NULL);
	if (!r || r == (is_removal ? -ESRCH : -EEXIST))
		return 0;
	return weir_fail(diags, r, "cannot %s the local route of %s: %s%s",
			 is_removal ? "remove" : "add", weir_address_format(address, text),
			 strerror(-r), r == -ENETDOWN ? " (is lo up?)" : "");
}

int weir_routes_add(const struct weir_paths *paths, const __u32 *wanted, size_t count,
		    struct weir_diags *diags, size_t *ret_added)
{
	_cleanup_local_ struct local local = {};
	_cleanup_free_ __u32 *lacking = calloc(count ?: 1, sizeof(*lacking));
	size_t lacking_count;
	int r = read_local(paths, diags, &local);

	if (r || !lacking)
		return r ?: weir_fail(diags, -ENOMEM, "out of memory");
	lacking_count = weir_addresses_only(wanted, count, local.all.items, local.all.count,
					    lacking);
	for (size_t i = 0; !r && i < lacking_count; i++)
		r = change_route(lacking[i], local.metric, false, diags);
	if (!r)
		*ret_added = lacking_count;
	return r;
}

int weir_routes_prune(const struct weir_paths *paths, const __u32 *wanted, size_t count,
		      struct weir_diags *diags, size_t *ret_removed, size_t *ret_in_use)
{
	_cleanup_local_ struct local local = {};
	_cleanup_free_ __u32 *stale = NULL;
	size_t stale_count, removed = 0, in_use = 0;
	int r = read_local(paths, diags, &local);

	stale = calloc(local.own.count ?: 1, sizeof(*stale));
	if (r || !stale)
		return r ?: weir_fail(diags, -ENOMEM, "out of memory");
	stale_count = weir_addresses_only(local.own.items, local.own.count, wanted, count, stale);
	for (size_t i = 0; !r && i < stale_count; i++) {
		bool is_used = true;

		r = weir_sockets_use(stale[i], diags, &is_used);
		if (r || is_used) {
			in_use++;
			continue;
		}
		r = change_route(stale[i], local.metric, true, diags);
		removed++;
	}
	if (r)
		return r;
	*ret_removed = removed;
	*ret_in_use = in_use;
	return 0;
}

void weir_routes_state_done(struct weir_routes_state *state)
{
	free(state->missing);
	free(state->stale);
	*state = (struct weir_routes_state){};
}

int weir_routes_compare(const struct weir_paths *paths, const __u32 *wanted, size_t count,
			struct weir_diags *diags, struct weir_routes_state *ret_state)
{
	_cleanup_local_ struct local local = {};
	struct weir_routes_state state = {};
	int r = read_local(paths, diags, &local);

	if (r)
		return r;
	state.missing = calloc(count ?: 1, sizeof(*state.missing));
	state.stale = calloc(local.own.count ?: 1, sizeof(*state.stale));
	if (!state.missing || !state.stale) {
		weir_routes_state_done(&state);
		return weir_fail(diags, -ENOMEM, "out of memory");
	}
	state.missing_count = weir_addresses_only(wanted, count, local.all.items, local.all.count,
						  state.missing);
	state.stale_count = weir_addresses_only(local.own.items, local.own.count, wanted, count,
						state.stale);
	*ret_state = state;
	return 0;
}

int weir_routes_missing(const struct weir_paths *paths, const __u32 *wanted, size_t count,
			struct weir_diags *diags, size_t *ret_missing)
{
	__attribute__((cleanup(weir_routes_state_done))) struct weir_routes_state state = {};
	int r = weir_routes_compare(paths, wanted, count, diags, &state);

	if (!r)
		*ret_missing = state.missing_count;
	return r;
}
