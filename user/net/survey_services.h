/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of a survey that is not about interfaces. Private to survey*.c. */
#ifndef WEIR_NET_SURVEY_SERVICES_H
#define WEIR_NET_SURVEY_SERVICES_H

#include "base/diag.h"
#include "net/uplink.h"

/*
 * Add sessions and daemons to the survey. Sessions are those that come in by the uplink's interfaces.
 * Returns 0 or a negative errno with a diagnostic.
 */
int weir_survey_services(const struct weir_uplink *uplink, struct weir_diags *diags,
			 struct weir_survey *to);

#endif
