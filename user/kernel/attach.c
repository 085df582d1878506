/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interface and mode -> a place behind libxdp's dispatcher, or a pinned XDP link. The link is the
 * owner: what another tool attaches by netlink cannot replace it, and it goes only by our hand or
 * with the interface. A dispatcher can be taken off by any tool: that is what sharing means.
 */
#include "kernel/attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/attach_trial.h"
#include "kernel/dispatcher.h"
#include "kernel/guard.h"
#include "kernel/lock.h"
#include "kernel/pins.h"
#include "kernel/renamed.h"
#include "kernel/shared.h"

int weir_running_on(unsigned int ifindex, struct weir_running *ret_running)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	int r = bpf_xdp_query(ifindex, 0, &query);

	if (r)
		return r;
	*ret_running = query.skb_prog_id
			       ? (struct weir_running){query.skb_prog_id, WEIR_MODE_SKB}
			       : (struct weir_running){query.drv_prog_id ?: query.hw_prog_id,
						       WEIR_MODE_NATIVE};
	return 0;
}

bool weir_link_is_on(const struct weir_link *link, unsigned int ifindex)
{
	struct weir_running running;

	return link->ifindex == ifindex &&
	       (link->is_shared ||
		(!weir_running_on(ifindex, &running) && running.program_id == link->program_id));
}

static int fail_held(const char *interface, __u32 program_id, struct weir_diags *diags)
{
	_cleanup_close_ int fd = bpf_prog_get_fd_by_id(program_id);
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	if (fd >= 0)
		bpf_obj_get_info_by_fd(fd, &info, &size);
	return weir_fail(diags, -EBUSY, "%s is held by another XDP program: '%s' (id %u)",
			 interface, info.name, program_id);
}

