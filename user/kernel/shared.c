/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gates on shared interfaces: attached, detached, and upgraded all together. What runs on an interface is read
 * from its dispatcher every time.
 */
#include "kernel/shared.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/dispatcher.h"
#include "kernel/grace.h"
#include "kernel/object.h"
#include "kernel/pin.h"

/* ---- attach -------------------------------------------------------------------------------- */

/* The mode to try first, given what runs there. */
static int choose_mode(const char *interface, const struct weir_seats *seats, enum weir_mode wanted,
		       struct weir_diags *diags, enum weir_mode *ret_mode)
{
	if (seats->is_dispatched && wanted != WEIR_MODE_AUTO && wanted != seats->mode)
		return weir_fail(diags, -EBUSY,
				 "%s runs other XDP programs in %s mode; %s mode cannot be added",
				 interface, weir_mode_name(seats->mode), weir_mode_name(wanted));
	*ret_mode = seats->is_dispatched      ? seats->mode
		    : wanted == WEIR_MODE_SKB ? WEIR_MODE_SKB
					      : WEIR_MODE_NATIVE;
	return 0;
}

static int attach_best(struct weir_newcomer *newcomer, unsigned int ifindex, bool may_fall_back,
		       struct weir_attached *attached)
{
	int r = weir_newcomer_attach(newcomer, ifindex, attached->mode);

	if (!r || !may_fall_back || attached->mode == WEIR_MODE_SKB || r == -EBUSY || r == -EPERM)
		return r;
	snprintf(attached->why, sizeof(attached->why), "the driver refused native mode: %s",
		 strerror(-r));
	attached->mode = WEIR_MODE_SKB;
	return weir_newcomer_attach(newcomer, ifindex, WEIR_MODE_SKB);
}

/* Ours of a command that was killed before it wrote the record, or somebody else's. */
static int check_seats(const struct weir_paths *paths, const struct weir_maps *maps,
		       const char *interface, const struct weir_seats *seats,
		       struct weir_diags *diags, bool *ret_is_attached)
{
	*ret_is_attached = false;
	for (size_t i = 0; i < seats->count; i++) {
		const struct weir_seat *seat = &seats->items[i];

		if (seat->control_id != maps->ids[WEIR_MAP_CONTROL])
			return weir_fail(diags, -EEXIST,
					 "%s runs the gate of another instance (program id %u)",
					 interface, seat->program_id);
		if (seat->owner != weir_maps_control(maps)->owner)
			continue;
		*ret_is_attached = true;
		return weir_shared_pin(paths, interface, seat->fd, diags);
	}
	return 0;
}

int weir_shared_attach(const struct weir_paths *paths, const struct weir_maps *maps,
		       const char *interface, unsigned int ifindex, enum weir_mode mode,
		       struct weir_diags *diags, struct weir_attached *attached)
{
	struct weir_control *control = weir_maps_control(maps);
	_cleanup_newcomer_ struct weir_newcomer newcomer = {};
	_cleanup_seats_ struct weir_seats seats = {};
	int r = weir_seats_open(ifindex, &seats);

	if (r)
		return weir_fail(diags, r, "cannot inspect %s: %s", interface, strerror(-r));
	r = choose_mode(interface, &seats, mode, diags, &attached->mode)
		    ?: check_seats(paths, maps, interface, &seats, diags, &attached->was_attached);
	if (r || attached->was_attached)
		return r;
	if (!control->owner) /* nobody shares yet: the first number */
		__atomic_store_n(&control->owner, 1, __ATOMIC_SEQ_CST);
	r = weir_newcomer_open(maps, control->owner, diags, &newcomer);
	if (r)
		return r;
	r = attach_best(&newcomer, ifindex, mode == WEIR_MODE_AUTO && !seats.is_dispatched,
			attached);
	if (r)
		return weir_fail(diags, r, "cannot attach to %s in %s mode: %s", interface,
				 weir_mode_name(attached->mode), strerror(-r));
	return weir_shared_pin(paths, interface, weir_newcomer_fd(&newcomer), diags);
}

