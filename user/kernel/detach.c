/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interfaces whose gate goes: first the program, then its pin, then its trial. With the last of
 * them go, if asked, the hand-off, the routes and every pin. A pin without a program behind it,
 * as of an interface that was deleted, is only removed.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/attach.h"
#include "kernel/attach_trial.h"
#include "kernel/lock.h"
#include "kernel/pins.h"
#include "kernel/routes.h"
#include "kernel/shared.h"

static int forget(const struct weir_paths *paths, const struct weir_link *link,
		  struct weir_diags *diags)
{
	char path[2 * WEIR_PATH_MAX];

	if (link->is_shared)
		return weir_shared_detach(paths, link, diags);
	snprintf(path, sizeof(path), "%s/%s", paths->pins, link->pin);
	return unlink(path)
		       ? weir_fail(diags, -errno, "cannot remove %s: %s", path, strerror(errno))
		       : 0;
}

/* Detach, not only unpin: whoever else holds the link must not keep it alive. */
static int take_off(const struct weir_link *link, struct weir_diags *diags)
{
	if (!link->is_shared && link->ifindex && bpf_link_detach(link->fd))
		return weir_fail(diags, -errno, "cannot detach from %s: %s", link->interface,
				 strerror(errno));
	return 0;
}

int weir_detach_link(const struct weir_paths *paths, const struct weir_link *link,
		     struct weir_diags *diags)
{
	int r = take_off(link, diags);

	if (r)
		return r;
	r = forget(paths, link, diags);
	if (r && !link->is_shared && link->ifindex)
		weir_fail(diags, r, "nothing filters what %s receives all the same",
			  link->interface);
	return r;
}

/* The gate may be of another release, whose maps are not ours to read; then it has no trial. */
static void drop_trial(const struct weir_paths *paths, __u32 ifindex)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	_cleanup_diags_ struct weir_diags unread = {};

	if (!weir_pins_find(paths, &unread, &maps))
		weir_attach_trial_drop(&maps, ifindex);
}

int weir_detach(const struct weir_paths *paths, const char *interface, struct weir_diags *diags)
{
	_cleanup_links_ struct weir_links links = {};
	_cleanup_close_ int lock = -1;
	int r = weir_paths_ensure(paths, diags) ?:
		weir_lock_take(paths, WEIR_LOCK_APPLY, "detach", WEIR_LOCK_WAIT_MS, diags, &lock) ?:
		weir_links_open(paths, diags, &links);

	if (r)
		return r;
	for (size_t i = 0; i < links.count; i++) {
		if (strcmp(links.items[i].interface, interface))
			continue;
		r = weir_detach_link(paths, &links.items[i], diags);
		if (!r)
			drop_trial(paths, links.items[i].ifindex);
		return r;
	}
	return weir_fail(diags, -ENOENT, "the gate is not attached to '%s'", interface);
}

int weir_detach_all(const struct weir_paths *paths, struct weir_diags *diags)
{
	_cleanup_links_ struct weir_links links = {};
	_cleanup_close_ int lock = -1;
	size_t removed, in_use;
	int r = weir_paths_ensure(paths, diags) ?:
		weir_lock_take(paths, WEIR_LOCK_APPLY, "detach", WEIR_LOCK_WAIT_MS, diags, &lock) ?:
		weir_links_open(paths, diags, &links);

	if (r)
		return r;
	for (size_t i = 0; !r && i < links.count; i++)
		r = weir_detach_link(paths, &links.items[i], diags);
	if (r)
		return r;
	return weir_pins_remove_all(paths, diags)
		       ?: weir_routes_prune(paths, NULL, 0, diags, &removed, &in_use);
}
