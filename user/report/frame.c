/* SPDX-License-Identifier: GPL-2.0-only */
/* A frame's bytes and reason -> a line. */
#include "report/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/prefix.h"
#include "plan/header.h"
#include "report/json.h"
#include "report/reason.h"

char *weir_frame_comment(const struct weir_watch_frame *frame,
			 char to[static WEIR_FRAME_COMMENT_MAX])
{
	snprintf(to, WEIR_FRAME_COMMENT_MAX, "%s: %s", weir_reason_slug(frame->reason),
		 weir_reason_text(frame->reason));
	return to;
}

char *weir_frame_text(const struct weir_watch_frame *frame, __u64 at_ns, const char *interface,
		      char to[static WEIR_FRAME_TEXT_MAX])
{
	time_t seconds = at_ns / 1000000000;
	char packet[WEIR_HEADER_TEXT_MAX] = "no IPv4";
	struct weir_header header;
	struct tm utc = {};

	gmtime_r(&seconds, &utc);
	if (!weir_header_read(frame->bytes, frame->size, &header))
		weir_header_format(&header, packet);
	snprintf(to, WEIR_FRAME_TEXT_MAX, "%02d:%02d:%02d.%06llu %s %s %s, %u bytes", utc.tm_hour,
		 utc.tm_min, utc.tm_sec, at_ns % 1000000000 / 1000, interface,
		 weir_reason_slug(frame->reason), packet, frame->frame_bytes);
	return to;
}

/* RFC 3339 with nanoseconds. */
static json_t *time_json(__u64 at_ns)
{
	time_t seconds = at_ns / 1000000000;
	char date[32] = "";
	struct tm utc;

	if (!gmtime_r(&seconds, &utc) || !strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc))
		return json_null();
	return json_sprintf("%s.%09lluZ", date, at_ns % 1000000000);
}

static void set_packet(json_t *root, const struct weir_watch_frame *frame)
{
	char source[WEIR_PREFIX_TEXT_MAX], destination[WEIR_PREFIX_TEXT_MAX];
	struct weir_header header;

	if (weir_header_read(frame->bytes, frame->size, &header)) {
		json_object_update_new(root,
				       json_pack("{s:n, s:n, s:n, s:n, s:n}", "source",
						 "destination", "source_port", "port", "protocol"));
		return;
	}
	json_object_update_new(root,
			       json_pack("{s:s, s:s, s:i, s:i, s:i}", "source",
					 weir_address_format(header.source, source), "destination",
					 weir_address_format(header.destination, destination),
					 "source_port", header.source_port, "port", header.port,
					 "protocol", header.protocol));
}

char *weir_frame_json(const struct weir_watch_frame *frame, __u64 at_ns, const char *interface)
{
	json_t *root = json_pack("{s:o, s:s, s:I, s:s, s:s, s:I}", "time", time_json(at_ns),
				 "interface", interface, "queue", (json_int_t)frame->queue,
				 "reason", weir_reason_slug(frame->reason), "outcome",
				 weir_reason_passes(frame->reason) ? "passed" : "dropped", "bytes",
				 (json_int_t)frame->frame_bytes);
	char *text;

	if (!root)
		return NULL;
	set_packet(root, frame);
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return text;
}
