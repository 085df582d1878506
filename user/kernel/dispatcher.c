/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libxdp's dispatcher, called so that it does what it is asked and nothing else: no silent
 * fallback to a netlink attach of one program, no priority that changes, no print.
 */
#include "kernel/dispatcher.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "gate.skel.h"
#include "kernel/grace.h"
#include "kernel/libbpf_log.h"
#include "kernel/object.h"

/*
 * Early, as a filter should be (libxdp's default is 50). Never to be changed: among programs of
 * one priority and name libxdp puts the one loaded first in front, which upgrades rest on.
 */
enum { PRIORITY = 10 };

static const char program_name[] = "weir_gate";

static void programp(struct xdp_program **program)
{
	if (*program && !libxdp_get_error(*program))
		xdp_program__close(*program);
}

static void multiprogp(struct xdp_multiprog **programs)
{
	if (*programs && !libxdp_get_error(*programs))
		xdp_multiprog__close(*programs);
}

#define _cleanup_program_   __attribute__((cleanup(programp)))
#define _cleanup_multiprog_ __attribute__((cleanup(multiprogp)))

static enum xdp_attach_mode xdp_mode(enum weir_mode mode)
{
	return mode == WEIR_MODE_SKB ? XDP_MODE_SKB : XDP_MODE_NATIVE;
}

/* ---- can it be done here? ------------------------------------------------------------------ */

/* libxdp's own object, found where libxdp finds it. */
static int open_test_program(struct xdp_program **ret_owner, struct bpf_program **ret_program)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, options, .find_filename = "xdp-dispatcher.o",
			    .prog_name = "xdp_pass");
	_cleanup_program_ struct xdp_program *owner = xdp_program__create(&options);
	int r = libxdp_get_error(owner);

	if (r)
		return r;
	*ret_program = bpf_object__find_program_by_name(xdp_program__bpf_obj(owner), "xdp_pass");
	*ret_owner = take_pointer(owner);
	return *ret_program ? 0 : -ENOENT;
}

/* Extend one harmless program with another, as the dispatcher extends itself. */
static int try_extension(void)
{
	_cleanup_program_ struct xdp_program *target_owner = NULL, *extension_owner = NULL;
	struct bpf_program *target, *extension;
	_cleanup_close_ int link = -1;
	int r = open_test_program(&target_owner, &target) ?:
		open_test_program(&extension_owner, &extension) ?:
		bpf_object__load(xdp_program__bpf_obj(target_owner));

	r = r ?: bpf_program__set_attach_target(extension, bpf_program__fd(target), "xdp_pass");
	if (r)
		return r;
	bpf_program__set_type(extension, BPF_PROG_TYPE_EXT);
	bpf_program__set_expected_attach_type(extension, 0);
	r = bpf_object__load(xdp_program__bpf_obj(extension_owner));
	if (r)
		return r;
	link = bpf_raw_tracepoint_open(NULL, bpf_program__fd(extension));
	return link < 0 ? -errno : 0;
}

int weir_dispatcher_probe(char *why, size_t why_size)
{
	const char *skip = secure_getenv("LIBXDP_SKIP_DISPATCHER");
	int r;

	if (skip && !strcmp(skip, "1")) {
		snprintf(why, why_size, "LIBXDP_SKIP_DISPATCHER is set");
		return -EOPNOTSUPP;
	}
	weir_libbpf_log_start();
	r = try_extension();
	if (!r)
		return 0;
	if (r == -ENOENT)
		snprintf(why, why_size, "libxdp does not find its xdp-dispatcher.o");
	else
		snprintf(why, why_size, "the kernel refuses programs that extend others: %s",
			 strerror(-r));
	return -EOPNOTSUPP;
}

/* ---- what runs on an interface ------------------------------------------------------------- */

