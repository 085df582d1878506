/* SPDX-License-Identifier: GPL-2.0-only */
/* weir status: what is loaded, where it is attached, and whether the files still say so. */
#include "kernel/status.h"

#include "cmd/common.h"
#include "config/config.h"

/* Their errors are check's to print: here they are a hint among others. */
static enum weir_status_files compare_files(const char *path, __u64 fingerprint)
{
	__attribute__((cleanup(weir_config_free))) struct weir_config *config = NULL;
	_cleanup_diags_ struct weir_diags diags = {};

	if (access(path, R_OK))
		return WEIR_FILES_UNREAD;
	if (weir_config_load(path, &diags, &config))
		return WEIR_FILES_BAD;
	return config->fingerprint == fingerprint ? WEIR_FILES_SAME : WEIR_FILES_CHANGED;
}

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
		status.files = compare_files(cli->config_path, status.fingerprint);
	if (!r)
		r = weir_cmd_print(
			cli->json ? weir_status_json(&status) : weir_status_table(&status), &diags);
	return weir_cmd_end(&diags, r);
}
