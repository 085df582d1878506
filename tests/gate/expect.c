/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One frame, one reason: the comparison that most gate tests consist of. A row that fails says
 * its name and lets the others go on.
 */
#include <criterion/criterion.h>
#include <linux/bpf.h>

#include "fixture.h"

const char *reason_name(unsigned int reason)
{
	static const char *const names[] = {
		[WEIR_UNDECIDED] = "none, or several counters",
#define X(id, outcome, slug, text) [WEIR_##id] = #slug,
		WEIR_REASON_LIST(X)
#undef X
	};

	return reason < WEIR_REASONS_END ? names[reason] : "no reason at all";
}

void gate_expect(struct gate *gate, const char *name, const struct frame *frame,
		 unsigned int reason)
{
	struct verdict verdict = gate_run(gate, frame->bytes, frame->size);
	int action = weir_reason_passes(reason) ? XDP_PASS : XDP_DROP;

	cr_expect_eq(verdict.reason, reason, "%s: %s, not %s", name, reason_name(verdict.reason),
		     reason_name(reason));
	cr_expect_eq(verdict.action, action, "%s: action %d, not %d", name, verdict.action, action);
	cr_expect_eq(verdict.bytes, frame->size, "%s: %llu bytes counted of %zu", name,
		     verdict.bytes, frame->size);
}

void gate_expect_spec(struct gate *gate, const char *name, struct frame_spec spec,
		      unsigned int reason)
{
	struct frame frame;

	frame_build(&spec, &frame);
	gate_expect(gate, name, &frame, reason);
}
