/* SPDX-License-Identifier: GPL-2.0-only */
/* weir status: what is loaded, where it is attached, and whether the files still say so. */
#include "kernel/status.h"

#include "cmd/common.h"
#include "cmd/files.h"

int weir_cmd_status(const struct weir_cli *cli, int argc, char **argv)
{
	_cleanup_status_ struct weir_status status = {};
	_cleanup_diags_ struct weir_diags diags = {};
	struct weir_paths paths;
	int r;

	(void)argv;
	if (argc > 1)
		return weir_cmd_usage("status");
	r = weir_paths_make(cli->instance, &diags, &paths)
		    ?: weir_status_read(&paths, cli->instance, &diags, &status);
	if (!r && status.has_policy)
		status.files = weir_cmd_files(cli->config_path, status.fingerprint, NULL);
	if (!r)
		r = weir_cmd_print(
			cli->json ? weir_status_json(&status) : weir_status_table(&status), &diags);
	return weir_cmd_end(&diags, r);
}
