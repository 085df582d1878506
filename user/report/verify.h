/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the kernel and the files disagree, as people and programs read it. Pure.
 */
#ifndef WEIR_REPORT_VERIFY_H
#define WEIR_REPORT_VERIFY_H

#include <stddef.h>

/* X(ID, "slug", "what puts it right") */
#define WEIR_DRIFT_LIST(X)                                                                         \
	X(GATE, "gate", "weir apply")                                                              \
	X(PROGRAM, "program", "weir apply")                                                        \
	X(TRIAL, "trial", "weir confirm keeps it")                                                 \
	X(TRIAL_OVER, "trial", "weir apply clears it away")                                        \
	X(POLICY, "policy", "weir apply")                                                          \
	X(INTERFACE, "interface", "weir attach or weir detach")                                    \
	X(ROUTE, "route", "weir apply")                                                            \
	X(HANDOFF, "hand-off", "weir apply")                                                       \
	X(LIVE, "live", "repeat it: weir deny or weir allow")

enum weir_drift_kind {
#define X(id, slug, remedy) WEIR_DRIFT_##id,
	WEIR_DRIFT_LIST(X)
#undef X
};

enum { WEIR_DRIFT_TEXT_MAX = 192 };

struct weir_drift {
	enum weir_drift_kind kind;
	char text[WEIR_DRIFT_TEXT_MAX];
};

struct weir_drifts {
	struct weir_drift *items;
	size_t count; /* 0: the kernel holds what the files say */
};

void weir_drifts_done(struct weir_drifts *drifts);

#define _cleanup_drifts_ __attribute__((cleanup(weir_drifts_done)))

/* One line a drift, `kind: what (remedy)`; "" for none. free(3) it; NULL: out of memory. */
char *weir_verify_table(const struct weir_drifts *drifts);

/* {"drift": bool, "drifts": [{"kind": "route", "text", "remedy"}]} */
char *weir_verify_json(const struct weir_drifts *drifts);

#endif
