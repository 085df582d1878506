/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Failing with a diagnostic that says what, and the errno that says why.
 *
 *   return weir_fail(diags, -errno, "cannot pin %s: %s", name, strerror(errno));
 *
 * The errno is read before the diagnostic is made, so that it may be -errno.
 */
#ifndef WEIR_BASE_FAIL_H
#define WEIR_BASE_FAIL_H

#include "base/diag.h"

#define weir_fail(diags, error, ...)                                                               \
	({                                                                                         \
		int error_ = (error);                                                              \
		weir_diags_error(diags, NULL, 0, 0, __VA_ARGS__);                                  \
		error_;                                                                            \
	})

#endif
