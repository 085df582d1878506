/* SPDX-License-Identifier: GPL-2.0-only */
/* What the reports share to write JSON. Private to user/report. */
#ifndef WEIR_REPORT_JSON_H
#define WEIR_REPORT_JSON_H

#include <jansson.h>
#include <stdbool.h>

/* The value as text with a newline, keys in the order they were set; drops the value. */
char *weir_json_text(json_t *value);

/* The same on one line, for reports that come one after the other. */
char *weir_json_line(json_t *value);

/* The one or the other. */
char *weir_json_form(json_t *value, bool is_line);

/* Nanoseconds since the epoch as RFC 3339 in UTC, whole seconds; null for 0. */
json_t *weir_json_time(unsigned long long at_ns);

struct weir_bucket_state;

/* {"bytes_per_s", "burst_bytes", "tokens_bytes"}, or null without a limit. */
json_t *weir_bucket_json(const struct weir_bucket_state *bucket);

enum { WEIR_TIME_TEXT_MAX = 32 };

/* The same for tables; "-" for 0. Returns `to`. */
char *weir_time_text(unsigned long long at_ns, char to[static WEIR_TIME_TEXT_MAX]);

#endif
