/* SPDX-License-Identifier: GPL-2.0-only */
/* Configuration, machine, live gate -> the generation to apply, plan or verify. */
#include "kernel/build.h"

#include <errno.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/generation.h"
#include "kernel/object.h"
#include "net/machine.h"

int weir_build(const struct weir_config *config, const struct weir_maps *maps,
	       struct weir_diags *diags, struct weir_generation **ret_generation)
{
	_cleanup_free_ struct weir_slot *taken = NULL;
	_cleanup_free_ __u32 *machine = NULL;
	struct weir_generation live;
	size_t taken_count = 0, machine_count = 0;
	int r = weir_machine_addresses(config, diags, &machine, &machine_count);

	if (r)
		return r;
	if (maps->program_fd >= 0 && weir_generation_view(maps, weir_maps_half(maps), &live) &&
	    weir_generation_slots(&live, &taken, &taken_count))
		return weir_fail(diags, -ENOMEM, "out of memory");
	r = weir_generation_build(config, machine, machine_count, taken, taken_count,
				  weir_tick_ns(), diags, ret_generation);
	if (!r)
		(*ret_generation)->policy.applied_at_s = time(NULL);
	return r;
}
