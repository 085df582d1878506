/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records of shared interfaces, and the upgrade of the gates on them. A record says where to
 * look; what runs there is read from the interface's dispatcher every time.
 */
#include "kernel/shared.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/dispatcher.h"
#include "kernel/grace.h"
#include "kernel/object.h"
#include "kernel/pin.h"

static const char record_prefix[] = "shared_";

enum { RECORD_NAME_MAX = sizeof(record_prefix) + IF_NAMESIZE + 24 };

static __u64 own_namespace(void)
{
	struct stat namespace = {};

	stat("/proc/self/ns/net", &namespace);
	return namespace.st_ino;
}

static void record_name(const char *interface, char to[static RECORD_NAME_MAX])
{
	snprintf(to, RECORD_NAME_MAX, "%s%s@%llu", record_prefix, interface,
		 (unsigned long long)own_namespace());
	weir_pin_name_encode(to);
}

bool weir_shared_is_record(const char *pin_name)
{
	return !strncmp(pin_name, record_prefix, strlen(record_prefix));
}

/* The interface and the namespace that a record names. */
static int parse_record(const char *pin_name, char interface[static IF_NAMESIZE],
			unsigned long long *ret_namespace)
{
	const char *name = pin_name + strlen(record_prefix), *at = strrchr(name, '@');

	if (!at || at - name >= IF_NAMESIZE)
		return -EPROTO;
	*ret_namespace = strtoull(at + 1, NULL, 10);
	snprintf(interface, IF_NAMESIZE, "%.*s", (int)(at - name), name);
	weir_pin_name_decode(interface);
	return 0;
}

/* Where the gate that uses these maps is: the interface, 0 when it is not there any more. */
static __u32 find_place(const char *interface, __u32 control_id, __u32 *program_id)
{
	unsigned int ifindex = if_nametoindex(interface);
	_cleanup_seats_ struct weir_seats seats = {};
	__u32 found = 0;

	if (!ifindex || weir_seats_open(ifindex, &seats))
		return 0;
	for (size_t i = 0; i < seats.count; i++)
		if (seats.items[i].control_id == control_id) {
			*program_id = seats.items[i].program_id;
			found = ifindex;
		}
	return found;
}

int weir_shared_open(const struct weir_paths *paths, const char *pin_name, struct weir_diags *diags,
		     struct weir_link *ret_link)
{
	struct weir_link link = {.is_shared = true};
	struct weir_seat seat = {.fd = -1};
	unsigned long long namespace;
	char path[2 * WEIR_PATH_MAX];
	_cleanup_close_ int fd = -1;
	int r;

	snprintf(path, sizeof(path), "%s/%s", paths->pins, pin_name);
	r = weir_pin_open_listed(path, WEIR_PIN_PROGRAM, diags, &fd);
	if (r)
		return r;
	if (parse_record(pin_name, link.interface, &namespace) || weir_seat_read(fd, &seat))
		return weir_fail(diags, -EPROTO, "%s is no gate: not pinned by weir", path);
	link.fd = seat.fd;
	link.id = link.program_id = seat.program_id;
	link.ifindex = namespace == own_namespace()
			       ? find_place(link.interface, seat.control_id, &link.program_id)
			       : WEIR_IFINDEX_ELSEWHERE;
	*ret_link = link;
	return 0;
}

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

static int pin_record(const struct weir_paths *paths, const char *interface, int program_fd,
		      struct weir_diags *diags)
{
	char name[RECORD_NAME_MAX];

	record_name(interface, name);
	return weir_pin_replace(paths, name, program_fd, diags);
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
		return pin_record(paths, interface, seat->fd, diags);
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
	return pin_record(paths, interface, weir_newcomer_fd(&newcomer), diags);
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
	char path[2 * WEIR_PATH_MAX], name[RECORD_NAME_MAX];
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
	record_name(link->interface, name);
	snprintf(path, sizeof(path), "%s/%s", paths->pins, name);
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
			r = pin_record(paths, link->interface, weir_newcomer_fd(&newcomer), diags)
				    ?: detach_family(link, maps->ids[WEIR_MAP_CONTROL], next,
						     diags);
	}
	return r;
}

/* The number is one for all: what cannot be upgraded here would stop judging. */
static int refuse_elsewhere(const struct weir_links *links, struct weir_diags *diags)
{
	for (size_t i = 0; i < links->count; i++)
		if (links->items[i].is_shared && links->items[i].ifindex == WEIR_IFINDEX_ELSEWHERE)
			return weir_fail(diags, -EXDEV,
					 "the gate on %s has to be replaced from its own network "
					 "namespace",
					 links->items[i].interface);
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