/* ---- detach -------------------------------------------------------------------------------- */

/* Take off the gates that use these maps: all, or all whose number is not `but_owner`. */
static int detach_family(const struct weir_link *link, __u32 control_id, __u32 but_owner,
			 struct weir_diags *diags)
{
	_cleanup_seats_ struct weir_seats seats = {};
	int r = weir_seats_open(link->ifindex, &seats);

	for (size_t i = 0; !r && i < seats.count; i++)
		if (seats.items[i].control_id == control_id && seats.items[i].owner != but_owner)
			r = weir_seat_detach(&seats.items[i], link->ifindex, seats.mode);
	return r ? weir_fail(diags, r, "cannot detach from %s: %s", link->interface, strerror(-r))
		 : 0;
}

int weir_shared_detach(const struct weir_paths *paths, const struct weir_link *link,
		       struct weir_diags *diags)
{
	char path[2 * WEIR_PATH_MAX];
	struct weir_seat seat = {.fd = -1};
	int r;

	if (link->ifindex == WEIR_IFINDEX_ELSEWHERE)
		return weir_fail(diags, -EXDEV, "%s is in another network namespace",
				 link->interface);
	r = weir_seat_read(link->fd, &seat);
	if (r)
		return weir_fail(diags, r, "cannot inspect the gate on %s: %s", link->interface,
				 strerror(-r));
	closep(&seat.fd);
	r = link->ifindex ? detach_family(link, seat.control_id, 0, diags) : 0;
	if (r)
		return r;
	snprintf(path, sizeof(path), "%s/%s", paths->pins, link->pin);
	return unlink(path)
		       ? weir_fail(diags, -errno, "cannot remove %s: %s", path, strerror(errno))
		       : 0;
}

/* ---- upgrade ------------------------------------------------------------------------------- */

static bool is_here(const struct weir_link *link)
{
	return link->is_shared && link->ifindex && link->ifindex != WEIR_IFINDEX_ELSEWHERE;
}

/* What all shared interfaces run, together. */
struct survey {
	bool is_stale; /* a gate differs from `maps`, or an interface has none in charge */
	__u32 highest; /* number that any gate has */
};

static int inspect(const struct weir_link *link, const struct weir_maps *maps,
		   struct survey *survey, bool *ret_is_judged)
{
	__u32 owner = weir_maps_control(maps)->owner;
	_cleanup_seats_ struct weir_seats seats = {};
	__u64 wanted, tag;
	int r = weir_seats_open(link->ifindex, &seats)
			?: weir_program_tag(maps->program_fd, &wanted);

	*ret_is_judged = false;
	for (size_t i = 0; !r && i < seats.count; i++) {
		const struct weir_seat *seat = &seats.items[i];

		if (seat->control_id != maps->ids[WEIR_MAP_CONTROL])
			continue;
		if (seat->owner > survey->highest)
			survey->highest = seat->owner;
		if (seat->owner != owner)
			continue;
		*ret_is_judged = true;
		r = weir_program_tag(seat->fd, &tag);
		survey->is_stale |= tag != wanted ||
				    seat->blocks_id != maps->ids[WEIR_MAP_BLOCKS] ||
				    seat->live_id != maps->ids[WEIR_MAP_LIVE];
	}
	survey->is_stale |= !*ret_is_judged;
	return r;
}

bool weir_shared_is_live(const struct weir_link *link, const struct weir_maps *maps)
{
	struct survey survey = {};
	bool is_judged;

	return is_here(link) && !inspect(link, maps, &survey, &is_judged) && !survey.is_stale;
}

/*
 * Remove what a killed command left behind the gate in charge: standbys that were never put
 * there, or old gates. Where no gate is in charge nothing is removed before a new one is.
 */
static int sweep(const struct weir_links *links, const struct weir_maps *maps,
		 struct weir_diags *diags, struct survey *survey)
{
	__u32 owner = weir_maps_control(maps)->owner;
	int r = 0;

