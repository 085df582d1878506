/* SPDX-License-Identifier: GPL-2.0-only */
/* The request target and Host: which host is meant, and what path does the container see? */
#ifndef WEIR_SNIFF_TARGET_H
#define WEIR_SNIFF_TARGET_H

#include "sniff/request.h"

/*
 * Judge the target by its method (RFC 9112, section 3.2): origin-form, absolute-form with http,
 * `*` for OPTIONS. Sets target and authority.
 * Returns 0, TARGET, MISDIRECTED (another scheme) or METHOD (CONNECT).
 */
enum weir_ending weir_target_parse(struct weir_request *request, const char *head);

/*
 * Settle the host that is routed by: Host, which an absolute target must agree with.
 * Returns 0, HOST_MISSING, HOST or TARGET_HOST.
 */
enum weir_ending weir_target_settle(struct weir_request *request, const char *head,
				    struct weir_span host);

#endif
