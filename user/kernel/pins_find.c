/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Links and the pinned program -> the live gate's maps. The program of a link is the truth; the pinned
 * one counts while nothing is attached, and a gate that shares an interface where both have gone.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/object.h"
#include "kernel/pin.h"
#include "kernel/pins.h"

/* An upgrade takes longer than to look. */
enum { FIND_TRIES = 20 };

/* Of two gates of one family: is `a` to be kept, and `b` to be replaced? */
static bool is_newer(const struct weir_maps *a, const struct weir_maps *b)
{
	if (a->ids[WEIR_MAP_LIVE] != b->ids[WEIR_MAP_LIVE])
		return a->ids[WEIR_MAP_LIVE] == weir_maps_control(a)->live_id;
	return a->entries[WEIR_MAP_BLOCKS] >= b->entries[WEIR_MAP_BLOCKS];
}

/* Keep in *maps the newer of the two gates; both must be of one family. */
static int keep_newer(struct weir_maps *maps, int program_fd, const char *where,
		      struct weir_diags *diags)
{
	_cleanup_maps_ struct weir_maps other = WEIR_MAPS_NONE;
	_cleanup_diags_ struct weir_diags said = {};
	struct weir_maps swapped;
	int r = weir_maps_open(program_fd, false, &said, &other);

	if (r)
		return weir_fail(diags, r, "%s: %s", where,
				 said.count ? said.items[said.count - 1].text : strerror(-r));
	if (maps->program_fd >= 0 && maps->ids[WEIR_MAP_CONTROL] != other.ids[WEIR_MAP_CONTROL])
		return weir_fail(diags, -EPROTO,
				 "%s runs a gate (program id %u) that shares no policy with "
				 "program id %u: detach one of them",
				 where, other.program_id, maps->program_id);
	if (maps->program_fd >= 0 && is_newer(maps, &other))
		return 0;
	swapped = *maps;
	*maps = other;
	other = swapped;
	return 0;
}

/* -EAGAIN: another command has replaced a program since the links were opened. */
static int find_by_links(const struct weir_links *links, struct weir_maps *maps,
			 struct weir_diags *diags)
{
	for (size_t i = 0; i < links->count; i++) {
		const struct weir_link *link = &links->items[i];
		int fd, r;

		if (link->is_shared ||
		    (maps->program_fd >= 0 && maps->program_id == link->program_id))
			continue;
		fd = bpf_prog_get_fd_by_id(link->program_id);
		if (fd < 0 && errno == ENOENT)
			return -EAGAIN;
		if (fd < 0)
			return weir_fail(diags, -errno, "cannot open program id %u of %s: %s",
					 link->program_id, link->interface, strerror(errno));
		r = keep_newer(maps, fd, link->interface, diags);
		if (r)
			return r;
	}
	return 0;
}

int weir_pins_program(const struct weir_paths *paths, struct weir_diags *diags, int *ret_fd)
{
	char path[2 * WEIR_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", paths->pins, WEIR_GATE_PIN);
	return weir_pin_open(path, WEIR_PIN_PROGRAM, diags, ret_fd);
}

static int open_pinned(const struct weir_paths *paths, const char *path, struct weir_maps *maps,
		       struct weir_diags *diags)
{
	int fd = -1, r = weir_pins_program(paths, diags, &fd);

	if (r)
		return r == -ENOENT ? 0 : r;
	return keep_newer(maps, fd, path, diags);
}

/* No fault of the pin. */
static bool is_short_of(int r)
{
	return r == -ENOMEM || r == -EMFILE || r == -ENFILE || r == -EINTR || r == -EAGAIN;
}

/*
 * The pinned program counts only while no link says otherwise, or where it is the newer one of
 * the same family. Where an interface runs the gate, another pin is only said to be wrong:
 * converge puts the gate in its place.
 */
static int find_by_pin(const struct weir_paths *paths, const struct weir_links *links,
		       struct weir_maps *maps, struct weir_diags *diags)
{
	_cleanup_diags_ struct weir_diags said = {};
	char path[2 * WEIR_PATH_MAX];
	const char *text;
	bool is_attached = false;
	int r;

	snprintf(path, sizeof(path), "%s/%s", paths->pins, WEIR_GATE_PIN);
	r = open_pinned(paths, path, maps, &said);
	if (!r)
		return 0;
	text = said.count ? said.items[said.count - 1].text : strerror(-r);
	for (size_t i = 0; i < links->count; i++)
		is_attached |= links->items[i].ifindex != 0;
	if (!is_attached)
		return weir_fail(diags, r, "%s%s", text,
				 is_short_of(r) ? "" : ": remove the pin, then weir apply");
	weir_diags_warning(diags, NULL, 0, 0, "%s: weir apply pins the live gate there", text);
	return 0;
}

/*
 * The pinned program has gone, and a gate that shares an interface goes on. It cannot stand in
 * for the other, which links attach; but its maps are the policy, and a new program takes them.
 */
static int find_by_shared(const struct weir_links *links, struct weir_maps *maps,
			  struct weir_diags *diags)
{
	_cleanup_maps_ struct weir_maps shared = WEIR_MAPS_NONE;
	const struct weir_load load = {.share = &shared, .forced_half = WEIR_HALF_IN_FORCE};
	int fd, r;

	for (size_t i = 0; maps->program_fd < 0 && i < links->count; i++) {
		if (!links->items[i].is_shared || !links->items[i].ifindex)
			continue;
		fd = fcntl(links->items[i].fd, F_DUPFD_CLOEXEC, 3);
		r = fd < 0 ? -errno
			   : weir_maps_open(fd, false, diags, &shared) ?:
			     weir_gate_load(&load, diags, &fd)         ?:
			     weir_maps_open(fd, false, diags, maps);
		if (r)
			return r;
	}
	return 0;
}

static int find_once(const struct weir_paths *paths, struct weir_diags *diags,
		     struct weir_maps *ret_maps)
{
	_cleanup_links_ struct weir_links links = {};
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	int r = weir_paths_check(paths, diags) ?: weir_links_open(paths, diags, &links);

	r = r ?: find_by_links(&links, &maps, diags) ?: find_by_pin(paths, &links, &maps, diags) ?:
	    find_by_shared(&links, &maps, diags);
	if (r)
		return r;
	if (maps.program_fd < 0)
		return -ENOENT;
	*ret_maps = maps;
	maps = WEIR_MAPS_NONE;
	return 0;
}

int weir_pins_find(const struct weir_paths *paths, struct weir_diags *diags,
		   struct weir_maps *ret_maps)
{
	int r = -EAGAIN;

	for (int i = 0; r == -EAGAIN && i < FIND_TRIES; i++)
		r = find_once(paths, diags, ret_maps);
	return r == -EAGAIN ? weir_fail(diags, r, "the gate's programs are replaced all the time")
			    : r;
}
