/* SPDX-License-Identifier: GPL-2.0-only */
/* weir verify: does the kernel hold what the files say? Silent when it does; 3 when it does not. */
#include "kernel/verify.h"

#include "cmd/common.h"
#include "cmd/progress.h"

int weir_cmd_verify(const struct weir_cli *cli, int argc, char **argv)
{
	_cleanup_(weir_config_free) struct weir_config *config = NULL;
	_cleanup_drifts_ struct weir_drifts drifts = {};
	_cleanup_diags_ struct weir_diags diags = {};
	struct weir_paths paths;
	int r;

	if (argc > 1)
		return weir_cmd_usage(argv[0]);
	weir_progress_say("comparing the files with the kernel");
	r = weir_paths_make(cli->instance, &diags, &paths) ?:
	    weir_config_load(cli->config_path, &diags, &config) ?:
	    weir_verify(&paths, config, &diags, &drifts);
	if (!r)
		r = weir_cmd_print(
			cli->json ? weir_verify_json(&drifts) : weir_verify_table(&drifts), &diags);
	r = weir_cmd_end(&diags, r);
	return r ? r : drifts.count ? WEIR_EXIT_DRIFT : WEIR_EXIT_DONE;
}
