/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A frame that the gate showed, as a line for people or for programs. Pure.
 */
#ifndef WEIR_REPORT_FRAME_H
#define WEIR_REPORT_FRAME_H

#include "weir/watch.h"

enum { WEIR_FRAME_TEXT_MAX = 256, WEIR_FRAME_COMMENT_MAX = 160 };

/*
 * `12:00:00.123456 wan drop_denied 198.51.100.66:40000 > 203.0.113.10:80 tcp syn, 60 bytes`, or
 * `..., no IPv4` for what has no such header. `at_ns` is CLOCK_REALTIME; times are UTC.
 * Returns `to`, without a newline.
 */
char *weir_frame_text(const struct weir_watch_frame *frame, __u64 at_ns, const char *interface,
		      char to[static WEIR_FRAME_TEXT_MAX]);

/*
 * One line of JSON: {"time", "interface", "queue", "reason", "outcome", "bytes", "source",
 * "destination", "source_port", "port", "protocol"}; the last five null where there is no IPv4
 * header. free(3) it; NULL when memory runs out.
 */
char *weir_frame_json(const struct weir_watch_frame *frame, __u64 at_ns, const char *interface);

/* `drop_denied: the source is on a denylist`, for a comment. Returns `to`. */
char *weir_frame_comment(const struct weir_watch_frame *frame,
			 char to[static WEIR_FRAME_COMMENT_MAX]);

#endif
