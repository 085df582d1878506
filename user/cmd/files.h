/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the operator's files say about the policy in force, for reports. Private to user/cmd.
 */
#ifndef WEIR_CMD_FILES_H
#define WEIR_CMD_FILES_H

#include "config/config.h"
#include "kernel/paths.h"
#include "report/status.h"

/*
 * Read weir.yaml and what it names, and compare it with the fingerprint of the policy in force.
 * Their errors are check's to print: here they are only WEIR_FILES_BAD. Where ret_config is not
 * NULL it receives the configuration, to be freed by the caller, or NULL when it was not read.
 */
enum weir_status_files weir_cmd_files(const char *path, __u64 fingerprint,
				      struct weir_config **ret_config);

/*
 * The configuration that says why the policy in force is as it is: `config`, which the files gave
 * (NULL: nothing), unless they say something else and the copy that was kept is of that policy.
 * Frees what it replaces, and warns that it did.
 */
void weir_cmd_files_in_force(const struct weir_paths *paths, __u64 fingerprint,
			     struct weir_diags *diags, struct weir_config **config);

#endif