	survey->highest = owner;
	for (size_t i = 0; !r && i < links->count; i++) {
		const struct weir_link *link = &links->items[i];
		bool is_judged;

		if (!is_here(link))
			continue;
		r = inspect(link, maps, survey, &is_judged);
		if (r)
			return weir_fail(diags, r, "cannot inspect %s: %s", link->interface,
					 strerror(-r));
		if (is_judged)
			r = detach_family(link, maps->ids[WEIR_MAP_CONTROL], owner, diags);
	}
	return r;
}

static void detach_newcomer(const struct weir_link *link, const struct weir_newcomer *newcomer)
{
	const struct weir_seat seat = {.fd = weir_newcomer_fd(newcomer)};
	struct weir_running running;

	if (!weir_running_on(link->ifindex, &running))
		weir_seat_detach(&seat, link->ifindex, running.mode);
}

/* Step 1, on every interface or, when one refuses, on none. */
static int add_standbys(const struct weir_links *links, struct weir_newcomer *newcomer,
			struct weir_diags *diags)
{
	for (size_t i = 0; i < links->count; i++) {
		const struct weir_link *link = &links->items[i];
		_cleanup_seats_ struct weir_seats seats = {};
		int r;

		if (!is_here(link))
			continue;
		r = weir_seats_open(link->ifindex, &seats)
			    ?: weir_newcomer_attach(newcomer, link->ifindex, seats.mode);
		if (!r)
			continue;
		for (size_t j = 0; j < i; j++)
			if (is_here(&links->items[j]))
				detach_newcomer(&links->items[j], newcomer);
		return weir_fail(diags, r, "cannot add the new gate to %s: %s", link->interface,
				 strerror(-r));
	}
	return 0;
}

static int replace(const struct weir_paths *paths, const struct weir_links *links,
		   const struct weir_maps *maps, __u32 next, struct weir_diags *diags)
{
	struct weir_control *control = weir_maps_control(maps);
	_cleanup_newcomer_ struct weir_newcomer newcomer = {};
	int r = weir_newcomer_open(maps, next, diags, &newcomer)
			?: add_standbys(links, &newcomer, diags);

	if (r)
		return r;
	__atomic_store_n(&control->owner, next, __ATOMIC_SEQ_CST);
	for (size_t i = 0; !r && i < links->count; i++) {
		const struct weir_link *link = &links->items[i];

		if (is_here(link))
			r = weir_pin_replace(paths, link->pin, weir_newcomer_fd(&newcomer), diags)
				    ?: detach_family(link, maps->ids[WEIR_MAP_CONTROL], next,
						     diags);
	}
	return r;
}

/* The number is one for all: what cannot be upgraded here would stop judging. */
static int refuse_elsewhere(const struct weir_links *links, struct weir_diags *diags)
{
	for (size_t i = 0; i < links->count; i++) {
		struct weir_link *link = &links->items[i];

		if (link->is_shared && link->ifindex == WEIR_IFINDEX_ELSEWHERE)
			return weir_fail(diags, -EXDEV,
					 "the gate on %s has to be replaced from its own network "
					 "namespace",
					 link->interface);
		if (link->is_shared && !link->ifindex && weir_shared_is_taken(link))
			return weir_fail(diags, -EXDEV,
					 "%s, which the gate shares, was taken to another network "
					 "namespace: bring it back, or take the gate off there "
					 "(xdp-loader unload)",
					 link->interface);
	}
	return 0;
}

int weir_shared_converge(const struct weir_paths *paths, const struct weir_links *links,
			 const struct weir_maps *maps, struct weir_diags *diags)
{
	struct survey survey = {};
	int r = sweep(links, maps, diags, &survey);

	if (r || !survey.is_stale)
		return r;
	return refuse_elsewhere(links, diags)
		       ?: replace(paths, links, maps, survey.highest + 1 ?: 1, diags);
}
