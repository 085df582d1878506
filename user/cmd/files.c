/* SPDX-License-Identifier: GPL-2.0-only */
/* weir.yaml and the policy in force -> the same, changed, bad or unread. */
#include "cmd/files.h"

#include "base/cleanup.h"

enum weir_status_files weir_cmd_files(const char *path, __u64 fingerprint,
				      struct weir_config **ret_config)
{
	_cleanup_(weir_config_free) struct weir_config *config = NULL;
	_cleanup_diags_ struct weir_diags diags = {};
	enum weir_status_files state;

	if (ret_config)
		*ret_config = NULL;
	if (access(path, R_OK))
		return WEIR_FILES_UNREAD;
	if (weir_config_load(path, &diags, &config))
		return WEIR_FILES_BAD;
	state = config->fingerprint == fingerprint ? WEIR_FILES_SAME : WEIR_FILES_CHANGED;
	if (ret_config)
		*ret_config = take_pointer(config);
	return state;
}
