/* SPDX-License-Identifier: GPL-2.0-only */
/* weir plan: what apply would change in the kernel. Silent when nothing. */
#include "cmd/common.h"
#include "cmd/progress.h"
#include "config/config.h"
#include "kernel/build.h"
#include "kernel/generation.h"
#include "kernel/pins.h"
#include "report/diff.h"

#include <errno.h>

static int compare(const struct weir_config *config, struct weir_maps *maps,
		   struct weir_diags *diags, struct weir_diff *ret_diff)
{
	__attribute__((cleanup(weir_generation_free))) struct weir_generation *wanted = NULL;
	struct weir_generation live;
	bool has_live = false;
	int r = 0;

	if (maps->program_fd >= 0)
		r = weir_maps_open_base(maps, diags);
	r = r ?: weir_build(config, maps, diags, &wanted);
	if (r)
		return r;
	if (maps->program_fd >= 0)
		has_live = weir_generation_view(maps, weir_maps_half(maps), &live);
	return weir_diff_make(has_live ? &live : NULL, wanted, ret_diff);
}

int weir_cmd_plan(const struct weir_cli *cli, int argc, char **argv)
{
	__attribute__((cleanup(weir_config_free))) struct weir_config *config = NULL;
	__attribute__((cleanup(weir_diff_done))) struct weir_diff diff = {};
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	_cleanup_diags_ struct weir_diags diags = {};
	struct weir_paths paths;
	int r;

	if (argc > 1)
		return weir_cmd_usage(argv[0]);
	weir_progress_say("comparing the files with the kernel");
	r = weir_paths_make(cli->instance, &diags, &paths)
		    ?: weir_config_load(cli->config_path, &diags, &config);
	if (!r) {
		r = weir_pins_find(&paths, &diags, &maps);
		r = r == -ENOENT ? 0 : r;
	}
	r = r ?: compare(config, &maps, &diags, &diff);
	if (!r)
		r = weir_cmd_print(cli->json ? weir_diff_json(&diff) : weir_diff_table(&diff),
				   &diags);
	return weir_cmd_end(&diags, r);
}
