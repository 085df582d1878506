/* SPDX-License-Identifier: GPL-2.0-only */
/* weir counts: packets and bytes by reason and by destination. */
#include "kernel/counts.h"

#include "cmd/common.h"
#include "kernel/pins.h"

int weir_cmd_counts(const struct weir_cli *cli, int argc, char **argv)
{
	_cleanup_counts_ struct weir_counts_report report = {};
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	_cleanup_diags_ struct weir_diags diags = {};
	struct weir_paths paths;
	bool all = false;
	int option, r;

	while ((option = getopt(argc, argv, "a")) != -1) {
		if (option != 'a')
			return weir_cmd_usage("counts [-a]");
		all = true;
	}
	if (optind < argc)
		return weir_cmd_usage("counts [-a]");
	r = weir_paths_make(cli->instance, &diags, &paths) ?:
	    weir_pins_need(&paths, &diags, &maps) ?:
	    weir_counts_read(&maps, &diags, &report);
	if (!r)
		r = weir_cmd_print(cli->json ? weir_counts_json(&report)
					     : weir_counts_table(&report, all),
				   &diags);
	return weir_cmd_end(&diags, r);
}