/* The program's constant weir_owner, whatever release it is of: found by its type information. */
static int read_owner(int map_fd, const struct bpf_map_info *info, __u32 *ret_owner)
{
	_cleanup_free_ char *constants = malloc(info->value_size);
	struct btf *btf = btf__load_from_kernel_by_id(info->btf_id);
	const struct btf_type *section = btf ? btf__type_by_id(btf, info->btf_value_type_id) : NULL;
	__u32 key = 0;
	int r = -ENOENT;

	if (constants && section && btf_is_datasec(section) &&
	    !bpf_map_lookup_elem(map_fd, &key, constants))
		for (int i = 0; r && i < btf_vlen(section); i++) {
			const struct btf_var_secinfo *var = btf_var_secinfos(section) + i;
			const struct btf_type *type = btf__type_by_id(btf, var->type);

			if (strcmp(btf__name_by_offset(btf, type->name_off), "weir_owner") ||
			    var->size != sizeof(*ret_owner))
				continue;
			memcpy(ret_owner, constants + var->offset, sizeof(*ret_owner));
			r = 0;
		}
	btf__free(btf);
	return r;
}

/* One map of the program: what of it tells this gate from others. */
static int read_map(__u32 map_id, struct weir_seat *seat)
{
	_cleanup_close_ int fd = bpf_map_get_fd_by_id(map_id);
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	const char *dot;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	dot = strchr(info.name, '.');
	if (!strcmp(info.name, weir_map_name(WEIR_MAP_CONTROL)))
		seat->control_id = info.id;
	else if (!strcmp(info.name, weir_map_name(WEIR_MAP_BLOCKS)))
		seat->blocks_id = info.id;
	else if (!strcmp(info.name, weir_map_name(WEIR_MAP_LIVE)))
		seat->live_id = info.id;
	else if (!strcmp(info.name, weir_map_name(WEIR_MAP_COUNTS)))
		seat->counts_id = info.id;
	else if (dot && !strcmp(dot, ".rodata"))
		return read_owner(fd, &info, &seat->owner);
	return 0;
}

int weir_seat_read(int program_fd, struct weir_seat *ret_seat)
{
	struct weir_seat seat = {.fd = -1};
	__u32 map_ids[64];
	struct bpf_prog_info info = {.nr_map_ids = 64, .map_ids = (uintptr_t)map_ids};
	__u32 size = sizeof(info);
	int r = 0;

	if (bpf_obj_get_info_by_fd(program_fd, &info, &size))
		return -errno;
	if (strcmp(info.name, program_name))
		return -ENOENT;
	for (__u32 i = 0; !r && i < info.nr_map_ids && i < 64; i++)
		r = read_map(map_ids[i], &seat);
	if (r || !seat.owner || !seat.control_id)
		return r ?: -ENOENT;
	seat.program_id = info.id;
	seat.fd = fcntl(program_fd, F_DUPFD_CLOEXEC, 3);
	if (seat.fd < 0)
		return -errno;
	*ret_seat = seat;
	return 0;
}

void weir_seats_done(struct weir_seats *seats)
{
	for (size_t i = 0; i < seats->count; i++)
		closep(&seats->items[i].fd);
	*seats = (struct weir_seats){};
}

int weir_seats_open(unsigned int ifindex, struct weir_seats *ret_seats)
{
	_cleanup_multiprog_ struct xdp_multiprog *programs = NULL;
	_cleanup_seats_ struct weir_seats seats = {};
	struct xdp_program *program = NULL;
	int r;

	weir_libbpf_log_start();
	programs = xdp_multiprog__get_from_ifindex(ifindex);
	r = libxdp_get_error(programs);
	if (r && r != -ENOENT)
		return r;
	if (!r && !xdp_multiprog__is_legacy(programs)) {
		seats.is_dispatched = true;
		seats.mode = xdp_multiprog__attach_mode(programs) == XDP_MODE_SKB
				     ? WEIR_MODE_SKB
				     : WEIR_MODE_NATIVE;
		while ((program = xdp_multiprog__next_prog(program, programs))) {
			r = seats.count < WEIR_SEATS_MAX ? weir_seat_read(xdp_program__fd(program),
									  &seats.items[seats.count])
							 : -E2BIG;
			if (r && r != -ENOENT)
				return r;
			if (r)
				seats.others++;
			else
				seats.count++;
		}
	}
	*ret_seats = seats;
	seats = (struct weir_seats){};
	return 0;
}

/* ---- what keeps a packet in flight from slipping through ----------------------------------- */

/*
 * libxdp swaps the dispatcher and at once lets go of the links that tied programs to the old
 * one. A packet that is in the old dispatcher at that moment would find no gate any more. So
 * the links are held until every such packet has gone.
 */
struct held {
	int links[WEIR_SEATS_MAX];
	size_t count;
};

