/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Links with the names of their pins -> with those of their interfaces. The number of an interface
 * stays when it is renamed, but another network namespace may have the same: so the interface must
 * run the link's program, and none of the other links may be known to be its own. The record of an interface
 * that is shared has no number: its gate is looked for on each interface that no other one is of.
 */
#include "kernel/renamed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/attach.h"
#include "kernel/shared.h"

static bool has_link(const struct weir_links *links, const char *interface, __u32 ifindex)
{
	for (size_t i = 0; i < links->count; i++)
		if (links->items[i].ifindex == ifindex &&
		    !strcmp(links->items[i].interface, interface))
			return true;
	return false;
}

static void rename_link(const struct weir_links *links, struct weir_link *link)
{
	struct weir_running running;
	char name[IF_NAMESIZE];

	if (!link->ifindex || if_nametoindex(link->interface) == link->ifindex ||
	    !if_indextoname(link->ifindex, name) || has_link(links, name, link->ifindex))
		return;
	if (!weir_running_on(link->ifindex, &running) && running.program_id == link->program_id)
		snprintf(link->interface, sizeof(link->interface), "%s", name);
}

static bool is_taken(const struct weir_links *links, __u32 ifindex)
{
	for (size_t i = 0; i < links->count; i++)
		if (links->items[i].ifindex == ifindex)
			return true;
	return false;
}

static void find_shared(const struct weir_links *links, struct weir_link *link)
{
	struct if_nameindex *all = if_nameindex();

	for (struct if_nameindex *at = all; at && at->if_index && !link->ifindex; at++)
		if (!is_taken(links, at->if_index) && weir_shared_is_on(link, at->if_index)) {
			link->ifindex = at->if_index;
			snprintf(link->interface, sizeof(link->interface), "%s", at->if_name);
		}
	if (all)
		if_freenameindex(all);
}

void weir_links_rename(struct weir_links *links)
{
	for (size_t i = 0; i < links->count; i++)
		if (!links->items[i].is_shared)
			rename_link(links, &links->items[i]);
		else if (!links->items[i].ifindex)
			find_shared(links, &links->items[i]);
}

/* Where two have each other's name, the pins change places: none is ever without a link. */
static int move_pin(const char *from, const char *to)
{
	if (!renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
		return 0;
	if (errno != EEXIST || renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE))
		return -errno;
	return 0;
}

/* The first pin that has a former name; *ret_is_done: there was none. */
static int repin_one(const struct weir_paths *paths, struct weir_diags *diags, bool *ret_is_done)
{
	_cleanup_links_ struct weir_links links = {};
	int r = weir_links_open(paths, diags, &links);

	for (size_t i = 0; !r && i < links.count; i++) {
		const struct weir_link *link = &links.items[i];
		char from[2 * WEIR_PATH_MAX], to[2 * WEIR_PATH_MAX];

		snprintf(from, sizeof(from), "%s/%s", paths->pins, link->pin);
		if (link->is_shared)
			weir_shared_path(paths, link->interface, to);
		else
			weir_link_path(paths, link->interface, to);
		if (link->ifindex == WEIR_IFINDEX_ELSEWHERE || !strcmp(from, to))
			continue;
		r = move_pin(from, to);
		*ret_is_done = false;
		return r ? weir_fail(diags, r, "cannot rename %s to %s: %s", from, to, strerror(-r))
			 : 0;
	}
	*ret_is_done = true;
	return r;
}

int weir_links_repin(const struct weir_paths *paths, struct weir_diags *diags)
{
	bool is_done = false;
	int r = 0;

	while (!r && !is_done)
		r = repin_one(paths, diags, &is_done);
	return r;
}
