/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Load, fill, converge: the new program's own maps hold all that decides before any interface
 * runs it.
 */
#include "kernel/replace.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/lock.h"
#include "kernel/object.h"
#include "kernel/overlay.h"
#include "kernel/pins.h"
#include "weir/deny.h"

static int load(const struct weir_load *load, struct weir_diags *diags, struct weir_maps *ret_maps)
{
	int fd = -1;

	return weir_gate_load(load, diags, &fd) ?: weir_maps_open(fd, false, diags, ret_maps) ?:
	       weir_maps_open_base(ret_maps, diags);
}

static void swap(struct weir_maps *a, struct weir_maps *b)
{
	struct weir_maps old = *a;

	*a = *b;
	*b = old;
}

/* The blocks of the half in force, at the same places: both programs then judge alike. */
static void copy_blocks(const struct weir_maps *from, const struct weir_maps *to)
{
	const struct weir_policy *policy = weir_maps_policy_in_force(from);

	if (policy)
		memcpy(weir_maps_blocks(to) + policy->blocks_first,
		       weir_maps_blocks(from) + policy->blocks_first,
		       policy->blocks_count * sizeof(struct weir_block));
}

int weir_replace_program(const struct weir_paths *paths, struct weir_maps *maps, size_t blocks_max,
			 struct weir_diags *diags)
{
	const struct weir_load with = {
		.share = maps, .blocks_max = blocks_max, .forced_half = WEIR_HALF_IN_FORCE};
	_cleanup_maps_ struct weir_maps next = WEIR_MAPS_NONE;
	int r = load(&with, diags, &next);

	if (r)
		return r;
	if (blocks_max)
		copy_blocks(maps, &next);
	r = weir_pins_converge(paths, &next, diags);
	if (!r)
		swap(maps, &next);
	return r;
}

/* ---- live bans --------------------------------------------------------------------------- */

struct copy {
	int fd;
	size_t count, max;
};

static int copy_entry(void *context, const struct weir_overlay_entry *entry)
{
	struct weir_live_key key = {entry->kind, entry->prefix.length,
				    htonl(entry->prefix.address)};
	struct weir_live_entry value = {entry->until_ns};
	struct copy *copy = context;

	if (copy->count++ == copy->max)
		return -ENOSPC;
	return bpf_map_update_elem(copy->fd, &key, &value, BPF_ANY) ? -errno : 0;
}

/*
 * Under live.lock. Killed on the way, interfaces may be judged by either table: live_moves then
 * keeps bans out of both until an apply has finished the work.
 */
static int move_live(const struct weir_paths *paths, const struct weir_maps *maps,
		     const struct weir_maps *next, struct weir_diags *diags)
{
	struct weir_control *control = weir_maps_control(maps);
	struct copy copy = {next->fds[WEIR_MAP_LIVE], 0, next->entries[WEIR_MAP_LIVE]};
	int r = weir_overlay_visit(maps, copy_entry, &copy);

	if (r)
		return r == -ENOSPC
			       ? r
			       : weir_fail(diags, r, "cannot copy the live bans: %s", strerror(-r));
	__atomic_store_n(&control->live_id, maps->ids[WEIR_MAP_LIVE], __ATOMIC_SEQ_CST);
	__atomic_store_n(&control->live_moves, 1, __ATOMIC_SEQ_CST);
	r = weir_pins_converge(paths, next, diags);
	if (r)
		return r;
	__atomic_store_n(&control->live_id, next->ids[WEIR_MAP_LIVE], __ATOMIC_SEQ_CST);
	__atomic_store_n(&control->live_moves, 0, __ATOMIC_SEQ_CST);
	control->sweep = 0; /* a place in the old table */
	return 0;
}

int weir_replace_live(const struct weir_paths *paths, struct weir_maps *maps, size_t live_max,
		      struct weir_diags *diags)
{
	const struct weir_load with = {
		.share = maps, .live_max = live_max, .forced_half = WEIR_HALF_IN_FORCE};
	_cleanup_maps_ struct weir_maps next = WEIR_MAPS_NONE;
	_cleanup_close_ int lock = -1;
	int r = load(&with, diags, &next);

	r = r ?: weir_lock_take(paths, WEIR_LOCK_LIVE, "apply", WEIR_LOCK_WAIT_MS, diags, &lock);
	r = r ?: move_live(paths, maps, &next, diags);
	if (!r)
		swap(maps, &next);
	return r;
}
