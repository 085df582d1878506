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
#include "kernel/attach.h"
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

static void hold_links(unsigned int ifindex, struct held *held)
{
	struct weir_running running;
	__u32 link_id = 0, program_id;
	int fd;

	*held = (struct held){};
	if (weir_running_on(ifindex, &running) || !running.program_id)
		return;
	while (held->count < WEIR_SEATS_MAX &&
	       (fd = weir_dispatcher_tie(running.program_id, &link_id, &program_id)) >= 0)
		held->links[held->count++] = fd;
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
