/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files say, for an apply: is it allowed, what does it make, what is kept of it.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/apply_steps.h"
#include "kernel/build.h"
#include "kernel/conntrack.h"
#include "kernel/kept.h"
#include "kernel/lists.h"
#include "net/machine.h"
#include "plan/addresses.h"

/* A list that covers the machine, the region, the CDN or a management source. */
static int check_cover(const struct apply *apply)
{
	_cleanup_free_ __u32 *machine = NULL;
	size_t count = 0;
	int r = weir_machine_addresses(apply->config, apply->diags, &machine, &count);

	return r
		       ?: weir_config_check_cover(apply->config, machine, count,
						  apply->options->is_forced, apply->diags);
}

int weir_apply_check_files(const struct apply *apply)
{
	int r = weir_conntrack_check(apply->config, apply->diags) ?:
		check_cover(apply) ?:
		weir_paths_ensure(apply->paths, apply->diags);

	if (r || !apply->options->is_lists_only)
		return r;
	return weir_lists_check(apply->paths, apply->config, apply->options->is_forced,
				apply->diags);
}

static int list_ingress(struct apply *apply)
{
	const struct weir_region *region = &apply->config->region;

	apply->ingress = calloc(region->ingress_count ?: 1, sizeof(*apply->ingress));
	if (!apply->ingress)
		return weir_fail(apply->diags, -ENOMEM, "out of memory");
	for (size_t i = 0; i < region->ingress_count; i++)
		apply->ingress[i] = region->ingress[i].address;
	apply->ingress_count = weir_addresses_sort(apply->ingress, region->ingress_count);
	return 0;
}

/* All but the lists as it is in force. */
static int graft_lists(struct apply *apply)
{
	struct weir_generation live;
	int r;

	if (apply->maps.program_fd < 0 ||
	    !weir_generation_view(&apply->maps, weir_maps_half(&apply->maps), &live))
		return weir_fail(apply->diags, -ENODATA,
				 "--lists: there is no policy in force: weir apply first");
	r = weir_generation_graft(&live, apply->generation, &apply->done.others_left);
	if (r)
		return weir_fail(apply->diags, r, "out of memory");
	if (apply->done.others_left)
		weir_diags_warning(apply->diags, apply->config->path, 0, 0,
				   "%zu changes besides lists stay as they are: weir plan shows "
				   "them, weir apply makes them",
				   apply->done.others_left);
	return 0;
}

int weir_apply_build(struct apply *apply)
{
	int r = weir_build(apply->config, &apply->maps, apply->diags, &apply->generation);

	if (!r && apply->options->is_lists_only)
		return graft_lists(apply);
	return r ?: list_ingress(apply);
}

/* What later commands go by. A trial that nobody confirms was never there. */
void weir_apply_remember(const struct apply *apply)
{
	if (apply->options->keeps_files && !apply->done.others_left)
		weir_kept_save(apply->paths, apply->config, apply->options->try_ns != 0,
			       apply->diags);
	if (apply->options->keeps_files && !apply->options->try_ns)
		weir_lists_save(apply->paths, apply->config, apply->diags);
}
