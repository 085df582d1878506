/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What this machine is, asked of its kernel.
 */
#ifndef WEIR_NET_SURVEY_H
#define WEIR_NET_SURVEY_H

#include "base/diag.h"
#include "report/init.h"

/*
 * Interfaces, addresses, sessions and daemons of this network namespace. Changes nothing and needs
 * no privilege. Returns 0 or a negative errno with a diagnostic; weir_survey_done the result.
 */
int weir_survey_read(struct weir_diags *diags, struct weir_survey *ret_survey);

#endif