static int create_link(int program_fd, unsigned int ifindex, enum weir_mode mode, int *ret_fd)
{
	LIBBPF_OPTS(bpf_link_create_opts, options,
		    .flags = mode == WEIR_MODE_SKB ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	int fd = bpf_link_create(program_fd, ifindex, BPF_XDP, &options);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* Native where the driver can; what it said is kept for whoever asks why not. */
static int create_best_link(int program_fd, unsigned int ifindex, enum weir_mode mode,
			    struct weir_attached *attached, int *ret_fd)
{
	int r;

	attached->mode = mode == WEIR_MODE_SKB ? WEIR_MODE_SKB : WEIR_MODE_NATIVE;
	r = create_link(program_fd, ifindex, attached->mode, ret_fd);
	if (!r || mode != WEIR_MODE_AUTO || r == -EBUSY || r == -EPERM)
		return r;
	attached->mode = WEIR_MODE_SKB;
	snprintf(attached->why, sizeof(attached->why), "the driver refused native mode: %s",
		 strerror(-r));
	return create_link(program_fd, ifindex, WEIR_MODE_SKB, ret_fd);
}

/* The interface's pinned link: 0 and whether it lives, after a dead one's pin is removed. */
static int find_own(const struct weir_paths *paths, const char *interface, unsigned int ifindex,
		    struct weir_diags *diags, struct weir_attached *attached)
{
	_cleanup_links_ struct weir_links links = {};
	int r = weir_links_repin(paths, diags) ?: weir_links_open(paths, diags, &links);

	attached->was_attached = false;
	for (size_t i = 0; !r && i < links.count; i++) {
		if (strcmp(links.items[i].interface, interface))
			continue;
		attached->was_attached = weir_link_is_on(&links.items[i], ifindex);
		attached->is_shared = links.items[i].is_shared;
		if (attached->was_attached)
			return 0;
		if (links.items[i].ifindex)
			return weir_fail(diags, -EEXIST,
					 "%s: the instance's gate is on an interface of that name "
					 "in another network namespace",
					 interface);
		/* The interface was deleted and made again. */
		r = weir_detach_link(paths, &links.items[i], diags);
	}
	return r;
}

/* What is to be attached where; `attached` is told how it went. */
struct attach {
	const struct weir_paths *paths;
	const struct weir_maps *maps;
	const char *interface;
	unsigned int ifindex;
	enum weir_mode mode; /* that was asked for */
	struct weir_diags *diags;
	struct weir_attached *attached;
};

static int attach_alone(const struct attach *attach)
{
	struct weir_attached *attached = attach->attached;
	_cleanup_close_ int fd = -1;
	struct weir_running running;
	char path[WEIR_PATH_MAX];
	int r = weir_running_on(attach->ifindex, &running);

	if (!r && running.program_id)
		return fail_held(attach->interface, running.program_id, attach->diags);
	r = create_best_link(attach->maps->program_fd, attach->ifindex, attach->mode, attached,
			     &fd);
	if (r)
		return weir_fail(attach->diags, r, "cannot attach to %s in %s mode: %s",
				 attach->interface, weir_mode_name(attached->mode), strerror(-r));
	weir_link_path(attach->paths, attach->interface, path);
	if (bpf_obj_pin(fd, path))
		return weir_fail(attach->diags, -errno, "cannot pin %s: %s; not attached", path,
				 strerror(errno));
	return 0;
}

/* Beside others where the kernel can; where it cannot, alone. */
static int attach_new(const struct attach *attach)
{
	struct weir_attached *attached = attach->attached;
	_cleanup_seats_ struct weir_seats seats = {};
	struct weir_running running = {};

	attached->is_shared = !weir_dispatcher_probe(attached->why_alone,
						     sizeof(attached->why_alone));
	if (!attached->is_shared)
		return attach_alone(attach);
	if (!weir_running_on(attach->ifindex, &running) && running.program_id &&
	    (weir_seats_open(attach->ifindex, &seats) || !seats.is_dispatched))
		return fail_held(attach->interface, running.program_id, attach->diags);
	return weir_shared_attach(attach->paths, attach->maps, attach->interface, attach->ifindex,
				  attach->mode, attach->diags, attached);
}

/* A link keeps its mode: another one would need a moment without the gate. */
static int check_mode(const char *interface, unsigned int ifindex, enum weir_mode wanted,
		      struct weir_diags *diags, enum weir_mode *ret_mode)
{
	struct weir_running running;
	int r = weir_running_on(ifindex, &running);

	if (r)
		return weir_fail(diags, r, "cannot inspect %s: %s", interface, strerror(-r));
	if (wanted != WEIR_MODE_AUTO && wanted != running.mode)
		return weir_fail(diags, -EEXIST,
				 "%s is attached in %s mode already; another mode takes a weir "
				 "detach first, with nothing filtered in between",
				 interface, weir_mode_name(running.mode));
	*ret_mode = running.mode;
	return 0;
}

/*
 * The gate knows what is on trial by its number, which an interface of another network namespace
 * may have, too: the end of the one's trial would open the other. Where none has, a trial of the
 * number is of a command that was killed, and not of what is attached now.
 */
static int check_number(const struct attach *attach, __u64 try_ns)
{
	_cleanup_links_ struct weir_links links = {};
	int r;

	if (!try_ns && !weir_attach_trial_has(attach->maps, attach->ifindex))
		return 0;
	r = weir_links_open(attach->paths, attach->diags, &links);
	for (size_t i = 0; !r && i < links.count; i++)
		if (links.items[i].ifindex == attach->ifindex)
			return weir_fail(attach->diags, -EEXIST,
					 "%s has the number of %s, in another network namespace: "
					 "a trial of the one would be the other's",
					 attach->interface, links.items[i].interface);
	if (!r && !try_ns)
		weir_attach_trial_drop(attach->maps, attach->ifindex);
	return r;
}

/* First the trial, then the program: see attach_trial.h. */
static int attach_on_trial(const struct attach *attach, __u64 try_ns)
{
	int r = check_number(attach, try_ns);

	if (!r && try_ns)
		r = weir_attach_trial_begin(attach->maps, attach->ifindex, try_ns, attach->diags);
	if (r)
		return r;
	r = attach_new(attach);
	if (r && try_ns)
		weir_attach_trial_drop(attach->maps, attach->ifindex);
	return r;
}

static int open_gate(const struct weir_paths *paths, struct weir_diags *diags,
		     struct weir_maps *maps)
{
	int r = weir_pins_need(paths, diags, maps) ?: weir_attach_trial_settle(paths, maps, diags);

	if (!r && !weir_maps_policy_in_force(maps))
		r = weir_fail(diags, -ENODATA, "no complete policy is loaded: weir apply first");
	return r;
}

int weir_attach_with(const struct weir_paths *paths, const char *interface,
		     const struct weir_attach_options *options, struct weir_diags *diags,
		     struct weir_attached *ret_attached)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	unsigned int ifindex = if_nametoindex(interface);
	_cleanup_close_ int lock = -1;
	struct weir_attached attached = {};
	const struct attach attach = {paths,         &maps, interface, ifindex,
				      options->mode, diags, &attached};
	int r;

	if (!ifindex)
		return weir_fail(diags, -ENODEV,
				 "there is no interface '%s' here: ip link shows them", interface);
	r = weir_paths_ensure(paths, diags) ?:
	    weir_lock_take(paths, WEIR_LOCK_APPLY, "attach", options->wait_ms, diags, &lock) ?:
	    open_gate(paths, diags, &maps) ?:
	    find_own(paths, interface, ifindex, diags, &attached);
	if (!r && !attached.was_attached && !options->is_forced)
		r = weir_guard_policy(paths, &maps, weir_maps_half(&maps), NULL, interface, diags);
	if (r)
		return r;
	r = attached.was_attached
		    ? check_mode(interface, ifindex, options->mode, diags, &attached.mode)
		    : attach_on_trial(&attach, options->try_ns);
	if (r)
		return r;
	attached.is_on_trial = weir_attach_trial_has(&maps, ifindex);
	*ret_attached = attached;
	return 0;
}
