/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the operator's files say about the policy in force, for reports. Private to user/cmd.
 */
#ifndef WEIR_CMD_FILES_H
#define WEIR_CMD_FILES_H

#include "config/config.h"
#include "report/status.h"

/*
 * Read weir.yaml and what it names, and compare it with the fingerprint of the policy in force.
 * Their errors are check's to print: here they are only WEIR_FILES_BAD. Where ret_config is not
 * NULL it receives the configuration, to be freed by the caller, or NULL when it was not read.
 */
enum weir_status_files weir_cmd_files(const char *path, __u64 fingerprint,
				      struct weir_config **ret_config);

#endif
