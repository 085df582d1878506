/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the gate makes of packets, and why, as people and programs read it. Pure.
 */
#ifndef WEIR_REPORT_EXPLAIN_H
#define WEIR_REPORT_EXPLAIN_H

#include "plan/explain.h"
#include "report/status.h"

struct weir_verdict {
	unsigned int number; /* in its capture, from 1 */
	bool has_header;     /* the frame has a whole IPv4 header, which `header` tells */
	struct weir_header header;
	size_t bytes;
	enum weir_reason reason;
	struct weir_explanation explanation;
};

/*
 * Packet, verdict and reason, then what decided and what it overruled, a line each; captured
 * packets begin with their number. free(3) what these return; NULL when memory runs out.
 */
char *weir_explain_table(const struct weir_verdict *verdicts, size_t count, bool is_capture);

/*
 * {"packet", "source", "destination", "protocol", ..., "bytes", "verdict": "drop",
 *  "reason": "drop_denied", "text", "files": "same",
 *  "because": [{"text", "path", "line"} or {"text", "until", "who", "at", "note"}]}
 * For a capture an array of these, each with its "number". "path" is null where no file says it,
 * "files" is whether they are those that the policy in force was made from.
 */
char *weir_explain_json(const struct weir_verdict *verdicts, size_t count, bool is_capture,
			enum weir_status_files files);

#endif
