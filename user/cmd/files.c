/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The operator's files beside the policy in force: the same, changed, bad or unread?
 *
 * A report names the file and line behind each thing that the kernel does. When the files have changed
 * since, it is the copy that apply has kept that can say so, not the files.
 */
#include "cmd/files.h"

#include "base/cleanup.h"
#include "kernel/kept.h"

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

void weir_cmd_files_in_force(const struct weir_paths *paths, __u64 fingerprint,
			     struct weir_diags *diags, struct weir_config **config)
{
	_cleanup_(weir_config_free) struct weir_config *kept = NULL;
	_cleanup_diags_ struct weir_diags unread = {};

	if ((*config && (*config)->fingerprint == fingerprint) ||
	    !weir_kept_is(paths, fingerprint) || weir_kept_load(paths, &unread, &kept))
		return;
	weir_diags_warning(diags, NULL, 0, 0,
			   "the files are not those of the policy in force: lines are given as of "
			   "its apply, from the copy in %s/confirmed",
			   paths->state);
	weir_config_free(config);
	*config = take_pointer(kept);
}
