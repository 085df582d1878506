/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asking the kernel how a gate is.
 */
#ifndef WEIR_KERNEL_STATUS_H
#define WEIR_KERNEL_STATUS_H

#include "kernel/paths.h"
#include "report/status.h"

/*
 * Everything of struct weir_status but `files`, which takes the files. No gate is no error.
 * Returns 0 or a negative errno with a diagnostic; weir_status_done the result.
 */
int weir_status_read(const struct weir_paths *paths, const char *instance, struct weir_diags *diags,
		     struct weir_status *ret_status);

#endif
