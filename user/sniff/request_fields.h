/* SPDX-License-Identifier: GPL-2.0-only */
/* The header lines of a request. Private to request.c and request_fields.c. */
#ifndef WEIR_SNIFF_REQUEST_FIELDS_H
#define WEIR_SNIFF_REQUEST_FIELDS_H

#include "sniff/request.h"

/* Take one header line, without its CR LF. Returns 0 or why the request is refused. */
enum weir_ending weir_request_take_line(struct weir_request *request, const char *head,
					struct weir_span line);

/* The empty line has come: what do the fields say together? Returns likewise. */
enum weir_ending weir_request_settle(struct weir_request *request, const char *head);

#endif
