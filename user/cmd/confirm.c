/* SPDX-License-Identifier: GPL-2.0-only */
/* weir confirm: keep the policy of a running trial. */
#include "cmd/common.h"
#include "cmd/progress.h"
#include "kernel/apply.h"

int weir_cmd_confirm(const struct weir_cli *cli, int argc, char **argv)
{
	_cleanup_diags_ struct weir_diags diags = {};
	struct weir_paths paths;
	int r;

	if (argc > 1)
		return weir_cmd_usage(argv[0]);
	weir_progress_say("keeping the policy");
	r = weir_paths_make(cli->instance, &diags, &paths) ?: weir_confirm(&paths, &diags);
	return weir_cmd_end(&diags, r);
}
