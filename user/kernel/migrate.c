/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Former gate -> this release's gate, which shares every map that is the same in both:
 *
 *   former program -> weir_control (shorter)   counts, buckets, bans, both halves, blocks
 *                          | copied                  | shared
 *   new program    -> weir_control             <-----+
 */
#include "kernel/migrate.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/dispatcher.h"
#include "kernel/lock.h"
#include "kernel/object.h"
#include "kernel/pins.h"
#include "kernel/steer.h"

/* One program of each layout, if there is one: -1. */
struct found {
	int former_fd, current_fd;
};

static void found_done(struct found *found)
{
	closep(&found->former_fd);
	closep(&found->current_fd);
}

/* Takes the descriptor. What is no gate, or of an unknown layout, is not ours to take over. */
static void note(struct found *found, int program_fd)
{
	_cleanup_close_ int fd = program_fd;
	__u32 layout;

	if (fd < 0 || weir_program_layout(fd, &layout))
		return;
	if (layout == WEIR_LAYOUT_FORMER && found->former_fd < 0)
		found->former_fd = take_fd(&fd);
	else if (layout == WEIR_LAYOUT && found->current_fd < 0)
		found->current_fd = take_fd(&fd);
}

static void find(const struct weir_paths *paths, const struct weir_links *links,
		 struct found *found)
{
	_cleanup_diags_ struct weir_diags unread = {};
	int fd = -1;

	for (size_t i = 0; i < links->count; i++) {
		const struct weir_link *link = &links->items[i];

		if (link->ifindex)
			note(found, link->is_shared ? fcntl(link->fd, F_DUPFD_CLOEXEC, 3)
						    : bpf_prog_get_fd_by_id(link->program_id));
	}
	if (!weir_pins_program(paths, &unread, &fd))
		note(found, fd);
}

static int value_size(int fd, __u32 *ret_entries)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	*ret_entries = info.max_entries;
	return info.value_size;
}

/* What was there, and 0 behind it. The new map is an array, and mapped. */
static int copy_map(const struct weir_maps *former, int map, const struct weir_maps *next)
{
	__u32 entries, former_entries;
	int from = value_size(former->former_fds[map], &former_entries);
	int to = value_size(next->fds[map], &entries);
	size_t stride = (to + 7) & ~7;

	if (from < 0 || to < 0)
		return from < 0 ? from : to;
	if (!next->memory[map] || former_entries != entries || from > to)
		return -EPROTO;
	for (__u32 key = 0; key < entries; key++)
		if (bpf_map_lookup_elem(former->former_fds[map], &key,
					(char *)next->memory[map] + key * stride))
			return -errno;
	return 0;
}

static int load_next(const struct weir_maps *former, struct weir_diags *diags,
		     struct weir_maps *ret_next)
{
	const struct weir_load load = {.share = former, .forced_half = WEIR_HALF_IN_FORCE};
	int fd = -1;

	return weir_gate_load(&load, diags, &fd) ?: weir_maps_open(fd, true, diags, ret_next);
}

/* Under live.lock: a ban of a command of the release before is in both, or in neither yet. */
static int copy_maps(const struct weir_maps *former, const struct weir_maps *next,
		     struct weir_diags *diags)
{
	struct weir_control *control = weir_maps_control(next);

	for (int i = 0; i < WEIR_MAPS_END; i++) {
		int r = former->former_fds[i] ? copy_map(former, i, next) : 0;

		if (r)
			return weir_fail(diags, r, "cannot copy %s: %s", weir_map_name(i),
					 strerror(-r));
	}
	if (weir_control_deadline(control->word) > weir_now_ns())
		return weir_fail(diags, -EBUSY,
				 "a trial is running: weir confirm, of the release that began it, "
				 "keeps it, else wait until it has ended");
	control->layout = WEIR_LAYOUT;
	return 0;
}

/* Gates behind a dispatcher that share our counters, but not our control word. */
static int retire(const struct weir_link *link, const struct weir_maps *maps)
{
	_cleanup_seats_ struct weir_seats seats = {};
	int r = weir_seats_open(link->ifindex, &seats);

	for (size_t i = 0; !r && i < seats.count; i++)
		if (seats.items[i].counts_id == maps->ids[WEIR_MAP_COUNTS] &&
		    seats.items[i].control_id != maps->ids[WEIR_MAP_CONTROL])
			r = weir_seat_detach(&seats.items[i], link->ifindex, seats.mode);
	return r;
}

/* A link's program is replaced; one behind a dispatcher goes once the new one judges beside it. */
static int retire_all(const struct weir_links *links, const struct weir_maps *maps,
		      struct weir_diags *diags)
{
	int r = 0;

	for (size_t i = 0; !r && i < links->count; i++) {
		const struct weir_link *link = &links->items[i];

		if (!link->is_shared || !link->ifindex || link->ifindex == WEIR_IFINDEX_ELSEWHERE)
			continue;
		r = retire(link, maps);
		if (r)
			weir_fail(diags, r, "cannot take the former gate off %s: %s",
				  link->interface, strerror(-r));
	}
	return r;
}

/* What a killed command has left has the copies already. */
static int take_over(const struct weir_paths *paths, const struct weir_links *links,
		     const struct weir_maps *former, bool is_copied, struct weir_maps *next,
		     struct weir_diags *diags)
{
	_cleanup_close_ int lock = -1;
	int r = weir_lock_take(paths, WEIR_LOCK_LIVE, "apply", WEIR_LOCK_WAIT_MS, diags, &lock);

	if (!r && !is_copied)
		r = copy_maps(former, next, diags);
	return r ?: weir_pins_converge(paths, next, diags) ?: retire_all(links, next, diags) ?:
	       weir_steer_converge(paths, next, diags);
}

int weir_migrate(const struct weir_paths *paths, struct weir_diags *diags)
{
	__attribute__((cleanup(found_done))) struct found found = {-1, -1};
	_cleanup_maps_ struct weir_maps former = WEIR_MAPS_NONE, next = WEIR_MAPS_NONE;
	_cleanup_links_ struct weir_links links = {};
	int r = weir_links_open(paths, diags, &links);
	bool is_copied;

	if (r)
		return r;
	find(paths, &links, &found);
	if (found.former_fd < 0)
		return 0;
	is_copied = found.current_fd >= 0;
	r = weir_maps_open_former(take_fd(&found.former_fd), diags, &former);
	if (!r)
		r = is_copied ? weir_maps_open(take_fd(&found.current_fd), false, diags, &next)
			      : load_next(&former, diags, &next);
	if (!r && former.ids[WEIR_MAP_COUNTS] != next.ids[WEIR_MAP_COUNTS])
		r = weir_fail(
			diags, -EPROTO,
			"program id %u, of the release before, and program id %u have nothing "
			"in common: detach one of them",
			former.program_id, next.program_id);
	return r ?: take_over(paths, &links, &former, is_copied, &next, diags);
}