static bool ties_to(int link_fd, __u32 dispatcher_id)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);

	return !bpf_obj_get_info_by_fd(link_fd, &info, &size) &&
	       info.type == BPF_LINK_TYPE_TRACING && info.tracing.target_obj_id == dispatcher_id;
}

static void hold_links(unsigned int ifindex, struct held *held)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	__u32 dispatcher_id, id = 0;

	*held = (struct held){};
	if (bpf_xdp_query(ifindex, 0, &query))
		return;
	dispatcher_id = query.skb_prog_id ?: query.drv_prog_id;
	while (dispatcher_id && held->count < WEIR_SEATS_MAX && !bpf_link_get_next_id(id, &id)) {
		_cleanup_close_ int fd = bpf_link_get_fd_by_id(id);

		if (fd >= 0 && ties_to(fd, dispatcher_id))
			held->links[held->count++] = take_fd(&fd);
	}
}

enum { FLIGHT_MAX_US = 100000 }; /* far longer than a packet spends in a program */

static void release_links(struct held *held)
{
	if (held->count && weir_grace_period())
		usleep(FLIGHT_MAX_US);
	for (size_t i = 0; i < held->count; i++)
		closep(&held->links[i]);
	held->count = 0;
}

#define _cleanup_held_ __attribute__((cleanup(release_links)))

/* ---- adding and removing ------------------------------------------------------------------- */

int weir_newcomer_open(const struct weir_maps *maps, __u32 owner, struct weir_diags *diags,
		       struct weir_newcomer *ret_newcomer)
{
	const struct weir_load load = {
		.share = maps, .owner = owner, .forced_half = WEIR_HALF_IN_FORCE};
	_cleanup_newcomer_ struct weir_newcomer newcomer = {};
	int r = weir_gate_prepare(&load, diags, &newcomer.gate);
	DECLARE_LIBXDP_OPTS(xdp_program_opts, options, .prog_name = program_name);

	if (r)
		return r;
	options.obj = newcomer.gate->obj;
	newcomer.program = xdp_program__create(&options);
	r = libxdp_get_error(newcomer.program);
	/* libbpf adds the flag when it loads, which is too late for libxdp to see it. */
	r = r ?: xdp_program__set_run_prio(newcomer.program, PRIORITY);
	r = r ?: xdp_program__set_xdp_frags_support(newcomer.program, true);
	if (r)
		return weir_fail(diags, r, "cannot prepare the gate for libxdp: %s", strerror(-r));
	*ret_newcomer = newcomer;
	newcomer = (struct weir_newcomer){};
	return 0;
}

void weir_newcomer_done(struct weir_newcomer *newcomer)
{
	programp(&newcomer->program);
	weir_gate_free(&newcomer->gate);
	newcomer->program = NULL;
}

int weir_newcomer_fd(const struct weir_newcomer *newcomer)
{
	return xdp_program__fd(newcomer->program);
}

int weir_newcomer_attach(struct weir_newcomer *newcomer, unsigned int ifindex, enum weir_mode mode)
{
	_cleanup_multiprog_ struct xdp_multiprog *programs = NULL;
	_cleanup_held_ struct held held;
	int r;

	hold_links(ifindex, &held);
	r = xdp_program__attach(newcomer->program, ifindex, xdp_mode(mode), 0);
	/* Pins of dispatchers that are gone: a libxdp that was killed leaves them. */
	libxdp_clean_references(ifindex);
	if (r)
		return r;
	programs = xdp_multiprog__get_from_ifindex(ifindex);
	if (libxdp_get_error(programs) || !xdp_multiprog__is_legacy(programs))
		return libxdp_get_error(programs);
	xdp_program__detach(newcomer->program, ifindex, xdp_mode(mode), 0);
	return -EOPNOTSUPP;
}

int weir_seat_detach(const struct weir_seat *seat, unsigned int ifindex, enum weir_mode mode)
{
	_cleanup_program_ struct xdp_program *program = xdp_program__from_fd(seat->fd);
	_cleanup_held_ struct held held;
	int r = libxdp_get_error(program);

	hold_links(ifindex, &held);
	r = r ?: xdp_program__detach(program, ifindex, xdp_mode(mode), 0);
	libxdp_clean_references(ifindex);
	return r;
}
